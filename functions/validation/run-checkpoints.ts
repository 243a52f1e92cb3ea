import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Source } from '../migration/sources.ts';
import { type Item, textOf } from '../model/attribute-value.ts';
import type { HeldRecords } from '../model/kpi.ts';
import { MigrationError } from '../model/migration-error.ts';
import type { ControlTable } from '../tables/control/control-table.ts';
import { VALIDATION_PARTITION } from '../tables/control/validation-report.ts';
import type { RowKey, Transactions } from '../tables/dynamo/transactions.ts';
import type { Checkpoints, ScanState } from './scan-sides.ts';

/** What a checkpoint is only good for. */
export interface RunIdentity {
  readonly mappingHash: string;
  /** The backfill that filled the tables; empty where none has begun. */
  readonly backfillRunId: string;
  readonly heldRecords: HeldRecords;
  readonly phase?: Source;
}

export interface RunOptions {
  readonly control: ControlTable;
  readonly transactions: Transactions;
  readonly identity: RunIdentity;
  readonly nowMs: () => number;
  readonly newToken: () => string;
  /** Told whether an earlier run continues, and if not, why. */
  readonly note: (message: string) => void;
}

/** A validation run that can be interrupted and taken up again. */
export interface ValidationRun {
  readonly runId: string;
  /** When it began to read, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly checkpoints: Checkpoints;
  /** Forgets the checkpoint, as the run has come to its verdict. */
  readonly finish: () => Promise<void>;
}

interface Header {
  readonly runId: string;
  readonly startedAtMs: number;
  readonly identity: RunIdentity;
  /** Which parts hold the state: of two generations, one is always whole. */
  readonly generation: number;
  /** 0 before the first state was kept. */
  readonly parts: number;
}

/** Records of a stream live for 24 hours: what is older can have been changed by what nobody can replay. */
const AGE_MAX_MS = 24 * 3_600_000;

/** Bytes in one row; an item ends at 400 KB. */
const PART_BYTES = 350_000;

const HEADER_SORT = 'checkpoint';
const HEADER_KEY: RowKey = { table: 'control', key: { pk: { S: VALIDATION_PARTITION }, sk: { S: HEADER_SORT } } };

/**
 * Takes up the run that was interrupted, or begins a new one where there is none or its checkpoint is not to be used: that of
 * another mapping, another backfill, other settings, or older than a stream's 24 hours.
 */
export async function openRun(options: RunOptions): Promise<ValidationRun> {
  const [stored] = await options.transactions.read([HEADER_KEY]);
  const earlier = stored && (JSON.parse(textOf(stored, 'header') ?? 'null') as Header | null);
  const refusal = earlier ? refusalOf(earlier, options) : undefined;
  if (earlier && refusal !== undefined)
    options.note(`Starting again: the checkpoint of an earlier validation ${refusal}.`);
  const goesOn = earlier && refusal === undefined;
  if (goesOn)
    options.note(`Going on with validation ${earlier.runId}, begun ${new Date(earlier.startedAtMs).toISOString()}.`);
  const header: Header = goesOn
    ? earlier
    : {
        runId: options.newToken(),
        startedAtMs: options.nowMs(),
        identity: options.identity,
        generation: (earlier?.generation ?? 0) + 1,
        parts: 0,
      };
  const fence = new Fence(options, header, textOf(stored, 'token') ?? null);
  await fence.write(header);
  return {
    runId: header.runId,
    startedAtMs: header.startedAtMs,
    checkpoints: { load: () => fence.load(), save: (state) => fence.save(state) },
    finish: () => fence.finish(),
  };
}

function refusalOf({ identity, startedAtMs }: Header, { identity: mine, nowMs }: RunOptions): string | undefined {
  if (identity.mappingHash !== mine.mappingHash) return 'is of another mapping';
  if (identity.backfillRunId !== mine.backfillRunId) return 'is of another run of the backfill';
  if (identity.heldRecords !== mine.heldRecords || identity.phase !== mine.phase) return 'is of another question';
  if (nowMs() - startedAtMs > AGE_MAX_MS) return 'is older than 24 hours';
  return undefined;
}

/** The checkpoint's rows. Each write of the header moves a token on, so that of two processes with one run only one continues. */
class Fence {
  readonly #options: RunOptions;
  #header: Header;
  #token: string | null;

  constructor(options: RunOptions, header: Header, token: string | null) {
    this.#options = options;
    this.#header = header;
    this.#token = token;
  }

  async write(header: Header): Promise<void> {
    const token = this.#options.newToken();
    const item: Item = { ...HEADER_KEY.key, token: { S: token }, header: { S: JSON.stringify(header) } };
    const written = await this.#options.transactions.write([
      { kind: 'put', table: 'control', item, ifToken: this.#token },
    ]);
    // The client tries again where it missed an answer, and is refused by its own effect.
    if (!written && (await this.#storedToken()) !== token) {
      throw new MigrationError(
        'VALIDATION_RUNNING',
        'Another process has taken over this validation, or has started one.',
        {
          nextStep: 'Let it finish; its verdict is the one that counts.',
        },
      );
    }
    this.#header = header;
    this.#token = token;
  }

  async load(): Promise<ScanState | undefined> {
    const { generation, parts } = this.#header;
    if (parts === 0) return undefined;
    const bytes: Uint8Array[] = [];
    for (let at = 0; at < parts; at += 1) {
      const row = await this.#options.control.get(VALIDATION_PARTITION, partSort(generation, at));
      if (!(row?.bytes instanceof Uint8Array)) return undefined;
      bytes.push(row.bytes);
    }
    const text = await promisify(inflateRaw)(Buffer.concat(bytes));
    return JSON.parse(text.toString()) as ScanState;
  }

  async save(state: ScanState): Promise<void> {
    const generation = this.#header.generation + 1;
    const bytes = await promisify(deflateRaw)(JSON.stringify(state));
    const parts = Math.ceil(bytes.length / PART_BYTES);
    for (let at = 0; at < parts; at += 1) {
      const part = Uint8Array.from(bytes.subarray(at * PART_BYTES, (at + 1) * PART_BYTES));
      await this.#options.control.put(VALIDATION_PARTITION, partSort(generation, at), { bytes: part });
    }
    const before = this.#header;
    await this.write({ ...before, generation, parts });
    await this.#deleteParts(before);
  }

  async finish(): Promise<void> {
    if ((await this.#storedToken()) !== this.#token) return;
    await this.#options.control.delete(VALIDATION_PARTITION, HEADER_SORT);
    await this.#deleteParts(this.#header);
  }

  async #storedToken(): Promise<string | undefined> {
    const [stored] = await this.#options.transactions.read([HEADER_KEY]);
    return textOf(stored, 'token');
  }

  async #deleteParts({ generation, parts }: Header): Promise<void> {
    for (let at = 0; at < parts; at += 1) {
      await this.#options.control.delete(VALIDATION_PARTITION, partSort(generation, at));
    }
  }
}

function partSort(generation: number, part: number): string {
  return `${HEADER_SORT}#${generation}#${part}`;
}
