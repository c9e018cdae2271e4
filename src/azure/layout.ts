// Which of App Service's layouts a site has.
import { SiteError, WWWROOT, child, entryNamed, pathBelow, remotePath } from '../site.ts'
import type { ReadableSite, RemoteEntry, RemotePath } from '../site.ts'
import { oryxArchivesIn, compressedApp, compressedEnvironment } from './archives.ts'
import { findLock, readActiveDeployment } from './deployments.ts'
import { MANIFEST_NAME, parseManifest, type OryxManifest } from './manifest.ts'
import { detect, givenEnvironment, packagesFolder } from './search.ts'
import { deployAgain, doubtful, type Located, type Snapshot } from './snapshot.ts'

/** What is given from outside. */
export interface InspectOptions {
  /** The environment's folder, if detection is not wanted. */
  readonly envPath: RemotePath | undefined
  readonly now: Date
}

const MAX_MANIFEST_BYTES = 65_536

/** Names the package that an app runs from, where it runs from one (WEBSITE_RUN_FROM_PACKAGE=1). */
export const PACKAGE_NAME = remotePath('/data/SitePackages/packagename.txt')

/** It holds one file name. */
export const MAX_PACKAGE_NAME_BYTES = 4096

/** What lies in a wwwroot without an app: what App Service itself puts there, and settings of the web server. */
const PLACEHOLDERS = new Set([
  '.ostype',
  'FAILED TO INITIALIZE RUN FROM PACKAGE.txt',
  'hostingstart.html',
  'web.config'
])

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
    'detail' in manifest ? deployAgain(manifest.detail) : await locate(site, wwwroot, manifest.manifest, options)
  if (located.layout === 'none') return { ...located, lock: undefined, rebuiltBy: [], shippedBy: undefined }
  const lock = await findLock(site, surroundings, options.now)
  const oryx = 'manifest' in manifest ? manifest.manifest : undefined
  const rebuiltBy = oryx ? [MANIFEST_NAME] : (located.environment?.markers ?? [])
  return { ...located, lock, rebuiltBy, shippedBy: undefined }
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
  { envPath }: InspectOptions
): Promise<Located> {
  if (manifest?.compressed) return compressedApp(site, wwwroot, manifest, envPath)
  if (manifest?.compressedVirtualEnvFile) return compressedEnvironment(wwwroot, manifest.compressedVirtualEnvFile)
  const archives = oryxArchivesIn(wwwroot)
  if (!envPath && !manifest && archives.length > 0) {
    return doubtful(
      `there is ${archives.map(({ name }) => name).join(' and ')}, but no ${MANIFEST_NAME} that says what it is`
    )
  }
  const located = await locateFolder(site, wwwroot, manifest, envPath)
  return located.layout === 'none' ? unlessPackaged(site, wwwroot, located) : located
}

function locateFolder(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  manifest: OryxManifest | undefined,
  envPath: RemotePath | undefined
): Promise<Located> {
  if (manifest?.packageDir && manifest.virtualEnvName === undefined) {
    const isGiven = envPath === undefined || envPath === pathBelow(WWWROOT, manifest.packageDir)
    if (isGiven) return packagesFolder(site, wwwroot, manifest, manifest.packageDir)
  }
  return envPath ? givenEnvironment(site, wwwroot, envPath, manifest) : detect(site, wwwroot, manifest)
}

/** An app that runs from a package has nothing in wwwroot either, and what it runs cannot be seen over FTP. */
async function unlessPackaged(site: ReadableSite, wwwroot: readonly RemoteEntry[], empty: Located): Promise<Located> {
  if (!wwwroot.every(({ name }) => PLACEHOLDERS.has(name))) return empty
  try {
    const name = (await site.readText(PACKAGE_NAME, MAX_PACKAGE_NAME_BYTES)).trim()
    const located = doubtful(
      `the app runs from a package (${PACKAGE_NAME} names ${name || 'nothing'}), which brings its environment along and cannot be changed from here`
    )
    return { ...located, doubt: { ...located.doubt, advice: 'Build the package anew, and deploy that' } }
  } catch (error) {
    if (error instanceof SiteError && error.kind === 'refused') return empty
    throw error
  }
}

/**
 * Adds what the last deployment tells: that Kudu knows an active one, which is a sign that the next one builds as well,
 * and whether the environment came with its package.
 *
 * Asked for only where it decides something: the record can be long.
 */
export async function withDeployments(
  site: ReadableSite,
  surroundings: readonly RemoteEntry[],
  snapshot: Snapshot
): Promise<Snapshot> {
  const active = await readActiveDeployment(site, surroundings)
  if (!active) return snapshot
  const shipped = snapshot.environment && active.brought(snapshot.environment.path)
  return {
    ...snapshot,
    rebuiltBy: [...snapshot.rebuiltBy, '/site/deployments/active'],
    shippedBy: shipped ? active.record : undefined,
    activeDeployment: active.record
  }
}
