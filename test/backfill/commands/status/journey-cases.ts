import type { JourneyFacts, State, Step } from '../../../../backfill/commands/status/journey-facts.ts';
import { EMPTY_TALLY } from '../../../../backfill/copy/tally.ts';
import type { FlagDeployment, FlagState } from '../../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../../functions/flag/document.ts';
import type { GateEvidence } from '../../../../functions/gate/missing-evidence.ts';
import { AGREEING } from '../../../gate/agreeing-summary.ts';
import { FINISHED_RUN } from '../../../gate/finished-run.ts';
import { healthyAt } from '../../../health/healthy.ts';

export const NOW = '2026-05-01T12:00:00.000Z';
export const LIMITS = { reportAgeMaxMs: 3_600_000, lagMaxMs: 60_000 };
const ago = (hours: number): string => new Date(Date.parse(NOW) - hours * 3_600_000).toISOString();

const OLD: FlagContent = { enabled: false };
const SHADOW: FlagContent = { enabled: true, stage: 'shadow', percent: 0, tenants: [], lagBoundMs: 10_000 };
const toNew = (percent: number, more: Partial<Extract<FlagContent, { enabled: true }>> = {}): FlagContent => ({
  ...{ enabled: true, stage: 'new', percent, tenants: [], lagBoundMs: 10_000 },
  ...more,
});
const deployed = (flag: FlagContent | undefined, hoursAgo = 30, last: Partial<FlagDeployment> = {}): FlagState => ({
  deployed: flag,
  inProgress: undefined,
  last: {
    ...{ number: 3, version: 3, state: 'COMPLETE', percentageComplete: 100, completedAt: ago(hoursAgo) },
    ...last,
  },
});
const rollout = (state: FlagDeployment['state'], flag: FlagContent): FlagState => ({
  ...deployed(SHADOW),
  inProgress: { number: 4, version: 4, state, percentageComplete: 40, startedAt: ago(0.1), flag },
});

const NO_LAG = { links: 0, milestones: 0, actuals: 0, readings: 0 };
const EVIDENCE: GateEvidence = {
  report: { ...AGREEING, at: ago(0.5) },
  run: FINISHED_RUN,
  mappingHash: 'mapping',
  unaccepted: [],
  unfinished: [],
  lagMs: NO_LAG,
  replication: healthyAt(Date.parse(NOW)),
};
const PASSES = (['links', 'sweep-kpis'] as const).map((pass) => ({ pass, done: true, tally: EMPTY_TALLY }));
const VALIDATED: JourneyFacts = {
  environment: 'production',
  findings: [],
  evidence: EVIDENCE,
  passes: PASSES,
  flag: deployed(OLD),
};

export type Changes = Partial<JourneyFacts> & { readonly gate?: Partial<GateEvidence> };
export const factsWith = ({ gate, ...changes }: Changes): JourneyFacts => ({
  ...VALIDATED,
  evidence: { ...EVIDENCE, ...gate },
  ...changes,
});
const missing = { code: 'TABLE_MISSING', role: 'control' } as const;
const unfinishedRun = { startedAt: ago(1), runId: 'run', totalSegments: 4, isRepeat: false };
const due = [
  { pass: 'links' as const, done: true, tally: EMPTY_TALLY },
  { pass: 'sweep-kpis' as const, done: false, tally: EMPTY_TALLY },
];
const reportOf = (verdict: 'disagree' | 'inconclusive', hoursAgo = 0.5) => ({
  report: { ...AGREEING, verdict, at: ago(hoursAgo), reasons: ['because'] },
});
const rolling = { parts: 96, next: 4, roundStartedAt: ago(2), rowsCompared: 50, rowsDiffering: 0 };
const round = { ...rolling, lastRoundEndedAt: ago(2), lastRoundDiffering: 0 };
const watched = { startedAt: ago(1), endedAt: ago(0.9), rowsCompared: 9, rowsDiffering: 0 };
const retirement = { at: ago(1), by: 'Ada', backupArns: [] };

const PAUSE = { isPaused: true, by: 'Ada', at: ago(0.1), reason: 'the service is slow' };

