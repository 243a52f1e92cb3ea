import { App } from 'aws-cdk-lib';
import { MigrationStack } from './migration-stack.ts';
import { readSettings } from './settings.ts';

const app = new App();
const settings = readSettings(app.node.tryGetContext('environment') ?? 'dev');
new MigrationStack(app, `kpi-migration-${settings.name}`, { settings });
app.synth();
