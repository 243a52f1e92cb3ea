import type { ReplicationHealth } from '../../functions/health/health.ts';
import { bySource } from '../../functions/migration/sources.ts';

/** A replication that nothing is wrong with, as found at an instant. */
export function healthyAt(atMs: number): ReplicationHealth {
  return {
    atMs,
    sources: bySource((source) => ({
      mappingId: `mapping-${source}`,
      mapping: { state: 'Enabled', lastResult: 'OK', streamArn: `stream-${source}` },
      currentStreamArn: `stream-${source}`,
      mappingsOnStream: 1,
      replicatedThroughMs: atMs - 5_000,
    })),
  };
}
