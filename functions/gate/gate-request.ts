import * as z from 'zod';
import { type FlagContent, parseFlagDocument } from '../flag/document.ts';

/** What AppConfig sends to a Lambda validator (AppConfig User Guide, "Understanding validators"). */
const schema = z.object({
  applicationId: z.string(),
  configurationProfileId: z.string(),
  content: z.base64(),
});

/** The version to be deployed, and the profile it belongs to. */
export interface GateRequest {
  readonly applicationId: string;
  readonly profileId: string;
  readonly flag: FlagContent;
}

/**
 * Parses AppConfig's request. If that fails, AppConfig deploys nothing.
 *
 * @throws ZodError if it is not such a request; MigrationError FLAG_UNREADABLE if its content is not a flag.
 */
export function parseGateRequest(event: unknown): GateRequest {
  const { applicationId, configurationProfileId, content } = schema.parse(event);
  return {
    applicationId,
    profileId: configurationProfileId,
    flag: parseFlagDocument(Buffer.from(content, 'base64').toString()),
  };
}
