import { defineConfig } from 'vitest/config'

// Deployments with real parts, for `npm run test:deploy` only: each makes an environment with a real Python, and runs pip.
export default defineConfig({
  test: {
    include: ['__tests__/deploy/**/*.test.ts'],
    reporters: ['default', ['./tools/tally-reporter.ts', { perSuite: true }]],
    maxWorkers: '100%',
    testTimeout: 240_000,
    // What is waited for comes, however busy the machine is; a second is not enough for that.
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 60_000
  }
})
