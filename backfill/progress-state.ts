import { describeDuration } from './durations.ts';
import { grouped } from './text-table.ts';

/** A stretch of the work: a pass over a table, or a sweep. */
export interface Stretch {
  readonly name: string;
  /** Items it has; an estimate, undefined where nobody knows. */
  readonly total: number | undefined;
}

interface Going extends Stretch {
  readonly done: number;
  readonly isEnded: boolean;
}

/** How far a command is, over all of its stretches. */
export interface ProgressState {
  readonly stretches: readonly Going[];
  readonly current: string | undefined;
  /** Who has paused the work. */
  readonly pausedBy?: string | undefined;
  /** Items done, and when, since the last half minute; the first when the work began or resumed. */
  readonly marks: readonly { readonly atMs: number; readonly done: number }[];
}

export const NO_PROGRESS: ProgressState = { stretches: [], current: undefined, marks: [] };

/** Time over which a rate is measured. */
const RATE_OVER_MS = 30_000;
/** Before this much time there is no rate that says anything, and so no time left. */
const RATE_AFTER_MS = 3_000;

/** What is to come, so that the whole is known from the start. Pure, like all of this file. */
export function expecting(state: ProgressState, stretches: readonly Stretch[]): ProgressState {
  return { ...state, stretches: stretches.map((stretch) => ({ ...stretch, done: 0, isEnded: false })) };
}

/** A stretch begins. What was expected before it has been done already: by an earlier run, which was stopped. */
export function begun(state: ProgressState, stretch: Stretch, start: number, nowMs: number): ProgressState {
  const at = state.stretches.findIndex(({ name }) => name === stretch.name);
  const known = at < 0 ? [...state.stretches, { ...stretch, done: start, isEnded: false }] : state.stretches;
  const stretches = known.map((each, index) => {
    if (each.name === stretch.name) return { ...each, total: stretch.total ?? each.total, done: start, isEnded: false };
    return at >= 0 && index < at && !each.isEnded ? { ...each, done: each.total ?? 0, isEnded: true } : each;
  });
  const next = { ...state, stretches, current: stretch.name };
  // What was done before counts towards the whole, but not towards the rate.
  return { ...next, marks: [{ atMs: nowMs, done: doneOf(next) }] };
}

export function advanced(state: ProgressState, items: number, nowMs: number): ProgressState {
  const stretches = state.stretches.map((each) =>
    each.name === state.current ? { ...each, done: each.done + items } : each,
  );
  const next = { ...state, stretches };
  const marks = [...state.marks, { atMs: nowMs, done: doneOf(next) }];
  // One mark from before the half minute stays, so that the whole of it is measured.
  const first = marks.findLastIndex(({ atMs }) => atMs <= nowMs - RATE_OVER_MS);
  return { ...next, marks: marks.slice(Math.max(0, first)) };
}

/** Somebody has paused the work, or it goes on: the pause does not count towards the rate. */
export function paused(state: ProgressState, by: string | undefined, nowMs: number): ProgressState {
  return { ...state, pausedBy: by, marks: [{ atMs: nowMs, done: doneOf(state) }] };
}

export function ended(state: ProgressState): ProgressState {
  const stretches = state.stretches.map((each) => (each.name === state.current ? { ...each, isEnded: true } : each));
  return { ...state, stretches, current: undefined };
}

function doneOf({ stretches }: Pick<ProgressState, 'stretches'>): number {
  return stretches.reduce((sum, { done }) => sum + done, 0);
}

function totalOf({ isEnded, done, total }: Going): number {
  return isEnded ? done : Math.max(done, total ?? 0);
}

/** Items a second; undefined while too little is known. */
export function rateOf({ marks }: ProgressState, nowMs: number): number | undefined {
  const [first] = marks;
  const last = marks.at(-1);
  if (first === undefined || last === undefined || nowMs - first.atMs < RATE_AFTER_MS) return undefined;
  return (last.done - first.done) / ((nowMs - first.atMs) / 1_000);
}

/** The whole: from 0 to 1, and the time left; undefined where nobody can tell. */
export function wholeOf(state: ProgressState, nowMs: number): { part: number | undefined; leftMs: number | undefined } {
  const { stretches } = state;
  if (stretches.every(({ total }) => total === undefined)) return { part: undefined, leftMs: undefined };
  const [done, total] = [doneOf(state), stretches.reduce((sum, each) => sum + totalOf(each), 0)];
  const isOpen = stretches.some(({ isEnded }) => !isEnded);
  // What has no total yet, such as a sweep, keeps the whole from looking finished.
  const part = Math.min(total === 0 ? 0 : done / total, isOpen ? 0.99 : 1);
  const rate = rateOf(state, nowMs);
  return { part, leftMs: rate === undefined || rate <= 0 ? undefined : ((total - done) / rate) * 1_000 };
}

/** The parts of a line, most important first: what does not fit is left out from the end. */
export function progressParts(state: ProgressState, nowMs: number): string[] {
  const { stretches, current, pausedBy } = state;
  const now = stretches.find(({ name }) => name === current);
  if (now === undefined) return [];
  const { part } = wholeOf(state, nowMs);
  const leftMs = pausedBy === undefined ? wholeOf(state, nowMs).leftMs : undefined;
  const rate = pausedBy === undefined ? rateOf(state, nowMs) : undefined;
  const of = now.total === undefined ? '' : ` of about ${grouped(Math.max(now.total, now.done))}`;
  const later = stretches.filter(({ isEnded, name, total }) => !isEnded && name !== current && total === undefined);
  return [
    ...(pausedBy === undefined ? [] : [`paused by ${pausedBy}`]),
    ...(part === undefined ? [] : [`${Math.floor(part * 100)} %`]),
    `${now.name} ${grouped(now.done)}${of}`,
    ...(leftMs === undefined
      ? []
      : [`${describeDuration(leftMs)} left`, `until ${new Date(nowMs + leftMs).toTimeString().slice(0, 5)}`]),
    ...(rate === undefined ? [] : [`${grouped(Math.round(rate))}/s`]),
    ...(later.length === 0 || leftMs === undefined ? [] : [`then ${later.map(({ name }) => name).join(' and ')}`]),
  ];
}

const BAR_WIDTH = 20;

/** The line for a terminal of so many columns. */
export function progressLine(state: ProgressState, nowMs: number, columns: number): string {
  const { part } = wholeOf(state, nowMs);
  const parts = progressParts(state, nowMs);
  while (parts.length > 1 && parts.join(' · ').length > columns - 1) parts.pop();
  const text = parts.join(' · ').slice(0, Math.max(0, columns - 1));
  if (part === undefined || text.length + BAR_WIDTH + 2 > columns - 1) return text;
  const filled = Math.round(part * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${text}`;
}
