import { defineConfig } from 'vitest/config'

// Sweeps whose every command is cut, answered wrongly or refused, for `npm run test:faults` only: minutes of small sweeps.
export default defineConfig({
  test: {
    include: ['__tests__/faults/**/*.test.ts'],
    reporters: ['default', ['./tools/tally-reporter.ts', { perSuite: true }]],
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
