// The lines of a listing, whichever connection they travel on: what there is, and what the server makes of it.
import { join } from 'node:path'
import type { Session } from './ftp-session.ts'
import { globbed, listLines, nameLines } from './listing.ts'
import type { ListRequest } from './listing.ts'
import { followedPath, ftpPath, ftpPathOf } from './virtual-paths.ts'

/** Finds the folder or file on disk that a listing was asked of; throws ENOENT where there is none. */
async function listedPath(session: Session, path: string): Promise<string> {
  const { root, switches } = session.shared
  const absolute = ftpPath(session.workingDirectory, path)
  const disk = switches.listings.globs === true ? await globbed(join(root, absolute)) : join(root, absolute)
  return followedPath(root, ftpPathOf(root, disk))
}

/** Lists what is there, or a missing folder in the server's way: vsftpd answers success, and hardly a line. */
export async function linesOrMissing(
  session: Session,
  read: () => Promise<readonly string[]>,
  whereMissing: readonly string[] = []
): Promise<readonly string[]> {
  const { style, switches } = session.shared
  const missing = switches.listings.missing ?? (style.personality === 'unix' ? 'empty' : 'refused')
  return read().catch((error: unknown) => {
    if (missing === 'refused') throw error
    return missing === 'empty' ? whereMissing : ['ls: No such file or directory']
  })
}

/** Lists a folder or file as the lines of LIST, NLST or STAT; throws ENOENT where there is none. */
export async function linesFor(session: Session, verb: string, request: ListRequest): Promise<readonly string[]> {
  const { style, switches } = session.shared
  const disk = await listedPath(session, request.path)
  if (verb === 'NLST') return nameLines(disk, request, style)
  const lines = cutShort(session, request, await listLines(disk, request, style))
  return switches.listings.totals === true && style.personality !== 'iis'
    ? [`total ${lines.length * 4}`, ...lines]
    : lines
}

function cutShort(session: Session, { recurse }: ListRequest, lines: readonly string[]): readonly string[] {
  const { misbehaved, switches } = session.shared
  const { cutAfter = Infinity } = switches.listings.recursive ?? {}
  if (!recurse || lines.length <= cutAfter) return lines
  misbehaved.cutAfter++
  return lines.slice(0, cutAfter)
}
