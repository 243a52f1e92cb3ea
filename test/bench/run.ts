import { parseArgs } from 'node:util';
import { benchBackfill } from './backfill/backfill.ts';
import { benchSizes } from './backfill/sizes.ts';
import { benchFanOut } from './fan-out.ts';
import { benchLag } from './lag.ts';
import { benchLive } from './live.ts';
import { benchReadFunction } from './read-function.ts';
import { benchReads } from './reads.ts';
import { benchSweep } from './sweep.ts';
import { benchValidation } from './validation.ts';
import { benchValidationMemory } from './validation-memory.ts';

const USAGE = `npm run bench -- [--only ${'backfill|lag|replication|reads|validation'}] [--items N | --sizes N,N,… | --export DIRECTORY] [--throttled SHARE] [--seconds N] [--round-trip-ms N] [--contender bare|product|seed] [--node-option OPTION]`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    items: { type: 'string', default: '20000' },
    sizes: { type: 'string' },
    export: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    throttled: { type: 'string' },
    'round-trip-ms': { type: 'string', default: '0' },
    contender: { type: 'string', multiple: true },
    'node-option': { type: 'string', multiple: true },
  },
});

const benches: Readonly<Record<string, readonly (() => Promise<void>)[]>> = {
  reads: [benchReads, benchReadFunction],
  replication: [benchLive, benchSweep, benchFanOut].map((bench) => () => bench(Number(values['round-trip-ms']))),
  lag: [() => benchLag({ seconds: Number(values.seconds) })],
  validation: [benchValidation, benchValidationMemory],
  backfill: [backfill],
};

async function backfill(): Promise<void> {
  const contenders = (values.contender ?? ['bare', 'product', 'seed']) as ('bare' | 'product' | 'seed')[];
  const options = {
    contenders,
    ...(values.throttled !== undefined && { throttled: Number(values.throttled) }),
    ...(values['node-option'] && { nodeOptions: values['node-option'] }),
  };
  if (sizes) return benchSizes(sizes, options);
  const exported = values.export !== undefined && { exportDirectory: values.export };
  await benchBackfill({ ...options, items, ...exported });
}

const items = Number(values.items);
const sizes = values.sizes?.split(',').map(Number);
const isUsable =
  [items, ...(sizes ?? []), Number(values.seconds)].every((count) => Number.isInteger(count) && count > 0) &&
  Number(values['round-trip-ms']) >= 0 &&
  (values.throttled === undefined || (Number(values.throttled) > 0 && Number(values.throttled) < 1)) &&
  (values.only === undefined || Object.hasOwn(benches, values.only));
if (isUsable) {
  const chosen = values.only === undefined ? Object.keys(benches) : [values.only];
  for (const bench of chosen.flatMap((name) => benches[name] ?? [])) await bench();
} else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
