import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { appConfigReference, hasAppConfig, readAppConfig, type TemplateResources } from '../appconfig/from-template.ts';
import type { Parameters } from '../appconfig/parameter-store.ts';
import type { InitialState } from '../appconfig/resources.ts';
import { functionRights, type Rights } from '../rights/function-rights.ts';
import { mergeStacks, parse, unreadableTemplate } from './merge-stacks.ts';

/** Reference to an attribute of another resource, the only intrinsic function the local cloud has to follow. */
const attributeOf = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });
const reference = z.object({ Ref: z.string() });
const join = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });

/** What ARNs of Step Functions begin with in the local cloud. */
const STATES = 'arn:aws:states:us-east-1:000000000000';

const globalTable = z.object({
  TableName: z.string(),
  KeySchema: z.array(z.any()),
  AttributeDefinitions: z.array(z.any()),
  GlobalSecondaryIndexes: z
    .array(z.object({ IndexName: z.string(), KeySchema: z.array(z.any()), Projection: z.any() }))
    .optional(),
});
const lambdaFunction = z.object({
  Handler: z.string(),
  Timeout: z.number().default(3),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).default({ Variables: {} }),
});
const eventSourceMapping = z.object({
  FunctionName: reference,
  EventSourceArn: attributeOf,
  BatchSize: z.number().default(100),
  MaximumBatchingWindowInSeconds: z.number().default(0),
  MaximumRetryAttempts: z.number().default(-1),
  MaximumRecordAgeInSeconds: z.number().default(-1),
  BisectBatchOnFunctionError: z.boolean().default(false),
  ParallelizationFactor: z.literal(1, 'is the only one that the local cloud knows').default(1),
  FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]),
  StartingPosition: z.literal('TRIM_HORIZON'),
});
const schedule = z.object({
  ScheduleExpression: z.string(),
  Targets: z.array(z.object({ Arn: attributeOf })),
});
const streamResource = z.object({ ServiceToken: attributeOf, TableName: z.string() });
const guardsResource = z.looseObject({ ServiceToken: attributeOf });
const stateMachine = z.object({ StateMachineName: z.string().optional(), DefinitionString: z.unknown() });
const parameter = z.object({ Name: z.string(), Value: z.unknown() });

