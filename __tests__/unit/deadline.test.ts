// A deadline that is hit at each kind of moment, with a clock that the test holds: one sentence, all outputs, and no half of anything.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runMain, runPost } from '../../src/action.ts'
import { openReadOnly, openSite } from '../../src/ftp/site.ts'
import type { Ports } from '../../src/ports.ts'
import { contents } from '../contract/interference.ts'
import { startLab, type Lab } from '../contract/lab.ts'
import { runnerWith } from './runner.ts'

let lab: Lab
beforeEach(async () => {
  lab = await startLab({ layout: 'venv-tree' })
})
afterEach(() => lab.close())

interface Watched {
  readonly ports: Ports
  readonly outputs: Map<string, string>
  readonly state: Map<string, string>
  readonly warnings: string[]
  /** How long each deadline was that was asked for. */
  readonly deadlines: number[]
  /** Resolves as soon as the run sleeps, which it does until its deadline. */
  readonly asleep: Promise<undefined>
}

/** Ports over the real transport, whose deadline passes when `late` aborts, and whose time for sweeping ends with `until`. */
function watched(
  inputs: Readonly<Record<string, string>>,
  late: AbortSignal,
  state = new Map<string, string>(),
  until = late
): Watched {
  const deadlines: number[] = []
  const asleep = Promise.withResolvers<undefined>()
  const all: Readonly<Record<string, string>> = {
    'publish-profile': lab.app.publishProfile(),
    package: lab.packageDir,
    'tls-verify': 'false',
    connections: '1',
    ...inputs
  }
  const { core, outputs, warnings } = runnerWith(all, state)
  const after = (ms: number): AbortSignal => {
    deadlines.push(ms)
    return ms < Math.max(...deadlines) ? until : late
  }
  const sleep = (_: number, signal: AbortSignal): Promise<void> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'))
      })
      asleep.resolve(undefined)
    })
  const ports: Ports = {
    core,
    openSite,
    openReadOnly,
    run: () => Promise.resolve({ kind: 'missing' }),
    now: () => new Date(),
    sleep,
    after,
    runName: '7-1',
    random: () => Math.random().toString(16).slice(2).padEnd(12, '0'),
    signal: new AbortController().signal
  }
  return { ports, outputs, state, warnings, deadlines, asleep: asleep.promise }
}

/** Lets the deadline pass when the server receives a command, which it then never answers. */
function passAt(fits: (verb: string, argument: string) => boolean, late: AbortController): void {
  lab.app.ftp.hook = ({ verb, argument }) => {
    if (!fits(verb, argument)) return undefined
    late.abort()
    return { delayMs: 600_000 }
  }
}

const moments: readonly (readonly [string, (verb: string, argument: string) => boolean, boolean])[] = [
  ['during the login', verb => verb === 'PASS', false],
  ['during the inspection', (_, argument) => argument.endsWith('/site-packages'), false],
  ['at the first change', verb => verb === 'MKD', true],
  ['between the two halves of the rename', verb => verb === 'RNTO', true]
]

it.each(moments)(
  '%s it ends with one sentence and all outputs, and the post step leaves the site as it was',
  async (_, fits, changed) => {
    const before = await contents(lab)
    const late = new AbortController()
    const run = watched({ 'reset-env': 'true', deadline: '7' }, late.signal)
    passAt(fits, late)
    await expect(runMain(run.ports)).rejects.toThrow(
      /^The step took longer than its "deadline" of 7 min\. Raise it, or run again$/
    )
    lab.app.ftp.hook = undefined
    expect(Math.max(...run.deadlines)).toBe(7 * 60_000)
    expect(run.outputs.size).toBe(15)
    expect(run.outputs.get('result')).toBe('failed')
    expect(run.state.has('run')).toBe(changed)
    await runPost(watched({ 'job-status': 'failure' }, new AbortController().signal, run.state).ports)
    expect(await contents(lab)).toEqual(before)
    expect(await lab.trash()).toEqual([])
  }
)

