import { edit, type Mutation } from './mutation.ts';

const COMMIT = 'functions/sync/commit-record.ts';
const FAN_OUT = 'functions/sync/fan-out.ts';

/** Mistakes of what is done about an item that fails for its own reason, or that others keep changing. */
export const ISOLATION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a record that fails for its own reason ends the fan-out',
    scheduledWorld: 'two records',
    odd: { kind: 'record', id: 'r1', oddity: 'all' },
    edits: [edit(FAN_OUT, "if (scope === 'whole') throw error;", "if (scope !== 'contention') throw error;")],
  },
  {
    name: 'a fan-out takes its mark away though it neither brought nor noted a record',
    firstSeed: 99,
    scheduledWorld: 'two records',
    odd: { kind: 'record', id: 'r1', oddity: 'all' },
    edits: [edit(FAN_OUT, 'await noteGivenUp(', 'await (async (..._) => undefined)(')],
  },
  {
    name: 'a fan-out takes its mark away though a record kept being changed',
    firstSeed: 202,
    scheduledWorld: 'two records',
    odd: { kind: 'record', id: 'r1', oddity: 'contended' },
    edits: [edit(FAN_OUT, 'if (pages.contention !== undefined) return', 'if (false) return')],
  },
  {
    name: 'a fan-out that goes on passes a page of which a record was not brought',
    scheduledWorld: 'two records',
    odd: { kind: 'record', id: 'r1', oddity: 'contended' },
    edits: [edit(FAN_OUT, 'due.length > 0 && contended.size === 0', 'due.length > 0')],
  },
  {
    name: 'a stream gives up a record without a note',
    edits: [
      edit(
        'functions/sync/stream-batch.ts',
        'note: await noteGivenUp(replication, { kind: source, ...change }, error, occasion)',
        "note: { kind: source, ...change, code: occasion, at: '' }",
      ),
    ],
  },
  {
    name: 'the record-token row does not say that the record is in quarantine',
    edits: [
      edit(
        COMMIT,
        'encodeRecordToken(recordId, token, expiresAt, inQuarantine)',
        'encodeRecordToken(recordId, token, expiresAt, inQuarantine.slice(0, 0))',
      ),
    ],
  },
  {
    name: 'of several transactions of a commit the first one takes the record out of quarantine',
    firstSeed: 1_050,
    edits: [
      edit(COMMIT, '...entries.filter(isEntered),', '...entries,'),
      edit(COMMIT, '...entries.filter((entry) => !isEntered(entry)),', ''),
    ],
  },
  {
    name: 'of several transactions of a commit the last one brings the record into quarantine',
    firstSeed: 21_700,
    edits: [
      edit(COMMIT, '...entries.filter(isEntered),', ''),
      edit(COMMIT, '...entries.filter((entry) => !isEntered(entry)),', '...entries,'),
    ],
  },
  {
    name: 'an entry is not listed as open',
    edits: [
      edit(
        'functions/tables/control/quarantine-rows.ts',
        "{ kind: 'put', table: 'control', item: open },",
        "...[open].slice(0, 0).map((item): Write => ({ kind: 'put', table: 'control', item })),",
      ),
    ],
  },
  {
    name: 'an entry that goes stays listed as open',
    edits: [edit('functions/tables/control/quarantine-rows.ts', "{ kind: 'delete', ...openKey(entry) },", '')],
  },
  {
    name: 'an entry leaves its image behind',
    edits: [
      edit(
        'functions/tables/control/quarantine-rows.ts',
        ".map((row): Write => ({ kind: 'delete', ...row }));",
        ".slice(0, 0).map((row): Write => ({ kind: 'delete', ...row }));",
      ),
    ],
  },
  {
    name: 'an entry takes the place of another than the one that was read',
    firstSeed: 60_005_500,
    edits: [
      edit(
        'functions/tables/control/quarantine-rows.ts',
        'const ifToken = before?.token ?? null;',
        'const ifToken = undefined;',
      ),
    ],
  },
  {
    name: 'an outdated refusal quarantines a link that another got through since',
    firstSeed: 70_018_440,
    edits: [
      edit('functions/sync/refusal.ts', 'return through ? undefined : refusal;', 'return through ? refusal : refusal;'),
    ],
  },
  {
    name: 'a record that is quarantined by its name leaves the personal link of the KPI it was in',
    firstSeed: 70_082_030,
    edits: [
      edit(
        'functions/sync/refused-by-name.ts',
        'distinctKpis([...change.kpis, ...Object.values(base ?? {}).map(kpiKeyOf)])',
        'base ? distinctKpis(Object.values(base).map(kpiKeyOf)) : change.kpis',
      ),
    ],
  },
  {
    name: 'a record that is refused keeps an entry for another reason',
    firstSeed: 90_035_600,
    edits: [edit('functions/sync/refused-by-name.ts', 'if (isSameItem && isFor(stored, reason))', 'if (isSameItem)')],
  },
  {
    name: 'a record that is quarantined by its name leaves the entry of an item that is gone',
    firstSeed: 90_022_400,
    edits: [
      edit('functions/sync/refused-by-name.ts', 'return stored && base ? deleteEntry(stored) : [];', 'return [];'),
    ],
  },
  {
    name: 'a copier passes over a record whose row is refused',
    scheduledWorld: 'a copied record and its link',
    odd: { kind: 'record', id: 'r1', oddity: 'rows' },
    edits: [
      edit(
        'backfill/copy/copy-records.ts',
        'throughProtocol: odd.map(({ change }) => change)',
        'throughProtocol: odd.slice(0, 0).map(({ change }) => change)',
      ),
    ],
  },
  {
    name: 'a backfill passes over what others kept changing',
    scheduledWorld: 'a copied record that cannot be migrated',
    odd: { kind: 'record', id: 'r1', oddity: 'contended' },
    edits: [edit('backfill/copy/persevere.ts', 'pending = contended.map(({ change }) => change);', 'pending = [];')],
  },
  {
    name: 'an unfinished item loses its note though it is still unfinished',
    firstSeed: 233,
    edits: [
      edit('backfill/copy/take-up-unfinished.ts', 'if (!namesLeft.has(unfinishedName(note.item)))', 'if (namesLeft)'),
    ],
  },
];
