import type { DeploymentStrategy } from './resources.ts';

export type DeploymentState =
  | 'VALIDATING'
  | 'DEPLOYING'
  | 'BAKING'
  | 'COMPLETE'
  | 'ROLLING_BACK'
  | 'ROLLED_BACK'
  | 'REVERTED';

/** What ended a deployment before its time, or took back a complete one. */
export interface Stop {
  readonly kind: 'rollback' | 'revert';
  readonly atMs: number;
  readonly triggeredBy: 'USER' | 'APPCONFIG' | 'CLOUDWATCH_ALARM';
  readonly description: string;
}

/** The course of a deployment: all that its state at any time follows from. Instants are milliseconds since 1970. */
export interface Course {
  readonly growth: Pick<DeploymentStrategy, 'growthType' | 'growthFactor'>;
  readonly startedAtMs: number;
  /** Validators are still being asked, so nothing else counts yet. */
  readonly isValidating?: boolean;
  /** As it runs here: divided by the time scale. */
  readonly growingMs: number;
  readonly bakingMs: number;
  readonly rollingBackMs: number;
  readonly stop?: Stop;
}

export interface Moment {
  readonly state: DeploymentState;
  /** Share of sessions that are to get the deployed version. */
  readonly percentageComplete: number;
  /** When the deployment came to rest, if it has. */
  readonly completedAtMs?: number;
}

export interface DeploymentEvent {
  readonly EventType: string;
  readonly TriggeredBy: string;
  readonly Description: string;
  readonly OccurredAt: string;
}

/**
 * State of a deployment at an instant.
 *
 * Growth is as AppConfig's User Guide has it ("Working with deployment strategies"): linear adds the growth factor in each step,
 * exponential deploys to G*(2^N) percent; the steps are spread evenly over the duration, and the first is taken at once.
 */
export function momentOf(course: Course, nowMs: number): Moment {
  const { stop } = course;
  if (course.isValidating === true) return { state: 'VALIDATING', percentageComplete: 0 };
  if (stop && nowMs >= stop.atMs) {
    if (stop.kind === 'revert') return { state: 'REVERTED', percentageComplete: 0, completedAtMs: stop.atMs };
    const endMs = stop.atMs + course.rollingBackMs;
    if (nowMs < endMs) return { state: 'ROLLING_BACK', percentageComplete: 0 };
    return { state: 'ROLLED_BACK', percentageComplete: 0, completedAtMs: endMs };
  }
  const elapsedMs = nowMs - course.startedAtMs;
  if (elapsedMs >= course.growingMs + course.bakingMs) {
    return { state: 'COMPLETE', percentageComplete: 100, completedAtMs: completionOf(course) };
  }
  if (elapsedMs >= course.growingMs) return { state: 'BAKING', percentageComplete: 100 };
  const percentages = growthSteps(course.growth);
  const step = Math.floor((elapsedMs / course.growingMs) * percentages.length);
  return { state: 'DEPLOYING', percentageComplete: percentages[step] ?? 100 };
}

/** When a deployment is complete if nothing stops it. */
export function completionOf({ startedAtMs, growingMs, bakingMs }: Course): number {
  return startedAtMs + growingMs + bakingMs;
}

export function isInProgress(state: DeploymentState): boolean {
  return state === 'VALIDATING' || state === 'DEPLOYING' || state === 'BAKING' || state === 'ROLLING_BACK';
}

/** What has happened until now, newest first, as AppConfig lists it. */
export function eventsOf(course: Course, nowMs: number): DeploymentEvent[] {
  const { stop, startedAtMs, growingMs } = course;
  if (course.isValidating === true) return [];
  const percentages = growthSteps(course.growth);
  const planned: [number, string, string][] = [
    [startedAtMs, 'DEPLOYMENT_STARTED', 'Deployment started'],
    ...percentages.map((percentage, step): [number, string, string] => [
      startedAtMs + (growingMs * step) / percentages.length,
      'PERCENTAGE_UPDATED',
      `Deployed to ${percentage} % of targets`,
    ]),
    [startedAtMs + growingMs, 'BAKE_TIME_STARTED', 'Bake time started'],
    [completionOf(course), 'DEPLOYMENT_COMPLETED', 'Deployment completed'],
  ];
  const happened = planned
    .filter(([atMs]) => atMs <= nowMs && (stop === undefined || atMs < stop.atMs || stop.kind === 'revert'))
    .map(([atMs, type, description]) =>
      event(atMs, type, type === 'DEPLOYMENT_STARTED' ? 'USER' : 'APPCONFIG', description),
    );
  if (stop?.kind === 'revert') happened.push(event(stop.atMs, 'REVERT_COMPLETED', stop.triggeredBy, stop.description));
  if (stop?.kind === 'rollback') {
    happened.push(event(stop.atMs, 'ROLLBACK_STARTED', stop.triggeredBy, stop.description));
    const endMs = stop.atMs + course.rollingBackMs;
    if (endMs <= nowMs) happened.push(event(endMs, 'ROLLBACK_COMPLETED', 'APPCONFIG', 'Rollback completed'));
  }
  return happened.reverse();
}

function event(atMs: number, type: string, triggeredBy: string, description: string): DeploymentEvent {
  return {
    EventType: type,
    TriggeredBy: triggeredBy,
    Description: description,
    OccurredAt: new Date(atMs).toISOString(),
  };
}

/** Percentages of the steps, in order; the last is 100. */
function growthSteps({ growthType, growthFactor }: Course['growth']): number[] {
  const steps: number[] = [];
  for (let step = 0; (steps.at(-1) ?? 0) < 100; step += 1) {
    const percentage = growthType === 'LINEAR' ? growthFactor * (step + 1) : growthFactor * 2 ** step;
    steps.push(Math.min(100, percentage));
  }
  return steps;
}
