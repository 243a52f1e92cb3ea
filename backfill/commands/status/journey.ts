import type { FlagDeployment, FlagState } from '../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { readsAnyNew } from '../../../functions/flag/widening.ts';
import { type GateEvidence, type GateLimits, missingEvidence } from '../../../functions/gate/missing-evidence.ts';
import type { ErrorCode } from '../../../functions/model/error-codes.ts';
import type { Pause } from '../../../functions/tables/control/steering.ts';
import { describeOrder } from '../../copy/steering.ts';
import { idWords } from '../../next-step.ts';
import { shownUsd, withHigherBudget } from '../backfill/describe-spent.ts';
import { whoReadsWhat } from '../flag/describe-flag.ts';
import type { JourneyFacts, Position, State } from './journey-facts.ts';
import { readsPosition } from './journey-of-reads.ts';
import { at, deploy, isAfter, position, stepOf, waiting } from './positions.ts';

type Found = Position | undefined;

/**
 * Where the migration is, and the one command to run next. Pure. `status`, the end of every command and the cockpit say
 * what it says. What endangers readers comes first, then what is in progress, then the steps in their order.
 */
export function positionOf(facts: JourneyFacts, limits: GateLimits, nowMs: number): Position {
  const { evidence } = facts;
  if (evidence === undefined) return nothingDeployed(facts);
  return (
    newSideDiffers(facts, evidence) ??
    paused(facts) ??
    running(facts) ??
    rollbackUnfinished(facts, evidence) ??
    rollout(facts) ??
    tablesUnfit(facts) ??
    copy(facts, evidence) ??
    quarantine(facts) ??
    readsPosition(facts, new Set(missingEvidence(evidence, limits, nowMs).map(({ code }) => code)), nowMs)
  );
}

function nothingDeployed(facts: JourneyFacts): Position {
  const { environment, backedUp } = facts;
  if (environment === 'local') {
    const says = 'The local cloud has no tables of the migration.';
    return position(facts, ['nothing-deployed', 'deploy', says], ['local'], 'starts a local cloud that has them');
  }
  const says = 'The stack is not deployed: there is no control table.';
  return backedUp === false
    ? position(facts, ['nothing-deployed', 'backup', says], ['backup', '--execute'], 'backs up every table first')
    : at('nothing-deployed', 'deploy', says, deploy(environment, 'turns the streams on and starts replication'));
}

/** What the stack's deployment corrects. Everything else a person has to look at. */
const CORRECTED_BY_DEPLOYMENT: ReadonlySet<ErrorCode> = new Set(['STREAM_OFF', 'TABLE_MISSING']);

function tablesUnfit(facts: JourneyFacts): Found {
  const { findings, environment } = facts;
  if (findings.length === 0) return undefined;
  const says = `The tables are not as the migration needs them: ${findings.map(({ role, code }) => `${role} ${code}`).join(', ')}.`;
  const canDeploy = environment !== 'local' && findings.every(({ code }) => CORRECTED_BY_DEPLOYMENT.has(code));
  return canDeploy
    ? at('tables-unfit', 'deploy', says, deploy(environment, 'corrects them'))
    : position(facts, ['tables-unfit', 'preflight', says], ['preflight'], 'says how to correct each of them');
}

/** The flags under which reads are, or are on their way. */
function flagsInForce({ deployed, inProgress }: FlagState): (FlagContent | undefined)[] {
  return [deployed, ...(inProgress ? [inProgress.flag] : [])];
}

/** Readers of the new tables may get wrong answers: nothing comes before taking them back. */
function newSideDiffers(facts: JourneyFacts, { report }: GateEvidence): Found {
  const { flag, repairedAt } = facts;
  if ('unreadable' in flag) return undefined;
  if (!flagsInForce(flag).some((content) => content !== undefined && readsAnyNew(content))) return undefined;
  const disagrees = report?.verdict === 'disagree' && !isAfter(repairedAt, report.at);
  const says = disagrees ? 'The last validation disagrees' : differingRound(facts, report);
  if (says === undefined) return undefined;
  const where = ['new-side-differs', 'watch', `${says}, and readers use the new tables.`] as const;
  return position(facts, where, ['fallback'], 'puts all reads back on the old tables at once');
}

