import { CapacityBucket } from './capacity-bucket.ts';
import { CapacityRecord } from './capacity-record.ts';
import type { CapacityKind, Consumption, Demand } from './capacity-requests.ts';

/** The two errors by which a table refuses for lack of capacity: one that is provisioned, and one on demand. */
export const THROTTLE_ERRORS = ['ProvisionedThroughputExceededException', 'ThrottlingException'] as const;

/** What a table, or an index, serves at most. What is absent is not limited. */
export interface Throttle {
  readonly readUnitsPerSecond?: number | undefined;
  readonly writeUnitsPerSecond?: number | undefined;
  /** Seconds of unused capacity that it keeps for a burst; DynamoDB's 300 where absent. */
  readonly burstSeconds?: number | undefined;
  /** Operations that are throttled; all that take capacity where absent. */
  readonly operations?: readonly string[] | undefined;
  /** What it answers; the first where absent. */
  readonly error?: (typeof THROTTLE_ERRORS)[number] | undefined;
}

/** What refuses a demand. */
export interface Refusal {
  /** The table, or `TABLE/index/INDEX`. */
  readonly resource: string;
  readonly kind: CapacityKind;
  readonly error: (typeof THROTTLE_ERRORS)[number];
}

/** How many items of a demand may go on, and what refuses the others. */
export interface Admission {
  readonly items: number;
  readonly refusal?: Refusal;
}

/** "DynamoDB currently retains up to five minutes (300 seconds) of unused capacity" (Developer Guide, "Burst capacity"). */
const BURST_SECONDS = 300;

interface Limit {
  readonly throttle: Throttle;
  readonly buckets: Readonly<Partial<Record<CapacityKind, CapacityBucket>>>;
}

/** How a part of a table is named, as in the ARN of an index. */
export function resourceOf(table: string, index?: string): string {
  return index === undefined ? table : `${table}/index/${index}`;
}

/** Which tables and indexes are throttled at this moment, what they have left, and what was taken and refused. */
export class Throttles {
  readonly record: CapacityRecord;
  readonly #limits = new Map<string, Limit>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.record = new CapacityRecord(nowMs);
  }

  /** Throttles a table or an index from now on; it begins with the capacity of one second. */
  set(resource: string, throttle: Throttle): void {
    const { readUnitsPerSecond: read, writeUnitsPerSecond: write, burstSeconds = BURST_SECONDS } = throttle;
    const bucket = (units: number) => new CapacityBucket(units, burstSeconds, this.#nowMs);
    this.#limits.set(resource, {
      throttle,
      buckets: {
        ...(read !== undefined && { read: bucket(read) }),
        ...(write !== undefined && { write: bucket(write) }),
      },
    });
  }

  clear(resource: string): void {
    this.#limits.delete(resource);
  }

  all(): ReadonlyMap<string, Throttle> {
    return new Map([...this.#limits].map(([resource, { throttle }]) => [resource, throttle]));
  }

  /**
   * How many items of a demand have capacity. Their smallest amount is taken at once, so that requests side by side do not all
   * take the same; {@link settle} takes the rest. A write needs capacity of the table and of each of its indexes, whether or
   * not the item is in them.
   */
  admit(operation: string, demand: Demand): Admission {
    const concerned = this.#concerned(operation, demand);
    const admitted = concerned.map(({ bucket }) => bucket.itemsFor(demand.unitsEach, demand.items));
    const items = Math.min(demand.items, ...admitted);
    for (const { bucket } of concerned) bucket.take(items * demand.unitsEach);
    const refusing = items < demand.items ? concerned[admitted.indexOf(items)] : undefined;
    if (refusing === undefined) return { items };
    const { resource, error } = refusing;
    this.record.refused(resource, demand.kind, demand.items - items);
    return { items, refusal: { resource, kind: demand.kind, error } };
  }

  /** Gives back what {@link admit} took for items of a demand. */
  release(operation: string, demand: Demand, items: number): void {
    for (const { bucket } of this.#concerned(operation, demand)) bucket.take(-items * demand.unitsEach);
  }

  /** Takes what a request really took. */
  settle(operation: string, kind: CapacityKind, consumption: readonly Consumption[]): void {
    for (const { table, index, units } of consumption) {
      const resource = resourceOf(table, index);
      this.record.consumed(resource, kind, units);
      const limit = this.#limits.get(resource);
      if (limit && concerns(limit.throttle, operation)) limit.buckets[kind]?.take(units);
    }
  }

  #concerned(operation: string, { kind, table, index }: Demand) {
    const resource = resourceOf(table, index);
    const isOf = (name: string): boolean =>
      name === resource || (kind === 'write' && name.startsWith(`${table}/index/`));
    return [...this.#limits].flatMap(([name, { throttle, buckets }]) => {
      const bucket = buckets[kind];
      if (bucket === undefined || !isOf(name) || !concerns(throttle, operation)) return [];
      return [{ resource: name, bucket, error: throttle.error ?? THROTTLE_ERRORS[0] }];
    });
  }
}

function concerns({ operations }: Throttle, operation: string): boolean {
  return operations === undefined || operations.includes(operation);
}
