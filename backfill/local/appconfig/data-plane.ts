import * as z from 'zod';
import type { Deployments } from './deployments.ts';
import { type Answer, parseBody, type Route } from './exchange.ts';
import { deployedContent, type HostedVersions } from './hosted-versions.ts';
import type { Resources } from './resources.ts';
import type { Sessions } from './sessions.ts';

const startSessionBody = z.object({
  ApplicationIdentifier: z.string(),
  EnvironmentIdentifier: z.string(),
  ConfigurationProfileIdentifier: z.string(),
  RequiredMinimumPollIntervalInSeconds: z.int().optional(),
});

export interface DataPlane {
  readonly resources: Resources;
  readonly versions: HostedVersions;
  readonly deployments: Deployments;
  readonly sessions: Sessions;
}

/** The two operations of AppConfig's data plane (AppConfig Data API Reference). */
export function dataRoutes({ resources, versions, deployments, sessions }: DataPlane): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/configurationsessions',
      answer(exchange): Answer {
        const body = parseBody(exchange, startSessionBody);
        const { id } = resources.application(body.ApplicationIdentifier);
        const target = {
          environmentId: resources.environment(id, body.EnvironmentIdentifier).id,
          profileId: resources.profile(id, body.ConfigurationProfileIdentifier).id,
        };
        const token = sessions.start(target, body.RequiredMinimumPollIntervalInSeconds, exchange.nowMs);
        return { status: 201, body: { InitialConfigurationToken: token } };
      },
    },
    {
      method: 'GET',
      path: '/configuration',
      answer({ query, nowMs }): Answer {
        const { deployment, nextToken, nextIntervalSeconds } = sessions.poll(
          query.get('configuration_token') ?? '',
          ({ environmentId, profileId }, shareOf) => deployments.inForce(environmentId, profileId, shareOf, nowMs),
          nowMs,
        );
        const version = deployment && versions.get(deployment.profileId, String(deployment.version));
        return {
          status: 200,
          headers: {
            'Next-Poll-Configuration-Token': nextToken,
            'Next-Poll-Interval-In-Seconds': String(nextIntervalSeconds),
            'Content-Type': 'application/json',
            ...(version?.label !== undefined && { 'Version-Label': version.label }),
          },
          body: version === undefined ? '' : deployedContent(version),
        };
      },
    },
  ];
}
