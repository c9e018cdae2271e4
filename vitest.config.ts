import { defineConfig } from 'vitest/config'

// Calling the binary directly bypasses the Node 24 that npm scripts find first.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) throw new Error(`Node 24 or newer is needed, this is ${process.versions.node}: use "npm test"`)

export default defineConfig({
  test: {
    include: ['__tests__/unit/**/*.test.ts', '__tests__/contract/**/*.test.ts'],
    reporters: ['default', './tools/tally-reporter.ts'],
    restoreMocks: true,
    // Most of a contract test is spent in the processes that it starts.
    maxWorkers: '100%',
    testTimeout: 30_000,
    // What is waited for comes, however busy the machine is; a second is not enough for that.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 60_000,
    server: { deps: { inline: [/@actions\/(languageservice|workflow-parser|expressions)/] } },
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text', 'lcov'] }
  }
})
