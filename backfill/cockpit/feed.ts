import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../functions/model/migration-error.ts';
import { readStatus } from '../commands/status/read-status.ts';
import type { Environment } from '../environment.ts';
import { type ReadCounts, type Sample, sampleOf, withSample } from './samples.ts';
import { type CockpitView, viewOf } from './view.ts';

/** What is sent to every page: the view, or why it cannot be read. */
export type FeedEvent = { readonly view: CockpitView } | { readonly failure: string };

export interface FeedOptions {
  readonly environment: Environment;
  readonly isReadOnly: boolean;
  /** From one look to the next. */
  readonly everyMs: number;
  readonly reads?: (() => ReadCounts) | undefined;
  readonly stop: AbortSignal;
}

/** Looks at the migration again and again, and tells whoever listens. It looks also while nobody does: the lines go on. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  #samples: readonly Sample[] = [];
  #latest: FeedEvent | undefined;
  #wake = new AbortController();

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** @returns what ends it. */
  listen(listener: (event: FeedEvent) => void): () => void {
    this.#listeners.add(listener);
    if (this.#latest) listener(this.#latest);
    return () => this.#listeners.delete(listener);
  }

  /** Looks at once, after something was changed. */
  hurry(): void {
    this.#wake.abort();
  }

  /** Runs until it is stopped. */
  async run(): Promise<void> {
    const { stop, everyMs } = this.#options;
    while (!stop.aborted) {
      this.#latest = await this.#look();
      for (const listener of this.#listeners) listener(this.#latest);
      this.#wake = new AbortController();
      const signal = AbortSignal.any([stop, this.#wake.signal]);
      await sleep(everyMs, undefined, { signal }).catch(() => {});
    }
  }

  async #look(): Promise<FeedEvent> {
    const { environment, isReadOnly, reads } = this.#options;
    try {
      const status = await readStatus(environment);
      this.#samples = withSample(this.#samples, sampleOf(status, reads?.()));
      return { view: viewOf({ status, settings: environment.settings, samples: this.#samples, isReadOnly }) };
    } catch (error) {
      // Not swallowed: the page says it, and shows how old its figures are.
      return { failure: messageOf(error) };
    }
  }
}
