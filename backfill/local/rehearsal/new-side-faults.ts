import { setTimeout as sleep } from 'node:timers/promises';
import type { Item } from '../../../functions/model/attribute-value.ts';
import type { NewReads } from '../../../functions/tables/new/new-reads.ts';

/** What ails the new tables, as far as readers see. */
export type Ailment = 'none' | 'slow' | 'failing' | 'wrong';

const SLOW_MS = 3_000;

/** The new tables with an ailment that can be changed while they are read. */
export class AilingNewReads implements NewReads {
  ailment: Ailment = 'none';
  private readonly sound: NewReads;

  constructor(sound: NewReads) {
    this.sound = sound;
  }

  async getLink(...args: Parameters<NewReads['getLink']>) {
    await this.ail(args[1]);
    return this.distort(await this.sound.getLink(...args));
  }

  async getData(...args: Parameters<NewReads['getData']>) {
    await this.ail(args[1]);
    return this.distort(await this.sound.getData(...args));
  }

  async queryLinks(...args: Parameters<NewReads['queryLinks']>) {
    await this.ail(args[3]);
    return (await this.sound.queryLinks(...args)).map((row) => this.distort(row));
  }

  async queryData(...args: Parameters<NewReads['queryData']>) {
    await this.ail(args[5]);
    const page = await this.sound.queryData(...args);
    return { ...page, items: page.items.map((row) => this.distort(row)) };
  }

  private async ail(signal: AbortSignal | undefined): Promise<void> {
    if (this.ailment === 'slow') await sleep(SLOW_MS, undefined, signal && { signal });
    if (this.ailment === 'failing') throw new Error('The new tables fail, as the rehearsal wills.');
  }

  /** Rows as if they were another tenant's: the worst that can be answered. */
  private distort<Row extends Item | undefined>(row: Row): Row {
    return this.ailment === 'wrong' && row !== undefined ? { ...row, tenant_id: { S: 'another tenant' } } : row;
  }
}
