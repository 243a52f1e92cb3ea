// @ts-expect-error: it has no types.
import aslValidator from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { allowedBy, mayOf, otherThanReading, wildcards } from './policies.ts';
import { appOf, ofType, type Resources, settingsWith, synthesise } from './synthesis.ts';

const settings = settingsWith({ backfill: { workflow: {} } });
const resources = synthesise(settings);
const { goalKpiLinks, kpiMilestones, kpiActuals, kpiReadings, kpis, people } = settings.tables;

/** The definition of the state machine that has a name; the others are CDK's. */
function definitionIn(all: Resources): Record<string, unknown> | undefined {
  const machine = ofType(all, 'AWS::StepFunctions::StateMachine').find(({ Properties }) => Properties.StateMachineName);
  if (machine === undefined) return undefined;
  const parts: unknown[] = machine.Properties.DefinitionString['Fn::Join'][1];
  const text = parts.map((part) =>
    typeof part === 'string' ? part : 'arn:aws:lambda:eu-west-1:123456789012:function:worker',
  );
  return JSON.parse(text.join(''));
}

const ofWorkflow = Object.fromEntries(Object.entries(resources).filter(([id]) => id.startsWith('Workflow')));

const definition = definitionIn(resources);

const validate: (definition: unknown) => { readonly errors: readonly object[] } = aslValidator;
const problems = (of: unknown): readonly object[] => validate(of).errors;

describe('the state machine of the backfill', () => {
  test('is there only where the settings ask for it', () => {
    expect(definitionIn(synthesise(settingsWith()))).toBeUndefined();
  });

  test('is valid', () => {
    expect(problems(definition)).toEqual([]);
    expect(problems({ ...definition, StartAt: 'nowhere' })).not.toEqual([]);
  });

  test('works on segments in executions of their own, as many at once and with as many failures as its step says', () => {
    expect(definition).toMatchObject({
      States: {
        Segments: {
          Type: 'Map',
          ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
          MaxConcurrencyPath: '$.maxConcurrency',
          ToleratedFailurePercentagePath: '$.toleratedFailurePercent',
          ResultPath: null,
        },
      },
    });
  });

  test('fails no rule of cdk-nag', () => {
    expect(() => appOf(settings).synth()).not.toThrow();
  });
});

describe('the rights of the workflow', () => {
  test('are to read the old tables, to write the new ones and the control table, and nothing else', () => {
    expect(mayOf(resources, /^WorkflowWorkerRole/)).toEqual({
      'dynamodb:Scan': ['kpi-migration-control', goalKpiLinks, kpiActuals, kpiMilestones, kpiReadings].sort(),
      'dynamodb:GetItem': [
        'kpi-migration-control',
        goalKpiLinks,
        kpis,
        'purposepath-kpi-data',
        'purposepath-kpi-links',
      ].sort(),
      'dynamodb:BatchGetItem': [
        'kpi-migration-control',
        goalKpiLinks,
        kpiActuals,
        'purposepath-kpi-data',
        kpiMilestones,
        kpiReadings,
      ].sort(),
      'dynamodb:Query': [
        'kpi-migration-control',
        ...[kpiActuals, kpiMilestones, kpiReadings].map((name) => `${name}/index/kpi-index`),
        `${people}/index/linked-user-index`,
      ].sort(),
      'dynamodb:PutItem': ['kpi-migration-control', 'purposepath-kpi-data', 'purposepath-kpi-links'],
      'dynamodb:DeleteItem': ['kpi-migration-control', 'purposepath-kpi-data', 'purposepath-kpi-links'],
      'dynamodb:BatchWriteItem': ['purposepath-kpi-data'],
      'dynamodb:ConditionCheckItem': ['purposepath-kpi-data'],
      'dynamodb:UpdateItem': ['kpi-migration-control'],
    });
    expect(otherThanReading(ofWorkflow, [goalKpiLinks, kpiMilestones, kpiActuals, kpiReadings, kpis, people])).toEqual(
      [],
    );
  });

  test('have wildcards only where CDK and the services leave no choice', () => {
    expect(allowedBy(ofWorkflow).length).toBeGreaterThan(0);
    expect(wildcards(ofWorkflow)).toEqual([
      '<WorkflowWorker.Arn>:*',
      'WorkflowBackfillRoleDefaultPolicy: *',
      'arn:aws:states:eu-west-1:123456789012:execution:*/*:*',
      'arn:aws:states:eu-west-1:123456789012:execution:*:*',
    ]);
  });
});
