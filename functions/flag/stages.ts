import { createHash } from 'node:crypto';
import * as z from 'zod';

/** Where reads stand in the migration; each is safe to go back from to the one before. */
export const STAGES = ['old', 'shadow', 'new'] as const;
export type Stage = (typeof STAGES)[number];

/** How long a replicated write may take to be readable on the new side, where the flag does not say. */
const LAG_BOUND_MS_DEFAULT = 10_000;

/** Name of the feature flag in its AppConfig profile. */
export const READ_PATH_FLAG = 'readPath';

/**
 * The flag as AppConfig serves it. While it is disabled it has no attributes (AppConfig User Guide, "Understanding feature
 * flags"), and its stage is `old`.
 */
export const readPathSchema = z.union([
  z.object({ enabled: z.literal(false) }),
  z.strictObject({
    enabled: z.literal(true),
    stage: z.enum(['shadow', 'new']),
    /** Share of all tenants that read from the new side; two decimals count. */
    percent: z.number().min(0).max(100).default(0),
    /** Tenants that read from the new side whatever the percentage. */
    tenants: z.array(z.string().min(1)).default([]),
    /** A read by someone who wrote less than this long ago gets the old side. */
    lagBoundMs: z.number().int().min(0).default(LAG_BOUND_MS_DEFAULT),
  }),
]);

const documentSchema = z.object({ [READ_PATH_FLAG]: z.unknown().optional() });

/** The flag as the router obeys it. */
export type ReadFlag =
  | { readonly stage: 'old'; readonly reason: 'flag-disabled' | 'flag-missing' | 'flag-unreadable' | 'flag-not-read' }
  | { readonly stage: 'shadow'; readonly lagBoundMs?: number }
  | {
      readonly stage: 'new';
      readonly percent: number;
      readonly tenants: ReadonlySet<string>;
      readonly lagBoundMs: number;
    };

/** Reads the content of the AppConfig profile. Whatever cannot be understood means the old side. */
export function parseReadFlag(content: string): ReadFlag {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    // The reason says so to whoever asks; there is no one else to tell.
    return { stage: 'old', reason: 'flag-unreadable' };
  }
  const document = documentSchema.safeParse(json);
  if (!document.success) return { stage: 'old', reason: 'flag-unreadable' };
  if (document.data[READ_PATH_FLAG] === undefined) return { stage: 'old', reason: 'flag-missing' };
  const flag = readPathSchema.safeParse(document.data[READ_PATH_FLAG]);
  if (!flag.success) return { stage: 'old', reason: 'flag-unreadable' };
  if (!flag.data.enabled) return { stage: 'old', reason: 'flag-disabled' };
  const { stage, percent, tenants, lagBoundMs } = flag.data;
  return stage === 'shadow' ? { stage, lagBoundMs } : { stage, percent, tenants: new Set(tenants), lagBoundMs };
}

const BUCKETS = 10_000;
const BUCKETS_PER_PERCENT = BUCKETS / 100;

/** A tenant's place among 10,000, the same in every process and for ever: a percentage takes those below its own. */
export function tenantBucket(tenantId: string): number {
  return createHash('sha256').update(`${READ_PATH_FLAG}/${tenantId}`).digest().readUInt32BE(0) % BUCKETS;
}

/** Whether the tenant is among the percentage. Raising it only ever adds tenants. */
export function isInPercent(tenantId: string, percent: number): boolean {
  return tenantBucket(tenantId) < Math.round(percent * BUCKETS_PER_PERCENT);
}
