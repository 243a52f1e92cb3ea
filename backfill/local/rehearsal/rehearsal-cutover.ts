import { setTimeout as sleep } from 'node:timers/promises';
import type { FlagAccess } from '../../../functions/flag/access.ts';
import { applyFlagChange, planFlagChange } from '../../../functions/flag/change.ts';
import { readFlagState } from '../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { fallBack } from '../../../functions/flag/fall-back.ts';
import type { CountsByName } from '../../../functions/model/counts-by-name.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { acceptQuarantined, listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import type { QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import type { Environment } from '../../environment.ts';
import type { AilingNewReads, Ailment } from './new-side-faults.ts';
import type { Readers } from './readers.ts';

export interface CutoverOptions {
  readonly environment: Environment;
  readonly flag: FlagAccess;
  readonly readers: Readers;
  readonly newReads: AilingNewReads;
  /** Has Lambda refuse to invoke the gate, or no longer. */
  readonly throttleGate: (isThrottled: boolean) => void;
  /** Validates all, with the verdict as answer. */
  readonly validate: () => Promise<string>;
  /** The longest that a reader takes to see a change of the flag. */
  readonly pollIntervalMs: number;
  readonly note: (message: string) => void;
  readonly nowMs: () => number;
}

/** What became of the reads' move. */
export interface CutoverReport {
  /** What the gate said while there was no validation. */
  readonly refusedWithoutEvidence: boolean;
  /** Whether the gate refused while quarantine held what nobody had accepted; absent where it held nothing. */
  readonly refusedWithQuarantine?: boolean;
  readonly accepted: number;
  /** From the start of the fallback to the last answer of the new side, in milliseconds; at most 0 where none came after it. */
  readonly fallbackMs: number;
  /** Answers of the new side: at each stage, in order. */
  readonly newAnswers: CountsByName;
}

const OPERATOR = 'the rehearsal';
const ACT_MS = 1_500;
const LAG_BOUND_MS = 60_000;
const ATTEMPTS_MAX = 20;
/** How long a busy machine may take until the new side answers where it is to. */
const ANSWER_WITHIN_MS = 60_000;

/**
 * Moves the reads as the runbook has it: shadow, then the new side for more and more tenants, ailing new tables, a fallback while the
 * gate is down, and the new side again; by the operator's own commands, through AppConfig's gate.
 */
export async function cutOver(options: CutoverOptions): Promise<CutoverReport> {
  const { readers, note, nowMs } = options;
  const newAnswers = new Map<string, number>();
  const act = async (name: string, run: () => Promise<void>, toAnswer = false): Promise<void> => {
    const before = readers.count('new');
    await run();
    await sleep(ACT_MS);
    if (toAnswer) await untilNewAnswer(options, before);
    newAnswers.set(name, readers.count('new') - before);
  };

  await act('shadow', () =>
    deploy(options, { enabled: true, stage: 'shadow', percent: 0, tenants: [], lagBoundMs: 0 }),
  );
  const refusedWithoutEvidence = await isRefused(options, toNew(25));
  note(`The gate refuses reads on the new tables before a validation: ${refusedWithoutEvidence ? 'yes' : 'NO'}.`);
  note(`Validation: ${await options.validate()}.`);
  const refusedWithQuarantine = await isRefusedForQuarantine(options);
  let accepted = 0;
  const widen = async (percent: number): Promise<void> => {
    accepted += await deployOnEvidence(options, toNew(percent));
  };
  // Of one percent, or half, of the tenants there may be none.
  for (const percent of [1, 50, 100]) await act(`new ${percent} %`, () => widen(percent), percent === 100);
  for (const ailment of ['slow', 'failing', 'wrong'] as const) await act(ailment, async () => ail(options, ailment));
  await act('recovered', () => recover(options));

  note('Fallback, while the gate is throttled.');
  options.throttleGate(true);
  const fallbackAtMs = nowMs();
  await fallBack(options.flag, { by: OPERATOR, sleep, note });
  options.throttleGate(false);
  await sleep(options.pollIntervalMs + ACT_MS);
  const fallbackMs = readers.lastNewAnswerAtMs - fallbackAtMs;

  await act('new again', () => widen(100), true);
  return {
    refusedWithoutEvidence,
    ...(refusedWithQuarantine !== undefined && { refusedWithQuarantine }),
    accepted,
    fallbackMs,
    newAnswers,
  };
}

