// Reads folders for LIST, NLST and STAT. Knows which names a server shows, not how bytes travel.
import type { Stats } from 'node:fs'
import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import { dosLine, unixLine } from './listing-format.ts'
import type { ListedEntry } from './listing-format.ts'

/** Says how a folder is to be listed. */
export interface ListingStyle {
  readonly personality: 'iis' | 'unix'
  /** How IIS shows a link to a folder; UNIX shows links as links. */
  readonly links: 'directory' | 'link' | 'hidden'
  /** Whether `LIST -R` descends on the UNIX personality (vsftpd's `ls_recurse_enable`). */
  readonly recursive: boolean
}

/** Is what a client asked of LIST or NLST. */
export interface ListRequest {
  /** Whether names that begin with a dot are shown. */
  readonly all: boolean
  readonly recurse: boolean
  /** The path as the client wrote it; empty for the working directory. */
  readonly path: string
}

/** Splits an argument of LIST or NLST into options and path. */
export function parseListArgument(argument: string, style: ListingStyle): ListRequest {
  // IIS documents these options only; whatever else begins with a dash is taken for a name.
  const options = style.personality === 'iis' ? /^-[C1lFaA]+(?: |$)/ : /^-\S+(?: |$)/
  const found = options.exec(argument)?.[0] ?? ''
  return {
    all: style.personality === 'iis' || found.includes('a'),
    recurse: style.recursive && found.includes('R'),
    path: argument.slice(found.length)
  }
}

async function describeLink(disk: string, link: Stats, style: ListingStyle): Promise<ListedEntry | undefined> {
  const plain = { name: basename(disk), size: link.size, modified: link.mtime, target: await readlink(disk) }
  if (style.personality === 'unix') return { ...plain, kind: 'link' }
  const followed = await stat(disk).catch(() => undefined)
  if (followed === undefined) return { ...plain, kind: 'file', size: 0 }
  if (!followed.isDirectory()) return { ...plain, kind: 'file', size: followed.size }
  return style.links === 'hidden' ? undefined : { ...plain, kind: style.links }
}

async function describe(disk: string, style: ListingStyle): Promise<ListedEntry | undefined> {
  // A file may vanish between readdir and lstat when another session deletes it.
  const found = await lstat(disk).catch(() => undefined)
  if (found === undefined) return undefined
  if (found.isSymbolicLink()) return describeLink(disk, found, style)
  const kind = found.isDirectory() ? 'directory' : 'file'
  return { name: basename(disk), kind, size: found.size, modified: found.mtime, target: '' }
}

async function readEntries(disk: string, style: ListingStyle, all: boolean): Promise<ListedEntry[]> {
  if (!(await stat(disk)).isDirectory()) {
    const single = await describe(disk, style)
    return single === undefined ? [] : [single]
  }
  const names = (await readdir(disk)).filter(name => all || !name.startsWith('.')).sort()
  const entries = await Promise.all(names.map(name => describe(join(disk, name), style)))
  return entries.filter(entry => entry !== undefined)
}

async function dotEntries(disk: string): Promise<ListedEntry[]> {
  const found = await stat(disk)
  if (!found.isDirectory()) return []
  return ['.', '..'].map(name => ({ name, kind: 'directory', size: found.size, modified: found.mtime, target: '' }))
}

async function unixLines(disk: string, style: ListingStyle, request: ListRequest): Promise<string[]> {
  const now = new Date()
  const entries = await readEntries(disk, style, request.all)
  const lines = [...(request.all ? await dotEntries(disk) : []), ...entries].map(entry => unixLine(entry, now))
  if (!request.recurse) return lines
  lines.unshift(`${request.path === '' ? '.' : request.path}:`)
  for (const { name } of entries.filter(entry => entry.kind === 'directory')) {
    const inner = await unixLines(join(disk, name), style, { ...request, path: posix.join(request.path, name) })
    lines.push('', ...inner)
  }
  return lines
}

/** Lists a folder or a file as the lines of a `LIST`; `disk` exists, its own links are followed. */
export function listLines(disk: string, request: ListRequest, style: ListingStyle): Promise<string[]> {
  if (style.personality === 'unix') return unixLines(disk, style, request)
  return readEntries(disk, style, true).then(entries => entries.map(dosLine))
}

/** Lists the bare names of a folder as the lines of an `NLST`; `disk` exists. */
export async function nameLines(disk: string, request: ListRequest, style: ListingStyle): Promise<string[]> {
  return (await readEntries(disk, style, request.all)).map(entry => entry.name)
}
