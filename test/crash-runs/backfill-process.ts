import { executeBackfill } from '../../backfill/commands/backfill/backfill-command.ts';
import type { Pass } from '../../backfill/copy/run-state.ts';
import { replicationOf } from '../../backfill/environment.ts';
import { MigrationError } from '../../functions/model/migration-error.ts';
import { connect, dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import type { Settings } from '../../infra/settings.ts';

/** What the process tells whoever kills it. */
export type BackfillMessage = { readonly begun: Pass } | { readonly failed: string };

/**
 * The backfill as `kpi-migrate backfill --execute` runs it, with settings that are given as JSON in the first argument. It tells its
 * parent each pass that begins, so that it can be killed in the midst of it.
 */
const settings: Settings = JSON.parse(process.argv[2] ?? '');
const client = connect();
const tables = dynamoTables(client, settings.tables);
const tell = (message: BackfillMessage): boolean | undefined => process.send?.(message);
try {
  await executeBackfill(
    { settings, connection: {}, client, tables, replication: replicationOf(settings, tables) },
    {
      note: (message) => process.stderr.write(`${message}\n`),
      begin: (pass) => tell({ begun: pass as Pass }),
      advance: () => {},
      end: () => {},
    },
    new AbortController().signal,
  );
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  tell({ failed: error instanceof MigrationError ? error.code : 'UNKNOWN' });
  process.exitCode = 1;
}
process.disconnect?.();
