import { messageOf } from '../../../functions/model/migration-error.ts';
import {
  type Course,
  completionOf,
  type DeploymentState,
  isInProgress,
  type Moment,
  momentOf,
  type Stop,
} from './deployment-timeline.ts';
import type { HostedVersion } from './hosted-versions.ts';
import type { ConfigurationProfile, DeploymentStrategy, Environment } from './resources.ts';
import { badRequest, conflict, notFound } from './service-error.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long after its completion a deployment can be reverted (AppConfig User Guide, "Reverting a configuration"). */
const REVERT_WITHIN_MS = 72 * HOUR_MS;
/** AppConfig promises no time for a rollback; it is long enough for callers to meet the state. */
const ROLLING_BACK_MS = 5_000;

export interface Deployment extends Course {
  readonly number: number;
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
  readonly profileName: string;
  readonly version: number;
  readonly versionLabel?: string | undefined;
  readonly description?: string | undefined;
  /** As it was when the deployment began. */
  readonly strategy: DeploymentStrategy;
}

export interface NewDeployment {
  readonly environment: Environment;
  readonly profile: ConfigurationProfile;
  readonly version: HostedVersion;
  readonly strategy: DeploymentStrategy;
  readonly description?: string | undefined;
  /** Refused unless it is the number of the environment's latest deployment. */
  readonly latestNumber?: number | undefined;
}

export interface SavedDeployments {
  readonly deployments: readonly Deployment[];
  readonly alarmsRinging: readonly string[];
}

/** Deployments of all environments, and the alarms that roll them back. Its state moves on with the instants it is given. */
export class Deployments {
  private deployments: readonly Deployment[];
  private readonly alarmsRinging: Set<string>;
  /** Environments for which validators are being asked. */
  private readonly validating = new Set<string>();
  private readonly timeScale: number;
  private readonly validatesLate: boolean;

  /**
   * @param timeScale how many times faster than AppConfig's a deployment runs.
   * @param validatesLate whether a deployment is answered in state VALIDATING, and a refusal then rolls it back.
   */
  constructor(saved: SavedDeployments, timeScale: number, validatesLate = false) {
    this.deployments = saved.deployments;
    this.alarmsRinging = new Set(saved.alarmsRinging);
    this.timeScale = timeScale;
    this.validatesLate = validatesLate;
  }

  /**
   * Starts a deployment when `validate` has let it pass; until then the environment takes no other.
   *
   * @throws ServiceError ConflictException while another is in progress; whatever `validate` throws.
   */
  async start(request: NewDeployment, validate: () => Promise<void>, nowMs: () => number): Promise<Deployment> {
    const { environment } = request;
    this.refuseInProgress(request, nowMs());
    if (this.validatesLate) return this.validateLate(request, validate, nowMs);
    this.validating.add(environment.id);
    try {
      await validate();
    } finally {
      this.validating.delete(environment.id);
    }
    return this.add(request, nowMs());
  }

  private validateLate(request: NewDeployment, validate: () => Promise<void>, nowMs: () => number): Deployment {
    const { environment } = request;
    const started = { ...this.make(request, nowMs()), isValidating: true };
    this.deployments = [...this.deployments, started];
    const settle = (stop?: Stop): void => {
      const { isValidating: _, ...rest } = started;
      const settled: Deployment = { ...rest, startedAtMs: nowMs(), ...(stop && { stop, rollingBackMs: 0 }) };
      this.deployments = this.deployments.map((each) => (each === started ? settled : each));
      if (stop === undefined) this.rollBackOnAlarm(environment, settled, nowMs());
    };
    validate().then(
      () => settle(),
      (error: unknown) =>
        settle({ kind: 'rollback', atMs: nowMs(), triggeredBy: 'APPCONFIG', description: messageOf(error) }),
    );
    return started;
  }

  private refuseInProgress({ environment, latestNumber }: NewDeployment, nowMs: number): void {
    const latest = this.list(environment.id)[0];
    const isBusy = latest !== undefined && isInProgress(momentOf(latest, nowMs).state);
    if (isBusy || this.validating.has(environment.id)) {
      throw conflict(`A deployment is in progress in environment ${environment.name}.`);
    }
    if (latestNumber !== undefined && latestNumber !== (latest?.number ?? 0)) {
      throw conflict(`The latest deployment is ${latest?.number ?? 0}, not ${latestNumber}.`);
    }
  }

  private add(request: NewDeployment, nowMs: number): Deployment {
    const deployment = this.make(request, nowMs);
    this.deployments = [...this.deployments, deployment];
    return this.rollBackOnAlarm(request.environment, deployment, nowMs) ?? deployment;
  }

