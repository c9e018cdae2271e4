// The reset over FTP as a transaction: set aside, and later put back or sweep. Decides nothing.
import type { Snapshot } from '../azure/layout.ts'
import type { Decision, Expectation } from '../decide.ts'
import type { Environment } from '../python/venv.ts'
import {
  OWN_FOLDER,
  SiteError,
  child,
  findEntry,
  mutable,
  type RemoteEntry,
  type RemotePath,
  type RemoteSite
} from '../site.ts'
import { removeInPlace } from './in-place.ts'
import { hasOwnFolder, trashPath, type SetAside } from './trash.ts'

/** How an environment is got rid of; the strings are part of the public contract. */
export type Strategy = 'none' | 'marker' | 'rename' | 'in-place' | 'archive'

/** What a reset is about to do. It is written down before the first command that changes anything. */
export interface ResetPlan {
  readonly strategy: Exclude<Strategy, 'none' | 'in-place'>
  readonly moves: readonly SetAside[]
}

/** What a reset did. */
export interface ResetDone {
  readonly strategy: Strategy
  /** What lies in the trash and can be put back; empty where the server refused to rename. */
  readonly moved: readonly SetAside[]
  readonly filesDeleted: number
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
  newName: (original: RemotePath) => SetAside['copy']
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

/** Names copies of one run: the same time and random part for all of them. */
export function copyNamer(now: Date, random: string): (original: RemotePath) => SetAside['copy'] {
  return original => trashPath(original, now, random)
}

/**
 * Carries a plan out, and proves by listing that what had to go is gone.
 *
 * `surroundings` is the listing of `/site`. Throws `SiteError`, and a plain `Error` where something is still in place.
 */
export async function reset(
  site: RemoteSite,
  plan: ResetPlan,
  environment: Environment | undefined,
  surroundings: readonly RemoteEntry[]
): Promise<ResetDone> {
  if (!hasOwnFolder(surroundings)) await makeOwnFolder(site)
  const moved: SetAside[] = []
  let done: ResetDone = { strategy: plan.strategy, moved, filesDeleted: 0 }
  for (const move of plan.moves) {
    if (await renamed(site, move)) moved.push(move)
    else if (plan.strategy === 'rename' && environment) {
      done = { strategy: 'in-place', moved, filesDeleted: await removeInPlace(site, environment) }
    } else {
      await site.removeFile(move.original)
      done = { ...done, filesDeleted: done.filesDeleted + 1 }
    }
  }
  for (const { original } of plan.moves) await proveGone(site, original)
  return done
}

async function makeOwnFolder(site: RemoteSite): Promise<void> {
  try {
    await site.makeDirectory(mutable(OWN_FOLDER))
  } catch (error) {
    // Another run may have made it meanwhile; and where it really cannot be made, the rename is refused and told.
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
  }
}

/** `false`: the server refused, and a listing proves that nothing was moved. */
async function renamed(site: RemoteSite, { original, copy }: SetAside): Promise<boolean> {
  try {
    await site.rename(original, copy)
    return true
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    return (await findEntry(site, original)) === undefined
  }
}

async function proveGone(site: RemoteSite, path: RemotePath): Promise<void> {
  if (!(await findEntry(site, path))) return
  throw new Error(
    `${path} is still there after the reset, so the deployment would build upon it. ` +
      'Run the workflow again; if it stays, stop the app (it may hold files open) and reset once more'
  )
}

/** Moves a copy back to where it lay. */
export async function putBack(site: RemoteSite, { copy, original }: SetAside): Promise<void> {
  await site.rename(copy, original)
}
