import { MigrationError } from '../../../functions/model/migration-error.ts';
import { controlRoutes } from './control-plane.ts';
import { dataRoutes } from './data-plane.ts';
import { Deployments } from './deployments.ts';
import { HostedVersions } from './hosted-versions.ts';
import { serve } from './http-edge.ts';
import { type Parameters, parameterRoutes } from './parameter-store.ts';
import { type InitialState, Resources } from './resources.ts';
import { Sessions } from './sessions.ts';
import { NO_STATE_FILE, stateFile } from './state-file.ts';
import { type InvokeValidator, runValidators, VALIDATOR_TIMEOUT_MS } from './validators.ts';

export interface AppConfigOptions {
  readonly initial: InitialState;
  /** What Parameter Store holds, at the same address; nothing where it is absent. */
  readonly parameters?: Parameters;
  readonly invokeValidator: InvokeValidator;
  readonly nowMs: () => number;
  /** How many times faster than AppConfig's deployments and polls run; 1 where it is absent. */
  readonly timeScale?: number;
  /** A free one is chosen where it is absent. */
  readonly port?: number;
  /** Keeps versions, deployments and alarms over a restart; without it nothing outlasts the stand-in. */
  readonly directory?: string;
  /**
   * Whether StartDeployment answers in state VALIDATING before the validators have, and a refusal then rolls the deployment
   * back. The API Reference names that state and says no more of it, so both ways have to work. Default: false.
   */
  readonly validatesLate?: boolean;
  /** AppConfig's own 15 seconds where it is absent. Never scaled: validators take the time they take. */
  readonly validatorTimeoutMs?: number;
}

/** A stand-in for AppConfig, control plane and data plane at one address. */
export interface AppConfig {
  readonly url: string;
  /** Alarms that the environments watch. */
  readonly alarmNames: readonly string[];
  /**
   * Has an alarm of CloudWatch go off or end.
   *
   * @throws MigrationError ALARM_UNKNOWN where no environment watches it.
   */
  setAlarm(name: string, state: 'ALARM' | 'OK'): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the stand-in with what the stack says, and with what a former start in the same directory has left.
 *
 * @throws MigrationError PORT_BUSY, STATE_UNREADABLE
 */
export async function startAppConfig(options: AppConfigOptions): Promise<AppConfig> {
  const { initial, invokeValidator, nowMs, timeScale = 1, validatorTimeoutMs = VALIDATOR_TIMEOUT_MS } = options;
  const file = options.directory === undefined ? NO_STATE_FILE : stateFile(options.directory);
  const saved = await file.load();
  const resources = new Resources(initial, saved);
  const versions = new HostedVersions(saved.versions);
  const deployments = new Deployments(saved, timeScale, options.validatesLate);
  const save = () => file.save(() => ({ versions: versions.toJSON(), ...deployments.toJSON(), ...resources.toJSON() }));
  const alarmNames = initial.environments.flatMap(({ monitors }) => monitors.map(({ alarmName }) => alarmName));
  versions.begin(initial, nowMs());
  await save();

  const edge = await serve({
    routes: [
      ...controlRoutes({
        resources,
        versions,
        deployments,
        validate: (profile, version) => runValidators(profile, version, invokeValidator, validatorTimeoutMs),
        nowMs,
      }),
      ...parameterRoutes(options.parameters ?? {}),
      ...dataRoutes({ resources, versions, deployments, sessions: new Sessions(timeScale) }),
    ],
    nowMs,
    save,
    ...(options.port !== undefined && { port: options.port }),
  });
  return {
    url: edge.url,
    alarmNames,
    async setAlarm(name, state) {
      if (!alarmNames.includes(name)) throw unknownAlarm(name, alarmNames);
      deployments.setAlarm(resources.environments, name, state === 'ALARM', nowMs());
      await save();
    },
    stop: () => edge.stop(),
  };
}

function unknownAlarm(name: string, known: readonly string[]): MigrationError {
  return new MigrationError('ALARM_UNKNOWN', `No environment watches an alarm ${name}.`, {
    nextStep: `Name one of: ${known.join(', ')}`,
  });
}
