import { WITH_A_TWIN } from './exhaustive.ts';
import { type Edit, edit, type Mutation } from './mutation.ts';

const SWEEP = 'backfill/copy/sweep.ts';

const NO_SWEEP: readonly Edit[] = [
  edit(SWEEP, 'const changes = [...kpisById].map(', 'const changes = [...kpisById].slice(0, 0).map('),
  edit(SWEEP, '.filter((row) => row.sweepPending !== undefined)', '.filter(() => false)'),
];

/** Mistakes of the backfill and its sweep. */
export const COPY_MUTATIONS: readonly Mutation[] = [
  { name: 'no sweep', edits: NO_SWEEP },
  { name: 'no sweep of records', firstSeed: 10_950, edits: NO_SWEEP.slice(0, 1) },
  { name: 'no sweep of KPIs', firstSeed: 3_850, edits: NO_SWEEP.slice(1) },
  {
    name: 'no wait for a twin of an insert before the sweep',
    smallWorld: 'a copied record that goes',
    adversary: WITH_A_TWIN,
    edits: [
      edit('backfill/copy/backfill.ts', "if (!isDone(run, 'sweep-records', copied)) await lease.outlastWrites();", ''),
    ],
  },
  {
    name: 'unconditional copy without sweep',
    edits: [
      edit(
        'backfill/copy/copy-records.ts',
        'const { inserted, present, refused } = await data.insertDataIfAbsent(rows);',
        `for (const item of rows) await replication.transactions.write([{ kind: 'put', table: 'kpiData', item }]);
         const { inserted, present, refused } = { inserted: rows.length, present: 0, refused: [] };`,
      ),
      edit(
        'backfill/copy/copy-records.ts',
        'async function insert({ data, pace }',
        'async function insert({ data, pace, replication }',
      ),
      ...NO_SWEEP,
    ],
  },
  {
    name: 'a link that is copied after records does not ask for the sweep',
    firstSeed: 3_850,
    edits: [edit('backfill/copy/copy-links.ts', "recordsHaveBegun ? 'late-backfill' : 'backfill'", "'backfill'")],
  },
  {
    name: 'a copier writes although its lease ran out',
    scheduledWorld: 'a copied record that goes',
    firstSeed: 3_700,
    edits: [edit('backfill/copy/copier.ts', '      requireAllowed();\n', '')],
  },
  {
    name: 'a repeated backfill puts in rows past the protocol, though somebody may read them',
    firstSeed: 1_050,
    foundOnlyBy: 'a row went back to',
    scheduledWorld: 'a copied record that changes and goes, beside a second backfill',
    edits: [edit('backfill/copy/backfill.ts', 'isRepeat: stored !== undefined', 'isRepeat: false')],
  },
  {
    name: 'a checkpoint before the work',
    edits: [
      edit(
        'backfill/copy/segments.ts',
        'const tally = await work(page.items);',
        `await writeCheckpoint(control, { ...checkpoint, cursor: page.cursor, done: page.cursor === undefined });
         const tally = await work(page.items);`,
      ),
    ],
  },
];
