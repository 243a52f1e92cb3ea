import { mappingHash } from '../model/mapping-hash.ts';
import { SOURCES } from '../model/sources.ts';
import type { QuarantineRow } from '../tables/control-rows.ts';
import type { ControlTable } from '../tables/control-table.ts';
import { readLagMs } from '../tables/replication-lag.ts';
import { latestReport } from '../tables/validation-report.ts';
import type { Evidence } from './verdict.ts';

/** Where evidence is read from: all of it in the control table, strongly. */
export interface EvidenceReads {
  readonly control: Pick<ControlTable, 'get' | 'list'>;
  readonly quarantine: (source: QuarantineRow['source']) => AsyncIterable<Pick<QuarantineRow, 'id' | 'accepted'>>;
}

/** Gathers what the gate decides by. */
export async function readEvidence({ control, quarantine }: EvidenceReads, nowMs: number): Promise<Evidence> {
  const [report, lagMs, ...unaccepted] = await Promise.all([
    latestReport(control),
    readLagMs(control, nowMs),
    ...[...SOURCES, 'events' as const].map(async (source) => {
      const ids: string[] = [];
      for await (const { id, accepted } of quarantine(source)) if (accepted === undefined) ids.push(`${source} ${id}`);
      return ids;
    }),
  ]);
  return { report, lagMs, unaccepted: unaccepted.flat(), mappingHash: mappingHash() };
}
