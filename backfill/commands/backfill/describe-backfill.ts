import { NEW_DATA, NEW_LINKS, TABLES } from '../../../functions/migration/tables.ts';
import type { UnfinishedItem } from '../../../functions/tables/control/unfinished-items.ts';
import { STREAM_KEEPS_MS } from '../../../functions/tables/replication-lag.ts';
import type { Settings } from '../../../infra/settings.ts';
import type { BackfillReport, PassReport } from '../../copy/backfill.ts';
import type { Plan } from '../../copy/plan.ts';
import { addTallies, NAMES_MAX, type Tally } from '../../copy/tally.ts';
import { describeMoney } from '../../prices.ts';
import { describeCounts, grouped, textTable } from '../../text-table.ts';
import { describeBudgetSpent, describeSpent } from './describe-spent.ts';

export type PricedSettings = Pick<Settings, 'region' | 'backfill'>;

/** A plan: what would be written, and what time and money it takes. */
export function describePlan(plan: Plan, settings: PricedSettings): string[] {
  const tallies = Object.entries(plan.sources);
  const sum = addTallies(Object.values(plan.sources));
  return [
    ...textTable(
      ['', 'items', 'rows', 'held', 'quarantined'],
      tallies.map(([source, tally]) => [source, tally.scanned, tally.copied, tally.held, tally.quarantined]),
    ),
    `${TABLES[NEW_LINKS].title} would have ${grouped(plan.rows[NEW_LINKS])} rows and ${TABLES[NEW_DATA].title} ${grouped(plan.rows[NEW_DATA])} (about ${grouped(plan.dataWriteUnits)} write units).`,
    `Quarantine by reason: ${describeCounts(plan.quarantineReasons)}.`,
    ...describeOddities(sum),
    ...describeExpense(plan, settings),
  ];
}

const SECONDS_PER_MINUTE = 60;

/** What a new on-demand table takes at first (DynamoDB Developer Guide, "Initial throughput for on-demand capacity mode"). */
const NEW_TABLE_UNITS_PER_SECOND = 4_000;

/** What one process copies at most: it takes 0.13 ms of a core for each row (test/bench/README.md), and has a core for most of its work. */
const PROCESS_ROWS_PER_SECOND = 7_000;

function describeExpense({ dataWriteUnits, rows }: Plan, settings: PricedSettings): string[] {
  const { maxWriteUnitsPerSecond: ceiling } = settings.backfill;
  const unitsPerSecond = ceiling ?? NEW_TABLE_UNITS_PER_SECOND;
  const onWorkflow = minutesOf(dataWriteUnits / unitsPerSecond);
  const onOneMachine = Math.max(onWorkflow, minutesOf(rows[NEW_DATA] / PROCESS_ROWS_PER_SECOND));
  const pace = ceiling === undefined ? ', which a new on-demand table takes at first (no ceiling is set)' : '';
  const alone = `at ${grouped(unitsPerSecond)} write units a second${pace}`;
  const time =
    onOneMachine === onWorkflow
      ? `${describeMinutes(onWorkflow)} ${alone}, on one machine or on Step Functions`
      : `${describeMinutes(onOneMachine)} on one machine, which copies ${grouped(PROCESS_ROWS_PER_SECOND)} rows a second at most; ${describeMinutes(onWorkflow)} on Step Functions, ${alone}`;
  return [
    `Time: ${time}.`,
    ...(onOneMachine * SECONDS_PER_MINUTE * 1_000 > STREAM_KEEPS_MS
      ? [
          'That is longer than the 24 hours for which streams keep changes. Replication goes on beside it: watch its lag with `status --watch`.',
        ]
      : []),
    `Money: ${describeMoney(dataWriteUnits, settings)}.`,
  ];
}

function minutesOf(seconds: number): number {
  return Math.ceil(seconds / SECONDS_PER_MINUTE);
}

function describeMinutes(minutes: number): string {
  return minutes > 1 ? `at least ${grouped(minutes)} minutes` : 'a minute or less';
}

/** Held records that are listed on a terminal. */
const HELD_SHOWN = 200;

