// The metadata that was written for the tests, seen as a site-packages on a server, and what each of it means.
import { readFileSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { distributionsIn, type Distribution } from '../../../src/python/distributions.ts'
import type { MarkerEnvironment } from '../../../src/python/markers.ts'
import type { Metadata } from '../../../src/python/metadata.ts'
import { metadataReader } from '../../../src/python/read-metadata.ts'
import type { Requirement } from '../../../src/python/requirement.ts'
import { SiteError, WWWROOT, type ReadableSite, type RemoteEntry } from '../../../src/site.ts'
import { NO_ACCOUNT } from '../fake-site.ts'

export interface Expected {
  /** In their order, without markers. */
  readonly requires: readonly string[]
  /** By extra (empty: none), the names that are needed on Linux with Python 3.12. */
  readonly needs: Readonly<Record<string, readonly string[]>>
  readonly gaps?: number
  /** Has versions that packaging refuses since its version 22. */
  readonly legacy?: true
  /** More is found than Python would. */
  readonly more?: true
}

export const CORPUS = join(import.meta.dirname, '../../fixtures/metadata')

export const EXPECTED = JSON.parse(readFileSync(join(CORPUS, 'expected.json'), 'utf8')) as Readonly<
  Record<string, Expected>
>

export const LINUX = {
  python_version: '3.12',
  python_full_version: '3.12.4',
  os_name: 'posix',
  sys_platform: 'linux',
  platform_release: '6.1.0',
  platform_system: 'Linux',
  platform_version: '#1 SMP',
  platform_machine: 'x86_64',
  platform_python_implementation: 'CPython',
  implementation_name: 'cpython',
  implementation_version: '3.12.4'
} satisfies MarkerEnvironment

export const WINDOWS = {
  ...LINUX,
  python_version: '3.6',
  python_full_version: '3.6.8',
  os_name: 'nt',
  sys_platform: 'win32',
  platform_system: 'Windows',
  platform_machine: 'AMD64',
  implementation_version: '3.6.8'
} satisfies MarkerEnvironment

/** A folder on this machine as WWWROOT. */
export function diskSite(root: string): ReadableSite {
  const refused = (error: unknown): never => {
    throw new SiteError('refused', 'The server refused', { cause: error, replyCode: 550 })
  }
  const at = (path: string): string => join(root, path.slice(WWWROOT.length))
  const list = async (path: string): Promise<readonly RemoteEntry[]> => {
    const entries = await readdir(at(path), { withFileTypes: true }).catch(refused)
    return entries.map(entry => ({
      name: entry.name,
      kind: entry.isDirectory() ? 'directory' : 'file',
      size: 0,
      modified: undefined
    }))
  }
  return {
    list,
    listFully: list,
    readText: async path => new TextDecoder().decode(await readFile(at(path)).catch(refused)),
    account: () => NO_ACCOUNT,
    close: () => undefined
  }
}

/** All of it, by the name in the folder. */
export async function readCorpus(): Promise<ReadonlyMap<string, Metadata>> {
  const site = diskSite(CORPUS)
  const distributions = distributionsIn(await site.list(WWWROOT))
  const found = await metadataReader(site, WWWROOT)(distributions)
  return new Map(distributions.flatMap(one => entryOf(one, found)))
}

function entryOf(
  { name, entry }: Distribution,
  found: ReadonlyMap<string, Metadata>
): readonly (readonly [string, Metadata])[] {
  const metadata = found.get(name)
  return metadata ? [[entry, metadata]] : []
}

/** A requirement without its marker. */
export function textOf({ name, extras, specifier, url }: Requirement): string {
  const list = extras.length > 0 ? `[${extras.join(',')}]` : ''
  return `${name}${list}${url === undefined ? specifier : ` @ ${url}`}`
}
