// The look at a site before the deployment: what lies there, what was asked for, and what follows from both.
import { checkServer } from './azure/checks.ts'
import { findLock } from './azure/deployments.ts'
import { inspectSite } from './azure/layout.ts'
import type { Snapshot } from './azure/snapshot.ts'
import { wantedPython, type Expectation } from './decide.ts'
import { plain } from './escape.ts'
import { compare, compareInstalled, type Wishes } from './expecting.ts'
import type { Inputs } from './inputs.ts'
import { comparedLines } from './inventory-report.ts'
import type { Ports, Reach } from './ports.ts'
import { judge } from './remembering.ts'
import { foundLines } from './report.ts'
import { listOwnFolder, trashIn } from './reset/trash.ts'
import { SITE, type ReadableSite, type RemoteEntry, type RemotePath, type RemoteSite } from './site.ts'
import type { Seen } from './transaction.ts'

/** How long a running deployment is waited for, and how often it is looked at. */
const LOCK_WAIT_MS = 5 * 60_000
const LOCK_POLL_MS = 10_000

/** Connects, looks, and decides. The caller closes the site; throws `SiteError`. */
export async function inspect(
  ports: Ports,
  inputs: Inputs,
  wishes: Wishes,
  signal: AbortSignal
): Promise<{ readonly site: ReadableSite | RemoteSite; readonly seen: Seen }> {
  const { core } = ports
  core.info(`Site: ${plain(inputs.app === '' ? inputs.target.host : inputs.app)} (${plain(inputs.slot)})`)
  const open = inputs.dryRun ? ports.openReadOnly : ports.openSite
  const site = await open(inputs.target, reachOf(ports, inputs, signal))
  try {
    const { surroundings, snapshot, looking } = await inspectQuiet(ports, site, inputs, signal)
    const own = await listOwnFolder(site, surroundings, false)
    const trash = trashIn(own ?? [])
    const leftovers = trash.copies.length + trash.doomed.length + trash.loose.length
    const wanted = wantedPython(snapshot.layout, wishes.expected)
    for (const line of foundLines(snapshot)) core.info(line)
    if (wanted) core.info(`Wanted: Python ${wanted.version} (${wanted.source})`)
    if (leftovers > 0) core.info(`Set aside by an earlier run and not settled: ${leftovers}`)
    const looked = { surroundings, own, snapshot, leftovers: leftovers > 0 }
    const { expected, landing, ...first } = await compare(site, snapshot, wishes, inputs.policy)
    let { inventory } = first
    const lookFurther = async (): Promise<Expectation> => {
      if (inventory) return expected
      const further = await compareInstalled(site, snapshot, { ...wishes, expected })
      inventory = further.inventory
      return further.expected
    }
    const asked = { expected, policy: inputs.policy, fingerprint: wishes.requirements?.fingerprint ?? '', lookFurther }
    const judged = await judge(core, site, looked, asked)
    for (const line of comparedLines(inventory, landing)) core.info(line)
    const isReset = judged.decision.action === 'reset'
    const found = { layout: snapshot.layout, lock: snapshot.lock, isReset }
    for (const line of await checkServer(looking, surroundings, found, ports.now())) core.info(plain(line, 500))
    for (const { text, layouts } of wishes.project.remarks)
      if (layouts.includes(snapshot.layout)) core.info(plain(text, 500))
    return { site, seen: { ...judged, wanted, inventory, leftovers: looked.leftovers } }
  } catch (error) {
    site.close()
    throw error
  }
}

/** A look at the site. */
interface Look {
  /** The listing of `/site`. */
  readonly surroundings: readonly RemoteEntry[]
  readonly snapshot: Snapshot
  /** The site, with the listings of this look instead of new ones. */
  readonly looking: ReadableSite
}

/** Looks at the site when no deployment is running, or when one has been waited for in vain. */
async function inspectQuiet(ports: Ports, site: ReadableSite, inputs: Inputs, signal: AbortSignal): Promise<Look> {
  const look = async (): Promise<Look> => {
    const surroundings = await site.list(SITE)
    const { recording, recalling } = recorded(site)
    const snapshot = await inspectSite(recording, surroundings, { envPath: inputs.envPath, now: ports.now() })
    return { surroundings, snapshot, looking: recalling }
  }
  let looked = await look()
  // Waiting counts against the deadline, and must leave time for deciding.
  const patienceMs = Math.min(LOCK_WAIT_MS, inputs.deadlineMs - 2 * LOCK_POLL_MS)
  for (let waitedMs = 0; looked.snapshot.lock && waitedMs < patienceMs; waitedMs += LOCK_POLL_MS) {
    if (waitedMs === 0)
      ports.core.info(`A deployment is running (${plain(looked.snapshot.lock.detail)}): waiting for it`)
    await ports.sleep(LOCK_POLL_MS, signal)
    const lock = await findLock(site, looked.surroundings, ports.now())
    // What was seen during the deployment is not what it left.
    if (!lock) looked = await look()
  }
  return looked
}

/** Two views of a site: one keeps what it lists, the other answers from that where it can. */
function recorded(site: ReadableSite): { readonly recording: ReadableSite; readonly recalling: ReadableSite } {
  const listings = new Map<RemotePath, readonly RemoteEntry[]>()
  const list = async (directory: RemotePath): Promise<readonly RemoteEntry[]> => {
    const listing = await site.list(directory)
    listings.set(directory, listing)
    return listing
  }
  const recall = async (directory: RemotePath): Promise<readonly RemoteEntry[]> =>
    listings.get(directory) ?? (await site.list(directory))
  return { recording: { ...site, list }, recalling: { ...site, list: recall } }
}

/** How each connection of a run is made. */
export function reachOf(
  ports: Ports,
  chosen: Pick<Reach, 'connections' | 'timeoutMs' | 'pipelining'>,
  signal: AbortSignal
): Reach {
  const debugging = ports.core.isDebug()
  const trace = (line: string): void => {
    // A sweep sends thousands of commands, and the runner hides them all unless step debugging is on.
    if (debugging) ports.core.debug(plain(line, 500))
  }
  const { connections, timeoutMs, pipelining } = chosen
  return { connections, timeoutMs, pipelining, signal, trace }
}
