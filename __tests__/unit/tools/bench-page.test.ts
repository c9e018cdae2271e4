// What the benchmark makes of its results: demands held against them, the page, the plot; and what it takes on its command line.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format } from 'prettier'
import { describe, expect, it } from 'vitest'
import { bars } from '../../../tools/bench/bars.ts'
import { help, readOptions } from '../../../tools/bench/command-line.ts'
import { CONTENDERS } from '../../../tools/bench/contenders.ts'
import { computeFloor } from '../../../tools/bench/floor.ts'
import { renderPage, renderPlot } from '../../../tools/bench/page.ts'
import { plan } from '../../../tools/bench/plan.ts'
import { plot } from '../../../tools/bench/plot.ts'
import type { Cell, Results, Row } from '../../../tools/bench/results.ts'
import { SERVERS } from '../../../tools/bench/served.ts'

const SHAPE = {
  files: 2000,
  directories: 256,
  links: 1,
  nameBytes: 37_741,
  pathBytes: 163_635,
  directoryPathBytes: 14_711
}

const row = (contender: string, seconds: number | null, more: Partial<Row> = {}): Row => ({
  contender,
  runs: [seconds ?? 60],
  seconds,
  extrapolated: false,
  ...more
})

const cell = (files: number, rttMs: number, rows: readonly Row[]): Cell => ({
  server: 'vsftpd',
  tls: true,
  files,
  rttMs,
  measuredRttMs: rttMs + 0.5,
  how: rttMs === 0 ? 'none' : 'tun',
  boundSeconds: 60,
  shape: SHAPE,
  floor: computeFloor({ shape: SHAPE, rttMs, tls: true, removeSeconds: 0.04, rootBytes: 38 }),
  rows
})

const results = (cells: readonly Cell[], more: Partial<Results> = {}): Results => ({
  machine: { system: 'linux 6.1', cores: 2, node: '24.0.0', versions: { vsftpd: '3.0.3' } },
  cells,
  memory: [],
  correctness: [],
  ...more
})

const GOOD = [
  row('ours', 2),
  row('ours-off', 20),
  row('ours-one', 160),
  row('rename', 0.6, { warmSeconds: 0.081 }),
  row('basic-ftp', 381, { extrapolated: true }),
  row('lftp', 457, { extrapolated: true }),
  row('lftp-queue', 227),
  row('rclone', 80)
]

const verdict = (given: Results, words: string): boolean | undefined => {
  const [found, ...others] = bars(given).filter(({ demand }) => demand.includes(words))
  if (!found || others.length > 0) throw new Error(`not one demand with ${words}`)
  return found.reached
}

describe('the demands', () => {
  it('are neither reached nor missed where nothing was measured', () => {
    expect(bars(results([])).map(({ reached }) => reached)).not.toContain(true)
    expect(bars(results([])).map(({ reached }) => reached)).not.toContain(false)
  })

  it.each([
    ['than rclone', 'rclone', 49, 51],
    ['than basic-ftp', 'basic-ftp', 199, 201],
    ['the best lftp', 'lftp-queue', 79, 81],
    ['faster than one', 'ours-one', 119, 121]
  ])('compare with the peer: %s', (words, contender, missed, reached) => {
    const at = (seconds: number): Results =>
      results([cell(2000, 80, [...GOOD.filter(one => one.contender !== contender), row(contender, seconds)])])
    expect(verdict(at(missed), words)).toBe(false)
    expect(verdict(at(reached), words)).toBe(true)
  })

  it('allow a cold rename ten round trips and a fifth of a second', () => {
    const at = (seconds: number): Results => results([cell(2000, 80, [row('rename', seconds)])])
    expect(verdict(at(0.99), 'cold, 80 ms')).toBe(true)
    expect(verdict(at(1.01), 'cold, 80 ms')).toBe(false)
  })

  it('want a rename to take the same time for twenty times the files', () => {
    const at = (seconds: number): Results =>
      results([cell(2000, 80, [row('rename', 1)]), cell(40_000, 80, [row('rename', seconds)])])
    expect(verdict(at(1.19), '40,000 against')).toBe(true)
    expect(verdict(at(1.21), '40,000 against')).toBe(false)
  })

  it('hold nearby sweeps against the fastest peer, and not against the shell of the server', () => {
    const near = cell(10_000, 0, [row('ours', 1), row('basic-ftp', 7), row('rclone', 2), row('rm', 0.2)])
    expect(verdict(results([near]), 'faster than every peer')).toBe(true)
    expect(verdict(results([near]), "the server's own")).toBe(true)
  })

  it('allow a large tree 60 MB more', () => {
    const at = (megabytes: number): Results => {
      const large = { files: 200_000, maxRssBytes: (100 + megabytes) * 2 ** 20 }
      return results([], { memory: [{ server: 'vsftpd', small: { files: 2000, maxRssBytes: 100 * 2 ** 20 }, large }] })
    }
    expect(verdict(at(60), 'memory')).toBe(true)
    expect(verdict(at(61), 'memory')).toBe(false)
  })

  it.each(['left', 'touched', 'wrong'] as const)('allow no file to be %s', fault => {
    const found = { server: 'vsftpd', sweeps: 50, files: 2000, left: 0, touched: 0, wrong: 0, commands: 9, replies: 9 }
    expect(verdict(results([], { correctness: [found] }), '50 sweeps')).toBe(true)
    expect(verdict(results([], { correctness: [{ ...found, [fault]: 1 }] }), '50 sweeps')).toBe(false)
  })

  it('want a reply to each command', () => {
    const found = { server: 'vsftpd', sweeps: 50, files: 2000, left: 0, touched: 0, wrong: 0, commands: 9, replies: 8 }
    expect(verdict(results([], { correctness: [found] }), '50 sweeps')).toBe(false)
  })
})

