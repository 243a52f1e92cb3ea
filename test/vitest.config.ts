import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..'),
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/closing-line.ts'],
    globalSetup: ['test/temporary-files.ts', 'test/engine-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Two cores: each worker beside the engine's own process.
    maxWorkers: 2,
  },
});
