#!/usr/bin/env node
import { MigrationError } from '../functions/model/migration-error.ts';
import { requireNode, requirePackages, STACK_PACKAGES } from './requirements.ts';

requireNode();
try {
  requirePackages(STACK_PACKAGES);
  const { MigrationApp } = await import('./migration-app.ts');
  new MigrationApp().synth();
} catch (error) {
  if (!(error instanceof MigrationError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n${error.nextStep ? `Next: ${error.nextStep}\n` : ''}`);
  process.exitCode = 1;
}
