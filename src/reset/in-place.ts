// Deletes an environment where it lies, for servers that refuse to rename it. Slow, and without an undo.
import { versionOfMarker } from '../python/version.ts'
import { folderIn, type Environment } from '../python/venv.ts'
import {
  PROBE_NAME,
  SiteError,
  WWWROOT,
  child,
  isBelow,
  mutable,
  parentOf,
  type RemoteEntry,
  type RemotePath,
  type RemoteSite
} from '../site.ts'
import {
  beginRemoval,
  isThere,
  removeEntry,
  succeeds,
  throwIfStuck,
  tryToRemove,
  tryToSweep,
  type Patience,
  type Removal
} from './in-use.ts'

/** What a deletion in place did. */
export interface Removed {
  /** Files and links that were deleted. */
  readonly files: number
  /** Files that were in use, where they lay before they were moved aside. */
  readonly movedAside: readonly RemotePath[]
}

/** What goes at the end, in this order. */
interface Last {
  readonly path: RemotePath
  readonly kind: 'file' | 'directory'
}

/**
 * Deletes an environment in an order in which it can be cut at any command.
 *
 * First goes what makes it look usable: the markers of Kudu's Windows script, then the interpreter, which is also what
 * a running app would hold locked. Last goes what starts and what proves it: start-up fails on a folder without
 * `bin/activate`, and a rest that still proves to be an environment is seen as broken and finished by the next run.
 * Throws `SiteError` where the server refuses to delete something, however long it is waited for, and to move it aside
 * as well. What lies between the first and the last goes as far as it can before, so that the error names all of it.
 */
export async function removeInPlace(site: RemoteSite, environment: Environment, patience: Patience): Promise<Removed> {
  const root = environment.path
  const removal = beginRemoval(site, root, patience)
  if (!(await isFolder(site, root))) return { files: 1, movedAside: [] }
  const entries = await listed(site, root)
  const packages = environment.shape === 'packages'
  const found = packages ? undefined : folderNamed(root, entries, environment.shape === 'windows' ? 'scripts' : 'bin')
  const scripts = found && (await isFolder(site, found)) ? found : undefined
  const inScripts = scripts ? await listed(site, scripts) : []
  const markers = entries.filter(({ name }) => versionOfMarker(name)).map(({ name }) => child(root, name))
  // `bin/python` sorts before its longer names; it is the one whose absence the next run looks for.
  const interpreters = inScripts
    .map(({ name }) => name)
    .filter(name => /^pythonw?[\d.]*(\.exe)?$/i.test(name))
    .sort()
  const first = [...markers, ...(scripts ? interpreters.map(name => child(scripts, name)) : [])]
  for (const path of first) await removeEntry(removal, path)

  const last = packages ? await lastPackage(site, root, entries) : await lastOf(site, root, entries, scripts, inScripts)
  await empty(removal, root, new Set(last.map(({ path }) => path)))
  throwIfStuck(removal)
  for (const { path, kind } of last) {
    if (kind === 'file') await removeEntry(removal, path)
    else await removeFolder(site, path)
  }
  await removeFolder(site, root)
  return { files: removal.files, movedAside: removal.movedAside }
}

/** A folder of packages is proven by any distribution in it: the folder of one stays until all else is gone. */
async function lastPackage(
  site: RemoteSite,
  root: RemotePath,
  entries: readonly RemoteEntry[]
): Promise<readonly Last[]> {
  for (const { name, kind } of entries) {
    if (kind !== 'directory' || !name.endsWith('.dist-info')) continue
    const path = child(root, name)
    if (await isFolder(site, path)) return [{ path, kind }]
  }
  return []
}

async function lastOf(
  site: RemoteSite,
  root: RemotePath,
  entries: readonly RemoteEntry[],
  scripts: RemotePath | undefined,
  inScripts: readonly RemoteEntry[]
): Promise<readonly Last[]> {
  const last: Last[] = []
  if (scripts && inScripts.some(({ name }) => name === 'activate')) {
    last.push({ path: child(scripts, 'activate'), kind: 'file' })
  }
  const hasCfg = entries.some(({ name }) => name === 'pyvenv.cfg')
  const inRoot = folderNamed(root, entries, 'lib')
  const library = inRoot && (await isFolder(site, inRoot)) ? inRoot : undefined
  // Without pyvenv.cfg the proof is `site-packages` beside the scripts, so these folders stay until the end.
  if (!hasCfg && library) last.push(...(await chainBelow(site, library)))
  if (scripts) last.push({ path: scripts, kind: 'directory' })
  if (hasCfg) last.push({ path: child(root, 'pyvenv.cfg'), kind: 'file' })
  return last
}

