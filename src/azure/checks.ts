// Looks at what makes deployments fail or miss, so that the log names the cause beforehand. Changes nothing.
import { SiteError, entryNamed, type ReadableSite, type RemoteEntry } from '../site.ts'
import { DEPLOYMENTS, LOCKS, isStale } from './deployments.ts'
import { MAX_PACKAGE_NAME_BYTES, PACKAGE_NAME } from './layout.ts'
import type { Snapshot } from './snapshot.ts'

const MINUTE_MS = 60_000

/** DOS listings have minutes only, so two times that are closer than this may be the same. */
const TOLERANCE_MS = 2 * MINUTE_MS

const CONFLICT = 'If the next deployment ends with a conflict (409), restart the app'

/** What is known of the site, and whether something of it goes. */
type Found = Pick<Snapshot, 'layout' | 'lock'> & { readonly isReset: boolean }

interface Look {
  readonly site: ReadableSite
  readonly siteEntries: readonly RemoteEntry[]
  readonly found: Found
  readonly now: Date
  /** Something is at stake, or was found already: only then is it worth a further question. */
  readonly isSuspect: boolean
}

/** A sentence for the log; `undefined`: there is nothing to say. */
type Check = (look: Look) => Promise<string | undefined>

const CHECKS: readonly Check[] = [staleLock, pendingDeployment, runFromPackage]

/**
 * Says what on the server may make the next deployment fail, or leave no trace: one sentence each, for the log. They may
 * hold text from the server.
 *
 * Each check asks for one thing at most, and all but the first for nothing as long as nothing is at stake. What the server refuses is left out; throws `SiteError` only of kind
 * `interrupted`. `siteEntries` is the listing of `/site`.
 */
export async function checkServer(
  site: ReadableSite,
  siteEntries: readonly RemoteEntry[],
  found: Found,
  now: Date
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const check of CHECKS) {
    try {
      const line = await check({ site, siteEntries, found, now, isSuspect: found.isReset || lines.length > 0 })
      if (line !== undefined) lines.push(line)
    } catch (error) {
      // No check is worth the run; what is wrong with the way to the server shows at the next command.
      if (!(error instanceof SiteError) || error.kind === 'interrupted') throw error
    }
  }
  return lines
}

/** A lock that is older than deployments take: whoever made it is gone. */
async function staleLock({ site, siteEntries, found, now }: Look): Promise<string | undefined> {
  // Where there is nothing to judge, nobody has listed the locks, and a question would be one too many.
  if (found.layout === 'none' || found.lock || !hasFolder(siteEntries, 'locks')) return undefined
  const locks = await site.list(LOCKS)
  for (const name of ['deployments.lock', 'deployment']) {
    const lock = entryNamed(locks, name)
    if (!lock?.modified || !isStale(lock, now)) continue
    const age = ageOf(now.getTime() - lock.modified.getTime())
    return `${LOCKS}/${name} is ${age} old: a deployment did not come to its end. ${CONFLICT}`
  }
  return undefined
}

/**
 * A deployment that was asked for while another one held the lock, and that never came.
 *
 * Kudu makes the file `pending` as soon as it starts, and touches it at such a request (projectkudu/kudu and KuduLite,
 * `FetchDeploymentManager`): that it is there says nothing. Touched after the last success, it does.
 */
async function pendingDeployment({ site, siteEntries, found, isSuspect }: Look): Promise<string | undefined> {
  if (!isSuspect || found.lock || !hasFolder(siteEntries, 'deployments')) return undefined
  const entries = await site.list(DEPLOYMENTS)
  const pending = entryNamed(entries, 'pending')?.modified
  const active = entryNamed(entries, 'active')?.modified
  if (!pending || !active || pending.getTime() - active.getTime() <= TOLERANCE_MS) return undefined
  return (
    `${DEPLOYMENTS}/pending is of ${pending.toISOString()}, and the last deployment that succeeded of ` +
    `${active.toISOString()}: one that was asked for since then did not come to its end. ${CONFLICT}`
  )
}

/** An app that runs from a package does not run what lies in wwwroot, whatever that is. */
async function runFromPackage({ site, found }: Look): Promise<string | undefined> {
  // Elsewhere it changes nothing, and with an unknown layout it is said as the reason.
  if (!found.isReset || found.layout === 'unknown') return undefined
  const name = (await site.readText(PACKAGE_NAME, MAX_PACKAGE_NAME_BYTES)).trim()
  if (name === '') return undefined
  return (
    `${PACKAGE_NAME} names ${name}: if WEBSITE_RUN_FROM_PACKAGE is 1, the app runs from that package, ` +
    'and a reset of what lies in wwwroot changes nothing'
  )
}

function hasFolder(entries: readonly RemoteEntry[], name: string): boolean {
  return entries.some(entry => entry.name === name && entry.kind === 'directory')
}

function ageOf(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS)
  if (minutes < 120) return `${minutes} min`
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} days`
}
