// Deletes single files where the app runs: what is in use is waited for a little, and then moved out of the way.
import {
  SiteError,
  findEntry,
  mutable,
  type RemoteEntry,
  type RemotePath,
  type RemoteSite,
  type Sweep,
  type SweepOptions
} from '../site.ts'

/** What may be done about files that the server refuses to delete. */
export interface Patience {
  /** Waits; rejects when the run is told to stop. */
  readonly pause: (ms: number) => Promise<void>
  /** Options for one sweep; its `newPlace` is for single files too. */
  readonly sweeping: () => SweepOptions
}

/** What cannot be deleted, with the server's reply. */
type Stuck = Sweep['refused'][number]

/** A deletion in place, as it goes. */
export interface Removal {
  readonly site: RemoteSite
  /** The folder that is to go. */
  readonly root: RemotePath
  readonly patience: Patience
  /** Files and links that are gone. */
  files: number
  /** Files that were in use, where they lay before they were moved aside. */
  readonly movedAside: RemotePath[]
  /** What stays where it is, whatever was tried. */
  readonly stuck: Stuck[]
  /** The server has refused to move a file aside: it is not asked again. */
  refusesMoves: boolean
}

/** A lock mostly lasts as long as the app runs, and a few seconds longer where the app has just been stopped. */
const PAUSES_MS: readonly number[] = [1000, 3000]

/** How many files are named that keep an environment from going. */
const MOST_NAMED = 10

/** Begins a deletion in place. */
export function beginRemoval(site: RemoteSite, root: RemotePath, patience: Patience): Removal {
  return { site, root, patience, files: 0, movedAside: [], stuck: [], refusesMoves: false }
}

/** Throws `SiteError` where something is stuck, and names the first ten of it. */
export function throwIfStuck({ root, stuck }: Removal): void {
  const [first] = stuck
  if (!first) return
  const names = stuck.slice(0, MOST_NAMED).map(({ path }) => path.slice(root.length + 1))
  const more = stuck.length > names.length ? ` and ${stuck.length - names.length} more` : ''
  throw new SiteError('refused', `${names.join(', ')}${more} in ${root} could not be deleted: ${first.reply}`)
}

/** Removes a file or a link as far as it can be; what is stuck is on record. Throws once too much is. */
export async function tryToRemove(removal: Removal, path: RemotePath, kind: RemoteEntry['kind']): Promise<void> {
  try {
    await removeEntry(removal, path, kind === 'file')
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    note(removal, [{ path, reply: error.message }])
  }
}

/** Sweeps a folder, which waits for what is in use by itself; what is stuck is on record. */
export async function tryToSweep(removal: Removal, folder: RemotePath): Promise<void> {
  const swept = await removal.site.sweep(mutable(folder), { ...removal.patience.sweeping(), oneAtATime: true })
  removal.files += swept.files
  removal.movedAside.push(...swept.movedAside)
  if (swept.refused.length > 0 && (await isThere(removal.site, folder))) note(removal, causesIn(swept.refused))
}

/** A folder is refused because of what is left in it, and then only that counts. */
function causesIn(refused: readonly Stuck[]): readonly Stuck[] {
  const above = new Set<string>()
  for (const { path } of refused) {
    for (let at = path.lastIndexOf('/'); at > 0 && !above.has(path.slice(0, at)); at = path.lastIndexOf('/', at - 1)) {
      above.add(path.slice(0, at))
    }
  }
  const causes = refused.filter(({ path }) => !above.has(path))
  return causes.length > 0 ? causes : refused
}

function note(removal: Removal, stuck: readonly Stuck[]): void {
  removal.stuck.push(...stuck)
  if (removal.stuck.length >= MOST_NAMED) throwIfStuck(removal)
}

/** Removes a file or a link, or moves it aside where it stays in use; throws the first refusal. */
export async function removeEntry(removal: Removal, path: RemotePath, mayMove = true): Promise<void> {
  const refusal = await refusalOf(removal.site, path)
  const isGone = refusal === undefined || (await goesLater(removal, path))
  if (isGone) removal.files++
  // A link is not moved: a later run could take it for the folder that it leads to.
  else if (!mayMove || !(await moveAside(removal, path))) throw refusal
}

async function goesLater({ site, patience }: Removal, path: RemotePath): Promise<boolean> {
  for (const ms of PAUSES_MS) {
    await patience.pause(ms)
    if ((await refusalOf(site, path)) === undefined) return true
  }
  return false
}

/** `undefined`: it is gone, by us or by another run; Windows removes a link to a folder by RMD only. */
async function refusalOf(site: RemoteSite, path: RemotePath): Promise<SiteError | undefined> {
  try {
    await site.removeFile(mutable(path))
    return undefined
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    // A file refuses RMD as well, and then the first refusal is the one that says why.
    if (await succeeds(site.removeDirectory(mutable(path)))) return undefined
    return (await isThere(site, path)) ? error : undefined
  }
}

/** Windows lets a loaded file be renamed, though not deleted. */
async function moveAside(removal: Removal, path: RemotePath): Promise<boolean> {
  const place = removal.patience.sweeping().newPlace?.()
  if (!place || removal.refusesMoves) return false
  removal.refusesMoves = !(await succeeds(removal.site.rename(mutable(path), place)))
  if (removal.refusesMoves) return false
  removal.movedAside.push(path)
  return true
}

/** Whether a refusal counts: what another run deletes at the same time is refused to us, and is gone all the same. */
export async function isThere(site: RemoteSite, path: RemotePath): Promise<boolean> {
  return (await findEntry(site, path)) !== undefined
}

/** `false`: the server refused. */
export async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    return false
  }
}
