// What comes in between: a signal at a certain command, a server that falls silent, a lock. And a look at every byte of a site.
import type { ChildProcess } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { annotations, type StepOptions, type StepRun } from '../../tools/github-runner.ts'
import { MUTATING_VERBS, type CommandHook } from '../../tools/local-appservice/ftp-server.ts'
import { listTree } from '../../tools/local-appservice/sites.ts'
import type { Lab } from './lab.ts'

/** What the server does with the command at which the signal is sent: `late`, it carries it out when the process has gone. */
export type Answer = 'at once' | 'late' | 'never'

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** A step that got a signal, or that ended before it came to that. */
export interface Stopped extends StepRun {
  /** From the signal to the end of the process, its output read; `undefined`: it was never sent. */
  readonly settledMs: number | undefined
  /** The command at which it was sent. */
  readonly command: string
  /** Whether any command that changes something reached the server. */
  readonly changed: boolean
}

/** Runs a step and sends it a signal as soon as the server receives its `at`-th command, logins included. */
export async function signalAt(
  lab: Lab,
  step: 'main' | 'post',
  options: Partial<StepOptions>,
  fault: { readonly at: number; readonly signal: StopSignal; readonly answer: Answer }
): Promise<Stopped> {
  const { ftp } = lab.app
  ftp.clearTranscript()
  const stopwatch = makeStopwatch(fault.signal)
  let seen = 0
  let command = ''
  ftp.hook = async ({ verb, argument }) => {
    if (++seen !== fault.at) return undefined
    command = `${verb} ${argument}`
    stopwatch.send()
    if (fault.answer === 'late') await stopwatch.ended
    return fault.answer === 'never' ? { delayMs: NEVER_MS } : undefined
  }
  const run = await lab.step(step, { ...options, onStart: stopwatch.watch })
  // What is carried out late comes after the step, and before the test looks.
  await until(() => seen < fault.at || fault.answer === 'never' || answered(lab, fault.at))
  ftp.hook = undefined
  const changed = ftp.transcript.some(({ verb }) => MUTATING_VERBS.has(verb))
  return { ...run, settledMs: stopwatch.settledMs(), command, changed }
}

/** Longer than any test: the pause ends with the connection. */
const NEVER_MS = 600_000

function answered(lab: Lab, at: number): boolean {
  return lab.app.ftp.transcript[at - 1]?.reply !== ''
}

/** Sends a signal to a process and takes the time until its output is closed. */
export function makeStopwatch(signal: StopSignal): {
  readonly watch: (child: ChildProcess) => void
  readonly send: () => void
  readonly ended: Promise<void>
  readonly settledMs: () => number | undefined
} {
  const ended = Promise.withResolvers<undefined>()
  let process: ChildProcess | undefined
  let sent: number | undefined
  let closed: number | undefined
  return {
    watch(child) {
      process = child
      child.once('close', () => {
        closed = performance.now()
        ended.resolve(undefined)
      })
    },
    send() {
      // Once: the runner sends each signal once, and a second one ends a process at once.
      if (sent !== undefined) return
      sent = performance.now()
      process?.kill(signal)
    },
    ended: ended.promise,
    settledMs: () => (sent === undefined || closed === undefined ? undefined : closed - sent)
  }
}

/** How a main step has to end when it is told to stop: soon, with one sentence, and with everything that a job reads. */
export function expectStopped(run: Stopped, what: string): void {
  expect(run.settledMs, `${what}: ${run.log}`).toBeLessThan(2000)
  expect(run.exitCode, `${what}: ${run.log}`).toBe(1)
  expect(annotations(run.log, 'error'), what).toEqual(['The run was told to stop'])
  expect(run.log, what).not.toMatch(STACK)
  expect(Object.keys(run.outputs), what).toHaveLength(15)
  expect(run.outputs, what).toMatchObject({ result: 'failed', 'recommended-clean': '' })
  expect(run.summary, what).toContain('told to stop')
}

/** How a post step has to end, whatever happens to it: never in red. */
export function expectOnlyWarnings(run: StepRun, what: string): void {
  expect(run.exitCode, `${what}: ${run.log}`).toBe(0)
  expect(annotations(run.log, 'error'), what).toEqual([])
  expect(run.log, what).not.toMatch(STACK)
}

const STACK = /\n\s+at |\[object Object\]|undefined/

/** Every path below `/site` with what lies there, byte for byte; without records of deployments and our own folder. */
export async function contents(lab: Lab): Promise<ReadonlyMap<string, string>> {
  const site = join(lab.app.home, 'site')
  const lines = (await listTree(site)).filter(line => !/^(deployments|locks|\.azure-python-env)\//.test(line))
  const read = async (line: string): Promise<readonly [string, string]> => {
    const isFile = !line.endsWith('/') && !line.includes(' -> ')
    return [line, isFile ? await readFile(join(site, line), 'base64') : '']
  }
  return new Map(await Promise.all(lines.map(read)))
}

/** Takes the lock of a deployment on Linux; returns what releases it. */
export async function holdLock(lab: Lab, forMs = 600_000): Promise<() => Promise<void>> {
  const lock = join(lab.app.home, 'site', 'locks', 'deployment')
  await mkdir(lock, { recursive: true })
  const lockExpiry = new Date(Date.now() + forMs).toISOString()
  await writeFile(join(lock, 'info.lock'), JSON.stringify({ heldByPID: 1, lockExpiry }))
  return () => rm(lock, { recursive: true })
}

/** A server that accepts connections, says what it is told to, and closes nothing by itself. */
export interface RawServer {
  readonly port: number
  /** What clients have sent so far. */
  readonly heard: () => string
  readonly connections: () => number
  close(): void
}

/** Starts a server that speaks no TLS: `talk` hears of each connection and of each line that comes in plain text. */
export async function startRawServer(
  talk: (socket: Socket, line: string | undefined) => void = () => undefined
): Promise<RawServer> {
  const sockets: Socket[] = []
  let heard = ''
  const server = createServer(socket => {
    sockets.push(socket.on('error', () => undefined))
    talk(socket, undefined)
    socket.on('data', data => {
      heard += data.toString('latin1')
      talk(socket, data.toString('latin1'))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    heard: () => heard,
    connections: () => sockets.length,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
}

/** The inputs that lead to a server by its address instead of a profile. */
export function addressed(lab: Lab, url: string): Readonly<Record<string, string>> {
  const { userName, password } = lab.app
  return { 'publish-profile': '', 'ftp-url': url, 'ftp-username': userName, 'ftp-password': password }
}

/** Holds a command back until something else has happened; every other one passes. */
export function heldAt(
  fits: (command: { readonly verb: string; readonly argument: string; readonly session: number }) => boolean,
  meanwhile: () => Promise<unknown>
): CommandHook {
  let done = false
  return async context => {
    if (done || !fits(context)) return undefined
    done = true
    await meanwhile()
    return undefined
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
