/** An answer other than success, in the terms of AppConfig's API. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly status: number;
  /** Name of the exception, as the SDK's clients know it. */
  readonly type: string;
  /** Members of the exception beside its message. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(status: number, type: string, message: string, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.members = members;
  }
}

/** One thing that is wrong with a configuration (AppConfig API Reference, InvalidConfigurationDetail). */
export interface InvalidConfigurationDetail {
  readonly Constraint?: string;
  /** Where in the content, as a path with dots. */
  readonly Location?: string;
  readonly Reason: string;
  /** What found it. */
  readonly Type?: string;
  readonly Value?: string;
}

export function badRequest(message: string): ServiceError {
  return new ServiceError(400, 'BadRequestException', message);
}

export function invalidConfiguration(message: string, details: readonly InvalidConfigurationDetail[]): ServiceError {
  return new ServiceError(400, 'BadRequestException', message, {
    Reason: 'InvalidConfiguration',
    Details: { InvalidConfiguration: details },
  });
}

/** What AppConfig may find wrong with a parameter of the data plane (InvalidParameterDetail). */
export type ParameterProblem = 'Corrupted' | 'Expired' | 'PollIntervalNotSatisfied';

export function invalidParameter(name: string, problem: ParameterProblem, message: string): ServiceError {
  return new ServiceError(400, 'BadRequestException', message, {
    Reason: 'InvalidParameters',
    Details: { InvalidParameters: { [name]: { Problem: problem } } },
  });
}

export function conflict(message: string): ServiceError {
  return new ServiceError(409, 'ConflictException', message);
}

/** @param resourceType as the data plane names it: Application, Environment, ConfigurationProfile, Configuration, Deployment. */
export function notFound(resourceType: string, identifier: string): ServiceError {
  return new ServiceError(404, 'ResourceNotFoundException', `There is no ${resourceType} ${identifier}.`, {
    ResourceName: resourceType,
    ResourceType: resourceType,
  });
}
