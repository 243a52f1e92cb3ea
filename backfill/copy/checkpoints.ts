import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import { type Checkpoint, writeCheckpoint } from './run-state.ts';

/** Writes the checkpoints of one segment, one after the other, while its work goes on. Of those that wait only the last is written. */
export class CheckpointWriter {
  readonly #control: ControlTable;
  #next: Checkpoint | undefined;
  #writing: Promise<void> | undefined;

  constructor(control: ControlTable) {
    this.#control = control;
  }

  note(checkpoint: Checkpoint): void {
    this.#next = checkpoint;
    this.#writing ??= this.#writeAll();
    // Whoever waits for the end is told.
    this.#writing.catch(() => {});
  }

  /** Resolves when the last one was written. @throws what kept one from being written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#take(); next !== undefined; next = this.#take()) await writeCheckpoint(this.#control, next);
    this.#writing = undefined;
  }

  #take(): Checkpoint | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }
}
