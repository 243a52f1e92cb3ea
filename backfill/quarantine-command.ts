import { MigrationError } from '../functions/model/migration-error.ts';
import { SOURCES, type Source } from '../functions/model/sources.ts';
import { decodeQuarantineRow, type QuarantineRow, quarantineKey } from '../functions/tables/control-rows.ts';
import { listQuarantine } from '../functions/tables/quarantine-entries.ts';
import { openEnvironment } from './environment.ts';
import { type CommandResult, EXIT } from './outcome.ts';
import { textTable } from './text-table.ts';

/** `quarantine list`: each item that cannot be migrated, with its reason. */
export async function quarantineList(environment: string): Promise<CommandResult> {
  const { client, settings } = await openEnvironment(environment);
  const entries: Omit<QuarantineRow, 'image'>[] = [];
  for (const source of [...SOURCES, 'events'] as const) {
    for await (const { image: _, ...entry } of listQuarantine(client, settings.tables, source)) entries.push(entry);
  }
  const rows = entries.map((entry) => [
    `${entry.source} ${entry.id}`,
    entry.reason.code,
    entry.reason.attribute ?? '',
    entry.quarantinedAt,
    entry.accepted ? `accepted by ${entry.accepted.by}` : '',
  ]);
  return {
    exitCode: EXIT.done,
    document: { entries },
    lines:
      rows.length === 0
        ? ['Quarantine is empty.']
        : [
            ...textTable(['item', 'reason', 'attribute', 'since', ''], rows),
            'Next: mend the item where it comes from; it then leaves by itself. One of them whole: kpi-migrate quarantine show SOURCE ID',
          ],
  };
}

/** `quarantine show`: one item whole, as it is kept. */
export async function quarantineShow(
  environment: string,
  source: Source | 'events',
  id: string,
): Promise<CommandResult> {
  const { tables } = await openEnvironment(environment);
  const [item] = await tables.transactions.read([quarantineKey(source, id)]);
  if (item === undefined) {
    throw new MigrationError('NOT_QUARANTINED', `Quarantine holds no item ${id} of ${source}.`, {
      nextStep: 'See what it holds: kpi-migrate quarantine list',
    });
  }
  const entry = decodeQuarantineRow(item);
  return { exitCode: EXIT.done, document: entry, lines: [entry.reason.message, JSON.stringify(entry.image, null, 2)] };
}
