import { createHash } from 'node:crypto';
import * as z from 'zod';

/** Name of the flag in its AppConfig profile. */
export const READ_FLAG = 'readPath';

/** What the flag says while it is enabled; attributes as AppConfig's feature flags have them. */
const enabled = z.object({
  enabled: z.literal(true),
  stage: z.enum(['shadow', 'new']),
  percent: z.number().min(0).max(100).default(0),
  tenants: z.array(z.string()).default([]),
  lagBoundMs: z.number().int().nonnegative().default(60_000),
});
const disabled = z.object({ enabled: z.literal(false) });

export const readFlagSchema = z.discriminatedUnion('enabled', [enabled, disabled]);

/**
 * Who reads what (design.md, section 5). Disabled: all read the old tables. `shadow`: these too, and the new ones are compared.
 * `new`: the new tables for `percent` of the tenants and for `tenants` by name. A read that names its caller's last write gets
 * the old side while that is younger than `lagBoundMs` milliseconds.
 */
export type ReadFlag = z.infer<typeof readFlagSchema>;

export const ALL_OLD: ReadFlag = { enabled: false };

/** Finer than a percent, so that a fraction of one can be chosen. */
const BUCKETS = 10_000;

/** A tenant's place among all, 0 to below 100, the same for ever: who is in at a percentage is in at every higher one. */
export function percentileOf(tenantId: string): number {
  const hash = createHash('sha256').update(tenantId).digest().readUInt32BE();
  return ((hash % BUCKETS) / BUCKETS) * 100;
}

/** Whether a tenant's reads are answered by the new tables. */
export function readsNew(flag: ReadFlag, tenantId: string): boolean {
  if (!flag.enabled || flag.stage !== 'new') return false;
  return flag.tenants.includes(tenantId) || percentileOf(tenantId) < flag.percent;
}

/** What of a flag puts reads on the new side. */
interface NewReads {
  readonly percent: number;
  readonly tenants: readonly string[];
  readonly lagBoundMs: number;
}

function newReads(flag: ReadFlag): NewReads {
  const none = { percent: 0, tenants: [], lagBoundMs: Number.POSITIVE_INFINITY };
  return flag.enabled && flag.stage === 'new' ? flag : none;
}

/** Whether `next` lets the new side answer any read that `current` does not: it adds a tenant, or takes a fresher read. */
export function widens(current: ReadFlag, next: ReadFlag): boolean {
  const [before, after] = [newReads(current), newReads(next)];
  if (after.percent === 0 && after.tenants.length === 0) return false;
  return (
    after.percent > before.percent ||
    after.tenants.some((tenantId) => !readsNew(current, tenantId)) ||
    after.lagBoundMs < before.lagBoundMs
  );
}