  private make({ environment, profile, version, strategy, description }: NewDeployment, nowMs: number): Deployment {
    return {
      number: (this.list(environment.id)[0]?.number ?? 0) + 1,
      applicationId: environment.applicationId,
      environmentId: environment.id,
      profileId: profile.id,
      profileName: profile.name,
      version: version.number,
      versionLabel: version.label,
      description,
      strategy,
      growth: strategy,
      startedAtMs: nowMs,
      growingMs: (strategy.deploymentDurationMinutes * MINUTE_MS) / this.timeScale,
      bakingMs: (strategy.finalBakeMinutes * MINUTE_MS) / this.timeScale,
      rollingBackMs: ROLLING_BACK_MS / this.timeScale,
    };
  }

  /**
   * Stops a deployment: rolls back what is in progress; reverts what is complete, if `allowRevert` (AppConfig User Guide, "Reverting
   * a configuration").
   *
   * @throws ServiceError BadRequestException, ResourceNotFoundException
   */
  stop(environmentId: string, number: number, allowRevert: boolean, nowMs: number): Deployment {
    const deployment = this.get(environmentId, number);
    const { state } = momentOf(deployment, nowMs);
    if (isWatched(state)) {
      return this.end(deployment, stopByUser('rollback', 'Rollback by StopDeployment', nowMs));
    }
    if (state !== 'COMPLETE') throw badRequest(`Deployment ${number} is ${state}: it cannot be stopped.`);
    if (!allowRevert) throw badRequest(`Deployment ${number} is complete: only a revert can take it back.`);
    if (nowMs - completionOf(deployment) > REVERT_WITHIN_MS) {
      throw badRequest(`Deployment ${number} was completed more than 72 hours ago.`);
    }
    if (this.isSuperseded(deployment, nowMs)) {
      throw badRequest(`Deployment ${number} is not the one in force.`);
    }
    return this.end(deployment, stopByUser('revert', 'Revert by StopDeployment', nowMs));
  }

  private isSuperseded(deployment: Deployment, nowMs: number): boolean {
    return this.list(deployment.environmentId).some((later) => {
      const { state } = momentOf(later, nowMs);
      return later.number > deployment.number && (state === 'COMPLETE' || isInProgress(state));
    });
  }

  /** An alarm goes off, or ends; what it rolls back is in progress in an environment that watches it. */
  setAlarm(environments: readonly Environment[], alarmName: string, isRinging: boolean, nowMs: number): void {
    if (isRinging) this.alarmsRinging.add(alarmName);
    else this.alarmsRinging.delete(alarmName);
    for (const environment of environments) {
      const latest = this.list(environment.id)[0];
      if (latest !== undefined && isWatched(momentOf(latest, nowMs).state)) {
        this.rollBackOnAlarm(environment, latest, nowMs);
      }
    }
  }

  private rollBackOnAlarm(environment: Environment, deployment: Deployment, nowMs: number): Deployment | undefined {
    const alarm = environment.monitors.find(({ alarmName }) => this.alarmsRinging.has(alarmName));
    if (alarm === undefined) return undefined;
    const description = `Alarm ${alarm.alarmName} went off`;
    return this.end(deployment, { kind: 'rollback', atMs: nowMs, triggeredBy: 'CLOUDWATCH_ALARM', description });
  }

  private end(deployment: Deployment, stop: Stop): Deployment {
    const ended = { ...deployment, stop };
    this.deployments = this.deployments.map((each) => (each === deployment ? ended : each));
    return ended;
  }

  get(environmentId: string, number: number): Deployment {
    const found = this.list(environmentId).find((deployment) => deployment.number === number);
    if (found === undefined) throw notFound('Deployment', String(number));
    return found;
  }

  /** Newest first. */
  list(environmentId: string): Deployment[] {
    return this.deployments.filter((deployment) => deployment.environmentId === environmentId).reverse();
  }

  /**
   * The deployment whose version a target gets.
   *
   * @param shareOf where the target stands in a deployment, from 0 to below 100: it gets the version once the percentage is beyond.
   */
  inForce(
    environmentId: string,
    profileId: string,
    shareOf: (deployment: Deployment) => number,
    nowMs: number,
  ): Deployment | undefined {
    return this.list(environmentId)
      .filter((deployment) => deployment.profileId === profileId)
      .find((deployment) => reaches(momentOf(deployment, nowMs), shareOf(deployment)));
  }

  toJSON(): SavedDeployments {
    return { deployments: this.deployments, alarmsRinging: [...this.alarmsRinging] };
  }
}

function isWatched(state: DeploymentState): boolean {
  return state === 'DEPLOYING' || state === 'BAKING';
}

function reaches({ state, percentageComplete }: Moment, share: number): boolean {
  return (isWatched(state) || state === 'COMPLETE') && share < percentageComplete;
}

function stopByUser(kind: Stop['kind'], description: string, atMs: number): Stop {
  return { kind, atMs, triggeredBy: 'USER', description };
}