describe('the page', () => {
  const page = renderPage(results([cell(2000, 80, [...GOOD, row('rm', null, { note: 'gave up' })])]))

  it('marks what was extrapolated, and only that', () => {
    expect(page).toContain('| basic-ftp `removeDir` | 381 s e | 191 × | 1 |')
    expect(page).toContain('| 80.0 s | 40 × | 1 |')
  })

  it('says why somebody has no time', () => {
    expect(page).toContain("| the server's own `rm -rf` | gave up |")
  })

  it('prints the floor with its terms, and the round trip that was measured', () => {
    expect(page).toContain('measured 80.5 ms')
    expect(page).toMatch(/Floor: \*\*1\.\d\d s\*\* = login: .* 5 × 80 ms \+ data connection/)
  })

  it('has the time of a rename over a connection that stands', () => {
    expect(page).toContain('over a connection that stands | 81 ms |')
  })

  it('has a plot only where there is something to be drawn', () => {
    expect(page).toContain('](performance.svg)')
    expect(renderPage(results([]))).not.toContain('performance.svg')
    expect(renderPlot(results([]))).toBeUndefined()
  })

  it('draws the bars from the fastest to the slowest, the floor among them', () => {
    const drawn = renderPlot(results([cell(2000, 80, GOOD)])) ?? ''
    const places = ['out of the way', 'computed floor', 'as shipped', 'rclone', 'lftp rm'].map(text =>
      drawn.indexOf(text)
    )
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places).not.toContain(-1)
  })
})

describe('the plot', () => {
  it('lets no label act', () => {
    expect(plot('a < b', [{ label: '<script>', seconds: 1, value: '&', ours: true }])).not.toMatch(/<script|a < b|>&</)
  })

  it('draws a bar of ten times the time one decade longer', () => {
    const widths = [1, 10, 100].map(seconds => ({ label: '', seconds, value: '', ours: false }))
    const drawn = [...plot('', widths).matchAll(/<rect .*? width="([\d.]+)"/g)].map(match => Number(match[1]))
    expect(drawn).toEqual([0, 210, 420])
  })
})

describe('docs/performance', () => {
  const read = (ending: string): Promise<string> =>
    readFile(join(import.meta.dirname, '../../../docs', `performance.${ending}`), 'utf8')

  it('is what its results render to', async () => {
    const results = JSON.parse(await read('json')) as Results
    expect(await read('md')).toBe(await format(renderPage(results), { printWidth: 120, parser: 'markdown' }))
    expect(await read('svg')).toBe(renderPlot(results))
  })
})

describe('the command line', () => {
  it('measures everything where nothing is selected', () => {
    const { parts, runs, boundSeconds, selection } = readOptions([])
    expect(parts).toEqual(['sweeps', 'memory', 'correctness'])
    expect([runs, boundSeconds]).toEqual([3, 60])
    expect(plan(selection, false).length).toBeGreaterThan(8)
  })

  it('measures what a decision costs only where that is named, on the lines that are selected', () => {
    expect(readOptions(['--part', 'decision']).parts).toEqual(['decision'])
    const { parts, selection } = readOptions(['--part', 'decision', '--rtt', '20'])
    expect([parts, selection.rttMs]).toEqual([['decision'], [20]])
  })

  it('measures every combination of what is selected', () => {
    const { selection, parts } = readOptions([
      '--files',
      '2000,10000',
      '--rtt',
      '0,80',
      '--tls',
      'on,off',
      '--peer',
      'ours,rm'
    ])
    expect(parts).toEqual(['sweeps'])
    const cells = plan(selection, false)
    expect(cells).toHaveLength(8)
    expect(cells[0]).toEqual({ server: 'vsftpd', tls: true, files: 2000, rttMs: 0, contenders: ['ours', 'rm'] })
  })

  it('is quick with one cell and a short bound', () => {
    const { boundSeconds, selection, parts } = readOptions(['--quick'])
    expect([boundSeconds, parts]).toEqual([20, ['sweeps']])
    expect(plan(selection, true)).toHaveLength(1)
  })

  it.each([
    [['--files', '12'], '--files 12: a whole number from 2000 on'],
    [['--rtt', 'far'], '--rtt far: a whole number from 0 on'],
    [['--server', 'iis'], '--server iis: choose from vsftpd'],
    [['--peer', 'ncftp'], '--peer ncftp: choose from ours'],
    [['--tls', 'maybe'], '--tls maybe: choose from on, off'],
    [['--part', 'all'], '--part all: choose from sweeps']
  ])('refuses %j and names the choices', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })

  it('names every contender and every server in its help', () => {
    for (const name of [...CONTENDERS.map(contender => contender.name), ...Object.keys(SERVERS)])
      expect(help()).toContain(name)
  })

  it('plans nothing but contenders and servers that there are', () => {
    for (const { server, contenders } of plan({}, false)) {
      expect(Object.keys(SERVERS)).toContain(server)
      expect(CONTENDERS.map(({ name }) => name)).toEqual(expect.arrayContaining([...contenders]))
    }
  })
})
