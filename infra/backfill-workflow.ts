import { Duration, Stack } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  type CfnStateMachine,
  Choice,
  Condition,
  DefinitionBody,
  DistributedMap,
  Errors,
  Fail,
  type IChainable,
  JitterType,
  JsonPath,
  LogLevel,
  Pass,
  Result,
  StateMachine,
  StateMachineType,
  Succeed,
  TaskInput,
  type TaskStateBase,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { SOURCES } from '../functions/migration/sources.ts';
import { NEW_DATA } from '../functions/migration/tables.ts';
import { acknowledgePartsOf, acknowledgeResource } from './acknowledge.ts';
import { keptLogs, nodeFunction, vendedLogName } from './node-function.ts';
import { allowReplication, allowTables, type ReplicationTables, replicationVariables } from './replication-access.ts';
import type { Settings } from './settings.ts';
import { workflowName } from './workflow-names.ts';

export interface BackfillWorkflowProps extends ReplicationTables {
  readonly settings: Settings;
  readonly memoryMegabytes: number;
}

/** The most that Lambda gives (Lambda developer guide, "Lambda quotas"). */
const WORKER_SECONDS = 900;
/** Until Step Functions no longer waits for an answer of Lambda; it does not end the invocation. */
const ANSWER_SECONDS = WORKER_SECONDS + 60;

/** A failed invocation is tried again after pauses that grow from the first to the longest; a killed worker's lease has run out by then. */
const RETRIES = 10;
const RETRY_SECONDS = { first: 2, longest: 60 } as const;
/** While the account has no concurrency left, nothing has failed. */
const RETRIES_OF_THROTTLES = 10_000;

/**
 * The backfill on Step Functions: one function says what is next and works on segments, a distributed map has it work on many at once. All that a run is
 * stands in the control table, so an execution keeps nothing and another one continues it, as does `backfill --execute` on an operator's machine.
 */