/** What a round found that no agreeing validation has looked at since. */
function differingRound({ rolling, watched }: JourneyFacts, report: GateEvidence['report']): string | undefined {
  const agreedAt = report?.verdict === 'agree' ? report.at : undefined;
  const rounds = [
    { rows: rolling?.rowsDiffering, at: rolling?.roundStartedAt },
    { rows: rolling?.lastRoundDiffering, at: rolling?.lastRoundEndedAt },
    { rows: watched?.rowsDiffering, at: watched?.endedAt },
  ];
  const differing = rounds.find(({ rows = 0, at }) => rows > 0 && !isAfter(agreedAt, at));
  return differing && `The standing validation found ${differing.rows} rows that differ`;
}

function paused(facts: JourneyFacts): Found {
  const { pause, runningBy } = facts;
  if (!pause?.isPaused || runningBy === undefined) return undefined;
  return pausedBy(facts, pause, `${runningBy} waits.`);
}

function pausedBy(facts: JourneyFacts, pause: Pause, consequence: string): Position {
  const says = `Copying is paused by ${describeOrder(pause)}. ${consequence}`;
  return position(facts, ['paused', 'backfill', says], ['resume', '--execute'], 'lets it go on', pause.at);
}

function running(facts: JourneyFacts): Found {
  if (facts.runningBy === undefined) return undefined;
  const says = `${facts.runningBy} is running a backfill, a repair or a rollback.`;
  return waiting(facts, ['running', 'backfill', says], 'waits until that command has finished');
}

function rollbackUnfinished(facts: JourneyFacts, { rollback }: GateEvidence): Found {
  if (rollback === undefined || rollback.endedAt !== undefined) return undefined;
  const says = `The rollback by ${rollback.by}, started ${rollback.begunAt}, has not finished.`;
  const where = ['rollback-unfinished', 'backfill', says] as const;
  return position(facts, where, ['rollback', '--execute'], 'continues the rollback', rollback.begunAt);
}

const ROLLOUT: Readonly<Partial<Record<FlagDeployment['state'], State>>> = {
  BAKING: 'baking',
  ROLLING_BACK: 'rolling-back',
};

function rollout(facts: JourneyFacts): Found {
  if ('unreadable' in facts.flag || facts.flag.inProgress === undefined) return undefined;
  const { number, state, percentageComplete, flag, startedAt } = facts.flag.inProgress;
  const says = `Deployment ${number} is ${state} at ${percentageComplete} %: ${whoReadsWhat(flag)}.`;
  const where = [ROLLOUT[state] ?? 'deploying', stepOf(flag), says] as const;
  return waiting(facts, where, 'waits until the deployment is complete', startedAt);
}

function copy(facts: JourneyFacts, { run, unfinished }: GateEvidence): Found {
  const { pause, budget } = facts;
  if (pause?.isPaused && run?.finishedAt === undefined) return pausedBy(facts, pause, 'A backfill that starts waits.');
  if (run === undefined) {
    const where = ['not-copied', 'backfill', 'Replication is live. The new tables lack history.'] as const;
    return position(facts, where, ['plan'], 'shows what a backfill would write');
  }
  const execute = ['backfill', '--execute'];
  const due = facts.passes.find((pass) => !pass.done);
  if (due !== undefined) {
    const says = `The backfill started ${run.startedAt} is not finished: ${due.pass} is next.`;
    if (budget?.isSpent) {
      const spent = `${says} It has cost ${shownUsd(budget.spentUsd)} of its budget of ${shownUsd(budget.budgetUsd)} USD.`;
      const where = ['budget-spent', 'backfill', spent] as const;
      return position(
        facts,
        where,
        withHigherBudget(budget.budgetUsd),
        'continues with twice the budget',
        run.startedAt,
      );
    }
    return position(facts, ['copy-unfinished', 'backfill', says], execute, 'continues where it was', run.startedAt);
  }
  if (unfinished.length > 0) {
    const says = `${unfinished.length} items could neither be replicated nor quarantined.`;
    return position(facts, ['items-unfinished', 'backfill', says], execute, 'retries these items');
  }
  if (run.finishedAt !== undefined) return undefined;
  const where = ['copy-unfinished', 'backfill', 'Every pass is done, but the run is not closed.'] as const;
  return position(facts, where, execute, 'closes the run');
}

function quarantine(facts: JourneyFacts): Found {
  const { blocking, evidence } = facts;
  if (blocking === undefined) return undefined;
  const count = evidence?.unaccepted.length ?? 1;
  const says = `${count} quarantined ${count === 1 ? 'item blocks' : 'items block'} the cutover: each must be corrected in the service, or accepted.`;
  const words = ['quarantine', 'show', blocking.source, ...idWords(blocking.id)];
  return position(facts, ['quarantine-blocks', 'validate', says], words, 'shows the first of them');
}
