// Several connections that carry out commands together, many at a time on each. Knows replies, but no files and folders.
import { setTimeout as pause } from 'node:timers/promises'
import { SiteError } from '../site.ts'
import { noteRung } from './account.ts'
import type { Connection } from './connection.ts'
import {
  HIGH_WATER,
  MAX_WINDOW,
  startSize,
  waitingIn,
  type CrewOptions,
  type OnOutcome,
  type State,
  type Worker
} from './crew-state.ts'
import { begin, confirm, fill, fillAll } from './worker.ts'

/** Connections at work together. */
export interface Crew {
  /**
   * Has a command sent over whichever connection is free for it first. `undefined` instead of a reply: nobody knows
   * whether it was carried out, unless it was not sent any more.
   */
  send(line: string, onOutcome: OnOutcome, urgent?: boolean): void
  /** Does something on a connection that has nothing else under way. Rejects with what it rejects with. */
  alone<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** Asks each connection for a sign that its replies are those to what it was sent; those that fail are replaced. */
  confirm(): Promise<void>
  /** Replaces all connections: what they said was not so. */
  renew(): void
  /**
   * Uses further connections from now on; until then there is one. `toAll`: as many as may stand, because each folder is
   * listed over a data connection, and a connection has no more than one of those at a time.
   */
  grow(toAll?: boolean): void
  /** Commands that wait to be sent. */
  readonly waiting: number
  /** Connections that stand. */
  readonly size: number
  /** Whether an answer was lost or not to be trusted since the start. */
  readonly doubted: boolean
  /** Why no connection is left; `undefined`: there is one, or could be. */
  readonly failure: Error | undefined
  /**
   * Resolves when not too many commands wait; at once where one connection would have to do both, send and wait.
   * Rejects when nothing is sent any more.
   */
  room(): Promise<void>
  /** Sends nothing any more. */
  stop(): void
  /** Stops, waits for what is under way, and gives the connections back. */
  close(): Promise<void>
}

/** How often it is looked whether connections have come or gone, and how long logins are waited for in all. */
const LOOK_EVERY_MS = 100
const LONGEST_LOGIN_MS = 3000
/** Where one connection lists and deletes, more than this is not kept in mind. */
const FLOOD = 250_000

/** Makes a crew of one connection. */
export function makeCrew(options: CrewOptions): Crew {
  const state: State = {
    ...options,
    urgent: [],
    ordinary: [],
    sent: 0,
    tasks: [],
    workers: new Set(),
    served: new Set(),
    waiters: [],
    waitedAloneMs: 0,
    grown: false,
    takesAll: false,
    wanted: 1,
    starting: 0,
    ceiling: options.pipelining ? MAX_WINDOW : 1,
    era: 0,
    lossesInARow: 0,
    phase: 'working',
    failure: undefined,
    doubted: false
  }
  hire(state)
  return {
    send(line, onOutcome, urgent = false) {
      if (state.phase !== 'working') {
        queueMicrotask(() => {
          onOutcome(undefined, false)
        })
        return
      }
      ;(urgent ? state.urgent : state.ordinary).push({ line, onOutcome })
      fillAll(state)
    },
    alone: work => alone(state, work),
    async confirm() {
      await Promise.all([...state.workers].map(worker => confirm(state, worker)))
    },
    renew() {
      noteRung(state.account, 'something was said to be gone and is not, so new connections go on')
      for (const worker of state.workers) {
        worker.achieved = true
        worker.connection.close()
      }
      fillAll(state)
    },
    grow(toAll = false) {
      if (state.grown && (state.takesAll || !toAll)) return
      state.grown = true
      state.takesAll ||= toAll
      state.wanted = startSize(state)
      hire(state)
    },
    get waiting() {
      return waitingIn(state)
    },
    get size() {
      return state.workers.size
    },
    get doubted() {
      return state.doubted
    },
    get failure() {
      return state.failure
    },
    room: () => room(state),
    stop() {
      if (state.phase === 'working') state.phase = 'stopped'
      dropWaiting(state)
    },
    async close() {
      if (state.phase === 'working') state.phase = 'stopped'
      dropWaiting(state)
      fillAll(state)
      await Promise.all(state.served)
    }
  }
}

async function alone<T>(state: State, work: (connection: Connection) => Promise<T>): Promise<T> {
  if (state.phase !== 'working') throw state.failure ?? stoppedError()
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  state.tasks.push({
    run: connection => work(connection).then(resolve, reject),
    fail: reject
  })
  fillAll(state)
  return promise
}

