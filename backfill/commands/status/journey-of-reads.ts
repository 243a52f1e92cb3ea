import type { FlagState } from '../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { DEFAULT_LAG_BOUND_MS } from '../../../functions/flag/stages.ts';
import { readsAnyNew } from '../../../functions/flag/widening.ts';
import type { ErrorCode } from '../../../functions/model/error-codes.ts';
import { whoReadsWhat } from '../flag/describe-flag.ts';
import { DAY_MS, READS_NEW_DAYS_MIN, STANDING_ROUND_AGE_DAYS_MAX } from '../retire/what-keeps-old-tables.ts';
import type { JourneyFacts, Position, State, Step } from './journey-facts.ts';
import { isAfter, position, stepOf, waiting } from './positions.ts';

/** The percentages that reads go through. */
const PERCENTAGES = [1, 10, 100] as const;

function nextPercent(deployed: FlagContent | undefined): (typeof PERCENTAGES)[number] {
  const now = deployed?.enabled && deployed.stage === 'new' ? deployed.percent : 0;
  return PERCENTAGES.find((each) => each > now) ?? 100;
}

/** Where the reads are, once history is copied and nothing in quarantine blocks. */
export function readsPosition(facts: JourneyFacts, missing: ReadonlySet<ErrorCode>, nowMs: number): Position {
  const { flag } = facts;
  if ('unreadable' in flag) {
    const where = ['flag-unreadable', 'shadow', `The read flag cannot be read: ${flag.unreadable}`] as const;
    return position(facts, where, ['status'], 'tries again; if it stays so, the message says what is wrong');
  }
  const { deployed } = flag;
  if (facts.evidence?.killSwitch && deployed && readsAnyNew(deployed)) {
    return killSwitch(facts, stepOf(deployed), ['fallback'], 'disables the flag, so that the switch can be lifted');
  }
  if (deployed?.enabled && deployed.stage === 'new' && deployed.percent >= 100) {
    return allReadNew(facts, flag, missing, nowMs);
  }
  return setBack(facts, flag, beforeStage(facts, missing, flag) ?? toNextStage(facts, flag));
}

/** The stage after the one that is deployed. */
function toNextStage(facts: JourneyFacts, { deployed, last }: FlagState): Position {
  const since = last?.completedAt;
  if (!deployed?.enabled) {
    const where = ['validated', 'shadow', 'Both sides agree. All reads use the old tables.'] as const;
    return position(facts, where, ['stage', 'shadow'], 'shows what stage shadow changes', since);
  }
  const percent = nextPercent(deployed);
  const says = `${capital(whoReadsWhat(deployed))}.`;
  const where = [deployed.stage === 'shadow' ? 'shadow' : 'reads-new', `new ${percent} %`, says] as const;
  const why = `shows what ${percent} % changes, and what the gate says; run it when a day of ordinary traffic has gone well`;
  return position(facts, where, stageNew(percent, deployed), why, since);
}

/** The words that widen reads to a percentage, and keep everything else that the deployed flag says. */
function stageNew(percent: number, deployed: FlagContent): string[] {
  const kept = deployed.enabled && deployed.stage === 'new' ? deployed : undefined;
  const lagBound = deployed.enabled ? deployed.lagBoundMs : DEFAULT_LAG_BOUND_MS;
  return [
    ...['stage', 'new', '--percent', String(percent)],
    ...(kept?.tenants ?? []).map((tenant) => `--tenant=${tenant}`),
    ...(lagBound === DEFAULT_LAG_BOUND_MS ? [] : ['--lag-bound-ms', String(lagBound)]),
  ];
}

/** What each step forward begins from: streams that keep up, and a validation that the gate takes. */
function beforeStage(facts: JourneyFacts, missing: ReadonlySet<ErrorCode>, flag: FlagState): Position | undefined {
  if (missing.size === 0) return undefined;
  const report = facts.evidence?.report;
  const step = stepAfter(flag.deployed);
  if (missing.has('STREAM_BEHIND')) {
    const seconds = Math.round(Math.max(0, ...Object.values(facts.evidence?.lagMs ?? {})) / 1_000);
    const says = `A stream is ${seconds} s behind, so reads do not widen.`;
    return waiting(facts, ['streams-behind', step, says], 'waits until the streams have caught up');
  }
  if (missing.has('REPORT_DISAGREES') && !isAfter(facts.repairedAt, report?.at)) {
    const where = ['disagrees', 'validate', 'The last validation disagrees.'] as const;
    return position(facts, where, ['repair'], 'shows what a repair would derive again', report?.at);
  }
  if (!OF_VALIDATION.some((code) => missing.has(code)) && missing.has('KILL_SWITCH_SET')) {
    return killSwitch(facts, step, ['fallback', '--lift'], 'takes the switch away, once its reason is gone');
  }
  const [state, says] = whyValidate(missing, report?.at);
  return position(facts, [state, 'validate', says], ['validate'], 'compares every row of both sides', report?.at);
}

