// The manifest that an Oryx build leaves in wwwroot. Pure.
import { parse } from 'smol-toml'
import { leadingVersion, type PythonVersion } from '../python/version.ts'

/** The name of the manifest in wwwroot. */
export const MANIFEST_NAME = 'oryx-manifest.toml'

/** What an Oryx build says of itself (microsoft/Oryx, `ManifestFilePropertyKeys`). */
export interface OryxManifest {
  readonly python: PythonVersion | undefined
  /** The environment's folder, below wwwroot. */
  readonly virtualEnvName: string | undefined
  /** The folder of packages without an environment, below wwwroot. */
  readonly packageDir: string | undefined
  /** The archive that holds the environment. */
  readonly compressedVirtualEnvFile: string | undefined
  /** Whether the whole app lies in an archive, which start-up unpacks. */
  readonly compressed: boolean
}

/** A folder's name without the slashes around it that mean nothing; one of nothing else stays as it is. */
function folderOf(text: string | undefined): string | undefined {
  return text?.replace(/^(?:\.\/+)+(?=.)|(?<=[^/])\/+$/g, '')
}

/** Reads a manifest; throws an `Error` for one that is no TOML. Keys are matched whatever their case, as start-up does. */
export function parseManifest(text: string): OryxManifest {
  const values = new Map<string, string>()
  for (const [key, value] of Object.entries(parse(text.replace(/^\uFEFF/, '')))) {
    if (typeof value === 'string') values.set(key.toLowerCase(), value)
  }
  const get = (key: string): string | undefined => values.get(key.toLowerCase())?.trim() || undefined
  return {
    python: leadingVersion(get('PythonVersion') ?? ''),
    virtualEnvName: folderOf(get('virtualEnvName')),
    packageDir: folderOf(get('packagedir')),
    compressedVirtualEnvFile: get('compressedVirtualEnvFile'),
    compressed: get('CompressDestinationDir')?.toLowerCase() === 'true'
  }
}
