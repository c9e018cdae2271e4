// What becomes of one copy that was set aside: put back, swept, or kept. Decides nothing.
import {
  SiteError,
  WWWROOT,
  findEntry,
  mutable,
  parentOf,
  type RemotePath,
  type RemoteSite,
  type Sweep,
  type SweepOptions
} from '../site.ts'
import { discard, isSetAside, putBack } from './over-ftp.ts'
import { readTrash, type SetAside } from './trash.ts'

/**
 * What became of one copy. `kept`: it stays in the trash, and the next run decides. `postponed`: it is no longer needed,
 * and there was no time to begin with its deletion.
 */
export interface Settlement {
  /** What it was about; for the rest of a deletion that was cut, both paths are that of the rest. */
  readonly item: SetAside
  readonly fate: 'swept' | 'put-back' | 'kept' | 'postponed'
  /** Why it was put back or kept; empty for a copy that was simply no longer needed. */
  readonly detail: string
  /** What the sweep deleted and what it could not; `undefined`: nothing was swept. */
  readonly swept: Sweep | undefined
}

/** Two runs may settle one trash: what is not there any more was settled by the other. */
const BY_ANOTHER = 'another run was faster'

/**
 * Puts a copy back where it lay, and believes it only when it is listed there. `known`: the copies that there were
 * before, so that one which another run makes meanwhile is told from them.
 */
export async function restore(
  site: RemoteSite,
  item: SetAside,
  why: string,
  known: readonly SetAside[]
): Promise<Settlement> {
  try {
    await makeParents(site, parentOf(item.original))
    await putBack(site, item)
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    if (await isSetAside(site, item.copy)) return keep(item, `${why}, and it could not be put back: ${error.message}`)
    const found = await findEntry(site, item.original)
    if (found) return { item, fate: 'put-back', detail: `${why}; ${BY_ANOTHER}`, swept: undefined }
    return keep(item, `${why}, and it is neither set aside any more nor back in its place`)
  }
  // A reply alone is not believed where the site's only environment is at stake.
  const entry = await findEntry(site, item.original)
  if (entry && entry.kind !== 'unknown') return { item, fate: 'put-back', detail: why, swept: undefined }
  const { copies } = await readTrash(site, [], true)
  const isNew = ({ copy }: SetAside): boolean => !known.some(before => before.copy === copy)
  if (copies.some(found => found.original === item.original && isNew(found))) {
    return { item, fate: 'put-back', detail: `${why}; another run has set it aside again`, swept: undefined }
  }
  return keep(item, `${why}, and it is not there although the server said that it was put back`)
}

/** A clean deployment may have wiped the folder that a nested environment lay in. */
async function makeParents(site: RemoteSite, folder: RemotePath): Promise<void> {
  if (folder === WWWROOT || (await findEntry(site, folder))) return
  await makeParents(site, parentOf(folder))
  await site.makeDirectory(mutable(folder))
}

/** Deletes a copy that is no longer needed. */
export async function sweepCopy(site: RemoteSite, item: SetAside, options: SweepOptions): Promise<Settlement> {
  try {
    return { item, fate: 'swept', detail: '', swept: await discard(site, item, options) }
  } catch (error) {
    if (!(error instanceof SiteError) || !['refused', 'unexpected'].includes(error.kind)) throw error
    if (!(await isSetAside(site, item.copy))) return { item, fate: 'swept', detail: BY_ANOTHER, swept: undefined }
    return keep(item, `it is no longer needed, but the server refuses to delete it: ${error.message}`)
  }
}

/** Leaves a copy to the next run. */
export function keep(item: SetAside, detail: string): Settlement {
  return { item, fate: 'kept', detail, swept: undefined }
}
