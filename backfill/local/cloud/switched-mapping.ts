import type { LocalMapping } from '../services/mappings.ts';
import { EventSourceMapping, type EventSourceMappingOptions } from './event-source-mapping.ts';

/** An event source mapping that can be disabled and enabled again. It continues from its checkpoint. */
export class SwitchedMapping implements LocalMapping {
  readonly id: string;
  readonly functionId: string;
  private readonly options: EventSourceMappingOptions;
  private running: EventSourceMapping | undefined;
  private stopping: Promise<void> | undefined;
  private delivered = 0;
  private lastError: unknown;

  constructor(names: { readonly id: string; readonly functionId: string }, options: EventSourceMappingOptions) {
    this.id = names.id;
    this.functionId = names.functionId;
    this.options = { ...options, invoke: (event) => this.noting(options.invoke(event)) };
    this.setEnabled(true);
  }

  get streamArn(): string {
    return this.options.source.streamArn;
  }

  get state(): LocalMapping['state'] {
    if (this.running) return 'Enabled';
    return this.stopping === undefined ? 'Disabled' : 'Disabling';
  }

  get lastResult(): string {
    if (this.lastError !== undefined) return 'PROBLEM: Function call failed';
    return this.recordCount > 0 ? 'OK' : 'No records processed';
  }

  get recordCount(): number {
    return this.delivered + (this.running?.recordCount ?? 0);
  }

  setEnabled(enabled: boolean): void {
    if (enabled === (this.running !== undefined)) return;
    if (enabled) {
      const mapping = new EventSourceMapping(this.options);
      this.running = mapping;
      // Two at once would deliver twice.
      void Promise.resolve(this.stopping).then(() => mapping.start());
      return;
    }
    const mapping = this.running;
    this.running = undefined;
    this.stopping = mapping?.stop().then(() => {
      this.delivered += mapping.recordCount;
      this.stopping = undefined;
    });
  }

  /** Waits as {@link EventSourceMapping.drained} does; a disabled mapping never gets there. */
  async drained(): Promise<void> {
    if (this.running === undefined) throw new Error(`The event source mapping ${this.id} is disabled.`);
    await this.running.drained();
  }

  async stop(): Promise<void> {
    this.setEnabled(false);
    await this.stopping;
  }

  private async noting(invocation: Promise<unknown>): Promise<unknown> {
    try {
      const answer = await invocation;
      this.lastError = undefined;
      return answer;
    } catch (error) {
      this.lastError = error;
      throw error;
    }
  }
}
