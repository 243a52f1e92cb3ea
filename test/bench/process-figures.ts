import { readFile } from 'node:fs/promises';

/** Peak resident set of a process, in MiB. Linux tells; elsewhere it is not known. */
export async function peakMegabytesOf(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1]) / 1_024;
}

/** Seconds of CPU that a process has had, on all cores together (proc(5): fields 14 and 15 of `stat`, in hundredths). */
export async function cpuSecondsOf(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name, in brackets, and may have blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
