// Programs of the runner: found on the path, started without a shell, silent, and bounded in time. The only module that
// knows @actions/exec.
import { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { getExecOutput, type ExecOptions } from '@actions/exec'
import { which } from '@actions/io'
import type { ProgramLimits, ProgramResult } from './ports.ts'

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
  { timeoutMs, signal }: ProgramLimits
): Promise<ProgramResult> {
  signal.throwIfAborted()
  if ((await which(program, false)) === '') return { kind: 'missing' }
  const late = AbortSignal.timeout(timeoutMs)
  const [child, ended] = await start(program, args)
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
  args: readonly string[]
): Promise<readonly [ChildProcess | undefined, Promise<ProgramResult>]> {
  const begun = Promise.withResolvers<ChildProcess>()
  // @actions/exec keeps the process to itself and has no way to stop it; this channel tells of each that is started.
  const onStart = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('process' in message)) return
    if (message.process instanceof ChildProcess) begun.resolve(message.process)
  }
  subscribe('child_process', onStart)
  try {
    const ended = endOf(getExecOutput(program, [...args], SILENT))
    const first = await Promise.race([ended, begun.promise])
    return [first instanceof ChildProcess ? first : undefined, ended]
  } finally {
    unsubscribe('child_process', onStart)
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