function toNew(percent: number): FlagContent {
  return { enabled: true, stage: 'new', percent, tenants: [], lagBoundMs: LAG_BOUND_MS };
}

async function ail({ newReads, note }: CutoverOptions, ailment: Ailment): Promise<void> {
  note(`The new tables are ${ailment}.`);
  newReads.ailment = ailment;
}

/** Waits until the readers' breaker has found the new tables well and lets them answer again. */
async function recover(options: CutoverOptions): Promise<void> {
  const { newReads, readers, note } = options;
  note('The new tables work again.');
  newReads.ailment = 'none';
  const before = readers.count('new');
  await untilNewAnswer(options, before);
}

/** Waits, with a bound, until the new side has answered more than so many reads. */
async function untilNewAnswer({ readers, nowMs }: CutoverOptions, before: number): Promise<void> {
  const giveUpAtMs = nowMs() + ANSWER_WITHIN_MS;
  while (readers.count('new') === before && nowMs() < giveUpAtMs) await sleep(100);
}

/** Deploys a flag, waits until that is complete, and until readers have had the time to see it. */
async function deploy({ flag, pollIntervalMs, note }: CutoverOptions, next: FlagContent): Promise<void> {
  const number = await applyFlagChange(flag, await planFlagChange(flag, next), OPERATOR);
  for (;;) {
    const { inProgress, last } = await readFlagState(flag.client, flag.ids);
    if (inProgress === undefined) {
      if (last?.state === 'COMPLETE') break;
      throw new MigrationError('DEPLOYMENT_FAILED', `Deployment ${number} is ${last?.state}.`);
    }
    await sleep(100);
  }
  note(`Deployment ${number}: ${next.enabled ? `${next.stage}, ${next.percent} % of tenants` : 'old'}.`);
  await sleep(pollIntervalMs);
}

async function isRefused(options: CutoverOptions, next: FlagContent): Promise<boolean> {
  try {
    await deploy(options, next);
    return false;
  } catch (error) {
    if (error instanceof MigrationError && error.kind === 'gate') return true;
    throw error;
  }
}

/** @returns undefined where quarantine holds nothing to be refused for, or what it held was mended meanwhile. */
async function isRefusedForQuarantine(options: CutoverOptions): Promise<boolean | undefined> {
  const isEmpty = async (): Promise<boolean> => (await unaccepted(options.environment)).length === 0;
  if (await isEmpty()) return undefined;
  const refused = await isRefused(options, toNew(25));
  if (!refused && (await isEmpty())) return undefined;
  options.note(`The gate refuses while nobody has accepted the quarantined items: ${refused ? 'yes' : 'NO'}.`);
  return refused;
}

/** Deploys as an operator does beside a service that keeps writing items nobody can migrate: accepts these, and tries again. */
async function deployOnEvidence(options: CutoverOptions, next: FlagContent): Promise<number> {
  let accepted = 0;
  for (let attempt = 1; ; attempt += 1) {
    accepted += await acceptAll(options.environment);
    try {
      await deploy(options, next);
      return accepted;
    } catch (error) {
      if (!(error instanceof MigrationError && error.kind === 'gate') || attempt === ATTEMPTS_MAX) throw error;
      await sleep(500);
    }
  }
}

async function acceptAll(environment: Environment): Promise<number> {
  const entries = await unaccepted(environment);
  const { client, settings } = environment;
  for (const entry of entries) {
    const accepted = { by: OPERATOR, at: new Date().toISOString() };
    await acceptQuarantined(client, settings.tables, entry, accepted).catch((error: unknown) => {
      // Mended or changed in between: the gate sees what is left.
      if (!(error instanceof MigrationError && error.kind === 'conflict')) throw error;
    });
  }
  return entries.length;
}

async function unaccepted({ client, settings }: Environment): Promise<QuarantineEntry[]> {
  const entries = await Array.fromAsync(listQuarantine(client, settings.tables));
  return entries.filter((entry) => entry.accepted === undefined);
}
