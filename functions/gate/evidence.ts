import { readHealth } from '../health/health-document.ts';
import { mappingHash } from '../migration/mapping-hash.ts';
import type { ControlTable } from '../tables/control/control-table.ts';
import { readKillSwitch, readRollback, readRun } from '../tables/control/documents.ts';
import type { QuarantineEntry } from '../tables/control/quarantine-rows.ts';
import { readUnfinished, type UnfinishedItem } from '../tables/control/unfinished-items.ts';
import { latestReport } from '../tables/control/validation-report.ts';
import { readLagMs } from '../tables/replication-lag.ts';
import type { GateEvidence } from './missing-evidence.ts';

/** Where the evidence is: all of it in the control table, which is read strongly. */
export interface EvidenceReads {
  readonly control: Pick<ControlTable, 'get' | 'list'>;
  /** Only what nobody has accepted counts, so nothing else has to be listed. */
  readonly quarantine: () => AsyncIterable<Pick<QuarantineEntry, 'source' | 'id' | 'accepted'>>;
  /** Read from the control table where absent: for a caller that needs these items as well. */
  readonly unfinished?: () => Promise<readonly Pick<UnfinishedItem, 'kind' | 'id'>[]>;
}

/** Reads everything that the gate decides on. */
export async function readEvidence(reads: EvidenceReads, nowMs: number): Promise<GateEvidence> {
  const { control, quarantine, unfinished: readItems = () => readUnfinished(control) } = reads;
  const [report, run, rollback, killSwitch, lagMs, replication, unaccepted, unfinished] = await Promise.all([
    latestReport(control),
    readRun(control),
    readRollback(control),
    readKillSwitch(control),
    readLagMs(control, nowMs),
    readHealth(control),
    namesOfUnaccepted(quarantine()),
    readItems().then((items) => items.map(({ kind, id }) => `${kind} ${id}`)),
  ]);
  return { report, run, rollback, killSwitch, lagMs, replication, unaccepted, unfinished, mappingHash: mappingHash() };
}

async function namesOfUnaccepted(entries: ReturnType<EvidenceReads['quarantine']>): Promise<string[]> {
  const names: string[] = [];
  for await (const { source, id, accepted } of entries) if (accepted === undefined) names.push(`${source} ${id}`);
  return names;
}
