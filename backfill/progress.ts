import { Presets, SingleBar } from 'cli-progress';

/** Where a command reports its progress: never on standard output, which is for results. */
export interface Progress {
  readonly note: (message: string) => void;
  /** Starts a stretch of work. `total` is an estimate, undefined if unknown; `start` counts what was done before. */
  readonly begin: (name: string, start: number, total: number | undefined) => void;
  readonly advance: (items: number) => void;
  readonly end: () => void;
}

/** Time between two lines of a stretch of work without a terminal. */
const LINE_INTERVAL_MS = 5_000;

/** A bar with rate and time left on a terminal; plain lines elsewhere. */
export function showProgress(): Progress {
  const stream = process.stderr;
  return stream.isTTY ? bar(stream, Date.now) : lines(stream, Date.now);
}

function bar(stream: NodeJS.WriteStream, nowMs: () => number): Progress {
  let current: { bar: SingleBar; done: number; rate: () => string } | undefined;
  return {
    note: (message) => stream.write(`${message}\n`),
    begin(name, start, total) {
      const counts = total === undefined ? '{value}' : '[{bar}] {value}/{total}';
      const left = total === undefined ? '' : ' · {eta_formatted} left';
      const format = `${name.padEnd(14)} ${counts} · {rate}/s${left}`;
      const single = new SingleBar({ format, stream, hideCursor: true, forceRedraw: true }, Presets.shades_classic);
      const rate = ratePerSecond(nowMs);
      current = { bar: single, done: start, rate: () => rate((current?.done ?? start) - start) };
      single.start(Math.max(total ?? start, start), start, { rate: '0' });
    },
    advance(items) {
      if (current === undefined) return;
      current.done += items;
      if (current.done > current.bar.getTotal()) current.bar.setTotal(current.done);
      current.bar.update(current.done, { rate: current.rate() });
    },
    end() {
      if (current) current.bar.setTotal(Math.max(current.done, 1));
      current?.bar.stop();
      current = undefined;
    },
  };
}

function lines(stream: NodeJS.WriteStream, nowMs: () => number): Progress {
  let current: { name: string; start: number; done: number; total: number | undefined; toldAtMs: number } | undefined;
  let rate = ratePerSecond(nowMs);
  const tell = (ended: boolean): void => {
    if (current === undefined) return;
    const { name, start, done, total } = current;
    const of = total === undefined || ended ? '' : ` of about ${Math.max(total, done)}`;
    stream.write(`${name}: ${done}${of} (${rate(done - start)}/s)${ended ? ', done' : ''}\n`);
  };
  return {
    note: (message) => stream.write(`${message}\n`),
    begin(name, start, total) {
      current = { name, start, done: start, total, toldAtMs: nowMs() };
      rate = ratePerSecond(nowMs);
    },
    advance(items) {
      if (current === undefined) return;
      current.done += items;
      if (nowMs() - current.toldAtMs < LINE_INTERVAL_MS) return;
      current.toldAtMs = nowMs();
      tell(false);
    },
    end() {
      tell(true);
      current = undefined;
    },
  };
}

function ratePerSecond(nowMs: () => number): (items: number) => string {
  const startMs = nowMs();
  return (items) => String(Math.round(items / Math.max((nowMs() - startMs) / 1_000, 0.001)));
}
