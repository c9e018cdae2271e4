// What a sweep has deleted, and what of that is to be believed.
import { PROBE_NAME, nameOf, type RemotePath } from '../site.ts'
import type { Reply } from './replies.ts'

/** What went, over all passes of a sweep. */
export interface Tally {
  files: number
  directories: number
  /** Files and links that were seen in the first pass. */
  listed: number
  /** Nothing more is to be seen. */
  isListed: boolean
  /** Sent, and no reply came: gone, unless a later listing shows them. */
  readonly uncertain: Map<RemotePath, 'file' | 'directory'>
  readonly movedAside: RemotePath[]
}

/** An account of nothing yet. */
export function openTally(): Tally {
  return { files: 0, directories: 0, listed: 0, isListed: false, uncertain: new Map(), movedAside: [] }
}

/** Counts a file or a link that is gone. */
export function countFile(tally: Tally, path: RemotePath): void {
  tally.files++
  tally.uncertain.delete(path)
}

/** Counts a folder that is gone. */
export function countFolder(tally: Tally, path: RemotePath): void {
  tally.uncertain.delete(path)
  // One that a lost connection left is nothing that was there before.
  if (nameOf(path) !== PROBE_NAME) tally.directories++
}

/** Takes back what was counted for a command whose reply may have been that to another one. */
export function uncount(tally: Tally, line: string, code: number): void {
  const [, verb, path] = /^(DELE|RMD) (.*)$/.exec(line) ?? []
  if (path === undefined || path.endsWith(`/${PROBE_NAME}`)) return
  if (!isDone({ code, text: '' })) return
  if (verb === 'DELE') tally.files--
  else tally.directories--
  tally.uncertain.set(path as RemotePath, verb === 'DELE' ? 'file' : 'directory')
}

/** Whether a reply says that a deletion was done. */
export function isDone({ code }: Reply): boolean {
  return code >= 200 && code < 300
}
