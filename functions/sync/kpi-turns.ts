import { type KpiKey, kpiIdentity } from '../model/kpi.ts';

/**
 * Has those who write a KPI's links in one process do so one after another. Nothing depends on it but speed: the token refuses all but one of
 * several who write at the same time, and the others would have to start again, over and over.
 */
export class KpiTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(kpi: KpiKey, work: () => Promise<T>): Promise<T> {
    const identity = kpiIdentity(kpi);
    const before = this.#last.get(identity);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(identity, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(identity) === turn) this.#last.delete(identity);
    }
  }
}
