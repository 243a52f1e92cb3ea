import { messageOf } from '../../../functions/model/migration-error.ts';
import type { HostedVersion } from './hosted-versions.ts';
import type { ConfigurationProfile } from './resources.ts';
import { invalidConfiguration } from './service-error.ts';

/** How long AppConfig waits for a Lambda validator (AppConfig User Guide, "Understanding validators"). */
export const VALIDATOR_TIMEOUT_MS = 15_000;

/** What a Lambda validator is given; it refuses by throwing. */
export interface ValidatorEvent {
  readonly applicationId: string;
  readonly configurationProfileId: string;
  readonly configurationVersion: string;
  /** The version's content, in base64. */
  readonly content: string;
  readonly uri: string;
}

export type InvokeValidator = (event: ValidatorEvent, functionId: string) => Promise<unknown>;

/**
 * Asks all validators of a profile.
 *
 * @throws ServiceError BadRequestException with what each that refused has said, or that it took too long.
 */
export async function runValidators(
  { applicationId, id, validatorFunctionIds }: ConfigurationProfile,
  { number, content }: HostedVersion,
  invoke: InvokeValidator,
  timeoutMs: number,
): Promise<void> {
  const event: ValidatorEvent = {
    applicationId,
    configurationProfileId: id,
    configurationVersion: String(number),
    content: Buffer.from(content).toString('base64'),
    uri: 'hosted',
  };
  const refusals = await Promise.all(
    validatorFunctionIds.map(async (functionId) => {
      try {
        await withinTime(invoke(event, functionId), timeoutMs);
        return [];
      } catch (error) {
        return [{ Type: 'LAMBDA', Reason: messageOf(error) }];
      }
    }),
  );
  const details = refusals.flat();
  if (details.length > 0) throw invalidConfiguration('A validator has refused the configuration.', details);
}

async function withinTime(answer: Promise<unknown>, timeoutMs: number): Promise<void> {
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`The validator took longer than ${timeoutMs} ms.`)), timeoutMs);
  try {
    await Promise.race([answer, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
