import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { SOURCES, type Source } from '../migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../migration/tables.ts';
import type { ControlTable } from '../tables/control/control-table.ts';
import { describeTable } from '../tables/dynamo/descriptions.ts';
import { readReplicatedThrough } from '../tables/replicated-through.ts';
import type { ReplicationHealth, SourceHealth } from './health.ts';
import { writeHealth } from './health-document.ts';
import { countMappingsOn, readMapping } from './mappings.ts';
import { type SampledStream, type SampleState, sampleState, sampleStream } from './stream-sample.ts';

export interface HeartbeatReads {
  readonly client: DynamoDBClient;
  readonly lambda: LambdaClient;
  readonly stream: SampledStream;
  readonly control: Pick<ControlTable, 'get' | 'put' | 'list'>;
  readonly names: TableNames;
  /** Ids of the event source mappings. */
  readonly mappingIds: Readonly<Record<Source, string>>;
}

const SAMPLES = 'replication-sample';

/** Looks at the whole path of each source's changes, from the stream to what was replicated, and notes what it finds. */
export async function heartbeat(reads: HeartbeatReads, nowMs: number): Promise<ReplicationHealth> {
  const through = await readReplicatedThrough(reads.control);
  const found = await Promise.all(
    SOURCES.map(async (source) => [source, await look(reads, source, through[source])] as const),
  );
  const health = { atMs: nowMs, sources: Object.fromEntries(found) as Record<Source, SourceHealth> };
  await writeHealth(reads.control, health);
  return health;
}

async function look(reads: HeartbeatReads, source: Source, throughMs: number | undefined): Promise<SourceHealth> {
  const { client, lambda, names, mappingIds } = reads;
  const [mapping, table] = await Promise.all([
    readMapping(lambda, mappingIds[source]),
    describeTable(client, names[OLD_TABLE_OF[source]]),
  ]);
  const currentStreamArn = table?.streamArn;
  const mappingsOnStream = currentStreamArn === undefined ? 0 : await countMappingsOn(lambda, currentStreamArn);
  const isOurs = mapping !== undefined && mapping.streamArn === currentStreamArn;
  const sample = isOurs ? await sampleOf(reads, source, mapping.streamArn, throughMs) : undefined;
  return {
    mappingId: mappingIds[source],
    mapping,
    currentStreamArn,
    mappingsOnStream,
    replicatedThroughMs: throughMs,
    unreplicatedSinceMs: sample?.unreplicatedSinceMs,
  };
}

async function sampleOf(
  { control, stream }: HeartbeatReads,
  source: Source,
  streamArn: string,
  throughMs: number | undefined,
): Promise<SampleState> {
  const before = sampleState.safeParse(await control.get(SAMPLES, source)).data;
  const sample = await sampleStream(stream, streamArn, before, throughMs);
  await control.put(SAMPLES, source, sample);
  return sample;
}
