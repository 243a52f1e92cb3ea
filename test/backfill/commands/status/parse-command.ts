import { createProgram } from '../../../../backfill/program.ts';

/** What the real command line makes of some words: the command's name and its options. */
export async function parsedBy(words: readonly string[]): Promise<{ name: string; options: Record<string, unknown> }> {
  const ran: { name: string; options: Record<string, unknown> }[] = [];
  const program = createProgram((_load, name) => async (...given) => {
    const command = given.at(-1) as { opts(): Record<string, unknown>; args: readonly string[] };
    ran.push({ name, options: { ...command.opts(), args: command.args } });
  });
  program.configureOutput({ writeErr: () => {} });
  await program.parseAsync(['node', 'kpi-migrate', ...words]);
  const [one, ...more] = ran;
  if (one === undefined || more.length > 0) throw new Error(`${words.join(' ')} ran ${ran.length} commands`);
  return one;
}

/** The words of a command line, as a POSIX shell splits it: quotes, and nothing that a shell would expand. */
export function shellWords(line: string): string[] {
  const words = [...line.matchAll(/(?:'([^']*)'|"([^"]*)"|\\(.)|([^\s'"\\]))+/g)].map(([word]) =>
    [...word.matchAll(/'([^']*)'|"([^"]*)"|\\(.)|([^\s'"\\]+)/g)]
      .map(([, single, double, escaped, plain]) => single ?? double ?? escaped ?? plain ?? '')
      .join(''),
  );
  return words;
}
