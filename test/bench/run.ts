import { parseArgs } from 'node:util';
import { benchBackfill } from './backfill/backfill.ts';
import { benchFanOut } from './fan-out.ts';
import { benchLag } from './lag.ts';
import { benchLive } from './live.ts';
import { benchReadFunction } from './read-function.ts';
import { benchReads } from './reads.ts';
import { benchSweep } from './sweep.ts';
import { benchValidation } from './validation.ts';
import { benchValidationMemory } from './validation-memory.ts';

const USAGE = `npm run bench -- [--only ${'backfill|lag|replication|reads|validation'}] [--items N | --export DIRECTORY] [--throttled SHARE] [--seconds N] [--contender bare|product|seed] [--node-option OPTION]`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    items: { type: 'string', default: '20000' },
    export: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    throttled: { type: 'string' },
    contender: { type: 'string', multiple: true },
    'node-option': { type: 'string', multiple: true },
  },
});

const benches: Readonly<Record<string, readonly (() => Promise<void>)[]>> = {
  reads: [benchReads, benchReadFunction],
  replication: [benchLive, benchSweep, benchFanOut],
  lag: [() => benchLag({ seconds: Number(values.seconds) })],
  validation: [benchValidation, benchValidationMemory],
  backfill: [backfill],
};

function backfill(): Promise<void> {
  const contenders = (values.contender ?? ['bare', 'product', 'seed']) as ('bare' | 'product' | 'seed')[];
  return benchBackfill({
    items: Number(values.items),
    contenders,
    ...(values.export !== undefined && { exportDirectory: values.export }),
    ...(values.throttled !== undefined && { throttled: Number(values.throttled) }),
    ...(values['node-option'] && { nodeOptions: values['node-option'] }),
  });
}

const chosen = values.only === undefined ? Object.keys(benches) : [values.only];
if (chosen.every((name) => Object.hasOwn(benches, name))) {
  for (const bench of chosen.flatMap((name) => benches[name] ?? [])) await bench();
} else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
