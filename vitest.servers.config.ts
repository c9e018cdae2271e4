import { defineConfig } from 'vitest/config'

// Real servers, for `npm run test:servers` only: they need root and tools/install-servers.
export default defineConfig({
  test: {
    include: ['__tests__/servers/**/*.test.ts'],
    globalSetup: ['./__tests__/servers/setup.ts'],
    reporters: ['default', ['./tools/tally-reporter.ts', { perSuite: true }]],
    // More than a runner has cores: much of the time is pauses, in which nobody computes.
    maxWorkers: 4,
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
