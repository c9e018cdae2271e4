// The story with a clock that is not the real one, against a real server: locks that stay, deadlines, and being stopped.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runMain, runPost } from '../../src/action.ts'
import { openReadOnly, openSite } from '../../src/ftp/site.ts'
import type { Ports } from '../../src/ports.ts'
import { startLab, type Lab } from '../contract/lab.ts'
import { runnerWith } from './runner.ts'

let lab: Lab
beforeEach(async () => {
  lab = await startLab({ layout: 'venv-tree' })
})
afterEach(() => lab.close())

interface Recorded {
  readonly ports: Ports
  readonly outputs: Map<string, string>
  readonly state: Map<string, string>
  readonly lines: string[]
  readonly warnings: string[]
  /** How long the clock was made to believe that it slept. */
  sleptMs: () => number
}

function recorded(inputs: Readonly<Record<string, string>>, more: Partial<Ports> = {}): Recorded {
  const state = new Map<string, string>()
  const all: Readonly<Record<string, string>> = {
    'publish-profile': lab.app.publishProfile(),
    package: lab.packageDir,
    'tls-verify': 'false',
    ...inputs
  }
  const { core, outputs, lines, warnings } = runnerWith(all, state)
  const start = Date.now()
  let slept = 0
  const ports: Ports = {
    core,
    openSite,
    openReadOnly,
    run: () => Promise.resolve({ kind: 'missing' }),
    now: () => new Date(start + slept),
    sleep: ms => {
      slept += ms
      return Promise.resolve()
    },
    after: () => new AbortController().signal,
    runName: '7-1',
    random: () => 'feedbeef',
    signal: new AbortController().signal,
    ...more
  }
  return { ports, outputs, state, lines, warnings, sleptMs: () => slept }
}

async function holdLock(forMs: number): Promise<void> {
  const folder = join(lab.app.home, 'site', 'locks', 'deployment')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'info.lock'), JSON.stringify({ lockExpiry: new Date(Date.now() + forMs).toISOString() }))
}

it('waits five minutes for a deployment that keeps running, then preserves with a warning', async () => {
  await holdLock(3_600_000)
  const run = recorded({ 'python-version': '3.12' })
  await runMain(run.ports)
  expect(run.sleptMs()).toBe(300_000)
  expect(run.outputs.get('reason')).toBe('deployment-running')
  expect(run.outputs.get('result')).toBe('preserved')
  expect(run.warnings.some(text => text.includes('A deployment is running, so nothing is changed'))).toBe(true)
})

it('waits five minutes for a deployment that keeps running, then fails a demanded reset and changes nothing', async () => {
  await holdLock(3_600_000)
  const before = await lab.tree()
  const run = recorded({ 'reset-env': 'true' })
  await expect(runMain(run.ports)).rejects.toThrow(/deployment-running.*Run the workflow again/)
  expect(run.outputs.get('result')).toBe('failed')
  expect(run.outputs.get('reason')).toBe('deployment-running')
  expect(await lab.tree()).toEqual(before)
  expect(run.state.size).toBe(0)
})

it('decides before a deadline that is shorter than the wait', async () => {
  await holdLock(3_600_000)
  const run = recorded({ 'python-version': '3.12', deadline: '1' })
  await runMain(run.ports)
  expect(run.sleptMs()).toBeLessThan(60_000)
  expect(run.outputs.get('reason')).toBe('deployment-running')
})

it('sees a lock whose folder is made between the look and the reset', async () => {
  await rm(join(lab.app.home, 'site', 'locks'), { recursive: true })
  const run = recorded({ 'reset-env': 'true' })
  let looks = 0
  lab.app.ftp.hook = async ({ verb, argument }) => {
    if (verb === 'LIST' && argument.endsWith(' /site') && ++looks === 2) await holdLock(600_000)
    return undefined
  }
  await expect(runMain(run.ports)).rejects.toThrow(/A deployment has begun meanwhile/)
  expect(await lab.tree()).toContain('wwwroot/antenv/bin/activate')
})

it('goes on as soon as the lock expires', async () => {
  await holdLock(25_000)
  const run = recorded({ 'reset-env': 'true' })
  await runMain(run.ports)
  expect(run.sleptMs()).toBe(30_000)
  expect(run.outputs.get('result')).toBe('reset')
})

