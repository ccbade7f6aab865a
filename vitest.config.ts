import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-dashboard.ts'],
    setupFiles: ['test/support/fail-on-crash.ts'],
    // Most of the time goes into waiting for real containers, time limits and restarts: three files at once keep two cores busy.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    retry: 0,
  },
});
