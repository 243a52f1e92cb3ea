import { measure } from 'mitata';
import type { ReaderFlag } from '../../functions/flag/stages.ts';
import type { ReadRequest, ReadSide } from '../../functions/read/query.ts';
import { createRouter, ROUTER_DEFAULTS } from '../../functions/read/router.ts';
import { report } from './report.ts';

const REQUEST: ReadRequest = { query: { kind: 'link-by-id', tenantId: 'tenant', linkId: 'link' }, limit: 1 };
const PAGE = { rows: [{ id: { S: 'link' }, tenant_id: { S: 'tenant' } }] };
const TO_NEW: ReaderFlag = { stage: 'new', percent: 100, tenants: new Set(), lagBoundMs: 0 };

/** A side that answers at once, so that what is measured is the router alone. */
const instant: ReadSide = { read: async () => PAGE };
/** A side that answers after a turn of the event loop, as one over a network does at its fastest. */
const remote: ReadSide = { read: () => new Promise((resolve) => setImmediate(resolve, PAGE)) };

function routed(side: ReadSide, flag: ReaderFlag, shares: { shadowShare?: number; sampleShare?: number } = {}) {
  const settings = { ...ROUTER_DEFAULTS, shadowShare: 0, sampleShare: 0, ...shares };
  return createRouter({ sides: { old: side, new: side }, flag: () => flag, settings });
}

async function medianMicroseconds(read: () => Promise<unknown>): Promise<number> {
  const { p50 } = await measure(read, { min_cpu_time: 500_000_000 });
  return p50 / 1_000;
}

/** The router's part in a read, and what shadow reads cost the caller. */
export async function benchReads(): Promise<void> {
  const direct = await medianMicroseconds(() => instant.read(REQUEST));
  for (const [name, flag] of [
    ['old', { stage: 'old', reason: 'flag-disabled' }],
    ['new', TO_NEW],
  ] as const) {
    const router = routed(instant, flag);
    const through = await medianMicroseconds(() => router.read(REQUEST, {}));
    report(`router overhead, stage ${name}`, `${(through - direct).toFixed(1)} µs a read`, 'goal 20');
  }
  const plain = routed(remote, { stage: 'old', reason: 'flag-disabled' });
  const shadowed = routed(remote, { stage: 'shadow' }, { shadowShare: ROUTER_DEFAULTS.shadowShare });
  const without = await medianMicroseconds(() => plain.read(REQUEST, {}));
  const beside = await medianMicroseconds(() => shadowed.read(REQUEST, {}));
  report("shadow reads' effect on the caller's median", `${(beside / without).toFixed(2)}x`, 'goal 1.00');
}
