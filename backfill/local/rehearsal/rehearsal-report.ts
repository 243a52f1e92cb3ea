import type { AttributeValue } from '../../../functions/model/attribute-value.ts';
import { jsonOf } from '../../json.ts';
import { describeCounts, grouped } from '../../text-table.ts';
import type { Disagreement } from './agreement.ts';
import type { ReadersReport } from './readers.ts';
import { isSafe, isSound, type RehearsalReport } from './rehearsal.ts';
import type { CutoverReport } from './rehearsal-cutover.ts';

/** Differing rows that are listed. A longer list helps nobody. */
const DISAGREEMENTS_TOLD = 20;

/** The result of a rehearsal: the verdict first, then the evidence. */
export function describeRehearsal(report: RehearsalReport, replay: string): string[] {
  const { agreement } = report;
  const facts: readonly (readonly [name: string, fact: string])[] = [
    ['Old items', describeCounts(Object.entries(report.items))],
    ['Live writes', `${grouped(sum(report.writes.values()))}: ${describeCounts(report.writes)}`],
    ['Events', `${grouped(report.events)} replicated, ${grouped(report.undelivered)} undelivered`],
    [
      'Rows compared',
      `KpiLink ${grouped(agreement.rowsCompared.kpiLinks)}, KpiData ${grouped(agreement.rowsCompared.kpiData)}`,
    ],
    ['Readers', describeReaders(report.readers)],
    ['New side', `answers by act: ${describeCounts(report.cutover.newAnswers)}`],
    ['Gate', describeGate(report.cutover)],
    ['Fallback', describeFallback(report.cutover)],
    ['Held', describeCounts(agreement.heldBySource)],
    ['Quarantined', describeCounts(agreement.quarantinedByReason)],
    ['Warnings', grouped(agreement.warnings)],
    ['Time', describeDurations(report.durationsMs)],
    ['Run again', replay],
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

function verdict(report: RehearsalReport): string {
  if (report.agree)
    return 'AGREE: every row of both new tables matches the old tables, and no reader noticed the move.';
  const { agreement, undelivered, denied, readers, cutover } = report;
  const reasons = [
    ...(agreement.disagreements.length > 0 ? [`${grouped(agreement.disagreements.length)} rows differ`] : []),
    ...(undelivered > 0 ? [`${grouped(undelivered)} deliveries failed permanently`] : []),
    ...(denied.length > 0 ? [`functions were denied what they asked: ${denied.join('; ')}`] : []),
    ...(isSound(readers) ? [] : [`readers were affected: ${describeReaders(readers)}`]),
    ...(isSafe(cutover) ? [] : [`reads did not move as they should: ${describeGate(cutover)}`]),
  ];
  return `DISAGREE: ${reasons.join(', ')}.`;
}

function describeReaders({ reads, failed, foreignRows, ownWrites, ownWritesLost }: ReadersReport): string {
  const failures = [...failed].map(([message, count]) => ` (${count} times ${message})`);
  return [
    `${grouped(reads)} reads, ${grouped(sum(failed.values()))} failed${failures.join('')}`,
    `${grouped(foreignRows)} rows of another tenant`,
    `${grouped(ownWritesLost)} of ${grouped(ownWrites)} own writes not read back`,
  ].join(', ');
}

function describeGate({ refusedWithoutEvidence, refusedWithQuarantine, accepted }: CutoverReport): string {
  const said = (refused: boolean | undefined): string =>
    refused === undefined ? 'not tried' : refused ? 'refused' : 'NOT REFUSED';
  return `${said(refusedWithoutEvidence)} without a validation, ${said(refusedWithQuarantine)} with quarantine; ${accepted} items accepted by name`;
}

function describeFallback({ fallbackMs }: CutoverReport): string {
  return fallbackMs > 0
    ? `the new side gave its last answer ${seconds(fallbackMs)} after the command`
    : 'the new side gave no answer after the command';
}

function describeDurations(durationsMs: RehearsalReport['durationsMs']): string {
  const parts = Object.entries(durationsMs).map(([name, elapsedMs]) => `${name} ${seconds(elapsedMs)}`);
  return `${seconds(sum(Object.values(durationsMs)))}: ${parts.join(', ')}`;
}

function seconds(elapsedMs: number): string {
  return `${(elapsedMs / 1_000).toFixed(1)} s`;
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0);
}

function describeDisagreements(disagreements: readonly Disagreement[]): string[] {
  if (disagreements.length === 0) return [];
  const told = disagreements
    .slice(0, DISAGREEMENTS_TOLD)
    .flatMap(({ table, id, differences }) => [
      `  ${table} ${id}`,
      ...differences.map(
        ({ attribute, kind, expected, actual }) =>
          `    ${attribute}: ${kind}, should be ${valueText(expected)}, is ${valueText(actual)}`,
      ),
    ]);
  const more = disagreements.length - DISAGREEMENTS_TOLD;
  return ['', 'Differences:', ...told, ...(more > 0 ? [`  and ${grouped(more)} more`] : [])];
}

function valueText(value: AttributeValue | undefined): string {
  return value === undefined ? 'absent' : jsonOf(value);
}