function stoppedError(): SiteError {
  return new SiteError('interrupted', 'The sweep was stopped')
}

/**
 * Waits while more is known than can be sent. It looks again now and then: connections come and go, and whoever waits
 * for one that never comes must not keep the rest waiting.
 */
async function room(state: State): Promise<void> {
  for (;;) {
    if (state.phase !== 'working') throw state.failure ?? stoppedError()
    const senders = [...state.workers].filter(({ task, connection }) => task !== 'running' && !connection.closed)
    const isHopeful = state.starting > 0 && state.waitedAloneMs < LONGEST_LOGIN_MS
    const most = senders.length > 0 || isHopeful ? HIGH_WATER : FLOOD
    if (waitingIn(state) <= most) return
    if (most === FLOOD) throw new SiteError('unexpected', 'more is listed than one connection can keep in mind')
    if (senders.length === 0) state.waitedAloneMs += LOOK_EVERY_MS
    const { promise, resolve } = Promise.withResolvers<undefined>()
    state.waiters.push(() => {
      resolve(undefined)
    })
    await Promise.race([promise, pause(LOOK_EVERY_MS)])
  }
}

function dropWaiting(state: State): void {
  const jobs = [...state.urgent.splice(0), ...state.ordinary.splice(0).slice(state.sent)]
  state.sent = 0
  for (const { onOutcome } of jobs) onOutcome(undefined, false)
  for (const { fail } of state.tasks.splice(0)) fail(state.failure ?? stoppedError())
  for (const wake of state.waiters.splice(0)) wake()
}

/** Has as many connections as are wanted and may stand. */
function hire(state: State): void {
  while (state.phase === 'working' && state.workers.size + state.starting < state.wanted) {
    state.starting++
    const serving = serve(state)
    state.served.add(serving)
    void serving.finally(() => state.served.delete(serving))
  }
}

async function serve(state: State): Promise<void> {
  let isStarting = true
  const started = (): void => {
    if (isStarting) state.starting--
    isStarting = false
  }
  try {
    await state.pool.use(connection => {
      started()
      // What was waited for may be over by the time that a connection is free.
      return state.phase === 'working' ? employ(state, connection) : Promise.resolve()
    })
  } catch (error) {
    started()
    dismiss(state, error instanceof Error ? error : new Error(String(error)))
  }
}

/** A connection could not be had. */
function dismiss(state: State, error: Error): void {
  if (state.workers.size > 0) {
    state.wanted = Math.max(1, state.workers.size)
    // Whoever waited for further connections to send may be the only one left.
    for (const wake of state.waiters.splice(0)) wake()
    return
  }
  if (state.phase === 'working') {
    state.phase = 'failed'
    state.failure = error
  }
  dropWaiting(state)
}

/** Lets a connection work until it is lost or nothing is to be done any more. */
async function employ(state: State, connection: Connection): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const worker: Worker = {
    connection,
    window: 1,
    sinceMarker: 0,
    markers: 0,
    confirming: [],
    fastestMs: Infinity,
    unconfirmed: [],
    achieved: false,
    isLost: false,
    task: undefined,
    era: state.era,
    ordinaryPatienceMs: connection.control.patienceMs,
    leave: () => {
      resolve(undefined)
    }
  }
  state.workers.add(worker)
  if (state.ceiling > 1) begin(state, worker)
  fill(state, worker)
  await promise
  state.workers.delete(worker)
  // What it had taken on is for another one.
  if (typeof worker.task === 'object') {
    if (state.phase === 'working') state.tasks.push(worker.task)
    else worker.task.fail(state.failure ?? stoppedError())
    fillAll(state)
  }
  if (state.phase === 'working') await replace(state, worker)
}

/** After a loss: a new connection takes the place of the lost one, later where nothing was achieved meanwhile. */
async function replace(state: State, worker: Worker): Promise<void> {
  state.doubted = true
  if (!worker.achieved && state.workers.size > 0) {
    noteRung(state.account, 'a further connection was closed by the server, so fewer do the work')
    state.wanted = Math.max(1, state.workers.size)
    return
  }
  const pauseMs = state.reconnectPausesMs[state.lossesInARow++]
  if (pauseMs === undefined) {
    dismiss(state, new SiteError('lost', 'The connection to the server is lost again and again'))
    return
  }
  state.account.reconnects++
  // Told to stop, it goes on at once, and finds out by itself.
  if (pauseMs > 0) await pause(pauseMs, undefined, { signal: state.signal }).catch(() => undefined)
  hire(state)
}
