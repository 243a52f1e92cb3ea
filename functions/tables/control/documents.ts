import * as z from 'zod';
import type { ControlTable } from './control-table.ts';

/** The rows of this partition are written only under the backfill's lease. */
export const BACKFILL_PARTITION = 'backfill';

/** How one document is stored in the control table. It is read strongly, and is undefined while there is none. */
function documentAt<T extends object>(partition: string, sort: string, schema: z.ZodType<T>) {
  return {
    async read(control: Pick<ControlTable, 'get'>): Promise<T | undefined> {
      const stored = await control.get(partition, sort);
      return stored === undefined ? undefined : schema.parse(stored);
    },
    write: (control: Pick<ControlTable, 'put'>, value: T): Promise<void> =>
      control.put(partition, sort, value as Readonly<Record<string, unknown>>),
    remove: (control: Pick<ControlTable, 'delete'>): Promise<void> => control.delete(partition, sort),
  };
}

const run = z.object({
  runId: z.string(),
  startedAt: z.iso.datetime(),
  /** Fixed for the whole run: a cursor is valid only with the number of segments that it was made with. */
  totalSegments: z.number().int().positive(),
  /** Whether an earlier run has finished, so that reads may be on the new tables. */
  isRepeat: z.boolean().default(false),
  finishedAt: z.iso.datetime().optional(),
});

/** One pass of the backfill through all old tables. A run that was stopped is resumed; after a finished one a new one starts. */
export type Run = z.infer<typeof run>;

/** The current run, or else the last one; none before the first and after a rollback. */
export const { read: readRun, write: writeRun, remove: deleteRun } = documentAt(BACKFILL_PARTITION, 'run', run);

/** Until when puts that a copier sent, and that nobody saw answered, may still take effect; in epoch milliseconds. */
const latePuts = z.object({ landUntilMs: z.number() });

export const { read: readLatePuts, write: writeLatePuts } = documentAt(BACKFILL_PARTITION, 'late-puts', latePuts);

const rollback = z.object({
  begunAt: z.iso.datetime(),
  by: z.string(),
  endedAt: z.iso.datetime().optional(),
});

/**
 * The last rollback of the new tables. Until it has ended, their rows may be going. A validation from before its end has
 * seen rows that are gone.
 */
export type Rollback = z.infer<typeof rollback>;

export const {
  read: readRollback,
  write: writeRollback,
  remove: deleteRollback,
} = documentAt('rollback', 'last', rollback);

const killSwitch = z.object({
  at: z.iso.datetime(),
  by: z.string(),
});

/** While there is one, every reader answers from the old tables, whatever the flag says: who set it, and when. */
export type KillSwitch = z.infer<typeof killSwitch>;

export const {
  read: readKillSwitch,
  write: writeKillSwitch,
  remove: deleteKillSwitch,
} = documentAt('reads', 'kill-switch', killSwitch);

const retirement = z.object({
  at: z.iso.datetime(),
  by: z.string(),
  /** Who answers for the records that have no row in the new tables, and how many there were. */
  acceptedHeld: z.object({ by: z.string(), records: z.number().int().positive() }).optional(),
  backupArns: z.array(z.string()),
});

/** When the old tables were found ready to be deleted: who said so, and the last backups. */
export type Retirement = z.infer<typeof retirement>;

export const { read: readRetirement, write: writeRetirement } = documentAt('retirement', 'last', retirement);

const watchRound = z.object({
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  rowsCompared: z.number().int().nonnegative(),
  rowsDiffering: z.number().int().nonnegative(),
});

/** The last whole round of `watch`, which compares the key space as the standing validation does. */
export type WatchRound = z.infer<typeof watchRound>;

export const { read: readWatchRound, write: writeWatchRound } = documentAt('watch', 'last', watchRound);
