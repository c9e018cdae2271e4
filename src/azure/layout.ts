// Which of App Service's layouts a site has, and which folder in it is the environment.
import { readEnvironment } from '../python/read-venv.ts'
import type { Environment } from '../python/venv.ts'
import {
  SiteError,
  WWWROOT,
  child,
  entryNamed,
  findEntry,
  isFileName,
  nameOf,
  type ReadableSite,
  type RemoteEntry,
  type RemotePath
} from '../site.ts'
import { findLock, hasActiveDeployment, type DeploymentLock } from './deployments.ts'
import { MANIFEST_NAME, parseManifest, type OryxManifest } from './manifest.ts'

/** The layouts of a Python app; `unknown` where it cannot be told which. */
export type Layout =
  'windows-env' | 'venv-tree' | 'packages-dir' | 'compressed-env' | 'compressed-app' | 'none' | 'unknown'

/** Why it cannot be told which layout this is, or which folder is the environment. */
export interface Doubt {
  readonly detail: string
  /** Folders, relative to wwwroot, that could be meant. */
  readonly candidates: readonly string[]
  /** What the user has to correct, so that it is an error in any case; `undefined`: it is nobody's mistake. */
  readonly remedy?: string
}

/** Two archives of one compressed app: which one is left over, or why that is not certain. */
export interface SecondArchive {
  /** The left-over archive; `undefined`: it is not certain which one that is. */
  readonly stale: RemotePath | undefined
  readonly detail: string
}

/** What lies on the server, as far as it decides anything. */
export interface Snapshot {
  readonly layout: Layout
  /** The environment that is judged; `undefined` where there is none, or where it cannot be told which. */
  readonly environment: Environment | undefined
  readonly doubt: Doubt | undefined
  /** A deployment that is running; never looked for on a site that has nothing to judge. */
  readonly lock: DeploymentLock | undefined
  readonly secondArchive: SecondArchive | undefined
  /** What shows that a deployment rebuilds the environment; empty: nothing in wwwroot does, see `withDeployments`. */
  readonly rebuiltBy: readonly string[]
}

/** What is given from outside. */
export interface InspectOptions {
  /** The environment's folder, if detection is not wanted. */
  readonly envPath: RemotePath | undefined
  readonly now: Date
}

const MAX_MANIFEST_BYTES = 65_536

/** Where more folders lie in wwwroot than this, looking into each of them would take longer than asking the user. */
const MAX_FOLDERS = 40

const MINUTE_MS = 60_000

/** Folders in wwwroot that never are the environment: caches, other ecosystems, and what start-up leaves behind. */
const NEVER_ENVIRONMENTS = new Set([
  '.git',
  '.github',
  '.python_packages',
  '.vscode',
  '__oryx_packages__',
  '__pycache__',
  '_del_antenv',
  '_del_node_modules',
  'node_modules'
])

type Located = Pick<Snapshot, 'layout' | 'environment' | 'doubt' | 'secondArchive'>

const NOTHING: Located = { layout: 'none', environment: undefined, doubt: undefined, secondArchive: undefined }

/**
 * Looks at a site. `surroundings` is the listing of `/site`.
 *
 * Throws `SiteError`, of kind `unexpected` where there is no wwwroot.
 */
export async function inspectSite(
  site: ReadableSite,
  surroundings: readonly RemoteEntry[],
  options: InspectOptions
): Promise<Snapshot> {
  if (!entryNamed(surroundings, 'wwwroot')) {
    throw new SiteError(
      'unexpected',
      'There is no /site/wwwroot on the server, so this is not the home of an App Service app: check the address and the user name'
    )
  }
  const wwwroot = await site.list(WWWROOT)
  const manifest = await readManifest(site, wwwroot)
  const located =
    'detail' in manifest ? doubtful(manifest.detail) : await locate(site, wwwroot, manifest.manifest, options)
  if (located.layout === 'none') return { ...located, lock: undefined, rebuiltBy: [] }
  const lock = await findLock(site, surroundings, options.now)
  const oryx = 'manifest' in manifest ? manifest.manifest : undefined
  return { ...located, lock, rebuiltBy: oryx ? [MANIFEST_NAME] : (located.environment?.markers ?? []) }
}

