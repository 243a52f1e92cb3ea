import type { Progress } from '../../../backfill/progress.ts';
import type { TableNames } from '../../../functions/migration/tables.ts';
import type { Attempts } from './throttled-calls.ts';

/** A way to copy history. */
export type Contender = 'bare' | 'seed' | 'product';

/** What one process is to measure. */
export interface ContenderTask {
  readonly engineUrl: string;
  readonly names: TableNames;
  readonly contender: Contender;
  /** After so many rows the seed's loop stops: its rate is what counts. */
  readonly rowsMax: number;
  /** Settings of the environment's backfill. */
  readonly backfill: Readonly<Record<string, number>>;
  /** Share of its calls that are throttled; none where absent. */
  readonly throttled?: number;
}

/** What a contender came to. */
export interface Figures {
  readonly rows: number;
  readonly seconds: number;
  /** Of this process, without the engine. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Calls by the name of their command. */
  readonly calls: Readonly<Record<string, number>>;
  /** Seconds by pass, of a contender that has passes. */
  readonly passes: Readonly<Record<string, number>>;
  /** Where calls were throttled. */
  readonly attempts?: Attempts;
}

/** Shows nothing, and notes how long each pass takes. */
export function noProgress(seconds: Record<string, number>): Progress {
  let begun: { name: string; atMs: number } | undefined;
  return {
    note: () => {},
    begin(name) {
      begun = { name, atMs: performance.now() };
    },
    advance: () => {},
    end() {
      if (begun) seconds[begun.name] = (performance.now() - begun.atMs) / 1_000;
    },
  };
}
