import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** How a line is shown that begins like this. */
const FORMATS: readonly (readonly [RegExp, Format])[] = [
  [/^(AGREE|Everything is copied and swept)\b/, ['bold', 'green']],
  [/^(DISAGREE|FAILED)\b/, ['bold', 'red']],
  [/^(INCONCLUSIVE|Everything else is copied)\b/, ['bold', 'yellow']],
  [/^The gate refuses\./, 'yellow'],
  [/^passed\b/, 'green'],
  [/^Next: /, 'bold'],
];

/**
 * A line for a stream: verdicts stand out on a terminal. NO_COLOR, NODE_DISABLE_COLORS and FORCE_COLOR decide as they do
 * for Node itself.
 */
export function coloured(line: string, stream: NodeJS.WriteStream): string {
  const format = FORMATS.find(([pattern]) => pattern.test(line))?.[1];
  return format === undefined ? line : styleText(format, line, { stream });
}
