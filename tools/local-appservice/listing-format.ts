// Listing lines as IIS (DOS style), vsftpd (`ls -l` style) and ProFTPD (MLSD) print them. Pure: no files, no sockets.

/** Is one entry of a folder, ready to be printed. */
export interface ListedEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'link'
  /** Bytes; of the target where a link is listed as what it points to. */
  readonly size: number
  readonly modified: Date
  /** Where a link points to, as it was written; empty otherwise. */
  readonly target: string
  /** Tells one file from another; a link has that of what it points to. */
  readonly unique?: string
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const HALF_YEAR_MS = 182 * 24 * 60 * 60 * 1000

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function dosTime(time: Date): string {
  const date = `${two(time.getUTCMonth() + 1)}-${two(time.getUTCDate())}-${two(time.getUTCFullYear() % 100)}`
  const hour = time.getUTCHours()
  return `${date}  ${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(time.getUTCMinutes())}${hour < 12 ? 'AM' : 'PM'}`
}

/** Prints an entry in IIS's DOS style: UTC, minutes only; a link with the tag that `dir` of Windows has for it. */
export function dosLine(entry: ListedEntry): string {
  const time = dosTime(entry.modified)
  if (entry.kind === 'directory') return `${time}       <DIR>          ${entry.name}`
  if (entry.kind === 'link') return `${time}       <SYMLINKD>     ${entry.name}`
  return `${time} ${String(entry.size).padStart(20)} ${entry.name}`
}

function unixTime(time: Date, now: Date): string {
  const day = `${MONTHS[time.getUTCMonth()] ?? ''} ${two(time.getUTCDate())}`
  const recent = Math.abs(now.getTime() - time.getTime()) < HALF_YEAR_MS
  // Older files show their year instead of the hour, so a client cannot learn more than the day.
  if (!recent) return `${day}  ${time.getUTCFullYear()}`
  return `${day} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`
}

const UNIX_MODES = { directory: 'drwxr-xr-x', file: '-rw-r--r--', link: 'lrwxrwxrwx' }

/** Prints an entry in vsftpd's style, links with ` -> target`. */
export function unixLine(entry: ListedEntry, now: Date): string {
  const owner = `${entry.kind === 'directory' ? '   2' : '   1'} ftp      ftp     `
  const name = entry.kind === 'link' ? `${entry.name} -> ${entry.target}` : entry.name
  return `${UNIX_MODES[entry.kind]} ${owner} ${String(entry.size).padStart(8)} ${unixTime(entry.modified, now)} ${name}`
}

/** Names the facts that MLSD prints, in the form of FEAT and OPTS. */
export const FACTS: readonly string[] = ['type;', 'size;', 'modify;', 'unique;', 'UNIX.mode;']

/** Is what a line of MLSD is about: an entry of a folder, the folder itself, or the one above. */
export type MachineType = 'file' | 'dir' | 'cdir' | 'pdir' | 'OS.unix=symlink' | `OS.unix=slink:${string}`

const MACHINE_MODES = { directory: '0755', file: '0644', link: '0777' }

/** Prints an entry as MLSD does (RFC 3659 section 7): UTC, facts without blanks, one blank before the name. */
export function machineLine(entry: ListedEntry, type: MachineType): string {
  const time = entry.modified.toISOString().slice(0, 19).replaceAll(/\D/g, '')
  const size = entry.kind === 'directory' ? '' : `size=${entry.size};`
  const unique = entry.unique === undefined ? '' : `unique=${entry.unique};`
  return `type=${type};${size}modify=${time};${unique}UNIX.mode=${MACHINE_MODES[entry.kind]}; ${entry.name}`
}
