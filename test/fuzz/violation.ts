/** What must hold of every world. */
export type Invariant =
  | 'the generator draws what the engine stores'
  | 'old tables stay as they are'
  | 'every old item is a row, held or in quarantine'
  | 'a stream passes every item'
  | 'a command finishes'
  | 'no item is refused or unfinished'
  | 'rows are what the mapping says'
  | 'quarantine holds what the mapping refuses, whole'
  | 'what is repeated changes nothing'
  | 'counts are right'
  | 'validators agree'
  | 'both sides answer alike'
  | 'the control group has its rows'
  | 'an export brings the same items';

/** An invariant that does not hold. */
export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, what: string, cause?: unknown) {
    super(`${invariant}: ${what}`, cause === undefined ? undefined : { cause });
    this.name = 'Violation';
    this.invariant = invariant;
  }
}

/** Runs what must not throw. */
export async function mustFinish<T>(
  what: string,
  run: () => Promise<T>,
  invariant: Invariant = 'a command finishes',
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Violation) throw error;
    throw new Violation(
      invariant,
      `${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      error,
    );
  }
}

/** The entries that differ, each in a line, the first of them only. */
export function differingKeys(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const keys = new Set([...expected.keys(), ...found.keys()]);
  return [...keys].flatMap((key) => {
    const [wanted, is] = [expected.get(key), found.get(key)];
    return wanted === is
      ? []
      : [`${JSON.stringify(shortened(key))}\n    expected ${shortened(wanted)}\n    found    ${shortened(is)}`];
  });
}

const TOLD_MAX = 5;
const TEXT_MAX = 600;

function shortened(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}… (${text.length} characters)`;
}

/** @throws Violation where the two are not the same. */
export function requireSame(
  invariant: Invariant,
  what: string,
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): void {
  const differing = differingKeys(expected, found);
  if (differing.length === 0) return;
  throw new Violation(invariant, `${what}: ${differing.length} differ\n  ${differing.slice(0, TOLD_MAX).join('\n  ')}`);
}
