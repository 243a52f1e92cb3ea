import * as z from 'zod';
import { MigrationError } from '../../functions/model/migration-error.ts';
import type { Settings } from '../../infra/settings.ts';
import { differingSettings, settingsDigests, settingsParameterName } from '../../infra/settings-digests.ts';

const published = z.record(z.string(), z.string());

/** How the settings of this command relate to those that the stack was deployed with. */
export type SettingsMatch =
  | { readonly state: 'same' }
  | { readonly state: 'differ'; readonly groups: readonly string[] }
  | { readonly state: 'unpublished' }
  /** An engine alone, without the services of an account. */
  | { readonly state: 'unknown' };

/** @param parameter what the stack has published; undefined if it has not. Pure. */
export function matchSettings(settings: Settings, parameter: string | undefined): SettingsMatch {
  if (parameter === undefined) return { state: 'unpublished' };
  const groups = differingSettings(settingsDigests(settings), parseDigests(parameter));
  return groups.length === 0 ? { state: 'same' } : { state: 'differ', groups };
}

/** What is not understood matches nothing. */
function parseDigests(parameter: string) {
  try {
    return published.parse(JSON.parse(parameter));
  } catch {
    return {};
  }
}

/** What is wrong, as an error to throw or to show; undefined if nothing is. */
export function settingsProblem(match: SettingsMatch, { name }: Settings): MigrationError | undefined {
  if (match.state === 'differ') {
    const groups = match.groups.join(', ');
    return new MigrationError(
      'DEPLOYED_SETTINGS_DIFFER',
      `The settings of ${name} in this cdk.json are not those that the stack was deployed with. They differ in: ${groups}.`,
      {
        nextStep: `Take the cdk.json that was deployed, or deploy this one: npx cdk deploy --all -c environment=${name}`,
      },
    );
  }
  if (match.state === 'unpublished') {
    return new MigrationError(
      'DEPLOYED_SETTINGS_UNKNOWN',
      `The stack of ${name} has not published its settings (parameter ${settingsParameterName(name)}), so nobody can tell whether they are those of this cdk.json.`,
      { nextStep: `Deploy the stack: npx cdk deploy --all -c environment=${name}` },
    );
  }
  return undefined;
}
