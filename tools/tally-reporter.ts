// Prints the closing line of a suite. Knows nothing of what was tested.
import type { Reporter, TestModule } from 'vitest/node'

/** Prints `N passed, N failed` alone on the last line, where continuous integration reads it. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0
    let failed = unhandled.length
    for (const module of modules) {
      failed += module.errors().length
      for (const suite of module.children.allSuites()) failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
      }
    }
    // After the default reporter and the coverage table have printed.
    process.once('exit', () => process.stdout.write(`\n${String(passed)} passed, ${String(failed)} failed\n`))
  }
}
