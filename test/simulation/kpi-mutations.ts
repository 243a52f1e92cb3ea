import { edit, type Mutation } from './mutation.ts';

const KPI_DECISION = 'functions/sync/kpi-decision.ts';
const KPI_ROWS = 'functions/tables/control/kpi-rows.ts';
const LINK_DECISION = 'functions/sync/link-decision.ts';
const LINKS = 'functions/sync/replicate-links.ts';
const VIEWS = 'functions/sync/kpi-views.ts';

/** Mistakes of how a KPI's links are kept, in the KPI row and in items of their own, and of how they are read. */
export const KPI_MUTATIONS: readonly Mutation[] = [
  {
    name: 'spilled links are listed before the last writes of them are sure to be seen',
    smallWorld: 'a spilled link and its record',
    adversary: { crash: 0 },
    edits: [edit(VIEWS, '  await settle(replication, head);\n  return', '  return')],
  },
  {
    name: 'a writer of spilled links forgets what the one before it left unseen',
    scheduledWorld: 'two spilled links that come together',
    firstSeed: 1_500,
    edits: [edit(KPI_DECISION, '[...new Set([...(head.spilled?.unsettled ?? []), ...written])]', 'written')],
  },
  {
    name: 'a listing of spilled links is not proven by a later look at the KPI row',
    firstSeed: 121,
    edits: [
      edit(
        VIEWS,
        'return guess.linksToken === head.linksToken ? guess : undefined;',
        'return { ...guess, linksToken: head.linksToken };',
      ),
    ],
  },
  {
    name: 'a listing of spilled links serves for later links, too',
    firstSeed: 200,
    edits: [
      edit(VIEWS, 'if (known && known.linksToken === head.linksToken) return known;', 'if (known) return known;'),
    ],
  },
  {
    name: 'no tombstone of a spilled link that went',
    edits: [
      edit(
        KPI_DECISION,
        "items.set(id, { kind: 'put', table: 'control', item });",
        `items.set(id, linkedAt === undefined
           ? { kind: 'delete', table: 'control', key: { pk: item.pk, sk: item.sk } }
           : { kind: 'put', table: 'control', item });`,
      ),
    ],
  },
  {
    name: 'the KPI row does not count a spilled link that goes or comes again',
    firstSeed: 249,
    edits: [edit(KPI_DECISION, 'present += (linkedAt === undefined ? 0 : 1) - (before === undefined ? 0 : 1);', '')],
  },
  {
    name: 'a KPI all of whose links are spilled passes for one without links',
    edits: [
      edit(KPI_ROWS, 'head.inlineLinks.size > 0 || (head.spilled?.present ?? 0) > 0', 'head.inlineLinks.size > 0'),
    ],
  },
  {
    name: 'a link is both in the KPI row and spilled',
    edits: [edit(KPI_DECISION, '      links.delete(id);\n      spill(id, linkedAt);', '      spill(id, linkedAt);')],
  },
  {
    name: 'a link that moves to another KPI leaves its spilled item behind',
    edits: [
      edit(
        LINK_DECISION,
        'const targets = new Map(links.map(',
        `const targets = new Map(links.filter(({ id, demand }) => demand.kind !== 'valid' ||
           linkedAtOf(demand, kpi.head.kpi) !== undefined || kpi.head.inlineLinks.has(id)).map(`,
      ),
    ],
  },
  {
    name: "a link's spilled item is not read before it is written",
    edits: [edit(LINKS, 'if (spilling.length > spillers.length) {', 'if (false) {')],
  },
  {
    name: 'a changed linked_at of a spilled link leaves the anchor as it was',
    firstSeed: 294,
    edits: [
      edit(
        KPI_DECISION,
        '    changed = true;\n    if (item) {',
        '    changed ||= item === undefined || before === undefined || linkedAt === undefined;\n    if (item) {',
      ),
    ],
  },
];
