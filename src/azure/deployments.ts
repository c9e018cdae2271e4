// Whether a deployment is running, and whether one of Kudu's has ever run.
import { SiteError, child, remotePath, type ReadableSite, type RemoteEntry } from '../site.ts'

/** A deployment that is running as far as can be told. */
export interface DeploymentLock {
  /** For the log: which lock, and until when or since when. */
  readonly detail: string
}

const LOCKS = remotePath('/site/locks')
const DEPLOYMENTS = remotePath('/site/deployments')
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
  if (!siteEntries.some(({ name, kind }) => name === 'locks' && kind === 'directory')) return undefined
  for (const entry of await site.list(LOCKS)) {
    if (entry.name === 'deployment' && entry.kind === 'directory') {
      const lock = await linuxLock(site, now)
      if (lock) return lock
    }
    if (entry.name === 'deployments.lock' && !isStale(entry, now)) {
      return { detail: `/site/locks/deployments.lock of ${timeOf(entry)}` }
    }
  }
  return undefined
}

async function linuxLock(site: ReadableSite, now: Date): Promise<DeploymentLock | undefined> {
  const folder = child(LOCKS, 'deployment')
  const path = child(folder, 'info.lock')
  try {
    const entry = (await site.list(folder)).find(({ name }) => name === 'info.lock')
    if (!entry) return undefined
    const expiry = entry.kind === 'directory' ? undefined : expiryIn(await site.readText(path, MAX_LOCK_BYTES))
    if (expiry) return expiry > now ? { detail: `${path}, held until ${expiry.toISOString()}` } : undefined
    // A lock that says nothing readable is being written, or broken; its age decides.
    return isStale(entry, now) ? undefined : { detail: `${path} of ${timeOf(entry)}` }
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    // Kudu removes the folder on release, maybe between two commands. A refusal for any other cause counts as held.
    const still = (await site.list(LOCKS)).some(({ name }) => name === 'deployment')
    return still ? { detail: `${folder}, which cannot be read` } : undefined
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

function isStale(entry: RemoteEntry, now: Date): boolean {
  return entry.modified !== undefined && now.getTime() - entry.modified.getTime() > STALE_AFTER_MS
}

function timeOf(entry: RemoteEntry): string {
  return entry.modified?.toISOString() ?? 'an unknown time'
}

/** Whether Kudu knows an active deployment: a sign that the next one will go the same way. */
export async function hasActiveDeployment(site: ReadableSite, siteEntries: readonly RemoteEntry[]): Promise<boolean> {
  if (!siteEntries.some(({ name, kind }) => name === 'deployments' && kind === 'directory')) return false
  return (await site.list(DEPLOYMENTS)).some(({ name, kind }) => name === 'active' && kind === 'file')
}
