import type { Adversary } from './adversary.ts';
import { WITH_A_TWIN } from './exhaustive.ts';

/** An exact text of a source file, there once, and what takes its place. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A mistake that the protocol could have been built with. */
export interface Mutation {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Where a short hunt begins: a little before a seed known to find it. 1 where it is found soon anyway. */
  readonly firstSeed?: number;
  /** Part of the divergence's text, where only a schedule counts in which this check finds it and no other does. */
  readonly foundOnlyBy?: string;
  /** The small world whose whole search finds it, where schedules by seed hardly ever do. */
  readonly smallWorld?: string;
  /** The small world in which schedules are drawn by seed, where a world by seed hardly ever shows it. */
  readonly scheduledWorld?: string;
  /** How that world is searched; in order, without faults, where it is absent. */
  readonly adversary?: Partial<Adversary>;
}

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

const BATCH = 'functions/sync/stream-batch.ts';
const RECORD = 'functions/sync/replicate-record.ts';
const RECORDS = 'functions/sync/replicate-records.ts';
const SNAPSHOT = 'functions/sync/record-snapshot.ts';
const LINK_DECISION = 'functions/sync/link-decision.ts';
const LINKS = 'functions/sync/replicate-links.ts';
const FAN_OUT = 'functions/sync/fan-out.ts';
const SWEEP = 'backfill/sweep.ts';

const NO_SWEEP: readonly Edit[] = [
  edit(SWEEP, 'const changes = [...kpisById].map(', 'const changes = [...kpisById].slice(0, 0).map('),
  edit(SWEEP, '.filter((row) => row.sweepPending !== undefined)', '.filter(() => false)'),
];

const KEEP_IMAGE = edit(BATCH, 'changes.set(id, {', 'changes.set(id, { image: event.newImage,');

/** Gives the record protocol another way to read base items, knowing the batch's changes. */
const readBasesBy = (expression: string): Edit =>
  edit(
    BATCH,
    'const result = await replicateRecords(\n    replication,',
    `const imageOf = new Map(changes.map((change) => [change.id, change.image]));
     const result = await replicateRecords({ ...replication, old: { ...replication.old, readRecords: ${expression} } },`,
  );

/** Writes what a batch's images say before it reads the items: in the end all is right, since the items are read after. */
const IMAGE_FIRST: readonly Edit[] = [
  KEEP_IMAGE,
  edit(
    BATCH,
    'const result = await replicateRecords(\n    replication,',
    `const imageOf = new Map(changes.map((change) => [change.id, change.image]));
     const readRecords = async (ids) => new Map(ids.map((id) => [id, imageOf.get(id) ? { [source]: imageOf.get(id) } : {}]));
     const quick = await replicateRecords(
       { ...replication, old: { ...replication.old, readRecords } },
       changes.filter(({ image }) => image !== undefined).map(({ id, kpis }) => ({ id, kpis, sources: [source] })),
     );
     const result = await replicateRecords(\n    replication,`,
  ),
  edit(BATCH, 'result.fanOut,', '[...quick.fanOut, ...result.fanOut],'),
];

