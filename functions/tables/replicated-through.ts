import * as z from 'zod';
import { SOURCES, type Source } from '../migration/sources.ts';
import type { ControlTable } from './control/control-table.ts';

const PARTITION = 'replicated-through';

const row = z.object({ throughMs: z.number() });

/** How long the note of a process is kept: longer than a stream keeps a change. */
const KEPT_MS = 7 * 24 * 60 * 60_000;

/**
 * Notes the newest change that a process has replicated. One write a batch: the heartbeat compares it with the stream, so
 * it must not be held back. Each process has a note of its own, so that none sets back another.
 */
export function noteReplicatedThrough(
  control: Pick<ControlTable, 'put'>,
  { source, processId, throughMs }: { readonly source: Source; readonly processId: string; readonly throughMs: number },
  nowMs: number,
): Promise<void> {
  return control.put(PARTITION, `${source}#${processId}`, {
    throughMs,
    expires_at: Math.ceil((nowMs + KEPT_MS) / 1_000),
  });
}

/** The newest change of each source that is replicated, in epoch milliseconds; absent where none is noted. */
export async function readReplicatedThrough(
  control: Pick<ControlTable, 'list'>,
): Promise<Readonly<Partial<Record<Source, number>>>> {
  const notes = (await control.list(PARTITION)).map(({ sort, value }) => ({ sort, ...row.parse(value) }));
  const newest = SOURCES.flatMap((source) => {
    const own = notes.filter(({ sort }) => sort.startsWith(`${source}#`)).map(({ throughMs }) => throughMs);
    return own.length === 0 ? [] : [[source, Math.max(...own)] as const];
  });
  return Object.fromEntries(newest);
}
