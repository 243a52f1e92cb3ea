import { type Edit, edit, KEEP_IMAGE, type Mutation } from './mutation.ts';

const BATCH = 'functions/sync/stream-batch.ts';
const RECORD = 'functions/sync/replicate-record.ts';
const RECORDS = 'functions/sync/replicate-records.ts';
const COMMIT = 'functions/sync/commit-record.ts';
const GROUP = 'functions/sync/record-group.ts';
const VIEWS = 'functions/sync/kpi-views.ts';
const RECORD_DECISION = 'functions/sync/record-decision.ts';

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
  edit(BATCH, 'fanOutEach(replication, result.fanOut)', 'fanOutEach(replication, [...quick.fanOut, ...result.fanOut])'),
];

/** Mistakes of how a record is replicated. */
export const RECORD_MUTATIONS: readonly Mutation[] = [
  {
    name: 'no record fence: a record is written whatever its token',
    firstSeed: 1_051,
    edits: [edit(COMMIT, ', ifToken: current }', ' }')],
  },
  {
    name: 'token after state',
    firstSeed: 580,
    edits: [
      edit(
        RECORD,
        `const read = await readRecordSnapshot(replication, views, change.id, scope);
    if (read.kind === 'untouched') await touch(replication, change.id, scope, read.tokens);
    if (read.kind !== 'whole') return undefined;
    const { snapshot } = read;
    const base = (await replication.old.readRecords([change.id])).get(change.id) ?? {};`,
        `const base = (await replication.old.readRecords([change.id])).get(change.id) ?? {};
    const read = await readRecordSnapshot(replication, views, change.id, scope);
    if (read.kind === 'untouched') await touch(replication, change.id, scope, read.tokens);
    if (read.kind !== 'whole') return undefined;
    const { snapshot } = read;`,
      ),
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
    firstSeed: 142,
    edits: [
      KEEP_IMAGE,
      readBasesBy('async (ids) => (ids.every(imageOf.get, imageOf) ? replication.old.readRecords(ids) : new Map())'),
    ],
  },
  {
    name: 'rows are taken away before they are put anew',
    firstSeed: 340,
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
    name: "a record's image is written before the item is read",
    foundOnlyBy: 'a row went back to',
    edits: IMAGE_FIRST,
  },
  {
    name: 'no second look at the KPI rows',
    firstSeed: 5_800,
    edits: [edit(RECORDS, 'return result.seen.every(', 'return true || result.seen.every(')],
  },
  {
    name: 'a second look that takes the same links for no change',
    firstSeed: 11_150,
    edits: [
      edit(RECORD, 'snapshot.kpis.map(seenOf)', 'snapshot.kpis'),
      edit(
        RECORDS,
        'result.seen.every(({ kpi, linksToken }) => views.head(kpi)?.linksToken === linksToken)',
        `result.seen.every(({ kpi, linksToken, links }) => {
           const head = views.head(kpi);
           if (head.spilled) return head.linksToken === linksToken;
           return [...head.inlineLinks].sort().join() === links.map(({ id, linkedAt }) => [id, linkedAt]).sort().join();
         })`,
      ),
    ],
  },
  {
    name: 'a first write over what a copier brought meanwhile',
    foundOnlyBy: 'a row went back to',
    scheduledWorld: 'a copied record that comes and changes',
    firstSeed: 14_850,
    edits: [edit(RECORD_DECISION, '...(stored === undefined && { ifAbsent: true }),', '')],
  },
  {
    name: 'no coalescing: of several events of an item only the last says where to look',
    firstSeed: 10_100,
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
        VIEWS,
        'inAnchorOrder([...links].map(([id, linkedAt]) => ({ id, linkedAt })))',
        "[...links.keys()].map((id, at) => ({ id, linkedAt: '200' + at + '-01-01' }))",
      ),
    ],
  },
  {
    name: 'a token that stays where nothing changes',
    firstSeed: 7_500,
    edits: [edit(RECORD, 'if (!(await commitRecord(', 'if (decision.writes.length > 0 && !(await commitRecord(')],
  },
  {
    name: 'a group of records that is taken for written although it was refused',
    firstSeed: 850,
    edits: [edit(GROUP, 'if (isWritten) done', 'if (isWritten !== undefined) done')],
  },
  {
    name: 'the items of a group are read before their tokens',
    firstSeed: 1_900,
    edits: [
      edit(
        GROUP,
        'const items = await replication.transactions.read(keys);',
        `const bases = await replication.old.readRecords(members.map(({ change }) => change.id));
         const items = await replication.transactions.read(keys);`,
      ),
      edit(
        GROUP,
        'const bases = await replication.old.readRecords(members.map(({ change }) => change.id));\n  return',
        'return',
      ),
    ],
  },
  {
    name: 'of a group only the first record is written under its token',
    firstSeed: 8_750,
    edits: [
      edit(
        GROUP,
        'const writes = commits.flatMap((commit) => commit.writes);',
        `const writes = commits.flatMap((commit, at) =>
           commit.writes.map(({ ifToken, ...write }) => (at === 0 && ifToken !== undefined ? { ...write, ifToken } : write)));`,
      ),
    ],
  },
  {
    name: 'a KPI that only the item of a grouped record names is not looked at',
    firstSeed: 980,
    edits: [edit(GROUP, 'if (widened(scope, base, snapshot.inQuarantine)) return undefined;', '')],
  },
];
