// What the benchmark computes from what it measured: medians, extrapolation, the floor.
import { describe, expect, it } from 'vitest'
import {
  commandBytes,
  computeFloor,
  listingBytes,
  slowStartRounds,
  type TreeShape
} from '../../../tools/bench/floor.ts'
import { duration, median, ratio, summarise, type Run } from '../../../tools/bench/statistics.ts'

const SHAPE: TreeShape = {
  files: 9999,
  directories: 1261,
  links: 1,
  nameBytes: 180_000,
  pathBytes: 740_000,
  directoryPathBytes: 70_000
}

const run = (seconds: number, done: number, how: 'finished' | 'stopped' | 'gave up'): Run => ({
  seconds,
  done,
  finished: how === 'finished',
  stopped: how === 'stopped'
})

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([3, 1, 20])).toBe(3)
  })

  it('is the mean of the two middle values of an even number', () => {
    expect(median([4, 1, 2, 100])).toBe(3)
  })

  it('is nothing for no values', () => {
    expect(median([])).toBeUndefined()
  })
})

describe('summarise', () => {
  it('takes the median of the runs that finished', () => {
    const runs = [run(2, 100, 'finished'), run(9, 50, 'gave up'), run(4, 100, 'finished')]
    expect(summarise(runs, 100)).toEqual({ seconds: 3, extrapolated: false })
  })

  it('extrapolates from the files that were gone when a run was stopped', () => {
    expect(summarise([run(60, 250, 'stopped')], 2000)).toEqual({ seconds: 480, extrapolated: true })
  })

  it('prefers a run that finished to those that were stopped', () => {
    expect(summarise([run(60, 10, 'stopped'), run(50, 100, 'finished')], 100).seconds).toBe(50)
  })

  it('says nothing where all runs gave up, however much they had removed', () => {
    expect(summarise([run(3, 1999, 'gave up')], 2000)).toEqual({ seconds: undefined, extrapolated: false })
  })

  it('says nothing where nothing was gone at the bound', () => {
    expect(summarise([run(60, 0, 'stopped')], 2000).seconds).toBeUndefined()
  })
})

describe('slow start', () => {
  it('carries ten segments in the first round trip and doubles with each', () => {
    expect(slowStartRounds(1)).toBe(1)
    expect(slowStartRounds(10 * 1448)).toBe(1)
    expect(slowStartRounds(10 * 1448 + 1)).toBe(2)
    expect(slowStartRounds(30 * 1448)).toBe(2)
    expect(slowStartRounds(30 * 1448 + 1)).toBe(3)
  })

  it('needs seven round trips for the commands of 10,000 files', () => {
    expect(slowStartRounds(1_120_000)).toBe(7)
  })
})

describe('bytes', () => {
  const one: TreeShape = { files: 1, directories: 1, links: 0, nameBytes: 1, pathBytes: 2, directoryPathBytes: 0 }

  it('counts a command for each file and each folder', () => {
    expect(commandBytes(one, '/t'.length)).toBe('DELE /t/a\r\n'.length + 'RMD /t\r\n'.length)
  })

  it('comes close to what a listing of 10,000 files was measured to be', () => {
    expect(listingBytes(SHAPE)).toBeGreaterThan(800_000)
    expect(listingBytes(SHAPE)).toBeLessThan(1_200_000)
  })
})

describe('the floor', () => {
  const setting = { shape: SHAPE, rttMs: 80, tls: true, removeSeconds: 0.2, rootBytes: 38 }

  it('is the sum of its terms', () => {
    const { seconds, terms } = computeFloor(setting)
    expect(seconds).toBeCloseTo(terms.reduce((sum, term) => sum + term.seconds, 0))
  })

  it('is about two seconds for 10,000 files at 80 ms', () => {
    const { seconds } = computeFloor(setting)
    expect(seconds).toBeGreaterThan(1.7)
    expect(seconds).toBeLessThan(2.3)
  })

  it("is the server's own time where there is no way to go", () => {
    expect(computeFloor({ ...setting, rttMs: 0 }).seconds).toBeCloseTo(0.2)
  })

  it('saves the round trips of two handshakes without TLS', () => {
    const plain = computeFloor({ ...setting, tls: false }).seconds
    expect(computeFloor(setting).seconds - plain).toBeCloseTo(3 * 0.08)
  })
})

describe('numbers for people', () => {
  it.each([
    [0.0214, '21 ms'],
    [2.254, '2.25 s'],
    [60.12, '60.1 s'],
    [381, '381 s'],
    [1907, '32 min'],
    [7630, '2.1 h']
  ])('prints %d seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })

  it.each([
    [0.042, '0.04'],
    [7.14, '7.1'],
    [35.6, '36']
  ])('prints the ratio %d as %s', (value, text) => {
    expect(ratio(value)).toBe(text)
  })
})
