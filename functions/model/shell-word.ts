/** A text as one word of a POSIX shell's command line, for commands that a person is told to run next: ids and paths may hold anything. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
