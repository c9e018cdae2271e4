import { defineConfig } from 'vitest/config'

// Runs that are killed, stopped by a signal, or overtaken by another run at every command: minutes of small processes.
export default defineConfig({
  test: {
    include: ['__tests__/interruptions/**/*.test.ts'],
    reporters: ['default', './tools/tally-reporter.ts'],
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
