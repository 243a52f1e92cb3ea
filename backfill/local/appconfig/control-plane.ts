import * as z from 'zod';
import type { Deployments } from './deployments.ts';
import {
  deploymentDetail,
  deploymentSummary,
  environmentDetail,
  profileDetail,
  profileSummary,
  strategyDetail,
} from './descriptions.ts';
import { type Answer, type Exchange, pageOf, parseBody, parseWhole, type Route } from './exchange.ts';
import type { HostedVersion, HostedVersions } from './hosted-versions.ts';
import { type ConfigurationProfile, type Environment, monitorOfArn, type Resources } from './resources.ts';

const startDeploymentBody = z.object({
  ConfigurationProfileId: z.string(),
  ConfigurationVersion: z.string(),
  DeploymentStrategyId: z.string(),
  Description: z.string().optional(),
  LatestDeploymentNumber: z.int().optional(),
});

/** Of an environment the product changes only this. */
const updateEnvironmentBody = z.strictObject({
  Monitors: z.array(z.object({ AlarmArn: z.string().min(1), AlarmRoleArn: z.string().optional() })).max(5),
});

/** Of a profile the product changes only this. */
const updateProfileBody = z.strictObject({
  Validators: z.array(z.object({ Type: z.literal('LAMBDA'), Content: z.string().min(1) })).max(2),
});

export interface ControlPlane {
  readonly resources: Resources;
  readonly versions: HostedVersions;
  readonly deployments: Deployments;
  /** @throws ServiceError BadRequestException where a validator refuses. */
  readonly validate: (profile: ConfigurationProfile, version: HostedVersion) => Promise<void>;
  readonly nowMs: () => number;
}

const APPLICATION = '/applications/{application}';
const PROFILES = `${APPLICATION}/configurationprofiles`;
const PROFILE = `${PROFILES}/{profile}`;
const VERSIONS = `${PROFILE}/hostedconfigurationversions`;
const ENVIRONMENTS = `${APPLICATION}/environments`;
const ENVIRONMENT = `${ENVIRONMENTS}/{environment}`;
const DEPLOYMENTS = `${ENVIRONMENT}/deployments`;

