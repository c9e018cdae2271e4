// What a run needs from outside. Types only: tests pass plain objects.
import type { FtpTarget } from './ftp/target.ts'
import type { InputReader } from './input-values.ts'
import type { ReadableSite, RemoteSite } from './site.ts'
import type { StateKeeper } from './state.ts'

/** What is asked of `@actions/core`. It cannot fail the step: only the entries can. */
export interface Runner extends InputReader, StateKeeper {
  setOutput(name: string, value: string): void
  startGroup(name: string): void
  endGroup(): void
  info(message: string): void
  warning(message: string, properties?: { title: string; file?: string }): void
  notice(message: string, properties?: { title: string; file?: string }): void
  debug(message: string): void
  /** Whether step debugging is on. */
  isDebug(): boolean
  readonly summary: { addRaw(text: string): { write(): Promise<unknown> } }
}

/** What holds for each connection of a run. */
export interface Reach {
  readonly connections: number
  readonly timeoutMs: number
  /** Whether several commands may be under way on one connection while something is swept. */
  readonly pipelining: boolean
  readonly signal: AbortSignal
  readonly trace: (line: string) => void
}

/** How long a program may take. */
export interface ProgramLimits {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What became of a program; what it wrote may hold secrets. */
export type ProgramResult =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'late' }

/** What a program gets besides its arguments, and who listens while it runs. */
export interface ProgramExtras {
  /** All that it reads from its standard input, which ends then. */
  readonly input?: string
  /** Added to the environment; `undefined` takes a variable out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Absolute path of the folder in which it runs. */
  readonly cwd?: string
  /** Receives each line of both streams as it comes, without its end: foreign text, which may hold secrets. */
  readonly onLine?: (line: string) => void
}

/** Runs a program of the path to its end, in silence; rejects when the signal aborts. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  limits: ProgramLimits,
  extras?: ProgramExtras
) => Promise<ProgramResult>

/** How long a step may go on. */
export interface Limits {
  /** Aborts at the step's deadline, and when the run is told to stop: then everything stops. */
  readonly signal: AbortSignal
  /** Aborts a little before the deadline: then no more is swept, so that the step comes to an orderly end. */
  readonly until: AbortSignal
}

/** Everything outside. */
export interface Ports {
  readonly core: Runner
  readonly openSite: (target: FtpTarget, reach: Reach) => Promise<RemoteSite>
  /** The site that it returns has no verb that could change anything. */
  readonly openReadOnly: (target: FtpTarget, reach: Reach) => Promise<ReadableSite>
  readonly run: RunProgram
  readonly now: () => Date
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** A signal that aborts after a while, and keeps no process alive. */
  readonly after: (ms: number) => AbortSignal
  /** Names this run of the workflow: letters, digits, dots and dashes. */
  readonly runName: string
  /** At least 8 hexadecimal digits that nobody can guess. */
  readonly random: () => string
  /** Aborts when the run is told to stop. */
  readonly signal: AbortSignal
}
