import { describe, expect, it } from 'vitest'
import { OWN_FOLDER, child, mutable, type Sweep, type SweepProgress } from '../../src/site.ts'
import {
  accountLines,
  lateWarnings,
  movedAsideLines,
  progressLine,
  progressTeller,
  refusedWarnings,
  sweptLines
} from '../../src/sweep-report.ts'
import { NO_ACCOUNT } from './fake-site.ts'
import { EVIL } from './outcomes.ts'

const START: SweepProgress = { files: 0, listed: 0, listingDone: false, elapsedMs: 0 }
const at = (elapsedMs: number, files: number, changes: Partial<SweepProgress> = {}): SweepProgress => ({
  files,
  listed: 9998,
  listingDone: true,
  elapsedMs,
  ...changes
})
const COPY = child(OWN_FOLDER, 'trash-1')
const SWEPT: Sweep = { files: 12, directories: 3, refused: [], movedAside: [], unfinished: false }

describe('the progress of a sweep', () => {
  it.each<[string, SweepProgress, SweepProgress, string]>([
    ['in full', at(5000, 3120), START, 'Sweeping: 3,120 of 9,998 files, 624 files/s, 12 s left'],
    [
      'while the listing is not done',
      at(5000, 3120, { listingDone: false }),
      START,
      'Sweeping: 3,120 of at least 9,998 files, 624 files/s'
    ],
    [
      'before the first file is gone',
      at(5000, 0, { listingDone: false, listed: 0 }),
      START,
      'Sweeping: 0 of at least 0 files, 0 files/s'
    ],
    ['while nothing moves', at(10_000, 3120), at(5000, 3120), 'Sweeping: 3,120 of 9,998 files, 0 files/s'],
    ['slowly', at(10_000, 10), at(0, 0), 'Sweeping: 10 of 9,998 files, 1.0 files/s, 167 min left'],
    ['with seconds left', at(10_000, 9997), at(0, 0), 'Sweeping: 9,997 of 9,998 files, 1,000 files/s, 1 s left'],
    ['with minutes left', at(10_000, 800), at(0, 0), 'Sweeping: 800 of 9,998 files, 80 files/s, 115 s left'],
    [
      'while only what is in use is waited for',
      at(10_000, 9998),
      at(0, 0),
      'Sweeping: 9,998 of 9,998 files, 1,000 files/s'
    ],
    [
      'after a listing that has less',
      at(10_000, 500, { listed: 20 }),
      at(0, 0),
      'Sweeping: 500 of 500 files, 50 files/s'
    ],
    ['told twice in one moment', at(5000, 100), at(5000, 50), 'Sweeping: 100 of 9,998 files, 50,000 files/s, 1 s left']
  ])('is one line: %s', (_, now, earlier, line) => {
    expect(progressLine(now, earlier)).toBe(line)
  })

  it('is told once in five seconds, however often it is heard of', () => {
    const lines: string[] = []
    const tell = progressTeller(line => void lines.push(line))
    for (let elapsedMs = 100; elapsedMs <= 16_000; elapsedMs += 100) tell(at(elapsedMs, elapsedMs / 10))
    expect(lines.map(line => /^Sweeping: ([\d,]+) of/.exec(line)?.[1])).toEqual(['490', '980', '1,470'])
  })

  it('is told each time by a timer of five seconds that fires a little early', () => {
    const lines: string[] = []
    const tell = progressTeller(line => void lines.push(line))
    for (const elapsedMs of [4999, 9999, 14_998]) tell(at(elapsedMs, 10))
    expect(lines).toHaveLength(3)
  })

  it('is not told of a sweep that is over within five seconds', () => {
    const tell = progressTeller(() => {
      throw new Error('told')
    })
    for (const elapsedMs of [0, 1000, 4800]) tell(at(elapsedMs, 10))
    expect(() => {
      tell(at(5000, 10))
    }).toThrow('told')
  })

  it('has the speed of the last lines, not that from the start', () => {
    const lines: string[] = []
    const tell = progressTeller(line => void lines.push(line))
    for (const [elapsedMs, files] of [
      [5000, 5000],
      [10_000, 5050],
      [15_000, 5100],
      [20_000, 5150]
    ] as const) {
      tell(at(elapsedMs, files))
    }
    expect(lines.map(line => /([\d,.]+) files\/s/.exec(line)?.[1])).toEqual(['1,000', '505', '340', '10'])
  })
})

