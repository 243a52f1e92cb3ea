import type { ReadScaling } from '../../../functions/account/read-scaling.ts';
import type { RecentCapacity } from '../../../functions/account/recent-capacity.ts';
import { partName } from '../../read-ceilings.ts';
import { grouped } from '../../text-table.ts';
import { type Checked, LOOK_BACK_HOURS, type PartReport } from './capacity-report.ts';

/** What is worth a person's attention before a command reads a table, with what to do. It stops no command. */
export interface CapacityWarning {
  readonly table: string;
  readonly index?: string;
  readonly message: string;
  readonly nextStep: string;
}

const PAUSE = 'Reads of a command pause when they are throttled, but only then.';

/** Pure. */
export function capacityWarnings(parts: readonly PartReport[]): CapacityWarning[] {
  return parts.flatMap((part) => {
    const { table, index, recent } = part;
    const found = recent.isChecked ? recent.found : undefined;
    const warning = (message: string, nextStep: string): CapacityWarning => {
      return { table, ...(index !== undefined && { index }), message, nextStep };
    };
    const warnings: CapacityWarning[] = [];
    if (found?.lastThrottledAtMs !== undefined) {
      const message = `It was throttled in the last ${LOOK_BACK_HOURS} h: ${throttles(found)}.`;
      // On demand without a maximum, nobody can raise anything.
      const isLimited = part.billing === 'provisioned' || part.capacity.readUnitsPerSecond !== undefined;
      const nextStep = `${isLimited ? 'Raise its capacity, read' : 'Read'} it at a quieter time, or set backfill.maxReadUnitsPerSecond in cdk.json below ${grouped(part.ceiling)}. ${PAUSE}`;
      warnings.push(warning(message, nextStep));
    }
    const crowded = crowdedBy(part, found?.busiest.readUnitsPerSecond);
    if (crowded) warnings.push(warning(...crowded));
    return warnings;
  });
}

/** A command may take what the service's busiest minutes need. */
function crowdedBy(
  { capacity: { readUnitsPerSecond: has }, ceiling, scaling }: PartReport,
  busiest: number | undefined,
): [message: string, nextStep: string] | undefined {
  if (has === undefined || busiest === undefined || busiest + ceiling <= has) return undefined;
  const free = Math.floor(has - busiest);
  const scaled = scaling.isChecked && scaling.found ? ' Autoscaling needs minutes to add to it.' : '';
  const message = `Its busiest 5 minutes took ${units(busiest)} of the ${grouped(has)} read units a second that it has now, and a command may take ${grouped(ceiling)} more.${scaled}`;
  const lower = `set backfill.maxReadUnitsPerSecond in cdk.json to ${grouped(free)}, or `;
  return [message, `Before a copy, ${free >= 1 ? lower : ''}raise its capacity, or read it at a quieter time.`];
}

/**
 * A line for each table, one for each of its indexes or for those of which the same is to be said, one for each warning, and
 * one for each thing that was not checked. Pure.
 */
export function describeCapacity(parts: readonly PartReport[]): string[] {
  return [
    ...describeParts(parts),
    ...capacityWarnings(parts).map((each) => `Warning: ${partName(each)}: ${each.message} ${each.nextStep}`),
    ...notChecked(parts).map(({ what, why, nextStep }) => `Not checked: ${what}: ${why} ${nextStep}`),
  ];
}

/** What could not be looked for, each with the reason, once for all the parts that have the same. Pure. */
export function notChecked(
  parts: readonly PartReport[],
): { readonly what: string; readonly why: string; readonly nextStep: string }[] {
  return (['scaling', 'recent'] as const).flatMap((field) => {
    const failed = parts.map((part) => part[field]).filter((each) => !each.isChecked);
    const reasons = new Map(failed.map(({ why, nextStep }) => [why, nextStep]));
    return [...reasons].map(([why, nextStep]) => ({ what: WHAT[field], why, nextStep }));
  });
}

const WHAT = {
  scaling: 'autoscaling of the service’s tables',
  recent: `throttles and consumption of the service’s tables in the last ${LOOK_BACK_HOURS} h`,
} as const;

function describeParts(parts: readonly PartReport[]): string[] {
  const alike = Map.groupBy(parts, (part) => `${part.table} ${part.index === undefined} ${describePart(part)}`);
  return [...alike.values()].flatMap((group) => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    const indexes = `{${group.map(({ index }) => index).join(', ')}}`;
    const name = others.length > 0 ? partName({ table: first.table, index: indexes }) : partName(first);
    return [`${name}: ${describePart(first)}`];
  });
}

function describePart(part: PartReport): string {
  const { index, billing, capacity, ceiling, scaling, recent } = part;
  const { readUnitsPerSecond: reads, writeUnitsPerSecond: writes } = capacity;
  const has = [reads !== undefined && `${grouped(reads)} read`, writes !== undefined && `${grouped(writes)} write`]
    .filter(Boolean)
    .join(' and ');
  const takes =
    index !== undefined && reads === undefined
      ? 'a command counts its reads as the table’s'
      : `a command takes at most ${grouped(ceiling)}${reads === undefined ? ' read units' : ''} a second`;
  const parts = [
    `${billing}${has && `, ${has} units a second${billing === 'on-demand' ? ' at most' : ''}`}`,
    describeScaling(billing, scaling),
    `${takes}${scaling.isChecked && scaling.found ? ', by what it has now' : ''}`,
    describeRecent(recent),
  ];
  return `${parts.filter((text) => text !== '').join('; ')}.`;
}

function describeScaling(billing: string | undefined, scaling: Checked<ReadScaling | undefined>): string {
  // Nothing scales a table on demand but DynamoDB itself.
  if (billing === 'on-demand') return '';
  if (!scaling.isChecked) return 'autoscaling not checked';
  if (scaling.found === undefined) return 'no autoscaling of reads';
  const { minUnits, maxUnits, targetPercent, isSuspended } = scaling.found;
  const target = targetPercent === undefined ? 'without a target' : `at ${targetPercent} %`;
  return `autoscaling of reads from ${grouped(minUnits)} to ${grouped(maxUnits)} ${target}${isSuspended ? ', suspended' : ''}`;
}

function describeRecent(recent: Checked<RecentCapacity | undefined>): string {
  if (!recent.isChecked) return 'throttles not checked';
  if (recent.found === undefined) return `CloudWatch has nothing on record for ${LOOK_BACK_HOURS} h`;
  const { readUnitsPerSecond: reads, writeUnitsPerSecond: writes } = recent.found.busiest;
  const busiest = `busiest 5 minutes of ${LOOK_BACK_HOURS} h: ${units(reads)} read and ${units(writes)} write units a second`;
  return `${busiest}; ${throttles(recent.found)}`;
}

function throttles({ throttled: { reads, writes }, lastThrottledAtMs: lastMs }: RecentCapacity): string {
  if (lastMs === undefined) return 'no throttles';
  return `${grouped(reads)} reads and ${grouped(writes)} writes throttled, last in the 5 minutes from ${new Date(lastMs).toISOString()}`;
}

/** What is not on record is not zero. */
function units(perSecond: number | undefined): string {
  if (perSecond === undefined) return 'no';
  return perSecond < 10 ? String(Math.round(perSecond * 10) / 10) : grouped(Math.round(perSecond));
}
