// Both steps upon a site in memory, with a clock and deadlines that the test holds.
import { runMain, runPost } from '../../src/action.ts'
import type { Ports, Reach, RunProgram } from '../../src/ports.ts'
import type { RemoteSite } from '../../src/site.ts'
import { fakeSite, type Oddities, type Tree } from './fake-site.ts'
import { profileOf } from './profiles.ts'
import { runnerWith } from './runner.ts'

/** What a step wrote, and how it was run. */
export interface Told {
  readonly lines: readonly string[]
  readonly warnings: readonly string[]
  readonly outputs: ReadonlyMap<string, string>
  readonly summary: string
  /** What was masked, before anything of it was written. */
  readonly masked: readonly string[]
  /** What the step asked for to connect. */
  readonly reach: Reach | undefined
  /** How long each pause was. */
  readonly sleptMs: readonly number[]
  /** The length of each deadline that was asked for, the step's own first. */
  readonly deadlinesMs: readonly number[]
  readonly failure: unknown
}

/** What may differ from an ordinary run. */
export interface Given {
  readonly inputs?: Readonly<Record<string, string>>
  readonly oddities?: Oddities
  /** Programs on the path; none where it is left out. */
  readonly run?: RunProgram
  /** Changes what a site in memory does. */
  readonly over?: (site: RemoteSite) => RemoteSite
  /** What a deadline of so many milliseconds is; none of them passes where it is left out. */
  readonly after?: (ms: number) => AbortSignal
}

/** A job: what its main step saved is what its post step loads. */
export interface Story {
  main(given?: Given): Promise<Told>
  post(given?: Given): Promise<Told>
}

/** Makes a job around a site in memory. */
export function storyOf(tree: Tree, packagePath: string): Story {
  const state = new Map<string, string>()
  let draws = 0
  const step = async (run: (ports: Ports) => Promise<void>, given: Given): Promise<Told> => {
    const [sleptMs, deadlinesMs]: [number[], number[]] = [[], []]
    let reach: Reach | undefined
    const inputs: Readonly<Record<string, string>> = {
      'publish-profile': profileOf(),
      package: packagePath,
      ...given.inputs
    }
    const { core, outputs, lines, warnings, masked, summary } = runnerWith(inputs, state)
    const open: Ports['openSite'] = (_, asked) => {
      reach = asked
      const site = fakeSite(tree, given.oddities)
      return Promise.resolve(given.over?.(site) ?? site)
    }
    const ports: Ports = {
      core,
      openSite: open,
      openReadOnly: open,
      run: given.run ?? (() => Promise.resolve({ kind: 'missing' })),
      now: () => new Date('2026-11-22T12:00:00Z'),
      sleep: ms => {
        sleptMs.push(ms)
        return Promise.resolve()
      },
      after: ms => {
        deadlinesMs.push(ms)
        return given.after?.(ms) ?? new AbortController().signal
      },
      runName: '7-1',
      random: () => (draws++).toString(16).padStart(12, '0'),
      signal: new AbortController().signal
    }
    const failure: unknown = await run(ports).then(
      () => undefined,
      (error: unknown) => error
    )
    return { lines, warnings, outputs, summary: summary(), masked, reach, sleptMs, deadlinesMs, failure }
  }
  return { main: (given = {}) => step(runMain, given), post: (given = {}) => step(runPost, given) }
}
