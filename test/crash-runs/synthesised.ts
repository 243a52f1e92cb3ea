import { join } from 'node:path';
import { synthesise } from '../../backfill/local/cloud/synthesise.ts';
import type { Stack } from '../../backfill/local/cloud/template.ts';
import type { HeldRecords } from '../../functions/model/kpi.ts';
import type { Settings } from '../../infra/settings.ts';
import { readSettings } from '../../infra/settings-file.ts';

/** The stack of some settings, in the folder of its bundles. */
export interface Synthesised {
  readonly settings: Settings;
  readonly stack: Stack;
  readonly assembly: string;
}

/** Synthesises the stack of `local` once for each thing that may become of held records, as far as it is asked for. */
export function synthesiseOnce(directory: string): (heldRecords: HeldRecords) => Promise<Synthesised> {
  const made = new Map<HeldRecords, Promise<Synthesised>>();
  return (heldRecords) => {
    const known =
      made.get(heldRecords) ?? make({ ...readSettings('local'), heldRecords }, join(directory, heldRecords));
    made.set(heldRecords, known);
    return known;
  };
}

async function make(settings: Settings, assembly: string): Promise<Synthesised> {
  return { settings, assembly, stack: await synthesise(settings, assembly) };
}
