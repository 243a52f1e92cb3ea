import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { STAGES, type Stage } from '../functions/flag/stages.ts';
import { SOURCES, type Source } from '../functions/migration/sources.ts';
import { QUARANTINE_SOURCES, type QuarantineSource } from '../functions/tables/control/quarantine-rows.ts';
import { readPackageJson, SAMPLE_EXPORT } from '../infra/package-layout.ts';
import type { StageOptions } from './commands/flag/stage-command.ts';
import type { RetireOptions } from './commands/retire/retire-command.ts';
import { jsonOf } from './json.ts';
import { type CommandResult, describeFailure, EXIT, failureOf } from './outcome.ts';

interface CommonOptions {
  readonly env: string;
  readonly json: boolean;
}

const program = new Command('kpi-migrate')
  .description('Moves the live KPI tables to their new model. A command that changes data only plans, until --execute.')
  .version(readPackageJson().version, '--version')
  .exitOverride();

function addCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option('--env <name>', 'environment of cdk.json to work on', 'local')
    .option('--json', 'one JSON document on standard output, all else on standard error', false);
}

/** Runs a command and tells its result or its failure, once. */
async function tell({ json }: CommonOptions, run: () => Promise<CommandResult>): Promise<void> {
  try {
    const result = await run();
    process.stdout.write(`${json ? jsonOf(result.document) : result.lines.join('\n')}\n`);
    process.exitCode = result.exitCode;
  } catch (error) {
    const failure = failureOf(error);
    process.stderr.write(`${describeFailure(failure)}\n`);
    if (json) process.stdout.write(`${jsonOf({ error: failure })}\n`);
    process.exitCode = failure.exitCode;
  }
}

