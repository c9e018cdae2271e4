// Prints the closing lines of a suite. Knows nothing of what was tested.
import type { Reporter, TestModule } from 'vitest/node'

/** What is printed beside the closing line. */
export interface TallyOptions {
  /** Counts each outermost `describe` on a line of its own, and names what was skipped for a reason. */
  readonly perSuite?: boolean
}

type Tally = Record<'passed' | 'failed' | 'skipped', number>

/** Prints `N passed, N failed` alone on the last line, where continuous integration reads it. */
export default class TallyReporter implements Reporter {
  readonly #options: TallyOptions

  constructor(options: TallyOptions = {}) {
    this.#options = options
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const total: Tally = { passed: 0, failed: unhandled.length, skipped: 0 }
    const suites = new Map<string, Tally>()
    const skipped: string[] = []
    for (const module of modules) {
      total.failed += module.errors().length
      for (const suite of module.children.allSuites()) {
        total.failed += suite.errors().length
        tallyOf(suites, suite.fullName).failed += suite.errors().length
      }
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'pending') continue
        total[result.state]++
        tallyOf(suites, test.fullName)[result.state]++
        // Without a note it was only filtered out on the command line.
        if (result.state === 'skipped' && result.note !== undefined) {
          skipped.push(`skipped: ${test.fullName} (${result.note})`)
        }
      }
    }
    const lines = [...suites].map(([name, tally]) => `${name}: ${words(tally)}, ${String(tally.skipped)} skipped`)
    const details = this.#options.perSuite === true ? [...skipped, ...lines] : []
    const text = ['', ...details, words(total), ''].join('\n')
    // After the default reporter and the coverage table have printed.
    process.once('exit', () => process.stdout.write(text))
  }
}

/** Finds or begins the tally of the outermost suite of a full name. */
function tallyOf(suites: Map<string, Tally>, fullName: string): Tally {
  const outermost = fullName.split(' > ')[0] ?? fullName
  const tally = suites.get(outermost) ?? { passed: 0, failed: 0, skipped: 0 }
  suites.set(outermost, tally)
  return tally
}

function words({ passed, failed }: Tally): string {
  return `${String(passed)} passed, ${String(failed)} failed`
}
