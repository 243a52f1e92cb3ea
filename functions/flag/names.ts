/** What AppConfig calls the parts of the flag. */
export interface FlagNames {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

/** How a deployment reaches the readers: `widen` step by step, `fallback` all at once. */
export type Strategy = 'widen' | 'fallback';

/**
 * The names that infra/read-flag.ts gives, by which operators and readers find the flag. An application's name must be
 * unique in its account, so it contains the environment's.
 */
export function flagNames(environmentName: string): FlagNames {
  return { application: `kpi-migration-${environmentName}`, environment: 'reads', profile: 'read-path' };
}

/** The name of a deployment strategy, which must be unique in its account too. */
export function strategyName(environmentName: string, strategy: Strategy): string {
  return `${flagNames(environmentName).application}-${strategy}`;
}
