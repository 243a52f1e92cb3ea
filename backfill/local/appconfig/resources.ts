import { notFound } from './service-error.ts';

export const FLAG_PROFILE_TYPE = 'AWS.AppConfig.FeatureFlags';

export interface Application {
  readonly id: string;
  readonly name: string;
}

/** An alarm that an environment watches while a deployment is in progress. */
export interface Monitor {
  readonly alarmName: string;
  readonly alarmArn: string;
  /** As an operator gave it; the template's is not kept. */
  readonly alarmRoleArn?: string | undefined;
}

/** @param alarmArn its last part is the alarm's name. */
export function monitorOfArn(alarmArn: string): Monitor {
  return { alarmArn, alarmName: alarmArn.slice(alarmArn.lastIndexOf(':') + 1) };
}

export interface Environment {
  readonly id: string;
  readonly applicationId: string;
  readonly name: string;
  readonly monitors: readonly Monitor[];
}

/** A profile of feature flags in AppConfig's own store. */
export interface ConfigurationProfile {
  readonly id: string;
  readonly applicationId: string;
  readonly name: string;
  /** Ids of the functions that AppConfig asks before it deploys. */
  readonly validatorFunctionIds: readonly string[];
}

export interface DeploymentStrategy {
  readonly id: string;
  readonly name: string;
  readonly deploymentDurationMinutes: number;
  readonly growthType: 'LINEAR' | 'EXPONENTIAL';
  /** Percentage of targets: of each step where growth is linear, of the first step where it is exponential. */
  readonly growthFactor: number;
  readonly finalBakeMinutes: number;
}

/** What a stack makes: everything but what operators do with it. */
export interface Structure {
  readonly applications: readonly Application[];
  readonly environments: readonly Environment[];
  readonly profiles: readonly ConfigurationProfile[];
  readonly strategies: readonly DeploymentStrategy[];
}

/** What the stand-in begins with. */
export interface InitialState extends Structure {
  /** Content of each profile's first version; passed over where a former start has left versions. */
  readonly firstVersions: readonly {
    readonly profileId: string;
    readonly content: string;
    readonly description?: string;
  }[];
}

/** What operators have changed of a structure. */
export interface Changed {
  /** The alarms of environments, by the environment's id. */
  readonly changedMonitors: Readonly<Record<string, readonly Monitor[]>>;
  /** The functions that are asked for profiles, by the profile's id. */
  readonly changedValidators: Readonly<Record<string, readonly string[]>>;
}

export const NOTHING_CHANGED: Changed = { changedMonitors: {}, changedValidators: {} };

/** Look-ups in a structure, with what operators have changed; each throws ResourceNotFoundException. */
export class Resources {
  readonly structure: Structure;
  private changed: Changed;

  constructor(structure: Structure, { changedMonitors, changedValidators }: Changed) {
    this.structure = structure;
    this.changed = { changedMonitors, changedValidators };
  }

  get environments(): Environment[] {
    return this.structure.environments.map((environment) => ({
      ...environment,
      monitors: this.changed.changedMonitors[environment.id] ?? environment.monitors,
    }));
  }

  setMonitors({ id }: Environment, monitors: readonly Monitor[]): void {
    this.changed = { ...this.changed, changedMonitors: { ...this.changed.changedMonitors, [id]: monitors } };
  }

  setValidators({ id }: ConfigurationProfile, functionIds: readonly string[]): void {
    this.changed = { ...this.changed, changedValidators: { ...this.changed.changedValidators, [id]: functionIds } };
  }

  /** @param idOrName the data plane takes names too. */
  application(idOrName: string): Application {
    return find(this.structure.applications, 'Application', idOrName);
  }

  environment(applicationId: string, idOrName: string): Environment {
    return find(this.environmentsOf(applicationId), 'Environment', idOrName);
  }

  profile(applicationId: string, idOrName: string): ConfigurationProfile {
    return find(this.profilesOf(applicationId), 'ConfigurationProfile', idOrName);
  }

  strategy(id: string): DeploymentStrategy {
    return find(this.structure.strategies, 'DeploymentStrategy', id);
  }

  environmentsOf(applicationId: string): Environment[] {
    const { id } = this.application(applicationId);
    return this.environments.filter((environment) => environment.applicationId === id);
  }

  profilesOf(applicationId: string): ConfigurationProfile[] {
    const { id } = this.application(applicationId);
    return this.structure.profiles
      .filter((profile) => profile.applicationId === id)
      .map((profile) => ({
        ...profile,
        validatorFunctionIds: this.changed.changedValidators[profile.id] ?? profile.validatorFunctionIds,
      }));
  }

  toJSON(): Changed {
    return this.changed;
  }
}

function find<T extends { readonly id: string; readonly name: string }>(
  all: readonly T[],
  type: string,
  idOrName: string,
): T {
  const found = all.find(({ id }) => id === idOrName) ?? all.find(({ name }) => name === idOrName);
  if (found === undefined) throw notFound(type, idOrName);
  return found;
}
