// SIGINT and SIGTERM at the commands of the post step: it ends soon and never in red, and the next run settles the rest.
import { afterEach, describe, expect, it } from 'vitest'
import { annotations } from '../../tools/github-runner.ts'
import type { Layout } from '../../tools/local-appservice/kudu.ts'
import {
  contents,
  expectOnlyWarnings,
  signalAt,
  type Answer,
  type Stopped,
  type StopSignal
} from '../contract/interference.ts'
import { startLab, type Lab } from '../contract/lab.ts'

let lab: Lab
afterEach(() => lab.close())

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const forced = { 'reset-env': 'true', connections: '1' }

interface Site {
  readonly layout: Layout
  readonly python: string
  readonly folder: string
  /** Whether the deployment succeeds, so that the copy is swept, or the copy has to go back. */
  readonly deployed: boolean
}

const undo: Site = { layout: 'venv-tree', python: '3.11', folder: 'antenv', deployed: false }
const undoMarker: Site = { layout: 'windows-env', python: '3.4', folder: 'env', deployed: false }
const sweep: Site = { layout: 'venv-tree', python: '3.11', folder: 'antenv', deployed: true }

interface Begun {
  readonly before: ReadonlyMap<string, string>
  readonly post: { readonly state: Readonly<Record<string, string>>; readonly jobStatus: 'success' | 'cancelled' }
}

/** The job up to its post step. `before`: what has to be there in the end. */
async function begin(site: Site): Promise<Begun> {
  lab = await startLab({ layout: site.layout, python: site.python })
  let before = await contents(lab)
  const main = await lab.step('main', { with: forced })
  if (site.deployed) {
    await lab.deploy(site.layout, site.python)
    before = await contents(lab)
  }
  return { before, post: { state: main.state, jobStatus: site.deployed ? 'success' : 'cancelled' } }
}

/** How many commands an undisturbed post step sends, and which of them change something. */
async function rehearse(site: Site): Promise<readonly boolean[]> {
  const { post } = await begin(site)
  lab.app.ftp.clearTranscript()
  await lab.step('post', post)
  const changing = lab.app.ftp.transcript.map(({ verb }) => /^(RNFR|RNTO|DELE|RMD)$/.test(verb))
  await lab.close()
  return changing
}

async function stopAt(site: Site, at: number, signal: StopSignal, answer: Answer): Promise<Stopped> {
  const { before, post } = await begin(site)
  const run = await signalAt(lab, 'post', post, { at, signal, answer })
  const what = `${signal} at ${at} (${run.command}), answered ${answer}`
  expect(run.settledMs, `${what}: ${run.log}`).toBeLessThan(2000)
  expectOnlyWarnings(run, what)
  const said = annotations(run.log, 'warning')
  // The last answer can be quicker than the signal: then there is nothing left to stop.
  if (answer !== 'at once') expect(said, what).toEqual([expect.stringContaining('told to stop')])
  expect(said.length, `${what}: ${said.join('\n')}`).toBeLessThanOrEqual(1)

  const tree = new Set((await contents(lab)).keys())
  const missing = [...before.keys()].filter(line => !tree.has(line))
  const isOut = missing.length === 0 || missing.every(line => line.startsWith(`wwwroot/${site.folder}/`))
  expect(isOut, `${what}: ${missing.join(' ')}`).toBe(true)

  await (site === undoMarker ? deployAgain(site, before, what) : settleNext(before, post.jobStatus, what))
  expect(await lab.trash(), what).toEqual([])
  await lab.close()
  return run
}

/** The next run changes nothing itself, and its post step goes on where this one stopped. */
async function settleNext(before: Begun['before'], jobStatus: 'success' | 'cancelled', what: string): Promise<void> {
  const main = await lab.step('main')
  expect(main.exitCode, `${what}: ${main.log}`).toBe(0)
  expectOnlyWarnings(await lab.step('post', { state: main.state, jobStatus }), what)
  expect(await contents(lab), what).toEqual(before)
}

/** With or without its marker, the environment is whole after the next deployment. */
async function deployAgain(site: Site, before: Begun['before'], what: string): Promise<void> {
  const { main, post } = await lab.job(site.layout, { serverPython: site.python })
  expect(main.exitCode, `${what}: ${main.log}`).toBe(0)
  expectOnlyWarnings(post, what)
  expect([...(await contents(lab)).keys()], what).toEqual([...before.keys()])
}

// On Windows a process cannot be sent a signal that it could act on.
const isWindows = process.platform === 'win32'

describe.skipIf(isWindows)('the post step that puts back', () => {
  it.each([
    ['at once', 0],
    ['never', 1],
    ['late', 0]
  ] as const)(
    'stops within 2 s at any command that the server answers %s, and the next run has the environment back',
    { timeout: 120_000 },
    async (answer, turn) => {
      const commands = await rehearse(undo)
      expect(commands.length).toBeGreaterThan(20)
      for (const [index, changing] of commands.entries()) {
        // What the server does when nobody listens any more matters only where that changes something.
        if (!changing && (answer === 'late' || (answer === 'at once' && index % 3 !== 0))) continue
        await stopAt(undo, index + 1, SIGNALS[(index + turn) % 2] ?? 'SIGINT', answer)
      }
    }
  )

  it(
    'does so with a marker, at each command that changes something and at every fourth other',
    { timeout: 60_000 },
    async () => {
      for (const [index, changing] of (await rehearse(undoMarker)).entries()) {
        if (!changing && index % 4 !== 0) continue
        for (const answer of changing ? (['never', 'late'] as const) : (['never'] as const)) {
          await stopAt(undoMarker, index + 1, SIGNALS[(index / 4) % 2] ?? 'SIGTERM', answer)
        }
      }
    }
  )
})

describe.skipIf(isWindows)('the post step that sweeps', () => {
  it.each([
    ['never', 0],
    ['late', 1]
  ] as const)(
    'stops within 2 s at the first commands of the sweep and at every seventeenth of all, answered %s, and leaves no half of a copy that could go back',
    { timeout: 120_000 },
    async (answer, turn) => {
      const commands = await rehearse(sweep)
      const first = commands.indexOf(true)
      for (const index of commands.keys()) {
        if (index % 17 !== 0 && (index < first || index > first + 4)) continue
        await stopAt(sweep, index + 1, SIGNALS[(index + turn) % 2] ?? 'SIGINT', answer)
      }
    }
  )
})
