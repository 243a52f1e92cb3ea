import { RECORD_SOURCES, SOURCES } from '../../functions/migration/sources.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import { BACKFILL_PARTITION, type Run } from '../../functions/tables/control/documents.ts';
import { type MemberTerm, memberTermsIn } from '../lease/group-lease.ts';
import { EMPTY_TALLY, type Tally } from './tally.ts';

/** The passes of a run, in order: a copy of each source, then the sweep over what live writes touched meanwhile. */
export const PASSES = [...SOURCES, 'sweep-records', 'sweep-kpis'] as const;
export type Pass = (typeof PASSES)[number];

/** How far one segment of a pass has come. */
export interface Checkpoint {
  readonly runId: string;
  readonly pass: Pass;
  readonly segment: number;
  /** Where to go on; absent at the start and at the end. */
  readonly cursor?: Item;
  readonly done: boolean;
  readonly tally: Tally;
}

export async function writeCheckpoint(control: ControlTable, checkpoint: Checkpoint): Promise<void> {
  const { warnings, unknownAttributes, ...numbers } = checkpoint.tally;
  // Counts are stored as lists: the document client takes an object with a `constructor` for one of a class, and refuses it.
  const tally = { ...numbers, warnings: [...warnings], unknownAttributes: [...unknownAttributes] };
  await control.put(BACKFILL_PARTITION, sortOf(checkpoint), { ...checkpoint, tally });
}

export async function deleteCheckpoint(
  control: ControlTable,
  checkpoint: Pick<Checkpoint, 'pass' | 'segment'>,
): Promise<void> {
  await control.delete(BACKFILL_PARTITION, sortOf(checkpoint));
}

/** All checkpoints that are stored, those of earlier runs included where the present one has not come so far. */
export async function readCheckpoints(control: ControlTable): Promise<Checkpoint[]> {
  return checkpointsIn(await control.list(BACKFILL_PARTITION));
}

/** The same with the leases of the members of groups. */
export async function readRunState(
  control: Pick<ControlTable, 'list'>,
): Promise<{ readonly checkpoints: Checkpoint[]; readonly members: MemberTerm[] }> {
  const rows = await control.list(BACKFILL_PARTITION);
  return { checkpoints: checkpointsIn(rows), members: memberTermsIn(rows) };
}

/** The checkpoint of one segment, of whichever run. */
export async function readCheckpoint(
  control: Pick<ControlTable, 'get'>,
  { pass, segment }: Pick<Checkpoint, 'pass' | 'segment'>,
): Promise<Checkpoint | undefined> {
  const value = await control.get(BACKFILL_PARTITION, sortOf({ pass, segment }));
  return value && decodeCheckpoint(value as unknown as StoredCheckpoint);
}

function checkpointsIn(rows: Awaited<ReturnType<ControlTable['list']>>): Checkpoint[] {
  return rows
    .filter(({ value }) => PASSES.includes(value.pass as Pass))
    .map(({ value }) => decodeCheckpoint(value as unknown as StoredCheckpoint));
}

function sortOf({ pass, segment }: Pick<Checkpoint, 'pass' | 'segment'>): string {
  return `${pass}#${segment}`;
}

type StoredCounts = readonly (readonly [name: string, count: number])[];

interface StoredCheckpoint extends Omit<Checkpoint, 'tally'> {
  readonly tally: Omit<Tally, 'warnings' | 'unknownAttributes'> & {
    readonly warnings: StoredCounts;
    readonly unknownAttributes: StoredCounts;
  };
}

function decodeCheckpoint({ tally, ...checkpoint }: StoredCheckpoint): Checkpoint {
  const warnings = new Map(tally.warnings);
  const unknownAttributes = new Map(tally.unknownAttributes);
  // A checkpoint from before units were counted has none.
  return { ...checkpoint, tally: { ...EMPTY_TALLY, ...tally, warnings, unknownAttributes } };
}

/** The checkpoints of one pass of a run, one a segment, from the stored ones and, where there is none, from the start. */
export function checkpointsOf(run: Run, pass: Pass, stored: readonly Checkpoint[]): Checkpoint[] {
  return Array.from({ length: run.totalSegments }, (_, segment) => {
    const found = stored.find((each) => each.runId === run.runId && each.pass === pass && each.segment === segment);
    return found ?? { runId: run.runId, pass, segment, done: false, tally: EMPTY_TALLY };
  });
}

/** A copy is done in any case when the sweep has begun: a checkpoint of it that lands late, and says otherwise, is outdated. */
export function isDone(run: Run, pass: Pass, stored: readonly Checkpoint[]): boolean {
  const isCopy = SOURCES.some((source) => source === pass);
  if (isCopy && hasBegun(run, 'sweep-records', stored)) return true;
  return checkpointsOf(run, pass, stored).every((checkpoint) => checkpoint.done);
}

/** Whether the pass has begun in this run: its checkpoints are written before anything else. */
export function hasBegun(run: Run, pass: Pass, stored: readonly Checkpoint[]): boolean {
  return stored.some((each) => each.runId === run.runId && each.pass === pass);
}

/**
 * Whether a copier of records has ever begun on these tables, in whichever run. From then on a link that is copied may be
 * too late for records copied before it, and has to ask for the sweep.
 */
export function recordsHaveBegun(stored: readonly Checkpoint[]): boolean {
  return stored.some((checkpoint) => RECORD_SOURCES.some((source) => source === checkpoint.pass));
}
