import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { parseVariables, type Variables } from '../runtime/settings.ts';
import { connectAppConfig } from './access.ts';
import { type FallbackAccess, fallBackFromNew } from './fall-back.ts';

const schema = z.object({
  FLAG_APPLICATION_ID: z.string().min(1),
  FLAG_ENVIRONMENT_ID: z.string().min(1),
  FLAG_PROFILE_ID: z.string().min(1),
  FALLBACK_STRATEGY_ID: z.string().min(1),
});

/** What AppConfig's list of versions names as the author. */
const BY = 'standing validation';

/**
 * What the standing validation does where rows differ: nothing, or, where infra/validation.ts gives it the flag's ids, putting reads that the
 * new side answers on the old tables.
 *
 * @param client how AppConfig is reached: by the SDK's own settings but for tests.
 * @throws MigrationError FUNCTION_SETTINGS_INVALID where only some of the ids are given.
 */
export function standingFallback(
  environment: Variables,
  client: () => FallbackAccess['client'] = connectAppConfig,
): () => Promise<unknown> {
  if (Object.keys(schema.shape).every((name) => environment[name] === undefined)) return async () => undefined;
  const { FLAG_APPLICATION_ID, FLAG_ENVIRONMENT_ID, FLAG_PROFILE_ID, FALLBACK_STRATEGY_ID } = parseVariables(
    schema,
    environment,
  );
  const access: FallbackAccess = {
    client: client(),
    ids: { applicationId: FLAG_APPLICATION_ID, environmentId: FLAG_ENVIRONMENT_ID, profileId: FLAG_PROFILE_ID },
    strategyId: async () => FALLBACK_STRATEGY_ID,
  };
  return () => fallBackFromNew(access, { by: BY, sleep, note: () => {} });
}
