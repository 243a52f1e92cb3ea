/** What AppConfig calls the parts of the flag. */
export interface FlagNames {
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
}

/** How a deployment reaches the readers: `widen` step by step, `fallback` all at once. */
export type Strategy = 'widen' | 'fallback';

/**
 * The names by which people and readers know the flag. AppConfig does not keep names unique: an application that an
 * earlier stack left behind may have the same one. So whoever changes the flag goes by the ids that the stacks publish.
 */
export function flagNames(environmentName: string): FlagNames {
  return { application: `kpi-migration-${environmentName}`, environment: 'reads', profile: 'read-path' };
}

/** Under which the stacks of an environment publish what the commands need, in Parameter Store. */
export function publishedFolder(environmentName: string): string {
  return `/kpi-migration/${environmentName}`;
}

/** Where the stacks publish AppConfig's ids: two parameters of Systems Manager's Parameter Store. */
export function publishedNames(environmentName: string): { readonly flag: string; readonly environment: string } {
  const folder = `${publishedFolder(environmentName)}/read-flag`;
  return { flag: `${folder}/ids`, environment: `${folder}/environment-id` };
}

/** The name of a deployment strategy. */
export function strategyName(environmentName: string, strategy: Strategy): string {
  return `${flagNames(environmentName).application}-${strategy}`;
}