/** The records that wait for a link, each with what it takes to find it. */
export function describeHeld({ heldKpis, heldRecords }: Pick<Plan, 'heldKpis' | 'heldRecords'>): string[] {
  if (heldKpis.length === 0) return ['No records are held: every KPI with records has a link.'];
  const count = heldKpis.flatMap(({ records }) => Object.values(records)).reduce((sum, each) => sum + each, 0);
  const more = count - Math.min(heldRecords.length, HELD_SHOWN);
  return [
    ...textTable(
      ['tenant', 'KPI', 'source', 'item', 'of'],
      heldRecords
        .slice(0, HELD_SHOWN)
        .map(({ tenantId, kpiId, source, id, date = '–' }) => [tenantId, kpiId, source, id, date]),
      true,
    ),
    ...(more > 0 ? [`… and ${grouped(more)} more: kpi-migrate held list --json`] : []),
    `Held: ${grouped(count)} ${count === 1 ? 'record' : 'records'} of ${grouped(heldKpis.length)} ${heldKpis.length === 1 ? 'KPI' : 'KPIs'}.`,
    'Link the KPI in the service, and its records are replicated. Records of a KPI without a link get no row.',
  ];
}

/** The result of a backfill. */
export function describeBackfill(report: BackfillReport, settings: PricedSettings): string[] {
  const sum = addTallies(report.passes.map((pass) => pass.tally));
  const budgetSpent = describeBudgetSpent(report);
  return [
    ...describePasses(report.passes),
    ...(report.spent
      ? describeSpent(report.spent, sum.dataWriteUnits, settings)
      : [
          `Used so far: about ${grouped(sum.dataWriteUnits)} write units, as \`plan\` counts them: ${describeMoney(sum.dataWriteUnits, settings)}.`,
        ]),
    ...describeOddities(sum),
    'Second links to one goal are counted where one process copied all links without a stop; `plan` and `validate` always count them.',
    ...describeUnfinished(report.unfinished),
    END[report.state],
    ...(budgetSpent === undefined ? [] : [`Stopped at the budget: ${budgetSpent}.`]),
  ];
}

const END: Readonly<Record<BackfillReport['state'], string>> = {
  finished: 'Everything is copied and swept.',
  unfinished: 'Everything else is copied and swept.',
  stopped: 'Stopped before the end. The next run resumes from the checkpoints.',
  'sweep-due': 'The sweep runs once all four sources are copied.',
};

/** Unfinished items that are listed. */
const UNFINISHED_TOLD = 20;

/** The items that could neither be replicated nor quarantined, by table, id and code. */
export function describeUnfinished(items: readonly Pick<UnfinishedItem, 'kind' | 'id' | 'code'>[]): string[] {
  if (items.length === 0) return [];
  const more = items.length - UNFINISHED_TOLD;
  return [
    `Unfinished items, each for its own reason: ${grouped(items.length)}.`,
    ...items.slice(0, UNFINISHED_TOLD).map(({ kind, id, code }) => `  ${kind} ${id}: ${code}`),
    ...(more > 0 ? [`  … and ${grouped(more)} more: kpi-migrate status --json`] : []),
    'Unless the code is of a transient error, correct or delete the item in the service.',
  ];
}

export function describePasses(passes: readonly PassReport[]): string[] {
  return textTable(
    ['', 'scanned', 'rows written', 'already there', 'held', 'quarantined', 'unfinished', ''],
    passes.map(({ pass, done, tally }) => [
      pass,
      tally.scanned,
      tally.copied,
      tally.present,
      tally.held,
      tally.quarantined,
      tally.unfinished.count,
      done ? 'done' : 'to do',
    ]),
  );
}

function describeOddities(tally: Tally): string[] {
  return [
    `Warnings: ${describeCounts(tally.warnings)}.`,
    `Unknown attributes, not copied: ${describeCounts(tally.unknownAttributes)}.`,
    ...(tally.otherUnknownAttributes === 0
      ? []
      : [
          `Other unknown attributes: ${grouped(tally.otherUnknownAttributes)}. Only the first ${NAMES_MAX} names are counted separately.`,
        ]),
  ];
}
