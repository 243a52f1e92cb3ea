/** What AppConfig calls the parts of the flag. */
export interface FlagNames {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

/** How a deployment reaches the readers: `widen` spreads it step by step, `fallback` is complete at once. */
export type Strategy = 'widen' | 'fallback';

/**
 * The names that infra/read-flag.ts gives, by which operators and readers find the flag. An application's name is unique in
 * its account, so it carries the name of the environment.
 */
export function flagNames(environmentName: string): FlagNames {
  return { application: `kpi-migration-${environmentName}`, environment: 'reads', profile: 'read-path' };
}

/** The name of a deployment strategy; these belong to the account too. */
export function strategyName(environmentName: string, strategy: Strategy): string {
  return `${flagNames(environmentName).application}-${strategy}`;
}
