import { once } from 'node:events';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { shellWord } from '../../../functions/model/shell-word.ts';
import { commandLine } from '../../../infra/package-layout.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { openCockpit } from '../../cockpit/cockpit-command.ts';
import { executeBackfill } from '../../commands/backfill/backfill-command.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { showProgress } from '../../progress.ts';
import { type RehearsalOptions, rehearse } from './rehearsal.ts';
import { killedBackfill, killFunctions } from './rehearsal-faults.ts';
import { describeRehearsal } from './rehearsal-report.ts';

export interface RehearsalCommandOptions {
  readonly env: string;
  readonly export: string;
  readonly seed?: number;
  readonly writes: number;
  readonly faults: boolean;
  readonly cockpit: boolean;
}

/** `rehearse`: exit 0 only if every row of both new tables is as the old tables demand. */
export async function rehearsalCommand(options: RehearsalCommandOptions, stop: AbortSignal): Promise<CommandResult> {
  if (options.env !== 'local') {
    throw new MigrationError(
      'SETTINGS_NOT_LOCAL',
      `A rehearsal runs only on its own local cloud, not on ${options.env}.`,
      {
        nextStep: 'Run it without --env.',
      },
    );
  }
  const seed = options.seed ?? Math.floor(Date.now() / 1_000);
  const progress = showProgress();
  const replay = replayCommand(options, seed);
  progress.note(`Seed ${seed}. To repeat this run: ${replay}`);
  const report = await rehearse({
    settings: readSettings('local'),
    exportDirectory: options.export,
    seed,
    writes: options.writes,
    nowMs: Date.now,
    note: progress.note,
    stop,
    ...(options.cockpit && { watch: cockpitOver(progress.note, stop) }),
    backfill: async (cloud, environment, random) => {
      if (options.faults) await killedBackfill(cloud, random, progress.note);
      else await executeBackfill(environment, progress, stop);
      stop.throwIfAborted();
    },
    faults: async (cloud, random, end) => {
      if (options.faults) await killFunctions(cloud, random, end, progress.note);
    },
  });
  return {
    exitCode: report.agree ? EXIT.done : EXIT.failed,
    document: report,
    lines: describeRehearsal(report, replay),
    next: 'none',
  };
}

/** Opens the cockpit over the rehearsal; when reads are on the new tables, it waits for Ctrl-C. */
function cockpitOver(note: (message: string) => void, stop: AbortSignal): RehearsalOptions['watch'] {
  return async (cloud, environment, reads) => {
    // The page does what the commands do, and these find the local cloud by these variables.
    process.env.AWS_ENDPOINT_URL_DYNAMODB = cloud.dynamodbUrl;
    process.env.AWS_ENDPOINT_URL_APPCONFIG = cloud.appconfig?.url;
    const ended = new AbortController();
    const cockpit = await openCockpit(environment, { env: 'local', readOnly: false }, ended.signal, reads);
    note(`The cockpit: ${cockpit.url}`);
    return {
      async seen() {
        note('Reads are on the new tables. Look at the cockpit, fall back there; Ctrl-C ends with the comparison.');
        if (!stop.aborted) await once(stop, 'abort');
      },
      async [Symbol.asyncDispose]() {
        ended.abort();
        await cockpit[Symbol.asyncDispose]();
      },
    };
  };
}

function replayCommand(options: RehearsalCommandOptions, seed: number): string {
  const parts = [commandLine(`rehearse --seed ${seed} --writes ${options.writes}`)];
  if (options.faults) parts.push('--faults');
  parts.push(`--export ${shellWord(options.export)}`);
  return parts.join(' ');
}
