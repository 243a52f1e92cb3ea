import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { PACKAGE_ROOT, programFile } from '../../../infra/package-layout.ts';
import type { Settings } from '../../../infra/settings.ts';
import { stackNames } from '../../../infra/stack-names.ts';
import { readTemplate, type Stack } from './template.ts';

/** Reads the stacks of an environment from the folder that they were synthesised into. @throws MigrationError TEMPLATE_UNREADABLE */
export async function readAssembly(environmentName: string, assembly: string): Promise<Stack> {
  const templates = Object.values(stackNames(environmentName)).map(async (name) =>
    JSON.parse(await readFile(join(assembly, `${name}.template.json`), 'utf8')),
  );
  return readTemplate(...(await Promise.all(templates)));
}

/**
 * Synthesises the stack with the settings given, bundles included, into a folder.
 *
 * @throws MigrationError SYNTHESIS_FAILED; TEMPLATE_UNREADABLE
 */
export async function synthesise({ name, ...settings }: Settings, assembly: string): Promise<Stack> {
  const context = {
    environment: name,
    'aws:cdk:enable-asset-metadata': true,
    migration: { environments: { [name]: settings } },
  };
  try {
    // The CDK's own command line does no more than this with an app, but takes seconds to start.
    await promisify(execFile)(process.execPath, [programFile('app')], {
      cwd: PACKAGE_ROOT,
      env: { ...process.env, CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: JSON.stringify(context) },
    });
  } catch (cause) {
    throw new MigrationError('SYNTHESIS_FAILED', 'The stack cannot be synthesised.', {
      cause,
      nextStep: 'Run npm run synth to see why.',
    });
  }
  return readAssembly(name, assembly);
}
