import { SOURCES, type Source } from '../migration/sources.ts';
import type { ErrorCode } from '../model/error-codes.ts';

/** An event source mapping, as Lambda tells of it. */
export interface MappingState {
  readonly state: string;
  /** What its last attempt came to, such as `OK`, `No records processed` or `PROBLEM: …`. */
  readonly lastResult: string;
  readonly streamArn: string;
}

/** How the replication of one source is found. */
export interface SourceHealth {
  readonly mappingId: string;
  /** Undefined if the mapping is gone. */
  readonly mapping?: MappingState | undefined;
  /** The stream that the old table has now; undefined if it has none, or if there is no such table. */
  readonly currentStreamArn?: string | undefined;
  /** Event source mappings on the current stream, ours among them. */
  readonly mappingsOnStream: number;
  /** The newest change that a function has replicated, in epoch milliseconds; undefined if it has not yet replicated any. */
  readonly replicatedThroughMs?: number | undefined;
  /** The oldest change that was seen on the stream and is not replicated. */
  readonly unreplicatedSinceMs?: number | undefined;
}

export interface ReplicationHealth {
  /** When this was found, in epoch milliseconds. */
  readonly atMs: number;
  readonly sources: Readonly<Record<Source, SourceHealth>>;
}

/** Something that stops or endangers the replication of a source, and what to do. */
export interface ReplicationProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly nextStep: string;
}

/** The heartbeat comes every minute. After so long without one, nobody knows whether anything is replicated. */
const HEARTBEAT_AGE_MAX_MS = 4 * 60_000;

/** Lambda API Reference, EventSourceMappingConfiguration, State. A mapping that is being updated goes on delivering. */
const DELIVERING: readonly string[] = ['Enabled', 'Updating'];

const DEPLOY = 'npx cdk deploy --all -c environment=NAME';
const STREAM_LOST =
  'deploy again (npx cdk deploy --all -c environment=NAME), then kpi-migrate validate and kpi-migrate repair --execute, as runbook.md has it under "The stream of an old table was turned off and on"';

/** Problems with which no change of a source is replicated until somebody acts. */
export const REPLICATES_NOTHING: ReadonlySet<ErrorCode> = new Set([
  'STREAM_OFF',
  'STREAM_REPLACED',
  'MAPPING_MISSING',
  'MAPPING_NOT_ENABLED',
]);

/** What is wrong with the replication; empty if nothing is. Pure. */
export function replicationProblems(
  health: ReplicationHealth | undefined,
  lagMaxMs: number,
  nowMs: number,
): ReplicationProblem[] {
  if (health === undefined) {
    const message = 'The function that watches the replication has never run.';
    return [{ code: 'HEARTBEAT_MISSING', message, nextStep: DEPLOY }];
  }
  const ageMs = nowMs - health.atMs;
  if (!(ageMs <= HEARTBEAT_AGE_MAX_MS)) {
    const message = `The function that watches the replication last ran at ${new Date(health.atMs).toISOString()}.`;
    return [{ code: 'HEARTBEAT_MISSING', message, nextStep: 'look at the log and the schedule of that function' }];
  }
  return SOURCES.flatMap((source) => problemsOf(source, health.sources[source], lagMaxMs, nowMs));
}

function problemsOf(source: Source, found: SourceHealth, lagMaxMs: number, nowMs: number): ReplicationProblem[] {
  const { mapping, currentStreamArn, unreplicatedSinceMs } = found;
  const problem = (code: ErrorCode, message: string, nextStep: string): ReplicationProblem[] => [
    { code, message, nextStep },
  ];
  if (currentStreamArn === undefined) {
    return problem('STREAM_OFF', `The old table of ${source} has no stream: nothing is replicated.`, STREAM_LOST);
  }
  if (mapping === undefined) {
    return problem('MAPPING_MISSING', `The event source mapping of ${source} is gone.`, DEPLOY);
  }
  if (mapping.streamArn !== currentStreamArn) {
    const message = `The old table of ${source} has a new stream, ${currentStreamArn}, but the event source mapping still reads ${mapping.streamArn}: nothing is replicated.`;
    return problem('STREAM_REPLACED', message, STREAM_LOST);
  }
  if (!DELIVERING.includes(mapping.state)) {
    const message = `The event source mapping of ${source} is ${mapping.state}: nothing is replicated.`;
    return problem(
      'MAPPING_NOT_ENABLED',
      message,
      'enable it in the Lambda console before its stream forgets, 24 hours',
    );
  }
  const unreplicatedMs = unreplicatedSinceMs === undefined ? 0 : nowMs - unreplicatedSinceMs;
  return [
    ...(mapping.lastResult.startsWith('PROBLEM')
      ? problem('MAPPING_FAILING', `The event source mapping of ${source} says: ${mapping.lastResult}.`, LOOK)
      : []),
    ...(unreplicatedMs > lagMaxMs
      ? problem(
          'REPLICATION_STOPPED',
          `A change of ${source} is not replicated after ${seconds(unreplicatedMs)} s.`,
          LOOK,
        )
      : []),
  ];
}

const LOOK = 'look at the log of the function that replicates it, its throttles and its rights';

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1_000);
}

/**
 * What to know about the streams, but that stops nothing. At most two processes may read a shard at the same time, or
 * requests are throttled (DynamoDB Developer Guide, "Reading and processing a stream"). Pure.
 */
export function replicationWarnings({ sources }: ReplicationHealth): string[] {
  return SOURCES.filter((source) => sources[source].mappingsOnStream > 1).map((source) => {
    const others = sources[source].mappingsOnStream - 1;
    return `The stream of ${source} has ${others} event source ${others === 1 ? 'mapping' : 'mappings'} beside this one. A stream bears two readers; with a third one all are throttled.`;
  });
}

/** The metrics of a heartbeat, by name. Pure. */
export function countsOf({ atMs, sources }: ReplicationHealth, problems: readonly ReplicationProblem[]) {
  const unreplicatedMs = SOURCES.map((source) => atMs - (sources[source].unreplicatedSinceMs ?? atMs));
  return { ReplicationProblems: problems.length, UnreplicatedSeconds: seconds(Math.max(...unreplicatedMs)) };
}
