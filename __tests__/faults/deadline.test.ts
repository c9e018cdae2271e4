// A sweep that has to stop: because the time is up, or because the run is told to end.
import { describe, expect, it } from 'vitest'
import { parentOf } from '../../src/site.ts'
import { CELLS } from './cutting.ts'
import { expectAllGone, startLab } from './lab.ts'
import { TREE, isLeft, laySmallTree } from './scene.ts'

/** Every so many commands: the end may come at any of them. */
const STEP = 9
const MOMENTS = Array.from({ length: 8 }, (_, n) => 1 + n * STEP)
/** What a sweep may take to hear of it, on a busy machine too. */
const PROMPT_MS = 1000

describe.each(CELLS)('a sweep whose time is up: $name', ({ server, listings = {} }) => {
  it.each([true, false])(
    'stops in good order at any command, and the next one finishes, pipelining %s',
    async pipelining => {
      const lab = await startLab(server)
      lab.app.ftp.listings = listings
      let unfinished = 0
      for (const moment of MOMENTS) {
        await laySmallTree(lab.home)
        const site = await lab.open({ pipelining })
        lab.app.ftp.clearTranscript()
        const until = new AbortController()
        lab.app.ftp.hook = ({ count }) => {
          if (count === moment) until.abort()
          return undefined
        }
        const first = await site.sweep(TREE, { until: until.signal })
        const said = lab.app.ftp.commandsAfterLogin()
        expect(first.unfinished).toBe(isLeft(lab.home))
        expect(first.refused).toEqual([])
        // An answer to a question, before which whatever was still on its way would have come.
        await site.list(parentOf(TREE))
        const later = lab.app.ftp.transcript.filter(({ afterLogin }) => afterLogin).slice(said)
        expect(later.filter(({ verb }) => ['DELE', 'RMD', 'MKD'].includes(verb))).toEqual([])
        if (first.unfinished) unfinished++
        if (first.unfinished) expect(await site.sweep(TREE)).toMatchObject({ refused: [], unfinished: false })
        expect(site.account().rungs.filter(({ rung }) => rung.includes('lost'))).toEqual([])
        site.close()
        await expectAllGone(lab)
      }
      expect(unfinished).toBeGreaterThan(2)
    }
  )

  it('sends nothing where it was up before', async () => {
    const lab = await startLab(server)
    await laySmallTree(lab.home)
    const site = await lab.open()
    const said = lab.app.ftp.commandsAfterLogin()
    expect(await site.sweep(TREE, { until: AbortSignal.abort() })).toMatchObject({ files: 0, unfinished: true })
    expect(lab.app.ftp.transcript.slice(said).filter(({ verb }) => ['DELE', 'RMD'].includes(verb))).toEqual([])
    expect(await lab.around.differences()).not.toContainEqual(expect.stringMatching(/^gone/))
  })
})

describe.each(CELLS)('a sweep whose run is told to stop: $name', ({ server, listings = {} }) => {
  it.each([true, false])('says so at once, at any command, pipelining %s', async pipelining => {
    const lab = await startLab(server)
    lab.app.ftp.listings = listings
    for (const moment of MOMENTS) {
      await laySmallTree(lab.home)
      const stop = new AbortController()
      const site = await lab.open({ pipelining, signal: stop.signal })
      lab.app.ftp.clearTranscript()
      let stoppedAt: number | undefined
      lab.app.ftp.hook = ({ count }) => {
        if (count !== moment) return undefined
        stoppedAt = performance.now()
        stop.abort()
        // The server is busy with this one, so that nothing can be over by chance.
        return { delayMs: PROMPT_MS }
      }
      const outcome = await site.sweep(TREE).then(
        () => 'done',
        (error: unknown) => error
      )
      // It was over before.
      if (stoppedAt === undefined) break
      expect([moment, outcome]).toEqual([moment, expect.objectContaining({ name: 'SiteError', kind: 'interrupted' })])
      expect(performance.now() - stoppedAt).toBeLessThan(PROMPT_MS)
      lab.app.ftp.hook = undefined
      const next = await lab.open()
      expect(await next.sweep(TREE)).toMatchObject({ refused: [], unfinished: false })
      await expectAllGone(lab)
    }
  })
})
