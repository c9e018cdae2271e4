// A few connections to one server: borrows, opens more when asked for, and goes on with fewer where the server caps them.
import { SiteError } from '../site.ts'
import type { Connection } from './connection.ts'

/** Connections to one server, opened as they are needed. */
export interface Pool {
  /** Runs work on a connection that nobody else uses meanwhile. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  close(): void
}

/**
 * Makes a pool around a first connection.
 *
 * `open` makes a further one. Where that fails the pool goes on with those it has: servers cap connections in many ways
 * (421, 530, a bare hang-up), and none of them is an error as long as one connection is left.
 */
export function makePool(first: Connection, open: () => Promise<Connection>, limit: number): Pool {
  const idle: Connection[] = [first]
  const all = new Set<Connection>([first])
  const waiting: (() => void)[] = []
  let opening = 0
  let most = limit
  let closed = false

  const wake = (): void => waiting.shift()?.()

  const takeIdle = (): Connection | undefined => {
    for (let found = idle.pop(); found; found = idle.pop()) {
      if (!found.closed) return found
      all.delete(found)
    }
    return undefined
  }

  const openFurther = async (): Promise<Connection | undefined> => {
    opening++
    try {
      const connection = await open()
      if (closed) connection.close()
      else all.add(connection)
      return connection
    } catch (error) {
      if (all.size === 0) throw error
      most = all.size
      return undefined
    } finally {
      opening--
      wake()
    }
  }

  const borrow = async (): Promise<Connection> => {
    for (;;) {
      // What is still under way when the site is closed must not open it again.
      if (closed) throw new SiteError('interrupted', 'The connections were closed meanwhile')
      const found = takeIdle()
      if (found) return found
      const open = all.size + opening
      const further = open === 0 || open < most ? await openFurther() : undefined
      if (further) return further
      if (idle.length === 0) await new Promise<void>(resolve => waiting.push(resolve))
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
      for (const connection of all) connection.close()
      while (waiting.length > 0) wake()
    }
  }
}
