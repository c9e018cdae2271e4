// Reads folders for LIST, NLST, STAT, MLSD and MLST. Knows which names a server shows, not how bytes travel.
import type { Stats } from 'node:fs'
import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { basename, dirname, join, posix } from 'node:path'
import type { LinkStyle, ListingTraps, PersonalityName } from './ftp-server-options.ts'
import { dosLine, machineLine, unixLine } from './listing-format.ts'
import type { ListedEntry, MachineType } from './listing-format.ts'

/** Says how a folder is to be listed. */
export interface ListingStyle {
  readonly personality: PersonalityName
  /** How DOS listings and MLSD show links; UNIX listings show them as links. */
  readonly links: LinkStyle
  /** Whether `LIST -R` descends unless told otherwise (vsftpd's `ls_recurse_enable`); never on IIS. */
  readonly recursive: boolean
}

/** Is what a client asked of LIST or NLST. */
export interface ListRequest {
  /** Whether names that begin with a dot are shown. */
  readonly all: boolean
  readonly recurse: boolean
  /** Whether links to folders are shown as folders, and entered. */
  readonly followLinks: boolean
  /** The path as the client wrote it; empty for the working directory. */
  readonly path: string
}

/** Splits an argument of LIST or NLST into options and path. */
export function parseListArgument(argument: string, style: ListingStyle, traps: ListingTraps = {}): ListRequest {
  const isWindows = style.personality === 'iis'
  if (traps.optionsAreNames === true) return { all: isWindows, recurse: false, followLinks: false, path: argument }
  // IIS documents these options only; whatever else begins with a dash is taken for a name.
  const options = isWindows ? /^-[C1lFaA]+(?: |$)/ : /^-\S+(?: |$)/
  const found = options.exec(argument)?.[0] ?? ''
  const isObeyed = traps.recursive === undefined ? style.recursive : traps.recursive.ignored !== true
  return {
    all: traps.hideDots !== true && (isWindows || found.includes('a')),
    recurse: isObeyed && found.includes('R'),
    followLinks: traps.recursive?.followLinks === true && found.includes('R'),
    path: argument.slice(found.length)
  }
}

type Shown = LinkStyle | 'as-ls'

async function describeLink(disk: string, link: Stats, shown: Shown): Promise<ListedEntry | undefined> {
  const followed = await stat(disk).catch(() => undefined)
  const plain = {
    name: basename(disk),
    size: link.size,
    modified: link.mtime,
    target: await readlink(disk),
    unique: uniqueOf(followed ?? link)
  }
  if (shown === 'as-ls' || shown === 'slink') return { ...plain, kind: 'link' }
  if (followed === undefined) return { ...plain, kind: 'file', size: 0 }
  if (!followed.isDirectory()) return { ...plain, kind: 'file', size: followed.size }
  return shown === 'hidden' ? undefined : { ...plain, kind: shown }
}

function uniqueOf(found: Stats): string {
  return `${found.dev.toString(16)}U${found.ino.toString(16)}`.toUpperCase()
}

async function describe(disk: string, shown: Shown): Promise<ListedEntry | undefined> {
  // A file may vanish between readdir and lstat when another session deletes it.
  const found = await lstat(disk).catch(() => undefined)
  if (found === undefined) return undefined
  if (found.isSymbolicLink()) return describeLink(disk, found, shown)
  const kind = found.isDirectory() ? 'directory' : 'file'
  return { name: basename(disk), kind, size: found.size, modified: found.mtime, target: '', unique: uniqueOf(found) }
}

async function readEntries(disk: string, shown: Shown, all: boolean): Promise<ListedEntry[]> {
  if (!(await stat(disk)).isDirectory()) {
    const single = await describe(disk, shown)
    return single === undefined ? [] : [single]
  }
  const names = (await readdir(disk)).filter(name => all || !name.startsWith('.')).sort()
  const entries = await Promise.all(names.map(name => describe(join(disk, name), shown)))
  return entries.filter(entry => entry !== undefined)
}

async function dotEntries(disk: string): Promise<ListedEntry[]> {
  const found = await stat(disk)
  if (!found.isDirectory()) return []
  return ['.', '..'].map(name => ({ name, kind: 'directory', size: found.size, modified: found.mtime, target: '' }))
}

