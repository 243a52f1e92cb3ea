import type { FunctionHost } from './function-host.ts';
import type { StackSchedule } from './template.ts';

/** The functions that are invoked every minute. */
export interface Schedules {
  /** Invokes each now. */
  run(): Promise<void>;
  stop(): void;
}

/**
 * Invokes the functions of the stack that are scheduled every minute, at once and then every minute. Longer schedules are left out: a local
 * cloud seldom lives that long, and `watch` does by hand what the standing validation does.
 */
export async function startSchedules(
  schedules: readonly StackSchedule[],
  hosts: ReadonlyMap<string, FunctionHost>,
  note: (message: string) => void,
): Promise<Schedules> {
  const invoke = async (functionId: string): Promise<void> => {
    try {
      await hosts.get(functionId)?.invoke({});
    } catch (error) {
      // As on Lambda, nobody waits for the answer of a schedule: the function's log has it.
      note(`The scheduled function ${functionId} failed: ${String(error)}`);
    }
  };
  const eachMinute = schedules.filter(({ minutes }) => minutes === 1).map(({ functionId }) => functionId);
  const run = async (): Promise<void> => {
    await Promise.all(eachMinute.map(invoke));
  };
  await run();
  const timer = setInterval(() => void run(), 60_000);
  return { run, stop: () => clearInterval(timer) };
}
