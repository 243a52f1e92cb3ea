import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { programFile } from '../../../infra/package-layout.ts';
import type { InvokeRequest, InvokeResponse } from './function-process.ts';
import type { StackFunction } from './template.ts';

/** The function did not answer: it threw, ran out of time, or its process died. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}

export interface FunctionHostOptions {
  readonly function: StackFunction;
  /** Path of the bundle's file. */
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
  /** File that takes what the function prints. */
  readonly logFile: string;
}

/** A process with an invocation in hand, for whoever does it harm. */
export interface BusyProcess {
  readonly event: unknown;
  signal(signal: NodeJS.Signals): void;
  /**
   * Fails the invocation at once, as Lambda does with a machine it has lost sight of, while the process continues unseen until its handler
   * answers. Resolves when the process has ended.
   */
  abandon(): Promise<void>;
}

/**
 * Runs a function's bundled handler in processes of its own, one invocation at a time in each, as Lambda does. A process that
 * dies fails its invocation; the next one gets a new process.
 */
export class FunctionHost {
  private readonly options: FunctionHostOptions;
  private readonly log: WriteStream;
  private readonly idle: ChildProcess[] = [];
  private readonly all = new Set<ChildProcess>();
  /** The invocation that a process has in hand: its event, and what fails it. */
  private readonly inHand = new Map<ChildProcess, { event: unknown; fail: (error: FunctionError) => void }>();

  constructor(options: FunctionHostOptions) {
    this.options = options;
    this.log = createWriteStream(options.logFile, { flags: 'a' });
    // Every process that still runs writes to it, also one that the host has lost sight of.
    this.log.setMaxListeners(0);
  }

  /**
   * @returns what the handler answered, through JSON as over the wire.
   * @throws FunctionError
   */
  async invoke(event: unknown): Promise<unknown> {
    const { timeoutSeconds } = this.options.function;
    const child = this.idle.pop() ?? this.start();
    const abandon = new AbortController();
    const abandoned = new Promise<never>((_, fail) => this.inHand.set(child, { event, fail }));
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutSeconds * 1000);
    const request: InvokeRequest = {
      requestId: randomUUID(),
      event,
      deadlineMs: Date.now() + timeoutSeconds * 1000,
    };
    try {
      child.send(request, () => {}); // A channel that is closed already ends the process too, which is waited for below.
      const [response] = (await Promise.race([
        once(child, 'message', { signal: abandon.signal }),
        this.death(child, abandon.signal),
        abandoned,
      ])) as [InvokeResponse];
      this.idle.push(child);
      if ('result' in response) return response.result;
      throw new FunctionError(`${response.errorType}: ${response.errorMessage}`);
    } finally {
      clearTimeout(timer);
      abandon.abort();
      this.inHand.delete(child);
    }
  }

  /** Ends every process at once, with whatever it has in hand. */
  killAll(signal: NodeJS.Signals): void {
    for (const child of this.all) child.kill(signal);
  }

  busy(): BusyProcess[] {
    return [...this.inHand].map(([child, { event, fail }]) => ({
      event,
      signal: (signal) => {
        child.kill(signal);
      },
      abandon: async () => {
        const exited = once(child, 'exit');
        child.once('message', () => child.kill('SIGKILL'));
        fail(new FunctionError(`The process of ${this.options.function.id} was lost sight of.`));
        await exited;
      },
    }));
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.all].map(async (child) => {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }),
    );
    this.log.end();
  }

  private async death(child: ChildProcess, signal: AbortSignal): Promise<never> {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit', { signal });
    throw new FunctionError(
      `The process of ${this.options.function.id} ended (${child.signalCode ?? child.exitCode}).`,
    );
  }

  private start(): ChildProcess {
    const { function: stackFunction, bundle, environment } = this.options;
    const exportName = stackFunction.handler.slice(stackFunction.handler.lastIndexOf('.') + 1);
    const child = fork(programFile('function process'), [bundle, exportName, stackFunction.id], {
      env: {
        PATH: process.env.PATH ?? '',
        LAMBDA_TASK_ROOT: dirname(bundle),
        ...stackFunction.environment,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.stdout?.pipe(this.log, { end: false });
    child.stderr?.pipe(this.log, { end: false });
    this.all.add(child);
    child.once('exit', () => {
      this.all.delete(child);
      const at = this.idle.indexOf(child);
      if (at >= 0) this.idle.splice(at, 1);
    });
    return child;
  }
}
