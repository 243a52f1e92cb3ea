import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { STAGES } from '../functions/flag/stages.ts';
import { SOURCES } from '../functions/migration/sources.ts';
import { QUARANTINE_SOURCES } from '../functions/tables/control/quarantine-rows.ts';
import { readPackageJson, SAMPLE_EXPORT } from '../infra/package-layout.ts';
import { jsonOf } from './json.ts';
import { type CommandResult, describeFailure, EXIT, failureOf } from './outcome.ts';

const program = new Command('kpi-migrate')
  .description('Moves the live KPI tables to the new model. A command with --execute only shows a plan without it.')
  .version(readPackageJson().version, '--version')
  .exitOverride();

function addCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option('--env <name>', 'the environment in cdk.json', 'local')
    .option('--json', 'print one JSON document on standard output, and everything else on standard error', false);
}

/** What runs a command: it gets the options, with the arguments among them, and a signal if it can stop by itself. */
type Run = (options: never, stop: AbortSignal) => Promise<CommandResult>;

/** Runs an export of a module that is loaded only now, and prints its result, or why it failed. */
function run<Name extends string>(load: () => Promise<Readonly<Record<Name, Run>>>, name: Name) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const named = command.registeredArguments.map((argument, at) => [argument.name(), given[at]]);
    const options = { ...command.opts(), ...Object.fromEntries(named) };
    try {
      const { [name]: execute } = await load();
      // Ctrl-C kills a command that takes no signal.
      const stop = execute.length > 1 ? stopSignal() : new AbortController().signal;
      const result = await execute(options as never, stop);
      process.stdout.write(`${options.json ? jsonOf(result.document) : result.lines.join('\n')}\n`);
      process.exitCode = result.exitCode;
    } catch (error) {
      const failure = failureOf(error);
      process.stderr.write(`${describeFailure(failure)}\n`);
      if (options.json) process.stdout.write(`${jsonOf({ error: failure })}\n`);
      process.exitCode = failure.exitCode;
    }
  };
}

