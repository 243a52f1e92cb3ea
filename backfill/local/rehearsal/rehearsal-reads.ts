import { randomUUID } from 'node:crypto';
import { AppConfigDataClient } from '@aws-sdk/client-appconfigdata';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createFlagClient } from '../../../functions/flag/client.ts';
import { flagNames } from '../../../functions/flag/names.ts';
import { kpiKeyOf, type Source } from '../../../functions/migration/sources.ts';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { kpiIdentity } from '../../../functions/model/kpi.ts';
import { BREAKER_DEFAULTS } from '../../../functions/read/breaker.ts';
import { openReads } from '../../../functions/read/open-reads.ts';
import { ROUTER_DEFAULTS } from '../../../functions/read/router.ts';
import { connectReads } from '../../../functions/tables/connect-reads.ts';
import type { Settings } from '../../../infra/settings.ts';
import type { ReadCounts } from '../../cockpit/samples.ts';
import { localClientConfig } from '../../local-endpoint.ts';
import type { LocalCloud } from '../cloud/local-cloud.ts';
import { AilingNewReads } from './new-side-faults.ts';
import { type QuietLink, Readers } from './readers.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface RehearsalReads {
  readonly readers: Readers;
  readonly newReads: AilingNewReads;
  /** What the readers got so far. */
  counts(): ReadCounts;
  stop(): Promise<void>;
}

/**
 * Readers look sooner again at a new side that failed than in production, where minutes do not have to pass in seconds. And they are more patient with it: the machine
 * that runs the tables, the functions and the readers may be slower than what it stands for, but not as slow as tables that are said to be slow.
 */
const ROUTER = {
  ...ROUTER_DEFAULTS,
  shadowShare: 0.5,
  sampleShare: 0.1,
  newDeadlineMs: 2_000,
  shadow: { ...ROUTER_DEFAULTS.shadow, recheckAfterMs: 2_000 },
  breaker: { ...BREAKER_DEFAULTS, openMs: 1_000 },
};

/**
 * Starts the readers of every tenant through the library entry of the package, by the flag of the local cloud.
 *
 * @param initial the old items when the rehearsal began; `hotKpis` those whose items the live writer changes.
 */
export function startReaders(
  cloud: LocalCloud & { readonly appconfig: { readonly url: string } },
  {
    client,
    settings,
    random,
  }: { readonly client: DynamoDBClient; readonly settings: Settings; readonly random: SeededRandom },
  initial: Readonly<Record<Source, readonly Item[]>>,
  hotKpis: ReadonlySet<string>,
): RehearsalReads {
  const tables = connectReads(settings.tables, cloud.clientConfig);
  const newReads = new AilingNewReads(tables.new);
  const flagSettings = flagNames(settings.name);
  const flagClient = createFlagClient(flagSettings, {
    client: new AppConfigDataClient(localClientConfig(cloud.appconfig.url)),
  });
  const { reads, router } = openReads({
    tableNames: settings.tables,
    heldRecords: settings.heldRecords,
    flag: flagSettings,
    flagClient,
    router: ROUTER,
    tables: { old: tables.old, new: newReads },
  });
  const readers = new Readers({
    reads,
    tenantIds: [...new Set(initial.links.map((link) => textOf(link, 'tenant_id') ?? ''))].sort(),
    quietLinks: quietLinks(initial.links, hotKpis),
    writeActual: (link, value) => writeActual(client, settings, link, value),
    random,
    nowMs: Date.now,
  });
  let differing = 0;
  return {
    readers,
    newReads,
    counts() {
      // The router counts from one look to the next.
      differing += sumOf(router.counters.take(), /^(shadow|sample)\.(missing|extra|different|invalid)$/);
      const { lastNewAnswerAtMs } = readers;
      return { old: readers.count('old'), new: readers.count('new'), differing, lastNewAnswerAtMs };
    },
    async stop() {
      await readers.stop();
      flagClient.stop();
    },
  };
}

function sumOf(counts: Readonly<Record<string, number>>, names: RegExp): number {
  return Object.entries(counts).reduce((sum, [name, count]) => sum + (names.test(name) ? count : 0), 0);
}

/** Links that are the only one of a KPI which the live writer leaves alone. */
function quietLinks(links: readonly Item[], hotKpis: ReadonlySet<string>): QuietLink[] {
  const byKpi = Map.groupBy(links, (link) => kpiIdentity(kpiKeyOf(link)));
  return [...byKpi].flatMap(([identity, [link, ...others]]) => {
    const kpi = link && kpiKeyOf(link);
    if (!kpi?.kpiId || others.length > 0 || hotKpis.has(identity)) return [];
    return [{ ...kpi, linkId: textOf(link, 'id') ?? '' }];
  });
}

/** A new actual, as the service writes one. */
async function writeActual(
  client: DynamoDBClient,
  { tables }: Settings,
  link: QuietLink,
  value: string,
): Promise<string> {
  const id = randomUUID();
  const at = new Date().toISOString();
  const item = {
    id: { S: id },
    tenant_id: { S: link.tenantId },
    kpi_id: { S: link.kpiId },
    measurement_date: { S: at },
    actual_value: { N: value },
    data_source: { S: 'Manual' },
    recorded_by: { S: 'reader' },
    recorded_at: { S: at },
  };
  await client.send(new PutItemCommand({ TableName: tables.kpiActuals, Item: item }));
  return id;
}