/** A function of the stack: where its bundle is, and how it is run. */
export interface StackFunction {
  readonly id: string;
  /** Folder of the bundle within the cloud assembly. */
  readonly asset: string;
  /** `file.export`, as Lambda has it. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  /** Variables with plain values or AppConfig's ids; references to other resources are left out. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A stream that the stack has turned on by its own functions, as CDK's provider framework would call them. */
export interface StackStream {
  readonly id: string;
  readonly tableName: string;
  readonly onEventFunction: string;
  readonly isCompleteFunction: string;
}

/** What the stack's own function has to put on when all else is there (infra/guards.ts). */
export interface StackGuards {
  readonly onEventFunction: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Lambda's limits of one event source mapping; -1 is none. */
export interface MappingLimits {
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly maximumRetryAttempts: number;
  readonly maximumRecordAgeSeconds: number;
  readonly bisect: boolean;
}

export interface StackMapping extends MappingLimits {
  readonly id: string;
  readonly functionId: string;
  readonly streamId: string;
}

/** A function that is invoked at a fixed rate. */
export interface StackSchedule {
  readonly functionId: string;
  readonly minutes: number;
}

/** A state machine, its functions named by their logical ids. */
export interface StackStateMachine {
  readonly arn: string;
  readonly name: string;
  readonly definition: unknown;
}

/** What the local cloud runs of a synthesised stack. */
export interface Stack {
  readonly tables: readonly CreateTableCommandInput[];
  readonly functions: ReadonlyMap<string, StackFunction>;
  /** What each function may do to tables. */
  readonly rights: ReadonlyMap<string, Rights>;
  readonly streams: readonly StackStream[];
  readonly mappings: readonly StackMapping[];
  readonly schedules: readonly StackSchedule[];
  readonly guards: readonly StackGuards[];
  readonly stateMachines: readonly StackStateMachine[];
  /** What the stacks publish in Parameter Store. */
  readonly parameters: Parameters;
  /** Absent where the stack has no flag. */
  readonly appConfig?: InitialState;
}

/**
 * Reads the synthesised CloudFormation templates of an app as one stack. What is not tables, functions, streams, mappings,
 * guards, state machines, parameters and AppConfig is passed over.
 *
 * @throws MigrationError TEMPLATE_UNREADABLE, with everything that the local cloud cannot follow.
 */
export function readTemplate(...templates: unknown[]): Stack {
  const all = mergeStacks(templates);
  const ofType = <T>(type: string, schema: z.ZodType<T>) =>
    Object.entries(all)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, resource]) => ({ id, metadata: resource.Metadata, ...parse(id, schema, resource.Properties) }));

  const functions = new Map(
    ofType('AWS::Lambda::Function', lambdaFunction).map((each): [string, StackFunction & { variables: object }] => [
      each.id,
      {
        id: each.id,
        asset: String(each.metadata?.['aws:asset:path'] ?? ''),
        handler: each.Handler,
        timeoutSeconds: each.Timeout,
        environment: plainVariables(all, each.Environment.Variables),
        variables: each.Environment.Variables,
      },
    ]),
  );
  /** The function that CDK's provider framework calls for a custom resource. */
  const calledBy = (id: string, serviceToken: z.infer<typeof attributeOf>, variable: string): string => {
    const framework = functions.get(serviceToken['Fn::GetAtt'][0]);
    const called = parse(id, z.object({ [variable]: attributeOf }), framework?.variables ?? {});
    return called[variable]?.['Fn::GetAtt'][0] ?? '';
  };
  return {
    tables: ofType('AWS::DynamoDB::GlobalTable', globalTable).map((table) => ({
      TableName: table.TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: table.KeySchema,
      AttributeDefinitions: table.AttributeDefinitions,
      ...(table.GlobalSecondaryIndexes && { GlobalSecondaryIndexes: table.GlobalSecondaryIndexes }),
    })),
    functions,
    rights: functionRights(all),
    streams: ofType('Custom::OldTableStream', streamResource).map(({ id, TableName, ServiceToken }) => ({
      id,
      tableName: TableName,
      onEventFunction: calledBy(id, ServiceToken, 'USER_ON_EVENT_FUNCTION_ARN'),
      isCompleteFunction: calledBy(id, ServiceToken, 'USER_IS_COMPLETE_FUNCTION_ARN'),
    })),
    guards: ofType('Custom::Guards', guardsResource).map(({ id, metadata: _, ServiceToken, ...properties }) => ({
      onEventFunction: calledBy(id, ServiceToken, 'USER_ON_EVENT_FUNCTION_ARN'),
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, value]) => [name, resolved(all, value) ?? value]),
      ),
    })),
    stateMachines: ofType('AWS::StepFunctions::StateMachine', stateMachine).flatMap(
      ({ id, StateMachineName: name, DefinitionString }) => {
        // One of CDK's provider framework, whose functions the local cloud calls itself.
        if (name === undefined) return [];
        const text = resolved(all, DefinitionString);
        if (text === undefined) throw unreadableTemplate(`${id}: its definition names what is not known here.`);
        return { arn: `${STATES}:stateMachine:${name}`, name, definition: JSON.parse(text) };
      },
    ),
    parameters: Object.fromEntries(
      ofType('AWS::SSM::Parameter', parameter).flatMap(({ Name, Value }) => {
        const value = resolved(all, Value);
        return value === undefined ? [] : [[Name, value]];
      }),
    ),
    mappings: ofType('AWS::Lambda::EventSourceMapping', eventSourceMapping).map((mapping) => ({
      id: mapping.id,
      functionId: mapping.FunctionName.Ref,
      streamId: mapping.EventSourceArn['Fn::GetAtt'][0],
      batchSize: mapping.BatchSize,
      batchingWindowSeconds: mapping.MaximumBatchingWindowInSeconds,
      maximumRetryAttempts: mapping.MaximumRetryAttempts,
      maximumRecordAgeSeconds: mapping.MaximumRecordAgeInSeconds,
      bisect: mapping.BisectBatchOnFunctionError,
    })),
    schedules: ofType('AWS::Events::Rule', schedule).flatMap(({ ScheduleExpression, Targets }) => {
      const minutes = Number(/^rate\((\d+) minutes?\)$/.exec(ScheduleExpression)?.[1] ?? 0);
      return Targets.map(({ Arn }) => ({ functionId: Arn['Fn::GetAtt'][0], minutes }));
    }),
    ...(hasAppConfig(all) && { appConfig: appConfigOf(all) }),
  };
}

function plainVariables(
  resources: TemplateResources,
  variables: Readonly<Record<string, unknown>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => {
      const text =
        typeof value === 'string' ? value : (appConfigReference(resources, value) ?? mappingId(resources, value));
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

/** CloudFormation answers a reference to an event source mapping with its id, which is its logical id here. */
function mappingId(resources: TemplateResources, value: unknown): string | undefined {
  const id = reference.safeParse(value).data?.Ref;
  return id !== undefined && resources[id]?.Type === 'AWS::Lambda::EventSourceMapping' ? id : undefined;
}

function appConfigOf(resources: TemplateResources): InitialState {
  try {
    return readAppConfig(resources);
  } catch (error) {
    throw error instanceof z.ZodError ? unreadableTemplate(z.prettifyError(error)) : error;
  }
}

/**
 * A value that CloudFormation would put together: text, an id of AppConfig's, a function, or these joined.
 *
 * @returns undefined where it names anything else.
 */
function resolved(resources: TemplateResources, value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const joined = join.safeParse(value);
  if (joined.success) {
    const [separator, parts] = joined.data['Fn::Join'];
    const texts = parts.map((part) => resolved(resources, part));
    return texts.some((text) => text === undefined) ? undefined : texts.join(separator);
  }
  const attribute = attributeOf.safeParse(value);
  const [id, name] = attribute.data?.['Fn::GetAtt'] ?? [];
  // Here a function's logical id stands for its ARN.
  if (id !== undefined && name === 'Arn' && resources[id]?.Type === 'AWS::Lambda::Function') return id;
  return appConfigReference(resources, value);
}
