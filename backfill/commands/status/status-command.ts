import { setTimeout as sleep } from 'node:timers/promises';
import { countNames } from '../../../functions/model/counts-by-name.ts';
import { QUARANTINE_SOURCES } from '../../../functions/tables/control/quarantine-rows.ts';
import { openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeStatus } from './describe-status.ts';
import { readStatus, type Status } from './read-status.ts';

export interface StatusOptions {
  readonly env: string;
  readonly watch: boolean;
  readonly wait: boolean;
}

/** Time between two looks of `--watch` and `--wait`. */
const LOOK_EVERY_MS = 2_000;

/** `status`: how far the migration is, who reads what, and the next step. */
export async function statusCommand({ env, watch, wait }: StatusOptions, stop: AbortSignal): Promise<CommandResult> {
  const environment = await openEnvironment(env);
  let status = await readStatus(environment);
  let shown = '';
  while ((watch || (wait && status.position.waits)) && !stop.aborted) {
    shown = watch ? showStatus(status, shown) : tell([status.position.says], shown);
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {});
    if (!stop.aborted) status = await readStatus(environment);
  }
  const isWaiting = wait && status.position.waits;
  return {
    exitCode: isWaiting ? EXIT.stopped : EXIT.done,
    document: documentOf(status),
    lines: describeStatus(status),
    next: status.position.next,
  };
}

/** On a terminal the last look is replaced. */
function showStatus(status: Status, before: string): string {
  const lines = [...describeStatus(status), `Next: ${status.position.next.command}`];
  if (!process.stderr.isTTY) return tell(lines, before);
  // Line by line what was there before is cleared: to clear the whole screen first would flicker.
  process.stderr.write(`\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
  return before;
}

/** Tells what is new. */
function tell(lines: readonly string[], before: string): string {
  const text = `${lines.join('\n')}\n`;
  if (text !== before) process.stderr.write(text);
  return text;
}

function documentOf({ at, findings, control, flag, position, dashboardUrl }: Status): object {
  const { evidence, quarantine = [], ...rest } = control ?? {};
  const counts = (accepted: boolean) => {
    const entries = quarantine.filter((entry) => accepted === (entry.accepted !== undefined));
    const bySource = countNames(entries.map(({ source }) => source));
    return Object.fromEntries(QUARANTINE_SOURCES.map((source) => [source, bySource.get(source) ?? 0]));
  };
  const [accepted, blocking] = [counts(true), counts(false)];
  return {
    at,
    position: { state: position.state, step: position.step, since: position.since, says: position.says },
    ...{ findings, flag, dashboardUrl, run: evidence?.run, rollback: evidence?.rollback, lagMs: evidence?.lagMs },
    killSwitch: evidence?.killSwitch,
    validation: evidence?.report,
    quarantined: Object.fromEntries(
      QUARANTINE_SOURCES.map((source) => [source, (accepted[source] ?? 0) + (blocking[source] ?? 0)]),
    ),
    accepted,
    ...rest,
    nextStep: position.next.command,
  };
}
