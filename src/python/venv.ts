// What a virtual environment is made of, who made it, for which Python, and whether all of it is there.
import type { RemoteEntry, RemotePath } from '../site.ts'
import { distributionsIn, type Distribution } from './distributions.ts'
import { leadingVersion, versionOfLibrary, versionOfMarker, type PythonVersion } from './version.ts'

/** The programs that make environments, told apart by what they write (`unknown`: no trace of any). */
export type Creator = 'venv' | 'virtualenv' | 'virtualenv-old' | 'uv' | 'unknown'

/** One place that names a version, for the reasons. */
export interface VersionEvidence {
  readonly source: string
  readonly version: PythonVersion
}

/** A folder that is proven to be a virtual environment (PEP 405, or an older form), whole or not. */
export interface Environment {
  readonly path: RemotePath
  /** `packages`: a folder that `pip install --target` has filled, which is no virtual environment. */
  readonly shape: 'posix' | 'windows' | 'packages'
  /** `false`: an empty folder in the environment's place, which something other than its looks says it is. */
  readonly proven: boolean
  readonly creator: Creator
  /** Parts that its creator writes and that are not there; empty: it is whole. */
  readonly missing: readonly string[]
  /** Everything that names a version, the most trustworthy first. */
  readonly versions: readonly VersionEvidence[]
  /** Names of the marker files of Kudu's Windows script. */
  readonly markers: readonly string[]
  /** The text of `pyvenv.cfg`; `undefined`: there is none, or it could not be read and `gaps` says so. */
  readonly cfg: string | undefined
  readonly distributions: readonly Distribution[]
  /** Where the metadata of all of them lies; `undefined`: there is no such folder, or there are several. */
  readonly sitePackages: RemotePath | undefined
  /** Evidence that is there but could not be read. */
  readonly gaps: readonly string[]
}

/** Whether all of it was seen: nothing is missing, and nothing could not be read. */
export function isWhole({ missing, gaps }: Environment): boolean {
  return missing.length === 0 && gaps.length === 0
}

/** The gap in the evidence of an environment that none of the known programs has made. */
export const STRANGE = 'nothing tells which program made it (no pyvenv.cfg, no activate)'

/** The gap in the evidence where `pyvenv.cfg` is there, and its text is not known. */
export const UNREAD_CFG = 'pyvenv.cfg could not be read'

/** What was seen of a folder that may be an environment. */
export interface VenvEvidence {
  readonly path: RemotePath
  readonly entries: readonly RemoteEntry[]
  /** The text of `pyvenv.cfg`; empty where it could not be read, `undefined`: there is none. */
  readonly cfg: string | undefined
  /** The entries of `bin` or `Scripts`; `undefined`: there is no such folder. */
  readonly scripts: readonly RemoteEntry[] | undefined
  /** Folders that may hold `site-packages`: `lib/pythonX.Y`, on Windows `Lib`. */
  readonly libraries: readonly Library[]
  /** What is there, or may be, but could not be read: nothing of it counts as missing. */
  readonly unread: readonly Part[]
  /** Nothing but empty folders of an environment is in it: what a deletion leaves that was cut at its very end. */
  readonly hollow: boolean
  readonly gaps: readonly string[]
}

/** Where the parts of an environment lie. */
export type Part = 'scripts' | 'library' | 'cfg'

/** A folder that may hold `site-packages`. */
export interface Library {
  readonly name: string
  /** Whether virtualenv before 20 left its `orig-prefix.txt` here. */
  readonly origPrefix: boolean
  /** Where its `site-packages` lies, if there is one. */
  readonly path: RemotePath
  /** `undefined`: there is no such folder. */
  readonly sitePackages: readonly RemoteEntry[] | undefined
  /** Nothing is in it but an empty `site-packages`. */
  readonly bare: boolean
}

/** Reads `key = value` lines as PEP 405 says: split at the first `=`, keys in lower case. */
export function parsePyvenvCfg(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const split = line.indexOf('=')
    if (split > 0) values.set(line.slice(0, split).trim().toLowerCase(), line.slice(split + 1).trim())
  }
  return values
}

/**
 * Judges what was seen of a folder.
 *
 * `undefined`: it is not proven to be an environment. `named`: something other than its looks says that the folder is
 * the environment, so that an empty one counts as one that was never finished.
 */
