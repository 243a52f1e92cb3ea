import pMap from 'p-map';
import { inAnchorOrder } from '../model/anchor.ts';
import { inChunks } from '../model/chunks.ts';
import { type KpiKey, kpiIdentity, type LinkReference } from '../model/kpi.ts';
import { controlKey, kpiPartition } from '../tables/control/control-rows.ts';
import type { KpiHead, SpilledLink } from '../tables/control/kpi-rows.ts';
import { ITEMS_OF_ANY_SIZE_MAX } from '../tables/dynamo/transactions.ts';
import { eachItem } from '../tables/pages.ts';
import { READS_AT_ONCE, type Replication } from './replication.ts';

/** All links of a KPI, and of those that went all whose rows may still be there. */
export interface KpiView {
  readonly kpi: KpiKey;
  /** The token of the last change of links that the view has seen; absent where there never was one. */
  readonly linksToken?: string;
  /** In anchor order. The KPI's personal link is not among them. */
  readonly links: readonly LinkReference[];
  readonly goneIds: readonly string[];
  /** The KPI's personal link while it has no other. */
  readonly personal?: LinkReference;
}

/** A KPI's spilled items, read after `linksToken` was. */
interface Listing {
  readonly linksToken: string | undefined;
  readonly links: Promise<readonly SpilledLink[]>;
}

/**
 * The KPIs' links as last seen, for one batch of work. A view is a guess until {@link prove} has compared it with a KPI
 * row that a transactional read has shown since.
 *
 * A guess with spilled links is exact where the KPI row still bears the same token of its links in that later read.
 * Whoever changes links moves that token in the same transaction. Transactions up to the token are seen by the listing,
 * since what they may have left unseen is read transactionally first ({@link settle}). One after it has moved the token
 * by then: a transactional read waits for whoever has the KPI row in hand.
 */
export class KpiViews {
  readonly #replication: Replication;
  readonly #heads = new Map<string, KpiHead>();
  readonly #listings = new Map<string, Listing>();
  /** By KPI identity, the last view made and the token of the head it was made of: many records ask for the same. */
  readonly #views = new Map<string, { readonly token: string | undefined; readonly view: KpiView }>();

  constructor(replication: Replication) {
    this.#replication = replication;
  }

  /** Reads the KPI rows again. */
  async look(kpis: readonly KpiKey[]): Promise<void> {
    if (kpis.length === 0) return;
    for (const head of await this.#replication.control.readKpis(kpis)) this.#heads.set(kpiIdentity(head.kpi), head);
  }

  /** The KPI row as last seen. */
  head(kpi: KpiKey): KpiHead | undefined {
    return this.#heads.get(kpiIdentity(kpi));
  }

  /** The KPIs' links, as far as they are known or by new reads. */
  async guess(kpis: readonly KpiKey[]): Promise<KpiView[]> {
    await this.look(kpis.filter((kpi) => !this.#heads.has(kpiIdentity(kpi))));
    return Promise.all(
      kpis.map(async (kpi) => {
        const head = this.#heads.get(kpiIdentity(kpi)) as KpiHead;
        return this.#viewOf(head, head.spilled === undefined ? [] : await this.#listingOf(head).links);
      }),
    );
  }

  /**
   * The KPI's links as of this KPI row, which was read in a transaction after the guess was made.
   *
   * @returns undefined where links have changed since a guess with spilled links. The next guess is made from this KPI
   * row.
   */
  prove(guess: KpiView, head: KpiHead): KpiView | undefined {
    this.#heads.set(kpiIdentity(head.kpi), head);
    if (head.spilled === undefined) return this.#viewOf(head, []);
    return guess.linksToken === head.linksToken ? guess : undefined;
  }

  #viewOf(head: KpiHead, spilled: readonly SpilledLink[]): KpiView {
    const identity = kpiIdentity(head.kpi);
    const known = this.#views.get(identity);
    if (known && known.token === head.token) return known.view;
    const view = viewOf(head, spilled);
    this.#views.set(identity, { token: head.token, view });
    return view;
  }

  #listingOf(head: KpiHead): Listing {
    const identity = kpiIdentity(head.kpi);
    const known = this.#listings.get(identity);
    if (known && known.linksToken === head.linksToken) return known;
    const listing = { linksToken: head.linksToken, links: listSpilledLinks(this.#replication, head) };
    this.#listings.set(identity, listing);
    // Whoever waits for it is told; the next one tries again.
    listing.links.catch(() => this.#listings.delete(identity));
    return listing;
  }
}

function viewOf(head: KpiHead, spilled: readonly SpilledLink[]): KpiView {
  const links = new Map(head.inlineLinks);
  const goneIds = new Set(head.inlineTombstones.keys());
  for (const link of spilled) {
    if ('linkedAt' in link) links.set(link.id, link.linkedAt);
    else goneIds.add(link.id);
  }
  return {
    kpi: head.kpi,
    ...(head.linksToken !== undefined && { linksToken: head.linksToken }),
    links: inAnchorOrder([...links].map(([id, linkedAt]) => ({ id, linkedAt }))),
    goneIds: [...goneIds],
    ...(head.personal && { personal: head.personal }),
  };
}

async function listSpilledLinks(replication: Replication, head: KpiHead): Promise<SpilledLink[]> {
  await settle(replication, head);
  return Array.fromAsync(eachItem((cursor) => replication.control.querySpilledLinks(head.kpi, cursor)));
}

/**
 * Makes sure that plain reads see every transaction on the KPI's spilled items up to the head's token. Other reads may
 * find an item of a transaction as it was before it, although they find the KPI row as it is after it. A transactional
 * read of the item itself cannot: it waits until no transaction has the item in hand, and what it has answered is there
 * for everyone.
 */
export async function settle(replication: Replication, { kpi, spilled }: KpiHead): Promise<void> {
  const keys = (spilled?.unsettled ?? []).map((sort) => controlKey(kpiPartition(kpi), sort));
  await pMap(inChunks(keys, ITEMS_OF_ANY_SIZE_MAX), (part) => replication.transactions.read(part), {
    concurrency: READS_AT_ONCE,
  });
}
