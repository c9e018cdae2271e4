// Toggles, or finishes, in a process of its own, which can kill itself at a given moment. Run by the tests with what to do on
// its standard input, because a password must stand nowhere else; prints what happened, one JSON value to a line.
import { writeSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { runProgram } from '../../src/programs.ts'
import { finishToggle, toggleRuntime } from '../../src/reset/toggle-runtime.ts'
import type { Told, Work } from './toggle-lab.ts'

const work = JSON.parse(await text(process.stdin)) as Work

function tell(told: Told): void {
  writeSync(1, `${JSON.stringify(told)}\n`)
}

function killIf(isTime: boolean): void {
  if (isTime) process.kill(process.pid, 'SIGKILL')
}

const outside = {
  run: runProgram,
  signal: new AbortController().signal,
  // The waits themselves are of no interest, and take long.
  sleep: (ms: number): Promise<void> => {
    tell({ slept: ms })
    return new Promise(resolve => setTimeout(resolve, 100))
  },
  say: (line: string): void => {
    tell({ line })
    killIf(work.killAt?.line === line)
  },
  save: (saved: Extract<Told, { saved: unknown }>['saved']): void => {
    tell({ saved })
    killIf(work.killAt?.stage === saved.stage)
  }
}
try {
  if (work.kind === 'toggle') tell({ toggled: await toggleRuntime(work.request, outside) })
  else tell({ finished: await finishToggle(work.target, work.toggled, outside) })
} catch (error) {
  tell({ error: String(error) })
}
