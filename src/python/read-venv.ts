// Looks at a folder that may be a virtual environment, or hold packages without one, with as few questions as tell something.
import { SiteError, child, type ReadableSite, type RemoteEntry, type RemotePath } from '../site.ts'
import { distributionsIn } from './distributions.ts'
import { UNREAD_CFG, folderIn, isWindowsShape, judge, type Environment, type Library, type Part } from './venv.ts'
import { versionOfMarker } from './version.ts'

/** A `pyvenv.cfg` is under 1 kB; more is somebody else's file. */
const MAX_CFG_BYTES = 16_384

/** `lib/python3.12`, and what other interpreters and builds call theirs. */
const VERSION_FOLDER = /^(python|pypy)\d/

/**
 * Looks at a folder and judges it; see `judge`.
 *
 * Reads only what tells something: the folder, `pyvenv.cfg`, `bin` or `Scripts`, `lib`, and one `site-packages`. Where a
 * part is missing, it looks once more in every way that the server has: nothing is broken because a listing was not
 * complete. Throws `SiteError` when the folder itself cannot be listed.
 */
export async function readEnvironment(
  site: ReadableSite,
  path: RemotePath,
  named: boolean
): Promise<Environment | undefined> {
  const environment = await readOnce(site, path, named)
  const isSuspect = environment && (environment.missing.length > 0 || hasSeveralLibraries(environment))
  if (!isSuspect) return environment
  return readOnce({ ...site, list: directory => site.listFully(directory) }, path, named)
}

function hasSeveralLibraries({ versions }: Environment): boolean {
  return versions.filter(({ source }) => source.startsWith('lib/')).length > 1
}

async function readOnce(site: ReadableSite, path: RemotePath, named: boolean): Promise<Environment | undefined> {
  const entries = await site.list(path)
  const windows = isWindowsShape(entries)
  const gaps: string[] = []
  const scriptsFolder = folderIn(entries, windows ? 'Scripts' : 'bin')
  const libraryFolder = folderIn(entries, windows ? 'Lib' : 'lib')
  const cfgEntry = entries.find(({ name, kind }) => name === 'pyvenv.cfg' && kind === 'file')
  // Most folders of an app are no environments, and the listing tells: nothing else needs to be asked then.
  const looksLikeOne = cfgEntry ?? scriptsFolder ?? libraryFolder ?? entries.find(({ name }) => versionOfMarker(name))
  if (!looksLikeOne) {
    const hollow = entries.length === 0
    return judge({ path, entries, cfg: undefined, scripts: undefined, libraries: [], unread: [], hollow, gaps }, named)
  }
  const cfg = cfgEntry && (await readCfg(site, child(path, 'pyvenv.cfg'), cfgEntry.size, gaps))
  const scripts = scriptsFolder && (await listOrGap(site, child(path, scriptsFolder.name), gaps))
  const library = libraryFolder && (await listOrGap(site, child(path, libraryFolder.name), gaps))
  const libraries =
    libraryFolder && library
      ? await readLibraries(site, child(path, libraryFolder.name), library, windows, cfg !== undefined, gaps)
      : []
  const unread: Part[] = linkedParts(entries, library ?? [], windows, gaps)
  if (isUnclear(entries, scriptsFolder, scripts)) unread.push('scripts')
  if (isUnclear(entries, libraryFolder, library)) unread.push('library')
  if (isUnclear(entries, cfgEntry, [])) unread.push('cfg')
  if ([entries, scripts ?? [], library ?? []].some(hasUnreadable)) gaps.push('a line of a listing cannot be read')
  const hollow =
    unread.length === 0 &&
    entries.every(entry => entry === scriptsFolder || entry === libraryFolder) &&
    (scripts ?? []).length === 0 &&
    (windows
      ? libraries.every(({ bare }) => bare)
      : (library ?? []).every(({ name }) => libraries.some(found => found.name === name && found.bare)))
  return judge({ path, entries, cfg, scripts, libraries, unread, hollow, gaps }, named)
}

/**
 * Looks at a folder that `pip install --target` has filled: packages and their metadata lie at its top.
 *
 * `undefined`: it holds something, and no distribution. Throws `SiteError` when the folder cannot be listed.
 */
export async function readPackages(site: ReadableSite, path: RemotePath): Promise<Environment | undefined> {
  const entries = await site.list(path)
  const distributions = distributionsIn(entries)
  if (distributions.length === 0 && entries.length > 0) return undefined
  return {
    path,
    shape: 'packages',
    proven: distributions.length > 0,
    creator: 'unknown',
    missing: [],
    versions: [],
    markers: [],
    cfg: undefined,
    distributions,
    sitePackages: path,
    gaps: hasUnreadable(entries) ? ['a line of a listing cannot be read'] : []
  }
}

