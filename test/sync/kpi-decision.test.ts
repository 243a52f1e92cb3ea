import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anchorOf } from '../../functions/model/anchor.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../../functions/model/item-size.ts';
import { decideKpi, type KpiCircumstances } from '../../functions/sync/kpi-decision.ts';
import {
  decodeKpiRow,
  decodeSpilledLink,
  encodeSpilledLink,
  kpiRowKey,
  type SpilledLink,
  spilledLinkKey,
} from '../../functions/tables/control/kpi-rows.ts';

const KPI = { tenantId: 't1', kpiId: 'k1' };
const RETENTION_SECONDS = 1_000;

/** A KPI's control rows, and the links that it should have by all that was decided so far. */
class StoredKpi {
  readonly links = new Map<string, string>();
  readonly gone = new Set<string>();
  nowSeconds = 1_700_000_000;
  #row: Item | undefined;
  readonly #spilled = new Map<string, Item>();
  readonly #inlineBytesMax: number;
  #tokens = 0;

  constructor(inlineBytesMax: number) {
    this.#inlineBytesMax = inlineBytesMax;
  }

  get head() {
    return decodeKpiRow(KPI, this.#row);
  }

  get headBytes(): number {
    return itemBytes(this.#row ?? {});
  }

  get spilled(): SpilledLink[] {
    return [...this.#spilled.values()].map(decodeSpilledLink);
  }

  /** @returns whether the change counts as one that moves rows. */
  decide(targets: ReadonlyMap<string, string | undefined>, origin: KpiCircumstances['origin'] = 'live'): boolean {
    const { head: stored } = this;
    // As if nothing were left for plain reads to see.
    const head = { ...stored, ...(stored.spilled && { spilled: { ...stored.spilled, unsettled: [] } }) };
    const spilled = new Map<string, SpilledLink>();
    for (const each of targets.keys()) {
      const item = this.#spilled.get(keyText(spilledLinkKey(KPI, each).key));
      if (item) spilled.set(each, decodeSpilledLink(item));
    }
    const circumstances = {
      origin,
      newToken: () => {
        this.#tokens += 1;
        return `${this.#tokens}`;
      },
      nowSeconds: this.nowSeconds,
      retentionSeconds: RETENTION_SECONDS,
      inlineBytesMax: this.#inlineBytesMax,
    };
    for (const write of decideKpi({ head, spilled }, targets, origin === 'live', circumstances)) {
      if (write.kind !== 'put') throw new Error('Nothing of a KPI without a personal link is deleted.');
      const key = keyText(write.item);
      if (key === keyText(kpiRowKey(KPI).key)) this.#row = write.item;
      else this.#spilled.set(key, write.item);
    }
    for (const [id, linkedAt] of targets) {
      if (linkedAt !== undefined) {
        this.links.set(id, linkedAt);
        this.gone.delete(id);
      } else if (this.links.delete(id)) this.gone.add(id);
    }
    return this.head.linksToken !== head.linksToken;
  }
}

function keyText({ pk, sk }: Item): string {
  return JSON.stringify([pk, sk]);
}

const id = fc.constantFrom('l1', 'l2', 'l3', '__proto__', 'constructor', 'ü'.repeat(20));
const linkedAt = fc.constantFrom('2024-01-01', '2024-01-02T00:00:00Z', `2024-01-01T00:00:00.${'1'.repeat(60)}Z`);
const change = fc.tuple(id, fc.option(linkedAt, { nil: undefined }));
const group = fc.uniqueArray(change, { selector: ([each]) => each, minLength: 1, maxLength: 4 });

describe('the links of a KPI', () => {
  test('are all kept, each in one place, whatever comes and goes and however much room there is', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 60, 120, 8_192), fc.array(group, { maxLength: 12 }), (inlineBytesMax, groups) => {
        const stored = new StoredKpi(inlineBytesMax);
        for (const changes of groups) {
          const before = new Map(stored.links);
          const moved = stored.decide(new Map(changes));
          const { head, spilled } = stored;
          const present = spilled.filter((link) => 'linkedAt' in link);
          const everywhere = [
            ...head.inlineLinks.keys(),
            ...head.inlineTombstones.keys(),
            ...spilled.map((link) => link.id),
          ];
          expect(new Set(everywhere).size).toBe(everywhere.length);
          expect(new Map([...head.inlineLinks, ...present.map((link) => [link.id, link.linkedAt] as const)])).toEqual(
            stored.links,
          );
          expect(new Set([...head.inlineTombstones.keys(), ...spilled.flatMap(goneId)])).toEqual(stored.gone);
          expect(head.spilled?.present ?? 0).toBe(present.length);
          if (rowsMove(before, stored.links)) expect(moved).toBe(true);
          if (spilled.length === 0) expect(moved).toBe(rowsMove(before, stored.links));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('take no more room in the KPI row than they are given, however many there are and however many went', () => {
    const stored = new StoredKpi(8_192);
    const ids = Array.from({ length: 2_000 }, (_, at) => `${at}`.padStart(36, '0'));
    for (let start = 0; start < ids.length; start += 25) {
      stored.decide(new Map(ids.slice(start, start + 25).map((each) => [each, '2024-01-01T00:00:00.0000000Z'])));
    }
    expect(stored.head.inlineLinks.size).toBeGreaterThan(50);
    expect(stored.head.spilled?.present).toBe(2_000 - stored.head.inlineLinks.size);
    for (const each of ids) stored.decide(new Map([[each, undefined]]), 'backfill');
    expect(stored.head).toMatchObject({ inlineLinks: new Map(), spilled: { present: 0 } });
    expect(stored.headBytes).toBeLessThan(8_192 + 500);
  });

  test('a tombstone in the KPI row goes when its time is over, and its link, if it comes again, is kept like any other', () => {
    const stored = new StoredKpi(8_192);
    stored.decide(new Map([['l1', '2024-01-01']]));
    stored.decide(new Map([['l1', undefined]]));
    stored.nowSeconds += RETENTION_SECONDS;
    stored.decide(new Map([['l2', '2024-01-01']]));
    expect(stored.head.inlineTombstones.size).toBe(0);
    stored.decide(new Map([['l1', '2024-01-02']]));
    expect([...stored.head.inlineLinks.keys()].sort()).toEqual(['l1', 'l2']);
  });

  test('a tombstone in an item of its own says when DynamoDB may take it away', () => {
    const stored = new StoredKpi(0);
    stored.decide(new Map([['l1', '2024-01-01']]));
    stored.decide(new Map([['l1', undefined]]));
    expect(stored.spilled).toEqual([{ id: 'l1', goneAt: stored.nowSeconds }]);
    stored.decide(new Map([['l1', '2024-01-02']]));
    expect(stored.spilled).toEqual([{ id: 'l1', linkedAt: '2024-01-02' }]);
  });

  test('a linked_at is spilled when it grows, and comes back as it is, up to the largest that an item can have', () => {
    for (const digits of [10, 8_192, 350_000, 409_000]) {
      const text = `2024-01-01T00:00:00.${'1234567890'.repeat(digits / 10)}Z`;
      const stored = new StoredKpi(8_192);
      stored.decide(new Map([['l1', '2024-01-01']]));
      stored.decide(new Map([['l1', text]]));
      const { head, spilled } = stored;
      expect(head.inlineLinks.get('l1') ?? spilled.find((link) => 'linkedAt' in link)?.linkedAt).toBe(text);
      expect(spilled).toHaveLength(digits > 1_000 ? 1 : 0);
      const item = encodeSpilledLink(KPI, 'é'.repeat(1_024), text);
      expect(itemBytes(item)).toBeLessThanOrEqual(ITEM_BYTES_MAX);
      expect(decodeSpilledLink(item)).toEqual({ id: 'é'.repeat(1_024), linkedAt: text });
    }
  });
});

function goneId(link: SpilledLink): string[] {
  return 'goneAt' in link ? [link.id] : [];
}

/** Whether records' rows depend on the difference. */
function rowsMove(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): boolean {
  const anchorId = (links: ReadonlyMap<string, string>) =>
    anchorOf([...links].map(([each, at]) => ({ id: each, linkedAt: at })))?.id;
  const same = before.size === after.size && [...after.keys()].every((each) => before.has(each));
  return !same || anchorId(before) !== anchorId(after);
}
