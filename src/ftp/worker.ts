// One connection of a crew at work: what it is sent and when, and how far its replies are believed.
import { noteRung } from './account.ts'
import {
  HIGH_WATER,
  MAX_WINDOW,
  startSize,
  waitingIn,
  type Job,
  type State,
  type Task,
  type Worker
} from './crew-state.ts'
import type { Reply } from './replies.ts'

/** Commands between two markers: a lost or invented reply shows after this many at the latest. */
const MARKER_EVERY = 32

/** Fewer than these at the end are worth no marker of their own: a lost reply shows as silence. */
const LAST_MARKER_AFTER = 4

/** Changes nothing, and is answered with a code that no deletion is answered with (RFC 959 section 5.4). */
const MARKER = 'PWD'

const MARKER_CODE = 257

/** A reply that comes this much later than the fastest had to wait at the server: more commands would only wait longer. */
const MOST_QUEUEING_MS = 50

/** Without TLS one read of a server may end between CR and LF, which ProFTPD takes for no end (proftpd/proftpd#2020). */
const MAX_WINDOW_PLAIN = 8

/** After the first doubt. */
const CAUTIOUS_WINDOW = 8

/** How long a connection with several commands under way may be silent, at least. */
const MIN_PATIENCE_MS = 5000

/** Lets a connection have more than one command under way, where it has shown that it can. */
export function begin(state: State, worker: Worker): void {
  const { control, pipelining } = worker.connection
  control.patienceMs = patienceFor(worker, 0)
  // Its login left in one flight, and each reply came in its place.
  if (pipelining === 'allowed') widen(state, worker, CAUTIOUS_WINDOW)
  else probe(state, worker)
}

/** Two harmless commands at once, on a server that is not trusted with them yet. */
function probe(state: State, worker: Worker): void {
  const { control } = worker.connection
  control.send('NOOP', reply => {
    // Even a server that does not know NOOP answers it once, and not as it answers the marker.
    if (reply?.code === MARKER_CODE) doubt(state, worker, 'replies came out of their order')
  })
  control.send(MARKER, reply => {
    if (!reply) lose(state, worker)
    else if (reply.code !== MARKER_CODE) doubt(state, worker, 'replies came out of their order')
    else widen(state, worker, 2)
    fill(state, worker)
  })
}

/** A server may take long for one command, but not for none of many. */
function patienceFor({ ordinaryPatienceMs }: Worker, roundTripMs: number): number {
  return Math.min(ordinaryPatienceMs, Math.max(MIN_PATIENCE_MS, 20 * roundTripMs))
}

function widen(state: State, worker: Worker, window: number): void {
  const most = worker.connection.attempt.mode === 'plain' ? MAX_WINDOW_PLAIN : MAX_WINDOW
  worker.window = Math.max(1, Math.min(window, most, state.ceiling))
}

/** Something is not as it has to be: whatever else comes on this connection is not believed. */
function doubt(state: State, worker: Worker, why: string): void {
  if (worker.isLost || worker.connection.closed) return
  worker.isLost = true
  tellDoubtful(state, worker)
  lower(state, worker, why)
  worker.connection.close()
}

/** Trusts the server with fewer commands at a time: with a few after the first doubt, then with one. */
function lower(state: State, worker: Worker, why: string): void {
  const ceiling = worker.window > CAUTIOUS_WINDOW ? CAUTIOUS_WINDOW : 1
  // It did its work until now, so it is replaced.
  worker.achieved = true
  if (ceiling >= state.ceiling || worker.era < state.era) {
    noteRung(state.account, `${why}, so a new connection goes on`)
    return
  }
  state.ceiling = ceiling
  state.era++
  noteRung(
    state.account,
    `${why}, so at most ${ceiling} ${ceiling === 1 ? 'command is' : 'commands are'} under way on a connection`
  )
  // What one connection may not do at a time, more connections do.
  if (state.grown) state.wanted = Math.max(state.wanted, startSize(state))
  for (const other of state.workers) {
    other.window = Math.min(other.window, ceiling)
    if (ceiling === 1) other.connection.control.patienceMs = other.ordinaryPatienceMs
  }
}

export function fillAll(state: State): void {
  // A worker that leaves meanwhile is not met any more, and none is met twice.
  for (const worker of state.workers) fill(state, worker)
}

/** Sends what may be sent, and lets a worker go that has nothing to do at the end. */
export function fill(state: State, worker: Worker): void {
  const { connection } = worker
  const { control } = connection
  if (connection.closed || (state.phase !== 'working' && control.outstanding === 0 && worker.task !== 'running')) {
    if (control.outstanding === 0 && worker.task !== 'running') worker.leave()
    return
  }
  if (worker.task === 'running') return
  if (state.tasks.length > 0) takeTask(state, worker)
  if (worker.task) {
    if (control.outstanding === 0) void runTask(state, worker, worker.task)
    return
  }
  while (control.outstanding < worker.window) {
    if (worker.sinceMarker >= markerEvery(state, worker)) {
      sendMarker(state, worker)
      continue
    }
    const job = nextJob(state)
    if (!job) break
    worker.sinceMarker++
    control.send(job.line, reply => {
      takeReply(state, worker, job, reply)
    })
  }
  // The last replies are confirmed as well, and a lost one is seen before the patience ends.
  const isLast = worker.window > 1 && worker.sinceMarker >= LAST_MARKER_AFTER && waitingIn(state) === 0
  if (isLast && control.outstanding < worker.window) sendMarker(state, worker)
}

