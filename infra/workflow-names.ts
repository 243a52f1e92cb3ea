import { partitionOf } from './regions.ts';
import type { Settings } from './settings.ts';

/** The name of the state machine that runs a backfill. It is the environment's, so a command finds it without any output. */
export function workflowName(environmentName: string): string {
  return `kpi-migration-${environmentName}-backfill`;
}

type Place = Pick<Settings, 'name' | 'account' | 'region'>;

/** The ARN of the state machine. */
export function workflowArn(place: Place): string {
  return `${statesOf(place)}:stateMachine:${workflowName(place.name)}`;
}

/** The ARN of one of its executions, by name; `*` for all of them. */
export function executionArn(place: Place, execution: string): string {
  return `${statesOf(place)}:execution:${workflowName(place.name)}:${execution}`;
}

function statesOf({ account, region }: Place): string {
  return `arn:${partitionOf(region)?.name}:states:${region}:${account}`;
}
