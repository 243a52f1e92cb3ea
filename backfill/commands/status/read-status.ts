import type { AlarmNow } from '../../../functions/account/alarms.ts';
import { type FlagState, readFlagState } from '../../../functions/flag/deployments.ts';
import { readFellBackAt } from '../../../functions/flag/history.ts';
import { readEvidence } from '../../../functions/gate/evidence.ts';
import type { GateEvidence } from '../../../functions/gate/missing-evidence.ts';
import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import { messageOf } from '../../../functions/model/migration-error.ts';
import {
  type Retirement,
  readRetirement,
  readWatchRound,
  type WatchRound,
} from '../../../functions/tables/control/documents.ts';
import { type Operation, readOperations } from '../../../functions/tables/control/operations.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import type { QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { type RunSpent, readSpent } from '../../../functions/tables/control/spent-units.ts';
import { readSteering, type Steering } from '../../../functions/tables/control/steering.ts';
import { readUnfinished, type UnfinishedItem } from '../../../functions/tables/control/unfinished-items.ts';
import { dynamoBackups } from '../../../functions/tables/dynamo/backups.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { type RollingState, storedRolling } from '../../../functions/validation/rolling-state.ts';
import { dashboardUrl } from '../../../infra/console-links.ts';
import type { Settings } from '../../../infra/settings.ts';
import { stackNames } from '../../../infra/stack-names.ts';
import { ENGINE_ACCOUNT } from '../../account/which-account.ts';
import { type PassReport, reportPasses } from '../../copy/backfill.ts';
import { readCheckpoints } from '../../copy/run-state.ts';
import { type Environment, gateOf } from '../../environment.ts';
import { type Holder, readHolder } from '../../lease/lease-row.ts';
import { type ReplicationReport, reportReplication } from '../../replication-health.ts';
import { within } from '../../within.ts';
import { spentReport } from '../backfill/describe-spent.ts';
import { openFlag } from '../flag/open-flag.ts';
import { checkTables, type Finding } from '../preflight/preflight.ts';
import { RETIRED_ROLES } from '../retire/what-keeps-old-tables.ts';
import { positionOf } from './journey.ts';
import type { JourneyFacts, Position, UnreadableFlag } from './journey-facts.ts';

/** What the control table holds of a migration. */
export interface ControlState {
  readonly evidence: GateEvidence;
  readonly passes: readonly PassReport[];
  /** Who holds the backfill's lease; undefined if nobody does. */
  readonly lease: Holder | undefined;
  readonly quarantine: readonly QuarantineEntry[];
  readonly unfinished: readonly UnfinishedItem[];
  readonly rolling: RollingState | undefined;
  readonly watched: WatchRound | undefined;
  readonly retirement: Retirement | undefined;
  readonly operations: readonly Operation[];
  /** What operators have ordered a running backfill. */
  readonly steering: Steering;
  /** What the run has taken so far; undefined where there is none. */
  readonly spent: RunSpent | undefined;
}

/** Why CloudWatch does not tell of the alarms. */
export interface UnreadableAlarms {
  readonly unreadable: string;
}

/** Everything that `status` and the cockpit show. */
export interface Status {
  readonly environment: string;
  /** ISO 8601: when it was read. */
  readonly at: string;
  readonly findings: readonly Finding[];
  /** Items of each old table, as DynamoDB last counted: for estimates only. */
  readonly itemCounts: Readonly<Partial<Record<Source, number>>>;
  /** Undefined while there is no control table. */
  readonly control: ControlState | undefined;
  /** Undefined while there is no control table. */
  readonly replication: ReplicationReport | undefined;
  readonly flag: FlagState | UnreadableFlag;
  readonly position: Position;
  /** The stack's alarms; undefined on an engine, which has none. */
  readonly alarms: readonly AlarmNow[] | UnreadableAlarms | undefined;
  /** Where a browser finds the stack's dashboard; undefined in `local`. */
  readonly dashboardUrl: string | undefined;
}

