import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CfnResource } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, describe, expect, test } from 'vitest';
import { MigrationApp } from '../../infra/migration-app.ts';
import { programFile } from '../../infra/package-layout.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { runToEnd } from '../run-cli.ts';
import { appOf, settingsWith, synthesise } from './synthesis.ts';

const PROJECT_ROOT = resolve(import.meta.dirname, '../..');
const { context } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8'));
const environments = Object.keys(context.migration.environments);

describe('the environments of cdk.json', () => {
  test('are those that were asked for', () => {
    expect(environments).toEqual(['local', 'dev', 'staging', 'production']);
  });

  test.each(environments)('%s: synthesises without a finding, in its own account and region', (name) => {
    const app = new MigrationApp(undefined, {
      context: { ...context, environment: name, 'aws:cdk:bundling-stacks': [] },
    });
    const { stacks } = app.synth();
    const { account, region } = readSettings(name);
    expect(stacks.map(({ stackName }) => stackName)).toEqual([`kpi-migration-${name}-state`, `kpi-migration-${name}`]);
    for (const { environment } of stacks) expect(environment).toMatchObject({ account, region });
  });

  test.each([
    ['dev', false],
    ['staging', true],
    ['production', true],
  ])('%s: is protected from termination: %s', (name, isProtected) => {
    expect(readSettings(name).stack.terminationProtection).toBe(isProtected);
  });

  test('are meant by name, and dev where none is named', () => {
    const app = new MigrationApp(undefined, {
      context: { migration: context.migration, 'aws:cdk:bundling-stacks': [] },
    });
    expect(app.stack.stackName).toBe('kpi-migration-dev');
  });
});

describe('an environment that is not in cdk.json', () => {
  test('stops the synthesis and is answered with those there are', () => {
    expect(() => new MigrationApp(undefined, { context: { ...context, environment: 'prod' } })).toThrow(
      expect.objectContaining({ nextStep: 'Choose one of: local, dev, staging, production.' }),
    );
  });
});

describe('npx cdk with an environment that is not in cdk.json', () => {
  test('prints what is wrong and what to do, and nothing else', async () => {
    const CDK_CONTEXT_JSON = JSON.stringify({ ...context, environment: 'nope' });
    const { exitCode, stdout, stderr } = await runToEnd(process.execPath, [programFile('app')], {
      variables: { CDK_CONTEXT_JSON },
    });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'ENVIRONMENT_UNKNOWN: There is no environment nope in cdk.json.\nNext: Choose one of: local, dev, staging, production.\n',
    });
  });
});

describe('table names', () => {
  test('of another account are used wherever a table is meant', () => {
    const defaults = settingsWith().tables;
    const renamed = Object.fromEntries(Object.keys(defaults).map((role) => [role, `acme.${role}_eu`]));
    const text = JSON.stringify(synthesise(settingsWith({ tables: renamed })));
    expect(Object.values(defaults).filter((name) => text.includes(name))).toEqual([]);
    expect(Object.values(renamed).filter((name) => !text.includes(name))).toEqual([]);
  });
});

describe('the checks of the app', () => {
  test('fail the synthesis where a resource is less safe than it should be', () => {
    const app = appOf(settingsWith());
    new Bucket(app.stack, 'Planted');
    expect(() => app.synth()).toThrow(/AwsSolutions-S10/);
  });

  test('fail the synthesis where CloudFormation would refuse a resource', () => {
    const app = appOf(settingsWith());
    const properties = { TableName: 'planted', BillingMode: 'SOMETIMES' };
    new CfnResource(app.stack, 'Planted', { type: 'AWS::DynamoDB::Table', properties });
    expect(() => app.synth()).toThrow(/BillingMode|SOMETIMES/);
  });

  test('pass as the stack stands', () => {
    expect(() => appOf(settingsWith()).synth()).not.toThrow();
  });
});

describe('npx cdk synth', () => {
  const output = mkdtempSync(join(tmpdir(), 'cdk-synth-'));
  afterAll(() => rmSync(output, { recursive: true, force: true }));

  test('writes the template and a bundle for each function, without an AWS account', async () => {
    await promisify(execFile)(
      join(PROJECT_ROOT, 'node_modules/.bin/cdk'),
      ['synth', '--quiet', '--output', output, '--context', 'environment=production'],
      // None of the variables through which an account could be reached.
      { cwd: PROJECT_ROOT, env: { PATH: process.env.PATH, HOME: output } },
    );
    const template = JSON.parse(readFileSync(join(output, 'kpi-migration-production.template.json'), 'utf8'));
    const functions = Object.entries<{ Type: string; Properties: { Handler: string }; Metadata: object }>(
      template.Resources,
    )
      .filter(([id, { Type }]) => Type === 'AWS::Lambda::Function' && !id.includes('framework'))
      .map(([, each]) => ({ handler: each.Properties.Handler, asset: Object.entries(each.Metadata)[0]?.[1] }));
    expect(functions.map(({ handler }) => handler).sort()).toEqual([
      'index.handler',
      'index.handler',
      'index.handler',
      'index.handler',
      'index.handler',
      'index.handler',
      'index.handler',
      'index.handler',
      'index.isComplete',
      'index.onEvent',
      'index.onEvent',
    ]);
    for (const { asset } of functions) expect(existsSync(join(output, asset, 'index.js'))).toBe(true);
    const withCallers = functions
      .flatMap(({ asset }) => join(output, asset, 'callers.json'))
      .filter((file) => existsSync(file));
    expect(withCallers.map((file) => JSON.parse(readFileSync(file, 'utf8')))).toEqual([
      readSettings('production').readPath.callers,
    ]);
  }, 180_000);
});
