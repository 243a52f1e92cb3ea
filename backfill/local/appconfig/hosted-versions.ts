import { evaluateFlags, parseFlagContent, stampFlagContent } from './flag-content.ts';
import type { InitialState } from './resources.ts';
import { conflict, notFound, ServiceError } from './service-error.ts';

/** Greatest size of a hosted configuration (AppConfig endpoints and quotas). */
const CONTENT_BYTES_MAX = 2 * 1024 * 1024;

/** A version of a feature-flag profile in AppConfig's own store. It never changes. */
export interface HostedVersion {
  readonly profileId: string;
  /** From 1, without gaps. */
  readonly number: number;
  /** Authoring form, with the instants that AppConfig adds. */
  readonly content: string;
  readonly contentType: string;
  readonly description?: string | undefined;
  readonly label?: string | undefined;
}

export interface NewVersion {
  readonly profileId: string;
  readonly content: string;
  readonly contentType: string;
  readonly description?: string | undefined;
  readonly label?: string | undefined;
  /** The optimistic lock: refused unless it is the newest version's number. */
  readonly latestNumber?: number | undefined;
}

/** Versions of all profiles. */
export class HostedVersions {
  private readonly versions: HostedVersion[];

  constructor(saved: readonly HostedVersion[]) {
    this.versions = [...saved];
  }

  /** Adds the stack's first versions, to profiles that have none. */
  begin({ firstVersions }: InitialState, nowMs: number): void {
    for (const { profileId, content, description } of firstVersions) {
      if (this.list(profileId).length > 0) continue;
      this.create({ profileId, content, contentType: 'application/json', description }, nowMs);
    }
  }

  /** @throws ServiceError ConflictException, BadRequestException, PayloadTooLargeException */
  create(
    { profileId, content, contentType, description, label, latestNumber }: NewVersion,
    nowMs: number,
  ): HostedVersion {
    const sizeBytes = Buffer.byteLength(content);
    if (sizeBytes > CONTENT_BYTES_MAX) throw tooLarge(sizeBytes);
    const newest = this.list(profileId)[0];
    const newestNumber = newest?.number ?? 0;
    if (latestNumber !== undefined && latestNumber !== newestNumber) {
      throw conflict(`The latest version is ${newestNumber}, not ${latestNumber}.`);
    }
    if (label !== undefined && this.list(profileId).some((each) => each.label === label)) {
      throw conflict(`Another version has the label ${label}.`);
    }
    const previous = newest && parseFlagContent(newest.content);
    const stamped = stampFlagContent(parseFlagContent(content), previous, new Date(nowMs).toISOString());
    const version: HostedVersion = {
      profileId,
      number: newestNumber + 1,
      content: JSON.stringify(stamped),
      contentType,
      description,
      label,
    };
    this.versions.push(version);
    return version;
  }

  /** @param numberOrLabel as StartDeployment takes it. */
  get(profileId: string, numberOrLabel: string): HostedVersion {
    const found = this.list(profileId).find(
      ({ number, label }) => String(number) === numberOrLabel || label === numberOrLabel,
    );
    if (found === undefined) throw notFound('HostedConfigurationVersion', numberOrLabel);
    return found;
  }

  /** Newest first. */
  list(profileId: string): HostedVersion[] {
    return this.versions.filter((version) => version.profileId === profileId).reverse();
  }

  toJSON(): readonly HostedVersion[] {
    return this.versions;
  }
}

/** What the data plane answers for a version. */
export function deployedContent({ content }: HostedVersion): string {
  return JSON.stringify(evaluateFlags(parseFlagContent(content)));
}

function tooLarge(sizeBytes: number): ServiceError {
  return new ServiceError(413, 'PayloadTooLargeException', 'The configuration is too large.', {
    Measure: 'KILOBYTES',
    Limit: CONTENT_BYTES_MAX / 1024,
    Size: sizeBytes / 1024,
  });
}
