import { defineConfig } from 'vitest/config'

// Real servers, for `npm run test:servers` only: they need root and tools/install-servers.
export default defineConfig({
  test: {
    include: ['__tests__/servers/**/*.test.ts'],
    globalSetup: ['./__tests__/servers/setup.ts'],
    reporters: ['default', ['./tools/tally-reporter.ts', { perSuite: true }]],
    // One worker per server, whose processes are busy while a step waits for them.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
