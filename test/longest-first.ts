import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The slowest test files, slowest first, and a folder whose files should follow each other. Vitest knows how long a
 * file takes only after a run on this machine. In a clean clone it goes by file size, and a slow file that starts last
 * keeps every other worker waiting.
 */
export const LONGEST = [
  'test/runbook.test.ts',
  'test/simulation/mutations.test.ts',
  'test/local/cloud/local-cloud.test.ts',
  'test/sync/many-links.test.ts',
  'test/journey.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/simulation/exhaustive.test.ts',
  'test/cockpit/cockpit.test.ts',
  'test/backfill/workflow/workflow.test.ts',
  'test/backfill/lease/lease-thread.test.ts',
  'test/backfill/copy/backfill.test.ts',
  'test/validation/live-writer.test.ts',
  'test/crash-runs/crash-runs.test.ts',
  'test/validation/mutations.test.ts',
  'test/package/package.test.ts',
  'test/backfill/commands/rollback.test.ts',
  'test/infra/environments.test.ts',
  'test/infra/',
  'test/validation/commands.test.ts',
  'test/read/sides/sides.test.ts',
  'test/validation/rolling-part.test.ts',
  'test/validation/validate.test.ts',
  'test/local/appconfig/real-gate.test.ts',
];

/** Starts the slowest files first, so that all workers finish at about the same time. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const paths = LONGEST.map((path) => join(root, path));
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = paths.findIndex((path) => moduleId.startsWith(path));
      return at < 0 ? paths.length : at;
    };
    return (await super.sort(files)).sort((left, right) => rank(left) - rank(right));
  }
}
