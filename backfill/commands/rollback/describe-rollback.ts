import { NEW_TABLES, TABLES } from '../../../functions/migration/tables.ts';
import type { Rollback, Run } from '../../../functions/tables/control/documents.ts';
import { grouped } from '../../text-table.ts';
import type { RollbackReport } from './rollback.ts';

/** What a rollback would find. */
export interface RollbackPlan {
  readonly rows: RollbackReport['rowsDeleted'];
  /** The backfill's run; undefined if there is none. */
  readonly run: Run | undefined;
  /** The last rollback; undefined if there was none. */
  readonly last: Rollback | undefined;
}

export function describeRollbackPlan({ rows, run, last }: RollbackPlan): string[] {
  const ofRun = run ? `run ${run.runId} of the backfill with its checkpoints` : 'no run of the backfill';
  return [
    `Would delete ${ofTables(rows, ', ')}, and ${ofRun}.`,
    'Old tables, quarantine, reports and the rows that replication keeps for itself do not change.',
    ...(last !== undefined && last.endedAt === undefined
      ? [`The rollback by ${last.by}, started ${last.begunAt}, has not finished. This continues it.`]
      : []),
    'Nothing was deleted.',
  ];
}

export function describeRollback({ state, rowsDeleted }: RollbackReport): string[] {
  return [
    `Deleted ${ofTables(rowsDeleted, ' and ')}.`,
    state === 'finished' ? 'Reads cannot move before a new backfill and a validation.' : 'Stopped before the end.',
  ];
}

function ofTables(rows: RollbackReport['rowsDeleted'], separator: string): string {
  return NEW_TABLES.map((table) => `${grouped(rows[table])} rows of ${TABLES[table].title}`).join(separator);
}
