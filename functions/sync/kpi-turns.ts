import { type KpiKey, kpiIdentity } from '../model/kpi.ts';

/**
 * Has those who write a KPI's links in one process do so one after another. Nothing depends on it but speed: the token refuses all but one of
 * several who write at the same time, and the others would have to start again, over and over.
 */
export class KpiTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Works when whoever came before has done with all of these KPIs. The work must not take a turn itself. */
  async take<T>(kpis: readonly KpiKey[], work: () => Promise<T>): Promise<T> {
    const identities = kpis.map(kpiIdentity);
    const before = identities.map((identity) => this.#last.get(identity)).filter((turn) => turn !== undefined);
    const turn = before.length === 0 ? work() : Promise.allSettled(before).then(work);
    for (const identity of identities) this.#last.set(identity, turn);
    try {
      return await turn;
    } finally {
      for (const identity of identities) if (this.#last.get(identity) === turn) this.#last.delete(identity);
    }
  }
}
