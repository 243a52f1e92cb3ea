import { Template } from 'aws-cdk-lib/assertions';
import { mergeStacks } from '../../backfill/local/cloud/merge-stacks.ts';
import { MigrationApp } from '../../infra/migration-app.ts';
import { parseSettings, type Settings } from '../../infra/settings.ts';

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties are whatever a test looks for.
  readonly Properties: Readonly<Record<string, any>>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** Resources by logical id. */
export type Resources = Readonly<Record<string, Resource>>;

/** Settings of an environment `test`, with all defaults but what is given. */
export function settingsWith(given: object = {}): Settings {
  const test = { account: '123456789012', region: 'eu-west-1', ...given };
  return parseSettings({ migration: { environments: { test } } }, 'test');
}

/** The app without bundles of its functions, which take most of the time and change nothing in the template. */
export function appOf(settings: Settings): MigrationApp {
  return new MigrationApp(settings, { context: { 'aws:cdk:bundling-stacks': [] } });
}

/** A synthesised template. */
export interface StackTemplate {
  readonly Resources: Resources;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: string } }>>;
}

/** The templates of both stacks. */
export function templatesOf(settings: Settings): { readonly state: StackTemplate; readonly migration: StackTemplate } {
  const { state, stack } = appOf(settings);
  const [ofState, ofMigration] = [state, stack].map((each) => Template.fromStack(each).toJSON() as StackTemplate);
  if (!ofState || !ofMigration) throw new Error('There are not two stacks.');
  return { state: ofState, migration: ofMigration };
}

/** The resources of both stacks, as if they were in one. */
export function synthesise(settings: Settings): Resources {
  const { state, migration } = templatesOf(settings);
  return mergeStacks([state, migration]) as Resources;
}

export function ofType(resources: Resources, type: string): (Resource & { readonly id: string })[] {
  return Object.entries(resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => ({ id, ...resource }));
}