export class BackfillWorkflow extends Construct {
  constructor(scope: Construct, id: string, props: BackfillWorkflowProps) {
    super(scope, id);
    const { settings } = props;
    const worker = this.workerFunction(props);
    const logs = keptLogs(this, 'ExecutionLogs', vendedLogName(this, 'backfill'));
    const stateMachine = new StateMachine(this, 'Backfill', {
      stateMachineName: workflowName(settings.name),
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(this.definition(worker)),
      logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: true },
      tracingEnabled: true,
      comment: 'Copies the old tables, segment by segment. Start it with: kpi-migrate backfill --execute --on workflow',
    });
    acknowledgePartsOf(worker, ':*', stateMachine, 'CDK allows calling any version of exactly this function.');
    acknowledgeResource(
      stateMachine,
      '*',
      'Delivery of logs and X-Ray know no resources (Step Functions developer guide, "Logging" and "X-Ray").',
    );
    for (const executions of executionsOf(stateMachine)) {
      acknowledgeResource(
        stateMachine,
        executions,
        'A distributed map watches and stops the executions that it started.',
      );
    }
  }

  private definition(worker: IFunction): IChainable {
    const next = this.invoke(worker, 'Decide', {
      action: 'next',
      group: JsonPath.stringAt('$$.Execution.Name'),
      input: JsonPath.objectAt('$$.Execution.Input'),
      last: JsonPath.objectAt('$'),
    });
    const wait = new Wait(this, 'Wait', { time: WaitTime.secondsPath('$.waitSeconds') });
    return next.next(
      new Choice(this, 'What next')
        .when(Condition.stringEquals('$.kind', 'segments'), this.segments(worker, next).next(next))
        .when(Condition.stringEquals('$.kind', 'wait'), wait.next(next))
        .when(Condition.stringEquals('$.kind', 'finished'), new Succeed(this, 'Finished'))
        .otherwise(new Fail(this, 'Failed', { errorPath: '$.code', causePath: '$.message' })),
    );
  }

  /** Each segment is an execution of its own, so that its events are not among the 25,000 of the whole ("Step Functions service quotas"). */
  private segments(worker: IFunction, next: LambdaInvoke): DistributedMap {
    const work = this.invoke(
      worker,
      'Work on segment',
      {
        action: 'segment',
        input: JsonPath.objectAt('$.input'),
        order: JsonPath.objectAt('$.order'),
        segment: JsonPath.numberAt('$.segment'),
      },
      '$.result',
    );
    // Results of all segments together have room for 256 KiB.
    const done = new Pass(this, 'Segment done', { result: Result.fromObject({}) });
    const ended = new Choice(this, 'What became of it')
      .when(Condition.stringEquals('$.result.outcome', 'more'), work)
      .when(Condition.stringEquals('$.result.outcome', 'done'), done)
      .when(Condition.stringEquals('$.result.outcome', 'stopped'), done)
      .otherwise(
        new Fail(this, 'Fenced', { error: 'LEASE_LOST', cause: 'Another backfill has taken the lease over.' }),
      );
    const segments = new DistributedMap(this, 'Segments', {
      itemsPath: '$.segments',
      itemSelector: {
        'input.$': '$$.Execution.Input',
        'order.$': '$.order',
        'segment.$': '$$.Map.Item.Value',
      },
      maxConcurrencyPath: '$.maxConcurrency',
      toleratedFailurePercentagePath: '$.toleratedFailurePercent',
      mapExecutionType: StateMachineType.STANDARD,
      resultPath: JsonPath.DISCARD,
    });
    segments.itemProcessor(work.next(ended));
    // What failed, and who is still at work, is in the control table.
    segments.addCatch(next, { errors: [Errors.ALL], resultPath: '$.error' });
    return segments;
  }

  private invoke(worker: IFunction, name: string, payload: object, resultPath?: string): LambdaInvoke {
    const task = new LambdaInvoke(this, name, {
      lambdaFunction: worker,
      payload: TaskInput.fromObject(payload as Record<string, unknown>),
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
      taskTimeout: Timeout.duration(Duration.seconds(ANSWER_SECONDS)),
      ...(resultPath !== undefined && { resultPath }),
    });
    return withRetries(task);
  }

  private workerFunction({ settings, memoryMegabytes, ...tables }: BackfillWorkflowProps): IFunction {
    const worker = nodeFunction(this, 'Worker', {
      entry: 'backfill-workflow',
      timeoutSeconds: WORKER_SECONDS,
      memoryMegabytes,
      environment: replicationVariables(settings),
    });
    allowReplication(worker, tables);
    const { oldTables, newTables, control } = tables;
    allowTables(worker, ['Scan'], [...SOURCES.map((source) => oldTables.tableArn(source)), control.tableArn]);
    allowTables(worker, ['BatchGetItem', 'BatchWriteItem'], [newTables.arn(NEW_DATA)]);
    return worker;
  }
}

/** Whatever a distributed map has started, as CDK names it in the policy and cdk-nag spells it. */
function executionsOf(stateMachine: StateMachine): string[] {
  const { partition, region, account } = Stack.of(stateMachine);
  const id = Stack.of(stateMachine).getLogicalId(stateMachine.node.defaultChild as CfnStateMachine);
  const name = `{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${id}"}]}]}`;
  return ['', '/*'].map((mapRuns) => `arn:${partition}:states:${region}:${account}:execution:${name}${mapRuns}:*`);
}

function withRetries<Task extends TaskStateBase>(task: Task): Task {
  const pauses = {
    interval: Duration.seconds(RETRY_SECONDS.first),
    maxDelay: Duration.seconds(RETRY_SECONDS.longest),
    backoffRate: 2,
    jitterStrategy: JitterType.FULL,
  };
  task.addRetry({ ...pauses, errors: ['Lambda.TooManyRequestsException'], maxAttempts: RETRIES_OF_THROTTLES });
  task.addRetry({ ...pauses, errors: [Errors.ALL], maxAttempts: RETRIES });
  return task;
}
