// Whether a deployment is running, and what Kudu keeps of the last one.
import {
  SiteError,
  child,
  entryNamed,
  isBelow,
  isFileName,
  remotePath,
  type ReadableSite,
  type RemoteEntry,
  type RemotePath
} from '../site.ts'

/** A deployment that is running as far as can be told. */
export interface DeploymentLock {
  /** For the log: which lock, and until when or since when. */
  readonly detail: string
}

/** Where Kudu keeps its locks. */
export const LOCKS = remotePath('/site/locks')

/** Where Kudu keeps a folder for each deployment, and which of them is the active one. */
export const DEPLOYMENTS = remotePath('/site/deployments')

const MAX_LOCK_BYTES = 16_384

/** A Windows lock file says nothing of itself; one that is older than this was left behind. */
const STALE_AFTER_MS = 60 * 60_000

/**
 * Looks for a lock that a running deployment holds. `undefined`: none is held.
 *
 * On Linux Kudu makes the folder `/site/locks/deployment` with an `info.lock` whose `lockExpiry` counts (KuduLite,
 * `AllSafeLinuxLock`; it takes a folder without that file for free); on Windows the file `/site/locks/deployments.lock`.
 * `siteEntries` is the listing of `/site`, which proves whether there are locks at all.
 */
export async function findLock(
  site: ReadableSite,
  siteEntries: readonly RemoteEntry[],
  now: Date
): Promise<DeploymentLock | undefined> {
  const folder = entryNamed(siteEntries, 'locks')
  if (!folder || folder.kind === 'file') return undefined
  if (folder.kind === 'unknown') return { detail: `${LOCKS}, whose line in a listing cannot be read` }
  const locks = await site.list(LOCKS)
  const windows = entryNamed(locks, 'deployments.lock')
  if (windows && !isStale(windows, now)) return { detail: `/site/locks/deployments.lock of ${timeOf(windows)}` }
  const linux = entryNamed(locks, 'deployment')
  if (linux?.kind === 'unknown') return { detail: `${LOCKS}/deployment, whose line in a listing cannot be read` }
  return linux?.kind === 'directory' ? linuxLock(site, now) : undefined
}

async function linuxLock(site: ReadableSite, now: Date): Promise<DeploymentLock | undefined> {
  const path = child(child(LOCKS, 'deployment'), 'info.lock')
  try {
    const expiry = expiryIn(await site.readText(path, MAX_LOCK_BYTES))
    if (expiry) return expiry > now ? { detail: `${path}, held until ${expiry.toISOString()}` } : undefined
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
  }
  return lockWithoutExpiry(site, now)
}

/** Tells a lock that was just released from one that says nothing readable: that is being written, or broken, and its age decides. */
async function lockWithoutExpiry(site: ReadableSite, now: Date): Promise<DeploymentLock | undefined> {
  const folder = entryNamed(await site.list(LOCKS), 'deployment')
  if (!folder) return undefined
  const path = child(LOCKS, 'deployment')
  try {
    const entry = entryNamed(await site.list(path), 'info.lock')
    return !entry || isStale(entry, now) ? undefined : { detail: `${child(path, 'info.lock')} of ${timeOf(entry)}` }
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    return isStale(folder, now) ? undefined : { detail: `${path}, which cannot be read` }
  }
}

/** The time in `lockExpiry`, UTC where it names no zone; `undefined`: none that can be read. */
export function expiryIn(text: string): Date | undefined {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    // Read while Kudu was writing it.
    return undefined
  }
  const written: unknown =
    typeof value === 'object' && value !== null && 'lockExpiry' in value ? value.lockExpiry : undefined
  if (typeof written !== 'string') return undefined
  const zoned = /(Z|[+-]\d\d:?\d\d)$/i.test(written) ? written : `${written}Z`
  const time = new Date(zoned)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** Whether a lock, by its own time, is older than any deployment takes; one without a time never is. */
export function isStale(entry: RemoteEntry, now: Date): boolean {
  return entry.modified !== undefined && now.getTime() - entry.modified.getTime() > STALE_AFTER_MS
}

function timeOf(entry: RemoteEntry): string {
  return entry.modified?.toISOString() ?? 'an unknown time'
}

/** The deployment that Kudu calls the active one: the last that succeeded. */
export interface ActiveDeployment {
  /** Its list of the files that came with the package. */
  readonly record: RemotePath
  /** Whether something at or below a path in wwwroot came with the package; `false` also where the list cannot be read. */
  readonly brought: (path: RemotePath) => boolean
}

/** The list has one line for each file of the package, and an environment in it has tens of thousands. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024
const MAX_ID_BYTES = 1024

/** Reads what Kudu keeps of the active deployment; `undefined`: it knows none. */
export async function readActiveDeployment(
  site: ReadableSite,
  siteEntries: readonly RemoteEntry[]
): Promise<ActiveDeployment | undefined> {
  if (!siteEntries.some(({ name, kind }) => name === 'deployments' && kind === 'directory')) return undefined
  const id = (await textOrNothing(site, child(DEPLOYMENTS, 'active'), MAX_ID_BYTES))?.trim()
  if (id === undefined || !isFileName(id)) return undefined
  const record = child(child(DEPLOYMENTS, id), 'manifest')
  const text = (await textOrNothing(site, record, MAX_RECORD_BYTES)) ?? ''
  // Kudu on Windows writes backslashes, and its file system ignores the case.
  const lines = text.split(/\r?\n/).map(line => `/site/wwwroot/${line.replaceAll('\\', '/').toLowerCase()}`)
  const brought = (path: RemotePath): boolean => {
    const sought = path.toLowerCase()
    return lines.some(line => line === sought || isBelow(line, sought))
  }
  return { record, brought }
}

/** `undefined`: it is not there, or is no such file as is meant. */
async function textOrNothing(site: ReadableSite, file: RemotePath, maxBytes: number): Promise<string | undefined> {
  try {
    return await site.readText(file, maxBytes)
  } catch (error) {
    if (error instanceof SiteError && ['refused', 'unexpected'].includes(error.kind)) return undefined
    throw error
  }
}