/** A task goes to a connection that has nothing else to do, or else to the first that comes, which then sends no more. */
function takeTask(state: State, worker: Worker): void {
  if (worker.task) return
  const isFree = (one: Worker): boolean => !one.task && one.connection.control.outstanding === 0
  if (isFree(worker) || ![...state.workers].some(isFree)) worker.task = state.tasks.pop()
}

/** While the window grows each of them holds two markers, so that it can double with every round trip; a server that is not trusted gets one now and then too. */
function markerEvery({ ceiling }: State, { window }: Worker): number {
  return ceiling === 1 ? MARKER_EVERY : Math.min(MARKER_EVERY, Math.ceil(window / 2))
}

function nextJob(state: State): Job | undefined {
  const urgent = state.urgent.shift()
  if (urgent) return urgent
  const job = state.ordinary[state.sent]
  if (!job) return undefined
  if (++state.sent > HIGH_WATER) {
    state.ordinary.splice(0, state.sent)
    state.sent = 0
  }
  if (waitingIn(state) < HIGH_WATER / 2) for (const wake of state.waiters.splice(0)) wake()
  return job
}

async function runTask(state: State, worker: Worker, task: Task): Promise<void> {
  worker.task = 'running'
  await task.run(worker.connection)
  worker.task = undefined
  worker.achieved ||= !worker.connection.closed
  fill(state, worker)
}

function sendMarker(state: State, worker: Worker): void {
  const { window } = worker
  const sentAt = performance.now()
  // A window that was not used has proven nothing.
  const isFull = worker.connection.control.outstanding >= Math.floor(window / 2)
  worker.sinceMarker = 0
  worker.markers++
  worker.connection.control.send(MARKER, reply => {
    worker.markers--
    if (reply?.code === 421 || !reply) lose(state, worker)
    else if (reply.code !== MARKER_CODE) doubt(state, worker, 'a reply was lost or invented')
    else {
      worker.unconfirmed.length = 0
      worker.era = state.era
      adapt(state, worker, { window, isFull, tookMs: performance.now() - sentAt })
    }
    if (worker.markers === 0) for (const tell of worker.confirming.splice(0)) tell()
    fill(state, worker)
  })
}

/** Sends more at a time while that is of use, and less where commands wait at the server, at most once per round trip. */
function adapt(
  state: State,
  worker: Worker,
  { window, isFull, tookMs }: { readonly window: number; readonly isFull: boolean; readonly tookMs: number }
): void {
  worker.fastestMs = Math.min(worker.fastestMs, tookMs)
  worker.connection.control.patienceMs = patienceFor(worker, worker.fastestMs)
  if (state.ceiling === 1) return
  if (tookMs <= worker.fastestMs + MOST_QUEUEING_MS) {
    if (isFull) widen(state, worker, Math.max(worker.window, 2 * window))
  } else if (window === worker.window) widen(state, worker, Math.max(CAUTIOUS_WINDOW, window / 2))
}

export async function confirm(state: State, worker: Worker): Promise<void> {
  if (worker.connection.closed || worker.task === 'running' || worker.unconfirmed.length === 0) return
  const { promise, resolve } = Promise.withResolvers<undefined>()
  worker.confirming.push(() => {
    resolve(undefined)
  })
  // One that is under way comes after all that is to be confirmed.
  if (worker.markers === 0) sendMarker(state, worker)
  await promise
}

/** Nobody knows any more whether these replies were their own. */
function tellDoubtful({ onDoubtful }: State, worker: Worker): void {
  for (const { line, code } of worker.unconfirmed.splice(0)) onDoubtful(line, code)
}

function takeReply(state: State, worker: Worker, job: Job, reply: Reply | undefined): void {
  if (!reply || reply.code === 421) {
    lose(state, worker)
    job.onOutcome(undefined, true)
  } else if (!fits(reply, job.line)) {
    doubt(state, worker, 'a reply was lost or invented')
    job.onOutcome(undefined, true)
  } else if (worker.window > 1 && reply.code >= 500 && reply.code <= 504 && /^(DELE|RMD|MKD) /.test(job.line)) {
    // One packet per command is all that some servers read: the rest of it is nonsense to them.
    doubt(state, worker, `the server does not understand what it is sent ("${reply.text}")`)
    job.onOutcome(undefined, true)
  } else {
    worker.unconfirmed.push({ line: job.line, code: reply.code })
    worker.achieved = true
    state.lossesInARow = 0
    job.onOutcome(reply, true)
  }
  fill(state, worker)
}

/** Whether a reply can be one to a command: what deletes is answered with 250, by some servers with 200, or refused. */
function fits({ code }: Reply, line: string): boolean {
  if (/^(DELE|RMD) /.test(line)) return code === 250 || code === 200 || code >= 400
  return code !== MARKER_CODE || line.startsWith('MKD ')
}

/** The server has ended the connection, or was silent for longer than it may be. */
function lose(state: State, worker: Worker): void {
  const { connection } = worker
  if (!state.workers.has(worker) || worker.isLost) return
  worker.isLost = true
  tellDoubtful(state, worker)
  if (!connection.closed) connection.close()
  if (state.phase !== 'working') return
  if (connection.control.endedBySilence && state.ceiling > 1) lower(state, worker, 'the server went silent')
  else noteRung(state.account, 'a connection was lost')
}
