import { setTimeout as sleep } from 'node:timers/promises';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { type CountsByName, increase } from '../../../functions/model/counts-by-name.ts';
import type { KpiReads, Provenance } from '../../../functions/read/index.ts';
import type { SeededRandom } from './seeded-random.ts';

/** The only link of a KPI that nobody else writes to, so that what is written there has to be read again. */
export interface QuietLink {
  readonly tenantId: string;
  readonly kpiId: string;
  readonly linkId: string;
}

export interface ReadersOptions {
  readonly reads: KpiReads<Provenance>;
  readonly tenantIds: readonly string[];
  readonly quietLinks: readonly QuietLink[];
  /** Writes an actual of this value to the link's KPI, as the service does, and gives its id. */
  readonly writeActual: (link: QuietLink, value: string) => Promise<string>;
  readonly random: SeededRandom;
  readonly nowMs: () => number;
}

/** What the readers met. */
export interface ReadersReport {
  readonly reads: number;
  /** Answers by the side they came from, and why. */
  readonly answers: CountsByName;
  /** Reads that failed, by message. */
  readonly failed: CountsByName;
  /** Rows of a tenant that was not asked for. */
  readonly foreignRows: number;
  readonly ownWrites: number;
  /** Writes that their own writer did not read again. */
  readonly ownWritesLost: number;
}

/** Mean pause of a reader between two reads, in milliseconds. */
const PAUSE_MS = 40;
/** One in so many reads follows a write of the reader's own. */
const OWN_WRITE_EVERY = 20;

/** Users of the service: for every tenant one that reads without end, and now and then writes and reads that again. */
export class Readers {
  private readonly options: ReadersOptions;
  private readonly loops: Promise<void>[];
  private readonly answers = new Map<string, number>();
  private readonly failed = new Map<string, number>();
  private readonly ended = new AbortController();
  private reads = 0;
  private foreignRows = 0;
  private ownWrites = 0;
  private ownWritesLost = 0;
  /** Instant, in epoch milliseconds, of the last answer that came from the new tables. */
  lastNewAnswerAtMs = 0;

  constructor(options: ReadersOptions) {
    this.options = options;
    this.loops = options.tenantIds.map((tenantId) => this.loop(tenantId));
  }

  report(): ReadersReport {
    const { reads, foreignRows, ownWrites, ownWritesLost } = this;
    return {
      reads,
      answers: new Map([...this.answers].sort()),
      failed: new Map(this.failed),
      foreignRows,
      ownWrites,
      ownWritesLost,
    };
  }

  /** Answers so far by origin. */
  count(origin: Provenance['origin']): number {
    return [...this.answers].filter(([name]) => name.startsWith(origin)).reduce((sum, [, count]) => sum + count, 0);
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await Promise.all(this.loops);
  }

  private async loop(tenantId: string): Promise<void> {
    const { random } = this.options;
    for (let round = 1; !this.ended.signal.aborted; round += 1) {
      try {
        if (round % OWN_WRITE_EVERY === 0) await this.readOwnWrite(tenantId);
        else await this.readSome(tenantId);
      } catch (error) {
        const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        increase(this.failed, message, 1);
      }
      await sleep(random.below(2 * PAUSE_MS));
    }
  }

  /** Two pages of the tenant's links, then data of one of them in each way there is. */
  private async readSome(tenantId: string): Promise<void> {
    const { reads, random } = this.options;
    const first = this.note(tenantId, await reads.linksByTenant({ tenantId }, { limit: 3 }));
    const pageToken = first.nextPageToken;
    const second = pageToken && this.note(tenantId, await reads.linksByTenant({ tenantId }, { limit: 3, pageToken }));
    const links = [...first.rows, ...(second ? second.rows : [])];
    if (links.length === 0) return;
    const linkId = textOf(random.pick(links), 'id') ?? '';
    const page = this.note(tenantId, await reads.dataOfLink({ tenantId, linkId }, { limit: 10 }));
    if (page.nextPageToken) {
      const options = { limit: 10, pageToken: page.nextPageToken };
      this.note(tenantId, await reads.dataOfLink({ tenantId, linkId }, options));
    }
    this.note(tenantId, asRows(await reads.latestActual({ tenantId, linkId })));
    this.note(tenantId, asRows(await reads.targetForDate({ tenantId, linkId, date: '2020-06-30' })));
  }

  private async readOwnWrite(tenantId: string): Promise<void> {
    const { reads, quietLinks, writeActual, random, nowMs } = this.options;
    const own = quietLinks.filter((link) => link.tenantId === tenantId);
    if (own.length === 0) return;
    const link = random.pick(own);
    const value = String(random.below(1_000_000));
    const id = await writeActual(link, value);
    const answer = await reads.dataById({ tenantId, dataId: id, linkId: link.linkId }, { lastWriteAtMs: nowMs() });
    this.note(tenantId, asRows(answer));
    this.ownWrites += 1;
    const read = answer.row?.post_value;
    if (read === undefined || !('N' in read) || read.N !== value) this.ownWritesLost += 1;
  }

  private note<Answer extends Provenance & { readonly rows: readonly Item[] }>(
    tenantId: string,
    answer: Answer,
  ): Answer {
    const name = `${answer.origin} ${answer.reason}`;
    this.reads += 1;
    increase(this.answers, name, 1);
    if (answer.origin === 'new') this.lastNewAnswerAtMs = this.options.nowMs();
    this.foreignRows += answer.rows.filter((row) => textOf(row, 'tenant_id') !== tenantId).length;
    return answer;
  }
}

function asRows({ row, ...provenance }: Provenance & { readonly row?: Item }) {
  return { ...provenance, rows: row === undefined ? [] : [row] };
}
