import { hunt } from './mutation-hunt.ts';
import { MUTATIONS } from './mutations.ts';
const [pattern, count, first] = process.argv.slice(2);
for (const m of MUTATIONS.filter(({ name }) => new RegExp(pattern).test(name))) {
  const started = Date.now();
  try {
    const h = await hunt(m, Number(count), first ? Number(first) : 1);
    console.log(m.name, '|', h.schedules, 'seed', h.seed, '|', h.divergence?.slice(0, 120), '|', Math.round((Date.now() - started) / 1000), 's');
  } catch (e) { console.log(m.name, String(e).slice(0, 200)); }
}
