// Directory listings: text of a server → entries. No line is dropped, whether it can be understood or not.
import { SiteError, isFileName, type RemoteEntry } from '../site.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAY_MS = 86_400_000

/** An entry as the transport knows it: with the target of a link, where the line tells it. */
export interface ListedEntry extends RemoteEntry {
  readonly target?: string
}

type LineParser = (line: string, now: Date) => ListedEntry | undefined

/**
 * Reads a listing in DOS, UNIX or MLSD form (RFC 3659 section 7), without `.` and `..`.
 *
 * A line that cannot be understood becomes an entry of kind `unknown`, because a dropped line would make something look
 * absent that is there, and that absence decides what is deleted. Where no line can be understood, `SiteError` of kind
 * `unexpected` is thrown. Times are taken as UTC, which Azure's servers use; `now` supplies the year that UNIX listings
 * leave out for recent files.
 */
export function parseListing(text: string, now: Date): readonly ListedEntry[] {
  const entries: ListedEntry[] = []
  let readable = false
  for (const line of text.split(/\r?\n/)) {
    if (isFiller(line)) continue
    const { entry, isReadable } = readLine(line, now)
    readable ||= isReadable
    if (!isDot(entry)) entries.push(entry)
  }
  const [first] = entries
  if (first && !readable) throw unreadable(first.name)
  return entries
}

/** Whether a line stands for nothing: it is blank, or the sum of blocks with which `ls -l` begins. */
export function isFiller(line: string): boolean {
  return line.trim() === '' || /^total \d+$/i.test(line)
}

/** Whether an entry is the listed folder itself, or the one above. */
export function isDot({ name }: RemoteEntry): boolean {
  return name === '.' || name === '..'
}

/** Reads one line that is no filler; `isReadable`: it is a listing line, even where its name cannot be told for certain. */
export function readLine(line: string, now: Date): { readonly entry: ListedEntry; readonly isReadable: boolean } {
  const entry = parseLine(line, now)
  if (!entry || /[/\0]/.test(entry.name)) return { entry: unknownEntry(line), isReadable: false }
  return { entry: isAmbiguous(line, entry) ? unknownEntry(line) : entry, isReadable: true }
}

/**
 * Whether a folder's entries prove that the command which listed them shows links as links: one is shown so, and the
 * folder that it leads to stands beside it, as with `lib64 -> lib`. Then what is listed as a folder is one.
 *
 * A link that leads nowhere, or to a file, proves nothing: servers that follow links show such as they are.
 */
export function showsLinks(entries: readonly ListedEntry[]): boolean {
  const targets = new Set(entries.flatMap(entry => neighbourOf(entry) ?? []))
  return targets.size > 0 && entries.some(({ name, kind }) => kind === 'directory' && targets.has(name))
}

/** The name beside a link that it leads to; `undefined`: it leads elsewhere, or the line does not tell. */
export function neighbourOf({ kind, target }: ListedEntry): string | undefined {
  if (kind !== 'link' || target === undefined) return undefined
  const name = target.replace(/^(?:\.\/)+/, '').replace(/\/$/, '')
  return isFileName(name) ? name : undefined
}

/**
 * Whether a line can be read, but its name cannot be told for certain: acting on it could mean another file.
 *
 * - Bytes that are no UTF-8 were replaced, and what replaced them is no name on the server.
 * - ` -> ` may stand in the name of a link or in its target, and so may `; ` where MLSD names the target (RFC 3659
 *   section 7.2 forbids that, but servers print what they have). Neither the first nor the last is sure to be the end of
 *   the name, and a wrong guess is somebody else's name.
 */
function isAmbiguous(line: string, { name, kind }: RemoteEntry): boolean {
  if (name.includes('\uFFFD')) return true
  if (kind !== 'link') return false
  return isUnixLink(line) ? line.split(' -> ').length > 2 : /^[^ ]*=slink:/i.test(line) && name.includes('; ')
}

/** An unknown entry may stand for whatever its text ends with: that has to be the name, not the target of a link. */
function unknownEntry(line: string): ListedEntry {
  const name = isUnixLink(line) ? (line.split(' -> ')[0] ?? line) : line
  return { name, kind: 'unknown', size: 0, modified: undefined }
}

function isUnixLink(line: string): boolean {
  return /^l[-rwxsStTlL]{9}/.test(line)
}

function parseLine(line: string, now: Date): ListedEntry | undefined {
  const parsers: readonly LineParser[] = [parseDosLine, parseUnixLine, parseMlsdLine]
  for (const parse of parsers) {
    const entry = parse(line, now)
    if (entry !== undefined) return entry
  }
  return undefined
}

function unreadable(line: string): SiteError {
  return new SiteError(
    'unexpected',
    `The server sent a listing line that cannot be read: ${JSON.stringify(line.slice(0, 120))}`
  )
}

