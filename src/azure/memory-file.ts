// `last.json` in the action's own folder: read with suspicion, written whole or not at all.
import {
  OWN_FOLDER,
  SiteError,
  child,
  mutable,
  type MutablePath,
  type ReadableSite,
  type RemoteEntry,
  type RemoteSite
} from '../site.ts'
import { MAX_MEMORY_BYTES, parseMemory, type Memory } from './memory.ts'

const NAME = 'last.json'
const FRESH_NAME = /^last\.json\.new-[0-9a-f]+$/

/**
 * Reads what is remembered. `own` is the listing of our own folder; `undefined`: none is shown, so it is asked for by name.
 *
 * `oddity` says why a file that is there counts as none.
 */
export async function readMemory(
  site: ReadableSite,
  own: readonly RemoteEntry[] | undefined
): Promise<{ readonly memory?: Memory; readonly oddity?: string }> {
  const entry = (own ?? (await hiddenFolder(site))).find(({ name, kind }) => name === NAME && kind === 'file')
  if (!entry) return {}
  if (entry.size > MAX_MEMORY_BYTES) return { oddity: 'it is too long' }
  try {
    return { memory: parseMemory(await site.readText(pathOf(NAME), MAX_MEMORY_BYTES)) }
  } catch (error) {
    if (error instanceof SiteError && !['refused', 'unexpected'].includes(error.kind)) throw error
    return { oddity: error instanceof Error ? error.message : String(error) }
  }
}

/**
 * Writes what is to be remembered: beside the old file, which then gives way to the new one.
 *
 * Takes away what an earlier write left that was cut. Throws `SiteError`; the old file, or the new one, is then still
 * whole, but for a server that does not rename over a file, where there may be none.
 */
export async function writeMemory(
  site: RemoteSite,
  own: readonly RemoteEntry[] | undefined,
  text: string,
  random: string
): Promise<void> {
  if (!own) await makeOwnFolder(site)
  const fresh = pathOf(`${NAME}.new-${random}`)
  await site.writeText(fresh, text)
  try {
    await site.rename(fresh, pathOf(NAME))
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    await site.removeFile(pathOf(NAME))
    await site.rename(fresh, pathOf(NAME))
  }
  for (const { name, kind } of own ?? []) {
    if (kind === 'file' && FRESH_NAME.test(name)) await site.removeFile(pathOf(name))
  }
}

/** A server that hides our folder has one all the same; forgetting it would lead to a reset at each push. */
async function hiddenFolder(site: ReadableSite): Promise<readonly RemoteEntry[]> {
  try {
    return await site.list(OWN_FOLDER)
  } catch (error) {
    if (error instanceof SiteError && error.kind === 'refused') return []
    throw error
  }
}

/** A server may have the folder without listing it, and then refuses to make it. */
async function makeOwnFolder(site: RemoteSite): Promise<void> {
  try {
    await site.makeDirectory(mutable(OWN_FOLDER))
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
  }
}

function pathOf(name: string): MutablePath {
  return mutable(child(OWN_FOLDER, name))
}