/** `site-packages` and the folders above it, the innermost first. */
async function chainBelow(site: RemoteSite, library: RemotePath): Promise<readonly Last[]> {
  const chain: Last[] = []
  const entries = await listed(site, library)
  for (const { name, kind } of entries) {
    if (kind !== 'directory') continue
    const path = child(library, name)
    if (!/^(site-packages$|(python|pypy)\d)/i.test(name) || !(await isFolder(site, path))) continue
    const inner = name.toLowerCase() === 'site-packages' ? [] : await versionBelow(site, path)
    chain.push(...inner, { path, kind })
  }
  const trace = entries.some(({ name, kind }) => name === 'orig-prefix.txt' && kind === 'file')
  const traces = trace ? [{ path: child(library, 'orig-prefix.txt'), kind: 'file' as const }] : []
  return [...chain, ...traces, { path: library, kind: 'directory' }]
}

/** What proves a version's folder: `site-packages`, and virtualenv's own trace, which tells who made it until the end. */
async function versionBelow(site: RemoteSite, path: RemotePath): Promise<readonly Last[]> {
  const entries = await listed(site, path)
  const trace = entries.find(({ name, kind }) => name === 'orig-prefix.txt' && kind === 'file')
  const inner = folderNamed(path, entries, 'site-packages')
  return [
    ...(inner && (await isFolder(site, inner)) ? [{ path: inner, kind: 'directory' as const }] : []),
    ...(trace ? [{ path: child(path, trace.name), kind: 'file' as const }] : [])
  ]
}

/**
 * Whether what is listed as a folder is one. Many servers list a link as what it points to, and entering it would delete
 * what lies there: DELE removes a link on UNIX, RMD on Windows, and both refuse a folder that holds something. An empty
 * one is not asked by RMD: there is nothing to enter it for, and its time to go is later.
 */
async function isFolder(site: RemoteSite, path: RemotePath): Promise<boolean> {
  if (await removes(site.removeFile(mutable(path)))) return false
  if ((await listed(site, path)).length === 0) return true
  if (await removes(site.removeDirectory(mutable(path)))) return false
  // Where nothing can be removed from the folder above, a link refuses both as well. Nothing is made in wwwroot itself.
  if (parentOf(path) !== WWWROOT && !(await letsRemove(site, parentOf(path)))) {
    // Another run may have deleted all of it since it was listed.
    if (!(await isThere(site, path))) return false
    throw new SiteError('refused', `The server lets nothing be removed from ${parentOf(path)}`)
  }
  return true
}

/** Like `succeeds`; throws a refusal that is about the moment or the command, because it says nothing of the file. */
async function removes(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    const isAboutTheFile = error instanceof SiteError && error.kind === 'refused' && (error.replyCode ?? 0) >= 550
    if (!isAboutTheFile) throw error
    return false
  }
}

async function letsRemove(site: RemoteSite, directory: RemotePath): Promise<boolean> {
  const probe = mutable(child(directory, PROBE_NAME))
  await succeeds(site.makeDirectory(probe))
  return succeeds(site.removeDirectory(probe))
}

/** Removes an empty folder, or a link to one that is listed as a folder. */
async function removeFolder(site: RemoteSite, path: RemotePath): Promise<void> {
  try {
    await site.removeDirectory(mutable(path))
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    if (await succeeds(site.removeFile(mutable(path)))) return
    if (await isThere(site, path)) throw error
  }
}

/**
 * Lists a folder that was there a moment ago; empty where another run has deleted it meanwhile. With every command that
 * the server has: what one of them leaves out would keep the folder from going.
 */
async function listed(site: RemoteSite, directory: RemotePath): Promise<readonly RemoteEntry[]> {
  try {
    return await site.listFully(directory)
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    if (await isThere(site, directory)) throw error
    return []
  }
}

/** Deletes all below a folder but what is kept and the folders that lead to it, as far as it can be deleted. */
async function empty(removal: Removal, directory: RemotePath, keep: ReadonlySet<RemotePath>): Promise<void> {
  for (const { name, kind } of await listed(removal.site, directory)) {
    const path = child(directory, name)
    if (kind === 'unknown')
      throw new SiteError('refused', `A line of the listing of ${directory} cannot be read: ${name}`)
    const leadsToKept = [...keep].some(kept => kept === path || isBelow(kept, path))
    if (kind !== 'directory' && !keep.has(path)) await tryToRemove(removal, path, kind)
    else if (kind === 'directory' && leadsToKept) await empty(removal, path, keep)
    else if (kind === 'directory') await tryToSweep(removal, path)
  }
}

function folderNamed(parent: RemotePath, entries: readonly RemoteEntry[], name: string): RemotePath | undefined {
  const found = folderIn(entries, name)
  return found && child(parent, found.name)
}