/** The first Ctrl-C or SIGTERM aborts it, so that the command can finish its page. The second one kills the process. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stderr.write('Stopping after the current page.\n');
      stop.abort();
    });
  }
  return stop.signal;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}

function percentage(text: string): number {
  const percent = Number(text);
  if (!/^\d+(\.\d{1,2})?$/.test(text) || percent > 100) {
    throw new InvalidArgumentError('Give a number from 0 to 100, with at most two decimals.');
  }
  return percent;
}

const EXECUTE = ['--execute', 'write to the tables', false] as const;
const PHASE = new Option('--phase <source>', 'only this source').choices(SOURCES);

addCommand(program, 'local', 'run a local cloud in the foreground: DynamoDB, tables, functions, event source mappings')
  .option('--export <dir>', 'a DynamoDB export to load into the old tables (default: they start empty)')
  .option('--port <number>', 'the port of DynamoDB Local (default: a free one)', wholeNumber)
  .option('--dir <dir>', 'keep all data in this folder across restarts')
  .action(run(() => import('./local/cloud/local-command.ts'), 'localCommand'));

addCommand(program, 'preflight', 'check that every table, key, index and stream is as the migration needs it').action(
  run(() => import('./commands/preflight/preflight-command.ts'), 'preflightCommand'),
);

const backfill = () => import('./commands/backfill/backfill-command.ts');
addCommand(program, 'plan', 'show what a backfill would write: rows, held and quarantined items, units, time, cost')
  // The same as `backfill` without --execute.
  .action(run(backfill, 'backfillCommand'));

addCommand(program, 'backup', 'back up every table, and wait until each backup can be restored').action(
  run(() => import('./commands/backup/backup-command.ts'), 'backupCommand'),
);

addCommand(program, 'backfill', 'show the plan; with --execute copy the old tables, or resume, and sweep at the end')
  .addOption(PHASE)
  .option(...EXECUTE)
  .action(run(backfill, 'backfillCommand'));

addCommand(program, 'validate', 'compare every row of the new tables with the old tables, and say whether they agree')
  .addOption(PHASE)
  .option('--out <dir>', 'write the report to this folder as JSON and HTML, with the progress comment')
  .option('--markdown', 'print the progress comment for the ticket instead of the report', false)
  .action(run(() => import('./commands/validate/validate-command.ts'), 'validateCommand'));

addCommand(program, 'repair', 'show what differs; with --execute derive exactly those rows from the old tables again')
  .option(...EXECUTE)
  .action(run(() => import('./commands/repair/repair-command.ts'), 'repairCommand'));

addCommand(program, 'watch', 'validate the tables part by part, round after round, until interrupted')
  .option('--once', 'stop after one round', false)
  .action(run(() => import('./commands/validate/watch-command.ts'), 'watchCommand'));

addCommand(program, 'status', 'show how far the migration is, and the next step').action(
  run(() => import('./commands/status/status-command.ts'), 'statusCommand'),
);

addCommand(program, 'stage', 'show the effect of a change of the read flag; with --execute deploy it')
  .addArgument(program.createArgument('<stage>', 'the tables that answer reads').choices(STAGES))
  .option('--percent <number>', 'percentage of tenants that read the new tables', percentage)
  .option('--tenant <id...>', 'tenants that read the new tables at any percentage', [])
  .option('--lag-bound-ms <number>', 'a caller who wrote less than this ago reads the old tables', wholeNumber)
  .option('--execute', 'deploy the flag', false)
  .action(run(() => import('./commands/flag/stage-command.ts'), 'stageCommand'));

addCommand(program, 'fallback', 'put all reads back on the old tables at once')
  .option('--hard', 'also set the kill switch, which works without AppConfig', false)
  .addOption(program.createOption('--lift', 'take the kill switch away').default(false).conflicts('hard'))
  .action(run(() => import('./commands/flag/fallback-command.ts'), 'fallbackCommand'));

addCommand(program, 'report', 'write the audit bundle: what was done, found, accepted and deployed, by whom and when')
  .option('--out <dir>', 'an empty or new folder (default: a new one in the temporary folder)')
  .action(run(() => import('./commands/report/report-command.ts'), 'reportCommand'));

addCommand(program, 'retire', 'show what still blocks deleting the old tables; with --execute take the last backups')
  .option('--accept-held', 'accept that held records get no row in the new tables', false)
  .option('--by <name>', 'who accepts the held records')
  .option('--execute', 'take the backups, then list the steps to delete the old tables', false)
  .action(run(() => import('./commands/retire/retire-command.ts'), 'retireCommand'));

addCommand(program, 'rollback', 'show what a rollback deletes; with --execute clear the new tables to copy again')
  .option(...EXECUTE)
  .action(run(() => import('./commands/rollback/rollback-command.ts'), 'rollbackCommand'));

const held = program.command('held').description('records whose KPI has no link');
addCommand(held, 'list', 'list their KPIs, with the number of records of each').action(run(backfill, 'heldList'));

const quarantine = program.command('quarantine').description('items that cannot be migrated');
const items = () => import('./commands/quarantine/quarantine-command.ts');
const source = program.createArgument('<source>', 'the table of the item').choices(QUARANTINE_SOURCES);
const id = program.createArgument('<id>', 'the id of the item');
addCommand(quarantine, 'list', 'list all items with their reasons').action(run(items, 'quarantineList'));
addCommand(quarantine, 'show', 'show an item with all its attributes')
  .addArgument(source)
  .addArgument(id)
  .action(run(items, 'quarantineShow'));
addCommand(quarantine, 'accept', 'accept that this version of an item is not migrated')
  .addArgument(source)
  .addArgument(id)
  .requiredOption('--by <name>', 'who accepts it')
  .option(...EXECUTE)
  .action(run(items, 'quarantineAccept'));
addCommand(quarantine, 'replay', 'replicate the changes that the event source mappings gave up')
  .requiredOption('--from <destination>', 'their on-failure destination: s3://BUCKET, or a folder')
  .option(...EXECUTE)
  .action(run(items, 'quarantineReplay'));

addCommand(
  program,
  'rehearse',
  'run the whole migration on its own local cloud, while a live writer changes the tables',
)
  .option('--export <dir>', 'a DynamoDB export to load into the old tables', SAMPLE_EXPORT)
  .option('--seed <number>', 'seed of the writer and the faults (default: from the time)', wholeNumber)
  .option('--writes <number>', 'number of writes of the live writer', wholeNumber, 400)
  .option('--faults', 'kill the functions and the backfill at random', false)
  .action(run(() => import('./local/rehearsal/rehearsal-command.ts'), 'rehearsalCommand'));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
