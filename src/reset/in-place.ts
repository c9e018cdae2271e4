// Deletes an environment where it lies, for servers that refuse to rename it. Slow, and without an undo.
import { versionOfMarker } from '../python/version.ts'
import type { Environment } from '../python/venv.ts'
import { SiteError, child, isBelow, mutable, type RemoteEntry, type RemotePath, type RemoteSite } from '../site.ts'

/** What goes at the end, in this order. */
interface Last {
  readonly path: RemotePath
  readonly kind: 'file' | 'directory'
}

/**
 * Deletes an environment in an order in which it can be cut at any command. Returns the number of deleted files.
 *
 * First goes what makes it look usable: the markers of Kudu's Windows script, then the interpreter, which is also what
 * a running app would hold locked. Last goes what starts and what proves it: start-up fails on a folder without
 * `bin/activate`, and a rest that still proves to be an environment is seen as broken and finished by the next run.
 * Throws `SiteError` at the first thing that the server refuses to delete.
 */
export async function removeInPlace(site: RemoteSite, environment: Environment): Promise<number> {
  const root = environment.path
  const entries = await site.list(root)
  const scripts = folderNamed(root, entries, environment.shape === 'windows' ? 'scripts' : 'bin')
  const inScripts = scripts ? await site.list(scripts) : []
  const markers = entries.filter(({ name }) => versionOfMarker(name)).map(({ name }) => child(root, name))
  // `bin/python` sorts before its longer names; it is the one whose absence the next run looks for.
  const interpreters = inScripts
    .map(({ name }) => name)
    .filter(name => /^pythonw?[\d.]*(\.exe)?$/i.test(name))
    .sort()
  const first = [...markers, ...(scripts ? interpreters.map(name => child(scripts, name)) : [])]
  for (const path of first) await site.removeFile(mutable(path))

  const last = await lastOf(site, root, entries, scripts, inScripts)
  const between = await empty(site, root, new Set(last.map(({ path }) => path)))
  for (const { path, kind } of last) {
    if (kind === 'file') await site.removeFile(mutable(path))
    else await site.removeDirectory(mutable(path))
  }
  await site.removeDirectory(mutable(root))
  return first.length + between + last.filter(({ kind }) => kind === 'file').length
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
  const library = folderNamed(root, entries, 'lib')
  // Without pyvenv.cfg the proof is `site-packages` beside the scripts, so these folders stay until the end.
  if (!hasCfg && library) last.push(...(await chainBelow(site, library)))
  if (scripts) last.push({ path: scripts, kind: 'directory' })
  if (hasCfg) last.push({ path: child(root, 'pyvenv.cfg'), kind: 'file' })
  return last
}

/** `site-packages` and the folders above it, the innermost first. */
async function chainBelow(site: RemoteSite, library: RemotePath): Promise<readonly Last[]> {
  const chain: Last[] = []
  for (const { name, kind } of await site.list(library)) {
    if (kind !== 'directory') continue
    const path = child(library, name)
    if (name === 'site-packages') chain.push({ path, kind })
    const isVersion = /^(python|pypy)\d/.test(name)
    if (isVersion && folderNamed(path, await site.list(path), 'site-packages')) {
      chain.push({ path: child(path, 'site-packages'), kind }, { path, kind })
    }
  }
  return [...chain, { path: library, kind: 'directory' }]
}

/** Deletes all below a folder but what is kept and the folders that lead to it. Returns the number of deleted files. */
async function empty(site: RemoteSite, directory: RemotePath, keep: ReadonlySet<RemotePath>): Promise<number> {
  let files = 0
  for (const { name, kind } of await site.list(directory)) {
    const path = child(directory, name)
    const leadsToKept = [...keep].some(kept => kept === path || isBelow(kept, path))
    if (kind !== 'directory' && !keep.has(path)) {
      await site.removeFile(mutable(path))
      files++
    } else if (kind === 'directory' && leadsToKept) {
      files += await empty(site, path, keep)
    } else if (kind === 'directory') {
      const swept = await site.sweep(mutable(path))
      files += swept.files
      const [refusal] = swept.refused
      if (refusal) throw new SiteError('refused', refusal.reply)
    }
  }
  return files
}

/** Finds a folder whatever its case: `Lib` and `Scripts` on Windows. */
function folderNamed(parent: RemotePath, entries: readonly RemoteEntry[], name: string): RemotePath | undefined {
  const found = entries.find(entry => entry.kind === 'directory' && entry.name.toLowerCase() === name)
  return found && child(parent, found.name)
}
