import { createHash, randomUUID } from 'node:crypto';
import type { Deployment } from './deployments.ts';
import { badRequest, invalidParameter, notFound } from './service-error.ts';

/** Life of a token (AppConfig Data API Reference, GetLatestConfiguration). */
const TOKEN_LIFE_MS = 24 * 60 * 60 * 1000;
const POLL_INTERVAL_SECONDS_MIN = 15;
const POLL_INTERVAL_SECONDS_MAX = 86_400;
/** What AppConfig answers to a session that has asked for no interval. */
const POLL_INTERVAL_SECONDS_DEFAULT = 60;

export interface Target {
  readonly environmentId: string;
  readonly profileId: string;
}

interface Session extends Target {
  readonly id: string;
  /** As it runs here: divided by the time scale, and at least a second. */
  readonly pollIntervalSeconds: number;
}

interface Ticket {
  readonly session: Session;
  readonly issuedAtMs: number;
  readonly notBeforeMs: number;
  /** Number of the version that the session has. */
  readonly held: number | undefined;
}

export interface Poll {
  readonly nextToken: string;
  readonly nextIntervalSeconds: number;
  /** Absent where the session has it already. */
  readonly deployment: Deployment | undefined;
}

/** Sessions of the data plane. None outlives the process: a client then meets a token that is not known, and starts again. */
export class Sessions {
  private readonly tickets = new Map<string, Ticket>();
  private readonly timeScale: number;

  constructor(timeScale: number) {
    this.timeScale = timeScale;
  }

  /**
   * @param requiredPollIntervalSeconds of AppConfig's time.
   * @returns the first token.
   * @throws ServiceError BadRequestException
   */
  start(target: Target, requiredPollIntervalSeconds: number | undefined, nowMs: number): string {
    const seconds = requiredPollIntervalSeconds ?? POLL_INTERVAL_SECONDS_DEFAULT;
    if (seconds < POLL_INTERVAL_SECONDS_MIN || seconds > POLL_INTERVAL_SECONDS_MAX) {
      throw badRequest(
        `RequiredMinimumPollIntervalInSeconds is from ${POLL_INTERVAL_SECONDS_MIN} to ${POLL_INTERVAL_SECONDS_MAX}.`,
      );
    }
    // The interval travels in whole seconds, and 0 would have clients poll without a pause.
    const pollIntervalSeconds = Math.max(1, Math.ceil(seconds / this.timeScale));
    const session: Session = { ...target, id: randomUUID(), pollIntervalSeconds };
    return this.issue({ session, issuedAtMs: nowMs, notBeforeMs: nowMs, held: undefined });
  }

  /**
   * @param inForce the deployment that a target with this share gets.
   * @throws ServiceError BadRequestException, ResourceNotFoundException where nothing is deployed.
   */
  poll(
    token: string,
    inForce: (target: Target, shareOf: (deployment: Deployment) => number) => Deployment | undefined,
    nowMs: number,
  ): Poll {
    const ticket = this.tickets.get(token);
    if (ticket === undefined) throw refusedToken('Corrupted', 'The token is not known, or has been used.');
    if (nowMs - ticket.issuedAtMs > TOKEN_LIFE_MS) throw refusedToken('Expired', 'The token is older than 24 hours.');
    if (nowMs < ticket.notBeforeMs) {
      throw refusedToken('PollIntervalNotSatisfied', 'The poll interval of the session has not passed.');
    }
    const { session } = ticket;
    const deployment = inForce(session, ({ number }) => shareOf(session.id, number));
    if (deployment === undefined) throw notFound('Deployment', `of ${session.profileId} in ${session.environmentId}`);
    this.tickets.delete(token);
    const held = deployment.version;
    return {
      nextToken: this.issue({
        session,
        issuedAtMs: nowMs,
        notBeforeMs: nowMs + session.pollIntervalSeconds * 1000,
        held,
      }),
      nextIntervalSeconds: session.pollIntervalSeconds,
      deployment: held === ticket.held ? undefined : deployment,
    };
  }

  private issue(ticket: Ticket): string {
    const token = randomUUID();
    this.tickets.set(token, ticket);
    return token;
  }
}

function refusedToken(problem: Parameters<typeof invalidParameter>[1], message: string) {
  return invalidParameter('ConfigurationToken', problem, message);
}

/** Where a session stands in a deployment, evenly spread from 0 to below 100: fixed, so that a growing percentage only ever adds sessions. */
function shareOf(sessionId: string, deploymentNumber: number): number {
  const hash = createHash('sha256').update(`${sessionId} ${deploymentNumber}`).digest();
  return (hash.readUInt32BE(0) / 2 ** 32) * 100;
}
