// A folder as names and kinds, with the texts that tell who made it: small enough to keep, and of no one machine.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listTree } from '../local-appservice/sites.ts'

/** Where a skeleton comes from. */
export interface Origin {
  /** What made it, with its version. */
  readonly tool: string
  readonly python: string
  readonly system: string
  /** The commands that made it, in their order, run in wwwroot; empty for one that was written by hand. */
  readonly commands: readonly string[]
  /** The day, `YYYY-MM-DD`. */
  readonly recorded: string
  /** Only where it was written by hand: the public sources of what is in it. */
  readonly sources?: readonly string[]
}

/** An environment, or what looks like one, without its contents. */
export interface Skeleton {
  readonly origin: Origin
  /** Paths below the folder: `/` ends a folder, ` -> target` a link. Of `site-packages` only the top level. */
  readonly entries: readonly string[]
  /** Texts by path. */
  readonly texts: Readonly<Record<string, string>>
}

/** Replaces a path of the machine by a neutral one. */
export type Replacement = readonly [from: string, to: string]

const TEXTS = /(^|\/)(pyvenv\.cfg|orig-prefix\.txt|no-global-site-packages\.txt|\.gitignore)$/

function isKept(line: string): boolean {
  if (/(^|\/)__pycache__\//.test(line)) return false
  const below = /(?:^|\/)site-packages\/(.+)$/.exec(line)?.[1]
  // What is inside of a distribution tells nothing about the environment, and there is much of it.
  return below === undefined || /^[^/]+\/?$/.test(below)
}

/** Reads a folder into entries and texts; `neutral` says which paths of this machine stand for which. */
export async function readSkeleton(
  folder: string,
  neutral: readonly Replacement[]
): Promise<Pick<Skeleton, 'entries' | 'texts'>> {
  const replace = (text: string): string => neutral.reduce((left, [from, to]) => left.replaceAll(from, to), text)
  const entries = (await listTree(folder)).filter(isKept)
  const texts: Record<string, string> = {}
  for (const path of entries.filter(line => TEXTS.test(line))) {
    texts[path] = replace(await readFile(join(folder, path), 'utf8'))
  }
  return { entries: entries.map(replace), texts }
}
