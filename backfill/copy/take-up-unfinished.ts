import { RECORD_SOURCES } from '../../functions/migration/sources.ts';
import { distinctKpis, type KpiKey } from '../../functions/model/kpi.ts';
import {
  distinctUnfinished,
  listUnfinished,
  readUnfinished,
  removeUnfinished,
  type UnfinishedItem,
  unfinishedName,
} from '../../functions/tables/control/unfinished-items.ts';
import { bringFanOut, bringLinksWhole, bringPersonalLinks, bringRecords, type Worker } from './persevere.ts';

/**
 * Works once more on every item that anyone has noted as unfinished: a stream's batch, a fan-out, a copy, the sweep. What is dealt with
 * now loses its notes; notes that came meanwhile stay.
 *
 * @returns what is still unfinished.
 */
export async function takeUpUnfinished(worker: Worker): Promise<readonly UnfinishedItem[]> {
  const { control } = worker.replication;
  const notes = await listUnfinished(control);
  const items = distinctUnfinished(notes.map(({ item }) => item));
  const links = items.filter(({ kind }) => kind === 'links');
  const kpis = items.filter(({ kind }) => kind === 'kpis').flatMap((item) => item.kpis);
  const records = items.filter(({ kind }) => kind !== 'links' && kind !== 'kpis');
  const left = [
    // Its own event may have been given up: so a link that is gone is treated as by that event.
    ...(await bringLinksWhole(worker, links)),
    ...(await bringPersonalLinks(worker, kpis)),
    ...(await takeUpFanOuts(worker, kpis)),
    ...(await takeUpRecords(worker, records)),
  ];
  const namesLeft = new Set(left.map(unfinishedName));
  for (const note of notes) {
    if (!namesLeft.has(unfinishedName(note.item))) await removeUnfinished(control, note);
  }
  return readUnfinished(control);
}

async function takeUpFanOuts(worker: Worker, kpis: readonly KpiKey[]): Promise<readonly UnfinishedItem[]> {
  const swept = await bringFanOut(worker, kpis, 'sweep_pending');
  return [...swept, ...(await bringFanOut(worker, kpis, 'fan_out_pending'))];
}

async function takeUpRecords(worker: Worker, records: readonly UnfinishedItem[]): Promise<readonly UnfinishedItem[]> {
  const changes = records.map(({ kind, id, kpis }) => ({
    id,
    kpis,
    sources: RECORD_SOURCES.filter((source) => source === kind),
  }));
  // A record may have been noted for a table and, by a fan-out, for none; changes of one id must not be given twice.
  const byId = Map.groupBy(changes, ({ id }) => id);
  const merged = [...byId].map(([id, same]) => ({
    id,
    kpis: distinctKpis(same.flatMap(({ kpis }) => kpis)),
    sources: RECORD_SOURCES.filter((source) => same.some(({ sources }) => sources.includes(source))),
  }));
  const { unfinished } = await bringRecords(worker, merged);
  const idsLeft = new Set(unfinished.map(({ id }) => id));
  return [...unfinished, ...records.filter(({ id }) => idsLeft.has(id))];
}
