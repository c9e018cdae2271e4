// Fetches what distributions say of themselves: a few files, several at a time, and never more than is good for a run.
import {
  SiteError,
  child,
  entryNamed,
  isFileName,
  type ReadableSite,
  type RemoteEntry,
  type RemotePath
} from '../site.ts'
import type { ReadMetadata } from './closure.ts'
import type { Distribution } from './distributions.ts'
import { parseMetadata, parseRequiresTxt, type Metadata } from './metadata.ts'

/** How much may be read in a run. */
export interface ReadingLimits {
  /** For one file. */
  readonly maxBytes: number
  /** Distributions in all. */
  readonly maxFiles: number
  /** From the first question on. */
  readonly maxMs: number
}

/**
 * METADATA holds the long description too, of which PyPI takes some hundred kB, and breaking off a transfer costs a login:
 * so it is read to its end, and only what no tool writes is left.
 */
export const READING_LIMITS: ReadingLimits = { maxBytes: 2_097_152, maxFiles: 400, maxMs: 60_000 }

/** Transfers at a time; the site may have fewer connections than that. */
const MOST_LANES = 8

/** A further connection takes as long as some transfers do. */
const FILES_PER_LANE = 4

/**
 * Makes what reads the metadata of distributions in a `site-packages`; the limits hold for all of its answers together.
 *
 * What could not be read, for whatever reason, is in the answer as a gap. Throws `SiteError` where the site is not to be
 * reached any more.
 */
export function metadataReader(
  site: ReadableSite,
  sitePackages: RemotePath,
  limits: ReadingLimits = READING_LIMITS
): ReadMetadata {
  let left = limits.maxFiles
  let endsAt: number | undefined
  return async distributions => {
    endsAt ??= performance.now() + limits.maxMs
    const tooMany = distributions.length > left
    // Any gap leaves the answer open, so a part of them would be read for nothing.
    if (tooMany) return byName(distributions, () => gap(`more than ${limits.maxFiles} files would have to be read`))
    left -= distributions.length
    const read = new Map<Distribution, Metadata>()
    const remainingMs = endsAt - performance.now()
    const isDone = await beforeTimeIsUp(remainingMs, isUp =>
      readAll(site, sitePackages, distributions, limits, read, isUp)
    )
    // Timers are not as exact as the clock.
    if (!isDone) endsAt = -Infinity
    const late = gap(`reading took more than ${limits.maxMs / 1000} s`)
    return byName(distributions, distribution => read.get(distribution) ?? late)
  }
}

/** Fills `read` until `isUp` says that nobody waits for the rest. */
async function readAll(
  site: ReadableSite,
  sitePackages: RemotePath,
  distributions: readonly Distribution[],
  { maxBytes }: ReadingLimits,
  read: Map<Distribution, Metadata>,
  isUp: () => boolean
): Promise<void> {
  const queue = distributions.values()
  const lane = async (): Promise<void> => {
    // All lanes take from the same iterator.
    for (const distribution of queue) {
      if (isUp()) return
      read.set(distribution, await readOne(site, sitePackages, distribution.entry, maxBytes))
    }
  }
  const lanes = Math.min(MOST_LANES, Math.ceil(distributions.length / FILES_PER_LANE))
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** Waits for work, but not longer than that; gives whether it was done by then. */
async function beforeTimeIsUp(ms: number, work: (isUp: () => boolean) => Promise<void>): Promise<boolean> {
  let up = ms <= 0
  if (up) return false
  const time = Promise.withResolvers<false>()
  const timer = setTimeout(() => {
    up = true
    time.resolve(false)
  }, ms)
  try {
    const done = work(() => up).then(() => true)
    return await Promise.race([done, time.promise])
  } finally {
    clearTimeout(timer)
    up = true
  }
}

async function readOne(
  site: ReadableSite,
  sitePackages: RemotePath,
  entry: string,
  maxBytes: number
): Promise<Metadata> {
  if (!isFileName(entry)) return gap('a name in site-packages is none that can be asked for')
  const at = child(sitePackages, entry)
  if (entry.endsWith('.egg')) {
    const found = await readEgg(site, child(at, 'EGG-INFO'), `${entry}/EGG-INFO`, maxBytes)
    return found ?? gap(`${entry} is a zip, or could not be read`)
  }
  if (entry.endsWith('.egg-info')) {
    // setuptools makes a folder. Else it is the single file of distutils, which holds what PKG-INFO would.
    const found = await readEgg(site, at, entry, maxBytes)
    return found ?? parsed(await textOf(site, at, maxBytes), entry)
  }
  return parsed(await textOf(site, child(at, 'METADATA'), maxBytes), `${entry}/METADATA`)
}

/** What lies in an egg's folder of metadata; `undefined`: there is no such folder, as far as the server lets it be seen. */
async function readEgg(
  site: ReadableSite,
  folder: RemotePath,
  source: string,
  maxBytes: number
): Promise<Metadata | undefined> {
  const requires = await textOf(site, child(folder, 'requires.txt'), maxBytes)
  if (requires.text !== undefined) return parseRequiresTxt(requires.text, `${source}/requires.txt`)
  const inside = requires.isRefused ? await listOrRefused(site, folder) : undefined
  // Some servers list what is not there as an empty folder, and a file as itself.
  if (requires.isRefused && (!inside || !entryNamed(inside, 'PKG-INFO'))) return undefined
  // setuptools leaves the file out where it would be empty.
  const isProven = inside && !entryNamed(inside, 'requires.txt')
  return isProven ? { requires: [], gaps: [] } : gap(`${source}/requires.txt could not be read: ${requires.reason}`)
}

type Fetched =
  { readonly text: string } | { readonly text: undefined; readonly reason: string; readonly isRefused: boolean }

function parsed(fetched: Fetched, source: string): Metadata {
  if (fetched.text === undefined) return gap(`${source} could not be read: ${fetched.reason}`)
  return parseMetadata(fetched.text, source)
}

async function textOf(site: ReadableSite, file: RemotePath, maxBytes: number): Promise<Fetched> {
  try {
    return { text: await site.readText(file, maxBytes) }
  } catch (error) {
    if (!(error instanceof SiteError)) throw error
    // One file that breaks each transfer is no reason to give the run up; without a way to the server there is none.
    if (!['refused', 'unexpected', 'lost'].includes(error.kind)) throw error
    return { text: undefined, reason: error.message, isRefused: error.kind === 'refused' }
  }
}

async function listOrRefused(site: ReadableSite, folder: RemotePath): Promise<readonly RemoteEntry[] | undefined> {
  try {
    return await site.list(folder)
  } catch (error) {
    if (error instanceof SiteError && ['refused', 'lost'].includes(error.kind)) return undefined
    throw error
  }
}

/** By name; where one is installed in two versions, what either needs counts. */
function byName(
  distributions: readonly Distribution[],
  metadataOf: (distribution: Distribution) => Metadata
): ReadonlyMap<string, Metadata> {
  const found = new Map<string, Metadata>()
  for (const distribution of distributions) {
    const { requires, gaps } = metadataOf(distribution)
    const known = found.get(distribution.name)
    found.set(distribution.name, {
      requires: [...(known?.requires ?? []), ...requires],
      gaps: [...(known?.gaps ?? []), ...gaps]
    })
  }
  return found
}

function gap(sentence: string): Metadata {
  return { requires: [], gaps: [sentence] }
}