it('a deletion in place stops as well, and a later run finishes it', async () => {
  lab.app.ftp.refuseRename = () => true
  const late = new AbortController()
  const run = watched({ 'reset-env': 'true' }, late.signal)
  passAt((verb, argument) => verb === 'DELE' && argument.endsWith('/bin/pip'), late)
  await expect(runMain(run.ports)).rejects.toThrow(/longer than its "deadline" of 15 min/)
  lab.app.ftp.hook = undefined
  expect(run.outputs.get('strategy')).toBe('in-place')
  const next = watched({ 'python-version': '3.11' }, new AbortController().signal)
  await runMain(next.ports)
  expect(next.outputs.get('reason')).toBe('broken')
  expect(await lab.below('wwwroot/antenv/')).toEqual([])
})

it('the wait for a lock ends with it, whatever the server is like', async () => {
  const lock = join(lab.app.home, 'site', 'locks', 'deployment')
  await mkdir(lock, { recursive: true })
  await writeFile(join(lock, 'info.lock'), JSON.stringify({ lockExpiry: new Date(Date.now() + 600_000).toISOString() }))
  const before = await lab.tree()
  const late = new AbortController()
  const run = watched({ 'reset-env': 'true' }, late.signal)
  const ended = expect(runMain(run.ports)).rejects.toThrow(/longer than its "deadline" of 15 min/)
  await run.asleep
  late.abort()
  await ended
  expect(run.state.size).toBe(0)
  expect(await lab.tree()).toEqual(before)
})

it.each([
  ['1', 1],
  ['360', 360],
  ['', 15]
])('"deadline: %s" is that of the post step too: %i min', async (deadline, minutes) => {
  const never = new AbortController().signal
  const main = watched({ 'reset-env': 'true', deadline }, never)
  await runMain(main.ports)
  const post = watched({ 'job-status': 'failure', deadline: '2' }, never, main.state)
  await runPost(post.ports)
  expect(Math.max(...main.deadlines)).toBe(minutes * 60_000)
  expect(Math.max(...post.deadlines)).toBe(minutes * 60_000)
})

it('in the post step it is a warning, and what it did not settle stays for the next run', async () => {
  const before = await contents(lab)
  const main = watched({ 'reset-env': 'true' }, new AbortController().signal)
  await runMain(main.ports)
  const late = new AbortController()
  const post = watched({ 'job-status': 'failure' }, late.signal, main.state)
  passAt(verb => verb === 'RNFR', late)
  await runPost(post.ports)
  lab.app.ftp.hook = undefined
  expect(post.warnings).toEqual([expect.stringMatching(/is left to the next run: .*"deadline" of 15 min/)])
  const next = watched({}, new AbortController().signal)
  await runMain(next.ports)
  await runPost(watched({ 'job-status': 'failure' }, new AbortController().signal, next.state).ports)
  expect(await contents(lab)).toEqual(before)
})

it.each([
  ['auto', '1'],
  ['auto', '4'],
  ['off', '4']
])(
  'a sweep ends before it with what is under way, the rest stays, and the next run goes on: "pipelining" %s, %s connections',
  async (pipelining, connections) => {
    const never = new AbortController().signal
    const inputs = { 'reset-env': 'true', pipelining, connections }
    const main = watched(inputs, never)
    await runMain(main.ports)
    await lab.deploy('venv-tree', '3.11')
    const until = new AbortController()
    const post = watched({ connections }, never, main.state, until.signal)
    let deleted = 0
    lab.app.ftp.hook = ({ verb, argument }) => {
      if (verb === 'DELE' && argument.includes('/site-packages/') && ++deleted === 3) until.abort()
      return undefined
    }
    await runPost(post.ports)
    lab.app.ftp.hook = undefined
    expect(post.warnings).toEqual([
      expect.stringMatching(/^\d+ files were deleted until the time was up, .*next run goes on/)
    ])
    expect((await lab.trash()).length).toBeGreaterThan(1)
    const next = watched({ connections }, never)
    await runMain(next.ports)
    const last = watched({}, never, next.state)
    await runPost(last.ports)
    expect(last.warnings).toEqual([])
    expect(await lab.trash()).toEqual([])
  }
)
