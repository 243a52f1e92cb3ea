import * as z from 'zod';
import { SERVICE_TABLES, type ServiceTable } from '../functions/migration/tables.ts';

const days = z.number().int().positive().max(3_650);

/** Not an alias: a policy that names one allows nothing (KMS developer guide, "IAM policy statements for KMS keys"). */
const keyArn = z
  .string()
  .regex(
    /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/([\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|mrk-[\da-f]{32})$/,
    'is not the ARN of a KMS key',
  );

/** Customer managed keys, where data is encrypted with one. The policies of the keys have to allow their use. */
export const keysSettings = z.strictObject({
  /** Of the service's tables, by role. */
  tables: z
    .strictObject(
      Object.fromEntries(SERVICE_TABLES.map((role) => [role, keyArn.optional()])) as Record<
        ServiceTable,
        z.ZodOptional<typeof keyArn>
      >,
    )
    .prefault({}),
  /** For the new tables and the control table. */
  newTables: keyArn.optional(),
  /** For the bucket of failed changes. */
  failures: keyArn.optional(),
  /** For the log groups. */
  logs: keyArn.optional(),
});

/** CloudTrail's record of who wrote the control table. It costs for each event, and replication writes with every change. */
export const auditSettings = z.strictObject({
  controlTableEvents: z.boolean().default(false),
  /** How long the record is kept. */
  eventDays: days.default(365),
});

/** How long what holds people's data is kept after it has served its purpose. */
export const retentionSettings = z.strictObject({
  /** Changes that replication gave up, in the failure bucket; after that they cannot be replayed. */
  failureDays: days.min(7, 'leaves too little time to replay').default(90),
  /** The image of a quarantined item, from when a person accepted it as lost. The entry itself stays. */
  acceptedImageDays: days.default(90),
});

/** AWS keeps names that begin with `aws:` for itself, in any case. */
const TAG_NAME = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu;

function namesIn(record: unknown): string[] {
  return Object.keys(record ?? {});
}

/** What CloudFormation is told of the stacks. */
export const stackSettings = z.strictObject({
  /** Whether CloudFormation refuses to delete a stack until someone turns this off. */
  terminationProtection: z.boolean().default(true),
  /** Tags of everything that takes tags (AWS General Reference, "Tag naming limits and requirements"). */
  tags: z
    .record(z.string(), z.string().regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u, 'is no tag value'))
    .refine((all) => Object.keys(all).every((name) => TAG_NAME.test(name)), {
      error: ({ input }) => `${namesIn(input).filter((name) => !TAG_NAME.test(name))} is no tag name`,
    })
    .default({}),
});

/** Whom alarms tell; without an address, whoever subscribes to the topic. */
export const alarmsSettings = z.strictObject({ email: z.email('is no e-mail address').optional() });
