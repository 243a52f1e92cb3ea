import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { SavedDeployments } from './deployments.ts';
import type { HostedVersion } from './hosted-versions.ts';
import { type Changed, NOTHING_CHANGED } from './resources.ts';

/** What outlasts a restart: what operators have done. */
export interface SavedState extends SavedDeployments, Changed {
  readonly versions: readonly HostedVersion[];
}

const NOTHING_SAVED: SavedState = { versions: [], deployments: [], alarmsRinging: [], ...NOTHING_CHANGED };

export interface StateFile {
  load(): Promise<SavedState>;
  /** Resolves when what `state` gives is on the disk; saves follow each other. */
  save(state: () => SavedState): Promise<void>;
}

/** Keeps state in `appconfig.json` of a folder, replaced as a whole. */
export function stateFile(directory: string): StateFile {
  const path = join(directory, 'appconfig.json');
  let last: Promise<unknown> = Promise.resolve();
  const write = async (state: () => SavedState): Promise<void> => {
    await mkdir(directory, { recursive: true });
    await writeFile(`${path}.new`, JSON.stringify(state()));
    await rename(`${path}.new`, path);
  };
  return {
    async load() {
      try {
        return { ...NOTHING_SAVED, ...JSON.parse(await readFile(path, 'utf8')) };
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return NOTHING_SAVED;
        throw new MigrationError('STATE_UNREADABLE', `The state of the AppConfig stand-in in ${path} cannot be read.`, {
          cause,
          nextStep: `Delete ${path}. The stand-in then starts from the stack.`,
        });
      }
    },
    save(state) {
      const written = last.then(() => write(state));
      // One that fails is the caller's to tell; those after it are tried all the same.
      last = written.catch(() => {});
      return written;
    },
  };
}

/** Keeps nothing. */
export const NO_STATE_FILE: StateFile = { load: async () => NOTHING_SAVED, save: async () => {} };
