// Connections that are lost more than once, all at a time, or without anybody being told.
import { describe, expect, it } from 'vitest'
import type { CommandHook } from '../../tools/local-appservice/ftp-server-options.ts'
import { CELLS, cutEach } from './cutting.ts'
import { expectAllGone, startLab } from './lab.ts'
import { TREE, allOf, isLeft, layManyFiles, laySmallTree } from './scene.ts'

/** Short enough to be waited for again and again, and longer than a busy machine takes for a reply. */
const SILENCE_MS = 700
const SAMPLE = 19

describe.each(CELLS)('a sweep deletes all and nothing else: $name', cell => {
  it.each([true, false])('where the server falls silent at some command, pipelining %s', async pipelining => {
    const { sweeps, wrong } = await cutEach(cell, {
      opening: { pipelining, timeoutMs: SILENCE_MS },
      first: pipelining ? 11 : 3,
      step: SAMPLE,
      hookFor:
        n =>
        ({ count }) =>
          count === n ? { cut: n % 2 === 0 ? 'after' : 'before', how: 'silence' } : undefined
    })
    expect(wrong).toEqual([])
    expect(sweeps).toBeGreaterThan(1)
  })

  it.each([true, false])('where two commands are cut, five apart, pipelining %s', async pipelining => {
    const { wrong } = await cutEach(cell, {
      opening: { pipelining },
      step: 5,
      hookFor:
        n =>
        ({ count }) =>
          count === n || count === n + 5 ? { cut: count === n ? 'before' : 'after' } : undefined
    })
    expect(wrong).toEqual([])
  })

  it.each([true, false])('where all connections are cut at once, pipelining %s', async pipelining => {
    const { wrong } = await cutEach(cell, { opening: { pipelining }, step: 17, first: 2, hookFor: cutAllAt })
    expect(wrong).toEqual([])
  })
})

/** Cuts each connection that stands at the n-th command, and none that comes later. */
function cutAllAt(n: number): CommandHook {
  let newest = 0
  const seen = new Set<number>()
  return ({ count, session }) => {
    if (count > 0 && count <= n) seen.add(session)
    if (count === n) newest = Math.max(...seen)
    return count >= n && session <= newest ? { cut: count % 2 === 0 ? 'before' : 'after', how: 'rst' } : undefined
  }
}

/** Cuts every connection at the same one of its commands. */
function cutEveryConnection(at: number): CommandHook {
  const commands = new Map<number, number>()
  return ({ count, session }) => {
    if (count === 0) return undefined
    const own = (commands.get(session) ?? 0) + 1
    commands.set(session, own)
    return own === at ? { cut: 'before', how: 'fin' } : undefined
  }
}

describe('every connection is lost', () => {
  it.each([true, false])(
    'after a while: the sweep goes on over as many as it takes, pipelining %s',
    async pipelining => {
      const lab = await startLab({ personality: 'unix', recursiveListings: true })
      const folders = await layManyFiles(lab.home, 300)
      const site = await lab.open({ pipelining })
      lab.app.ftp.hook = cutEveryConnection(40)
      expect(await site.sweep(TREE)).toMatchObject(allOf(300, folders))
      expect(site.account().reconnects).toBeGreaterThan(3)
      await expectAllGone(lab)
    }
  )

  it.each([true, false])(
    'before it did anything: it ends, and the next sweep finishes, pipelining %s',
    async pipelining => {
      const lab = await startLab({ personality: 'unix' })
      await laySmallTree(lab.home)
      const site = await lab.open({ pipelining })
      const cutAll = cutEveryConnection(1)
      lab.app.ftp.hook = context => (context.count > 40 ? cutAll(context) : undefined)
      await expect(site.sweep(TREE)).rejects.toMatchObject({ kind: 'lost' })
      expect(isLeft(lab.home)).toBe(true)
      expect(await lab.around.differences()).not.toContainEqual(expect.stringMatching(/^gone/))
      lab.app.ftp.hook = undefined
      const next = await lab.open({ pipelining })
      expect(await next.sweep(TREE)).toMatchObject({ refused: [], unfinished: false })
      await expectAllGone(lab)
    }
  )
})
