import { describe, expect, test } from 'vitest';
import { allowedBy, mayOf, otherThanReading, wildcards } from './policies.ts';
import { ofType, type Resources, settingsWith, synthesise } from './synthesis.ts';

const settings = settingsWith();
const resources = synthesise(settings);
const { goalKpiLinks, kpiMilestones, kpiActuals, kpiReadings, kpis, people } = settings.tables;
const NOT_OURS = [goalKpiLinks, kpiMilestones, kpiActuals, kpiReadings, kpis, people];

const FUNCTION_VERSION = 'CDK lets its framework call any version of the function';
const WILDCARDS_WITH_REASON: Readonly<Record<string, string>> = {
  '<GuardsPutOn.Arn>:*': FUNCTION_VERSION,
  '<OldTablesEnsureStream.Arn>:*': FUNCTION_VERSION,
  '<OldTablesStreamIsOn.Arn>:*': FUNCTION_VERSION,
  '<OldTablesStreamProviderframeworkisComplete.Arn>:*': FUNCTION_VERSION,
  '<OldTablesStreamProviderframeworkonTimeout.Arn>:*': FUNCTION_VERSION,
  '<FailuresBucket.Arn>/*': 'Lambda names the objects it keeps',
  'ObservabilityTopicKey: *': 'in the policy of a key, this is the key',
  'OldTablesEnsureStreamRoleDefaultPolicy: *': 'Lambda lists mappings by stream only to who may list them all',
  'ReadFlagMonitorRole: *': 'CloudWatch tells of composite alarms only who may ask for all of them',
  'ReplicationHealthWatchRoleDefaultPolicy: *': 'Lambda has no resource for listing event source mappings by stream',
  'arn:aws:appconfig:eu-west-1:123456789012:application/<ReadFlagApplication>/configurationprofile/<ReadFlagProfile>/hostedconfigurationversion/*':
    'AppConfig numbers the versions that operators make',
  'kms:*': 'the account itself may do all with its key, as CDK has it, lest nobody can',
  'kms:GenerateDataKey*': 'CDK lets CloudWatch make data keys of either form for the topic',
};

/** Without the policies for people (operators.test.ts). */
function withoutPeople(all: Resources): Resources {
  return Object.fromEntries(Object.entries(all).filter(([, { Type }]) => Type !== 'AWS::IAM::ManagedPolicy'));
}

const ARN = 'arn:aws:dynamodb:eu-west-1:123456789012:table';

function planted(statement: object, id = 'Planted'): Resources {
  const Statement = [{ Effect: 'Allow', ...statement }];
  return { [id]: { Type: 'AWS::IAM::Policy', Properties: { PolicyDocument: { Statement } } } };
}

