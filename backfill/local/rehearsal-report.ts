import type { AttributeValue } from '../../functions/model/attribute-value.ts';
import { describeCounts, grouped } from '../text-table.ts';
import type { Disagreement } from './agreement.ts';
import type { RehearsalReport } from './rehearsal.ts';

/** Differing rows that are told one by one; more of the same help nobody. */
const DISAGREEMENTS_TOLD = 20;

/** A rehearsal as lines for a person: the verdict first, then what it rests on. */
export function describeRehearsal(report: RehearsalReport, replay: string): string[] {
  const { agreement } = report;
  const facts: readonly (readonly [name: string, fact: string])[] = [
    ['Old items', describeCounts(report.items)],
    ['Live writes', `${grouped(sum(report.writes))}: ${describeCounts(report.writes)}`],
    ['Events', `${grouped(report.events)} replicated, ${grouped(report.undelivered)} undelivered`],
    [
      'Rows compared',
      `KpiLink ${grouped(agreement.rowsCompared.kpiLinks)}, KpiData ${grouped(agreement.rowsCompared.kpiData)}`,
    ],
    ['Held', describeCounts(agreement.heldBySource)],
    ['Quarantined', describeCounts(agreement.quarantinedByReason)],
    ['Warnings', grouped(agreement.warnings)],
    ['Time', describeDurations(report.durationsMs)],
    ['Again', replay],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    '',
    verdict(report),
    '',
    ...facts.map(([name, fact]) => `  ${name.padEnd(width)}  ${fact}`),
    ...describeDisagreements(agreement.disagreements),
    '',
  ];
}

function verdict({ agree, agreement, undelivered }: RehearsalReport): string {
  if (agree) return 'AGREE: every row of both new tables is what the old tables demand.';
  const reasons = [
    ...(agreement.disagreements.length > 0 ? [`${grouped(agreement.disagreements.length)} rows differ`] : []),
    ...(undelivered > 0 ? [`${grouped(undelivered)} deliveries failed for good`] : []),
  ];
  return `DISAGREE: ${reasons.join(', ')}.`;
}

function describeDurations(durationsMs: RehearsalReport['durationsMs']): string {
  const parts = Object.entries(durationsMs).map(([name, elapsedMs]) => `${name} ${seconds(elapsedMs)}`);
  return `${seconds(sum(durationsMs))}: ${parts.join(', ')}`;
}

function seconds(elapsedMs: number): string {
  return `${(elapsedMs / 1_000).toFixed(1)} s`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function describeDisagreements(disagreements: readonly Disagreement[]): string[] {
  if (disagreements.length === 0) return [];
  const told = disagreements
    .slice(0, DISAGREEMENTS_TOLD)
    .flatMap(({ table, id, differences }) => [
      `  ${table} ${id}`,
      ...differences.map(
        ({ attribute, kind, expected, actual }) =>
          `    ${attribute}: ${kind}, should be ${valueText(expected)} and is ${valueText(actual)}`,
      ),
    ]);
  const more = disagreements.length - DISAGREEMENTS_TOLD;
  return ['', 'What differs:', ...told, ...(more > 0 ? [`  and ${grouped(more)} more`] : [])];
}

function valueText(value: AttributeValue | undefined): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