async function readManifest(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[]
): Promise<{ readonly manifest: OryxManifest | undefined } | { readonly detail: string }> {
  const entry = wwwroot.find(({ name, kind }) => name === MANIFEST_NAME && kind === 'file')
  if (!entry) return { manifest: undefined }
  if (entry.size > MAX_MANIFEST_BYTES)
    return { detail: `${MANIFEST_NAME} has ${entry.size} bytes, too many for a manifest` }
  try {
    return { manifest: parseManifest(await site.readText(child(WWWROOT, MANIFEST_NAME), MAX_MANIFEST_BYTES)) }
  } catch (error) {
    if (error instanceof SiteError && error.kind !== 'refused') throw error
    return { detail: `${MANIFEST_NAME} is there but cannot be read` }
  }
}

async function locate(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  manifest: OryxManifest | undefined,
  options: InspectOptions
): Promise<Located> {
  const archives = wwwroot.filter(({ name, kind }) => kind === 'file' && /^output\.tar\.(gz|zst)$/.test(name))
  if (manifest?.compressed) return compressedApp(wwwroot, archives)
  if (options.envPath) return givenEnvironment(site, wwwroot, options.envPath, manifest)
  if (!manifest && archives.length > 0) {
    return doubtful(
      `there is ${archives.map(({ name }) => name).join(' and ')}, but no ${MANIFEST_NAME} that says what it is`
    )
  }
  if (manifest?.compressedVirtualEnvFile)
    return doubtful('the environment lies in an archive, which is not supported yet')
  if (manifest?.packageDir)
    return doubtful('the packages lie in a folder without an environment, which is not supported yet')
  return detect(site, wwwroot, manifest)
}

function compressedApp(wwwroot: readonly RemoteEntry[], archives: readonly RemoteEntry[]): Located {
  const [first, second] = archives
  if (!first) return doubtful(`${MANIFEST_NAME} says that the app is compressed, but there is no archive`)
  const manifestTime = wwwroot.find(({ name }) => name === MANIFEST_NAME)?.modified
  const secondArchive = second && twoArchives(first, second, manifestTime)
  return { ...NOTHING, layout: 'compressed-app', secondArchive }
}

/**
 * Tells which of two archives is left over: the one that was not written together with the manifest.
 *
 * Start-up prefers `.zst` even where it is the older one, so the site silently runs old code (microsoft/Oryx#2921).
 * A minute's tolerance, because DOS listings have no seconds.
 */
function twoArchives(first: RemoteEntry, second: RemoteEntry, manifestTime: Date | undefined): SecondArchive {
  const distance = (entry: RemoteEntry): number =>
    manifestTime && entry.modified ? Math.abs(entry.modified.getTime() - manifestTime.getTime()) : Number.NaN
  const isCurrent = (entry: RemoteEntry): boolean => distance(entry) <= MINUTE_MS
  const isFar = (entry: RemoteEntry): boolean => distance(entry) >= 10 * MINUTE_MS
  const describe = ({ name, size, modified }: RemoteEntry): string =>
    `${name} (${size} bytes, ${modified?.toISOString() ?? 'no time'})`
  const stale = isCurrent(first) && isFar(second) ? second : isCurrent(second) && isFar(first) ? first : undefined
  const both = `${describe(first)} and ${describe(second)}`
  const detail = stale
    ? `${both}: ${stale.name} was not written with ${MANIFEST_NAME}`
    : `${both}: their times do not tell which one is left over`
  return { stale: stale && child(WWWROOT, stale.name), detail }
}

async function givenEnvironment(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  path: RemotePath,
  manifest: OryxManifest | undefined
): Promise<Located> {
  const entry = await findEntry(site, path, wwwroot)
  if (!entry) return NOTHING
  const environment = entry.kind === 'directory' ? await readEnvironment(site, path, true) : undefined
  // Nothing can be lost in an empty folder, and the deployment will fill it: it is as good as absent.
  if (environment?.proven === false) return NOTHING
  if (environment) return found(environment, manifest)
  const located = doubtful(`"env-path" names ${path}, which is not proven to be a virtual environment`)
  const remedy =
    'It has no pyvenv.cfg, no marker, and no bin or Scripts beside site-packages: correct "env-path" or leave it out'
  return { ...located, doubt: { ...located.doubt, remedy } }
}