/** Aborted by the first Ctrl-C or polite kill, so that the page in hand can be finished; the second one kills. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stderr.write('Stopping after the page in hand.\n');
      stop.abort();
    });
  }
  return stop.signal;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number is needed.');
  return Number(text);
}

function percentage(text: string): number {
  const percent = Number(text);
  if (!/^\d+(\.\d{1,2})?$/.test(text) || percent > 100) {
    throw new InvalidArgumentError('Give a number from 0 to 100, with at most two decimals.');
  }
  return percent;
}

addCommand(program, 'local', 'a local cloud in the foreground: engine, tables, functions, event source mappings')
  .option('--export <dir>', 'old tables to begin with, as a DynamoDB export; they begin empty without it')
  .option('--port <number>', 'port of the engine; a free one is chosen where it is absent', wholeNumber)
  .option('--dir <dir>', 'keep everything here over a restart')
  .action((options: CommonOptions & { export?: string; port?: number; dir?: string }) =>
    tell(options, async () => (await import('./local/cloud/local-command.ts')).localCommand(options, stopSignal())),
  );

addCommand(program, 'preflight', 'check that all tables, keys, indexes and streams are as needed').action(
  (options: CommonOptions) =>
    tell(options, async () =>
      (await import('./commands/preflight/preflight-command.ts')).preflightCommand(options.env),
    ),
);

addCommand(program, 'plan', 'what a backfill would come to: rows, held, quarantined, units, time and money').action(
  (options: CommonOptions) =>
    tell(options, async () =>
      (await import('./commands/backfill/backfill-command.ts')).backfillCommand(
        { ...options, execute: false },
        stopSignal(),
      ),
    ),
);

addCommand(program, 'backup', 'back up every table, and wait until all can be restored').action(
  (options: CommonOptions) =>
    tell(options, async () =>
      (await import('./commands/backup/backup-command.ts')).backupCommand(options.env, stopSignal()),
    ),
);

addCommand(program, 'backfill', 'plan the copy of the old tables; with --execute copy, resume and sweep')
  .addOption(new Option('--phase <source>', 'only this source').choices(SOURCES))
  .option('--execute', 'write', false)
  .action((options: CommonOptions & { phase?: Source; execute: boolean }) =>
    tell(options, async () =>
      (await import('./commands/backfill/backfill-command.ts')).backfillCommand(options, stopSignal()),
    ),
  );

addCommand(program, 'validate', 'compare every row of both sides, and tell whether they agree')
  .addOption(new Option('--phase <source>', 'only this source').choices(SOURCES))
  .option('--out <dir>', 'write the report there as JSON and as a page, and the progress comment')
  .option('--markdown', 'tell the progress comment of the ticket', false)
  .action((options: CommonOptions & { phase?: Source; out?: string; markdown: boolean }) =>
    tell(options, async () =>
      (await import('./commands/validate/validate-command.ts')).validateCommand(options, stopSignal()),
    ),
  );

addCommand(program, 'repair', 'derive anew exactly what differs; without --execute tell what that is')
  .option('--execute', 'write', false)
  .action((options: CommonOptions & { execute: boolean }) =>
    tell(options, async () =>
      (await import('./commands/repair/repair-command.ts')).repairCommand(options, stopSignal()),
    ),
  );

addCommand(program, 'watch', 'validate part after part, until interrupted')
  .option('--once', 'stop after one round', false)
  .action((options: CommonOptions & { once: boolean }) =>
    tell(options, async () =>
      (await import('./commands/validate/watch-command.ts')).watchCommand(options, stopSignal()),
    ),
  );

addCommand(program, 'status', 'where the backfill stands, and the next step').action((options: CommonOptions) =>
  tell(options, async () => (await import('./commands/status/status-command.ts')).statusCommand(options.env)),
);

addCommand(program, 'stage', 'plan a change of which tables answer reads; with --execute deploy it')
  .addArgument(program.createArgument('<stage>', 'which tables answer').choices(STAGES))
  .option('--percent <number>', 'percentage of tenants that read the new tables', percentage)
  .option('--tenant <id...>', 'tenants that read the new tables at any percentage', [])
  .option('--lag-bound-ms <number>', 'callers who wrote less than this ago read the old tables', wholeNumber)
  .option('--execute', 'write', false)
  .action((stage: Stage, options: StageOptions & CommonOptions) =>
    tell(options, async () => (await import('./commands/flag/stage-command.ts')).stageCommand(stage, options)),
  );

addCommand(program, 'fallback', 'put all reads on the old tables at once').action((options: CommonOptions) =>
  tell(options, async () => (await import('./commands/flag/fallback-command.ts')).fallbackCommand(options.env)),
);

addCommand(program, 'report', 'write the audit bundle: what was done, found, accepted and deployed, by whom and when')
  .option('--out <dir>', 'an empty folder for it; one among the temporary files where absent')
  .action((options: CommonOptions & { out?: string }) =>
    tell(options, async () => (await import('./commands/report/report-command.ts')).reportCommand(options)),
  );

addCommand(program, 'retire', 'what still keeps the old tables; with --execute take last backups, and tell what may go')
  .option('--accept-held', 'take it that held records have no row in the new tables', false)
  .option('--by <name>', 'who answers for the held records')
  .option('--execute', 'take the backups', false)
  .action((options: CommonOptions & RetireOptions) =>
    tell(options, async () =>
      (await import('./commands/retire/retire-command.ts')).retireCommand(options, stopSignal()),
    ),
  );

addCommand(
  program,
  'rollback',
  'plan to clear the new tables; with --execute do it, so that history can be copied anew',
)
  .option('--execute', 'write', false)
  .action((options: CommonOptions & { execute: boolean }) =>
    tell(options, async () =>
      (await import('./commands/rollback/rollback-command.ts')).rollbackCommand(options, stopSignal()),
    ),
  );

const held = program.command('held').description('records whose KPI has no link');
addCommand(held, 'list', 'their KPIs, and how many there are of each').action((options: CommonOptions) =>
  tell(options, async () =>
    (await import('./commands/backfill/backfill-command.ts')).heldList(options.env, stopSignal()),
  ),
);

const quarantine = program.command('quarantine').description('items that cannot be migrated');
addCommand(quarantine, 'list', 'all of them, with their reasons').action((options: CommonOptions) =>
  tell(options, async () => (await import('./commands/quarantine/quarantine-command.ts')).quarantineList(options.env)),
);
const ITEM = {
  source: program.createArgument('<source>', 'the table it is of').choices(QUARANTINE_SOURCES),
  id: program.createArgument('<id>', 'its id'),
};
addCommand(quarantine, 'show', 'one of them, whole')
  .addArgument(ITEM.source)
  .addArgument(ITEM.id)
  .action((source: QuarantineSource, id: string, options: CommonOptions) =>
    tell(options, async () =>
      (await import('./commands/quarantine/quarantine-command.ts')).quarantineShow(options.env, source, id),
    ),
  );
addCommand(quarantine, 'accept', 'take it that one of them, as it is now, is not migrated')
  .addArgument(ITEM.source)
  .addArgument(ITEM.id)
  .requiredOption('--by <name>', 'who answers for it')
  .option('--execute', 'write', false)
  .action((source: QuarantineSource, id: string, options: CommonOptions & { by: string; execute: boolean }) =>
    tell(options, async () =>
      (await import('./commands/quarantine/quarantine-command.ts')).quarantineAccept(options, source, id),
    ),
  );
addCommand(quarantine, 'replay', 'replicate what the event source mappings gave up')
  .requiredOption('--from <destination>', 's3://BUCKET of the on-failure destination, or a folder')
  .option('--execute', 'write', false)
  .action((options: CommonOptions & { from: string; execute: boolean }) =>
    tell(options, async () => (await import('./commands/quarantine/quarantine-command.ts')).quarantineReplay(options)),
  );

addCommand(program, 'rehearse', 'the whole migration on a local cloud of its own, with a live writer beside it')
  .option('--export <dir>', 'old tables to begin with, as a DynamoDB export', SAMPLE_EXPORT)
  .option('--seed <number>', 'seed of the writer and the faults; drawn from the time where absent', wholeNumber)
  .option('--writes <number>', 'writes of the live writer', wholeNumber, 400)
  .option('--faults', 'kill the functions and the backfill at random', false)
  .action((options: CommonOptions & { export: string; seed?: number; writes: number; faults: boolean }) =>
    tell(options, async () =>
      (await import('./local/rehearsal/rehearsal-command.ts')).rehearsalCommand(options, stopSignal()),
    ),
  );

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