export function judge(evidence: VenvEvidence, named: boolean): Environment | undefined {
  const { path, entries, cfg, scripts, libraries, gaps } = evidence
  const shape = isWindowsShape(entries) ? 'windows' : 'posix'
  const markers = entries.filter(({ name, kind }) => kind === 'file' && versionOfMarker(name)).map(({ name }) => name)
  const old = libraries.some(({ origPrefix }) => origPrefix)
  const packages = libraries.filter(({ sitePackages }) => sitePackages !== undefined)
  const known = named || cfg !== undefined || (scripts !== undefined && packages.length > 0)
  const empty = known && evidence.hollow
  const proven = cfg !== undefined || markers.length > 0 || old || (scripts !== undefined && packages.length > 0)
  if (!proven && !empty) return undefined

  const settings = parsePyvenvCfg(cfg ?? '')
  const creator = creatorOf(settings, cfg !== undefined, old)
  const missing = empty
    ? ['everything (the folder is empty)']
    : missingParts(evidence, shape, cfg === undefined && !old)
  // Every creator of environments writes `activate`. Without it, and without its own trace, the folder may be made by
  // something else (conda, `pip install --prefix`), whose parts are not known.
  const conda = entries.some(({ name }) => name === 'conda-meta')
  const unsigned = creator === 'unknown' && markers.length === 0 && !empty
  const strange = unsigned && (conda || missing.some(part => part.endsWith('/activate')))
  // All at once: what is seen twice through a link that is listed as a folder is there once.
  const distributions = distributionsIn(packages.flatMap(({ sitePackages }) => sitePackages ?? []))
  return {
    path,
    shape,
    proven,
    creator,
    missing: strange ? [] : missing,
    versions: versionsIn(settings, libraries, markers),
    markers,
    cfg: gaps.includes(UNREAD_CFG) ? undefined : cfg,
    distributions,
    sitePackages: folderOfAll(packages, distributions),
    gaps: strange ? [...gaps, STRANGE] : gaps
  }
}

/** The folder that lists all of them; of several that do, which are one seen through a link, any is as good. */
function folderOfAll(packages: readonly Library[], distributions: readonly Distribution[]): RemotePath | undefined {
  return packages.find(({ sitePackages = [] }) => {
    const names = new Set(sitePackages.map(({ name }) => name))
    return distributions.every(({ entry }) => names.has(entry))
  })?.path
}

/**
 * Whether a folder's listing is that of an environment made on Windows: it has `Scripts` and `Lib`, written like that.
 *
 * Some packages put files into a `bin` there too, and a deletion that was cut may have left one of the two only.
 */
export function isWindowsShape(entries: readonly RemoteEntry[]): boolean {
  if (entries.some(({ name }) => versionOfMarker(name))) return true
  const has = (name: string): boolean => entries.some(entry => entry.name === name && entry.kind === 'directory')
  const bin = folderIn(entries, 'bin') !== undefined
  const scripts = folderIn(entries, 'Scripts') !== undefined
  return (scripts && !bin) || (has('Lib') && !has('lib') && (scripts || !bin))
}

function creatorOf(settings: ReadonlyMap<string, string>, hasCfg: boolean, old: boolean): Creator {
  if (settings.has('uv')) return 'uv'
  if (settings.has('virtualenv')) return 'virtualenv'
  if (hasCfg) return 'venv'
  return old ? 'virtualenv-old' : 'unknown'
}

function missingParts(evidence: VenvEvidence, shape: 'posix' | 'windows', lacksTrace: boolean): readonly string[] {
  const { scripts = [], libraries, unread } = evidence
  const has = (...names: readonly string[]): boolean =>
    unread.includes('scripts') ||
    scripts.some(({ name }) => names.includes(shape === 'windows' ? name.toLowerCase() : name))
  const missing: string[] = []
  if (shape === 'windows') {
    if (!has('python.exe')) missing.push('Scripts/python.exe')
    if (!has('activate', 'activate.bat')) missing.push('Scripts/activate')
  } else {
    // Each creator writes bin/python, whatever other names it adds; an in-place deletion begins with it.
    if (!has('python')) missing.push('bin/python')
    if (!has('activate')) missing.push('bin/activate')
  }
  if (!unread.includes('library') && !libraries.some(({ sitePackages }) => sitePackages !== undefined))
    missing.push('site-packages')
  // Whatever made it left a trace: Kudu's Windows script, too, runs venv, or virtualenv for 2.7.
  if (lacksTrace && !unread.includes('cfg')) missing.push('pyvenv.cfg')
  return missing
}

function versionsIn(
  settings: ReadonlyMap<string, string>,
  libraries: readonly Library[],
  markers: readonly string[]
): readonly VersionEvidence[] {
  const written = settings.get('version') ?? settings.get('version_info')
  const candidates: readonly (readonly [string, PythonVersion | undefined])[] = [
    ...markers.map(name => [name, versionOfMarker(name)] as const),
    ...libraries.map(({ name }) => [`lib/${name}`, versionOfLibrary(name)] as const),
    ['pyvenv.cfg', leadingVersion(written ?? '')]
  ]
  return candidates.flatMap(([source, version]) => (version === undefined ? [] : [{ source, version }]))
}

/** Finds a folder by name, as a Windows server would: whatever the case. */
export function folderIn(entries: readonly RemoteEntry[], name: string): RemoteEntry | undefined {
  const exact = entries.find(entry => entry.name === name && entry.kind === 'directory')
  return exact ?? entries.find(entry => entry.name.toLowerCase() === name.toLowerCase() && entry.kind === 'directory')
}
