import { writeWatchRound } from '../../../functions/tables/control/documents.ts';
import { type PartReport, validatePart } from '../../../functions/validation/rolling.ts';
import { openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeFinding } from './describe-validation.ts';
import { namingMissingTables } from './missing-tables.ts';
import { patienceOf, readsOf } from './run-validation.ts';

/** Differences that are listed, of all parts together. */
const FINDINGS_TOLD = 20;

/** Differences after which a round says nothing new: each part that differs is watched for as long as patience lasts. */
const DIFFERING_MAX = 100;

/** `watch`: validates the key space part by part, round after round, until interrupted; with `--once`, one round. */
export async function watchCommand(
  options: { readonly env: string; readonly once: boolean },
  stop: AbortSignal,
): Promise<CommandResult> {
  const environment = await openEnvironment(options.env, 'read');
  const { settings } = environment;
  const reads = readsOf(environment);
  const parts = settings.validation.rollingParts;
  const startedAt = new Date().toISOString();
  const sum = { parts: 0, rowsCompared: 0, rowsDiffering: 0, rowsInFlight: 0, itemsUnexamined: 0 };
  const isOver = (): boolean => options.once && (sum.parts === parts || sum.rowsDiffering >= DIFFERING_MAX);
  for (let part = 0; !stop.aborted && !isOver(); part = (part + 1) % parts) {
    const patience = { ...patienceOf(environment), stop };
    const report = await unlessStopped(stop, () =>
      namingMissingTables(environment, 'kpi-migrate watch', () =>
        validatePart({ ...patience, reads, heldRecords: settings.heldRecords, part, parts }),
      ),
    );
    if (report === undefined) break;
    if (report.position === undefined) sum.parts += 1;
    sum.rowsCompared += report.rowsCompared;
    sum.rowsDiffering += report.proven.length;
    sum.rowsInFlight += report.inFlight.length;
    sum.itemsUnexamined += report.unexamined.length;
    const toTell = Math.max(0, FINDINGS_TOLD - (sum.rowsDiffering - report.proven.length));
    for (const line of describePart(report, toTell)) process.stderr.write(`${line}\n`);
  }
  // A part of a round is no evidence that nothing differs, but it is evidence of what does.
  if (sum.parts >= parts || sum.rowsDiffering > 0) {
    const { rowsCompared, rowsDiffering } = sum;
    await writeWatchRound(environment.tables.control, {
      ...{ startedAt, endedAt: new Date().toISOString(), rowsCompared, rowsDiffering },
    });
  }
  return {
    exitCode: sum.rowsDiffering + sum.itemsUnexamined > 0 ? EXIT.failed : EXIT.done,
    document: sum,
    lines: [
      `${sum.parts} parts, ${sum.rowsCompared} rows compared, ${sum.rowsDiffering} differ, ${sum.rowsInFlight} in flight.`,
      ...(sum.rowsDiffering >= DIFFERING_MAX && sum.parts < parts
        ? [`Stopped at part ${sum.parts} of ${parts}: more differences would say nothing new.`]
        : []),
      ...(sum.itemsUnexamined > 0 ? [`${sum.itemsUnexamined} items could not be examined. Each is named above.`] : []),
    ],
  };
}

/** An interrupted part has no result; the parts before it are still reported. */
async function unlessStopped<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  }
}

/** Lines that a round without any finding takes: what a person has to see must not be lost among them. */
const QUIET_LINES = 10;

function describePart(report: PartReport, toTell: number): string[] {
  const { part, parts, kpis, rowsCompared, proven, inFlight, unexamined } = report;
  const isQuiet = proven.length + inFlight.length + unexamined.length === 0;
  const isMarked = (part + 1) % Math.ceil(parts / QUIET_LINES) === 0 || part + 1 === parts;
  if (isQuiet && !isMarked) return [];
  const counts = `${kpis} KPIs, ${rowsCompared} rows, ${proven.length} differ, ${inFlight.length} in flight`;
  return [
    `part ${part + 1} of ${parts}: ${counts}`,
    ...proven.slice(0, toTell).map(describeFinding),
    ...unexamined.map(({ name, code }) => `${name} could not be examined: ${code}.`),
  ];
}