/** The parts that lie behind links: they are not followed, so what is there stays unknown, and does not count as missing. */
function linkedParts(
  entries: readonly RemoteEntry[],
  library: readonly RemoteEntry[],
  windows: boolean,
  gaps: string[]
): Part[] {
  const parts: readonly (readonly [Part, readonly RemoteEntry[], RegExp])[] = [
    ['scripts', entries, windows ? /^scripts$/i : /^bin$/],
    ['library', entries, windows ? /^lib$/i : /^lib$/],
    ['library', library, windows ? /^site-packages$/i : VERSION_FOLDER],
    ['cfg', entries, /^pyvenv\.cfg$/]
  ]
  return parts.flatMap(([part, among, pattern]) => {
    const links = among.filter(({ name, kind }) => kind === 'link' && pattern.test(name))
    gaps.push(...links.map(({ name }) => `${name} is a link, which is not followed`))
    return links.length > 0 ? [part] : []
  })
}

/** Whether a part may be there without being seen: it could not be listed, or a line that stands for it cannot be read. */
function isUnclear(
  above: readonly RemoteEntry[],
  part: RemoteEntry | undefined,
  inside: readonly RemoteEntry[] | undefined
): boolean {
  if (!part) return hasUnreadable(above)
  return inside === undefined || hasUnreadable(inside)
}

function hasUnreadable(entries: readonly RemoteEntry[]): boolean {
  return entries.some(({ kind }) => kind === 'unknown')
}

async function readCfg(site: ReadableSite, path: RemotePath, size: number, gaps: string[]): Promise<string> {
  try {
    if (size <= MAX_CFG_BYTES) return await site.readText(path, MAX_CFG_BYTES)
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
  }
  gaps.push(UNREAD_CFG)
  return ''
}

async function readLibraries(
  site: ReadableSite,
  library: RemotePath,
  inLibrary: readonly RemoteEntry[],
  windows: boolean,
  hasCfg: boolean,
  gaps: string[]
): Promise<readonly Library[]> {
  if (windows) return [await readWindowsLibrary(site, library, inLibrary, gaps)]
  const libraries: Library[] = []
  for (const { name, kind } of inLibrary) {
    const isVersion = kind === 'directory' && VERSION_FOLDER.test(name)
    if (isVersion) libraries.push(await readLibrary(site, child(library, name), name, hasCfg, gaps))
  }
  return libraries
}

async function readWindowsLibrary(
  site: ReadableSite,
  path: RemotePath,
  entries: readonly RemoteEntry[],
  gaps: string[]
): Promise<Library> {
  const present = folderIn(entries, 'site-packages')
  const sitePackages = present && ((await listOrGap(site, child(path, present.name), gaps)) ?? [])
  const origPrefix = entries.some(({ name }) => name === 'orig-prefix.txt')
  const bare = (sitePackages ?? []).length === 0 && entries.every(entry => entry === present)
  return { name: 'Lib', origPrefix, path: child(path, present?.name ?? 'site-packages'), sitePackages, bare }
}

async function readLibrary(
  site: ReadableSite,
  path: RemotePath,
  name: string,
  hasCfg: boolean,
  gaps: string[]
): Promise<Library> {
  // With pyvenv.cfg the age of the creator is known, so the folder itself need not be listed: one round trip less.
  const expected = child(path, 'site-packages')
  const direct = hasCfg ? await listOrRefused(site, expected) : undefined
  if (direct && direct.length > 0) return { name, origPrefix: false, path: expected, sitePackages: direct, bare: false }
  // Neither a refusal nor an empty answer proves that a folder is missing; the listing of its parent does.
  const entries = await site.list(path)
  const origPrefix = entries.some(entry => entry.name === 'orig-prefix.txt')
  if (hasUnreadable(entries)) gaps.push(`a line of the listing of ${name} cannot be read`)
  const unclear = hasUnreadable(entries) ? [] : undefined
  const present = folderIn(entries, 'site-packages')
  const sitePackages = !present ? unclear : (direct ?? (await listOrGap(site, child(path, present.name), gaps)) ?? [])
  const bare = (sitePackages ?? []).length === 0 && entries.every(entry => entry === present)
  return { name, origPrefix, path: present ? child(path, present.name) : expected, sitePackages, bare }
}

/** `undefined`: the server refused, which is on record as a gap in the evidence. */
async function listOrGap(
  site: ReadableSite,
  path: RemotePath,
  gaps: string[]
): Promise<readonly RemoteEntry[] | undefined> {
  const entries = await listOrRefused(site, path)
  if (!entries) gaps.push(`${path} could not be listed`)
  return entries
}

async function listOrRefused(site: ReadableSite, path: RemotePath): Promise<readonly RemoteEntry[] | undefined> {
  try {
    return await site.list(path)
  } catch (error) {
    if (error instanceof SiteError && error.kind === 'refused') return undefined
    throw error
  }
}
