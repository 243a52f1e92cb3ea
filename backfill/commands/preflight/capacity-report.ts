import { type ReadScaling, readScaling } from '../../../functions/account/read-scaling.ts';
import { type RecentCapacity, readRecentCapacity } from '../../../functions/account/recent-capacity.ts';
import type { TableRole } from '../../../functions/migration/tables.ts';
import { MigrationError, messageOf } from '../../../functions/model/migration-error.ts';
import type { TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { nameAwsFailure } from '../../account/aws-failure.ts';
import { servicesConfig } from '../../account/check-account.ts';
import type { Environment } from '../../environment.ts';
import { type ServicePart, serviceParts } from '../../read-ceilings.ts';

/** How far back throttles and consumption are looked for: a day has the service's busiest hour, and its jobs of the night. */
export const LOOK_BACK_HOURS = 24;

/** What was found, or why nothing could be looked for. What was not checked is never taken for fine. */
export type Checked<T> =
  | { readonly isChecked: true; readonly found: T }
  | { readonly isChecked: false; readonly why: string; readonly nextStep: string };

/** A table of the service or an index, with its autoscaling and its last day. */
export interface PartReport extends ServicePart {
  /** Undefined inside: reads are not scaled. */
  readonly scaling: Checked<ReadScaling | undefined>;
  /** Undefined inside: CloudWatch has nothing on record. */
  readonly recent: Checked<RecentCapacity | undefined>;
}

/** How the tables of the service and their indexes are billed, scaled and used. A service that does not answer is no error. */
export async function reportCapacity(
  { settings, connection }: Pick<Environment, 'settings' | 'connection'>,
  shapes: Partial<Record<TableRole, TableShape>>,
  nowMs: number,
): Promise<PartReport[]> {
  // Of a table that does not exist nothing can be said.
  const parts = serviceParts(shapes, settings).filter(({ billing }) => billing !== undefined);
  const config = servicesConfig(settings, connection);
  const check = async <T>(
    read: (found: NonNullable<typeof config>) => Promise<readonly T[]>,
  ): Promise<Checked<T>[]> => {
    try {
      if (config === undefined) return parts.map(() => ENGINE_ALONE);
      return (await read(config)).map((found) => ({ isChecked: true, found }));
    } catch (error) {
      const failure = nameAwsFailure(error, settings);
      const nextStep = failure instanceof MigrationError ? failure.nextStep : undefined;
      return parts.map(() => ({ isChecked: false, why: messageOf(failure), nextStep: nextStep ?? RETRY }));
    }
  };
  const span = { fromMs: nowMs - LOOK_BACK_HOURS * 3_600_000, toMs: nowMs };
  const [scaling, recent] = await Promise.all([
    check((found) => readScaling(found, parts)),
    check((found) => readRecentCapacity(found, parts, span)),
  ]);
  return parts.map((part, at) => ({ ...part, scaling: scaling[at] ?? UNKNOWN, recent: recent[at] ?? UNKNOWN }));
}

const RETRY = 'Run preflight again.';
const UNKNOWN = { isChecked: false, why: 'There was no answer for it.', nextStep: RETRY } as const;
const ENGINE_ALONE = {
  isChecked: false,
  why: 'This is an engine that runs alone, without the services of an account.',
  nextStep: 'Start a local cloud instead: kpi-migrate local --throttles',
} as const;
