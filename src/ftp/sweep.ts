// Removes a tree over a pool of connections: children before their folder, links never entered.
import {
  OWN_FOLDER,
  PROBE_NAME,
  SiteError,
  child,
  mutable,
  parentOf,
  type MutablePath,
  type RemoteEntry,
  type RemotePath,
  type Sweep
} from '../site.ts'
import type { Pool } from './pool.ts'

/** Files that one connection deletes before another task may have it. */
const BATCH = 32

interface Tally {
  files: number
  directories: number
  readonly refused: { path: string; reply: string }[]
  /** A connection was lost: nothing more is sent, so that nothing goes on behind the error's back. */
  stopped: boolean
}

/** More passes over one folder than a listing that is cut needs; somebody keeps writing there. */
const MAX_PASSES = 50

/**
 * Removes a directory and everything in it.
 *
 * Goes on where the server refuses to delete something, and reports it. Throws `SiteError` when the connections are lost.
 */
export async function sweepTree(pool: Pool, directory: MutablePath): Promise<Sweep> {
  const tally: Tally = { files: 0, directories: 0, refused: [], stopped: false }
  const inOwnFolder = parentOf(directory) === OWN_FOLDER
  await removeDirectory(pool, directory, tally, inOwnFolder || (await letsRemove(pool, parentOf(directory), tally)))
  return {
    files: tally.files,
    directories: tally.directories,
    refused: tally.refused,
    movedAside: [],
    unfinished: false
  }
}

/** `parentLetsRemove`: it is known that things can be removed from the folder that this one lies in. */
async function removeDirectory(
  pool: Pool,
  directory: RemotePath,
  tally: Tally,
  parentLetsRemove: boolean
): Promise<void> {
  // A listing may show a link as a folder, and entering it would delete what it points to. DELE removes a link and
  // refuses a folder; where DELE refuses links too (Windows), RMD removes the link and refuses a folder that is not
  // empty. Only what both refuse is entered, and only where they do not refuse because of the folder above.
  if ((await attempt(pool, tally, 'DELE', directory)) === undefined) {
    tally.files++
    return
  }
  let refusal = await attempt(pool, tally, 'RMD', directory)
  if (refusal === undefined) {
    tally.directories++
    return
  }
  if (parentLetsRemove) refusal = await emptyAndRemove(pool, directory, tally)
  if (refusal !== undefined) tally.refused.push({ path: directory, reply: refusal })
}

/** Removes what is in a folder, and the folder. Returns why it is still there; `undefined`: it is gone, or that is on record. */
async function emptyAndRemove(pool: Pool, directory: RemotePath, tally: Tally): Promise<string | undefined> {
  const seen = new Set<string>()
  let refusal: string | undefined
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    // Where all is gone that was listed and the folder is still not empty, the listing was not complete.
    const entries = await listOrReport(pool, directory, tally, pass > 1)
    if (!entries) return undefined
    const fresh = entries.filter(({ name }) => !seen.has(name))
    if (pass > 1 && fresh.length === 0) return refusal
    for (const { name } of fresh) seen.add(name)
    // `lib64` links to `lib` in every environment made on Linux: once its target is gone even a server that refuses to
    // delete links lists it as empty.
    const [later, now] = partition(fresh, entry => entry.kind === 'directory' && entry.name === 'lib64')
    await removeEntries(pool, directory, now, tally)
    await removeEntries(pool, directory, later, tally)
    refusal = await attempt(pool, tally, 'RMD', directory)
    if (refusal === undefined) {
      tally.directories++
      return undefined
    }
  }
  return refusal
}

/** Whether the server lets anything be removed from a folder: then what it refuses to remove there is no link. */
async function letsRemove(pool: Pool, directory: RemotePath, tally: Tally): Promise<boolean> {
  const probe = mutable(child(directory, PROBE_NAME))
  await attempt(pool, tally, 'MKD', probe)
  // One that was left by a run that was killed tells as much.
  return (await attempt(pool, tally, 'RMD', probe)) === undefined
}

