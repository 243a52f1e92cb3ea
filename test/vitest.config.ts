import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import LongestFirst from './longest-first.ts';

const INFRA = 'test/infra/**/*.test.ts';

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    reporters: ['default', './test/closing-line.ts'],
    globalSetup: ['test/temporary-files.ts', 'test/engine-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    sequence: { sequencer: LongestFirst },
    // One more than the two cores: some files mostly wait, for processes of their own or for time to pass.
    maxWorkers: 3,
    projects: [
      { extends: true, test: { name: 'product', include: ['test/**/*.test.ts'], exclude: [INFRA] } },
      // Loading the CDK takes longer than most of these tests, so several files share a process that has loaded it.
      { extends: true, test: { name: 'stack', include: [INFRA], isolate: false } },
    ],
  },
});