async function detect(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  manifest: OryxManifest | undefined
): Promise<Located> {
  if (manifest?.virtualEnvName !== undefined) return namedEnvironment(site, wwwroot, manifest.virtualEnvName, manifest)
  // Files that were zipped on Windows may have a backslash in their names on Linux: no path can name those.
  const folders = wwwroot.filter(
    ({ name, kind }) => kind === 'directory' && !NEVER_ENVIRONMENTS.has(name) && isFileName(name)
  )
  const env = folders.some(({ name }) => name === 'env')
    ? await readOrRefused(site, child(WWWROOT, 'env'), false)
    : undefined
  if (env === 'refused') return doubtful('the server refuses to list the folder', ['env'])
  if (env && env.markers.length > 0) return found(env, manifest)
  const antenv = entryNamed(wwwroot, 'antenv')
  if (antenv && antenv.kind !== 'file') {
    return namedEnvironment(site, wwwroot, 'antenv', manifest)
  }
  const others = folders.filter(({ name }) => name !== 'env')
  if (others.length > MAX_FOLDERS) {
    return doubtful(`there are ${others.length} folders in wwwroot, too many to look into: name the one in "env-path"`)
  }
  const proven = env ? [env] : []
  const unread = wwwroot.filter(({ kind }) => kind === 'unknown').map(({ name }) => name)
  for (const { name } of others) {
    const environment = await readOrRefused(site, child(WWWROOT, name), false)
    if (environment === 'refused') unread.push(name)
    else if (environment) proven.push(environment)
  }
  const [only] = proven
  if (!only && unread.length > 0) {
    return doubtful('what may be the environment cannot be read: name the environment in "env-path"', unread)
  }
  if (!only) return NOTHING
  if (proven.length === 1) return found(only, manifest)
  const candidates = proven.map(({ path }) => nameOf(path))
  return doubtful('several folders are virtual environments: name the one that the app uses in "env-path"', candidates)
}

async function namedEnvironment(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  name: string,
  manifest: OryxManifest | undefined
): Promise<Located> {
  const entry = entryNamed(wwwroot, name)
  if (!entry) return name.includes('/') ? doubtful(`${MANIFEST_NAME} names the environment by a path`, [name]) : NOTHING
  if (entry.kind !== 'directory') {
    const what = entry.kind === 'unknown' ? 'something that cannot be read' : `a ${entry.kind}`
    return doubtful(`there is ${what} where the environment should be`, [name])
  }
  const environment = await readOrRefused(site, child(WWWROOT, name), true)
  if (environment === 'refused') return doubtful('the server refuses to list the folder', [name])
  if (environment) return found(environment, manifest)
  return doubtful('the folder where the environment should be is not proven to be one', [name])
}

/** `refused`: the server does not let it be listed, so nothing is known of it. */
async function readOrRefused(
  site: ReadableSite,
  path: RemotePath,
  named: boolean
): Promise<Environment | 'refused' | undefined> {
  try {
    return await readEnvironment(site, path, named)
  } catch (error) {
    if (error instanceof SiteError && error.kind === 'refused') return 'refused'
    throw error
  }
}

function found(environment: Environment, manifest: OryxManifest | undefined): Located {
  // Kudu's script knows only this one place.
  const windows = environment.shape === 'windows' && environment.path === child(WWWROOT, 'env')
  const manifestVersion = manifest?.python ? [{ source: MANIFEST_NAME, version: manifest.python }] : []
  return {
    ...NOTHING,
    layout: windows ? 'windows-env' : 'venv-tree',
    environment: { ...environment, versions: [...environment.versions, ...manifestVersion] }
  }
}

function doubtful(detail: string, candidates: readonly string[] = []): Located & { readonly doubt: Doubt } {
  return { ...NOTHING, layout: 'unknown', doubt: { detail, candidates } }
}

/**
 * Adds whether Kudu knows an active deployment, which is a sign that the next one builds as well.
 *
 * Asked for only where it decides something: the folder of deployments can be long.
 */
export async function withDeployments(
  site: ReadableSite,
  surroundings: readonly RemoteEntry[],
  snapshot: Snapshot
): Promise<Snapshot> {
  const active = await hasActiveDeployment(site, surroundings)
  return active ? { ...snapshot, rebuiltBy: [...snapshot.rebuiltBy, '/site/deployments/active'] } : snapshot
}
