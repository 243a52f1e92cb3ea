import type { StateMachine as Interpreter, RunOptions, StateMachineDefinition } from 'aws-local-stepfunctions';
import type { FunctionHost } from './function-host.ts';
import type { StackStateMachine } from './template.ts';

/** Of the states of an execution those that the local cloud knows (Step Functions API Reference, DescribeExecution). */
export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';

/** An execution of a state machine. */
export interface Execution {
  readonly arn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  /** JSON, as it was given. */
  readonly input: string;
  readonly startedAtMs: number;
  readonly status: ExecutionStatus;
  readonly stoppedAtMs?: number;
  /** JSON. */
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
}

type Handlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>;

/** Runs the state machines of the stack in this process, by an interpreter of the Amazon States Language. Nothing of them outlives it. */
export class Executions {
  readonly #machines: ReadonlyMap<string, StackStateMachine>;
  readonly #hosts: ReadonlyMap<string, Pick<FunctionHost, 'invoke'>>;
  readonly #nowMs: () => number;
  readonly #executions = new Map<string, { execution: Execution; readonly abort: () => void }>();

  constructor(
    machines: readonly StackStateMachine[],
    hosts: ReadonlyMap<string, Pick<FunctionHost, 'invoke'>>,
    nowMs: () => number,
  ) {
    this.#machines = new Map(machines.map((machine) => [machine.arn, machine]));
    this.#hosts = hosts;
    this.#nowMs = nowMs;
  }

  hasMachine(arn: string): boolean {
    return this.#machines.has(arn);
  }

  find(arn: string): Execution | undefined {
    return this.#executions.get(arn)?.execution;
  }

  /** Starts a state machine that there is. */
  async start(stateMachineArn: string, name: string, input: string): Promise<Execution> {
    const machine = this.#machines.get(stateMachineArn) as StackStateMachine;
    // Loaded only where a stack has a state machine.
    const { StateMachine } = await import('aws-local-stepfunctions');
    // Functions are named by their logical ids here, which are no ARNs.
    const interpreter = new StateMachine(machine.definition as StateMachineDefinition, {
      validationOptions: { checkArn: false },
    });
    const startedAtMs = this.#nowMs();
    const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const running = interpreter.run(JSON.parse(input), {
      overrides: { taskResourceLocalHandlers: this.#handlersOf(machine.definition) },
      context: {
        Execution: { Id: arn, Name: name, Input: JSON.parse(input), StartTime: new Date(startedAtMs).toISOString() },
        StateMachine: { Id: stateMachineArn, Name: machine.name },
      },
    });
    const execution: Execution = { arn, stateMachineArn, name, input, startedAtMs, status: 'RUNNING' };
    this.#executions.set(arn, { execution, abort: running.abort });
    void this.#follow(arn, running.result);
    return execution;
  }

  /** Ends an execution. What its functions have in hand they finish, as on AWS. */
  stop(arn: string, error: string | undefined, cause: string | undefined): void {
    const { abort } = this.#executions.get(arn) ?? {};
    this.#end(arn, { status: 'ABORTED', ...(error !== undefined && { error }), ...(cause !== undefined && { cause }) });
    abort?.();
  }

  stopAll(): void {
    for (const arn of this.#executions.keys()) this.stop(arn, undefined, undefined);
  }

  async #follow(arn: string, result: ReturnType<Interpreter['run']>['result']): Promise<void> {
    try {
      this.#end(arn, { status: 'SUCCEEDED', output: JSON.stringify(await result) });
    } catch (thrown) {
      // The interpreter wraps what a Fail state says, or a Task threw. DescribeExecution tells that itself (Step Functions API Reference).
      const { name, message } =
        thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : (thrown as Error);
      this.#end(arn, { status: 'FAILED', error: name, cause: message });
    }
  }

  /** The first end counts: an execution that was stopped fails afterwards. */
  #end(arn: string, end: Pick<Execution, 'status' | 'output' | 'error' | 'cause'>): void {
    const known = this.#executions.get(arn);
    if (known?.execution.status !== 'RUNNING') return;
    known.execution = { ...known.execution, ...end, stoppedAtMs: this.#nowMs() };
  }

  /** What the interpreter calls for each Task, by the state's name: the function whose logical id is the resource. */
  #handlersOf(definition: unknown): Handlers {
    const tasks = tasksIn(definition);
    return Object.fromEntries(
      tasks.map(([name, resource]) => [name, async (input: unknown) => this.#hosts.get(resource)?.invoke(input)]),
    ) as Handlers;
  }
}

/** Names and resources of the Task states of a definition, at any depth. */
function tasksIn(node: unknown): [name: string, resource: string][] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, state]: [string, { Type?: unknown; Resource?: unknown } | null]) =>
    state?.Type === 'Task' ? [[name, String(state.Resource)]] : tasksIn(state),
  );
}
