import { MigrationApp } from './migration-app.ts';

new MigrationApp().synth();
