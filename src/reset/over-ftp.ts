// The reset over FTP as a transaction: set aside, and later put back or sweep. Decides nothing.
import type { Snapshot } from '../azure/snapshot.ts'
import type { Decision, Expectation } from '../decide.ts'
import type { Environment } from '../python/venv.ts'
import {
  OWN_FOLDER,
  SiteError,
  child,
  entryNamed,
  findEntry,
  mutable,
  nameOf,
  parentOf,
  type MutablePath,
  type RemoteEntry,
  type RemotePath,
  type RemoteSite,
  type Sweep,
  type SweepOptions
} from '../site.ts'
import { removeInPlace } from './in-place.ts'
import type { Patience } from './in-use.ts'
import { doomedPath, hasOwnFolder, trashPath, type CopyNamer, type SetAside } from './trash.ts'

/** How an environment is got rid of; the strings are part of the public contract. */
export type Strategy = 'none' | 'marker' | 'rename' | 'in-place' | 'archive' | 'toggle-runtime' | 'deploy-script'

/** The strategies that set something aside over FTP, or delete it there. */
export type StrategyOverFtp = Exclude<Strategy, 'none' | 'toggle-runtime' | 'deploy-script'>

/** What a reset is about to do. It is written down before the first command that changes anything. */
export interface ResetPlan {
  readonly strategy: Exclude<StrategyOverFtp, 'in-place'>
  readonly moves: readonly SetAside[]
}

/** What a reset did. */
export interface ResetDone {
  readonly strategy: Strategy
  /** What lies in the trash and can be put back; empty where the server refused to rename. */
  readonly moved: readonly SetAside[]
  readonly filesDeleted: number
  /** Files that were in use, where they lay before they were moved aside; the next run deletes them. */
  readonly movedAside: readonly RemotePath[]
}

/** How a reset goes about it. */
export interface ResetManner {
  readonly newName: CopyNamer
  /** Told before the first command of a deletion in place. */
  readonly onInPlace: () => void
  readonly patience: Patience
}

/**
 * Plans what a decision asks for; `undefined`: nothing is to be changed.
 *
 * On the Windows layout the markers are enough where Kudu's script will run: without them it removes and recreates the
 * environment itself, and until then the app keeps running.
 */
export function planReset(
  decision: Decision,
  found: Snapshot,
  expected: Expectation,
  newName: CopyNamer
): ResetPlan | undefined {
  const move = (path: RemotePath): SetAside => ({ copy: newName(path), original: mutable(path) })
  const { environment, secondArchive } = found
  if (decision.action === 'reset-archive' && secondArchive?.stale) {
    return { strategy: 'archive', moves: [move(secondArchive.stale)] }
  }
  if (decision.action !== 'reset' || !environment) return undefined
  if (found.layout === 'windows-env' && environment.markers.length > 0 && expected.kuduScript.runs) {
    return { strategy: 'marker', moves: environment.markers.map(name => move(child(environment.path, name))) }
  }
  return { strategy: 'rename', moves: [move(environment.path)] }
}

/** Names copies: one time for a run, and something random for each of them. */
export function copyNamer(now: Date, random: () => string): CopyNamer {
  return original => trashPath(original, now, random())
}

/**
 * Carries a plan out, and proves by listing that what had to go is gone.
 *
 * `surroundings` is a fresh listing of `/site`.
 * Throws `SiteError`, and a plain `Error` where something is still in place or cannot be set aside.
 */
export async function reset(
  site: RemoteSite,
  plan: ResetPlan,
  environment: Environment | undefined,
  surroundings: readonly RemoteEntry[],
  { newName, onInPlace, patience }: ResetManner
): Promise<ResetDone> {
  const refusedFolder = hasOwnFolder(surroundings) ? undefined : await makeOwnFolder(site)
  const moved: SetAside[] = []
  let done: ResetDone = { strategy: plan.strategy, moved, filesDeleted: 0, movedAside: [] }
  for (const move of plan.moves) {
    const refusal = await setAside(site, move)
    if (refusal === 'moved') moved.push(move)
    else if (refusal === 'gone') continue
    else if (refusedFolder) throw noFolder(refusedFolder)
    else if (plan.strategy === 'archive') throw staysBeside(move.original, refusal)
    else if (plan.strategy === 'rename' && environment) {
      onInPlace()
      moved.push(...(await setMarkersAside(site, environment, newName)))
      const { files, movedAside } = await removeInPlace(site, environment, patience)
      done = { strategy: 'in-place', moved, filesDeleted: files, movedAside }
    } else {
      await site.removeFile(move.original)
      done = { ...done, filesDeleted: done.filesDeleted + 1 }
    }
  }
  for (const { original } of plan.moves) await proveGone(site, original)
  return done
}

/**
 * Makes our own folder. Returns the refusal where it was refused and is not listed either.
 *
 * Then it may still be there, on a server that hides names with a leading dot: whether something can be moved into it
 * tells. A refused rename does not mean a server that renames nothing, though.
 */
