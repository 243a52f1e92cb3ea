import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** The profile whose settings and credentials the SDK takes. */
export function profileOf(variables: Variables = process.env): string {
  return variables.AWS_PROFILE || 'default';
}

/**
 * Where the SDK looks for credentials, in its order, and what is there (AWS SDK for JavaScript v3 developer guide, "Set
 * credentials", and `fromNodeProviderChain`). It names no secret.
 */
export function credentialSources(variables: Variables = process.env, exists = existsSync): string[] {
  const variable = (name: string): string => `${name} (${variables[name] ? 'set' : 'not set'})`;
  const file = (name: string, shared: string): string => {
    const path = variables[name] || join(homedir(), '.aws', shared);
    return `${path} (${exists(path) ? 'found' : 'no such file'})`;
  };
  return [
    variable('AWS_ACCESS_KEY_ID'),
    `profile ${profileOf(variables)} in ${file('AWS_CONFIG_FILE', 'config')} and ${file('AWS_SHARED_CREDENTIALS_FILE', 'credentials')}`,
    variable('AWS_WEB_IDENTITY_TOKEN_FILE'),
    variable('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'),
    'the role of this machine, if it is an EC2 instance',
  ];
}