async function removeEntries(
  pool: Pool,
  directory: RemotePath,
  entries: readonly RemoteEntry[],
  tally: Tally
): Promise<void> {
  const [directories, files] = partition(entries, entry => entry.kind === 'directory')
  const batches: RemoteEntry[][] = []
  for (let start = 0; start < files.length; start += BATCH) batches.push(files.slice(start, start + BATCH))
  let removed = 0
  await all(
    tally,
    batches.map(async batch => {
      removed += await removeFiles(pool, directory, batch, tally)
    })
  )
  if (directories.length === 0) return
  const lets = removed > 0 || (await letsRemove(pool, directory, tally))
  await all(
    tally,
    directories.map(async ({ name }) => {
      const path = pathOrReport(directory, name, tally)
      if (path) await removeDirectory(pool, path, tally, lets)
    })
  )
}

async function removeFiles(
  pool: Pool,
  directory: RemotePath,
  files: readonly RemoteEntry[],
  tally: Tally
): Promise<number> {
  let removed = 0
  for (const file of files) {
    if (file.kind === 'unknown') {
      tally.refused.push({ path: `${directory}/${file.name}`, reply: 'Its line in the listing cannot be read' })
      continue
    }
    const path = pathOrReport(directory, file.name, tally)
    if (!path) continue
    const refusal = await attempt(pool, tally, 'DELE', path)
    // Windows removes a link to a folder with RMD; a file refuses RMD.
    const gone =
      refusal === undefined || (file.kind === 'link' && (await attempt(pool, tally, 'RMD', path)) === undefined)
    if (gone) removed++
    else tally.refused.push({ path, reply: refusal })
  }
  tally.files += removed
  return removed
}

/** `undefined`: the server refused, which is on record. */
async function listOrReport(
  pool: Pool,
  directory: RemotePath,
  tally: Tally,
  fully: boolean
): Promise<readonly RemoteEntry[] | undefined> {
  try {
    return await pool.use(connection => (fully ? connection.listFully(directory) : connection.list(directory)))
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    tally.refused.push({ path: directory, reply: error.message })
    return undefined
  }
}

/** `undefined`: a name with a separator or a control character, which no command could mean safely; it is on record. */
function pathOrReport(directory: RemotePath, name: string, tally: Tally): MutablePath | undefined {
  try {
    return mutable(child(directory, name))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    tally.refused.push({ path: `${directory}/${name}`, reply: 'This name cannot be sent safely' })
    return undefined
  }
}

/** Sends one command; `undefined`: done, else the server's refusal. */
async function attempt(
  pool: Pool,
  tally: Tally,
  verb: 'DELE' | 'RMD' | 'MKD',
  path: RemotePath
): Promise<string | undefined> {
  // Waiting for a connection may open one: not for a sweep that has ended.
  if (tally.stopped) throw stopped()
  return pool.use(async connection => {
    if (tally.stopped) throw stopped()
    try {
      await connection.command(verb, path)
      return undefined
    } catch (error) {
      if (error instanceof SiteError && error.kind === 'refused') return error.message
      throw error
    }
  })
}

function stopped(): SiteError {
  return new SiteError('interrupted', 'The sweep was stopped')
}

/** Waits for all, and throws the first error only when none of them is under way any more. */
async function all(tally: Tally, work: readonly Promise<void>[]): Promise<void> {
  const errors: unknown[] = []
  const watched = work.map(task =>
    task.catch((error: unknown) => {
      tally.stopped = true
      errors.push(error)
    })
  )
  await Promise.all(watched)
  // What was told to stop is not the cause.
  const cause = errors.find(error => !(error instanceof SiteError) || error.kind !== 'interrupted') ?? errors[0]
  if (cause !== undefined) throw cause as Error
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter(item => !test(item))]
}
