import type { CommandResult } from './outcome.ts';

/** What runs a command: it gets the options, with the arguments among them, and a signal if it can stop by itself. */
export type Run = (options: never, stop: AbortSignal) => Promise<CommandResult>;

/** Makes the action of a command from an export of a module that is loaded only when the command runs. */
export type MakeAction = <Name extends string>(
  load: () => Promise<Readonly<Record<Name, Run>>>,
  name: Name,
) => (...given: unknown[]) => Promise<void>;
