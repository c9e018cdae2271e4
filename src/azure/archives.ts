// The layouts in which an archive holds the environment, or the whole app: each deployment builds them from nothing.
import type { Environment } from '../python/venv.ts'
import { WWWROOT, child, entryNamed, type ReadableSite, type RemoteEntry, type RemotePath } from '../site.ts'
import { MANIFEST_NAME, type OryxManifest } from './manifest.ts'
import { givenEnvironment, readOrRefused } from './search.ts'
import { NOTHING, deployAgain, type Located, type SecondArchive } from './snapshot.ts'

const MINUTE_MS = 60_000

/** The archives of a compressed app in wwwroot. */
function archivesIn(wwwroot: readonly RemoteEntry[]): readonly RemoteEntry[] {
  return wwwroot.filter(({ name, kind }) => kind === 'file' && /^output\.tar\.(gz|zst)$/.test(name))
}

/** Whatever is called like an archive that Oryx makes: of the app, or of its environment. */
export function oryxArchivesIn(wwwroot: readonly RemoteEntry[]): readonly RemoteEntry[] {
  const isEnvironment = (name: string): boolean => /^(antenv|pythonenv)[\d.]*\.(tar\.gz|tar\.zst|zip)$/.test(name)
  return [...archivesIn(wwwroot), ...wwwroot.filter(({ name, kind }) => kind === 'file' && isEnvironment(name))]
}

/** A site whose whole app lies in an archive, as the manifest says. */
export async function compressedApp(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  manifest: OryxManifest,
  envPath: RemotePath | undefined
): Promise<Located> {
  const [first, second] = archivesIn(wwwroot)
  if (!first) return deployAgain(`${MANIFEST_NAME} says that the app is compressed, but there is no archive`)
  const manifestTime = wwwroot.find(({ name }) => name === MANIFEST_NAME)?.modified
  const secondArchive = second && twoArchives(first, second, manifestTime)
  if (envPath) {
    const given = await givenEnvironment(site, wwwroot, envPath, manifest)
    return given.doubt ? given : { ...given, layout: 'compressed-app', secondArchive }
  }
  const environment = await leftOver(site, wwwroot, manifest.virtualEnvName ?? 'antenv')
  return { ...NOTHING, layout: 'compressed-app', environment, secondArchive }
}

/** An environment of an earlier, uncompressed build: start-up unpacks the archive elsewhere and never looks at it. */
async function leftOver(
  site: ReadableSite,
  wwwroot: readonly RemoteEntry[],
  name: string
): Promise<Environment | undefined> {
  if (!wwwroot.some(entry => entry.name === name && entry.kind === 'directory')) return undefined
  const found = await readOrRefused(site, child(WWWROOT, name), false)
  return found === 'refused' || found === 'gone' ? undefined : found
}

/** A site whose environment lies in an archive beside the app, as the manifest says. */
export function compressedEnvironment(wwwroot: readonly RemoteEntry[], archive: string): Located {
  if (entryNamed(wwwroot, archive)?.kind === 'file') return { ...NOTHING, layout: 'compressed-env' }
  return deployAgain(`${MANIFEST_NAME} says that the environment lies in ${archive}, but there is no such archive`)
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
