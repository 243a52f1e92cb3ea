import pMap from 'p-map';
import { demandOfLink, type LinkDemand, type ValidLink } from '../../functions/migration/demand.ts';
import { answerLater, type LookUpsLater } from '../../functions/migration/look-ups.ts';
import { kpiKeyOf } from '../../functions/migration/sources.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { distinctKpis, type KpiKey, kpiIdentity } from '../../functions/model/kpi.ts';
import type { LinkOrigin } from '../../functions/sync/kpi-decision.ts';
import { circumstancesOf } from '../../functions/sync/kpi-snapshot.ts';
import type { KpiTurns } from '../../functions/sync/kpi-turns.ts';
import { decideLinks } from '../../functions/sync/link-decision.ts';
import { linkResult } from '../../functions/sync/link-group.ts';
import type { LinkResult } from '../../functions/sync/replicate-links.ts';
import { limitsOf, type Replication } from '../../functions/sync/replication.ts';
import { decodeKpiRow, type KpiHead } from '../../functions/tables/control/kpi-rows.ts';
import { apart } from '../../functions/tables/dynamo/apart.ts';
import { attemptLater, attemptTogether, valuesOf } from '../../functions/tables/dynamo/attempt.ts';
import {
  bytesOf,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_ITEMS_MAX,
  type Write,
} from '../../functions/tables/dynamo/transactions.ts';

/** KPIs that are remembered at most: some hundred bytes each. The rows of others are looked at page by page. */
const KPIS_MAX = 200_000;

export interface UntouchedKpisOptions {
  readonly replication: Replication;
  readonly lookUps: () => Promise<LookUpsLater>;
  readonly turns: KpiTurns;
  /** Whether this process has begun the pass, and no other works on it: then a KPI that it has not met yet has no row but by a live write. */
  readonly isAlone: boolean;
}

/** Links of one KPI, in one page. */
interface LinksOfKpi {
  readonly kpi: KpiKey;
  readonly links: readonly ValidLink[];
}

export interface BroughtLinks {
  readonly done: readonly LinkResult[];
  /** What is to go through the protocol. Nothing was written for it. */
  readonly apart: readonly Item[];
}

/**
 * Copies links of KPIs that nobody but this copier has touched, many KPIs in one transaction and with nothing read before. It writes a KPI row
 * only if there is none yet, or if it is still as this copier wrote it. Whoever processes an event of the KPI moves the row's token. So the write
 * takes effect only if no such event was processed before it: then the page's image of the link is as good as one read just now, and every
 * event to come finds what was written. See functions/sync/README.md, "The backfill and the sweep".
 */
export class UntouchedKpis {
  readonly #options: UntouchedKpisOptions;
  /** The KPI rows as this copier wrote them; `touched` where somebody else did, or may have. */
  readonly #heads = new Map<string, KpiHead | 'touched'>();

  constructor(options: UntouchedKpisOptions) {
    this.#options = options;
  }

  /** @param items links as they were scanned in this process. */
  async bring(items: readonly Item[], origin: LinkOrigin): Promise<BroughtLinks> {
    const { replication } = this.#options;
    const valid = await this.#validLinks(items);
    await this.#lookAtRows(distinctKpis(valid.map(({ kpi }) => kpi)));
    const sizeMax = limitsOf(replication).linksPerTransactionMax;
    const byKpi = [...Map.groupBy(valid, ({ kpi }) => kpiIdentity(kpi)).values()].map((links): LinksOfKpi => {
      return { kpi: (links[0] as ValidLink).kpi, links: links.slice(0, sizeMax) };
    });
    const groups = groupKpis(byKpi.filter(({ kpi }) => this.#heads.get(kpiIdentity(kpi)) !== 'touched'));
    const written = await pMap(groups, (group) => this.#writeInTurn(group, origin), {
      concurrency: replication.recordConcurrency,
    });
    const done = written.flat();
    const doneIds = new Set(done.map(({ change }) => change.id));
    const left = items.filter((item) => !doneIds.has(idOf(item)));
    // The protocol moves the tokens of their KPIs.
    for (const item of left) this.#remember(kpiKeyOf(item), 'touched');
    return { done, apart: left };
  }

  /** A link that is to go into quarantine, or that fails for its own reason, is left to the protocol. */
  async #validLinks(items: readonly Item[]): Promise<readonly ValidLink[]> {
    const lookUps = await this.#options.lookUps();
    const demands = await Promise.all(
      items.map((item) => attemptLater(() => answerLater<LinkDemand>(demandOfLink(item), lookUps))),
    );
    return valuesOf(demands).filter((demand) => demand.kind === 'valid');
  }

