import {
  advanced,
  begun,
  ended,
  expecting,
  NO_PROGRESS,
  type ProgressState,
  paused,
  progressLine,
  progressParts,
  type Stretch,
} from './progress-state.ts';

/** Where a command reports its progress: never on standard output, which is for results. */
export interface Progress {
  readonly note: (message: string) => void;
  /** What is to come, in order, so that the time left is that of the whole. Without it, that of each stretch. */
  readonly expect?: (stretches: readonly Stretch[]) => void;
  /** Starts a stretch of work. `total` is an estimate, undefined if unknown; `start` counts what was done before. */
  readonly begin: (name: string, start: number, total: number | undefined) => void;
  readonly advance: (items: number) => void;
  /** Who has paused the work; undefined while it goes on. */
  readonly pause?: (by: string | undefined) => void;
  readonly end: () => void;
}

/** Time between two lines without a terminal, and between two looks of a terminal's line. */
const LINE_INTERVAL_MS = 5_000;
const REDRAW_INTERVAL_MS = 100;

/** One line that is drawn again on a terminal, for all stretches of the work; plain lines elsewhere. */
export function showProgress(stream: NodeJS.WriteStream = process.stderr, nowMs: () => number = Date.now): Progress {
  const show = stream.isTTY ? drawing(stream, nowMs) : telling(stream, nowMs);
  let state = NO_PROGRESS;
  const become = (next: ProgressState, isTurn: boolean): void => {
    state = next;
    show.state(state, isTurn);
  };
  return {
    note: show.note,
    expect: (stretches) => {
      state = expecting(state, stretches);
    },
    begin: (name, start, total) => become(begun(state, { name, total }, start, nowMs()), true),
    advance: (items) => become(advanced(state, items, nowMs()), false),
    pause: (by) => {
      // A terminal's line shows it at once.
      if (by !== state.pausedBy) become(paused(state, by, nowMs()), true);
    },
    end: () => {
      show.end(state);
      state = ended(state);
    },
  };
}

interface Shown {
  readonly note: (message: string) => void;
  /** `isTurn`: a stretch has begun. */
  readonly state: (state: ProgressState, isTurn: boolean) => void;
  readonly end: (state: ProgressState) => void;
}

const CLEAR_LINE = '\r\u001b[K';

function drawing(stream: NodeJS.WriteStream, nowMs: () => number): Shown {
  let drawnAtMs = 0;
  let line = '';
  return {
    // Above the line, which is drawn again below it.
    note: (message) => stream.write(`${CLEAR_LINE}${message}\n${line}`),
    state(state, isTurn) {
      if (!isTurn && nowMs() - drawnAtMs < REDRAW_INTERVAL_MS) return;
      drawnAtMs = nowMs();
      line = progressLine(state, drawnAtMs, stream.columns || 80);
      stream.write(`${CLEAR_LINE}${line}`);
    },
    end() {
      line = '';
      stream.write(CLEAR_LINE);
    },
  };
}

function telling(stream: NodeJS.WriteStream, nowMs: () => number): Shown {
  let toldAtMs = nowMs();
  const tell = (state: ProgressState, mark: string): void => {
    toldAtMs = nowMs();
    stream.write(`${progressParts(state, toldAtMs).join(' · ')}${mark}\n`);
  };
  return {
    note: (message) => stream.write(`${message}\n`),
    state(state, isTurn) {
      if (isTurn) toldAtMs = nowMs();
      else if (nowMs() - toldAtMs >= LINE_INTERVAL_MS) tell(state, '');
    },
    end: (state) => {
      if (state.current !== undefined) tell(state, ' · done');
    },
  };
}
