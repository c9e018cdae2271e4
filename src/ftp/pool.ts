// A few connections to one server: borrows, opens more when asked for, and goes on with fewer where the server caps them.
import { setTimeout as pause } from 'node:timers/promises'
import { SiteError } from '../site.ts'
import type { Connection } from './connection.ts'

/** Connections to one server, opened as they are needed. */
export interface Pool {
  /** Runs work on a connection that nobody else uses meanwhile. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  close(): void
}

/** Pauses before another try where no connection is left: a server may still count those that were lost. */
const PAUSES_MS: readonly number[] = [500, 1000, 2000]

/**
 * Makes a pool around a first connection.
 *
 * `open` makes a further one, and is told to give up by its signal when the pool is closed. Where it fails the pool goes
 * on with those it has: servers cap connections in many ways (421, 530, a bare hang-up, silence), and none of them is an
 * error as long as one connection is left.
 */
export function makePool(
  first: Connection,
  open: (signal: AbortSignal) => Promise<Connection>,
  limit: number,
  pausesMs = PAUSES_MS
): Pool {
  const idle: Connection[] = [first]
  const all = new Set<Connection>([first])
  const waiting: (() => void)[] = []
  let opening = 0
  let most = limit
  let closed = false
  const closing = new AbortController()
  let failure: unknown

  const wake = (): void => waiting.shift()?.()

  const takeIdle = (): Connection | undefined => {
    for (let found = idle.pop(); found; found = idle.pop()) {
      if (!found.closed) return found
      all.delete(found)
    }
    return undefined
  }

  /** The first login went well, so where no connection is left a failure may be one for the moment. */
  const openPatiently = async (): Promise<Connection> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await open(closing.signal)
      } catch (error) {
        const pauseMs = pausesMs[attempt]
        if (all.size > 0 || pauseMs === undefined || isFinal(error)) throw error
        await pause(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined)
      }
    }
  }

  /** Opens one more in the background: whoever waits takes what comes first, a connection that is returned or a new one. */
  const openFurther = async (): Promise<void> => {
    opening++
    try {
      const connection = await openPatiently()
      if (closed) connection.close()
      else {
        all.add(connection)
        idle.push(connection)
      }
    } catch (error) {
      most = Math.max(1, all.size)
      if (all.size === 0) failure = error
    } finally {
      opening--
    }
    // Where nothing is left to wait for, all have to hear of it.
    if (failure === undefined) wake()
    else while (waiting.length > 0) wake()
  }

  const borrow = async (): Promise<Connection> => {
    for (;;) {
      // What is still under way when the site is closed must not open it again.
      if (closed) throw new SiteError('interrupted', 'The connections were closed meanwhile')
      const found = takeIdle()
      if (found) return found
      // One failed login is told to everybody: servers lock accounts that keep trying.
      if (failure !== undefined) throw failure as Error
      const inPlay = all.size + opening
      if (inPlay === 0 || (all.size > 0 && inPlay < most)) void openFurther()
      await new Promise<void>(resolve => waiting.push(resolve))
    }
  }

  return {
    async use(work) {
      const connection = await borrow()
      try {
        return await work(connection)
      } finally {
        if (connection.closed) all.delete(connection)
        else idle.push(connection)
        wake()
      }
    },
    close() {
      closed = true
      closing.abort()
      for (const connection of all) connection.close()
      while (waiting.length > 0) wake()
    }
  }
}

/** Servers lock accounts that keep trying: a refused login is tried again only where it is about the number of them. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof SiteError)) return false
  const { kind, replyCode, message } = error
  if (kind === 'login') return replyCode !== 421 && !/too many|maximum|limit/i.test(message)
  return ['certificate', 'tls', 'interrupted'].includes(kind)
}