/** The dots of a folder stand where they belong among its names, which need not be at their head. */
function byName(one: ListedEntry, other: ListedEntry): number {
  return one.name < other.name ? -1 : 1
}

async function unixLines(disk: string, request: ListRequest, style: ListingStyle): Promise<string[]> {
  const now = new Date()
  const found = await readEntries(disk, request.followLinks ? 'directory' : 'as-ls', request.all)
  // ProFTPD leaves links to `.`, `..` and `./` out of LIST and STAT, though not out of MLSD.
  const isLeftOut = ({ target }: ListedEntry): boolean => style.personality === 'mlsd' && /^(\.\.?|\.\/)$/.test(target)
  const entries = found.filter(entry => !isLeftOut(entry))
  const isFile = !(await stat(disk)).isDirectory()
  // ProFTPD names a file as it was asked for, with its folders.
  if (isFile && style.personality === 'mlsd')
    return entries.map(entry => unixLine({ ...entry, name: request.path }, now))
  const shown = [...(request.all ? await dotEntries(disk) : []), ...entries].sort(byName)
  const lines = shown.map(entry => unixLine(entry, now))
  if (!request.recurse) return lines
  for (const { name } of entries.filter(entry => entry.kind === 'directory')) {
    const inner = { ...request, path: posix.join(request.path, name) }
    // ProFTPD has no header above the folder that was asked for, and one above each of the others.
    if (style.personality === 'mlsd') lines.push('', `${inner.path}:`)
    else lines.push('')
    for (const line of await unixLines(join(disk, name), inner, style)) lines.push(line)
  }
  return style.personality === 'mlsd' ? lines : [`${request.path === '' ? '.' : request.path}:`, ...lines]
}

/** Lists a folder or a file as the lines of a `LIST`; `disk` exists, its own links are followed. */
export function listLines(disk: string, request: ListRequest, style: ListingStyle): Promise<string[]> {
  if (style.personality !== 'iis') return unixLines(disk, request, style)
  return readEntries(disk, style.links, request.all).then(entries => entries.map(dosLine))
}

/** Lists a folder as the lines of an `MLSD`, itself and the one above first; `disk` exists. */
export async function machineLines(disk: string, style: ListingStyle, all: boolean): Promise<string[]> {
  const [here, above] = await dotEntries(disk)
  if (here === undefined || above === undefined) throw Object.assign(new Error(disk), { code: 'ENOTDIR' })
  const entries = await readEntries(disk, style.links, all)
  return [
    machineLine({ ...here, unique: uniqueOf(await stat(disk)) }, 'cdir'),
    machineLine({ ...above, unique: uniqueOf(await stat(dirname(disk))) }, 'pdir'),
    ...entries.map(entry => machineLine(entry, machineTypeOf(entry, style)))
  ]
}

/** Describes one file or folder as `MLST` does, under the name that it was asked for; `disk` exists. */
export async function machineFacts(disk: string, path: string, style: ListingStyle): Promise<string> {
  const found = await describe(disk, style.links)
  if (found === undefined) throw Object.assign(new Error(disk), { code: 'ENOENT' })
  return machineLine({ ...found, name: path }, machineTypeOf(found, style))
}

function machineTypeOf({ kind, target }: ListedEntry, style: ListingStyle): MachineType {
  if (kind === 'link') return style.links === 'slink' ? `OS.unix=slink:${target}` : 'OS.unix=symlink'
  return kind === 'directory' ? 'dir' : 'file'
}

/** Finds what a server that globs takes a path for: the first name that its last name matches as a pattern. */
export async function globbed(disk: string): Promise<string> {
  const name = basename(disk)
  if (!/[[*?]/.test(name)) return disk
  const match = (await readdir(dirname(disk))).sort().find(found => posix.matchesGlob(found, name))
  if (match === undefined) throw Object.assign(new Error(disk), { code: 'ENOENT' })
  return join(dirname(disk), match)
}

/** Lists the bare names of a folder as the lines of an `NLST`; `disk` exists. */
export async function nameLines(disk: string, request: ListRequest, style: ListingStyle): Promise<string[]> {
  const shown = style.personality === 'iis' ? style.links : 'as-ls'
  return (await readEntries(disk, shown, request.all)).map(entry => entry.name)
}
