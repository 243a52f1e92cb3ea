/** What CloudFormation calls the stacks of an environment. */
export interface StackNames {
  /** What must last: tables, failures, the flag's versions. */
  readonly state: string;
  /** Everything else. It can be deleted and deployed again. */
  readonly migration: string;
}

export function stackNames(environmentName: string): StackNames {
  const migration = `kpi-migration-${environmentName}`;
  return { state: `${migration}-state`, migration };
}
