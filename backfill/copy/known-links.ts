import { inAnchorOrder } from '../../functions/model/anchor.ts';
import { type KpiKey, kpiIdentity, type LinkReference } from '../../functions/model/kpi.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import type { KpiHead } from '../../functions/tables/control/kpi-rows.ts';
import { scanPages } from './scan-pages.ts';

/** KPIs whose links are kept in memory at most: some hundred bytes each. The links of others are read page by page. */
const KPIS_MAX = 200_000;

/**
 * The links of the KPIs as they were when records began to be copied, by one scan of the KPI rows in place of a strong read a KPI
 * and page. However old they are, nothing is lost: whoever changes a KPI's links from then on marks the KPI for the sweep.
 */
export class KnownLinks {
  readonly #links: Map<string, readonly LinkReference[]>;
  /** Whether a KPI that is not among them had no links. */
  readonly #isWhole: boolean;
  readonly #keepsOthers: boolean;

  private constructor(links: Map<string, readonly LinkReference[]>, isWhole: boolean, keepsOthers = false) {
    this.#links = links;
    this.#isWhole = isWhole;
    this.#keepsOthers = keepsOthers;
  }

  /** @param kpisMax KPIs to keep at most. */
  static async load(
    { control, heldRecords }: Pick<Replication, 'control' | 'heldRecords'>,
    totalSegments: number,
    kpisMax = KPIS_MAX,
  ): Promise<KnownLinks> {
    const links = new Map<string, readonly LinkReference[]>();
    // Without a link a KPI may get a personal one at any page, and its records are then to have it.
    let isWhole = heldRecords === 'hold';
    const keep = (head: KpiHead): void => {
      if (head.spilled !== undefined) links.set(kpiIdentity(head.kpi), TO_BE_READ);
      else if (links.size >= kpisMax) isWhole = false;
      else if (head.inlineLinks.size > 0) links.set(kpiIdentity(head.kpi), linksIn(head));
    };
    await scanPages<KpiHead>(
      (position) => control.scanKpis(position),
      totalSegments,
      (heads) => heads.forEach(keep),
    );
    return new KnownLinks(links, isWhole);
  }

  /** For who reads them page by page and keeps them. */
  static none(): KnownLinks {
    return new KnownLinks(new Map(), false, true);
  }

  /** Keeps links that were read, not empty: without one, a KPI may get a personal link at any page. They do not have to be newer than the rest. */
  keep(kpi: KpiKey, links: readonly LinkReference[]): void {
    if (this.#keepsOthers && links.length > 0 && this.#links.size < KPIS_MAX) this.#links.set(kpiIdentity(kpi), links);
  }

  /** In anchor order; undefined where they are to be read. */
  of(kpi: KpiKey): readonly LinkReference[] | undefined {
    const known = this.#links.get(kpiIdentity(kpi));
    if (known === undefined) return this.#isWhole ? [] : undefined;
    return known === TO_BE_READ ? undefined : known;
  }
}

/** Stands for the links of a KPI that the KPI row alone does not tell. */
const TO_BE_READ: readonly LinkReference[] = [];

function linksIn({ inlineLinks }: KpiHead): readonly LinkReference[] {
  return inAnchorOrder([...inlineLinks].map(([id, linkedAt]) => ({ id, linkedAt })));
}