const P = ' --env production';
/** A state, what brings it about, and what the journey has to say of it. */
export const CASES: [name: string, Changes, State, Step, command: string][] = [
  [
    'nothing deployed, no backup',
    { evidence: undefined, findings: [missing], backedUp: false, passes: [] },
    'nothing-deployed',
    'backup',
    `backup --execute${P}`,
  ],
  [
    'nothing deployed, backed up',
    { evidence: undefined, findings: [missing], backedUp: true, passes: [] },
    'nothing-deployed',
    'deploy',
    'npx cdk deploy --all -c environment=production',
  ],
  [
    'nothing deployed in local',
    { environment: 'local', evidence: undefined, findings: [missing], passes: [] },
    'nothing-deployed',
    'deploy',
    'local',
  ],
  [
    'a stream off',
    { findings: [{ code: 'STREAM_OFF', role: 'kpiActuals' }] },
    'tables-unfit',
    'deploy',
    'npx cdk deploy --all -c environment=production',
  ],
  [
    'a table of the service unfit',
    { findings: [{ code: 'KEY_SCHEMA', role: 'kpis' }] },
    'tables-unfit',
    'preflight',
    `preflight${P}`,
  ],
  [
    'new tables empty',
    { gate: { run: undefined, report: undefined }, passes: [] },
    'not-copied',
    'backfill',
    `plan${P}`,
  ],
  [
    'another command runs',
    { runningBy: 'Ada on laptop', gate: { run: unfinishedRun }, passes: due },
    'running',
    'backfill',
    `status --wait${P}`,
  ],
  [
    'another command runs, and is paused',
    { runningBy: 'Ada on laptop', pause: PAUSE, gate: { run: unfinishedRun }, passes: due },
    'paused',
    'backfill',
    `resume --execute${P}`,
  ],
  [
    'copy interrupted, and paused',
    { pause: PAUSE, gate: { run: unfinishedRun }, passes: due },
    'paused',
    'backfill',
    `resume --execute${P}`,
  ],
  [
    'copy interrupted, after a pause that is over',
    { pause: { ...PAUSE, isPaused: false }, gate: { run: unfinishedRun }, passes: due },
    'copy-unfinished',
    'backfill',
    `backfill --execute${P}`,
  ],
  ['copied, and still paused', { pause: PAUSE }, 'validated', 'shadow', `stage shadow${P}`],
  [
    'copy stopped at its budget',
    {
      gate: { run: unfinishedRun },
      passes: due,
      budget: { spentUsd: 0.00095, budgetUsd: 0.001, isSpent: true },
    },
    'budget-spent',
    'backfill',
    `backfill --execute --budget-usd 0.002${P}`,
  ],
  [
    'copy interrupted within its budget',
    { gate: { run: unfinishedRun }, passes: due, budget: { spentUsd: 1, budgetUsd: 9, isSpent: false } },
    'copy-unfinished',
    'backfill',
    `backfill --execute${P}`,
  ],
  [
    'copy interrupted',
    { gate: { run: unfinishedRun }, passes: due },
    'copy-unfinished',
    'backfill',
    `backfill --execute${P}`,
  ],
  [
    'swept, but the run still open',
    { gate: { run: unfinishedRun } },
    'copy-unfinished',
    'backfill',
    `backfill --execute${P}`,
  ],
  [
    'items unfinished',
    { gate: { unfinished: ['links l1'] } },
    'items-unfinished',
    'backfill',
    `backfill --execute${P}`,
  ],
  [
    'rollback interrupted',
    { gate: { rollback: { begunAt: ago(1), by: 'Ada' }, run: undefined } },
    'rollback-unfinished',
    'backfill',
    `rollback --execute${P}`,
  ],
  [
    'rolled back whole',
    { gate: { rollback: { begunAt: ago(1), by: 'Ada', endedAt: ago(0.9) }, run: undefined }, passes: [] },
    'not-copied',
    'backfill',
    `plan${P}`,
  ],
  [
    'quarantined items block',
    { gate: { unaccepted: ['links l1', 'links l2'] }, blocking: { source: 'links', id: 'l1' } },
    'quarantine-blocks',
    'validate',
    `quarantine show links l1${P}`,
  ],
  [
    'a quarantined id with a dash and a quote',
    { gate: { unaccepted: ['links x'] }, blocking: { source: 'links', id: "-it's $HOME" } },
    'quarantine-blocks',
    'validate',
    `quarantine show links${P} -- '-it'\\''s $HOME'`,
  ],
  ['swept, never validated', { gate: { report: undefined } }, 'not-validated', 'validate', `validate${P}`],
  [
    'a stream behind',
    { gate: { lagMs: { ...NO_LAG, actuals: 90_000 }, report: undefined } },
    'streams-behind',
    'shadow',
    `status --wait${P}`,
  ],
  ['disagrees', { gate: reportOf('disagree') }, 'disagrees', 'validate', `repair${P}`],
  ['repaired since', { gate: reportOf('disagree'), repairedAt: ago(0.1) }, 'repaired', 'validate', `validate${P}`],
  [
    'disagrees again after a repair',
    { gate: reportOf('disagree', 0.1), repairedAt: ago(0.5) },
    'disagrees',
    'validate',
    `repair${P}`,
  ],
  ['inconclusive', { gate: reportOf('inconclusive') }, 'inconclusive', 'validate', `validate${P}`],
  [
    'validated before a rollback',
    { gate: { rollback: { begunAt: ago(0.4), by: 'Ada', endedAt: ago(0.3) } } },
    'validation-old',
    'validate',
    `validate${P}`,
  ],
  ['another mapping since', { gate: { mappingHash: 'another' } }, 'validation-old', 'validate', `validate${P}`],
  ['validated', {}, 'validated', 'shadow', `stage shadow${P}`],
  [
    'validation too old',
    { gate: { report: { ...AGREEING, at: ago(1.1) } } },
    'validation-old',
    'validate',
    `validate${P}`,
  ],
  ['flag unreadable', { flag: { unreadable: 'no network' } }, 'flag-unreadable', 'shadow', `status${P}`],
  ['shadow', { flag: deployed(SHADOW) }, 'shadow', 'new 1 %', `stage new --percent 1${P}`],
  [
    'shadow, validation too old',
    { flag: deployed(SHADOW), gate: { report: { ...AGREEING, at: ago(2) } } },
    'validation-old',
    'validate',
    `validate${P}`,
  ],
  ['deploying shadow', { flag: rollout('DEPLOYING', SHADOW) }, 'deploying', 'shadow', `status --wait${P}`],
  [
    'being validated by AppConfig',
    { flag: rollout('VALIDATING', toNew(1)) },
    'deploying',
    'new 1 %',
    `status --wait${P}`,
  ],
  ['baking', { flag: rollout('BAKING', toNew(10)) }, 'baking', 'new 10 %', `status --wait${P}`],
  ['being rolled back', { flag: rollout('ROLLING_BACK', toNew(10)) }, 'rolling-back', 'new 10 %', `status --wait${P}`],
  [
    'rolled back by an alarm',
    { flag: deployed(SHADOW, 30, { state: 'ROLLED_BACK', startedAt: ago(0.2) }) },
    'rolled-back',
    'shadow',
    `validate${P}`,
  ],
  [
    'rolled back, and validated since',
    { flag: deployed(SHADOW, 30, { state: 'ROLLED_BACK', startedAt: ago(0.7) }) },
    'rolled-back',
    'new 1 %',
    `stage new --percent 1${P}`,
  ],
  ['fell back', { flag: deployed(OLD, 0.2), fellBackAt: ago(0.2) }, 'fell-back', 'validate', `validate${P}`],
  [
    'fell back, validated since',
    { flag: deployed(OLD, 0.7), fellBackAt: ago(0.7) },
    'fell-back',
    'shadow',
    `stage shadow${P}`,
  ],
  [
    'fell back, disagrees since',
    { flag: deployed(OLD, 0.7), fellBackAt: ago(0.7), gate: reportOf('disagree') },
    'fell-back',
    'validate',
    `repair${P}`,
  ],
  [
    'the kill switch is set, the flag is disabled',
    { gate: { killSwitch: { at: ago(1), by: 'Ada' } } },
    'kill-switch',
    'shadow',
    `fallback --lift${P}`,
  ],
  [
    'the kill switch is set, and the validation too old',
    { gate: { killSwitch: { at: ago(1), by: 'Ada' }, report: { ...AGREEING, at: ago(2) } } },
    'validation-old',
    'validate',
    `validate${P}`,
  ],
  [
    'the kill switch is set over a flag that reads new tables',
    { flag: deployed(toNew(100)), gate: { killSwitch: { at: ago(1), by: 'Ada' } } },
    'kill-switch',
    'new 100 %',
    `fallback${P}`,
  ],
  ['new 1 %', { flag: deployed(toNew(1)) }, 'reads-new', 'new 10 %', `stage new --percent 10${P}`],
  [
    'new for named tenants',
    { flag: deployed(toNew(0, { tenants: ['a b', '-c'] })) },
    'reads-new',
    'new 1 %',
    `stage new --percent 1 '--tenant=a b' --tenant=-c${P}`,
  ],
  [
    'new 10 % with a bound of its own',
    { flag: deployed(toNew(10, { lagBoundMs: 5 })) },
    'reads-new',
    'new 100 %',
    `stage new --percent 100 --lag-bound-ms 5${P}`,
  ],
  [
    'new 10 %, validation too old',
    { flag: deployed(toNew(10)), gate: { report: { ...AGREEING, at: ago(2) } } },
    'validation-old',
    'validate',
    `validate${P}`,
  ],
  [
    'new 10 %, validation disagrees',
    { flag: deployed(toNew(10)), gate: reportOf('disagree') },
    'new-side-differs',
    'watch',
    `fallback${P}`,
  ],
  [
    'new 100 %, the standing validation finds differences',
    {
      flag: deployed(toNew(100)),
      gate: { report: { ...AGREEING, at: ago(3) } },
      rolling: { ...round, rowsDiffering: 2 },
    },
    'new-side-differs',
    'watch',
    `fallback${P}`,
  ],
  [
    'new 100 %, watch finds differences',
    { flag: deployed(toNew(100)), watched: { ...watched, endedAt: ago(0.1), rowsDiffering: 2 } },
    'new-side-differs',
    'watch',
    `fallback${P}`,
  ],
  [
    'on the way to new, and the last validation disagrees',
    { flag: rollout('DEPLOYING', toNew(1)), gate: reportOf('disagree') },
    'new-side-differs',
    'watch',
    `fallback${P}`,
  ],
  ['new 100 %, not watched yet', { flag: deployed(toNew(100)) }, 'watching', 'watch', `watch --once${P}`],
  [
    'new 100 %, watched before that',
    { flag: deployed(toNew(100), 0.5), watched },
    'watching',
    'watch',
    `watch --once${P}`,
  ],
  ['new 100 %, watched', { flag: deployed(toNew(100)), watched }, 'watching', 'watch', `retire${P}`],
  ['new 100 %, a standing round', { flag: deployed(toNew(100)), rolling: round }, 'watching', 'watch', `retire${P}`],
  [
    'new 100 %, a repaired difference',
    { flag: deployed(toNew(100)), watched, rolling: { ...round, rowsDiffering: 2 } },
    'watching',
    'watch',
    `retire${P}`,
  ],
  [
    'new 100 %, nobody can say since when',
    { flag: { ...deployed(toNew(100)), last: undefined }, watched },
    'watching',
    'watch',
    `retire${P}`,
  ],
  [
    'new 100 % for a week, a round that is too old',
    { flag: deployed(toNew(100), 200), rolling: { ...round, lastRoundEndedAt: ago(100) } },
    'watching',
    'watch',
    `watch --once${P}`,
  ],
  ['new 100 % for a week', { flag: deployed(toNew(100), 200), rolling: round }, 'may-retire', 'retire', `retire${P}`],
  [
    'new 100 % for a week, validation too old',
    { flag: deployed(toNew(100), 200), rolling: round, gate: { report: { ...AGREEING, at: ago(20) } } },
    'may-retire',
    'retire',
    `validate${P}`,
  ],
  [
    'new 100 %, a new quarantined item',
    {
      flag: deployed(toNew(100)),
      watched,
      gate: { unaccepted: ['links l1'] },
      blocking: { source: 'links', id: 'l1' },
    },
    'quarantine-blocks',
    'validate',
    `quarantine show links l1${P}`,
  ],
  ['retired', { flag: deployed(toNew(100), 200), retirement }, 'retired', 'retire', `report${P}`],
  [
    'retired once, and fallen back since',
    { flag: deployed(OLD, 0.2), fellBackAt: ago(0.2), retirement },
    'fell-back',
    'validate',
    `validate${P}`,
  ],
];