  /** Only spares attempts that would fail: it proves nothing, since the links were scanned before. */
  async #lookAtRows(kpis: readonly KpiKey[]): Promise<void> {
    const { isAlone, replication } = this.#options;
    if (isAlone && this.#heads.size < KPIS_MAX) return;
    const unknown = kpis.filter((kpi) => !this.#heads.has(kpiIdentity(kpi)));
    const { results } = await apart(unknown, (some) => replication.control.readKpis(some));
    for (const { kpi, token } of results.flat()) if (token !== undefined) this.#remember(kpi, 'touched');
  }

  #writeInTurn(group: readonly LinksOfKpi[], origin: LinkOrigin): Promise<readonly LinkResult[]> {
    const kpis = group.map(({ kpi }) => kpi);
    return this.#options.turns.take(kpis, async () => {
      const decided = group.map(({ kpi, links }) => this.#decide(kpi, links, origin));
      const isWritten = await this.#write(decided.flatMap(({ writes }) => writes));
      for (const { kpi, head } of decided) this.#remember(kpi, isWritten ? head : 'touched');
      return isWritten ? decided.flatMap(({ results }) => results) : [];
    });
  }

  #decide(kpi: KpiKey, links: readonly ValidLink[], origin: LinkOrigin) {
    const known = this.#heads.get(kpiIdentity(kpi));
    const head = known === undefined || known === 'touched' ? decodeKpiRow(kpi, undefined) : known;
    const facts = links.map((link) => ({ id: link.id, demand: link, row: undefined, quarantined: undefined }));
    const circumstances = circumstancesOf(this.#options.replication, origin);
    const { writes } = decideLinks(facts, [{ head, spilled: new Map() }], circumstances);
    return {
      kpi,
      writes,
      head: headIn(kpi, writes),
      results: links.map((link) => linkResult({ id: link.id, kpis: [kpi] }, link, [kpi], true)),
    };
  }

  async #write(writes: readonly Write[]): Promise<boolean> {
    if (writes.length > TRANSACTION_ITEMS_MAX || bytesOf(writes) > TRANSACTION_BYTES_MAX) return false;
    return (await attemptTogether(() => this.#options.replication.transactions.write(writes))) ?? false;
  }

  #remember(kpi: KpiKey, head: KpiHead | 'touched'): void {
    const identity = kpiIdentity(kpi);
    if (this.#heads.size < KPIS_MAX || this.#heads.has(identity)) this.#heads.set(identity, head);
  }
}

/** The KPI row among the writes. Of one with spilled links the protocol has to read these. */
function headIn(kpi: KpiKey, writes: readonly Write[]): KpiHead | 'touched' {
  const row = writes.find((write) => write.kind === 'put' && write.table === 'control' && 'ifToken' in write);
  const head = row?.kind === 'put' ? decodeKpiRow(kpi, row.item) : undefined;
  return head === undefined || head.spilled !== undefined ? 'touched' : head;
}

/** As many KPIs in each as a transaction holds: of a KPI a row, and a row for each link. */
function groupKpis(kpis: readonly LinksOfKpi[]): LinksOfKpi[][] {
  const all: LinksOfKpi[][] = [];
  let items = TRANSACTION_ITEMS_MAX;
  for (const each of kpis) {
    const size = 1 + each.links.length;
    if (items + size > TRANSACTION_ITEMS_MAX) {
      all.push([]);
      items = 0;
    }
    all.at(-1)?.push(each);
    items += size;
  }
  return all;
}
