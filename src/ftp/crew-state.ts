// What the connections of a crew share, and what is known of each. No behaviour.
import type { Account } from './account.ts'
import type { Connection } from './connection.ts'
import type { Pool } from './pool.ts'
import type { Reply } from './replies.ts'

/** Takes the final reply, or `undefined`; `isSent`: whether the command ever left. */
export type OnOutcome = (reply: Reply | undefined, isSent: boolean) => void

/** What a crew is made of. */
export interface CrewOptions {
  readonly pool: Pool
  readonly account: Account
  /** Connections, at most. */
  readonly most: number
  /** `false`: each connection waits for each reply. */
  readonly pipelining: boolean
  /** Told of commands whose replies, of code `code`, turn out not to be trusted. */
  readonly onDoubtful: (line: string, code: number) => void
  /** Pauses before a connection is made in the place of a lost one, while nothing is achieved; after the last it is given up. */
  readonly reconnectPausesMs: readonly number[]
  /** Ends all pauses. */
  readonly signal: AbortSignal
}

/** Beyond this a greater window saves nothing at any distance that was measured. */
export const MAX_WINDOW = 512

/** Connections that are enough as long as each of them has many commands under way. */
const PIPELINING_CONNECTIONS = 4

/** With more commands than this waiting no more of a listing is read. */
export const HIGH_WATER = 1024

/** A command that waits to be sent. */
export interface Job {
  readonly line: string
  readonly onOutcome: OnOutcome
}

/** Something that takes a connection for itself. */
export interface Task {
  readonly run: (connection: Connection) => Promise<void>
  readonly fail: (error: Error) => void
}

/** A connection at work. */
export interface Worker {
  readonly connection: Connection
  /** Commands that may be under way. */
  window: number
  sinceMarker: number
  /** Markers that are under way. */
  markers: number
  /** Who waits for the last of them. */
  readonly confirming: (() => void)[]
  /** The least that a marker has taken. */
  fastestMs: number
  /** What was answered since the last marker: only a marker in its place shows that the replies were its own. */
  readonly unconfirmed: { readonly line: string; readonly code: number }[]
  achieved: boolean
  isLost: boolean
  task: Task | 'running' | undefined
  /** Which lowering of the ceiling it has come through: what was sent before the last one is no reason for another. */
  era: number
  /** How long the server may be silent where each command waits for the one before. */
  readonly ordinaryPatienceMs: number
  readonly leave: () => void
}

/** What a crew has to do, and who does it. */
export interface State extends CrewOptions {
  readonly urgent: Job[]
  readonly ordinary: Job[]
  /** How far `ordinary` is sent: taking the first off a long array would move all others. */
  sent: number
  readonly tasks: Task[]
  readonly workers: Set<Worker>
  readonly served: Set<Promise<void>>
  readonly waiters: (() => void)[]
  /** How long a listing was held up while nobody else could send. */
  waitedAloneMs: number
  /** Further connections were asked for. */
  grown: boolean
  /** All that may stand, whatever each of them does at a time. */
  takesAll: boolean
  wanted: number
  /** Connections that are being made, or waited for. */
  starting: number
  /** The greatest window that is still trusted. */
  ceiling: number
  /** Counts the lowerings of it. */
  era: number
  lossesInARow: number
  phase: 'working' | 'stopped' | 'failed'
  failure: Error | undefined
  doubted: boolean
}

/** Connections that a crew grows to: as long as each does much at a time, a few are enough. */
export function startSize({ most, ceiling, takesAll }: State): number {
  return ceiling > 1 && !takesAll ? Math.min(most, PIPELINING_CONNECTIONS) : most
}

/** Commands that wait to be sent. */
export function waitingIn(state: State): number {
  return state.urgent.length + state.ordinary.length - state.sent
}
