import { MigrationError } from '../model/migration-error.ts';
import type { FlagAccess } from './access.ts';
import { type Monitor, readMonitors, writeMonitors } from './monitors.ts';
import { readValidators, type Validator, writeValidators } from './validators.ts';

/**
 * The guards of the flag that a fallback has suspended because they stopped it: the gate, which AppConfig asks before it
 * deploys, and the alarms, which roll a deployment back. Both are there to protect the old tables' readers from the new
 * tables. A fallback only takes reads away from the new tables, so it may do without either.
 */
export class SuspendedGuards {
  readonly #access: Pick<FlagAccess, 'client' | 'ids'>;
  readonly #note: (message: string) => void;
  #monitors: readonly Monitor[] = [];
  #validators: readonly Validator[] = [];

  constructor(access: Pick<FlagAccess, 'client' | 'ids'>, note: (message: string) => void) {
    this.#access = access;
    this.#note = note;
  }

  /** @returns false if AppConfig asked no gate, so that nothing is different now. */
  async suspendGate(why: string): Promise<boolean> {
    const { client, ids } = this.#access;
    const validators = await readValidators(client, ids);
    if (validators.length === 0) return false;
    this.#note(`${why} Until the fallback is complete, AppConfig does not ask ${gates(validators)}.`);
    this.#validators = [...this.#validators, ...validators];
    await writeValidators(client, ids, []);
    return true;
  }

  async suspendAlarms(why: string): Promise<void> {
    const { client, ids } = this.#access;
    const monitors = await readMonitors(client, ids);
    if (monitors.length === 0) return;
    this.#note(`${why} Until the fallback is complete, AppConfig does not watch ${alarms(monitors)}.`);
    this.#monitors = [...this.#monitors, ...monitors];
    await writeMonitors(client, ids, []);
  }

  /**
   * Puts all of them back; each is tried whether the other works or not.
   *
   * @throws MigrationError FLAG_UNGATED, FLAG_UNWATCHED
   */
  async restore(): Promise<void> {
    const { client, ids } = this.#access;
    const results = await Promise.allSettled([
      this.#validators.length > 0 ? writeValidators(client, ids, this.#validators) : undefined,
      this.#monitors.length > 0 ? writeMonitors(client, ids, this.#monitors) : undefined,
    ]);
    const [gate, alarm] = results.map((result) => (result.status === 'rejected' ? result.reason : undefined));
    if (gate !== undefined) {
      throw new MigrationError('FLAG_UNGATED', `AppConfig no longer asks ${gates(this.#validators)}.`, {
        cause: gate,
        nextStep:
          'Add this validator to the read flag’s profile again in the AppConfig console. Then: kpi-migrate status',
      });
    }
    if (alarm !== undefined) {
      const message = `The read flag's environment no longer watches ${alarms(this.#monitors)}.`;
      throw new MigrationError('FLAG_UNWATCHED', message, {
        cause: alarm,
        nextStep: 'Add these alarms to it again in the AppConfig console. Then: kpi-migrate status',
      });
    }
  }
}

function gates(validators: readonly Validator[]): string {
  return validators.map(({ Content }) => Content).join(', ');
}

function alarms(monitors: readonly Monitor[]): string {
  return monitors.map(({ AlarmArn }) => AlarmArn).join(', ');
}
