import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { MigrationStack } from './migration-stack.ts';
import { readSettings } from './settings.ts';

const app = new App();
const settings = readSettings(app.node.tryGetContext('environment') ?? 'dev');
new MigrationStack(app, `kpi-migration-${settings.name}`, { settings });
// A finding fails the synthesis; exceptions are acknowledged, with their reason, beside the resource.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
