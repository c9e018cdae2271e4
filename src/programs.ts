// Programs of the runner: found on the path, started without a shell, silent, and bounded in time. The only module that
// knows @actions/exec.
import { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { StringDecoder } from 'node:string_decoder'
import { getExecOutput, type ExecOptions } from '@actions/exec'
import { which } from '@actions/io'
import type { ProgramExtras, ProgramLimits, ProgramResult } from './ports.ts'

/**
 * Nothing that a program is called with, or writes, is printed; and an exit code is an answer.
 *
 * A grandchild may keep the pipes open: `delay` is how long that is waited for.
 */
const SILENT: ExecOptions = { silent: true, ignoreReturnCode: true, delay: 2000 }

/**
 * Runs a program and waits for its end, or for the end of its time: then it is killed, with all that it has started.
 *
 * Rejects when the signal aborts. Programs are run one after the other, never two at once.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { timeoutMs, signal }: ProgramLimits,
  extras: ProgramExtras = {}
): Promise<ProgramResult> {
  signal.throwIfAborted()
  if ((await which(program, false)) === '') return { kind: 'missing' }
  const late = AbortSignal.timeout(timeoutMs)
  const [child, ended] = await start(program, args, extras)
  const result = await Promise.race([ended, aborted(AbortSignal.any([signal, late]))])
  if (!result && child) await kill(child)
  // What holds the pipes, a grandchild or what could not be killed, must not keep this process waiting.
  for (const stream of [child?.stdin, child?.stdout, child?.stderr]) stream?.destroy()
  if (result) return result
  signal.throwIfAborted()
  return { kind: 'late' }
}

/** Starts a program; without the process where there is none any more. */
async function start(
  program: string,
  args: readonly string[],
  extras: ProgramExtras
): Promise<readonly [ChildProcess | undefined, Promise<ProgramResult>]> {
  const begun = Promise.withResolvers<ChildProcess>()
  // @actions/exec keeps the process to itself and has no way to stop it; this channel tells of each that is started.
  const onStart = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('process' in message)) return
    if (message.process instanceof ChildProcess) begun.resolve(message.process)
  }
  subscribe('child_process', onStart)
  try {
    const [stdout, stderr] = [lineReader(extras.onLine ?? ignore), lineReader(extras.onLine ?? ignore)] as const
    const ended = endOf(getExecOutput(program, [...args], optionsOf(extras, stdout, stderr))).then(result => {
      stdout.end()
      stderr.end()
      return result
    })
    const first = await Promise.race([ended, begun.promise])
    // A program may end before it has read its input, which is for its exit code to say, and not for this process to die of.
    if (first instanceof ChildProcess) first.stdin?.on('error', () => undefined)
    return [first instanceof ChildProcess ? first : undefined, ended]
  } finally {
    unsubscribe('child_process', onStart)
  }
}

function ignore(): void {
  // Whoever runs a program need not listen to it.
}

function optionsOf({ input, env, cwd }: ProgramExtras, stdout: LineReader, stderr: LineReader): ExecOptions {
  return {
    ...SILENT,
    ...(input === undefined ? {} : { input: Buffer.from(input) }),
    ...(env === undefined ? {} : { env: withChanges(process.env, env) }),
    ...(cwd === undefined ? {} : { cwd }),
    listeners: { stdout: stdout.write, stderr: stderr.write }
  }
}

/** An environment with variables added and taken out; on Windows a name means the same in any case. */
function withChanges(
  environment: NodeJS.ProcessEnv,
  changes: NonNullable<ProgramExtras['env']>
): Record<string, string> {
  const key = (name: string): string => (process.platform === 'win32' ? name.toUpperCase() : name)
  const changed = new Set(Object.keys(changes).map(key))
  const kept = Object.entries(environment).filter(([name]) => !changed.has(key(name)))
  const all = [...kept, ...Object.entries(changes)]
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** No program that is run here writes longer lines; one that does gets them broken. */
const MAX_LINE_LENGTH = 16_384

/** What is made of a stream as it comes. */
interface LineReader {
  readonly write: (data: Buffer) => void
  readonly end: () => void
}

/** Takes a stream apart: the library does it by the line end of the system, and programs do not care for that. */
function lineReader(onLine: (line: string) => void): LineReader {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return {
    write: data => {
      // Half of a line end at the end of what came is kept, so that the other half makes no empty line.
      const lines = (rest + decoder.write(data)).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      if (rest.length > MAX_LINE_LENGTH) lines.push(rest)
      if (rest.length > MAX_LINE_LENGTH) rest = ''
      for (const line of lines) onLine(line)
    },
    end: () => {
      const last = (rest + decoder.end()).replace(/\r$/, '')
      if (last !== '') onLine(last)
    }
  }
}

async function endOf(run: ReturnType<typeof getExecOutput>): Promise<ProgramResult> {
  try {
    return { kind: 'ended', ...(await run) }
  } catch (error) {
    return { kind: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise(resolve => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => {
      resolve(undefined)
    })
  })
}

/** `az` is a script that starts Python, so that killing the script alone would leave the one that works. */
async function kill(child: ChildProcess): Promise<void> {
  const descendants = await descendantsOf(child)
  child.kill('SIGKILL')
  for (const descendant of descendants) {
    try {
      process.kill(descendant, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** The processes below one, as `ps` tells them; none where there is no `ps`. On Windows they are killed right away. */
async function descendantsOf({ pid }: ChildProcess): Promise<readonly number[]> {
  if (pid === undefined) return []
  if (process.platform === 'win32') {
    await endOf(getExecOutput('taskkill', ['/PID', String(pid), '/T', '/F'], SILENT))
    return []
  }
  const listing = await endOf(getExecOutput('ps', ['-A', '-o', 'pid=,ppid='], SILENT))
  if (listing.kind !== 'ended') return []
  const pairs = [...listing.stdout.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm)].map(([, own, parent]) =>
    [own, parent].map(Number)
  )
  const found = [pid]
  for (const above of found) {
    for (const [own, parent] of pairs) if (own !== undefined && parent === above) found.push(own)
  }
  return found.slice(1)
}