it('changes nothing when a deployment begins between the look and the reset', async () => {
  const run = recorded({ 'reset-env': 'true' })
  let looks = 0
  lab.app.ftp.hook = async ({ verb, argument }) => {
    if (verb === 'LIST' && argument.endsWith('/site/locks') && ++looks === 2) await holdLock(600_000)
    return undefined
  }
  await expect(runMain(run.ports)).rejects.toThrow(/A deployment has begun meanwhile/)
  expect(await lab.tree()).toContain('wwwroot/antenv/bin/activate')
  expect(run.state.size).toBe(0)
})

it('fails at its deadline with a sentence that names the input, and the post step undoes what was begun', async () => {
  const before = await lab.tree()
  const deadline = new AbortController()
  const run = recorded({ 'reset-env': 'true', deadline: '1' }, { after: () => deadline.signal })
  lab.app.ftp.hook = ({ verb, argument }) => {
    if (verb !== 'LIST' || !argument.endsWith('/site/wwwroot') || run.state.size === 0) return undefined
    deadline.abort()
    return { delayMs: 10_000 }
  }
  await expect(runMain(run.ports)).rejects.toThrow(/longer than its "deadline" of 1 min/)
  lab.app.ftp.hook = undefined
  expect(await lab.tree()).not.toContain('wwwroot/antenv/bin/activate')
  const post = recorded({ 'job-status': 'failure' })
  await runPost({ ...post.ports, core: { ...post.ports.core, getState: name => run.state.get(name) ?? '' } })
  expect((await lab.tree()).filter(line => !line.startsWith('.azure'))).toEqual(before)
})

it('saves its state before the first command that changes the server', async () => {
  const run = recorded({ 'reset-env': 'true' })
  const saved: boolean[] = []
  lab.app.ftp.hook = ({ mutating }) => {
    if (mutating) saved.push(run.state.has('run'))
    return undefined
  }
  await runMain(run.ports)
  expect(saved.length).toBeGreaterThan(0)
  expect(saved.every(Boolean)).toBe(true)
})

it('logs in three groups, each of them closed', async () => {
  const run = recorded({ 'python-version': '3.11' })
  await runMain(run.ports)
  expect(run.lines.filter(line => line.startsWith('> '))).toEqual(['> Inspect', '> Decide', '> Reset'])
  expect(run.lines.filter(line => line === '<')).toHaveLength(3)
})

it('refuses in the post step to touch a site that the credentials do not belong to any more', async () => {
  const run = recorded({ 'reset-env': 'true' })
  await runMain(run.ports)
  const state = run.state.get('run') ?? ''
  for (const other of [{ app: 'another' }, { slot: 'staging' }]) {
    const post = recorded({})
    const changed = JSON.stringify({ ...(JSON.parse(state) as object), ...other })
    await runPost({ ...post.ports, core: { ...post.ports.core, getState: () => changed } })
    expect(post.warnings).toEqual([expect.stringContaining('credentials are those of another app or slot')])
  }
  expect(await lab.trash()).not.toEqual([])
})

it('ends the post step with a warning when its state is damaged', async () => {
  const post = recorded({})
  await runPost({ ...post.ports, core: { ...post.ports.core, getState: () => '{"schema":1' } })
  expect(post.warnings).toEqual([expect.stringContaining('cannot be read')])
})

it('says in a dry run that the environment would be reset, and in doubt which packages the doubt is about', async () => {
  await lab.close()
  lab = await startLab({ layout: 'venv-tree', requirements: ['alpha==1.0', 'beta==1.0'] })
  const requirements = join(lab.packageDir, 'requirements.txt')
  const told: string[] = []
  const heard = async (): Promise<Recorded> => {
    const run = recorded({ 'dry-run': 'true' })
    const notice = (text: string): void => void told.push(text)
    await runMain({ ...run.ports, core: { ...run.ports.core, notice } })
    return run
  }
  await writeFile(requirements, 'alpha==1.0\n')
  await heard()
  expect(told).toEqual(['The environment would be reset: nothing asks any more for beta'])
  await writeFile(requirements, 'alpha==1.0\n-r ../elsewhere.txt\n')
  const { warnings, outputs } = await heard()
  expect(outputs.get('reasons')).toMatch(
    /it is not known whether anything asks for beta, because requirements\.txt line 2 /
  )
  // What is in doubt may be so at each push.
  expect(warnings).toHaveLength(1)
})
