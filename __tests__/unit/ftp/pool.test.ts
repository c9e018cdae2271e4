import { describe, expect, it } from 'vitest'
import type { Connection } from '../../../src/ftp/connection.ts'
import { makePool } from '../../../src/ftp/pool.ts'
import { SiteError } from '../../../src/site.ts'
import { fakeConnection } from '../fake-connection.ts'
import { fakeSite, treeOf } from '../fake-site.ts'

const connection = (): Connection => fakeConnection(fakeSite(treeOf()))

/** Work that is under way until it is told to end. */
function held(): { readonly work: () => Promise<void>; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return {
    work: async () => {
      await promise
    },
    end: () => {
      resolve(undefined)
    }
  }
}

const closing = (used: Connection): Promise<void> => {
  used.close()
  return Promise.resolve()
}

/** Lets everything that can go on go on. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const refused = (): Promise<Connection> => Promise.reject(new SiteError('login', '530 too many connections'))

describe('a pool', () => {
  it('uses the first connection again and again, and opens none where one is enough', async () => {
    const first = connection()
    let opened = 0
    const pool = makePool(first, () => Promise.resolve((opened++, connection())), 8)
    for (let turn = 0; turn < 3; turn++) expect(await pool.use(used => Promise.resolve(used))).toBe(first)
    expect(opened).toBe(0)
  })

  it('never lends a connection to two at once, and never has more than its limit', async () => {
    const busy = new Set<Connection>()
    let [opened, most] = [0, 0]
    const pool = makePool(connection(), () => Promise.resolve((opened++, connection())), 3)
    const work = (used: Connection): Promise<void> => {
      expect(busy.has(used)).toBe(false)
      busy.add(used)
      most = Math.max(most, busy.size)
      return settled().then(() => {
        busy.delete(used)
      })
    }
    await Promise.all(Array.from({ length: 20 }, () => pool.use(work)))
    expect([opened, most]).toEqual([2, 3])
  })

  it('goes on with fewer where a further connection cannot be opened, and does not keep asking', async () => {
    let asked = 0
    const pool = makePool(connection(), () => (asked++, refused()), 8)
    const answers = await Promise.all(Array.from({ length: 10 }, (_, turn) => pool.use(() => Promise.resolve(turn))))
    expect(answers).toEqual(Array.from({ length: 10 }, (_, turn) => turn))
    const before = asked
    await Promise.all(Array.from({ length: 10 }, () => pool.use(settled)))
    expect(asked).toBe(before)
  })

  it('wakes all that wait, in their order', async () => {
    const order: number[] = []
    const pool = makePool(connection(), refused, 1)
    const gate = held()
    const first = pool.use(gate.work)
    const others = [1, 2, 3].map(turn => pool.use(() => Promise.resolve(order.push(turn))))
    await settled()
    expect(order).toEqual([])
    gate.end()
    await Promise.all([first, ...others])
    expect(order).toEqual([1, 2, 3])
  })

  it('gives the error of the work to its borrower, and lends the connection on', async () => {
    const pool = makePool(connection(), refused, 1)
    await expect(pool.use(() => Promise.reject(new Error('550')))).rejects.toThrow('550')
    expect(await pool.use(() => Promise.resolve('next'))).toBe('next')
  })

  it('replaces a connection that was closed', async () => {
    const [first, second] = [connection(), connection()]
    const pool = makePool(first, () => Promise.resolve(second), 1)
    await pool.use(closing)
    expect(await pool.use(used => Promise.resolve(used))).toBe(second)
  })

  it('wakes who waits for a connection that was closed', async () => {
    const pool = makePool(connection(), () => Promise.resolve(connection()), 1)
    const gate = held()
    const first = pool.use(used => gate.work().then(() => closing(used)))
    const waiting = pool.use(() => Promise.resolve('woken'))
    gate.end()
    await first
    expect(await waiting).toBe('woken')
  })

  it('rejects everybody where the last connection is gone and none can be opened', async () => {
    const pool = makePool(connection(), refused, 2)
    const gate = held()
    const first = pool.use(used => gate.work().then(() => closing(used)))
    const others = Promise.allSettled([1, 2, 3].map(() => pool.use(() => Promise.resolve())))
    await settled()
    gate.end()
    await first
    expect((await others).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  })
})

describe('closing a pool', () => {
  it('closes all connections, those in use too', async () => {
    const all = [connection(), connection(), connection()]
    const [first, ...further] = all
    if (!first) throw new Error('no connection')
    const pool = makePool(first, () => Promise.resolve(further.shift() ?? connection()), 3)
    const gate = held()
    const busy = [1, 2, 3].map(() => pool.use(gate.work))
    await settled()
    pool.close()
    expect(all.map(({ closed }) => closed)).toEqual([true, true, true])
    gate.end()
    await Promise.all(busy)
  })

  it('closes a connection that was still being opened', async () => {
    const late = connection()
    const opening = Promise.withResolvers<Connection>()
    const pool = makePool(connection(), () => opening.promise, 2)
    const gate = held()
    const busy = [1, 2].map(() => pool.use(gate.work).catch(() => undefined))
    await settled()
    pool.close()
    opening.resolve(late)
    await settled()
    gate.end()
    await Promise.all(busy)
    expect(late.closed).toBe(true)
  })

  it('opens nothing for those who still wait', async () => {
    let opened = 0
    const pool = makePool(connection(), () => Promise.resolve((opened++, connection())), 1)
    const gate = held()
    const first = pool.use(gate.work).catch(() => undefined)
    const waiting = pool.use(() => Promise.resolve('worked')).catch(() => 'refused')
    await settled()
    pool.close()
    gate.end()
    await first
    expect([await waiting, opened]).toEqual(['refused', 0])
  })

  it('lends nothing any more, and says that it was closed', async () => {
    let opened = 0
    const pool = makePool(connection(), () => Promise.resolve((opened++, connection())), 4)
    pool.close()
    await expect(pool.use(() => Promise.resolve('worked'))).rejects.toMatchObject({ kind: 'interrupted' })
    expect(opened).toBe(0)
  })

  it('ends the wait of everybody, not only of the first', async () => {
    const pool = makePool(connection(), refused, 1)
    const gate = held()
    const first = pool.use(gate.work)
    const waiting = Promise.allSettled([1, 2, 3].map(() => pool.use(() => Promise.resolve())))
    await settled()
    pool.close()
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    gate.end()
    await first
  })
})
