import { App, type AppProps, Validations } from 'aws-cdk-lib';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { AwsSolutionsChecks } from 'cdk-nag';
import { MigrationStack } from './migration-stack.ts';
import { parseSettings, type Settings } from './settings.ts';

/**
 * The stack of one environment, with CDK's recommended feature flags. What cdk-nag or CDK's own rules find fails the
 * synthesis; exceptions are acknowledged, with their reason, beside the resource.
 */
export class MigrationApp extends App {
  readonly stack: MigrationStack;

  /** @param settings by default those of the environment that the context names (`-c environment=NAME`), or else of dev. */
  constructor(settings?: Settings, props: AppProps = {}) {
    super({ ...props, context: { ...recommendedFlags, ...props.context } });
    const chosen = settings ?? settingsOf(this);
    this.stack = new MigrationStack(this, `kpi-migration-${chosen.name}`, { settings: chosen });
    Validations.of(this).addPlugins(new AwsSolutionsChecks(this));
  }
}

/** The context is cdk.json's, with what `-c` or the local cloud puts over it. */
function settingsOf({ node }: App): Settings {
  return parseSettings({ migration: node.tryGetContext('migration') }, node.tryGetContext('environment') ?? 'dev');
}
