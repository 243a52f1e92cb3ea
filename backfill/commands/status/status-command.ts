import { type FlagState, readFlagState } from '../../../functions/flag/deployments.ts';
import { increase } from '../../../functions/model/counts-by-name.ts';
import { messageOf } from '../../../functions/model/migration-error.ts';
import { readKillSwitch, readRollback, readRun } from '../../../functions/tables/control/documents.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import { QUARANTINE_SOURCES } from '../../../functions/tables/control/quarantine-rows.ts';
import { readUnfinished } from '../../../functions/tables/control/unfinished-items.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import type { Settings } from '../../../infra/settings.ts';
import { reportPasses } from '../../copy/backfill.ts';
import { readCheckpoints } from '../../copy/run-state.ts';
import { openEnvironment } from '../../environment.ts';
import { readHolder } from '../../lease/lease-row.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeReplication, reportReplication } from '../../replication-health.ts';
import { openFlag } from '../flag/open-flag.ts';
import { describeStatus, nextStepOf } from './describe-status.ts';

/** `status`: how far the backfill is, how much is in quarantine, who reads what, and the next step. */
export async function statusCommand({ env }: { readonly env: string }): Promise<CommandResult> {
  const environment = await openEnvironment(env, 'read');
  const { client, settings, tables } = environment;
  const run = await readRun(tables.control);
  const passes = run ? reportPasses(run, await readCheckpoints(tables.control)) : [];
  const holder = await readHolder(tables.transactions);
  const lease = holder !== undefined && holder.untilMs > Date.now() ? holder : undefined;
  const quarantined = new Map<string, number>(QUARANTINE_SOURCES.map((source) => [source, 0]));
  for await (const { source } of listQuarantine(client, settings.tables)) {
    increase(quarantined, source, 1);
  }
  const unfinished = await readUnfinished(tables.control);
  const rollback = await readRollback(tables.control);
  const killSwitch = await readKillSwitch(tables.control);
  const found = { run, passes, lease, quarantined, unfinished, flag: await readFlag(settings), rollback, killSwitch };
  const shapes = await describeTables(client, settings.tables);
  const replication = await reportReplication(environment, shapes, Date.now());
  const nextStep = nextStepOf(found);
  return {
    exitCode: EXIT.done,
    document: { ...found, replication, nextStep },
    lines: [...describeStatus(found), ...describeReplication(replication), `Next: ${nextStep}`],
  };
}

/** If AppConfig does not answer, the rest of the status is still wanted. */
async function readFlag(settings: Settings): Promise<FlagState | { readonly unreadable: string }> {
  try {
    const { client, ids } = await openFlag(settings);
    return await readFlagState(client, ids);
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}
