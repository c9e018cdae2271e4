// What becomes of the copies that were set aside: swept once their successor was seen, else put back.
import { readEnvironment, type Environment } from '../python/venv.ts'
import { versionOfMarker } from '../python/version.ts'
import {
  SiteError,
  WWWROOT,
  findEntry,
  mutable,
  nameOf,
  parentOf,
  type MutablePath,
  type RemotePath,
  type RemoteSite,
  type Sweep
} from '../site.ts'
import { putBack } from './over-ftp.ts'
import type { SetAside } from './trash.ts'

/** What lies where a copy came from. */
export type Successor = 'whole' | 'broken' | 'missing' | 'foreign'

/** What became of one copy. `kept`: it stays in the trash, and the next run decides. */
export interface Settlement {
  readonly item: SetAside
  readonly fate: 'swept' | 'put-back' | 'kept'
  /** Why it was put back or kept; empty for a copy that was simply no longer needed. */
  readonly detail: string
  /** What the sweep deleted and what it could not; `undefined`: nothing was swept. */
  readonly swept: Sweep | undefined
}

/** What the post step knows when it settles. */
export interface Circumstances {
  /** The job went well so far, so that what the deployment left is what it meant to leave. */
  readonly jobSucceeded: boolean
  /** The app lies in an archive now, so that no environment is expected beside it. */
  readonly compressed: boolean
  /** The environment that was seen after the deployment, so that it need not be read again. */
  readonly environment: Environment | undefined
  /** Names a fresh copy, for a broken successor that makes room. */
  readonly newName: (original: RemotePath) => MutablePath
}

/**
 * Settles everything in the trash, the newest copy of each path first.
 *
 * The newest copy is put back where nothing took its place; older ones are swept after that. No copy is swept before
 * something whole was seen in its place. Throws `SiteError` when the connection is lost; what was not settled then
 * stays as it is.
 */
export async function settle(
  site: RemoteSite,
  trash: readonly SetAside[],
  circumstances: Circumstances
): Promise<readonly Settlement[]> {
  const settlements: Settlement[] = []
  for (const original of new Set(trash.map(item => item.original))) {
    const [newest, ...older] = trash.filter(item => item.original === original)
    if (!newest) continue
    const settled = await settleNewest(site, newest, circumstances)
    settlements.push(...settled)
    const safe = older.length > 0 && (await isWholeNow(site, newest, settled, circumstances))
    for (const item of older) {
      settlements.push(safe ? await sweepCopy(site, item) : keep(item, `nothing whole is at ${original} yet`))
    }
  }
  return settlements
}

/** Whether older copies can go: not while the only thing in their place is one that was put back broken. */
async function isWholeNow(
  site: RemoteSite,
  newest: SetAside,
  settled: readonly Settlement[],
  circumstances: Circumstances
): Promise<boolean> {
  if (settled.some(({ fate }) => fate === 'kept')) return false
  if (settled.every(({ fate }) => fate === 'swept')) return true
  return (await successorOf(site, newest, { ...circumstances, environment: undefined })) === 'whole'
}

async function settleNewest(
  site: RemoteSite,
  item: SetAside,
  circumstances: Circumstances
): Promise<readonly Settlement[]> {
  switch (await successorOf(site, item, circumstances)) {
    case 'whole':
      return [await sweepCopy(site, item)]
    case 'missing':
      return [await restore(site, item, 'nothing took its place')]
    case 'foreign':
      return [keep(item, `something that is no environment lies at ${item.original}`)]
    case 'broken':
      return replaceBroken(site, item, circumstances)
  }
}

/** Looks at what lies where a copy came from. */
async function successorOf(site: RemoteSite, { original }: SetAside, circumstances: Circumstances): Promise<Successor> {
  const name = nameOf(original)
  if (/^output\.tar\.(gz|zst)$/.test(name) && parentOf(original) === WWWROOT) {
    const left = (await site.list(WWWROOT)).some(entry => /^output\.tar\.(gz|zst)$/.test(entry.name))
    return left ? 'whole' : 'missing'
  }
  if (versionOfMarker(name)) return successorOfMarker(site, parentOf(original), circumstances)
  if (circumstances.compressed) return 'whole'
  const environment = await environmentAt(site, original, circumstances)
  if (environment === 'missing') return 'missing'
  if (!environment) return 'foreign'
  return environment.missing.length === 0 ? 'whole' : 'broken'
}

/**
 * A marker goes back only into an environment that is whole and has none: on a damaged one it would claim that nothing
 * needs to be repaired, and without one Kudu's script repairs it at the next deployment.
 */
async function successorOfMarker(
  site: RemoteSite,
  folder: RemotePath,
  circumstances: Circumstances
): Promise<Successor> {
  const environment = await environmentAt(site, folder, circumstances)
  if (environment === 'missing' || !environment || environment.markers.length > 0) return 'whole'
  return environment.missing.length > 0 ? 'whole' : 'missing'
}

/** `undefined`: something lies there that is no environment. */
async function environmentAt(
  site: RemoteSite,
  path: RemotePath,
  { environment }: Circumstances
): Promise<Environment | 'missing' | undefined> {
  if (environment?.path === path) return environment
  const entry = await findEntry(site, path)
  if (!entry) return 'missing'
  return entry.kind === 'directory' ? readEnvironment(site, path, true) : undefined
}

/**
 * Something half-built took the place of the environment. Where the job failed and the copy is whole, the copy goes
 * back; where the job succeeded, the new one may be meant as it is, so both stay and the user is told.
 */
async function replaceBroken(
  site: RemoteSite,
  item: SetAside,
  circumstances: Circumstances
): Promise<readonly Settlement[]> {
  const copy = await readEnvironment(site, item.copy, true)
  if (!copy || copy.missing.length > 0) return [keep(item, 'neither it nor what took its place is whole')]
  if (circumstances.jobSucceeded) return [keep(item, 'what took its place is not whole, although the job succeeded')]
  const broken: SetAside = { copy: circumstances.newName(item.original), original: item.original }
  try {
    await site.rename(broken.original, broken.copy)
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    return [keep(item, `the half-built environment that took its place cannot be moved: ${error.message}`)]
  }
  const restored = await restore(site, item, 'what took its place is not whole')
  return restored.fate === 'put-back' ? [restored, await sweepCopy(site, broken)] : [restored]
}

async function restore(site: RemoteSite, item: SetAside, why: string): Promise<Settlement> {
  try {
    await putBack(site, item)
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    return keep(item, `${why}, and it could not be put back: ${error.message}`)
  }
  // A reply alone is not believed where the site's only environment is at stake.
  if (await findEntry(site, item.original)) return { item, fate: 'put-back', detail: why, swept: undefined }
  return keep(item, `${why}, and it is not there although the server said that it was put back`)
}

async function sweepCopy(site: RemoteSite, item: SetAside): Promise<Settlement> {
  const swept = await site.sweep(mutable(item.copy))
  return { item, fate: 'swept', detail: '', swept }
}

function keep(item: SetAside, detail: string): Settlement {
  return { item, fate: 'kept', detail, swept: undefined }
}
