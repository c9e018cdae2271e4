// What file systems of servers do unasked: folders that are empty a moment later, files in use for a while, files that appear.
import { writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { Session } from './ftp-session.ts'
import { ftpPathOf } from './virtual-paths.ts'

/** Says whether a file is in use, or a folder not empty, this one time more; each time is counted off. */
export function isStillRefused(session: Session, trap: 'lockedFor' | 'rmdirRefusals', disk: string): boolean {
  const { misbehaved, root, switches } = session.shared
  const path = ftpPathOf(root, disk)
  const left = switches[trap].get(path) ?? 0
  if (left <= 0) return false
  switches[trap].set(path, left - 1)
  misbehaved[trap]++
  return true
}

/** Lets the file appear that was to appear after so many deletions in its folder. */
export async function afterDeletion(session: Session, disk: string): Promise<void> {
  const { misbehaved, root, switches } = session.shared
  const { appear } = switches
  if (appear === undefined || posix.dirname(ftpPathOf(root, disk)) !== appear.folder) return
  const isDue = appear.afterDeletesIn <= 1
  // Before the file is written: two sessions may delete in the folder at the same time, and it appears once.
  switches.appear = isDue ? undefined : { ...appear, afterDeletesIn: appear.afterDeletesIn - 1 }
  if (!isDue) return
  misbehaved.appear++
  await writeFile(join(root, appear.folder, appear.name), 'appeared')
}
