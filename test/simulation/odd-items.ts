import { fanOutRowId, personalLinkId } from '../../functions/migration/ids.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { recordTokenKey } from '../../functions/tables/control/control-rows.ts';
import { quarantineKey } from '../../functions/tables/control/quarantine-rows.ts';
import type { Write } from '../../functions/tables/dynamo/transactions.ts';
import { type Decisions, oneOf } from './decisions.ts';
import type { Scheduler } from './scheduler.ts';
import { keyText } from './store.ts';
import type { LegacyWrite, World } from './world.ts';

/**
 * How the store treats an odd item: it refuses its rows; also the image of it in quarantine; also anything but its name there; every
 * transaction about it. Or it lets others be quicker, each time.
 */
const ODDITIES = ['rows', 'rows', 'image', 'entry', 'all', 'contended'] as const;
type Oddity = (typeof ODDITIES)[number];

/** What the store answers to a write about an odd item. */
type OddAnswer = 'refused' | 'contended';

/** The step from which on the item is odd: from the beginning, or when its rows may be there already. */
const FROM_STEP = [0, 0, 50, 120] as const;
/** For so many steps; for ever is longer than any schedule. */
const ODD_STEPS = [60, 150, 400, Number.POSITIVE_INFINITY] as const;

/** One item, a record or a link, that the store refuses for a reason of the item's own: for a while, or for ever. */
export class OddItem {
  readonly kind: 'record' | 'link';
  readonly id: string;
  readonly oddity: Oddity;
  readonly fromStep: number;
  readonly untilStep: number;
  readonly #rowIds: ReadonlySet<string>;
  readonly #personalLinkIds: ReadonlySet<string>;

  constructor(
    { kind, id, oddity, fromStep, untilStep }: Pick<OddItem, 'kind' | 'id' | 'oddity' | 'fromStep' | 'untilStep'>,
    world: World,
  ) {
    this.kind = kind;
    this.id = id;
    this.oddity = oddity;
    this.fromStep = fromStep;
    this.untilStep = untilStep;
    this.#rowIds = rowIdsOf(id, world);
    this.#personalLinkIds = personalLinkIdsOf(world);
  }

  /** Whether a row, or an entry of quarantine, is the item's. */
  has(table: 'kpiLinks' | 'kpiData' | 'quarantine', id: string, source?: string): boolean {
    if (table !== 'quarantine') return this.#isRow(table, id);
    return id === this.id && (source === undefined || (source === 'links') === (this.kind === 'link'));
  }

  /** Whether it is a KPI's personal link, which the record may be the only reason for, or the link the only reason against. */
  mayGiveLink(linkId: string): boolean {
    return this.#personalLinkIds.has(linkId);
  }

  toString(): string {
    return `odd ${this.kind} ${this.id}: ${this.oddity} from step ${this.fromStep} until ${this.untilStep}`;
  }

  /** What becomes of the transaction at this step; undefined where the item has no part in it. */
  answer(writes: readonly Write[], step: number): OddAnswer | undefined {
    if (!this.#isOddAt(step)) return undefined;
    if (this.oddity === 'contended') return writes.some((write) => this.#isAbout(write)) ? 'contended' : undefined;
    return writes.some((write) => this.#isRefused(write)) ? 'refused' : undefined;
  }

  /** Whether a copier may not put the row in. */
  refusesRow(row: Item, step: number): boolean {
    return this.#isOddAt(step) && this.oddity !== 'contended' && this.#isRow('kpiData', textOf(row, 'id') ?? '');
  }

  #isOddAt(step: number): boolean {
    return step >= this.fromStep && step < this.untilStep;
  }

  #isRefused(write: Write): boolean {
    if (this.oddity === 'all') return this.#isAbout(write);
    if (write.kind !== 'put') return false;
    if (write.table !== 'control') return this.#isRow(write.table, keyOf(write));
    if (this.oddity === 'rows') return false;
    if (isImageOf(this.id, write.item)) return true;
    return this.oddity === 'entry' && this.#isEntry(write) && write.item.image_sha256 !== undefined;
  }

  /** A record's token and entries, a link's row and entry: every transaction about it has one of them. */
  #isAbout(write: Write): boolean {
    if (this.kind === 'link') return this.#isEntry(write) || (write.table === 'kpiLinks' && keyOf(write) === this.id);
    return keyOf(write) === keyText('control', recordTokenKey(this.id).key);
  }

  #isEntry(write: Write): boolean {
    return SOURCES.some((source) => keyOf(write) === keyText('control', quarantineKey(source, this.id).key));
  }

  #isRow(table: 'kpiLinks' | 'kpiData', id: string): boolean {
    return this.kind === 'link' ? table === 'kpiLinks' && id === this.id : table === 'kpiData' && this.#rowIds.has(id);
  }
}

function isImageOf(id: string, row: Item): boolean {
  return SOURCES.some((source) => textOf(row, 'pk') === `quarantine-image#${source}#${id}`);
}

function keyOf(write: Write): string {
  return keyText(write.table, write.kind === 'put' ? write.item : write.key);
}

/**
 * Draws the odd item of a schedule; most have none.
 *
 * @param given which it is: then there is one, and only its time is drawn.
 */
export function drawOddItem(
  decisions: Decisions,
  world: World,
  given?: Pick<OddItem, 'kind' | 'id' | 'oddity'>,
): OddItem | undefined {
  const writes = [...world.initial, ...world.live];
  if (given === undefined && (writes.length === 0 || !decisions.chance(0.25))) return undefined;
  const { kind, id, oddity } = given ?? drawOddity(decisions, oneOf(decisions, writes));
  // What is never written would never come to rest.
  const steps = oneOf(decisions, oddity === 'contended' ? ODD_STEPS.slice(0, -1) : ODD_STEPS);
  const fromStep = oneOf(decisions, FROM_STEP);
  return new OddItem({ kind, id, oddity, fromStep, untilStep: fromStep + steps }, world);
}

function drawOddity(decisions: Decisions, { source, id }: LegacyWrite): Pick<OddItem, 'kind' | 'id' | 'oddity'> {
  return { kind: source === 'links' ? 'link' : 'record', id, oddity: oneOf(decisions, ODDITIES) };
}

/** Every id under which a record may have a row, whatever links come. */
function rowIdsOf(recordId: string, world: World): Set<string> {
  const writes = [...world.initial, ...world.live];
  const links = writes.filter(({ source }) => source === 'links').map(({ id }) => id);
  return new Set([recordId, ...[...links, ...personalLinkIdsOf(world)].map((link) => fanOutRowId(recordId, link))]);
}

function personalLinkIdsOf(world: World): Set<string> {
  return new Set([...world.initial, ...world.live].map(({ item }) => personalLinkId(textOf(item, 'kpi_id') ?? '')));
}

/** What an odd item is asked with. */
type Stage = Pick<Scheduler, 'odd' | 'steps' | 'faults'>;

/** What the store makes of a transaction that an odd item has a part in. */
export function oddAnswer({ odd, steps, faults }: Stage, writes: readonly Write[]): OddAnswer | undefined {
  const answer = odd?.answer(writes, steps);
  if (answer) faults.counts[answer] += 1;
  return answer;
}

/** Whether a copier's row is refused. */
export function refusesRow({ odd, steps, faults }: Stage, row: Item): boolean {
  const refuses = odd?.refusesRow(row, steps) === true;
  if (refuses) faults.counts.refused += 1;
  return refuses;
}
