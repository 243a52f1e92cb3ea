import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { EventSourceMapping } from '../../backfill/local/cloud/event-source-mapping.ts';
import { FunctionHost } from '../../backfill/local/cloud/function-host.ts';
import { fileCheckpoints } from '../../backfill/local/cloud/mapping-checkpoints.ts';
import { dynamoStreamSource } from '../../backfill/local/cloud/stream-source.ts';
import { localClientConfig, localClientEnvironment } from '../../backfill/local-endpoint.ts';
import { SOURCES, type Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../functions/migration/tables.ts';
import { ensureStream } from '../../functions/tables/dynamo/streams.ts';
import { handlerFile } from '../../infra/package-layout.ts';
import { replicationVariables } from '../../infra/replication-access.ts';
import type { Settings } from '../../infra/settings.ts';

/** One invocation of a stream's function, with the changes that it took. */
export interface Delivery {
  readonly source: Source;
  readonly ids: readonly string[];
  /** On the clock of `performance.now`. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export interface Mappings extends AsyncDisposable {
  /** Waits until all that is on the streams now has been delivered. */
  drained(): Promise<void>;
}

interface Change {
  readonly dynamodb: { readonly SequenceNumber: string; readonly Keys: { readonly id: { readonly S: string } } };
}

/**
 * Runs the functions of the four streams behind the local cloud's event source mappings, with the limits that the stack gives them. Each
 * function has a process of its own. It runs the entry that the stack bundles.
 */
export async function startMappings(
  client: DynamoDBClient,
  engineUrl: string,
  settings: Settings,
  onDelivered: (delivery: Delivery) => void,
): Promise<Mappings> {
  const directory = await mkdtemp(join(tmpdir(), 'kpi-migrate-bench-'));
  const streams = new DynamoDBStreamsClient(localClientConfig(engineUrl));
  const { replication } = settings;
  const hosts: FunctionHost[] = [];
  const mappings: EventSourceMapping[] = [];
  for (const source of SOURCES) {
    const host = new FunctionHost({
      function: {
        id: `replicate-${source}`,
        asset: '',
        handler: `replicate-${source}.handler`,
        timeoutSeconds: replication.timeoutSeconds,
        environment: replicationVariables(settings),
      },
      bundle: handlerFile(`replicate-${source}`),
      environment: localClientEnvironment(engineUrl),
      logFile: join(directory, `${source}.log`),
    });
    const mapping = new EventSourceMapping({
      limits: { ...replication, bisect: true },
      source: dynamoStreamSource(streams, await ensureStream(client, settings.tables[OLD_TABLE_OF[source]])),
      async invoke(event) {
        const { Records: changes } = event as { Records: readonly Change[] };
        const startedAtMs = performance.now();
        const answer = (await host.invoke(event)) as { batchItemFailures: readonly { itemIdentifier: string }[] };
        const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
        const taken = changes.filter(({ dynamodb }) => !failed.has(dynamodb.SequenceNumber));
        const ids = taken.map(({ dynamodb }) => dynamodb.Keys.id.S);
        onDelivered({ source, ids, startedAtMs, endedAtMs: performance.now() });
        return answer;
      },
      checkpoints: fileCheckpoints(join(directory, `${source}.json`)),
      async onFailure({ condition, records }) {
        throw new Error(`${records.length} changes of ${source} were given up: ${condition}.`);
      },
      nowMs: Date.now,
    });
    hosts.push(host);
    mappings.push(mapping);
    mapping.start();
  }
  return {
    async drained() {
      await Promise.all(mappings.map((mapping) => mapping.drained()));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(mappings.map((mapping) => mapping.stop()));
      await Promise.all(hosts.map((host) => host.stop()));
      streams.destroy();
      await rm(directory, { recursive: true });
    },
  };
}
