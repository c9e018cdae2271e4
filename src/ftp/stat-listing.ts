// The reply to `STAT <folder>`: a listing that comes over the control connection, and when it is believed to be one.
import { nameOf, type RemoteEntry, type RemotePath } from '../site.ts'
import { isDot, isFiller, readLine, showsLinks, type ListedEntry } from './listing.ts'
import type { Reply } from './replies.ts'

/** A way to ask for a listing over the control connection. */
export type StatForm = 'STAT -a' | 'STAT'

/** The forms, in the order in which they are tried: without `-a` Pure-FTPd hides what begins with a dot. */
export const STAT_FORMS: readonly StatForm[] = ['STAT -a', 'STAT']

/** What a reply to `STAT` lists. */
export interface StatListing {
  readonly entries: readonly ListedEntry[]
  /** The folder's own line is there: then it is the content of a folder that can be read. */
  readonly showsItself: boolean
  /** See `showsLinks` of plain listings. */
  readonly showsLinks: boolean
}

/**
 * The command that asks for a folder's listing; `undefined`: no path that every server would take for this folder.
 *
 * Pure-FTPd splits the path at blanks, and ProFTPD and Pure-FTPd take some characters for a pattern: they would list
 * other folders, or nothing. The same holds for `LIST` with options.
 */
export function statCommand(form: StatForm, directory: RemotePath): string | undefined {
  return isPlainPath(directory) ? `${form} ${directory}` : undefined
}

/** Whether a path can follow options: it has no blank, and no character of a pattern. */
export function isPlainPath(path: RemotePath): boolean {
  return !/[\s*?[\]{}~\\]/.test(path)
}

/**
 * Reads the reply to `STAT <folder>`; `undefined`: it is no listing of the content of that folder.
 *
 * `showsItself`: earlier replies of this server showed the folder's own line. vsftpd and Pure-FTPd answer an empty
 * listing for a folder that is not there, Pure-FTPd and ProFTPD for one that may not be read, and then this line is
 * missing. Where a server never shows it, an empty listing says nothing: neither that the folder is empty nor that it is
 * gone.
 */
export function readStat(
  { code, text }: Reply,
  directory: RemotePath,
  now: Date,
  showsItself = false
): StatListing | undefined {
  const lines = text.split('\n')
  if (![211, 212, 213].includes(code)) return undefined
  const entries: ListedEntry[] = []
  const names = new Set<string>()
  let hasDot = false
  let isReadable = lines.length === 2
  for (const padded of lines.slice(1, -1)) {
    // Some servers pad the lines within a reply, so that none looks like its end. No listing line begins with a blank.
    const line = padded.replace(/^ +/, '')
    if (isFiller(line)) continue
    const read = readLine(line, now)
    isReadable ||= read.isReadable
    if (isDot(read.entry)) {
      hasDot = true
      continue
    }
    // A header: this is another listing. Two lines for one name: a line break in a name may look like a line of its own.
    if ((!read.isReadable && /^\/.*:$/.test(line)) || names.has(read.entry.name)) return undefined
    names.add(read.entry.name)
    entries.push(read.entry)
  }
  if (!isReadable || (showsItself && !hasDot)) return undefined
  // vsftpd answers the line of the folder where its content may not be read.
  if (!hasDot && entries.length === 1 && names.has(nameOf(directory))) return undefined
  return { entries, showsItself: hasDot, showsLinks: showsLinks(entries) }
}

/**
 * Whether what one command listed can be trusted, because another one lists the same: both have the same names, and at
 * least one. What was told by `STAT`, or by the root's section of a recursive listing, is so compared with one `LIST`.
 */
export function agrees(
  { entries }: { readonly entries: readonly RemoteEntry[] },
  listed: readonly RemoteEntry[]
): boolean {
  const names = new Set(listed.map(({ name }) => name))
  return names.size > 0 && names.size === entries.length && entries.every(({ name }) => names.has(name))
}
