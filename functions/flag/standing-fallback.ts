import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { parseVariables, type Variables } from '../runtime/settings.ts';
import { connectAppConfig, type FlagAccess } from './access.ts';
import { fallBackFromNew } from './fall-back.ts';

const schema = z.object({
  FLAG_APPLICATION_ID: z.string().min(1),
  FLAG_ENVIRONMENT_ID: z.string().min(1),
  FLAG_PROFILE_ID: z.string().min(1),
  FALLBACK_STRATEGY_ID: z.string().min(1),
});

/** The author of its versions in AppConfig. */
const BY = 'standing validation';

/**
 * What the standing validation does when rows differ: nothing, or, if infra/validation.ts gives it the flag's ids, it
 * puts reads from the new tables back on the old ones.
 *
 * @param client connects to AppConfig; only tests pass it.
 * @throws MigrationError FUNCTION_SETTINGS_INVALID if only some of the ids are set.
 */
export function standingFallback(
  environment: Variables,
  client: () => FlagAccess['client'] = connectAppConfig,
): () => Promise<unknown> {
  if (Object.keys(schema.shape).every((name) => environment[name] === undefined)) return async () => undefined;
  const variables = parseVariables(schema, environment);
  const access: FlagAccess<'fallback'> = {
    client: client(),
    ids: {
      applicationId: variables.FLAG_APPLICATION_ID,
      environmentId: variables.FLAG_ENVIRONMENT_ID,
      profileId: variables.FLAG_PROFILE_ID,
    },
    strategyId: async () => variables.FALLBACK_STRATEGY_ID,
  };
  return () => fallBackFromNew(access, { by: BY, sleep, note: () => {} });
}