/** Reads where the migration is: the tables' descriptions, the control table and AppConfig. It writes nothing. */
export async function readStatus(environment: Environment): Promise<Status> {
  const { client, settings } = environment;
  const nowMs = Date.now();
  const shapes = await describeTables(client, settings.tables);
  const findings = checkTables(shapes, settings.tables);
  const [control, { flag, fellBackAt }, alarms] = await Promise.all([
    shapes.control === undefined ? undefined : readControlState(environment, nowMs),
    readFlag(settings),
    shapes.control === undefined || settings.account === ENGINE_ACCOUNT ? undefined : alarmsOf(settings),
  ]);
  const backedUp = control === undefined && settings.name !== 'local' ? await haveBackups(environment) : undefined;
  const blocking = control?.quarantine.find(({ accepted }) => accepted === undefined);
  const facts = {
    ...{ environment: settings.name, findings, backedUp, flag, fellBackAt, blocking },
    ...(control ?? { passes: [], evidence: undefined }),
    runningBy: control?.lease?.owner,
    pause: control?.steering.pause,
    budget: control && budgetOf(control, settings),
    repairedAt: lastRepair(control?.operations ?? []),
  };
  const position = positionOf(facts, gateOf(environment).limits, nowMs);
  const itemCounts = Object.fromEntries(
    SOURCES.map((source) => [source, shapes[OLD_TABLE_OF[source]]?.itemCountEstimate ?? 0]),
  );
  const replication = control && (await reportReplication(environment, shapes, nowMs));
  const at = new Date(nowMs).toISOString();
  const dashboard = settings.name === 'local' ? undefined : dashboardUrl(settings.region, settings.name);
  const found = { at, findings, itemCounts, control, replication, flag, alarms, position };
  return { environment: settings.name, ...found, dashboardUrl: dashboard };
}

async function readControlState({ client, settings, tables }: Environment, nowMs: number): Promise<ControlState> {
  const { control, transactions } = tables;
  const listed = Array.fromAsync(listQuarantine(client, settings.tables));
  const noted = readUnfinished(control);
  const quarantined = async function* () {
    yield* await listed;
  };
  const [evidence, quarantine, unfinished, stored, holder] = await Promise.all([
    readEvidence({ control, quarantine: quarantined, unfinished: () => noted }, nowMs),
    listed,
    noted,
    readCheckpoints(control),
    readHolder(transactions),
  ]);
  const [rolling, watched, retirement, operations, steering, spent] = await Promise.all([
    storedRolling(control),
    readWatchRound(control),
    readRetirement(control),
    readOperations(control),
    readSteering(control),
    evidence.run && readSpent(control, evidence.run.runId),
  ]);
  return {
    evidence,
    passes: evidence.run ? reportPasses(evidence.run, stored) : [],
    lease: holder !== undefined && holder.untilMs > nowMs ? holder : undefined,
    ...{ quarantine, unfinished, rolling, watched, retirement, operations, steering, spent },
  };
}

/** What the run has cost of its budget, if it has one and units have a price. */
function budgetOf({ evidence, steering, spent }: ControlState, settings: Settings): JourneyFacts['budget'] {
  if (evidence.run === undefined || spent === undefined) return undefined;
  const { usd, budgetUsd, isBudgetSpent } = spentReport(settings, steering, spent, evidence.run.runId);
  if (usd === undefined || budgetUsd === undefined) return undefined;
  return { spentUsd: usd, budgetUsd, isSpent: isBudgetSpent };
}

/** If AppConfig does not answer, the rest of the status is still wanted. */
async function readFlag(settings: Settings): Promise<Pick<Status, 'flag'> & { readonly fellBackAt?: string }> {
  try {
    const { client, ids } = await openFlag(settings);
    const [flag, fellBackAt] = await Promise.all([readFlagState(client, ids), readFellBackAt(client, ids)]);
    return { flag, ...(fellBackAt !== undefined && { fellBackAt }) };
  } catch (error) {
    return { flag: { unreadable: messageOf(error) } };
  }
}

/** If CloudWatch does not answer, the rest of the status is still wanted. */
async function alarmsOf({ name, region }: Settings): Promise<readonly AlarmNow[] | UnreadableAlarms> {
  try {
    // No command but these needs the client, which takes a while to load.
    const { readAlarms } = await import('../../../functions/account/alarms.ts');
    return await within(ALARMS_WITHIN_MS, readAlarms({ region }, stackNames(name).migration));
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}

const ALARMS_WITHIN_MS = 5_000;

async function haveBackups({ client, settings }: Environment): Promise<boolean> {
  const backups = dynamoBackups(client);
  const lists = await Promise.all(RETIRED_ROLES.map((role) => backups.list(settings.tables[role])));
  return lists.every((list) => list.length > 0);
}

function lastRepair(operations: readonly Operation[]): string | undefined {
  return operations.findLast(({ command, exitCode }) => command === 'repair' && exitCode === 0)?.endedAt;
}
