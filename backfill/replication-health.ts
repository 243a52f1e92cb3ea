import {
  type ReplicationHealth,
  type ReplicationProblem,
  replicationProblems,
  replicationWarnings,
  type SourceHealth,
} from '../functions/health/health.ts';
import { readHealth } from '../functions/health/health-document.ts';
import { connectLambda, readMapping } from '../functions/health/mappings.ts';
import { SOURCES, type Source } from '../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableRole } from '../functions/migration/tables.ts';
import { messageOf } from '../functions/model/migration-error.ts';
import type { TableShape } from '../functions/tables/dynamo/descriptions.ts';
import { servicesConfig } from './account/check-account.ts';
import type { Environment } from './environment.ts';

/** The state of the replication, for a person and for a program. */
export interface ReplicationReport {
  /** Undefined if the heartbeat has never come. */
  readonly health: ReplicationHealth | undefined;
  readonly problems: readonly ReplicationProblem[];
  readonly warnings: readonly string[];
}

/**
 * The last heartbeat, with the event source mappings and the streams as they are at this moment.
 *
 * @param shapes of the tables, as just described.
 */
export async function reportReplication(
  { settings, tables, connection }: Pick<Environment, 'settings' | 'tables' | 'connection'>,
  shapes: Partial<Record<TableRole, TableShape>>,
  nowMs: number,
): Promise<ReplicationReport> {
  const last = await readHealth(tables.control);
  const lagMaxMs = settings.readFlag.lagMaxSeconds * 1_000;
  if (last === undefined) return { health: last, problems: replicationProblems(last, lagMaxMs, nowMs), warnings: [] };
  const warnings: string[] = [];
  const config = servicesConfig(settings, connection);
  const lambda = config && connectLambda(config);
  const now = async (source: Source): Promise<SourceHealth> => {
    const found = { ...last.sources[source], currentStreamArn: shapes[OLD_TABLE_OF[source]]?.streamArn };
    if (lambda === undefined) return found;
    try {
      return { ...found, mapping: await readMapping(lambda, found.mappingId) };
    } catch (error) {
      warnings.push(
        `Lambda could not be asked for the mapping of ${source}: ${messageOf(error)}. This is what the last heartbeat found.`,
      );
      return found;
    }
  };
  const sources = await Promise.all(SOURCES.map(async (source) => [source, await now(source)] as const));
  lambda?.destroy();
  const health = { ...last, sources: Object.fromEntries(sources) as Record<Source, SourceHealth> };
  return {
    health,
    problems: replicationProblems(health, lagMaxMs, nowMs),
    warnings: [...warnings, ...replicationWarnings(health)],
  };
}

/** One line a source, then what is wrong. */
export function describeReplication({ health, problems, warnings }: ReplicationReport): string[] {
  const sources = health ? SOURCES.map((source) => describeSource(source, health.sources[source])) : [];
  return [
    ...sources,
    ...problems.map(({ code, message, nextStep }) => `${code}: ${message} Next: ${nextStep}`),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ];
}

function describeSource(source: Source, { mapping, replicatedThroughMs }: SourceHealth): string {
  const last =
    replicatedThroughMs === undefined
      ? 'no change replicated yet'
      : `last replicated change of ${new Date(replicatedThroughMs).toISOString()}`;
  return `Replication of ${source}: ${mapping?.state ?? 'no event source mapping'}, ${last}.`;
}
