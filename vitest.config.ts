import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^llm-copilot-agent\/testing$/, replacement: here('src/testing.ts') },
      { find: /^llm-copilot-agent$/, replacement: here('src/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/faults/**', 'test/live/**', 'node_modules/**'],
    testTimeout: 20_000,
    // Much of the time is spent waiting for processes and containers.
    maxWorkers: 2,
    hookTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'plugins/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 85, branches: 85 },
    },
  },
});
