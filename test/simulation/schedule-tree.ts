import { Footprint } from './footprint.ts';

/** Whether it matters which of two steps comes first; where it always does, every order is searched. */
export type Conflict = (one: Footprint, other: Footprint) => boolean;

/** One step of a schedule, and what the search knows of the others that could have been taken in its place. */
export interface Turn {
  /** Who could go. */
  readonly able: readonly string[];
  /** Who has to go here in some schedule. */
  readonly toTry: Set<string>;
  /** Who has gone here in all schedules that there are to be, with all that its step then read and wrote. */
  readonly tried: Map<string, Footprint>;
  /** Who need not go here: the schedules in which it does have all been searched by another way. */
  readonly asleep: ReadonlyMap<string, Footprint>;
  thread: string;
  /** What the step read and wrote in this schedule. */
  footprint: Footprint;
  /** The same of all schedules so far in which this thread goes here. */
  everything: Footprint;
  /** By thread, the last turn of it that has to come before this one. */
  before: ReadonlyMap<string, number>;
}

interface Choice {
  at: number;
  readonly of: number;
}

type Entry = Turn | Choice;

/**
 * All schedules of a world, gone through depth first, but of those that differ only in the order of steps that nobody can tell apart one: where two
 * steps conflict and nothing in between puts them in order, the other order is searched, too, and where none does it is not
 * (dynamic partial-order reduction with source sets and sleep sets; Abdulla, Aronis, Jonsson, Sagonas, "Optimal Dynamic Partial Order
 * Reduction", POPL 2014, algorithm 1). What one step decides besides (a lag, a crash after it) is gone through wholly.
 */
export class ScheduleTree {
  readonly #conflict: Conflict;
  readonly #entries: Entry[] = [];
  /** Of the entries, the one that is followed next. */
  #next = 0;
  #turns: Turn[] = [];
  /** Turns from this one on are not as they were in the schedule before. */
  #newFrom = 0;

  constructor(conflict: Conflict) {
    this.#conflict = conflict;
  }

  /** Begins a schedule: the first, or one that `goesOn` has promised. */
  begin(): void {
    this.#next = 0;
    this.#turns = [];
  }

  /** Ends a schedule. False where it was the last. */
  goesOn(): boolean {
    this.#endTurn();
    for (let entry = this.#entries.at(-1); entry !== undefined; entry = this.#entries.at(-1)) {
      if (takeNext(entry)) {
        this.#newFrom = this.#entries.filter(isTurn).length - 1;
        return true;
      }
      this.#entries.pop();
    }
    return false;
  }

  /** One of so many alternatives within a step, from 0. */
  choose(of: number): number {
    const known = this.#entries[this.#next];
    this.#next += 1;
    if (known === undefined) {
      this.#entries.push({ at: 0, of });
      return 0;
    }
    if (isTurn(known) || known.of !== of) throw new Error('The schedule is not the same again.');
    return known.at;
  }

  /** What the step that is being taken reads and writes. */
  get footprint(): Footprint | undefined {
    return this.#turns.at(-1)?.footprint;
  }

  /** Begins a step of one of those who can go; undefined where all that could follow has been searched by another way. */
  beginTurn(able: readonly string[]): Turn | undefined {
    this.#endTurn();
    const turn = this.#entries[this.#next] ?? this.#newTurn(able);
    if (turn === undefined) return undefined;
    if (!isTurn(turn)) throw new Error('The schedule is not the same again.');
    this.#next += 1;
    // What an earlier schedule has noted stays as it was.
    if (this.#turns.length >= this.#newFrom) turn.footprint = new Footprint();
    this.#turns.push(turn);
    return turn;
  }

  #newTurn(able: readonly string[]): Turn | undefined {
    const last = this.#turns.at(-1);
    const asleep = last ? this.#stillAsleep(last) : new Map<string, Footprint>();
    const awake = able.filter((thread) => !asleep.has(thread));
    const thread = [FIRST, last?.thread].find((each) => each && awake.includes(each)) ?? awake[0];
    if (thread === undefined) return undefined;
    const turn: Turn = {
      able,
      toTry: new Set([thread]),
      tried: new Map(),
      asleep,
      thread,
      footprint: new Footprint(),
      everything: new Footprint(),
      before: new Map(),
    };
    this.#entries.push(turn);
    return turn;
  }

  /** Whoever has been tried, or was asleep, stays so until a step conflicts with its own. */
  #stillAsleep({ thread, footprint, asleep, tried }: Turn): Map<string, Footprint> {
    const all = [...asleep, ...tried];
    return new Map(all.filter(([other, step]) => other !== thread && !this.#conflict(step, footprint)));
  }

  /** Finds out with which turns before it the last one conflicts, and has the other order searched. */
  #endTurn(): void {
    const at = this.#turns.length - 1;
    const turn = this.#turns[at];
    if (turn === undefined || at < this.#newFrom) return;
    turn.everything.add(turn.footprint);
    const own = this.#turns.findLastIndex((other, index) => index < at && other.thread === turn.thread);
    const before = new Map(this.#turns[own]?.before);
    if (own >= 0) before.set(turn.thread, own);
    for (let index = at - 1; index >= 0; index -= 1) {
      const other = this.#turns[index] as Turn;
      if ((before.get(other.thread) ?? -1) >= index || !this.#conflict(other.footprint, turn.footprint)) continue;
      if (!other.footprint.isEverything && !turn.footprint.isEverything) this.#reverse(index, at, before);
      for (const [thread, last] of other.before) before.set(thread, Math.max(last, before.get(thread) ?? -1));
      before.set(other.thread, index);
    }
    turn.before = before;
  }

  /** Has one of those go at `first` with whom the turn at `second`, and all that has to come before it, can go there. */
  #reverse(first: number, second: number, beforeSecond: ReadonlyMap<string, number>): void {
    const { thread, able, toTry } = this.#turns[first] as Turn;
    const heads = new Set<string>();
    const free: number[] = [];
    for (let index = first + 1; index <= second; index += 1) {
      const before = index === second ? beforeSecond : (this.#turns[index] as Turn).before;
      if (index < second && (before.get(thread) ?? -1) >= first) continue;
      if (!free.some((earlier) => (before.get((this.#turns[earlier] as Turn).thread) ?? -1) >= earlier))
        heads.add((this.#turns[index] as Turn).thread);
      free.push(index);
    }
    if ([...heads].some((head) => toTry.has(head))) return;
    const head = [...heads].find((each) => able.includes(each));
    for (const each of head === undefined ? able : [head]) toTry.add(each);
  }
}

/**
 * Goes first where it can: its writes give others more to choose from, a longer batch or an index that does not lag, and take nothing from them. So nobody
 * may be taken as searched before it, and whoever could have gone earlier does the same later.
 */
const FIRST = 'service';

function isTurn(entry: Entry): entry is Turn {
  return 'thread' in entry;
}

function takeNext(entry: Entry): boolean {
  if (!isTurn(entry)) {
    entry.at += 1;
    return entry.at < entry.of;
  }
  entry.tried.set(entry.thread, entry.everything);
  const next = [...entry.toTry].find((thread) => !entry.tried.has(thread) && !entry.asleep.has(thread));
  if (next === undefined) return false;
  entry.thread = next;
  entry.everything = new Footprint();
  return true;
}