describe('the old and the look-up tables', () => {
  test('are never written: no statement allows anything but reading them, and turning the streams on', () => {
    expect(otherThanReading(resources, NOT_OURS)).toEqual([]);
  });

  test('may have their streams turned on by one function alone, which may do nothing else', () => {
    const updating = allowedBy(resources).filter(({ actions }) => actions.includes('dynamodb:UpdateTable'));
    const [ofOldTables, ofOurs] = [true, false].map((isOld) =>
      updating.filter(
        ({ resources: arns }) => arns.some((arn) => NOT_OURS.some((name) => arn.endsWith(name))) === isOld,
      ),
    );
    const { kpiLinks, kpiData, control } = settings.tables;
    expect(ofOurs).toEqual([
      expect.objectContaining({ resources: [control, kpiData, kpiLinks].map((name) => `${ARN}/${name}`) }),
    ]);
    expect(ofOldTables).toEqual([
      expect.objectContaining({
        actions: ['dynamodb:DescribeTable', 'dynamodb:UpdateTable'],
        resources: [goalKpiLinks, kpiActuals, kpiMilestones, kpiReadings].map((name) => `${ARN}/${name}`),
      }),
    ]);
  });

  test.each([
    ['a single write', { Action: 'dynamodb:PutItem', Resource: `${ARN}/${kpiActuals}` }],
    [
      'a write among reads',
      { Action: ['dynamodb:GetItem', 'dynamodb:DeleteItem'], Resource: [`${ARN}/${goalKpiLinks}`] },
    ],
    ['a write to a look-up table', { Action: 'dynamodb:UpdateItem', Resource: `${ARN}/${people}` }],
    ['a batch', { Action: 'dynamodb:BatchWriteItem', Resource: `${ARN}/${kpiReadings}` }],
    ['a statement in SQL', { Action: 'dynamodb:PartiQLUpdate', Resource: `${ARN}/purposepath-kpi-*` }],
    ['every action of the service', { Action: 'dynamodb:*', Resource: `${ARN}/${kpis}` }],
    ['every action, whatever its case', { Action: 'DynamoDB:Put*', Resource: `${ARN}/${kpis}` }],
    ['every action of every service', { Action: '*:*', Resource: '*' }],
    ['every action there is', { Action: '*', Resource: '*' }],
    ['all but one action', { NotAction: 'dynamodb:GetItem', Resource: `${ARN}/${kpiActuals}` }],
    ['all but one resource', { Action: 'dynamodb:PutItem', NotResource: `${ARN}/another` }],
    ['any region and account', { Action: 'dynamodb:PutItem', Resource: `arn:aws:dynamodb:*:*:table/${kpiActuals}` }],
    ['the table of a wildcard', { Action: 'dynamodb:PutItem', Resource: `${ARN}/purposepath-kpi-actual?` }],
    ['a backup by anyone but an operator', { Action: 'dynamodb:CreateBackup', Resource: `${ARN}/${kpiActuals}` }],
    ['the deletion of a table', { Action: 'dynamodb:DeleteTable', Resource: `${ARN}/${kpiMilestones}` }],
    ['a reference that may be any table', { Action: 'dynamodb:PutItem', Resource: { 'Fn::ImportValue': 'x' } }],
    ['a change of the table by another function', { Action: 'dynamodb:UpdateTable', Resource: `${ARN}/${kpiActuals}` }],
    [
      'a name in parts',
      {
        Action: 'dynamodb:PutItem',
        Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:dynamodb:::table/${kpis}`]] },
      },
    ],
  ])('would be reported: %s', (_what, statement) => {
    expect(otherThanReading(planted(statement), NOT_OURS)).not.toEqual([]);
  });

  test('would be reported: a write in the inline policy of a role, or beside the one exception', () => {
    const Statement = [{ Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: `${ARN}/${kpiActuals}` }];
    const role = { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyDocument: { Statement } }] } };
    expect(otherThanReading({ Role: role }, NOT_OURS)).toHaveLength(1);
    const beside = { Action: ['dynamodb:UpdateTable', 'dynamodb:PutItem'], Resource: `${ARN}/${kpiActuals}` };
    expect(otherThanReading(planted(beside, 'OldTablesEnsureStreamRole'), NOT_OURS)).toEqual([
      expect.stringContaining('dynamodb:PutItem'),
    ]);
  });

  test.each([
    [
      'reading them',
      { Action: ['dynamodb:GetItem', 'dynamodb:Query'], Resource: `${ARN}/${kpiActuals}/index/kpi-index` },
    ],
    [
      'writing a new table whose name is like theirs',
      { Action: 'dynamodb:PutItem', Resource: `${ARN}/${settings.tables.kpiLinks}` },
    ],
    ['refusing a write', { Effect: 'Deny', Action: 'dynamodb:PutItem', Resource: `${ARN}/${kpiActuals}` }],
  ])('would not be reported: %s', (_what, statement) => {
    expect(otherThanReading(planted(statement), NOT_OURS)).toEqual([]);
  });
});

describe('what the functions may do', () => {
  test('has no wildcard without a reason', () => {
    expect(wildcards(withoutPeople(resources))).toEqual(Object.keys(WILDCARDS_WITH_REASON).sort());
  });

  test.each([
    ['an action', { Action: 's3:Get*', Resource: 'arn:aws:s3:::bucket' }, 's3:Get*'],
    ['a resource', { Action: 's3:GetObject', Resource: '*' }, 'Planted: *'],
    ['what is not named', { NotAction: 's3:GetObject', Resource: 'arn:aws:s3:::bucket' }, 'all but what it names'],
  ])('would be reported: a wildcard in %s', (_what, statement, found) => {
    expect(wildcards(planted(statement))).toContain(found);
  });

  test('comes from no policy of others but the one for writing logs, and that only for CDK’s own functions', () => {
    const writingLogs = ':iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
    for (const { id, Properties } of ofType(resources, 'AWS::IAM::Role')) {
      const framework = /^(OldTablesStream|Guards)Providerframework/.test(id);
      const policy = { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, writingLogs]] };
      expect(Properties.ManagedPolicyArns, id).toEqual(framework ? [policy] : undefined);
    }
    const own = ofType(resources, 'AWS::IAM::ManagedPolicy');
    expect(own.map(({ id }) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['OperatorsObserve', 'OperatorsOperate']);
    for (const { Properties } of own) expect(Properties).not.toHaveProperty('Roles');
  });

  test.each(['links', 'milestones', 'actuals', 'readings'])(
    '%s: is reading what the mapping needs, writing the new tables and the control table, and keeping failures',
    (source) => {
      const own = allowedBy(resources).filter(({ where }) => where.startsWith(`StreamSyncReplicate${source}Role`));
      const may = (action: string) =>
        own
          .filter(({ actions }) => actions.includes(action))
          .flatMap((each) =>
            each.resources.map((arn) => arn.replace(/^.*table\//, '').replace(/[0-9A-F]{8}(?=\.)/, '')),
          )
          .sort();
      const written = ['kpi-migration-control', 'purposepath-kpi-data', 'purposepath-kpi-links'];
      expect({
        put: may('dynamodb:PutItem'),
        remove: may('dynamodb:DeleteItem'),
        update: may('dynamodb:UpdateItem'),
        check: may('dynamodb:ConditionCheckItem'),
        read: may('dynamodb:GetItem'),
        readMany: may('dynamodb:BatchGetItem'),
        query: may('dynamodb:Query'),
        keep: may('s3:PutObject'),
        takeAway: [...may('s3:GetObject'), ...may('s3:DeleteObject')],
      }).toEqual({
        put: written,
        remove: written,
        update: ['kpi-migration-control'],
        check: ['purposepath-kpi-data'],
        read: [...written, goalKpiLinks, kpis].sort(),
        readMany: ['kpi-migration-control', goalKpiLinks, kpiActuals, kpiMilestones, kpiReadings],
        query: [
          'kpi-migration-control',
          `${kpiActuals}/index/kpi-index`,
          `${kpiMilestones}/index/kpi-index`,
          `${kpiReadings}/index/kpi-index`,
          `${people}/index/linked-user-index`,
        ],
        keep: ['<FailuresBucket.Arn>/*'],
        takeAway: [],
      });
    },
  );

  test('of the gate is reading evidence, and what is deployed of this flag', () => {
    const application = '<ReadFlagApplication>';
    const profile = `${application}/configurationprofile/<ReadFlagProfile>`;
    expect(mayOf(resources, /^ReadFlagGate(Role|ReadsFlag)/)).toEqual({
      'dynamodb:GetItem': ['kpi-migration-control'],
      'dynamodb:Query': ['kpi-migration-control'],
      'appconfig:ListDeployments': [application, `${application}/environment/<ReadFlagEnvironment>`],
      'appconfig:GetHostedConfigurationVersion': [application, profile, `${profile}/hostedconfigurationversion/*`],
    });
  });

  test('of what puts the guards on is protecting our tables, and the validators of this profile', () => {
    const { kpiLinks, kpiData, control } = settings.tables;
    const ours = [control, kpiData, kpiLinks];
    const profile = ['<ReadFlagApplication>', '<ReadFlagApplication>/configurationprofile/<ReadFlagProfile>'];
    expect(mayOf(resources, /^GuardsPutOnRole/)).toEqual({
      'dynamodb:DescribeTable': ours,
      'dynamodb:UpdateTable': ours,
      'appconfig:GetConfigurationProfile': profile,
      'appconfig:UpdateConfigurationProfile': profile,
    });
  });

  test('of the read API is reading what either side’s answers come from, and exactly this flag', () => {
    const readPath = { callers: [{ principal: 'arn:aws:iam::123456789012:role/kpi-service', tenants: 'any' }] };
    const all = synthesise(settingsWith({ readPath }));
    expect(otherThanReading(all, [...NOT_OURS])).toEqual([]);
    const configuration = ['<ReadFlagApplication>/environment/<ReadFlagEnvironment>/configuration/<ReadFlagProfile>'];
    expect(mayOf(all, /^ReadPathReadKpiRole/)).toEqual({
      'dynamodb:BatchGetItem': [goalKpiLinks, kpiActuals, kpiMilestones, kpiReadings].sort(),
      'dynamodb:GetItem': ['kpi-migration-control', 'purposepath-kpi-data', 'purposepath-kpi-links', kpis].sort(),
      'dynamodb:Query': [
        ...['goal-index', 'kpi-index', 'tenant-index'].flatMap((index) => [
          `${goalKpiLinks}/index/${index}`,
          `purposepath-kpi-links/index/${index}`,
        ]),
        ...[kpiActuals, kpiMilestones, kpiReadings].flatMap((name) => [
          `${name}/index/kpi-index`,
          `${name}/index/tenant-index`,
        ]),
        ...['kpi-link-category-index', 'kpi-link-index', 'target-subtype-index'].map(
          (index) => `purposepath-kpi-data/index/${index}`,
        ),
        `${people}/index/linked-user-index`,
      ].sort(),
      'appconfig:StartConfigurationSession': configuration,
      'appconfig:GetLatestConfiguration': configuration,
    });
  });

  const old = [goalKpiLinks, kpiActuals, kpiMilestones, kpiReadings];
  const validating = {
    'dynamodb:Scan': ['purposepath-kpi-data', 'purposepath-kpi-links', goalKpiLinks].sort(),
    'dynamodb:BatchGetItem': [
      ...old,
      kpis,
      'kpi-migration-control',
      'purposepath-kpi-data',
      'purposepath-kpi-links',
    ].sort(),
    'dynamodb:Query': [
      ...old.map((name) => `${name}/index/kpi-index`),
      `${people}/index/linked-user-index`,
      'purposepath-kpi-links/index/kpi-index',
      'purposepath-kpi-data/index/kpi-link-index',
      'kpi-migration-control',
    ].sort(),
    'dynamodb:GetItem': ['kpi-migration-control'],
    'dynamodb:PutItem': ['kpi-migration-control'],
  };

  test('of the standing validation is reading all tables, and writing down in the control table where it is', () => {
    expect(mayOf(resources, /^Validation|^ReadFlagValidation/)).toMatchObject(validating);
    expect(JSON.stringify(allowedBy(resources).filter(({ where }) => /Validation/.test(where)))).not.toContain(
      'appconfig:',
    );
  });

  test('of the standing validation is also falling back where the settings say so, by the one strategy for that', () => {
    const all = synthesise(settingsWith({ validation: { fallbackOnDisagreement: true } }));
    const application = '<ReadFlagApplication>';
    const environment = `${application}/environment/<ReadFlagEnvironment>`;
    const profile = `${application}/configurationprofile/<ReadFlagProfile>`;
    expect(mayOf(all, /^ValidationValidateRole|^ReadFlagValidationFallsBack/)).toEqual({
      ...validating,
      'appconfig:ListDeployments': [application, environment],
      'appconfig:GetHostedConfigurationVersion': [application, profile, `${profile}/hostedconfigurationversion/*`],
      'appconfig:ListHostedConfigurationVersions': [application, profile],
      'appconfig:CreateHostedConfigurationVersion': [application, profile],
      'appconfig:StartDeployment': ['<ReadFlagFallback>', application, profile, environment].sort(),
      'appconfig:StopDeployment': [application, environment, `${environment}/deployment/*`],
      'appconfig:GetDeployment': [application, environment, `${environment}/deployment/*`],
      'appconfig:GetEnvironment': [application, environment],
      'appconfig:UpdateEnvironment': [application, environment],
      'appconfig:GetConfigurationProfile': [application, profile],
      'appconfig:UpdateConfigurationProfile': [application, profile],
      'iam:PassRole': ['<ReadFlagMonitorRole.Arn>'],
    });
    const known = wildcards(withoutPeople(resources));
    const added = wildcards(withoutPeople(all)).filter((text) => !known.includes(text));
    // AppConfig numbers the deployments; whichever is in progress has to be stopped.
    expect(added).toEqual([expect.stringMatching(/environment\/<ReadFlagEnvironment>\/deployment\/\*$/)]);
  });
});
