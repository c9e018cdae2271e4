// The real outside: FTP, programs, the clock, randomness, and the signals by which the runner stops a step.
import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { openReadOnly, openSite } from './ftp/site.ts'
import type { Ports, Runner } from './ports.ts'
import { runProgram } from './programs.ts'

/** Makes the ports of a process. From then on SIGINT and SIGTERM stop the run instead of killing it. */
export function realPorts(core: Runner): Ports {
  const stop = new AbortController()
  // The runner kills 7.5 s after SIGINT and 2.5 s after SIGTERM: what is under way is broken off at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stop.abort()
    })
  }
  return {
    core,
    openSite,
    openReadOnly,
    run: runProgram,
    now: () => new Date(),
    sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
    after: ms => AbortSignal.timeout(ms),
    runName: runName(process.env),
    random: () => randomBytes(6).toString('hex'),
    signal: stop.signal
  }
}

function runName({ GITHUB_RUN_ID: run = '', GITHUB_RUN_ATTEMPT: attempt = '' }: NodeJS.ProcessEnv): string {
  return /^\d{1,20}$/.test(run) && /^\d{1,6}$/.test(attempt) ? `${run}-${attempt}` : 'local'
}
