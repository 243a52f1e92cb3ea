import { applyFlagChange, type FlagChange, planFlagChange } from '../../../functions/flag/change.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { flagSchema, type Stage } from '../../../functions/flag/stages.ts';
import { GateRefusedError, passGate } from '../../../functions/gate/gate.ts';
import type { Blocker } from '../../../functions/gate/missing-evidence.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { operatorOf } from '../../account/operator.ts';
import { type Environment, gateOf, type Intent, openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeChange, whoReadsWhat } from './describe-flag.ts';
import { openFlag } from './open-flag.ts';

export interface StageOptions {
  readonly stage: Stage;
  readonly env: string;
  readonly percent?: number;
  readonly tenant: readonly string[];
  readonly lagBoundMs?: number;
  readonly execute: boolean;
}

/** `stage`: shows what a change of the flag does and what the gate says of it; with `--execute` deploys it. */
export async function stageCommand(options: StageOptions): Promise<CommandResult> {
  const next = flagOf(options);
  const environment = await openEnvironment(options.env, intentOf(options));
  const access = await openFlag(environment.settings);
  const change = await planFlagChange(access, next);
  if (options.execute) {
    const deployment = await applyFlagChange(access, change, operatorOf(environment.caller));
    return {
      exitCode: EXIT.done,
      document: { ...change, deployment },
      lines: [`Deployment ${deployment} has started: ${whoReadsWhat(next)}.`, 'Next: kpi-migrate status'],
    };
  }
  const refusals = await refusalsOf(environment, change);
  return {
    exitCode: refusals.length > 0 ? EXIT.failed : EXIT.done,
    document: { ...change, refusals },
    lines: describeChange(change, refusals),
  };
}

/** Reads may move back to the old tables whatever the settings are. */
function intentOf({ stage, execute }: StageOptions): Intent {
  return execute && stage !== 'old' ? 'write' : 'read';
}

/** @throws MigrationError SETTINGS_FLAG if the options do not fit the stage. */
function flagOf({ stage, percent, tenant, lagBoundMs }: StageOptions): FlagContent {
  const namesReaders = percent !== undefined || tenant.length > 0;
  if (namesReaders !== (stage === 'new')) {
    const message = `Stage ${stage} ${namesReaders ? 'takes neither --percent nor --tenant' : 'needs --percent or --tenant'}.`;
    throw new MigrationError('SETTINGS_FLAG', message, {
      nextStep: 'For example: kpi-migrate stage new --percent 1',
    });
  }
  if (stage === 'old') return { enabled: false };
  return flagSchema.parse({
    enabled: true,
    stage,
    percent: percent ?? 0,
    tenants: [...new Set(tenant)],
    ...(lagBoundMs !== undefined && { lagBoundMs }),
  });
}

/** What AppConfig's gate would refuse: the same code on the same evidence. */
async function refusalsOf(environment: Environment, change: FlagChange): Promise<readonly Blocker[]> {
  try {
    await passGate({ ...gateOf(environment), deployedFlag: async () => change.current }, change.next);
    return [];
  } catch (error) {
    if (error instanceof GateRefusedError) return error.blockers;
    throw error;
  }
}