/** `03-10-21  11:12AM       <DIR>          name`: the name begins in a fixed column, so leading blanks belong to it. */
function parseDosLine(line: string): ListedEntry | undefined {
  const match = /^(\d\d)-(\d\d)-(\d{4}|\d\d) +(\d\d):(\d\d) ?([AP]M)? +(?:<([A-Z]+)>( +)|(\d+) )([^\r]+)$/i.exec(line)
  if (!match) return undefined
  const [, month, day, year, hour, minute, half, tag, gap = '', size, rest = ''] = match
  const modified = utc(fullYear(Number(year)), Number(month), Number(day), hours(Number(hour), half), Number(minute))
  if (tag === undefined) return { name: rest, kind: 'file', size: Number(size), modified }
  const column = Math.max(1, 13 - tag.length)
  const name = ' '.repeat(Math.max(0, gap.length - column)) + rest
  if (tag.toUpperCase() === 'DIR') return { name, kind: 'directory', size: 0, modified }
  // The target of a link may stand behind its name, as in cmd's dir.
  return { name: name.replace(/ \[[^\]]*[\\:][^\]]*\]$/, ''), kind: 'link', size: 0, modified }
}

function hours(hour: number, half: string | undefined): number {
  if (half === undefined) return hour
  return (hour % 12) + (half.toUpperCase() === 'PM' ? 12 : 0)
}

function fullYear(year: number): number {
  if (year >= 100) return year
  return year < 70 ? 2000 + year : 1900 + year
}

/** `lrwxrwxrwx 1 owner group 3 Nov 22 10:46 lib64 -> lib`: one blank before the name, further ones belong to it. */
function parseUnixLine(line: string, now: Date): ListedEntry | undefined {
  const match =
    /^([-bcdlps])[-rwxsStTlL]{9}[.+@]? +\d+ .{0,100}? (\d{1,15}) +([A-Z][a-z]{2} +\d{1,2} +(?:\d{1,2}:\d\d|\d{4})|\d{4}-\d\d-\d\d \d\d:\d\d) ([^\r]+)$/.exec(
      line
    )
  if (!match) return undefined
  const [, type, size, time = '', rest = ''] = match
  const modified = unixTime(time, now)
  if (type === 'd') return { name: rest, kind: 'directory', size: 0, modified }
  if (type === 'l') {
    const [name = rest, target] = rest.split(' -> ')
    return { name, kind: 'link', size: 0, modified, ...(target === undefined ? {} : { target }) }
  }
  return { name: rest, kind: 'file', size: Number(size), modified }
}

function unixTime(text: string, now: Date): Date | undefined {
  const iso = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)$/.exec(text)?.slice(1).map(Number)
  if (iso) return utc(...(iso as [number, number, number, number, number]))
  const [monthName = '', day = '', yearOrTime = ''] = text.split(/ +/)
  const month = MONTHS.indexOf(monthName.toLowerCase()) + 1
  if (!yearOrTime.includes(':')) return utc(Number(yearOrTime), month, Number(day), 0, 0)
  const [hour = 0, minute = 0] = yearOrTime.split(':').map(Number)
  // Without a year it is the latest such time that is not in the future, with a day's tolerance for clocks and zones.
  const year = now.getUTCFullYear()
  for (const candidate of [year + 1, year, year - 1]) {
    const time = utc(candidate, month, Number(day), hour, minute)
    if (time !== undefined && time.getTime() <= now.getTime() + DAY_MS) return time
  }
  return undefined
}

/** `undefined` for a date or a time that does not exist, such as the 31st of a short month. */
function utc(year: number, month: number, day: number, hour: number, minute: number, second = 0): Date | undefined {
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  const isDay = time.getUTCMonth() + 1 === month && time.getUTCDate() === day
  return isDay && time.getUTCHours() === hour && time.getUTCMinutes() === minute ? time : undefined
}

/**
 * `type=dir;modify=20261122104600; name`
 *
 * Two folders with the same `unique` fact are one folder and a link to it, but the fact does not say which. They stay
 * folders: whoever deletes asks DELE and RMD before entering one, a link to what lies elsewhere has no such twin, and a
 * doubt here would fall on `lib`, beside which every environment made on Linux has its link `lib64`.
 */
function parseMlsdLine(line: string): ListedEntry | undefined {
  const match = /^((?:[A-Za-z0-9.]+=[^;]*;)+) ([^\r]+)$/.exec(line)
  if (!match) return undefined
  const [, factText = '', name = ''] = match
  const facts = new Map(
    factText.split(';').map(fact => [fact.split('=')[0]?.toLowerCase() ?? '', fact.slice(fact.indexOf('=') + 1)])
  )
  const type = facts.get('type')?.toLowerCase() ?? ''
  if (type === 'cdir' || type === 'pdir') return { name: '.', kind: 'directory', size: 0, modified: undefined }
  if (type === '') return undefined
  const modified = mlsdTime(facts.get('modify') ?? '')
  if (type === 'dir') return { name, kind: 'directory', size: 0, modified }
  if (/symlink|slink/.test(type)) {
    const target = /=slink:(.+)$/i.exec(facts.get('type') ?? '')?.[1]
    return { name, kind: 'link', size: 0, modified, ...(target === undefined ? {} : { target }) }
  }
  return { name, kind: 'file', size: Number(facts.get('size') ?? 0) || 0, modified }
}

function mlsdTime(text: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(text)
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  return utc(year, month, day, hour, minute, second)
}
