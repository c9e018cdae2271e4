// What real servers answered about one tree, beside what was on their disk: see tools/record-listings.ts.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { recursiveListing, type RecursiveListing, type Section } from '../../../src/ftp/recursive-listing.ts'
import { remotePath, type RemotePath } from '../../../src/site.ts'

/** The folder that was listed. */
export const TREE = remotePath('/site/tree')

/** When the listings of the tests are read. */
export const NOW = new Date('2026-11-22T12:00:00Z')

interface Recording {
  readonly origin: string
  /** What was on the disk: `d`, `f` or `l` (a link), and the path below the tree. */
  readonly tree: readonly string[]
  /** Lines of `LIST -Ra`; each but the last, which is empty, ended with CRLF. */
  readonly list: readonly string[]
  /** Replies to STAT, as lines, by command. */
  readonly stat: Readonly<Record<string, readonly string[]>>
}

/** Reads what one server answered. */
export async function recorded(name: string): Promise<Recording> {
  const file = join(import.meta.dirname, '..', '..', 'fixtures', 'listings', `${name}.json`)
  return JSON.parse(await readFile(file, 'utf8')) as Recording
}

const LETTERS = { directory: 'd', file: 'f', link: 'l', unknown: '?' } as const

/** All that a recursive listing told. */
export interface Told {
  readonly listing: RecursiveListing
  readonly sections: readonly Section[]
  /** Kinds and paths below the root, as in a recording. */
  readonly tree: readonly string[]
  /** Folders whose section ended. */
  readonly ended: readonly RemotePath[]
}

/** Reads a whole recursive listing, in the pieces given. */
export function told(pieces: readonly string[], root: RemotePath = TREE): Told {
  const sections: Section[] = []
  const listing = recursiveListing(root, NOW, section => {
    sections.push(section)
  })
  for (const piece of pieces) listing.push(piece)
  listing.end()
  const tree = sections.flatMap(({ path, entries }) =>
    entries.map(({ kind, name }) => `${LETTERS[kind]} ${`${path}/${name}`.slice(root.length + 1)}`)
  )
  const ended = sections.flatMap(({ path, ending }) => (ending === 'ended' ? path : []))
  return { listing, sections, tree: tree.sort(), ended }
}
