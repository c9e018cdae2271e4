// SIGINT and SIGTERM while an environment is deleted in place: the rest looks broken, and the next run finishes it.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  expectOnlyWarnings,
  expectStopped,
  signalAt,
  type Answer,
  type Stopped,
  type StopSignal
} from '../contract/interference.ts'
import { startLab, type Lab } from '../contract/lab.ts'

let lab: Lab
afterEach(() => lab.close())

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const forced = { 'reset-env': 'true' }
const ENVIRONMENT = 'wwwroot/antenv/'

/** A small environment on a server that renames nothing: each file of it is a command, and each command a run. */
async function startSite(): Promise<void> {
  lab = await startLab({ layout: 'venv-tree', requirements: [] })
  const packages = 'lib/python3.11/site-packages'
  const bulk = [
    `${packages}/setuptools`,
    `${packages}/setuptools-58.1.0.dist-info`,
    'bin/Activate.ps1',
    'bin/activate.csh'
  ]
  for (const path of bulk) await rm(join(lab.wwwroot, 'antenv', path), { recursive: true })
  lab.app.ftp.refuseRename = () => true
}

async function look(): Promise<{ environment: readonly string[]; others: readonly string[] }> {
  // It begins with trying whether anything can be deleted; what that leaves is no part of the environment.
  const tree = (await lab.tree()).filter(line => line.startsWith('wwwroot/') && !line.includes('-probe'))
  return {
    environment: tree.filter(line => line.startsWith(ENVIRONMENT)),
    others: tree.filter(line => !line.startsWith(ENVIRONMENT))
  }
}

/** Start-up would take it for one that works: it can be activated, and has an interpreter. */
function isUsable(environment: readonly string[]): boolean {
  return ['bin/activate', 'bin/python'].every(name => environment.includes(ENVIRONMENT + name))
}

async function stopAt(at: number, signal: StopSignal, answer: Answer, connections: string): Promise<Stopped> {
  await startSite()
  const before = await look()
  const inputs = { ...forced, connections, 'publish-profile': lab.app.publishProfile({ tls: 'explicit' }) }
  const run = await signalAt(lab, 'main', { with: inputs }, { at, signal, answer })
  const what = `${signal} at ${at} (${run.command}), answered ${answer}, ${connections} connections`
  // The last answer can be quicker than the signal: then there is nothing left to stop.
  if (run.exitCode !== 0) expectStopped(run, what)
  if (run.changed) expect(run.state, what).toHaveProperty('run')
  const cut = await look()
  expect(cut.others, what).toEqual(before.others)
  const isWhole = cut.environment.length === before.environment.length
  expect(isUsable(cut.environment), `looks usable with files missing, ${what}`).toBe(isWhole)

  const post = await lab.step('post', { state: run.state, jobStatus: 'cancelled' })
  expectOnlyWarnings(post, what)
  expect(await look(), what).toEqual(cut)
  // Either answer leaves the same rests: those of the server that hangs are finished all, of the other every sixth.
  if (answer === 'never' || at % 6 === 0) await finish(at, before.others, what)
  await lab.close()
  return run
}

/** The next run ends right whether it is told to reset or finds out by itself that it has to. */
async function finish(at: number, others: readonly string[], what: string): Promise<void> {
  const inputs = at % 2 === 0 ? forced : { 'python-version': '3.11' }
  const { main, post } = await lab.job('venv-tree', { with: inputs, serverPython: '3.11' })
  expect(main.exitCode, `${what}: ${main.log}`).toBe(0)
  expectOnlyWarnings(post, what)
  const after = await look()
  expect(isUsable(after.environment), what).toBe(true)
  expect(after.others, what).toEqual(others)
  expect(await lab.trash(), what).toEqual([])
}

// On Windows a process cannot be sent a signal that it could act on.
describe.skipIf(process.platform === 'win32')('a deletion in place', () => {
  it.each([
    ['at once', 0],
    ['never', 1]
  ] as const)(
    'stops within 2 s at every command that changes something and at every fifth other, answered %s',
    { timeout: 180_000 },
    async (answer, turn) => {
      await startSite()
      const inputs = { ...forced, connections: '1', 'publish-profile': lab.app.publishProfile({ tls: 'explicit' }) }
      await lab.step('main', { with: inputs })
      const changing = lab.app.ftp.transcript.map(({ verb }) => /^(MKD|RNFR|RNTO|DELE|RMD)$/.test(verb))
      await lab.close()
      let stopped = 0
      let others = 0
      for (const [index, changes] of changing.entries()) {
        if (!changes && others++ % 5 !== 0) continue
        // The signals take turns, the other way round for the other kind of answer: each command gets both.
        await stopAt(index + 1, SIGNALS[(stopped++ + turn) % 2] ?? 'SIGINT', answer, '1')
      }
      process.stdout.write(`in place: stopped at ${stopped} of ${changing.length} commands, answered ${answer}\n`)
      expect(stopped).toBeGreaterThan(40)
    }
  )

  it('stops as soon with several connections at work', { timeout: 60_000 }, async () => {
    for (const at of [45, 52, 59, 66]) {
      const run = await stopAt(at, at % 2 === 0 ? 'SIGINT' : 'SIGTERM', 'never', '8')
      expect(run.settledMs, `command ${at}`).toBeDefined()
    }
  })
})
