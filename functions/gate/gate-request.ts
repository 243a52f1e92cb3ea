import * as z from 'zod';
import { type FlagContent, parseFlagDocument } from '../flag/document.ts';

/** What AppConfig sends a Lambda validator (AppConfig User Guide, "Understanding validators"). */
const schema = z.object({
  applicationId: z.string(),
  configurationProfileId: z.string(),
  content: z.base64(),
});

/** The version that is to be deployed, and of which profile. */
export interface GateRequest {
  readonly applicationId: string;
  readonly profileId: string;
  readonly flag: FlagContent;
}

/**
 * Reads AppConfig's request.
 *
 * @throws ZodError where it is none; MigrationError FLAG_UNREADABLE where the content is no flag. Either way nothing is deployed.
 */
export function parseGateRequest(event: unknown): GateRequest {
  const { applicationId, configurationProfileId, content } = schema.parse(event);
  return {
    applicationId,
    profileId: configurationProfileId,
    flag: parseFlagDocument(Buffer.from(content, 'base64').toString()),
  };
}
