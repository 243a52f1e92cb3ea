import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compareSides } from '../../functions/validation/compare-sides.ts';
import { generatedReads } from './generated-reads.ts';
import { report } from './report.ts';

const KPIS = 500;
const ROWS = [10_000, 50_000, 200_000];
/** Rows that ten records of a KPI have, on average: generated-content.ts. */
const LINKS_OF_KPI = 1.6;
/** Scanned pages from one look at the heap to the next. */
const PAGES_BETWEEN_LOOKS = 40;

/** The most that a validation holds above its start, after garbage collection, by the number of rows; links and KPIs stay the same. */
export async function benchValidationMemory(): Promise<void> {
  for (const rows of ROWS) {
    const megabytes = await megabytesHeld(KPIS, Math.round(rows / LINKS_OF_KPI / KPIS));
    report(`validation, memory above start, ${rows} rows`, `${megabytes.toFixed(1)} MB`, 'flat');
  }
}

async function megabytesHeld(kpis: number, recordsOfKpi: number): Promise<number> {
  const reads = generatedReads(kpis, recordsOfKpi);
  const startBytes = heldBytes();
  let mostBytes = startBytes;
  let pages = 0;
  const { proven } = await compareSides({
    reads: {
      ...reads,
      scan(table, position) {
        pages += 1;
        if (pages % PAGES_BETWEEN_LOOKS === 0) mostBytes = Math.max(mostBytes, heldBytes());
        return reads.scan(table, position);
      },
    },
    heldRecords: 'hold',
    segments: 1,
    checkpoints: { load: async () => undefined, save: async () => {} },
    checkpointMs: 10_000,
    pauseMs: 1,
    patienceMs: 1,
    lagMs: async () => 0,
    findingsMax: 1,
    nowMs: Date.now,
    sleep: async () => {},
    progress: { begin: () => {}, advance: () => {}, end: () => {} },
    stop: new AbortController().signal,
  });
  if (proven.length > 0) throw new Error('Both sides are generated alike, and differ.');
  return (Math.max(mostBytes, heldBytes()) - startBytes) / 1_048_576;
}

/** Bytes that this process holds, after garbage collection. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
