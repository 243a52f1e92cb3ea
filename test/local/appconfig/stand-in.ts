import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { AppConfigDataClient } from '@aws-sdk/client-appconfigdata';
import { onTestFinished } from 'vitest';
import type { InitialState } from '../../../backfill/local/appconfig/resources.ts';
import { type AppConfigOptions, startAppConfig } from '../../../backfill/local/appconfig/start-app-config.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export const APPLICATION = 'app0001';
export const ENVIRONMENT = 'env0001';
export const PROFILE = 'pro0001';
export const ALL_AT_ONCE = 'all0001';
/** 25 % every 5 minutes, then 10 minutes of bake. */
export const LINEAR = 'lin0001';
/** 10, 20, 40, 80, 100 %, two minutes each. */
export const EXPONENTIAL = 'exp0001';
export const ALARM = 'NewSideErrors';

export const IN_ENVIRONMENT = { ApplicationId: APPLICATION, EnvironmentId: ENVIRONMENT };
export const OF_PROFILE = { ApplicationId: APPLICATION, ConfigurationProfileId: PROFILE };

export const INITIAL: InitialState = {
  applications: [{ id: APPLICATION, name: 'migration' }],
  environments: [
    {
      id: ENVIRONMENT,
      applicationId: APPLICATION,
      name: 'reads',
      monitors: [{ alarmName: ALARM, alarmArn: `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${ALARM}` }],
    },
    { id: 'env0002', applicationId: APPLICATION, name: 'other', monitors: [] },
  ],
  profiles: [{ id: PROFILE, applicationId: APPLICATION, name: 'read-path', validatorFunctionIds: ['Gate'] }],
  strategies: [
    strategy(ALL_AT_ONCE, 0, 100, 'LINEAR', 0),
    strategy(LINEAR, 20, 25, 'LINEAR', 10),
    strategy(EXPONENTIAL, 10, 10, 'EXPONENTIAL', 0),
  ],
  firstVersions: [{ profileId: PROFILE, content: content({ enabled: false }), description: 'first' }],
};

function strategy(
  id: string,
  deploymentDurationMinutes: number,
  growthFactor: number,
  growthType: 'LINEAR' | 'EXPONENTIAL',
  finalBakeMinutes: number,
) {
  return { id, name: `strategy-${id}`, deploymentDurationMinutes, growthFactor, growthType, finalBakeMinutes };
}

/** A version of a profile with one flag that has an attribute of each kind. */
export function content(value: object, name = 'readPath'): string {
  const attributes = {
    stage: { constraints: { type: 'string', enum: ['shadow', 'new'] } },
    percent: { constraints: { type: 'number', minimum: 0, maximum: 100 } },
    note: { constraints: { type: 'string', pattern: '^[a-z]+$' } },
    urgent: { constraints: { type: 'boolean' } },
    tenants: { constraints: { type: 'array', elements: { type: 'string' } } },
  };
  return JSON.stringify({
    version: '1',
    flags: { readPath: { name: 'Reads', attributes } },
    values: { [name]: value },
  });
}

/** A stand-in with real SDK clients, at a clock that the test moves. */
export async function standIn(options: Partial<AppConfigOptions> = {}) {
  const clock = { nowMs: Date.parse('2026-11-24T08:00:00Z') };
  const appConfig = await startAppConfig({
    initial: INITIAL,
    invokeValidator: async () => undefined,
    nowMs: () => clock.nowMs,
    ...options,
  });
  const config = { ...localClientConfig(appConfig.url), maxAttempts: 1 };
  const control = new AppConfigClient(config);
  const data = new AppConfigDataClient(config);
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    control.destroy();
    data.destroy();
    await appConfig.stop();
  };
  onTestFinished(stop);
  return {
    control,
    data,
    clock,
    stop,
    url: appConfig.url,
    setAlarm: appConfig.setAlarm,
    passMinutes(minutes: number) {
      clock.nowMs += minutes * MINUTE_MS;
    },
  };
}
