import type { Decisions } from './decisions.ts';
import type { Call, Process } from './process.ts';
import { type Conflict, ScheduleTree } from './schedule-tree.ts';
import type { Search } from './search.ts';
import type { Unit } from './turns.ts';

/** Leads schedule after schedule through all that a world's tree of schedules has. */
export class OrderSearch implements Decisions, Search {
  readonly #tree: ScheduleTree;
  #isCutShort = false;
  #crashesLeft = 0;
  /** Who acted since the turn began. */
  #acted: Process | undefined;

  constructor(conflict: Conflict) {
    this.#tree = new ScheduleTree(conflict);
  }

  /** Begins a schedule: the first, or one that `goesOn` has promised. */
  begin(crashesMax: number): void {
    this.#tree.begin();
    this.#isCutShort = false;
    this.#crashesLeft = crashesMax;
    this.#acted = undefined;
  }

  /** Whether the schedule ended because all that could follow has been searched by another way. */
  get isCutShort(): boolean {
    return this.#isCutShort;
  }

  /** Ends a schedule. False where it was the last. */
  goesOn(): boolean {
    return this.#tree.goesOn();
  }

  choose(count: number, enough = count): number {
    const of = Math.min(count, enough);
    return of <= 1 ? 0 : this.#tree.choose(of);
  }

  chance(probability: number, matters = true): boolean {
    if (probability >= 1) return true;
    return probability > 0 && matters && this.choose(2) === 1;
  }

  turn(units: readonly Unit[]): Unit | undefined {
    const turn = this.#tree.beginTurn(units.map(threadOf));
    this.#acted = undefined;
    this.#isCutShort = turn === undefined;
    const unit = units.find((each) => threadOf(each) === turn?.thread);
    if (turn && unit === undefined) throw new Error(`${turn.thread} cannot go on as it did before.`);
    return unit;
  }

  timePasses(): void {
    this.#tree.beginTurn(['time'])?.footprint.coversEverything();
    this.#acted = undefined;
  }

  reads(place: string): void {
    this.#tree.footprint?.reads(place);
  }

  writes(place: string): void {
    this.#tree.footprint?.writes(place);
  }

  adds(place: string): void {
    this.#tree.footprint?.adds(place);
  }

  acts(process: Process): void {
    this.#acted = process;
  }

  /** After a read it may as well have crashed before it. */
  crashesAfter(call: Call): boolean {
    return isWrite(call) && this.#crashes(call.process);
  }

  /** Who acted last, with a write under way; without one it may as well have crashed before it acted. */
  victim(): Process | undefined {
    const acted = this.#acted;
    return acted?.alive && acted.calls.some(isWrite) && this.#crashes(acted) ? acted : undefined;
  }

  /** Of one write alone, that it is lost is the same as a crash before it was sent. */
  leavesBehind({ process }: Call): boolean {
    return process.calls.filter(isWrite).length === 1 || this.choose(2) === 1;
  }

  #crashes(process: Process): boolean {
    if (this.#crashesLeft === 0 || process.crashed === undefined || this.choose(2) === 0) return false;
    this.#crashesLeft -= 1;
    return true;
  }
}

/** An actor and the processes that it begins go one after the other. */
function threadOf(unit: Unit): string {
  return unit === 'zombie' ? unit : (unit.name.split('#')[0] as string);
}

function isWrite(call: Call): boolean {
  return call.effect.kind === 'write';
}
