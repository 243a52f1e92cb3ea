import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** An example of a docstring, and what its comments say that it prints. */
export interface Example {
  readonly name: string;
  readonly code: string;
  readonly printed: string;
}

/** A function that is declared and the docstring right before it. */
const DOCUMENTED = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export declare function (\w+)/g;

/** The functions a declaration file exports, its own and those it passes on, each with its example if it has one. */
export function exportedFunctions(declarations: string): Map<string, Example | undefined> {
  const text = readFileSync(declarations, 'utf8');
  const found = new Map<string, Example | undefined>();
  for (const [, docstring = '', name = ''] of text.matchAll(DOCUMENTED)) found.set(name, exampleOf(name, docstring));
  for (const [, names = '', path = ''] of text.matchAll(/export \{([^}]*)\} from '(.*?)\.[tj]s'/g)) {
    const passedOn = new Set(names.split(',').map((each) => each.trim()));
    for (const [name, example] of exportedFunctions(join(dirname(declarations), `${path}.d.ts`))) {
      if (passedOn.has(name)) found.set(name, example);
    }
  }
  return found;
}

function exampleOf(name: string, docstring: string): Example | undefined {
  const lines = docstring.replaceAll(/^ *\* ?/gm, '');
  const code = /@example\s+```ts\n([\s\S]*?)```/.exec(lines)?.[1];
  return code === undefined ? undefined : { name, code, printed: printedBy(code) };
}

/** What stands in the comment behind each `console.log`. */
function printedBy(code: string): string {
  return [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text).join(' ');
}
