// What goes wrong where a client does not wait for replies: commands and replies that get lost, doubled or mixed up.
import type { FtpServerSwitches } from './ftp-server-options.ts'
import type { Misbehaved, Trap } from './misbehaviour.ts'
import type { Outbox } from './outbox.ts'

/** Is a command that waits for its turn. */
export interface Queued {
  readonly line: string
  /** When it came, on the clock of `performance.now()`. */
  readonly arrivedAt: number
  /** Whether it is answered with 500 and not carried out. */
  readonly refused: boolean
}

/** What of a control connection has to do with the order of its commands and replies. */
export interface Exchange {
  readonly shared: { readonly switches: FtpServerSwitches; readonly misbehaved: Misbehaved }
  readonly queue: Queued[]
  readonly outbox: Outbox
  /** Events of this connection that a trap counts. */
  readonly trapCounts: Map<Trap, number>
  /** Aborts delays when the session ends. */
  readonly ending: AbortController
  /** Final replies given, or lost. */
  replies: number
  /** A reply that the next one overtakes. */
  heldBack: string | undefined
  /** Whether nothing is served any more although the connection stands. */
  stalled: boolean
}

/** Counts an event of a connection, and says whether it is one that the trap is set for: every n-th. */
function springs(session: Exchange, trap: Trap, every: number | undefined, fits: boolean): boolean {
  if (every === undefined || !fits) return false
  const count = (session.trapCounts.get(trap) ?? 0) + 1
  session.trapCounts.set(trap, count)
  if (count % every !== 0) return false
  session.shared.misbehaved[trap]++
  return true
}

/** Queues the lines of one packet, or as many of them as the server understands. */
export function enqueue(session: Exchange, lines: readonly string[]): void {
  const { misbehaved, switches } = session.shared
  const { oneAtATime } = switches.pipelining
  const arrivedAt = performance.now()
  const [first, ...others] = lines
  if (first === undefined) return
  session.queue.push({ line: first, arrivedAt, refused: false })
  if (oneAtATime !== undefined && others.length > 0) misbehaved.oneAtATime++
  if (oneAtATime === 'drops') return
  for (const line of others) session.queue.push({ line, arrivedAt, refused: oneAtATime === 'refuses' })
}

/** Takes the next command off the queue, the one behind it with it where the line end between them gets lost. */
export function dequeue(session: Exchange): Queued | undefined {
  const { misbehaved, switches } = session.shared
  const { merge, stallAfter = Infinity } = switches.pipelining
  if (session.replies >= stallAfter && session.queue.length > 1 && !session.stalled) {
    session.stalled = true
    misbehaved.stallAfter++
  }
  if (session.stalled) return undefined
  const queued = session.queue.shift()
  if (queued === undefined || !springs(session, 'merge', merge, session.queue.length > 0)) return queued
  // ProFTPD takes the line end for a part of the first command's name (proftpd/proftpd#2020).
  return { ...queued, line: `${queued.line}\r\n${session.queue.shift()?.line ?? ''}` }
}

/** Sends the final reply to a command, if it is not one that goes astray; says whether it will be sent. */
export function deliver(session: Exchange, text: string, dueAt: number): boolean {
  const { invent, late, lose, swap } = session.shared.switches.pipelining
  const isFollowed = session.queue.length > 0
  session.replies++
  if (springs(session, 'lose', lose, isFollowed)) return false
  if (session.heldBack === undefined && springs(session, 'swap', swap, isFollowed)) {
    session.heldBack = text
    return true
  }
  if (late !== undefined && springs(session, 'late', late.every, true)) postLate(session, text, late)
  else session.outbox.post(text, dueAt)
  if (session.heldBack !== undefined) session.outbox.post(session.heldBack, dueAt)
  session.heldBack = undefined
  if (springs(session, 'invent', invent, true)) session.outbox.post('250 Command successful.\r\n', dueAt)
  return true
}

function postLate(
  session: Exchange,
  text: string,
  { ms, overtaken = false }: { ms: number; overtaken?: boolean }
): void {
  if (!overtaken) {
    session.outbox.post(text, performance.now() + ms)
    return
  }
  const timer = setTimeout(() => {
    session.outbox.post(text)
  }, ms)
  session.ending.signal.addEventListener('abort', () => {
    clearTimeout(timer)
  })
}
