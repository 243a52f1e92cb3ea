import { createHash } from 'node:crypto';
import * as z from 'zod';

/** The stages of the cutover, in order. Going back to the one before is always safe. */
export const STAGES = ['old', 'shadow', 'new'] as const;
export type Stage = (typeof STAGES)[number];

/** The lag bound of a flag that does not set one. */
export const DEFAULT_LAG_BOUND_MS = 10_000;

/** Key of the feature flag in its AppConfig profile. */
export const FLAG_KEY = 'readPath';

/**
 * What the flag says. A disabled flag has no attributes (AppConfig User Guide, "Understanding feature flags") and means
 * stage `old`.
 */
export const flagSchema = z.union([
  z.object({ enabled: z.literal(false) }),
  z.strictObject({
    enabled: z.literal(true),
    stage: z.enum(['shadow', 'new']),
    /** Percentage of tenants that read the new tables, with up to two decimals. */
    percent: z.number().min(0).max(100).default(0),
    /** Tenants that read the new tables at any percentage. */
    tenants: z.array(z.string().min(1)).default([]),
    /** How long a write may take to reach the new tables. A caller who wrote more recently reads the old ones. */
    lagBoundMs: z.number().int().min(0).default(DEFAULT_LAG_BOUND_MS),
  }),
]);

const documentSchema = z.object({ [FLAG_KEY]: z.unknown().optional() });

/**
 * Why the old tables answer. Stale is what has not been confirmed for so long that it may have changed. `forced-old` is
 * the setting of one process.
 */
export type OldReason =
  | 'flag-disabled'
  | 'flag-missing'
  | 'flag-unreadable'
  | 'flag-not-read'
  | 'flag-stale'
  | 'kill-switch'
  | 'kill-switch-not-read'
  | 'kill-switch-stale'
  | 'forced-old';

/** What a reader makes of the flag. Stage `old` carries the reason, because there are several. */
export type ReaderFlag =
  | { readonly stage: 'old'; readonly reason: OldReason }
  | { readonly stage: 'shadow'; readonly lagBoundMs?: number }
  | {
      readonly stage: 'new';
      readonly percent: number;
      readonly tenants: ReadonlySet<string>;
      readonly lagBoundMs: number;
    };

/** Parses the flag as AppConfig serves it to readers. Anything it does not understand means the old tables. */
export function parseServedFlag(content: string): ReaderFlag {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    // Not swallowed: the reason is in every answer and in the reader's log.
    return { stage: 'old', reason: 'flag-unreadable' };
  }
  const document = documentSchema.safeParse(json);
  if (!document.success) return { stage: 'old', reason: 'flag-unreadable' };
  if (document.data[FLAG_KEY] === undefined) return { stage: 'old', reason: 'flag-missing' };
  const flag = flagSchema.safeParse(document.data[FLAG_KEY]);
  if (!flag.success) return { stage: 'old', reason: 'flag-unreadable' };
  if (!flag.data.enabled) return { stage: 'old', reason: 'flag-disabled' };
  const { stage, percent, tenants, lagBoundMs } = flag.data;
  return stage === 'shadow' ? { stage, lagBoundMs } : { stage, percent, tenants: new Set(tenants), lagBoundMs };
}

const BUCKETS = 10_000;
const BUCKETS_PER_PERCENT = BUCKETS / 100;

/** A tenant's bucket, one of 10,000. It is the same in every process and must never change between releases. */
export function tenantBucket(tenantId: string): number {
  return createHash('sha256').update(`${FLAG_KEY}/${tenantId}`).digest().readUInt32BE(0) % BUCKETS;
}

/** Whether the percentage includes the tenant. Raising the percentage only ever adds tenants. */
export function isInPercent(tenantId: string, percent: number): boolean {
  return tenantBucket(tenantId) < Math.round(percent * BUCKETS_PER_PERCENT);
}
