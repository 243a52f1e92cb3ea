import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  SFNClient,
  type SFNClientConfig,
  StartExecutionCommand,
  StateMachineDoesNotExist,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { MigrationError } from '../model/migration-error.ts';

/** How an execution of a state machine is. */
export interface ExecutionState {
  /** Step Functions API Reference, DescribeExecution: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED; `unknown` where it is forgotten. */
  readonly status: string;
  /** Why it failed. */
  readonly error?: string;
  readonly cause?: string;
}

/** The executions of one state machine, on Step Functions. */
export interface Executions extends Disposable {
  /** @throws MigrationError `WORKFLOW_NOT_DEPLOYED` */
  start(stateMachineArn: string, name: string, input: object): Promise<void>;
  describe(executionArn: string): Promise<ExecutionState>;
  /** Starts nothing more of it. What Lambda has in hand it finishes. */
  stop(executionArn: string, cause: string): Promise<void>;
}

/** Connects to Step Functions. `config` overrides the SDK's own settings. */
export function connectExecutions(config: SFNClientConfig = {}): Executions {
  const client = new SFNClient(config);
  return {
    async start(stateMachineArn, name, input) {
      try {
        await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
      } catch (cause) {
        if (!(cause instanceof StateMachineDoesNotExist)) throw cause;
        throw new MigrationError('WORKFLOW_NOT_DEPLOYED', `There is no state machine ${stateMachineArn}.`, {
          cause,
          nextStep: 'Deploy the stack with backfill.workflow in its settings: npx cdk deploy --all',
        });
      }
    },
    async describe(executionArn) {
      try {
        const { status, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
        return {
          status: status ?? 'unknown',
          ...(error !== undefined && { error }),
          ...(cause !== undefined && { cause }),
        };
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return { status: 'unknown' };
        throw error;
      }
    },
    async stop(executionArn, cause) {
      try {
        await client.send(new StopExecutionCommand({ executionArn, error: 'STOPPED', cause }));
      } catch (error) {
        if (!(error instanceof ExecutionDoesNotExist)) throw error;
      }
    },
    [Symbol.dispose]() {
      client.destroy();
    },
  };
}
