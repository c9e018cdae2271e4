// Trees to sweep: as wide, deep and odd as asked for, the same for the same seed. Made in a moment: files are hard links.
import { chownSync, existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { OWNER } from '../../tools/servers/daemon.ts'
import { ODD_NAMES } from './odd-trees.ts'

/** A tree that lies on the disk. */
export interface Tree {
  /** Where it lies. */
  readonly folder: string
  /** Files and links: what a sweep counts. */
  readonly files: number
  readonly folders: number
}

/** What a tree is made of. */
export interface TreePlan {
  readonly files: number
  readonly folders: number
  readonly seed: number
  /** A folder that links of the tree lead to. */
  readonly outside: string
}

/** ext4 knows no more than 65,000 links to one file. */
const LINKS_PER_FILE = 50_000
const MAX_DEPTH = 9

/** Makes numbers from 0 to below `below`, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Makes a tree for the user of the servers, with links that lead out of it, up and nowhere. */
export function makeTree(folder: string, { files, folders, seed, outside }: TreePlan): Tree {
  const random = randomNumbers(seed)
  const made = [{ path: makeFolder(folder), depth: 0 }]
  const pick = (): { readonly path: string; readonly depth: number } =>
    made[random(made.length)] ?? { path: folder, depth: 0 }
  makeFolder(join(folder, 'lib'))
  symlinkSync('lib', join(folder, 'lib64'))
  made.push({ path: join(folder, 'lib'), depth: 1 })
  while (made.length < folders) {
    const above = pick()
    if (above.depth >= MAX_DEPTH) continue
    const name = made.length % 8 === 0 ? odd(made.length) : 'package'
    made.push({ path: makeFolder(join(above.path, `${name}${made.length}`)), depth: above.depth + 1 })
  }
  let count = 1
  for (const [name, target] of [
    ['outside', relative(folder, outside)],
    ['up', '..'],
    ['nowhere', 'no/such/file']
  ] as const) {
    symlinkSync(target, join(folder, `link ${name}`))
    count++
  }
  const deep = pick().path
  symlinkSync(relative(deep, outside), join(deep, 'link to outside'))
  count++
  // Each of the odd names as it is, side by side in one folder.
  const names = made[1]?.path ?? folder
  for (let at = 0; count < files; at++) {
    const source = sourceFor(folder, at)
    const isOdd = at < ODD_NAMES.length
    linkSync(source, isOdd ? join(names, odd(at)) : join(pick().path, `module${at}.cpython-312.pyc`))
    count++
  }
  return { folder, files: count, folders: made.length }
}

function odd(at: number): string {
  return ODD_NAMES[at % ODD_NAMES.length] ?? ''
}

function makeFolder(path: string): string {
  mkdirSync(path)
  chownSync(path, OWNER.uid, OWNER.gid)
  return path
}

/** A file beside the tree that its files are links to. */
function sourceFor(folder: string, at: number): string {
  const path = join(dirname(folder), `source-${Math.floor(at / LINKS_PER_FILE)}`)
  if (!existsSync(path)) {
    writeFileSync(path, 'the content of each file')
    chownSync(path, OWNER.uid, OWNER.gid)
  }
  return path
}
