import { type Item, textOf } from './attribute-value.ts';
import { earliestDate, mapLink, mapPersonalLink, ownerOf, userOfLink } from './link-mapping.ts';
import { mapRecord, ownerSource } from './mapping.ts';
import { type OldLink, type OldRecord, parseLink, parseRecord } from './old-records.ts';
import type { QuarantineReason, Warning } from './quarantine-reason.ts';
import {
  type HeldRecords,
  type KpiKey,
  kpiIdentity,
  type LinkReference,
  RECORD_SOURCES,
  type RecordSource,
  type Source,
} from './sources.ts';

/** The whole content of the old tables and the look-up tables, in any order. */
export type OldContent = Readonly<Record<Source | 'kpis' | 'people', readonly Item[]>>;

/** What the new tables are to hold, and what of the old ones they cannot. */
export interface ExpectedRows {
  readonly kpiLinks: ReadonlyMap<string, Item>;
  readonly kpiData: ReadonlyMap<string, Item>;
  readonly held: readonly { readonly source: RecordSource; readonly id: string; readonly kpi: KpiKey }[];
  readonly quarantined: readonly { readonly source: Source; readonly id: string; readonly reason: QuarantineReason }[];
  readonly warnings: readonly { readonly source: Source; readonly id: string; readonly warning: Warning }[];
  /** How many items bear each attribute that is not copied because no one knows it, by `source.attribute`. */
  readonly unknownAttributes: ReadonlyMap<string, number>;
}

/**
 * The desired state as a function of the old tables alone, made in one go from all of them. Replication gets there by one
 * change at a time; that both agree is what tests, the rehearsal and the simulation check.
 */
export function expectedRows(old: OldContent, heldRecords: HeldRecords): ExpectedRows {
  const state = {
    kpiLinks: new Map<string, Item>(),
    kpiData: new Map<string, Item>(),
    held: [] as ExpectedRows['held'][number][],
    quarantined: [] as ExpectedRows['quarantined'][number][],
    warnings: [] as ExpectedRows['warnings'][number][],
    unknownAttributes: new Map<string, number>(),
  };
  const kpis = new Map(old.kpis.map((item) => [textOf(item, 'id') ?? '', item]));
  const peopleOfUser = Map.groupBy(old.people, (item) => textOf(item, 'linked_user_id') ?? '');
  const countUnknown = (source: Source, names: readonly string[]) => {
    for (const name of names) {
      const qualified = `${source}.${name}`;
      state.unknownAttributes.set(qualified, (state.unknownAttributes.get(qualified) ?? 0) + 1);
    }
  };

  const linksOfKpi = new Map<string, LinkReference[]>();
  const goals = new Set<string>();
  const addLink = (link: OldLink) => {
    const userId = userOfLink(link, kpis.get(link.kpi.kpiId));
    const result = mapLink(link, userId, peopleOfUser.get(userId) ?? []);
    if (result.kind === 'quarantined') {
      state.quarantined.push({ source: 'links', id: link.id, reason: result.reason });
      return;
    }
    state.kpiLinks.set(link.id, result.row);
    for (const warning of result.warnings) state.warnings.push({ source: 'links', id: link.id, warning });
    const identity = kpiIdentity(link.kpi);
    linksOfKpi.set(identity, [...(linksOfKpi.get(identity) ?? []), { id: link.id, linkedAt: link.linkedAt }]);
    const goal = `${identity}\u0000${link.goalId}`;
    if (goals.has(goal)) {
      const message = 'The KPI has another link to the same goal.';
      state.warnings.push({ source: 'links', id: link.id, warning: { code: 'second-link-to-goal', message } });
    }
    goals.add(goal);
  };

  for (const item of old.links) {
    const parsed = parseLink(item);
    if (parsed.kind === 'quarantined') {
      state.quarantined.push({ source: 'links', id: textOf(item, 'id') ?? '', reason: parsed.reason });
    } else {
      countUnknown('links', parsed.record.unknownAttributes);
      addLink(parsed.record);
    }
  }

  const records: OldRecord[] = [];
  for (const [id, items] of itemsById(old)) {
    const owner = ownerSource(items);
    for (const source of RECORD_SOURCES) {
      const item = items[source];
      if (item === undefined) continue;
      if (source !== owner) {
        const message = `The id is also that of an item of ${owner}, which comes first and has the row.`;
        state.quarantined.push({ source, id, reason: { code: 'id-collision', message } });
        continue;
      }
      const parsed = parseRecord(source, item);
      if (parsed.kind === 'quarantined') {
        state.quarantined.push({ source, id, reason: parsed.reason });
      } else {
        countUnknown(source, parsed.record.unknownAttributes);
        records.push(parsed.record);
      }
    }
  }

  for (const group of Map.groupBy(records, (record) => kpiIdentity(record.kpi)).values()) {
    const kpi = (group[0] as OldRecord).kpi;
    let links = linksOfKpi.get(kpiIdentity(kpi)) ?? [];
    if (links.length === 0 && heldRecords === 'personal-link') {
      const linkedAt = earliestDate(group.map((record) => record.date)) as string;
      const kpiItem = kpis.get(kpi.kpiId);
      const row = mapPersonalLink(kpi, linkedAt, kpiItem, peopleOfUser.get(ownerOf(kpi, kpiItem) ?? '') ?? []);
      const id = textOf(row, 'id');
      if (row && id !== undefined) {
        state.kpiLinks.set(id, row);
        links = [{ id, linkedAt }];
      }
    }
    for (const record of group) {
      const result = mapRecord(record, links);
      if (result.kind === 'held') state.held.push({ source: record.source, id: record.id, kpi });
      if (result.kind === 'quarantined') {
        state.quarantined.push({ source: record.source, id: record.id, reason: result.reason });
      }
      if (result.kind === 'mapped') for (const row of result.rows) state.kpiData.set(textOf(row, 'id') as string, row);
    }
  }
  return state;
}

function itemsById(old: OldContent): Map<string, Partial<Record<RecordSource, Item>>> {
  const byId = new Map<string, Partial<Record<RecordSource, Item>>>();
  for (const source of RECORD_SOURCES) {
    for (const item of old[source]) {
      const id = textOf(item, 'id') ?? '';
      byId.set(id, { ...byId.get(id), [source]: item });
    }
  }
  return byId;
}
