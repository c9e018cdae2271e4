// Removes a tree over a crew of connections: pass by pass, until it is gone or nothing more goes.
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { SiteError, entryNamed, nameOf, parentOf, type MutablePath, type Sweep, type SweepOptions } from '../site.ts'
import { noteRung, type Account } from './account.ts'
import { makeCrew, type Crew } from './crew.ts'
import { makeFeeding, type Feeding } from './feeding.ts'
import type { ListingsLearned } from './learned.ts'
import type { Pool } from './pool.ts'
import type { Pass } from './pass.ts'
import { beginWith } from './removal.ts'
import { openTally, uncount, type Tally } from './tally.ts'

/** What a sweep works with. */
export interface SweepMeans {
  readonly pool: Pool
  readonly account: Account
  readonly listings: ListingsLearned
  /** Connections, at most. */
  readonly connections: number
  /** Whether more than one command may be under way on a connection. */
  readonly pipelining: boolean
  readonly signal: AbortSignal
  /** Pauses before what was refused is tried again: a lock of a stopped app lasts 5 to 10 s (azure-maven-plugins#191). */
  readonly pausesMs: readonly number[]
  /** Pauses before a connection is made in the place of a lost one, while nothing is achieved. */
  readonly reconnectPausesMs: readonly number[]
}

/** How patient a sweep is, unless told otherwise. */
export const PATIENCE: Pick<SweepMeans, 'pausesMs' | 'reconnectPausesMs'> = {
  pausesMs: [1000, 2000, 4000],
  reconnectPausesMs: [0, 500, 1000, 2000]
}

/** A listing that is cut needs several; somebody who keeps writing there needs no end. */
const MAX_PASSES = 50
/** Passes in a row in which nothing went, and nobody knows why. */
const MAX_FRUITLESS = 3
/** More than this are no files in use: the server lets nothing be deleted there, and that does not change by waiting. */
const MOST_IN_USE = 100
/** Looks for the tree, each over another connection, before it is taken to be still there. */
const LOOKS = 3
const PROGRESS_EVERY_MS = 1000

/** Removes a directory and everything in it, or a file; see `RemoteSite.sweep`. */
export async function sweepTree(means: SweepMeans, directory: MutablePath, options: SweepOptions = {}): Promise<Sweep> {
  keepHeapSmall()
  const tally = openTally()
  const crew = makeCrew({
    onDoubtful: (line, code) => {
      uncount(tally, line, code)
    },
    pool: means.pool,
    account: means.account,
    most: means.connections,
    pipelining: means.pipelining && !options.oneAtATime,
    reconnectPausesMs: means.reconnectPausesMs,
    signal: means.signal
  })
  const { until } = options
  const stop = (): void => {
    crew.stop()
  }
  until?.addEventListener('abort', stop, { once: true })
  if (until?.aborted) stop()
  const endProgress = reportProgress(tally, options.onProgress)
  try {
    return await sweepIn(means, crew, directory, tally, options)
  } finally {
    endProgress()
    until?.removeEventListener('abort', stop)
    await crew.close()
  }
}

