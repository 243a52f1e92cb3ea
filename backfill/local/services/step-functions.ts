import * as z from 'zod';
import { type Answer, type Exchange, parseBody } from '../appconfig/exchange.ts';
import { ServiceError } from '../appconfig/service-error.ts';
import type { Execution, Executions } from '../cloud/executions.ts';

/** What every operation's header begins with (Smithy, "AWS JSON 1.0 protocol"). */
export const STEP_FUNCTIONS = 'AWSStepFunctions.';

/** Step Functions API Reference, StartExecution: 80 characters, none of these. */
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/;

const startBody = z.object({ stateMachineArn: z.string(), name: z.string(), input: z.string().default('{}') });
const describeBody = z.object({ executionArn: z.string() });
const stopBody = z.object({ executionArn: z.string(), error: z.string().optional(), cause: z.string().optional() });

/** Step Functions' API, as far as the product asks it: StartExecution, DescribeExecution and StopExecution. */
export async function answerStepFunctions(exchange: Exchange, executions: Executions): Promise<Answer> {
  const operation = exchange.headers['x-amz-target']?.slice(STEP_FUNCTIONS.length);
  switch (operation) {
    case 'StartExecution':
      return ok(await start(exchange, executions));
    case 'DescribeExecution':
      return ok(descriptionOf(find(executions, parseBody(exchange, describeBody).executionArn)));
    case 'StopExecution': {
      const { executionArn, error, cause } = parseBody(exchange, stopBody);
      find(executions, executionArn);
      executions.stop(executionArn, error, cause);
      return ok({ stopDate: secondsOf(find(executions, executionArn).stoppedAtMs ?? 0) });
    }
    default:
      throw new ServiceError(400, 'UnknownOperationException', `${operation} is not known here.`);
  }
}

/** The same name with the same input is the same execution while that runs; else it is taken (API Reference, StartExecution). */
async function start(exchange: Exchange, executions: Executions): Promise<object> {
  const { stateMachineArn, name, input } = parseBody(exchange, startBody);
  if (!executions.hasMachine(stateMachineArn)) {
    throw new ServiceError(400, 'StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
  }
  if (!NAME.test(name)) throw new ServiceError(400, 'InvalidName', `Invalid Name: '${name}'`);
  const known = executions.find(`${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`);
  if (known && (known.status !== 'RUNNING' || known.input !== input)) {
    throw new ServiceError(400, 'ExecutionAlreadyExists', `Execution Already Exists: '${known.arn}'`);
  }
  const { arn, startedAtMs } = known ?? (await executions.start(stateMachineArn, name, input));
  return { executionArn: arn, startDate: secondsOf(startedAtMs) };
}

function find(executions: Executions, arn: string): Execution {
  const found = executions.find(arn);
  if (found) return found;
  throw new ServiceError(400, 'ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
}

function descriptionOf({ arn, startedAtMs, stoppedAtMs, ...rest }: Execution): object {
  return {
    ...rest,
    executionArn: arn,
    startDate: secondsOf(startedAtMs),
    ...(stoppedAtMs !== undefined && { stopDate: secondsOf(stoppedAtMs) }),
  };
}

function ok(body: object): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/x-amz-json-1.0' }, body };
}

function secondsOf(ms: number): number {
  return ms / 1_000;
}
