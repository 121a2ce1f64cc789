import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** Long suites: killed processes, many rounds. Run by `npm run test:faults`. */
export default mergeConfig(
  { resolve: base.resolve, root: fileURLToPath(new URL('../..', import.meta.url)) },
  defineConfig({ test: { include: ['test/faults/**/*.test.ts'], testTimeout: 1_200_000, hookTimeout: 60_000 } }),
);