function killSwitch(facts: JourneyFacts, step: Step, words: readonly string[], why: string): Position {
  const { by, at } = facts.evidence?.killSwitch ?? {};
  const says = `${by} has set the kill switch: all reads use the old tables, whatever the flag says.`;
  return position(facts, ['kill-switch', step, says], words, why, at);
}

function whyValidate(missing: ReadonlySet<ErrorCode>, at: string | undefined): readonly [State, string] {
  if (missing.has('NO_REPORT')) return ['not-validated', 'History is copied. There has been no validation.'];
  if (missing.has('REPORT_DISAGREES')) {
    return ['repaired', 'The last validation disagrees, and a repair has finished since.'];
  }
  if (missing.has('REPORT_INCONCLUSIVE')) return ['inconclusive', 'The last validation proved nothing either way.'];
  return [
    'validation-old',
    `The last validation, started ${at}, is not one that the gate takes: ${[...missing].join(', ')}.`,
  ];
}

function stepAfter(deployed: FlagContent | undefined): Step {
  return deployed?.enabled ? `new ${nextPercent(deployed)} %` : 'shadow';
}

/** After a fallback, or after an alarm took a deployment back, the first thing is to find out whether both sides still agree. */
function setBack(facts: JourneyFacts, { deployed, last }: FlagState, otherwise: Position): Position {
  const { fellBackAt, evidence } = facts;
  const isRolledBack = last !== undefined && last.state !== 'COMPLETE';
  const since = isRolledBack ? last.startedAt : deployed?.enabled === false ? fellBackAt : undefined;
  if (since === undefined && !isRolledBack) return otherwise;
  const state: State = isRolledBack ? 'rolled-back' : 'fell-back';
  const says = isRolledBack
    ? `Deployment ${last.number} was rolled back, by an alarm or by a person. ${capital(whoReadsWhat(deployed))}.`
    : 'Reads fell back: all reads use the old tables.';
  const detail = { state, says: `${says} ${otherwise.says}`, ...(since !== undefined && { since }) };
  // A repair, or a wait, comes before the next validation.
  const isSettled = isAfter(evidence?.report?.at, since) || otherwise.waits || otherwise.state === 'disagrees';
  if (isSettled) return { ...otherwise, ...detail };
  const validate = position(
    facts,
    [state, 'validate', says],
    ['validate'],
    'says whether both sides still agree',
    since,
  );
  return { ...validate, step: stepOf(deployed) };
}

/** What another validation may help against. */
const OF_VALIDATION: readonly ErrorCode[] = [
  'MAPPING_CHANGED',
  'NO_REPORT',
  'REPORT_BEFORE_ROLLBACK',
  'REPORT_DISAGREES',
  'REPORT_EMPTY',
  'REPORT_INCONCLUSIVE',
  'REPORT_OLD',
  'REPORT_PARTIAL',
];

function allReadNew(facts: JourneyFacts, flag: FlagState, missing: ReadonlySet<ErrorCode>, nowMs: number): Position {
  const { rolling, watched, retirement, evidence } = facts;
  const since = flag.last?.state === 'COMPLETE' ? flag.last.completedAt : undefined;
  if (retirement !== undefined && !isAfter(since, retirement.at)) {
    const where = ['retired', 'retire', `The old tables may go, as ${retirement.by} has noted.`] as const;
    return position(facts, where, ['report'], 'writes the audit bundle', retirement.at);
  }
  const says = `All tenants read the new tables${since === undefined ? '' : ` since ${since}`}.`;
  const rounds = [rolling?.lastRoundEndedAt, watched?.endedAt].filter((at) => at !== undefined).map(Date.parse);
  const youngestMs = Math.max(Date.parse(since ?? ''), nowMs - STANDING_ROUND_AGE_DAYS_MAX * DAY_MS);
  if (!rounds.some((endedMs) => !(endedMs < youngestMs))) {
    const why = 'compares the tables once, until the standing validation has finished a round';
    return position(facts, ['watching', 'watch', says], ['watch', '--once'], why, since);
  }
  const daysLeft = READS_NEW_DAYS_MIN - (nowMs - Date.parse(since ?? '')) / DAY_MS;
  if (!(daysLeft <= 0)) {
    const left = Number.isNaN(daysLeft) ? READS_NEW_DAYS_MIN : Math.ceil(daysLeft);
    const where = ['watching', 'watch', `${says} They stay watched for ${left} more days.`] as const;
    return position(facts, where, ['retire'], 'lists what still keeps the old tables', since);
  }
  const where = ['may-retire', 'retire', says] as const;
  const validationIsDue = OF_VALIDATION.some((code) => missing.has(code));
  return validationIsDue
    ? position(
        facts,
        where,
        ['validate'],
        `a fresh validation comes before the end (last: ${evidence?.report?.at})`,
        since,
      )
    : position(facts, where, ['retire'], 'lists what still keeps the old tables', since);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
