/** One line a figure: what, how much, beside its goal. */
export function report(what: string, figure: string, goal = ''): void {
  process.stdout.write(`${what.padEnd(58)} ${figure.padStart(20)}  ${goal}\n`);
}
