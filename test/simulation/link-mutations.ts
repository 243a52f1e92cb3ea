import { edit, KEEP_IMAGE, type Mutation } from './mutation.ts';

const BATCH = 'functions/sync/stream-batch.ts';
const KPI_DECISION = 'functions/sync/kpi-decision.ts';
const LINK_DECISION = 'functions/sync/link-decision.ts';
const LINKS = 'functions/sync/replicate-links.ts';
const GROUP = 'functions/sync/link-group.ts';
const FAN_OUT = 'functions/sync/fan-out.ts';

/** Mistakes of how a link is replicated, and its records after it. */
export const LINK_MUTATIONS: readonly Mutation[] = [
  {
    name: 'no KPI fence: a KPI row is written whatever its token',
    edits: [edit(KPI_DECISION, ', ifToken: head.token ?? null }', ' }')],
  },
  {
    name: 'no tombstone of a link that went',
    edits: [edit(KPI_DECISION, 'tombstones.set(id, nowSeconds);', '')],
  },
  {
    name: "a link's token after its state",
    firstSeed: 200,
    edits: [
      edit(
        LINKS,
        'const { kpiRows, row, entry, spilledItems } = await readNamed(',
        'const image = await replication.old.readLink(change.id);\n    const { kpiRows, row, entry, spilledItems } = await readNamed(',
      ),
      edit(LINKS, '    const image = await replication.old.readLink(change.id);\n    // What', '    // What'),
    ],
  },
  {
    name: "a group of links' token after its state",
    scheduledWorld: 'two links that change twice',
    edits: [
      edit(
        GROUP,
        'const { kpiRow, rows, entries, spilledItems } = await readNamed(',
        'const images = await old.readLinks(changes.map(({ id }) => id));\n    const { kpiRow, rows, entries, spilledItems } = await readNamed(',
      ),
      edit(
        GROUP,
        '    const images = await old.readLinks(changes.map(({ id }) => id));\n    // Whoever',
        '    // Whoever',
      ),
    ],
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
         const readLinks = async () => new Map([...imageOf].filter(([, image]) => image));
         await replicateLinks({ ...replication, old: { ...replication.old, readLink, readLinks } }, changes, 'live');
         const result = await replicateLinks(replication, changes, 'live');`,
      ),
    ],
  },
  {
    name: 'index only: a fan-out does not list touched-record rows',
    edits: [
      edit(FAN_OUT, "['touched', ...RECORD_SOURCES] as const", '[...RECORD_SOURCES] as const'),
      edit(FAN_OUT, "return { listing: 'touched' };", "return { listing: 'milestones' };"),
    ],
  },
  {
    name: 'touched-record rows only: a fan-out does not list the index',
    firstSeed: 243,
    edits: [edit(FAN_OUT, "['touched', ...RECORD_SOURCES] as const", "['touched'] as const")],
  },
  {
    name: "a link's first write over what another brought meanwhile",
    foundOnlyBy: 'a row went back to',
    scheduledWorld: 'a copied link that comes, and comes again elsewhere',
    firstSeed: 18_050,
    edits: [edit(LINK_DECISION, '...(row === undefined && { ifAbsent: true })', '...{}')],
  },
  {
    name: "a link's write without a look at the KPI that its row is in",
    foundOnlyBy: 'a row went back to',
    scheduledWorld: 'a link that changes, goes and comes again elsewhere',
    firstSeed: 18_551,
    edits: [edit(LINKS, '? [row] : [row, image]', '? [] : [image]')],
  },
  {
    name: 'the fan-out mark goes before the fan-out',
    edits: [
      edit(
        FAN_OUT,
        'const pages = await bringRecords(',
        'await replication.control.clearMark(kpi, mark, generation);\n    const pages = await bringRecords(',
      ),
    ],
  },
  {
    name: 'a fan-out takes away a mark that is newer than itself',
    firstSeed: 5_309,
    edits: [
      edit(
        FAN_OUT,
        'if (await replication.control.clearMark(kpi, mark, generation)) break;',
        `const [now] = await replication.control.readKpis([kpi]);
         await replication.control.clearMark(kpi, mark, (mark === 'fan_out_pending' ? now.fanOutPending : now.sweepPending) ?? '');
         break;`,
      ),
    ],
  },
  {
    name: 'a fan-out goes on where another generation stopped',
    edits: [edit(FAN_OUT, 'if (stored?.generation !== generation)', 'if (stored === undefined)')],
  },
  {
    name: 'a fan-out leaves out what it brought for another generation',
    firstSeed: 4_200,
    edits: [
      edit(FAN_OUT, '  const brought = new Set<string>();\n', ''),
      edit(
        FAN_OUT,
        '  select: Select,\n): Promise<Brought> {\n  const { control',
        '  select: Select,\n  brought: Set<string>,\n): Promise<Brought> {\n  const { control',
      ),
      edit(FAN_OUT, '  for (;;) {', '  const brought = new Set<string>();\n  for (;;) {'),
      edit(
        FAN_OUT,
        'bringRecords(replication, kpi, mark, generation, select)',
        'bringRecords(replication, kpi, mark, generation, select, brought)',
      ),
    ],
  },
];
