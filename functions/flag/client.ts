import {
  AppConfigDataClient,
  BadRequestException,
  GetLatestConfigurationCommand,
  type GetLatestConfigurationCommandOutput,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';
import { type Clock, systemClock, withDeadline } from '../runtime/clock.ts';
import { FollowedKillSwitch, type ReadKillSwitch } from './followed-kill-switch.ts';
import { parseServedFlag, type ReaderFlag } from './stages.ts';

/** Where the flag is in AppConfig, and how to poll it. */
export interface FlagClientSettings {
  /** Ids or names; StartConfigurationSession takes either. */
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
  /** Time between polls, and so the longest a fallback takes to reach a reader. Default and minimum: 15. */
  readonly pollIntervalSeconds?: number;
  /**
   * How long after AppConfig's last answer stage `new` stays in force; after that the old tables answer until AppConfig
   * answers again. Default: 300.
   */
  readonly staleAfterSeconds?: number;
  /** Keeps this process on the old tables, whatever the flag and the kill switch say. Default: false. */
  readonly forceOld?: boolean;
  /** The longest a read waits for a poll: before the first one, or after a suspension that may have missed one. */
  readonly waitMaxMs?: number;
}

/** The flag as the client knows it, for a log. */
export interface FlagStatus {
  readonly flag: ReaderFlag;
  /** When AppConfig last answered, with a change or without. */
  readonly confirmedAtMs?: number;
  readonly versionLabel?: string | undefined;
}

export interface FlagClient {
  /** The last known flag, immediately except as {@link FlagClientSettings.waitMaxMs} says. Never fails. */
  current(): ReaderFlag | Promise<ReaderFlag>;
  status(): FlagStatus;
  /** Stops polling. */
  stop(): void;
}

/** Receives trouble that no caller noticed, for a log. Must not throw. */
export type Report = (trouble: { readonly what: string; readonly error?: unknown }) => void;

interface Poll {
  readonly done: Promise<void>;
  readonly startedAtMs: number;
}

const POLL_INTERVAL_SECONDS_DEFAULT = 15;
const WAIT_MAX_MS_DEFAULT = 1_000;
const STALE_AFTER_SECONDS_DEFAULT = 300;
/** A poll that is later than this means that the process was suspended. */
const OVERDUE_MS = 1_000;
const CALL_DEADLINE_MS = 5_000;

/**
 * Follows the flag in AppConfig. One poll, on the schedule that AppConfig sets, serves all reads of the process. If a
 * poll fails, the last value stays for a set time; then the value is stage `old`, since a reader that cannot hear of a
 * fallback must not keep on reading the new tables. Before the first answer, and for content it does not understand, the
 * value is stage `old`, too.
 *
 * A token is valid once and for 24 hours. If AppConfig refuses one, the client starts a new session (AppConfig User
 * Guide, "Retrieving feature flags and configuration data").
 */
export function createFlagClient(
  settings: FlagClientSettings,
  dependencies: {
    readonly client?: AppConfigDataClient;
    /** Read with each poll of the flag; without it the flag alone decides. */
    readonly readKillSwitch?: ReadKillSwitch | undefined;
    readonly clock?: Clock;
    readonly report?: Report;
  } = {},
): FlagClient {
  const { client = new AppConfigDataClient({}), clock = systemClock, report = () => {} } = dependencies;
  const {
    pollIntervalSeconds = POLL_INTERVAL_SECONDS_DEFAULT,
    waitMaxMs = WAIT_MAX_MS_DEFAULT,
    staleAfterSeconds = STALE_AFTER_SECONDS_DEFAULT,
  } = settings;
  const killSwitch =
    dependencies.readKillSwitch &&
    new FollowedKillSwitch(dependencies.readKillSwitch, staleAfterSeconds * 1_000, clock, report);
  let status: FlagStatus = { flag: { stage: 'old', reason: 'flag-not-read' } };
  /** Absent during a poll, and after one that failed: a token is valid once, and that one may have been used. */
  let token: string | undefined;
  let nextPollAtMs = 0;
  let staleAtMs = 0;
  let poll: Poll | undefined;
  let cancelTimer = () => {};
  let isStopped = false;

  /** What is in force now: nothing but the old tables once a fallback may have been missed for too long. */
  const inForce = (): ReaderFlag => {
    const reason = settings.forceOld === true ? 'forced-old' : killSwitch?.reason();
    if (status.flag.stage === 'old' || (reason === undefined && clock.nowMs() <= staleAtMs)) return status.flag;
    return { stage: 'old', reason: reason ?? 'flag-stale' };
  };

  const startSession = async (signal: AbortSignal): Promise<string | undefined> => {
    const command = new StartConfigurationSessionCommand({
      ApplicationIdentifier: settings.application,
      EnvironmentIdentifier: settings.environment,
      ConfigurationProfileIdentifier: settings.profile,
      // Without it AppConfig chooses the interval, and a fallback takes that long.
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
    const { Configuration: content, VersionLabel: versionLabel, NextPollIntervalInSeconds = 0 } = answer;
    // However long AppConfig lets a reader wait, one poll that fails does not move reads.
    staleAtMs = confirmedAtMs + Math.max(staleAfterSeconds, 2 * NextPollIntervalInSeconds) * 1_000;
    if (content === undefined || content.length === 0) status = { ...status, confirmedAtMs };
    else status = { flag: parseServedFlag(content.transformToString()), confirmedAtMs, versionLabel };
  };

  const run = async (self: Poll, held: string | undefined): Promise<void> => {
    const [outcome] = await Promise.all([
      withDeadline(clock, CALL_DEADLINE_MS, (signal) => getLatest(signal, held)),
      killSwitch?.poll(),
    ]);
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
      report({ what: 'Polling the flag failed; its last value stays', error });
    }
    nextPollAtMs = outcome.kind === 'suspended' ? 0 : clock.nowMs() + waitSeconds * 1_000;
    if (!isStopped) cancelTimer = clock.after(waitSeconds * 1_000, () => void startPoll());
  };

  /** The poll in progress, or a new one if there is none or a suspension has caught it. */
  const startPoll = (): Poll => {
    if (poll && clock.nowMs() - poll.startedAtMs <= CALL_DEADLINE_MS + OVERDUE_MS) return poll;
    cancelTimer();
    const held = token;
    token = undefined;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const self: Poll = { done, startedAtMs: clock.nowMs() };
    poll = self;
    run(self, held).then(resolve, (error: unknown) => {
      report({ what: 'Polling the flag failed; its last value stays', error });
      resolve();
    });
    return self;
  };

  const waitFor = async ({ done, startedAtMs }: Poll): Promise<ReaderFlag> => {
    const restMs = startedAtMs + waitMaxMs - clock.nowMs();
    if (restMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(restMs, resolve);
      await Promise.race([done, promise]);
      cancel();
    }
    return inForce();
  };

  startPoll();
  return {
    current() {
      const isOverdue = clock.nowMs() >= nextPollAtMs + OVERDUE_MS;
      return isOverdue && !isStopped ? waitFor(startPoll()) : inForce();
    },
    status: () => status,
    stop() {
      isStopped = true;
      cancelTimer();
    },
  };
}
