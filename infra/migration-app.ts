import { App, type AppProps, Tags, Validations } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import { MigrationStack } from './migration-stack.ts';
import { parseSettings, type Settings } from './settings.ts';
import { stackNames } from './stack-names.ts';
import { StateStack } from './state-stack.ts';

/** Exports and imports: CloudFormation deletes no stack while another one imports from it. CDK recommends weaker ones. */
const STRONG_REFERENCES = { '@aws-cdk/core:defaultCrossStackReferences': 'strong' };

/**
 * The two stacks of one environment, what must last and what can be deployed again, with CDK's recommended feature flags.
 * What cdk-nag or CDK's own rules find fails the synthesis; exceptions are acknowledged, with their reason, beside the
 * resource.
 */
export class MigrationApp extends App {
  readonly state: StateStack;
  readonly stack: MigrationStack;

  /** @param settings by default those of the environment that the context names (`-c environment=NAME`), or else of dev. */
  constructor(settings?: Settings, appProps: AppProps = {}) {
    super({ ...appProps, context: { ...recommendedFlags, ...STRONG_REFERENCES, ...appProps.context } });
    const chosen = settings ?? settingsOf(this);
    const { account, region } = chosen;
    const { terminationProtection } = chosen.stack;
    const props = { settings: chosen, env: { account, region }, terminationProtection };
    const names = stackNames(chosen.name);
    this.state = new StateStack(this, names.state, props);
    this.stack = new MigrationStack(this, names.migration, { ...props, state: this.state, madeAt: new Date() });
    // Tables are named and not referenced, so CDK does not see that they have to be there first.
    this.stack.addStackDependency(this.state);
    for (const [key, value] of Object.entries(chosen.stack.tags)) Tags.of(this).add(key, value);
    Validations.of(this).addPlugins(new AwsSolutionsChecks(this));
  }
}

/** The context is cdk.json's, with what `-c` or the local cloud puts over it. */
function settingsOf({ node }: App): Settings {
  return parseSettings({ migration: node.tryGetContext('migration') }, node.tryGetContext('environment') ?? 'dev');
}
