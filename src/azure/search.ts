// Which folder in wwwroot is the environment. Reads only folders that may be one.
import { readEnvironment, readPackages } from '../python/read-venv.ts'
import type { Environment } from '../python/venv.ts'
import {
  SiteError,
  WWWROOT,
  child,
  entryNamed,
  findEntry,
  isFileName,
  nameOf,
  pathBelow,
  type ReadableSite,
  type RemoteEntry,
  type RemotePath
} from '../site.ts'
import { MANIFEST_NAME, type OryxManifest } from './manifest.ts'
import { NOTHING, doubtful, type Located } from './snapshot.ts'

/** Where more folders lie in wwwroot than this, looking into each of them would take longer than asking the user. */
const MAX_FOLDERS = 40

/** What Oryx calls the folder of packages where nobody names another. */
const ORYX_PACKAGES = '__oryx_packages__'

/** Folders in wwwroot that never are the environment: caches, other ecosystems, and what start-up leaves behind. */
const NEVER_ENVIRONMENTS = new Set([
  '.git',
  '.github',
  '.python_packages',
  '.vscode',
  ORYX_PACKAGES,
  '__pycache__',
  '_del_antenv',
  '_del_node_modules',
  'node_modules'
])

/** Looks at the one folder that the user names. */
export async function givenEnvironment(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  path: RemotePath,
  manifest: OryxManifest | undefined
): Promise<Located> {
  const entry = await findEntry(site, path, wwwroot)
  if (!entry) return { ...NOTHING, absence: `"env-path" names ${path}, which is not there` }
  const environment = entry.kind === 'directory' ? await readEnvironment(site, path, true) : undefined
  // Nothing can be lost in an empty folder, and the deployment will fill it: it is as good as absent.
  if (environment?.proven === false) return NOTHING
  // What the manifest says holds for what it names, if it names anything.
  const named = manifest?.virtualEnvName ?? manifest?.packageDir
  const ofOryx = named === undefined || pathBelow(WWWROOT, named) === path
  if (environment) return found(environment, ofOryx ? manifest : undefined)
  const packages = entry.kind === 'directory' ? await readPackages(site, path) : undefined
  if (packages) return { ...NOTHING, layout: 'packages-dir', environment: packages }
  const located = doubtful(`"env-path" names ${path}, which is not proven to be a virtual environment`)
  const what =
    entry.kind === 'directory'
      ? 'It has no pyvenv.cfg, no marker, and no bin or Scripts beside site-packages'
      : `There is ${whatIs(entry)} in its place, which is not followed`
  return { ...located, doubt: { ...located.doubt, remedy: `${what}: correct "env-path" or leave it out` } }
}

/** Looks at the folder into which `pip install --target` has put the packages, as the manifest says. */
export async function packagesFolder(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  manifest: OryxManifest,
  packageDir: string
): Promise<Located> {
  const path = pathBelow(WWWROOT, packageDir)
  if (!path) return doubtful(`${MANIFEST_NAME} names a folder of packages that does not lie in wwwroot`, [packageDir])
  const entry = await findEntry(site, path, wwwroot)
  if (!entry) return NOTHING
  if (entry.kind !== 'directory')
    return doubtful(`there is ${whatIs(entry)} where the packages should be`, [packageDir])
  const packages = await orRefused(site, path, readPackages(site, path))
  if (packages === 'gone') return NOTHING
  if (packages === 'refused') return doubtful('the server refuses to list the folder', [packageDir])
  if (!packages) return doubtful('the folder where the packages should be holds none', [packageDir])
  return { ...NOTHING, layout: 'packages-dir', environment: withManifest(packages, manifest) }
}

/** Finds the environment: the one that the manifest names, else one with a marker, else `antenv`, else the only one. */
export async function detect(
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
  if (env && env !== 'gone' && env.markers.length > 0) return found(env, manifest)
  const antenv = entryNamed(wwwroot, 'antenv')
  if (antenv && antenv.kind !== 'file') return namedEnvironment(site, wwwroot, 'antenv', manifest)
  const others = folders.filter(({ name }) => name !== 'env')
  if (others.length > MAX_FOLDERS) {
    return doubtful(`there are ${others.length} folders in wwwroot, too many to look into: name the one in "env-path"`)
  }
  const proven = env && env !== 'gone' ? [env] : []
  const unread = wwwroot.filter(({ kind }) => kind === 'unknown').map(({ name }) => name)
  for (const { name } of others) {
    const environment = await readOrRefused(site, child(WWWROOT, name), false)
    if (environment === 'refused') unread.push(name)
    else if (environment && environment !== 'gone') proven.push(environment)
  }
  const located = theOnly(proven, unread, manifest)
  return located.layout === 'none' ? unlessPackages(wwwroot, manifest) : located
}

/** A deployment that failed has removed the manifest that would say what Oryx's folder of packages is. */
function unlessPackages(wwwroot: readonly RemoteEntry[], manifest: OryxManifest | undefined): Located {
  const isThere = wwwroot.some(({ name, kind }) => name === ORYX_PACKAGES && kind === 'directory')
  if (manifest || !isThere) return NOTHING
  return doubtful(`there is a folder of packages, but no ${MANIFEST_NAME} that says whether the app uses it`, [
    ORYX_PACKAGES
  ])
}

function theOnly(
  proven: readonly Environment[],
  unread: readonly string[],
  manifest: OryxManifest | undefined
): Located {
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
    const located = doubtful(`there is ${whatIs(entry)} where the environment should be`, [name])
    return { ...located, doubt: { ...located.doubt, advice: 'Remove it, so that the deployment can build there' } }
  }
  const environment = await readOrRefused(site, child(WWWROOT, name), true)
  if (environment === 'gone') return NOTHING
  if (environment === 'refused') return doubtful('the server refuses to list the folder', [name])
  if (environment) return found(environment, manifest)
  return doubtful('the folder where the environment should be is not proven to be one', [name])
}

function whatIs({ kind }: RemoteEntry): string {
  return kind === 'unknown' ? 'something that cannot be read' : `a ${kind}`
}

/**
 * Reads a folder; `refused`: the server does not let it be listed, so nothing is known of it; `gone`: it was there a
 * moment ago, and another run or a deployment has taken it away.
 */
export function readOrRefused(
  site: ReadableSite,
  path: RemotePath,
  named: boolean
): Promise<Environment | 'refused' | 'gone' | undefined> {
  return orRefused(site, path, readEnvironment(site, path, named))
}

async function orRefused<T>(
  site: ReadableSite,
  path: RemotePath,
  reading: Promise<T>
): Promise<T | 'refused' | 'gone'> {
  try {
    return await reading
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    return (await findEntry(site, path)) ? 'refused' : 'gone'
  }
}

function found(environment: Environment, manifest: OryxManifest | undefined): Located {
  // Kudu's script knows only this one place.
  const windows = environment.shape === 'windows' && environment.path === child(WWWROOT, 'env')
  return {
    ...NOTHING,
    layout: windows ? 'windows-env' : 'venv-tree',
    environment: withManifest(environment, manifest)
  }
}

function withManifest(environment: Environment, manifest: OryxManifest | undefined): Environment {
  const said = manifest?.python ? [{ source: MANIFEST_NAME, version: manifest.python }] : []
  return { ...environment, versions: [...environment.versions, ...said] }
}
