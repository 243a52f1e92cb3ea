import { Command, Option } from 'commander';
import { SOURCES } from '../functions/migration/sources.ts';
import { QUARANTINE_SOURCES } from '../functions/tables/control/quarantine-rows.ts';
import { commandLine, readPackageJson, SAMPLE_EXPORT } from '../infra/package-layout.ts';
import {
  addCommand,
  dollars,
  enginePort,
  host,
  phase,
  tableOfRole,
  WRITES,
  wholeNumber,
  withExecute,
  withPromotion,
} from './command-options.ts';
import { SHELLS } from './commands/completion/scripts.ts';
import type { MakeAction } from './make-action.ts';
import { addReadCommands } from './read-commands.ts';
import { addSteerCommands } from './steer-commands.ts';

/** The command line: every command with its options. Parsing it runs the command. */
export function createProgram(run: MakeAction): Command {
  const program = new Command('kpi-migrate')
    .description('Moves the live KPI tables to the new model. A command with --execute only shows a plan without it.')
    .version(readPackageJson().version, '--version')
    .exitOverride();
  addLocalCommands(program, run);
  addCopyCommands(program, run);
  addSteerCommands(program, run);
  addValidationCommands(program, run);
  addReadCommands(program, run);
  addItemCommands(program, run);
  addCompletion(program, run);
  return program;
}

function addLocalCommands(program: Command, run: MakeAction): void {
  addCommand(
    program,
    'local',
    'run a local cloud in the foreground: DynamoDB, tables, functions, event source mappings',
    'local --export backfill/local/sample',
  )
    .option('--export <dir>', 'a DynamoDB export to load into the old tables (default: they start empty)')
    .option('--port <number>', 'the port of DynamoDB Local (default: a free one)', enginePort)
    .option('--dir <dir>', 'keep all data in this folder across restarts')
    .option('--throttles', 'let tables be throttled, and measure what they serve: requests take longer', false)
    .action(run(() => import('./local/cloud/local-command.ts'), 'localCommand'));

  addCommand(
    program,
    'rehearse',
    'run the whole migration on its own local cloud, while a live writer changes the tables',
    'rehearse --seed 7 --writes 400 --faults',
  )
    .option('--export <dir>', 'a DynamoDB export to load into the old tables', SAMPLE_EXPORT)
    .option('--seed <number>', 'seed of the writer and the faults (default: from the time)', wholeNumber)
    .option('--writes <number>', 'number of writes of the live writer', wholeNumber, 400)
    .option('--faults', 'kill the functions and the backfill at random', false)
    .option('--cockpit', 'open the cockpit over the rehearsal, and wait at its end until interrupted', false)
    .action(run(() => import('./local/rehearsal/rehearsal-command.ts'), 'rehearsalCommand'));
}

function addCopyCommands(program: Command, run: MakeAction): void {
  addCommand(
    program,
    'init',
    'show the settings that fit the tables of the account; with --execute write them to cdk.json',
    'init --env staging --region eu-west-1 --execute',
    'init --env staging --table kpis=shop-kpis --execute',
  )
    .option('--region <name>', 'the region of the tables (default: that of the settings, else of the profile)')
    .option('--table <role=name>', 'a table that init cannot tell by itself; repeatable', tableOfRole)
    .option('--overwrite', 'replace settings that say otherwise', false)
    .option('--execute', 'write cdk.json', false)
    .action(run(() => import('./commands/init/init-command.ts'), 'initCommand'));

  const backfill = () => import('./commands/backfill/backfill-command.ts');

  addCommand(
    program,
    'preflight',
    'check that every table, key, index and stream is as the migration needs it',
    'preflight --env production',
  ).action(run(() => import('./commands/preflight/preflight-command.ts'), 'preflightCommand'));

  addCommand(
    program,
    'plan',
    'show what a backfill would write: rows, held and quarantined items, units, time, cost',
    'plan --env production',
  )
    // The same as `backfill` without --execute.
    .action(run(backfill, 'planCommand'));

  withExecute(
    addCommand(
      program,
      'backup',
      'show which tables would be backed up; with --execute back them up, and wait until each can be restored',
      'backup --env production --execute',
    ),
    'take the backups',
  ).action(run(() => import('./commands/backup/backup-command.ts'), 'backupCommand'));

  withExecute(
    withPromotion(
      addCommand(
        program,
        'backfill',
        'show the plan; with --execute copy the old tables, or resume, and sweep at the end',
        'backfill --env production',
        'backfill --env production --execute --evidence staging-bundle --reason "change 4711"',
        'backfill --env production --execute --on workflow',
        'backfill --env production --execute --on workflow --stop',
      )
        .addOption(phase())
        .addOption(host())
        .option('--stop', 'with --on workflow: end it after the pages in hand', false)
        .option('--budget-usd <amount>', 'stop when the run has cost so many US dollars, in all processes', dollars),
    ),
    WRITES,
  ).action(run(backfill, 'backfillCommand'));

  withExecute(
    addCommand(
      program,
      'rollback',
      'show what a rollback deletes; with --execute clear the new tables to copy again',
      'rollback --env production --execute --reason "the mapping was corrected"',
    ),
    WRITES,
  ).action(run(() => import('./commands/rollback/rollback-command.ts'), 'rollbackCommand'));
}

