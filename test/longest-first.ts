import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Test files that take long, the longest first, and a folder whose files are to follow each other. Vitest knows how long a file takes
 * only once it has run it here; in a clean clone it goes by the size of files, and a long one that begins last is waited for alone.
 */
export const LONGEST = [
  'test/local/local-cloud.test.ts',
  'test/runbook.test.ts',
  'test/simulation/mutations.test.ts',
  'test/backfill/backfill.test.ts',
  'test/validators/live-writer.test.ts',
  'test/crash-runs/crash-runs.test.ts',
  'test/validators/mutations.test.ts',
  'test/package/package.test.ts',
  'test/backfill/rollback.test.ts',
  'test/infra/environments.test.ts',
  'test/infra/',
  'test/validators/commands.test.ts',
  'test/read/sides/sides.test.ts',
  'test/validators/rolling-part.test.ts',
  'test/validators/validate.test.ts',
  'test/local/appconfig/real-gate.test.ts',
];

/** Begins with the files that take longest, so that all workers end at about the same time. */
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