describe('the account', () => {
  it('is two lines where all went as planned', () => {
    const account = { ...NO_ACCOUNT, connections: 4, commands: 12_345, bytesSent: 1_234_567, bytesReceived: 43_210 }
    expect(accountLines(account)).toEqual(['Connections: 4', 'Commands: 12,345 (1.2 MB sent, 43.2 kB received)'])
  })

  it('tells of lost connections, of the window, and of each rung with its number', () => {
    const account = {
      ...NO_ACCOUNT,
      connections: 5,
      reconnects: 1,
      commands: 900,
      bytesSent: 999,
      window: 128,
      rungs: [
        { rung: 'a marker was missing, so 8 commands at once', times: 3 },
        { rung: 'no further connection', times: 1 }
      ]
    }
    expect(accountLines(account)).toEqual([
      'Connections: 5, 1 of them in the place of a lost one',
      'Commands: 900, up to 128 of them under way on one connection (999 bytes sent, 0 bytes received)',
      'More careful than planned (3 times): a marker was missing, so 8 commands at once',
      'More careful than planned: no further connection'
    ])
  })

  it('does not speak of a window where each command waited for its reply', () => {
    expect(accountLines({ ...NO_ACCOUNT, window: 1 }).join()).not.toContain('under way')
  })

  it('holds nothing from the server that acts', () => {
    expect(accountLines({ ...NO_ACCOUNT, rungs: [{ rung: EVIL, times: 1 }] }).join('\n')).not.toMatch(
      /^::|##\[|\u202e/m
    )
  })
})

describe('what a sweep left', () => {
  const refused = [{ path: `${COPY}/lib/a.pyd`, reply: '550 in use' }]

  it('is one line where nothing is left', () => {
    expect(sweptLines(COPY, SWEPT)).toEqual([`Swept: ${COPY} (12 files)`])
    expect(refusedWarnings(COPY, SWEPT)).toEqual([])
  })

  it('is a warning with the names and the first reply where something is refused', () => {
    expect(sweptLines(COPY, { ...SWEPT, refused })).toEqual([`Swept: ${COPY} (12 files, 1 could not be deleted)`])
    expect(refusedWarnings(COPY, { ...SWEPT, refused })).toEqual([
      `1 files and folders could not be deleted and stay in ${COPY} for the next run (a.pyd): 550 in use`
    ])
  })

  it('names ten of many', () => {
    const many = Array.from({ length: 12 }, (_, number) => ({ path: `${COPY}/${number}.pyd`, reply: '550' }))
    expect(refusedWarnings(COPY, { ...SWEPT, refused: many }).join()).toMatch(
      /^12 .*\(0\.pyd, .*9\.pyd and 2 more\): 550$/
    )
  })

  it('is no refusal yet where the time was up', () => {
    expect(sweptLines(COPY, { ...SWEPT, unfinished: true })).toEqual([`Swept: ${COPY} (12 files, and the time was up)`])
    expect(refusedWarnings(COPY, { ...SWEPT, refused, unfinished: true })).toEqual([])
  })

  it('is told, and no warning, where files in use were moved aside', () => {
    const movedAside = ['trash-2', 'trash-3'].map(name => mutable(child(OWN_FOLDER, name)))
    expect(movedAsideLines(movedAside.slice(1))).toEqual([
      '1 file is in use and lies in /site/.azure-python-env now, where a later run deletes it: trash-3'
    ])
    expect(sweptLines(COPY, { ...SWEPT, movedAside })).toEqual([
      `Swept: ${COPY} (12 files)`,
      '2 files are in use and lie in /site/.azure-python-env now, where a later run deletes them: trash-2, trash-3'
    ])
    expect(refusedWarnings(COPY, { ...SWEPT, movedAside })).toEqual([])
  })

  it('is named with the remedy where there was no time for it', () => {
    expect(lateWarnings(5, [], 'the next run')).toEqual([])
    expect(lateWarnings(1234, [COPY], 'the next run')).toEqual([
      '1,234 files were deleted until the time was up, and the rest of trash-1 stays in /site/.azure-python-env: the next ' +
        'run goes on. Raise "deadline" if that happens often'
    ])
  })
})
