import { whoReadsWhat } from '../flag/describe-flag.ts';
import type { AuditFacts } from './facts.ts';

/** Something that happened, for the audit page. */
export interface TimelineEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly kind: 'command' | 'backfill' | 'validation' | 'reads' | 'quarantine' | 'retirement';
  readonly who: string;
  readonly what: string;
  readonly why: string;
}

/** Everything that happened, oldest first. Pure. */
export function timelineOf(facts: AuditFacts): TimelineEvent[] {
  const events = [
    ...commands(facts),
    ...backfill(facts),
    ...validations(facts),
    ...reads(facts),
    ...acceptances(facts),
    ...retirement(facts),
  ];
  return events.toSorted((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
}

function event(at: string, kind: TimelineEvent['kind'], what: string, who = '', why = ''): TimelineEvent {
  return { at, kind, who, what, why };
}

function commands({ operations }: AuditFacts): TimelineEvent[] {
  return operations.map(({ startedAt, endedAt, command, arguments: words, operator, reason, outcome, exitCode }) => {
    const end = endedAt === undefined ? 'has not ended' : `exit ${exitCode}: ${outcome}`;
    return event(startedAt, 'command', `${[command, ...words].join(' ')} (${end})`, operator, reason);
  });
}

function backfill({ run, rollback }: AuditFacts): TimelineEvent[] {
  return [
    ...(run ? [event(run.startedAt, 'backfill', `Run ${run.runId} started.`)] : []),
    ...(run?.finishedAt ? [event(run.finishedAt, 'backfill', `Run ${run.runId} finished.`)] : []),
    ...(rollback ? [event(rollback.begunAt, 'backfill', 'A rollback started.', rollback.by)] : []),
    ...(rollback?.endedAt ? [event(rollback.endedAt, 'backfill', 'The rollback ended.', rollback.by)] : []),
  ];
}

/** A stored report is told as it is, also if it cannot be understood; the latest is stored twice. */
function validations({ reports }: AuditFacts): TimelineEvent[] {
  const told = new Map(
    reports.map(({ runId, at, verdict, rowsCompared }) => [String(runId), { at, verdict, rowsCompared }]),
  );
  return [...told].map(([runId, { at, verdict, rowsCompared }]) =>
    event(String(at), 'validation', `Validation ${runId}: ${verdict}, ${rowsCompared} rows.`),
  );
}

function reads({ flagHistory }: AuditFacts): TimelineEvent[] {
  return flagHistory.map(({ startedAt, number, state, by, flag }) =>
    event(startedAt ?? '', 'reads', `Deployment ${number}, ${state}: ${whoReadsWhat(flag)}.`, by),
  );
}

function acceptances({ quarantine }: AuditFacts): TimelineEvent[] {
  return quarantine.flatMap(({ source, id, reason, accepted }) =>
    accepted ? [event(accepted.at, 'quarantine', `${source} ${id} (${reason.code}) was accepted.`, accepted.by)] : [],
  );
}

function retirement({ retirement: noted }: AuditFacts): TimelineEvent[] {
  if (noted === undefined) return [];
  const { acceptedHeld } = noted;
  const why = acceptedHeld ? `${acceptedHeld.by} answers for ${acceptedHeld.records} held records` : '';
  return [event(noted.at, 'retirement', 'The old tables were found ready to be deleted.', noted.by, why)];
}