async function makeOwnFolder(site: RemoteSite): Promise<SiteError | undefined> {
  try {
    await site.makeDirectory(mutable(OWN_FOLDER))
    return undefined
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    const around = await site.list(parentOf(OWN_FOLDER))
    if (hasOwnFolder(around) || (await holdsSomething(site))) return undefined
    if (entryNamed(around, nameOf(OWN_FOLDER))) throw noFolder(error)
    return error
  }
}

function staysBeside(archive: RemotePath, cause: SiteError): Error {
  const message =
    `${archive} is left over, and the server refuses to move it aside, so nothing was changed. ${cause.message}. Delete it ` +
    'by hand, and run the workflow again'
  return new Error(message, { cause })
}

/** Whether our own folder is there without being listed, and not empty: an empty listing may also be that of nothing. */
async function holdsSomething(site: RemoteSite): Promise<boolean> {
  try {
    return (await site.list(OWN_FOLDER)).length > 0
  } catch (error) {
    if (error instanceof SiteError && error.kind === 'refused') return false
    throw error
  }
}

function noFolder(cause: SiteError): Error {
  const message = `${OWN_FOLDER} cannot be made, so nothing can be set aside, and nothing was changed. ${cause.message}`
  return new Error(message, { cause })
}

/**
 * Moves one thing into our own folder. Returns the refusal where the server does not rename it, proven by a listing;
 * `gone`: it is out of the way, and not by us, as where two runs reset one site.
 *
 * A 4xx reply is about the moment, not about renaming (RFC 959 section 4.2): it is tried once more, and then an error.
 * Only 451 counts as a refusal the second time: Pure-FTPd answers so whatever the file system refuses.
 */
async function setAside(site: RemoteSite, { original, copy }: SetAside): Promise<SiteError | 'moved' | 'gone'> {
  for (let attempt = 1; ; attempt++) {
    try {
      await site.rename(original, copy)
      return 'moved'
    } catch (error) {
      if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
      const transient = (error.replyCode ?? 500) < 500
      if (transient && attempt === 1) continue
      if (transient && error.replyCode !== 451) throw error
      if (await findEntry(site, original)) return error
      return (await isSetAside(site, copy)) ? 'moved' : 'gone'
    }
  }
}

/** Markers are moved where they can be, so that they can go back if the deletion stops at the first file. */
async function setMarkersAside(
  site: RemoteSite,
  { path, markers }: Environment,
  newName: CopyNamer
): Promise<readonly SetAside[]> {
  const moved: SetAside[] = []
  for (const name of markers) {
    const original = mutable(child(path, name))
    const move = { original, copy: newName(original) }
    if ((await setAside(site, move)) === 'moved') moved.push(move)
  }
  return moved
}

/** Deletes a copy for good. Renames it first, so that what a cut deletion leaves is not taken for a copy. */
export async function discard(site: RemoteSite, item: SetAside, options: SweepOptions): Promise<Sweep> {
  const doomed = doomedPath(item)
  await site.rename(item.copy, doomed)
  return sweepDoomed(site, doomed, options)
}

/** Goes on with a deletion. What another run deletes at the same time is refused to us, and is no refusal if all is gone. */
export async function sweepDoomed(site: RemoteSite, doomed: MutablePath, options: SweepOptions): Promise<Sweep> {
  const swept = await site.sweep(doomed, options)
  const done = swept.refused.length === 0 || (await isSetAside(site, doomed))
  return done ? swept : { ...swept, refused: [] }
}

/**
 * Deletes a file that was in use when it was moved there. Where it still is, it stays, in nobody's way: it is neither
 * waited for, as a sweep would, nor moved again.
 */
export async function sweepLoose(site: RemoteSite, file: MutablePath): Promise<Sweep> {
  const nothing: Sweep = { files: 0, directories: 0, refused: [], movedAside: [], unfinished: false }
  try {
    await site.removeFile(file)
    return { ...nothing, files: 1 }
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    return (await isSetAside(site, file)) ? { ...nothing, movedAside: [file] } : nothing
  }
}

/** Whether something is listed in our own folder; `false` also where that folder cannot be listed. */
export async function isSetAside(site: RemoteSite, copy: MutablePath): Promise<boolean> {
  try {
    return entryNamed(await site.list(OWN_FOLDER), nameOf(copy)) !== undefined
  } catch (error) {
    if (error instanceof SiteError && error.kind === 'refused') return false
    throw error
  }
}

async function proveGone(site: RemoteSite, path: RemotePath): Promise<void> {
  // The server has confirmed each command: a line that cannot be read, and might stand for anything, is not held against it.
  const entry = await findEntry(site, path)
  if (!entry || entry.kind === 'unknown') return
  throw new Error(
    `${path} is still there after the reset, so the deployment would build upon it. ` +
      'Run the workflow again; if it stays, stop the app (it may hold files open) and reset once more'
  )
}

/** Moves a copy back to where it lay. */
export async function putBack(site: RemoteSite, { copy, original }: SetAside): Promise<void> {
  await site.rename(copy, original)
}
