// What is swept while everything goes wrong: a small tree with all that is odd, and around it what has to stay as it is.
import { existsSync } from 'node:fs'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openSite, type SiteOptions } from '../../src/ftp/site.ts'
import type { FtpTarget } from '../../src/ftp/target.ts'
import { mutable, remotePath, type RemoteSite, type Sweep } from '../../src/site.ts'
import type { LocalAppService } from '../../tools/local-appservice/index.ts'
import { fingerprint } from '../servers/fingerprint.ts'
import { targetOf } from '../unit/tools/lab.ts'

/** The tree that is swept. */
export const TREE = mutable(remotePath('/site/.azure-python-env/trash-x'))

const FILES: readonly string[] = [
  'pyvenv.cfg',
  '.hidden',
  ' blanks at both ends ',
  '-rf',
  '[brackets]',
  '#hash',
  '"quotes"',
  "it's",
  'naïve-日本語-🐍',
  'two  inner blanks',
  'bin/activate',
  'bin/pip',
  'lib/python3.12/site-packages/a.py',
  'lib/python3.12/site-packages/b.py',
  'lib/python3.12/site-packages/c d.py',
  'lib/python3.12/site-packages/ odd [folder] #1/x',
  'lib/python3.12/site-packages/ odd [folder] #1/.y'
]

/** `lib64` as every environment made on Linux has it, and a way out at two depths. */
const LINKS: Readonly<Record<string, string>> = {
  lib64: 'lib',
  share: '../../../data/precious',
  'lib/python3.12/data': '../../../../../data/precious'
}

/** Files and links in the small tree. */
export const ENTRIES = FILES.length + Object.keys(LINKS).length
/** Folders of the small tree, itself, an empty one and an odd one included. */
export const FOLDERS = 7

const NEIGHBOURS: readonly string[] = [
  'data/precious/deep/file',
  'data/precious/activate',
  'site/wwwroot/app.py',
  'site/.azure-python-env/trash-xy/file',
  'site/.azure-python-env/state.json'
]

/** Writes files, with the folders above them. */
export async function lay(home: string, paths: readonly string[]): Promise<void> {
  await Promise.all(
    [...new Set(paths.map(path => dirname(join(home, path))))].map(path => mkdir(path, { recursive: true }))
  )
  await Promise.all(paths.map(path => writeFile(join(home, path), path)))
}

/** Lays the small tree. */
export async function laySmallTree(home: string): Promise<void> {
  const root = join(home, TREE)
  await lay(root, FILES)
  await mkdir(join(root, 'empty'))
  for (const [path, target] of Object.entries(LINKS)) await symlink(target, join(root, path))
}

/** Lays so many files in folders of twenty, and gives the number of folders. */
export async function layManyFiles(home: string, files: number): Promise<number> {
  const perFolder = 20
  const paths = Array.from({ length: files }, (_, n) => `p${Math.floor(n / perFolder)}/${n}.py`)
  await lay(join(home, TREE), paths)
  return 1 + Math.ceil(files / perFolder)
}

/** What lies around the tree, and whether it is as it was. */
export interface Surroundings {
  /** Resolves with what is different now; the tree itself counts as well where it is still there. */
  readonly differences: () => Promise<readonly string[]>
}

/** Lays the neighbours, and remembers all there is. Call it before the tree is laid. */
export async function laySurroundings(home: string): Promise<Surroundings> {
  await lay(home, NEIGHBOURS)
  const before = await fingerprint(home)
  return {
    async differences() {
      const now = await fingerprint(home)
      return [
        ...before.filter(line => !now.includes(line)).map(line => `gone: ${line}`),
        ...now.filter(line => !before.includes(line)).map(line => `new: ${line}`)
      ]
    }
  }
}

/** Whether anything is left of the tree. */
export function isLeft(home: string): boolean {
  return existsSync(join(home, TREE))
}

/** Removes what a sweep has left. */
export async function clear(home: string): Promise<void> {
  await rm(join(home, TREE), { recursive: true, force: true })
}

/** Far more than any sweep here takes: one that hangs is to be told from the others, not to stop them. */
const LONGEST_MS = 30_000

/** How a site is opened, as far as tests differ. */
export type Opening = Partial<Omit<SiteOptions, 'trace'>> & { readonly tls?: FtpTarget['tls'] }

/** Opens a site of a local app; the caller closes it. */
export function openOn(app: LocalAppService, { tls = 'off', ...options }: Opening = {}): Promise<RemoteSite> {
  return openSite(targetOf(app, tls), {
    timeoutMs: 5000,
    signal: AbortSignal.timeout(LONGEST_MS),
    connections: 3,
    ...options,
    trace: () => undefined
  })
}

/** A sweep after which nothing is left, in short. */
export function allOf(files: number, directories: number): Partial<Sweep> {
  return { files, directories, refused: [], movedAside: [], unfinished: false }
}