function addValidationCommands(program: Command, run: MakeAction): void {
  addCommand(
    program,
    'validate',
    'compare every row of the new tables with the old tables, and say whether they agree',
    'validate --env production --out validation',
  )
    .addOption(phase())
    .option('--out <dir>', 'write the report to this folder as JSON and HTML, with the progress comment')
    .option('--markdown', 'print the progress comment for the ticket instead of the report', false)
    .action(run(() => import('./commands/validate/validate-command.ts'), 'validateCommand'));

  withExecute(
    addCommand(
      program,
      'reseed',
      'compare one old table with the new ones, for changes that its stream lost; with --execute bring what differs',
      'reseed --env production --table actuals',
    ).addOption(new Option('--table <source>', 'the old table').choices(SOURCES).makeOptionMandatory()),
    WRITES,
  ).action(run(() => import('./commands/reseed/reseed-command.ts'), 'reseedCommand'));

  withExecute(
    addCommand(
      program,
      'repair',
      'show what differs; with --execute derive exactly those rows from the old tables again',
      'repair --env production --execute',
    ),
    WRITES,
  ).action(run(() => import('./commands/repair/repair-command.ts'), 'repairCommand'));

  addCommand(
    program,
    'watch',
    'validate the tables part by part, round after round, until interrupted',
    'watch --env production --once',
  )
    .option('--once', 'stop after one round', false)
    .action(run(() => import('./commands/validate/watch-command.ts'), 'watchCommand'));
}

/** It belongs to no environment. */
function addCompletion(program: Command, run: MakeAction): void {
  const example = commandLine('completion bash > ~/.kpi-migrate-completion && source ~/.kpi-migrate-completion');
  program
    .command('completion')
    .description('print the script that completes commands, options and environments in a shell')
    .addArgument(program.createArgument('<shell>', 'the shell').choices(SHELLS))
    .argument('[words...]', 'what was typed so far, from the script itself')
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action(run(() => import('./commands/completion/completion-command.ts'), 'completionCommand'));
}

function addItemCommands(program: Command, run: MakeAction): void {
  const held = program.command('held').description('records whose KPI has no link');
  addCommand(held, 'list', 'list them, with tenant, KPI, source, id and date', 'held list --env production').action(
    run(() => import('./commands/backfill/backfill-command.ts'), 'heldList'),
  );

  const quarantine = program.command('quarantine').description('items that cannot be migrated');
  const items = () => import('./commands/quarantine/quarantine-command.ts');
  const source = program.createArgument('<source>', 'the table of the item').choices(QUARANTINE_SOURCES);
  const id = program.createArgument('<id>', 'the id of the item');
  addCommand(quarantine, 'list', 'list all items with their reasons', 'quarantine list --env production').action(
    run(items, 'quarantineList'),
  );
  addCommand(
    quarantine,
    'show',
    'show an item with all its attributes',
    `quarantine show ${SOURCES[1]} ID --env production`,
  )
    .addArgument(source)
    .addArgument(id)
    .action(run(items, 'quarantineShow'));
  withExecute(
    addCommand(
      quarantine,
      'accept',
      'accept that this version of an item is not migrated',
      `quarantine accept ${SOURCES[1]} ID --by "Ada Lovelace" --env production --execute`,
    )
      .addArgument(source)
      .addArgument(id)
      .requiredOption('--by <name>', 'who accepts it'),
    WRITES,
  ).action(run(items, 'quarantineAccept'));
  withExecute(
    addCommand(
      quarantine,
      'replay',
      'replicate the changes that the event source mappings gave up',
      'quarantine replay --from s3://BUCKET --env production --execute',
    ).requiredOption('--from <destination>', 'their on-failure destination: s3://BUCKET, or a folder'),
    WRITES,
  ).action(run(items, 'quarantineReplay'));
}