/** The operations of AppConfig's control plane that the product uses (AppConfig API Reference). */
export function controlRoutes({ resources, versions, deployments, validate, nowMs }: ControlPlane): readonly Route[] {
  const { structure } = resources;
  const profileOf = ({ path }: Exchange) => resources.profile(path.application ?? '', path.profile ?? '');
  const environmentOf = ({ path }: Exchange) => resources.environment(path.application ?? '', path.environment ?? '');
  const strategies = structure.strategies.map(strategyDetail);
  const describe = (environment: Environment, atMs: number) =>
    environmentDetail(environment, deployments.list(environment.id)[0], atMs);

  return [
    { method: 'GET', path: '/applications', answer: (exchange) => pageOf(structure.applications.map(named), exchange) },
    {
      method: 'GET',
      path: APPLICATION,
      answer: ({ path }) => ok(named(resources.application(path.application ?? ''))),
    },
    {
      method: 'GET',
      path: ENVIRONMENTS,
      answer(exchange) {
        const environments = resources.environmentsOf(exchange.path.application ?? '');
        return pageOf(
          environments.map((each) => describe(each, exchange.nowMs)),
          exchange,
        );
      },
    },
    { method: 'GET', path: ENVIRONMENT, answer: (exchange) => ok(describe(environmentOf(exchange), exchange.nowMs)) },
    {
      method: 'PATCH',
      path: ENVIRONMENT,
      changesState: true,
      answer(exchange) {
        const { Monitors } = parseBody(exchange, updateEnvironmentBody);
        resources.setMonitors(
          environmentOf(exchange),
          Monitors.map(({ AlarmArn, AlarmRoleArn }) => ({ ...monitorOfArn(AlarmArn), alarmRoleArn: AlarmRoleArn })),
        );
        return ok(describe(environmentOf(exchange), exchange.nowMs));
      },
    },
    {
      method: 'GET',
      path: PROFILES,
      answer: (exchange) => pageOf(resources.profilesOf(exchange.path.application ?? '').map(profileSummary), exchange),
    },
    { method: 'GET', path: PROFILE, answer: (exchange) => ok(profileDetail(profileOf(exchange))) },
    {
      method: 'PATCH',
      path: PROFILE,
      changesState: true,
      answer(exchange) {
        const { Validators } = parseBody(exchange, updateProfileBody);
        resources.setValidators(
          profileOf(exchange),
          Validators.map(({ Content }) => Content),
        );
        return ok(profileDetail(profileOf(exchange)));
      },
    },
    { method: 'GET', path: '/deploymentstrategies', answer: (exchange) => pageOf(strategies, exchange) },
    {
      method: 'GET',
      path: '/deploymentstrategies/{strategy}',
      answer: ({ path }) => ok(strategyDetail(resources.strategy(path.strategy ?? ''))),
    },
    {
      method: 'POST',
      path: VERSIONS,
      changesState: true,
      answer(exchange) {
        const { headers, body } = exchange;
        const profile = profileOf(exchange);
        const version = versions.create(
          {
            profileId: profile.id,
            content: body.toString(),
            contentType: headers['content-type'] ?? 'application/octet-stream',
            description: headers.description,
            label: headers.versionlabel,
            latestNumber: parseWhole('LatestVersionNumber', headers['latest-version-number']),
          },
          exchange.nowMs,
        );
        return versionAnswer(201, profile, version);
      },
    },
    {
      method: 'GET',
      path: VERSIONS,
      answer(exchange) {
        const profile = profileOf(exchange);
        const label = exchange.query.get('version_label');
        const listed = versions.list(profile.id).filter((version) => label === null || version.label === label);
        return pageOf(
          listed.map((version) => versionSummary(profile, version)),
          exchange,
        );
      },
    },
    {
      method: 'GET',
      path: `${VERSIONS}/{version}`,
      answer(exchange) {
        const profile = profileOf(exchange);
        return versionAnswer(200, profile, versions.get(profile.id, exchange.path.version ?? ''));
      },
    },
    {
      method: 'POST',
      path: `${PROFILE}/validators`,
      async answer(exchange) {
        const profile = profileOf(exchange);
        await validate(profile, versions.get(profile.id, exchange.query.get('configuration_version') ?? ''));
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: DEPLOYMENTS,
      changesState: true,
      async answer(exchange) {
        const environment = environmentOf(exchange);
        const body = parseBody(exchange, startDeploymentBody);
        const profile = resources.profile(environment.applicationId, body.ConfigurationProfileId);
        const version = versions.get(profile.id, body.ConfigurationVersion);
        const started = await deployments.start(
          {
            environment,
            profile,
            version,
            strategy: resources.strategy(body.DeploymentStrategyId),
            description: body.Description,
            latestNumber: body.LatestDeploymentNumber,
          },
          () => validate(profile, version),
          nowMs,
        );
        return { status: 201, body: deploymentDetail(started, nowMs()) };
      },
    },
    {
      method: 'GET',
      path: DEPLOYMENTS,
      answer(exchange) {
        const listed = deployments.list(environmentOf(exchange).id);
        return pageOf(
          listed.map((each) => deploymentSummary(each, exchange.nowMs)),
          exchange,
        );
      },
    },
    {
      method: 'GET',
      path: `${DEPLOYMENTS}/{number}`,
      answer(exchange) {
        const number = parseWhole('DeploymentNumber', exchange.path.number) ?? 0;
        return ok(deploymentDetail(deployments.get(environmentOf(exchange).id, number), exchange.nowMs));
      },
    },
    {
      method: 'DELETE',
      path: `${DEPLOYMENTS}/{number}`,
      changesState: true,
      answer(exchange) {
        const number = parseWhole('DeploymentNumber', exchange.path.number) ?? 0;
        const allowRevert = exchange.headers['allow-revert'] === 'true';
        const stopped = deployments.stop(environmentOf(exchange).id, number, allowRevert, exchange.nowMs);
        return { status: 202, body: deploymentDetail(stopped, exchange.nowMs) };
      },
    },
  ];
}

function ok(body: object): Answer {
  return { status: 200, body };
}

function named({ id, name }: { readonly id: string; readonly name: string }): object {
  return { Id: id, Name: name };
}

function versionSummary({ applicationId, id }: ConfigurationProfile, version: HostedVersion): object {
  return {
    ApplicationId: applicationId,
    ConfigurationProfileId: id,
    VersionNumber: version.number,
    Description: version.description,
    ContentType: version.contentType,
    VersionLabel: version.label,
  };
}

function versionAnswer(status: number, { applicationId, id }: ConfigurationProfile, version: HostedVersion): Answer {
  return {
    status,
    headers: {
      'Application-Id': applicationId,
      'Configuration-Profile-Id': id,
      'Version-Number': String(version.number),
      'Content-Type': version.contentType,
      ...(version.description !== undefined && { Description: version.description }),
      ...(version.label !== undefined && { VersionLabel: version.label }),
    },
    body: version.content,
  };
}
