import {
  AppConfigDataClient,
  BadRequestException,
  GetLatestConfigurationCommand,
  type GetLatestConfigurationCommandOutput,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';
import { type Clock, systemClock, withDeadline } from '../runtime/clock.ts';
import { parseReadFlag, type ReadFlag } from './stages.ts';

/** Which configuration the flag is in, and how it is asked for. */
export interface FlagClientSettings {
  /** Ids or names, as StartConfigurationSession takes them. */
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
  /** Time between polls, which is how long a fallback takes at most; 15 unless told, and AppConfig takes no less. */
  readonly pollIntervalSeconds?: number;
  /** How long a read waits at most where nothing is known yet, or the process stood still for longer than a poll. */
  readonly waitMaxMs?: number;
}

/** What is known of the flag, for a status or a log. */
export interface FlagStatus {
  readonly flag: ReadFlag;
  /** When AppConfig last answered, whether or not with a change. */
  readonly confirmedAtMs?: number;
  readonly versionLabel?: string | undefined;
}

export interface FlagClient {
  /** The flag as last known: at once, save where {@link FlagClientSettings.waitMaxMs} says otherwise. Never fails. */
  current(): ReadFlag | Promise<ReadFlag>;
  status(): FlagStatus;
  /** Ends the polling. */
  stop(): void;
}

/** Tells a log of trouble that no caller noticed; must not throw. */
export type Report = (trouble: { readonly what: string; readonly error?: unknown }) => void;

interface Poll {
  readonly done: Promise<void>;
  readonly startedAtMs: number;
}

const POLL_INTERVAL_SECONDS_DEFAULT = 15;
const WAIT_MAX_MS_DEFAULT = 1_000;
/** How late a poll may be before the process must have stood still. */
const OVERDUE_MS = 1_000;
const CALL_DEADLINE_MS = 5_000;

/**
 * Follows the flag in AppConfig: one poll, on the schedule that the service sets, serves all reads of the process. Where a poll
 * fails, the last value stays; where nothing has been read yet, or what was read is not to be understood, the value is old.
 *
 * A token serves once and for 24 hours; a refused one is answered by a new session (AppConfig User Guide, "Retrieving
 * feature flags and configuration data").
 */
export function createFlagClient(
  settings: FlagClientSettings,
  dependencies: {
    readonly client?: AppConfigDataClient;
    readonly clock?: Clock;
    readonly report?: Report;
  } = {},
): FlagClient {
  const { client = new AppConfigDataClient({}), clock = systemClock, report = () => {} } = dependencies;
  const { pollIntervalSeconds = POLL_INTERVAL_SECONDS_DEFAULT, waitMaxMs = WAIT_MAX_MS_DEFAULT } = settings;
  let status: FlagStatus = { flag: { stage: 'old', reason: 'flag-not-read' } };
  /** Absent while a poll is under way, and after one that failed: it serves once, and what became of it is not known. */
  let token: string | undefined;
  let nextPollAtMs = 0;
  let poll: Poll | undefined;
  let cancelTimer = () => {};
  let isStopped = false;

  const startSession = async (signal: AbortSignal): Promise<string | undefined> => {
    const command = new StartConfigurationSessionCommand({
      ApplicationIdentifier: settings.application,
      EnvironmentIdentifier: settings.environment,
      ConfigurationProfileIdentifier: settings.profile,
      // Without it the service sets an interval of its own, and a fallback takes that long.
      RequiredMinimumPollIntervalInSeconds: pollIntervalSeconds,
    });
    return (await client.send(command, { abortSignal: signal })).InitialConfigurationToken;
  };

  const getLatest = async (
    signal: AbortSignal,
    held: string | undefined,
  ): Promise<GetLatestConfigurationCommandOutput> => {
    const ConfigurationToken = held ?? (await startSession(signal));
    try {
      return await client.send(new GetLatestConfigurationCommand({ ConfigurationToken }), { abortSignal: signal });
    } catch (error) {
      if (held !== undefined && error instanceof BadRequestException) return getLatest(signal, undefined);
      throw error;
    }
  };

  const take = (answer: GetLatestConfigurationCommandOutput) => {
    token = answer.NextPollConfigurationToken;
    const confirmedAtMs = clock.nowMs();
    const { Configuration: content, VersionLabel: versionLabel } = answer;
    if (content === undefined || content.length === 0) status = { ...status, confirmedAtMs };
    else status = { flag: parseReadFlag(content.transformToString()), confirmedAtMs, versionLabel };
  };

  const run = async (self: Poll, held: string | undefined): Promise<void> => {
    const outcome = await withDeadline(clock, CALL_DEADLINE_MS, (signal) => getLatest(signal, held));
    if (poll !== self) return;
    poll = undefined;
    let waitSeconds = pollIntervalSeconds;
    if (outcome.kind === 'value') {
      take(outcome.value);
      waitSeconds = outcome.value.NextPollIntervalInSeconds ?? waitSeconds;
    } else if (outcome.kind === 'suspended') {
      waitSeconds = 0;
    } else {
      const error = outcome.kind === 'error' ? outcome.error : outcome.kind;
      report({ what: 'The flag could not be polled; its last value stays', error });
    }
    nextPollAtMs = outcome.kind === 'suspended' ? 0 : clock.nowMs() + waitSeconds * 1_000;
    if (!isStopped) cancelTimer = clock.after(waitSeconds * 1_000, () => void startPoll());
  };

  /** The poll that is under way, or a new one; one that has been under way for too long was caught by a standstill. */
  const startPoll = (): Poll => {
    if (poll && clock.nowMs() - poll.startedAtMs <= CALL_DEADLINE_MS + OVERDUE_MS) return poll;
    cancelTimer();
    const held = token;
    token = undefined;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const self: Poll = { done, startedAtMs: clock.nowMs() };
    poll = self;
    run(self, held).then(resolve, (error: unknown) => {
      report({ what: 'The flag could not be polled; its last value stays', error });
      resolve();
    });
    return self;
  };

  const waitFor = async ({ done, startedAtMs }: Poll): Promise<ReadFlag> => {
    const restMs = startedAtMs + waitMaxMs - clock.nowMs();
    if (restMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(restMs, resolve);
      await Promise.race([done, promise]);
      cancel();
    }
    return status.flag;
  };

  startPoll();
  return {
    current() {
      const isOverdue = clock.nowMs() >= nextPollAtMs + OVERDUE_MS;
      return isOverdue && !isStopped ? waitFor(startPoll()) : status.flag;
    },
    status: () => status,
    stop() {
      isStopped = true;
      cancelTimer();
    },
  };
}
