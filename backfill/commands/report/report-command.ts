import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readFlagHistory } from '../../../functions/flag/history.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import { openEnvironment, operatorName } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { textTable } from '../../text-table.ts';
import { openFlag } from '../flag/open-flag.ts';
import { bundleOf } from './bundle.ts';
import { readFacts } from './facts.ts';
import { requireEmptyFolder, writeBundle } from './write-bundle.ts';

/** `report`: writes the audit bundle of an environment into an empty folder. */
export async function reportCommand(options: { readonly env: string; readonly out?: string }): Promise<CommandResult> {
  const { client, settings, tables } = await openEnvironment(options.env);
  const flag = await openFlag(settings);
  const folder = resolve(options.out ?? defaultFolder(settings.name, Date.now()));
  await requireEmptyFolder(folder);
  const facts = await readFacts({
    settings,
    control: tables.control,
    quarantine: () => listQuarantine(client, settings.tables),
    flagHistory: () => readFlagHistory(flag.client, flag.ids),
    by: operatorName(),
    nowMs: Date.now,
  });
  const { files, index } = bundleOf(facts);
  await writeBundle(folder, files);
  return {
    exitCode: EXIT.done,
    document: { folder, at: facts.at, index },
    lines: [
      ...textTable(
        ['file', 'bytes'],
        index.map(({ file, bytes }) => [file, bytes]),
      ),
      `The audit bundle is in ${folder}. Open its audit.html; its index.md describes each file.`,
    ],
  };
}

function defaultFolder(environmentName: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return join(tmpdir(), `kpi-migration-report-${environmentName}-${stamp}`);
}
