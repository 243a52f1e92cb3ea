import { WITH_A_TWIN } from './exhaustive.ts';
import { type Edit, edit, type Mutation } from './mutation.ts';

const DIFFER = 'backfill/copy/records-that-differ.ts';
const SWEEP = 'backfill/copy/sweep.ts';
const BACKFILL = 'backfill/copy/backfill.ts';
const LATE_PUTS = 'backfill/copy/late-puts.ts';
const UNTOUCHED = 'backfill/copy/untouched-kpis.ts';

const NO_SWEEP: readonly Edit[] = [
  edit(SWEEP, 'const changes = [...kpisById].map(', 'const changes = [...kpisById].slice(0, 0).map('),
  edit(SWEEP, '.filter((row) => row.sweepPending !== undefined)', '.filter(() => false)'),
];

/** Mistakes of the backfill and its sweep. */
export const COPY_MUTATIONS: readonly Mutation[] = [
  { name: 'no sweep', firstSeed: 452, edits: NO_SWEEP },
  { name: 'no sweep of records', scheduledWorld: 'many copied records that go', edits: NO_SWEEP.slice(0, 1) },
  { name: 'no sweep of KPIs', firstSeed: 3_850, edits: NO_SWEEP.slice(1) },
  {
    name: 'the sweep does not wait for a put that was sent twice',
    smallWorld: 'a copied record that goes',
    adversary: WITH_A_TWIN,
    edits: [edit(BACKFILL, 'unanswered: () => latePuts.note()', 'unanswered: () => {}')],
  },
  {
    name: 'the sweep does not wait for the puts of a copier that was killed',
    scheduledWorld: 'many copied records that go',
    edits: [edit(LATE_PUTS, 'abandonedUntilMs === undefined ?', 'abandonedUntilMs !== 0 ?')],
  },
  {
    name: 'the sweep does not wait for the puts of a copier before the last that was killed',
    firstSeed: 175,
    scheduledWorld: 'many copied records that go, source by source',
    edits: [edit(BACKFILL, 'await latePuts.store(copier.replication.control);', '')],
  },
  {
    name: 'the sweep waits for the puts of a killed copier as long as for other writes',
    scheduledWorld: 'many copied records that go',
    edits: [edit(LATE_PUTS, 'abandonedUntilMs + options.putLandsWithinMs', 'abandonedUntilMs')],
  },
  {
    name: 'a sweep before the last source is copied',
    firstSeed: 1_443,
    edits: [
      edit(
        BACKFILL,
        'for (const pass of copies) await',
        "for (const pass of [...copies.slice(0, -1), 'sweep-records', 'sweep-kpis', ...copies.slice(-1)] as const) await",
      ),
      edit('backfill/copy/run-state.ts', "if (isCopy && hasBegun(run, 'sweep-records', stored)) return true;", ''),
    ],
  },
  {
    name: 'a copier puts rows although its lease ran out',
    scheduledWorld: 'many copied records that go',
    adversary: { crash: 0.02, abandon: 1, fault: 0, timePassesFirst: 0.95 },
    edits: [edit(BACKFILL, '        lease.requireHeld();\n', '')],
  },
  {
    name: 'ids of earlier tables are forgotten',
    firstSeed: 452,
    edits: [edit('backfill/copy/first-copy.ts', 'for (const id of ids) this.#ids.add(id);', '')],
  },
  {
    name: 'a copy that is resumed takes the ids of the rest of a table for all of them',
    scheduledWorld: 'many copied records, their ids in two tables',
    edits: [edit(BACKFILL, 'const isWhole = !hasBegun(run, pass, stored);', 'const isWhole = true;')],
  },
  {
    name: 'links are known from before they were copied',
    firstSeed: 103,
    edits: [
      edit(
        'backfill/copy/first-copy.ts',
        'this.#options = options;',
        'this.#options = options;\n    this.links().catch(() => {});',
      ),
    ],
  },
  {
    name: 'a link that is copied after records does not ask for the sweep',
    firstSeed: 3_850,
    edits: [edit('backfill/copy/copy-links.ts', "isAfterRecords ? 'late-backfill' : 'backfill'", "'backfill'")],
  },
  {
    name: 'a first copy of links writes over what a live write made of their KPI',
    firstSeed: 240,
    edits: [
      edit(
        UNTOUCHED,
        'this.#write(decided.flatMap(({ writes }) => writes))',
        'this.#write(decided.flatMap(({ writes }) => writes.map(({ ifToken: _, ...write }) => write)))',
      ),
    ],
  },
  {
    name: 'a KPI row that was read after its links were scanned is taken for this copier’s own',
    firstSeed: 5_500,
    scheduledWorld: 'many copied links that go',
    edits: [
      edit(
        UNTOUCHED,
        "for (const { kpi, token } of results.flat()) if (token !== undefined) this.#remember(kpi, 'touched');",
        'for (const head of results.flat()) if (head.token !== undefined) this.#remember(head.kpi, head);',
      ),
    ],
  },
  {
    name: 'a copier writes although its lease ran out',
    firstSeed: 720,
    scheduledWorld: 'many copied records that go',
    edits: [
      edit('backfill/copy/copier.ts', '      requireAllowed();\n', ''),
      edit(BACKFILL, '        lease.requireHeld();\n', ''),
    ],
  },
  {
    name: 'a repeated backfill puts in rows past the protocol, though somebody may read them',
    firstSeed: 1_325,
    foundOnlyBy: 'a row went back to',
    scheduledWorld: 'a copied record that changes and goes, beside a second backfill',
    edits: [edit('backfill/copy/backfill.ts', 'isRepeat: stored !== undefined', 'isRepeat: false')],
  },
  {
    name: 'a checkpoint before the work',
    firstSeed: 103,
    edits: [
      edit(
        'backfill/copy/segments.ts',
        'next = page.cursor && !stop.aborted ?',
        `await writeCheckpoint(control, { ...checkpoint, cursor: page.cursor, done: page.cursor === undefined });
         next = page.cursor && !stop.aborted ?`,
      ),
    ],
  },
  {
    name: 'a sweep that takes rows of links that went for right',
    firstSeed: 4_650,
    edits: [
      edit(DIFFER, 'return isAsDecided(decision);', "return decision.writes.every(({ kind }) => kind === 'delete');"),
    ],
  },
  {
    name: 'a sweep that takes a record in quarantine for right',
    firstSeed: 400,
    edits: [edit(DIFFER, 'filter(({ id }) => !quarantined.has(id))', 'filter(() => true)')],
  },
  {
    name: 'a sweep that takes any record for right that has rows',
    firstSeed: 1_650,
    edits: [
      edit(
        DIFFER,
        'return isAsDecided(decision);',
        "return decision.writes.every((write) => write.kind === 'put' && !write.ifAbsent);",
      ),
    ],
  },
];
