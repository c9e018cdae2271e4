// Replies that get lost, doubled, mixed up or late where several commands are under way: nothing is believed that is not so.
import { describe, expect, it } from 'vitest'
import type { FtpServerSwitches } from '../../tools/local-appservice/ftp-server-options.ts'
import type { Trap } from '../../tools/local-appservice/misbehaviour.ts'
import { expectAllGone, rungsOf, startLab } from './lab.ts'
import { TREE, isLeft, layManyFiles } from './scene.ts'

/**
 * What the patience comes down to here: the timeout of the site, as far as it is below the 5 s that a connection with
 * several commands under way may be silent otherwise.
 */
const PATIENCE_MS = 1000

interface Case {
  readonly switches: Partial<Pick<FtpServerSwitches, 'pipelining' | 'splitReplies'>>
  /** The trap that has to be sprung, where the server counts it. */
  readonly trap?: Trap
  /** What the account says of it; `undefined`: nothing, because nothing was wrong. */
  readonly rung?: RegExp
}

const FEWER = /so at most [18] commands? (is|are) under way/
const CASES: readonly Case[] = [
  { trap: 'lose', switches: { pipelining: { lose: 11 } }, rung: FEWER },
  { trap: 'merge', switches: { pipelining: { merge: 11 } }, rung: FEWER },
  // Two replies of one kind that change places are the same: often enough one of them is a marker.
  { trap: 'swap', switches: { pipelining: { swap: 4 } }, rung: FEWER },
  { trap: 'late', switches: { pipelining: { late: { every: 11, ms: 30 } } } },
  { trap: 'late', switches: { pipelining: { late: { every: 11, ms: 30, overtaken: true } } }, rung: FEWER },
  { trap: 'stallAfter', switches: { pipelining: { stallAfter: 25 } }, rung: /the server went silent/ },
  { trap: 'oneAtATime', switches: { pipelining: { oneAtATime: 'drops' } }, rung: FEWER },
  { trap: 'oneAtATime', switches: { pipelining: { oneAtATime: 'refuses' } }, rung: FEWER },
  { switches: { splitReplies: 'from USER on' } }
]

const ALL = (['off', 'explicit'] as const).flatMap(tls =>
  [40, 300].flatMap(files =>
    (['unix', 'iis'] as const).flatMap(personality => CASES.map(one => ({ ...one, tls, files, personality })))
  )
)

describe('a sweep deletes all and nothing else, and says what it saw, where the server', () => {
  it.each(ALL)('does this: $switches, $personality, $files files, TLS $tls', async one => {
    const { trap, rung, switches, tls, files, personality } = one
    const lab = await startLab({ personality, recursiveListings: personality === 'unix' })
    await layManyFiles(lab.home, files)
    const site = await lab.open({ tls, timeoutMs: PATIENCE_MS })
    Object.assign(lab.app.ftp, switches)
    const begun = performance.now()
    expect(await site.sweep(TREE)).toMatchObject({ refused: [], unfinished: false })
    const ms = Math.round(performance.now() - begun)
    await expectAllGone(lab)
    if (trap) expect(lab.app.ftp.misbehaved[trap]).toBeGreaterThan(0)
    if (rung) expect(rungsOf(site)).toMatch(rung)
    else expect(rungsOf(site)).not.toMatch(FEWER)
    expect(ms).toBeLessThan(12 * PATIENCE_MS)
  })
})

describe('a sweep where the server sends replies that nobody asked for', () => {
  it.each(
    (['off', 'explicit'] as const).flatMap(tls =>
      [40, 300].flatMap(files => (['unix', 'iis'] as const).map(personality => ({ tls, files, personality })))
    )
  )('says that all is gone only where it is: $personality, $files files, TLS $tls', async one => {
    const { tls, files, personality } = one
    const lab = await startLab({ personality, recursiveListings: personality === 'unix' })
    await layManyFiles(lab.home, files)
    const site = await lab.open({ tls, timeoutMs: PATIENCE_MS })
    lab.app.ftp.pipelining = { invent: 11 }
    const saysGone = await site.sweep(TREE).then(
      ({ refused, unfinished }) => refused.length === 0 && !unfinished,
      (error: unknown) => {
        expect(error).toMatchObject({ name: 'SiteError', kind: expect.stringMatching(/^(lost|unexpected)$/) as string })
        return false
      }
    )
    expect(saysGone).toBe(!isLeft(lab.home))
    expect(lab.app.ftp.misbehaved.invent).toBeGreaterThan(0)
    expect((await lab.around.differences()).filter(line => line.startsWith('gone'))).toEqual([])
    lab.app.ftp.pipelining = {}
    if (!saysGone) await (await lab.open({ tls })).sweep(TREE)
    await expectAllGone(lab)
  })
})
