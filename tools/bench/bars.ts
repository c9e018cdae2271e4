// What has to be reached, and whether it was. Pure.
import { secondsOf, type Cell, type Results } from './results.ts'
import { duration, ratio } from './statistics.ts'

/** One demand and what was measured. */
export interface Bar {
  readonly demand: string
  /** `undefined`: what it needs was not measured. */
  readonly measured: string | undefined
  readonly reached: boolean | undefined
}

const MEBIBYTE = 1024 * 1024
const MOST_MEMORY = 60 * MEBIBYTE

/** The peers that a user could take instead: all but the server's own shell. */
const PEERS = ['basic-ftp', 'ftp-deploy', 'lftp', 'lftp-queue', 'rclone']

/** Holds the results against everything that has to be reached, all of it over TLS on vsftpd. */
export function bars(results: Results): readonly Bar[] {
  const cell = (files: number, rttMs: number): Cell | undefined =>
    results.cells.find(one => one.server === 'vsftpd' && one.tls && one.files === files && one.rttMs === rttMs)
  const [small, middle, large, near] = [cell(2000, 80), cell(10_000, 80), cell(40_000, 80), cell(10_000, 0)]
  const slower = (demand: string, contender: string, ours: string, least: number): Bar =>
    atLeast(demand, divide(secondsOf(small, contender), secondsOf(small, ours)), least)
  const fastestLftp = least([secondsOf(small, 'lftp'), secondsOf(small, 'lftp-queue')])
  return [
    atMost(
      'out of the way, 40,000 against 2,000 files: at most 1.2 times as long',
      divide(secondsOf(large, 'rename'), secondsOf(small, 'rename')),
      1.2
    ),
    coldRename(small),
    slower('2,000 files, 80 ms: at least 25 times faster than rclone purge', 'rclone', 'ours', 25),
    slower('2,000 files, 80 ms: at least 100 times faster than basic-ftp', 'basic-ftp', 'ours', 100),
    atMost(
      '10,000 files, 80 ms: at most 2 times the floor',
      divide(secondsOf(middle, 'ours'), middle?.floor.seconds),
      2
    ),
    atLeast(
      '2,000 files, 80 ms, pipelining `off`: at least 4 times faster than the best lftp',
      divide(fastestLftp, secondsOf(small, 'ours-off')),
      4
    ),
    slower(
      '2,000 files, 80 ms, pipelining `off`: 8 connections at least 6 times faster than one',
      'ours-one',
      'ours-off',
      6
    ),
    ahead('10,000 files, 0 ms: faster than every peer', near),
    atMost(
      "10,000 files, 0 ms: at most 6 times the server's own `rm -rf`",
      divide(secondsOf(near, 'ours'), secondsOf(near, 'rm')),
      6
    ),
    ...memoryBars(results),
    ...correctnessBars(results)
  ]
}

function coldRename(cell: Cell | undefined): Bar {
  const demand = 'out of the way, cold, 80 ms: at most 10 round trips and 0.2 s'
  const seconds = secondsOf(cell, 'rename')
  if (cell === undefined || seconds === undefined) return unknown(demand)
  const most = (10 * cell.rttMs) / 1000 + 0.2
  return { demand, measured: `${duration(seconds)} of ${duration(most)}`, reached: seconds <= most }
}

function ahead(demand: string, cell: Cell | undefined): Bar {
  const ours = secondsOf(cell, 'ours')
  const peers = least(PEERS.map(peer => secondsOf(cell, peer)))
  if (ours === undefined || peers === undefined) return unknown(demand)
  return { demand, measured: `${duration(ours)} against ${duration(peers)}`, reached: ours < peers }
}

function memoryBars({ memory }: Results): readonly Bar[] {
  return memory.map(({ server, small, large }) => {
    const more = large.maxRssBytes - small.maxRssBytes
    const [few, many] = [small.files, large.files].map(files => files.toLocaleString('en'))
    return {
      demand: `memory, ${server}: ${many ?? ''} files take at most 60 MB more than ${few ?? ''}`,
      measured: `${(more / MEBIBYTE).toFixed(0)} MB more`,
      reached: more <= MOST_MEMORY
    }
  })
}

function correctnessBars({ correctness }: Results): readonly Bar[] {
  return correctness.map(({ server, sweeps, files, left, touched, wrong, commands, replies }) => ({
    demand: `${server}: ${sweeps} sweeps of ${files.toLocaleString('en')} files leave nothing, touch nothing else, and have a reply to each command`,
    measured: `${left} left, ${touched} touched, ${wrong} wrong; ${commands.toLocaleString('en')} commands, ${replies.toLocaleString('en')} replies`,
    reached: left === 0 && touched === 0 && wrong === 0 && commands === replies
  }))
}

function atLeast(demand: string, value: number | undefined, bound: number): Bar {
  return value === undefined ? unknown(demand) : { demand, measured: `${ratio(value)} ×`, reached: value >= bound }
}

function atMost(demand: string, value: number | undefined, bound: number): Bar {
  return value === undefined ? unknown(demand) : { demand, measured: `${value.toFixed(2)} ×`, reached: value <= bound }
}

function unknown(demand: string): Bar {
  return { demand, measured: undefined, reached: undefined }
}

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter(value => value !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
