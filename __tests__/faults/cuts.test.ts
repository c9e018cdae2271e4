// One cut at every command of a sweep: it goes on, deletes all of the tree and nothing else, and counts right.
import { describe, expect, it } from 'vitest'
import { CELLS, cutEach } from './cutting.ts'

/** Fewer were never sent for the small tree: so the loop did reach its commands. */
const FEWEST = 25
const SAMPLE = 3

describe.each(CELLS)('a sweep whose connection is cut at any one command: $name', cell => {
  it.each(
    [true, false].flatMap(pipelining =>
      (['before', 'after'] as const).flatMap(cut => (['fin', 'rst'] as const).map(how => ({ pipelining, cut, how })))
    )
  )('deletes all and nothing else, pipelining $pipelining, $cut it was carried out, by $how', async options => {
    const { pipelining, cut, how } = options
    const { sweeps, wrong } = await cutEach(cell, {
      opening: { pipelining },
      // The other two combinations try every command; these, in which little is different, each third.
      step: (cut === 'before') === (how === 'fin') ? 1 : SAMPLE,
      hookFor:
        n =>
        ({ count }) =>
          count === n ? { cut, how } : undefined
    })
    expect(wrong).toEqual([])
    expect(sweeps).toBeGreaterThan(FEWEST / SAMPLE)
  })
})
