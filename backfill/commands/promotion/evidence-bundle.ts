import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { MigrationError, messageOf } from '../../../functions/model/migration-error.ts';
import { sha256 } from '../report/bundle.ts';

const files = {
  settings: z.object({ name: z.string(), account: z.string() }),
  mapping: z.object({ mappingHash: z.string() }),
  backfill: z.object({ run: z.object({ finishedAt: z.string().optional() }).nullish() }),
  validations: z.object({
    reports: z.array(
      z.looseObject({
        sk: z.string(),
        at: z.string().optional(),
        verdict: z.string().optional(),
        coverage: z.number().optional(),
        mappingHash: z.string().optional(),
      }),
    ),
  }),
  unfinished: z.array(z.unknown()),
  'read-flag': z.array(
    z.object({
      state: z.string(),
      completedAt: z.string().optional(),
      flag: z
        .looseObject({ enabled: z.boolean(), stage: z.string().optional(), percent: z.number().optional() })
        .optional(),
    }),
  ),
  lag: z.object({ at: z.iso.datetime() }),
} as const;

type Files = { readonly [Name in keyof typeof files]: z.infer<(typeof files)[Name]> };

/** What an audit bundle proves of its environment. */
export interface Evidence {
  /** SHA-256 of the index, in hex. */
  readonly digest: string;
  readonly environment: string;
  /** ISO 8601: when the bundle was read from the environment. */
  readonly at: string;
  readonly mappingHash: string;
  readonly backfillFinishedAt: string | undefined;
  /** The last whole validation. */
  readonly report: Files['validations']['reports'][number] | undefined;
  readonly unfinished: number;
  /** When all reads were on the new tables for the first time. */
  readonly readsNewAt: string | undefined;
}

/**
 * Reads the audit bundle of another environment (`kpi-migrate report --out DIR`), and checks that its files are those that
 * its index names.
 *
 * @throws MigrationError `EVIDENCE_UNREADABLE`
 */
export async function readEvidenceBundle(folder: string): Promise<Evidence> {
  const index = await contentOf(folder, 'index.md');
  const digests = new Map(
    [...index.matchAll(/^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$/gm)].map(([, name, digest]) => [name, digest]),
  );
  const read = async <Name extends keyof Files>(name: Name): Promise<Files[Name]> => {
    const file = `${name}.json`;
    const content = await contentOf(folder, file);
    if (digests.get(file) !== sha256(content)) throw unreadable(`${file} is not the file that index.md names.`);
    const parsed = files[name].safeParse(JSON.parse(content));
    if (!parsed.success) throw unreadable(`${file} is not as this version writes it: ${z.prettifyError(parsed.error)}`);
    return parsed.data as Files[Name];
  };
  const flags = await read('read-flag');
  const { name: environment } = await read('settings');
  const { run } = await read('backfill');
  return {
    digest: sha256(index),
    environment,
    at: (await read('lag')).at,
    mappingHash: (await read('mapping')).mappingHash,
    backfillFinishedAt: run?.finishedAt,
    report: (await read('validations')).reports.find(({ sk }) => sk === 'report#latest'),
    unfinished: (await read('unfinished')).length,
    readsNewAt: flags.find(({ state, flag }) => state === 'COMPLETE' && flag?.stage === 'new' && flag.percent === 100)
      ?.completedAt,
  };
}

async function contentOf(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (cause) {
    throw unreadable(`${join(folder, name)} cannot be read: ${messageOf(cause)}`, cause);
  }
}

function unreadable(message: string, cause?: unknown): MigrationError {
  return new MigrationError('EVIDENCE_UNREADABLE', message, {
    cause,
    nextStep: 'Write the bundle of the environment before: kpi-migrate report --env NAME --out DIR',
  });
}
