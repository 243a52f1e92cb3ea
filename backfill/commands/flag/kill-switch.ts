import { type FlagState, readFlagState } from '../../../functions/flag/deployments.ts';
import { type Fallback, type FallbackAccess, fallBack } from '../../../functions/flag/fall-back.ts';
import { readsAnyNew } from '../../../functions/flag/widening.ts';
import { MigrationError, messageOf } from '../../../functions/model/migration-error.ts';
import type { ControlTable } from '../../../functions/tables/control/control-table.ts';
import { deleteKillSwitch, type KillSwitch, writeKillSwitch } from '../../../functions/tables/control/documents.ts';
import { whoReadsWhat } from './describe-flag.ts';

/** What a fallback by the kill switch did. */
export interface HardFallback {
  readonly killSwitch: KillSwitch;
  /** What it did to the flag as well, or why it could not. The switch holds either way. */
  readonly flag: Fallback | { readonly unchanged: string };
}

/**
 * Sets the kill switch in the control table, which needs nothing of AppConfig. Then disables the flag too, as far as
 * AppConfig lets it.
 *
 * @param open connects to AppConfig; whatever it throws is in the result.
 */
export async function fallBackHard(
  control: Pick<ControlTable, 'put'>,
  killSwitch: KillSwitch,
  open: () => Promise<FallbackAccess>,
  options: Parameters<typeof fallBack>[1],
): Promise<HardFallback> {
  await writeKillSwitch(control, killSwitch);
  options.note('The kill switch is set.');
  try {
    return { killSwitch, flag: await fallBack(await open(), options) };
  } catch (error) {
    return { killSwitch, flag: { unchanged: messageOf(error) } };
  }
}

/**
 * Takes the kill switch away. Only where the flag alone keeps all reads on the old tables: reads never move by this, so
 * that the gate is asked for every one that does.
 *
 * @throws MigrationError `READS_NOT_OLD`
 */
export async function liftKillSwitch(
  control: Pick<ControlTable, 'delete'>,
  { client, ids }: Pick<FallbackAccess, 'client' | 'ids'>,
): Promise<void> {
  requireNoneNew(await readFlagState(client, ids));
  await deleteKillSwitch(control);
}

function requireNoneNew({ deployed, inProgress }: FlagState): void {
  const flags = [deployed, ...(inProgress ? [inProgress.flag] : [])];
  if (flags.every((flag) => flag !== undefined && !readsAnyNew(flag))) return;
  const message = `Without the kill switch, reads would move at once: ${whoReadsWhat(inProgress?.flag ?? deployed)}.`;
  throw new MigrationError('READS_NOT_OLD', message, {
    nextStep: 'Disable the flag first: kpi-migrate fallback. Then run the same command again.',
  });
}
