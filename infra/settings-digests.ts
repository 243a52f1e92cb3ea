import { createHash } from 'node:crypto';
import type { Settings } from './settings.ts';

/**
 * A digest of each group of settings (`tables`, `readFlag`, …) that the deployed stack was made with. The stack publishes
 * them, and a command compares them with those of its own cdk.json.
 */
export type SettingsDigests = Readonly<Record<string, string>>;

/** Where the stack publishes the digests. The name is the environment's, so a command finds it without any output. */
export function settingsParameterName(environmentName: string): string {
  return `/kpi-migration/${environmentName}/settings-hash`;
}

/** Enough to tell two settings apart; a parameter of the standard tier holds 4 KB. */
const DIGEST_LENGTH = 16;

/**
 * Settings that only commands use are left out: whoever retunes a backfill does not have to deploy. Pure.
 */
export function settingsDigests({ backfill: _, validation, ...settings }: Settings): SettingsDigests {
  const { segments: _segments, maxReadUnitsPerSecond: _ceiling, ...deployed } = validation;
  const groups = Object.entries({ ...settings, validation: deployed });
  return Object.fromEntries(groups.map(([name, group]) => [name, digestOf(group)]));
}

/** The groups that differ, or are in one of the two only, in order of their names. Pure. */
export function differingSettings(ours: SettingsDigests, published: SettingsDigests): string[] {
  const names = new Set([...Object.keys(ours), ...Object.keys(published)]);
  return [...names].filter((name) => ours[name] !== published[name]).sort();
}

function digestOf(group: unknown): string {
  return createHash('sha256').update(inOrder(group)).digest('hex').slice(0, DIGEST_LENGTH);
}

/** As JSON, with the names of every object in order: the order in cdk.json says nothing. */
function inOrder(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