/** Every one of these is found by the simulator (mutations.test.ts). */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'no R fence: a record is written whatever its token',
    edits: [edit(RECORD, ', ifToken: current }', ' }')],
  },
  {
    name: 'no K fence: a KPI row is written whatever its token',
    edits: [edit(LINK_DECISION, ', ifToken: kpi.token ?? null }', ' }')],
  },
  {
    name: 'no tombstone of a link that went',
    edits: [edit(LINK_DECISION, 'tombstones.set(id, circumstances.nowSeconds);', '')],
  },
  { name: 'no sweep', edits: NO_SWEEP },
  { name: 'no sweep of records', firstSeed: 10_950, edits: NO_SWEEP.slice(0, 1) },
  { name: 'no sweep of KPIs', firstSeed: 3_850, edits: NO_SWEEP.slice(1) },
  {
    name: 'token after state',
    edits: [
      edit(
        RECORD,
        `const snapshot = await readRecordSnapshot(replication, views, change.id, scope);
    if (snapshot === undefined) continue;
    const base = (await replication.old.readRecords([change.id])).get(change.id) ?? {};`,
        `const base = (await replication.old.readRecords([change.id])).get(change.id) ?? {};
    const snapshot = await readRecordSnapshot(replication, views, change.id, scope);
    if (snapshot === undefined) continue;`,
      ),
    ],
  },
  {
    name: 'rows before tokens',
    firstSeed: 50_100,
    edits: [
      edit(
        SNAPSHOT,
        'items = await replication.transactions.read(keys);',
        `const rowsFirst = await replication.transactions.read(keys.slice(heads.length));
         items = [...(await replication.transactions.read(keys.slice(0, heads.length))), ...rowsFirst];`,
      ),
    ],
  },
  {
    name: "a link's token after its state",
    edits: [
      edit(
        LINKS,
        'const items = await replication.transactions.read([',
        'const base = await readBase(replication.old, change.id);\n    const items = await replication.transactions.read([',
      ),
      edit(LINKS, '    const base = await readBase(replication.old, change.id);\n    // What', '    // What'),
    ],
  },
  {
    name: 'image instead of re-read',
    edits: [
      KEEP_IMAGE,
      readBasesBy(
        'async (ids) => new Map(ids.map((id) => [id, imageOf.get(id) ? { [source]: imageOf.get(id) } : {}]))',
      ),
    ],
  },
  {
    name: 'delete by image',
    edits: [
      KEEP_IMAGE,
      readBasesBy('async (ids) => (ids.every(imageOf.get, imageOf) ? replication.old.readRecords(ids) : new Map())'),
    ],
  },
  {
    name: 'rows are taken away before they are put anew',
    foundOnlyBy: 'a row went away, back from',
    edits: [
      edit(
        BATCH,
        'const result = await replicateRecords(\n    replication,',
        `for (const { id, kpis } of changes) {
           const readRecords = async () => new Map();
           await replicateRecords({ ...replication, old: { ...replication.old, readRecords } }, [{ id, kpis, sources: [source] }]);
         }
         const result = await replicateRecords(\n    replication,`,
      ),
    ],
  },
  {
    name: 'no wait for a twin of an insert before the sweep',
    smallWorld: 'a copied record that goes',
    adversary: WITH_A_TWIN,
    edits: [
      edit('backfill/backfill.ts', "if (!isDone(run, 'sweep-records', copied)) await lease.outlastWrites();", ''),
    ],
  },
  {
    name: "a record's image is written before the item is read",
    foundOnlyBy: 'a row went back to',
    edits: IMAGE_FIRST,
  },
  {
    name: "a link's image is written before the item is read",
    foundOnlyBy: 'a row went back to',
    edits: [
      KEEP_IMAGE,
      edit(
        BATCH,
        "const result = await replicateLinks(replication, changes, 'live');",
        `const imageOf = new Map(changes.map((change) => [change.id, change.image]));
         const readLink = async (id) => imageOf.get(id);
         await replicateLinks({ ...replication, old: { ...replication.old, readLink } }, changes, 'live');
         const result = await replicateLinks(replication, changes, 'live');`,
      ),
    ],
  },
  {
    name: 'index only: a fan-out does not list C rows',
    edits: [
      edit(FAN_OUT, "['touched', ...RECORD_SOURCES] as const", '[...RECORD_SOURCES] as const'),
      edit(FAN_OUT, "return { listing: 'touched' };", "return { listing: 'milestones' };"),
    ],
  },
  {
    name: 'C rows only: a fan-out does not list the index',
    edits: [edit(FAN_OUT, "['touched', ...RECORD_SOURCES] as const", "['touched'] as const")],
  },
  {
    name: 'no second look at K',
    edits: [edit(RECORDS, 'return result.seen.every(', 'return true || result.seen.every(')],
  },
  {
    name: 'a second look that takes the same links for no change',
    firstSeed: 11_150,
    edits: [
      edit(
        RECORDS,
        'views.get(kpiIdentity(row.kpi))?.linksToken === row.linksToken',
        '[...views.get(kpiIdentity(row.kpi)).links].join() === [...row.links].join()',
      ),
    ],
  },
  {
    name: 'a first touch that deletes only what it saw',
    smallWorld: 'a copied record that goes',
    edits: [edit('functions/sync/record-decision.ts', 'snapshot.firstTouch ? candidate', 'false ? candidate')],
  },
  {
    name: 'a first write over what a copier brought meanwhile',
    foundOnlyBy: 'a row went back to',
    scheduledWorld: 'a copied record that comes and changes',
    firstSeed: 8_500,
    edits: [edit('functions/sync/record-decision.ts', '...(stored === undefined && { ifAbsent: true })', '')],
  },
  {
    name: "a link's first write over what another brought meanwhile",
    foundOnlyBy: 'a row went back to',
    edits: [edit(LINK_DECISION, '...(snapshot.row === undefined && { ifAbsent: true })', '')],
  },
  {
    name: "a link's write without a look at the KPI that its row is in",
    foundOnlyBy: 'a row went back to',
    edits: [edit(LINKS, '? [row] : [row, base.image]', '? [] : [base.image]')],
  },
  {
    name: 'unconditional copy without sweep',
    edits: [
      edit(
        'backfill/copy-records.ts',
        'const { inserted, present } = await copier.data.insertDataIfAbsent(page.rows);',
        `for (const item of page.rows) await replication.transactions.write([{ kind: 'put', table: 'kpiData', item }]);
         const { inserted, present } = { inserted: page.rows.length, present: 0 };`,
      ),
      ...NO_SWEEP,
    ],
  },
  {
    name: 'no coalescing: of several events of an item only the last says where to look',
    edits: [edit(BATCH, '...(known?.kpis ?? []), ', '')],
  },
  {
    name: 'the KPI that the base item names is not looked at',
    edits: [edit(RECORD, 'if (wider) {', 'if (false) {')],
  },
  {
    name: 'anchor by arrival',
    edits: [
      edit(
        'functions/sync/record-decision.ts',
        'mapRecord(parsed.record, linksOf(parsed.record, kpis, heldRecords))',
        `mapRecord(parsed.record, linksOf(parsed.record, kpis, heldRecords).map(({ id }, at) => ({ id, linkedAt: '200' + at + '-01-01' })))`,
      ),
    ],
  },
  {
    name: 'a token that stays where nothing changes',
    firstSeed: 7_500,
    edits: [edit(RECORD, 'if (await commit(', 'if (decision.writes.length === 0 || await commit(')],
  },
  {
    name: 'the fan-out mark goes before the fan-out',
    edits: [
      edit(
        FAN_OUT,
        'let position: Position | undefined =',
        'await replication.control.clearMark(kpi, mark, generation);\n    let position: Position | undefined =',
      ),
    ],
  },
  {
    name: 'a fan-out takes away a mark that is newer than itself',
    firstSeed: 4_950,
    edits: [
      edit(
        FAN_OUT,
        'await replication.control.clearMark(kpi, mark, generation);',
        `const [now] = await replication.control.readKpis([kpi]);
         await replication.control.clearMark(kpi, mark, (mark === 'fan_out_pending' ? now.fanOutPending : now.sweepPending) ?? '');
         return distinctKpis(found);`,
      ),
    ],
  },
  {
    name: 'a fan-out goes on where another generation stopped',
    edits: [edit(FAN_OUT, 'if (stored?.generation !== generation)', 'if (stored === undefined)')],
  },
  {
    name: 'a link that is copied after records does not ask for the sweep',
    firstSeed: 3_850,
    edits: [edit('backfill/copy-links.ts', "recordsHaveBegun ? 'late-backfill' : 'backfill'", "'backfill'")],
  },
  {
    name: 'a copier writes although its lease ran out',
    firstSeed: 12_900,
    edits: [edit('backfill/copier.ts', '      requireAllowed();\n', '')],
  },
  {
    name: 'a copier that failed gives its lease up at once',
    firstSeed: 4_450,
    edits: [edit('backfill/backfill.ts', 'await lease.releaseAfterReserve();', 'await lease.release();')],
  },
  {
    name: 'a checkpoint before the work',
    edits: [
      edit(
        'backfill/segments.ts',
        'const tally = await work(page.items);',
        `await writeCheckpoint(control, { ...checkpoint, cursor: page.cursor, done: page.cursor === undefined });
         const tally = await work(page.items);`,
      ),
    ],
  },
];