/**
 * Millions of short strings pass through a sweep, of which a few thousand are alive at a time. V8 lets what is dead lie
 * until the heap has grown by a multiple, which is 130 MB for 200,000 files; both settings are looked up at each
 * collection, and only make it come earlier.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=10')
}

async function sweepIn(
  means: SweepMeans,
  crew: Crew,
  directory: MutablePath,
  tally: Tally,
  { until, newPlace }: SweepOptions
): Promise<Sweep> {
  let refused: Sweep['refused'] = []
  let recursive = true
  let pauses = 0
  let moving = false
  let fruitless = 0
  let unfinished = false
  let gone = false
  for (let number = 1; number <= MAX_PASSES; number++) {
    const before = tally.files + tally.directories + tally.movedAside.length
    const end = await pass(means, crew, directory, tally, {
      isFirst: number === 1,
      recursive,
      newPlace: moving ? newPlace : undefined
    })
    refused = end.refused
    await crew.confirm()
    // A reply that was not to be trusted may have said so of what is still there, and one that was lost of what is not.
    const isDoubtful = end.isGone ? crew.doubted : end.unsure > 0
    gone = isDoubtful ? await isGone(crew, directory) : end.isGone
    if (gone) break
    if (end.isGone) crew.renew()
    if (until?.aborted) {
      unfinished = true
      break
    }
    if (crew.failure) throw crew.failure
    // What was cut short by a lost connection is done as the first pass did it; else what is left is looked at closely.
    recursive = end.isGone || (end.unsure > 0 && refused.length === 0)
    const progressed = tally.files + tally.directories + tally.movedAside.length > before
    fruitless = progressed ? 0 : fruitless + 1
    if (progressed) continue
    if (end.isGone || end.unsure > 0) {
      if (fruitless < MAX_FRUITLESS) continue
      throw unreliable()
    }
    // The first pass may have been told of names that only a closer look makes out.
    if (number === 1) continue
    if (!end.mayFareBetter || refused.length > MOST_IN_USE) break
    const pauseMs = means.pausesMs[pauses++]
    if (pauseMs !== undefined) {
      noteRung(means.account, 'the server refused to delete something, so it was tried again later')
      await pause(pauseMs, undefined, { signal: AbortSignal.any([means.signal, ...(until ? [until] : [])]) }).catch(
        () => undefined
      )
    } else if (newPlace && !moving) moving = true
    else break
  }
  // Whoever has no refusal to show for what is still there must not call it gone.
  if (!gone && !unfinished && refused.length === 0) throw unreliable()
  // Another run may have deleted it, or a lost reply said so.
  gone ||= refused.some(({ path }) => path === directory) && (await isGone(crew, directory))
  return { ...countOf(tally, unfinished), refused: gone ? [] : refused, movedAside: tally.movedAside, unfinished }
}

function unreliable(): SiteError {
  return new SiteError('lost', 'What the server answers is not what it does, whatever connection is made')
}

/** What went without a reply, and was not seen any more since, is gone. */
function countOf(
  { files, directories, uncertain }: Tally,
  isUnfinished: boolean
): { readonly files: number; readonly directories: number } {
  // No listing came after them where the time was up.
  const kinds = isUnfinished ? [] : [...uncertain.values()]
  return {
    files: files + kinds.filter(kind => kind === 'file').length,
    directories: directories + kinds.filter(kind => kind === 'directory').length
  }
}

interface PassEnd {
  readonly isGone: boolean
  readonly unsure: number
  readonly mayFareBetter: boolean
  readonly refused: Sweep['refused']
}

function pass(
  means: SweepMeans,
  crew: Crew,
  directory: MutablePath,
  tally: Tally,
  how: Pick<Pass, 'isFirst' | 'newPlace'> & { readonly recursive: boolean }
): Promise<PassEnd> {
  return new Promise(resolve => {
    const running: Pass = {
      crew,
      tally,
      isFirst: how.isFirst,
      newPlace: how.newPlace,
      refused: [],
      folders: new Map(),
      unsure: 0,
      mayFareBetter: false,
      onOpen: folder => {
        feeding.open(folder)
      },
      onProgress: () => {
        feeding.pump()
      },
      onEnd: isGone => {
        const { unsure, mayFareBetter, refused } = running
        resolve({ isGone, unsure, mayFareBetter, refused })
      }
    }
    const feeding: Feeding = makeFeeding(
      crew,
      means.account,
      means.listings,
      { recursive: how.recursive, fully: !how.isFirst && !how.recursive },
      () => running
    )
    beginWith(running, directory)
  })
}

async function isRefused(crew: Crew, command: string): Promise<boolean> {
  const [reply] = await crew.alone(connection => connection.control.flight([command]))
  return reply !== undefined && reply.code >= 550 && reply.code <= 559
}

async function isGone(crew: Crew, directory: MutablePath): Promise<boolean> {
  for (let attempt = 1; attempt <= LOOKS; attempt++) {
    try {
      const around = await crew.alone(connection => connection.list(parentOf(directory)))
      // A server that shows nothing shows no absence either: what is not there cannot be renamed (RFC 959 section 4.2).
      if (around.length === 0) return await isRefused(crew, `RNFR ${directory}`)
      return entryNamed(around, nameOf(directory)) === undefined
    } catch (error) {
      if (!(error instanceof SiteError)) throw error
      if (error.kind !== 'lost') return false
    }
  }
  return false
}

/** Returns what ends it. */
function reportProgress(tally: Tally, onProgress: SweepOptions['onProgress']): () => void {
  const began = performance.now()
  const timer = setInterval(() => {
    const elapsedMs = Math.round(performance.now() - began)
    onProgress?.({ files: tally.files, listed: tally.listed, listingDone: tally.isListed, elapsedMs })
  }, PROGRESS_EVERY_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}
