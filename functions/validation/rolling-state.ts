import type { ControlTable } from '../tables/control/control-table.ts';
import { VALIDATION_PARTITION } from '../tables/control/validation-report.ts';
import type { PartPosition, PartReport } from './rolling.ts';

const ROLLING_SORT = 'rolling';

/** Where the standing validation is, and what it has found in the round it is in. */
export interface RollingState {
  readonly parts: number;
  /** The part that comes next. */
  readonly next: number;
  /** Where that part continues; absent where it begins. */
  readonly position?: PartPosition;
  /** ISO 8601: when the round began. */
  readonly roundStartedAt: string;
  readonly rowsCompared: number;
  readonly rowsDiffering: number;
  /** ISO 8601: when the last whole round ended; absent before there was one. */
  readonly lastRoundEndedAt?: string;
  readonly lastRoundDiffering?: number;
}

/** The state as it was left; undefined where the standing validation never ran. */
export async function storedRolling(control: Pick<ControlTable, 'get'>): Promise<RollingState | undefined> {
  return (await control.get(VALIDATION_PARTITION, ROLLING_SORT)) as RollingState | undefined;
}

/** The state as it was left; a new round where there is none, or where it was of another number of parts. */
export async function readRolling(control: ControlTable, parts: number, now: string): Promise<RollingState> {
  const stored = await storedRolling(control);
  return stored?.parts === parts ? stored : { parts, next: 0, roundStartedAt: now, rowsCompared: 0, rowsDiffering: 0 };
}

export async function writeRolling(control: ControlTable, state: RollingState): Promise<void> {
  await control.put(VALIDATION_PARTITION, ROLLING_SORT, { ...state });
}

/** The state after a part, or after as much of it as there was time for. Pure. */
export function afterPart(state: RollingState, report: PartReport, now: string): RollingState {
  const rowsCompared = state.rowsCompared + report.rowsCompared;
  const rowsDiffering = state.rowsDiffering + report.proven.length;
  const { position: _, ...round } = state;
  if (report.position !== undefined) return { ...round, position: report.position, rowsCompared, rowsDiffering };
  const next = (report.part + 1) % state.parts;
  if (next !== 0) return { ...round, next, rowsCompared, rowsDiffering };
  return {
    parts: state.parts,
    next,
    roundStartedAt: now,
    rowsCompared: 0,
    rowsDiffering: 0,
    lastRoundEndedAt: now,
    lastRoundDiffering: rowsDiffering,
  };
}

/** The counts of a part, by the names of its metrics. Pure. */
export function countsOf(report: PartReport): Record<string, number> {
  return {
    RowsCompared: report.rowsCompared,
    RowsDiffering: report.proven.length,
    RowsInFlight: report.inFlight.length,
    ItemsUnexamined: report.unexamined.length,
    PartsUnfinished: report.position === undefined ? 0 : 1,
  };
}
