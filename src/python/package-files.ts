// The files of a package, which is a folder or a zip: their names, and the text of single ones. Knows nothing of Python.
import { readSync } from 'node:fs'
import { open, readFile, readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { crc32 } from 'node:zlib'
import * as yauzl from 'yauzl'
import { isFileName } from '../site.ts'

/** A package cannot be read, or not be used as it is; `message` is a whole sentence with the remedy. */
export class ProjectError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProjectError'
  }
}

/** What may be asked of a package. Paths count from its top, with `/`; none leads out of it. */
export interface PackageFiles {
  /**
   * All entries, in any order; the path of a folder ends in `/`.
   *
   * Links are named and never followed. What lies in `.git` and `node_modules` is left out, and so are names that no path
   * can be made of: with backslashes or control characters, absolute ones, and ones with `.` or `..` in them.
   */
  readonly names: readonly string[]
  /** `false`: it has more entries, or lies deeper, than is looked at, or some folder refuses to be listed. */
  readonly isComplete: boolean
  /** Whether there is a file, or a link to one, wherever that lies. */
  readonly isFile: (path: string) => Promise<boolean>
  /**
   * Reads a file; `undefined`: it is not there, lies outside, is no ordinary file, or has more than `maxBytes`.
   *
   * Throws `ProjectError` for one that is there and cannot be read.
   */
  readonly bytes: (path: string, maxBytes: number) => Promise<Buffer | undefined>
  /** The same as UTF-8: a byte-order mark stays as U+FEFF, and what is no UTF-8 becomes U+FFFD. */
  readonly text: (path: string, maxBytes: number) => Promise<string | undefined>
}

type Opened = Omit<PackageFiles, 'text'>
type Listing = Pick<PackageFiles, 'names' | 'isComplete'>

/** Bounds for a package that is somebody's home, or made to harm: real ones have some thousand entries. */
const MAX_ENTRIES = 200_000
const MAX_DEPTH = 64

/** Folders with very many files, none of which is looked for. */
const NOT_ENTERED = new Set(['.git', 'node_modules'])

/** As many folders are listed side by side: listing is waiting, most of the time. */
const FOLDERS_AT_ONCE = 32

/** Opens a package, a folder or a `.zip`, and lists it once; throws `ProjectError`. Nothing stays open. */
export async function openPackage(path: string): Promise<PackageFiles> {
  const files = (await orProjectError(stat(path))).isDirectory() ? await openFolder(path) : await openZip(path)
  return { ...files, text: async (name, maxBytes) => (await files.bytes(name, maxBytes))?.toString('utf8') }
}

async function openFolder(folder: string): Promise<Opened> {
  const top = await orProjectError(realpath(folder))
  return {
    ...(await walk(top)),
    isFile: async path => isPath(path) && ((await orAbsent(stat(join(top, path))))?.isFile() ?? false),
    bytes: async (path, maxBytes) => {
      const real = isPath(path) ? await orAbsent(realpath(join(top, path))) : undefined
      if (real === undefined || !isInside(top, real)) return undefined
      const found = await orAbsent(stat(real))
      return found?.isFile() && found.size <= maxBytes ? orProjectError(readFile(real)) : undefined
    }
  }
}

async function walk(top: string): Promise<Listing> {
  const names: string[] = []
  let isComplete = true
  let level: readonly string[] = ['']
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === MAX_DEPTH) return { names, isComplete: false }
    const below: string[] = []
    for (let first = 0; first < level.length; first += FOLDERS_AT_ONCE) {
      const folders = level.slice(first, first + FOLDERS_AT_ONCE)
      const listings = await Promise.all(folders.map(folder => entriesOf(top, folder)))
      for (const listing of listings) {
        isComplete &&= listing !== undefined
        for (const path of listing ?? []) {
          if (names.length === MAX_ENTRIES) return { names, isComplete: false }
          names.push(path)
          if (path.endsWith('/') && !NOT_ENTERED.has(lastNameOf(path))) below.push(path)
        }
      }
    }
    level = below
  }
  return { names, isComplete }
}

/** The paths in a folder; `undefined`: it refuses, or is gone. Only for the top that is an error. */
async function entriesOf(top: string, folder: string): Promise<readonly string[] | undefined> {
  const listing = readdir(join(top, folder), { withFileTypes: true })
  const entries = await (folder === '' ? orProjectError(listing) : listing.catch(() => undefined))
  return entries
    ?.filter(({ name }) => isFileName(name))
    .map(entry => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
}

function isInside(top: string, path: string): boolean {
  const way = relative(top, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

async function openZip(zip: string): Promise<Opened> {
  const entries = new Map<string, yauzl.Entry>()
  const listing = await listZip(zip, entries)
  return {
    ...listing,
    isFile: path => Promise.resolve(entries.has(path)),
    bytes: async (path, maxBytes) => {
      const entry = entries.get(path)
      const isOrdinary = entry && !isLink(entry) && entry.uncompressedSize <= maxBytes
      return isOrdinary ? readEntry(zip, path, entry) : undefined
    }
  }
}

/** Reads the directory of a zip; adds its files to `entries`, of which the last one counts where two have one name. */
async function listZip(zip: string, entries: Map<string, yauzl.Entry>): Promise<Listing> {
  const names: string[] = []
  let isComplete = true
  let last = ''
  const file = await orProjectError(open(zip))
  try {
    const options = { lazyEntries: true, autoClose: false, decodeStrings: false }
    const { size } = await file.stat()
    const opened = await yauzl.fromRandomAccessReaderPromise(new BlockReader(file.fd), size, options)
    for await (const entry of opened.eachEntry()) {
      // Undecoded names are not validated either: an odd one elsewhere in the archive is the deploy step's affair.
      last = Buffer.from(entry.fileName).toString('utf8')
      const path = last.replace(/\/$/, '')
      if (
        !isPath(path) ||
        path
          .split('/')
          .slice(0, -1)
          .some(folder => NOT_ENTERED.has(folder))
      )
        continue
      if (names.length >= MAX_ENTRIES || path.split('/').length > MAX_DEPTH) {
        isComplete = false
        // An archive is in any order, and what tells most lies at the top.
        if (path.includes('/') || names.length >= 2 * MAX_ENTRIES) continue
      }
      names.push(last)
      if (path === last) entries.set(path, whatReadingNeeds(entry))
    }
    return { names, isComplete }
  } catch (error) {
    const where = last === '' ? '' : `, after the entry ${shown(last)}`
    throw new ProjectError(
      `"package" is a file, but not a zip that can be read${where}: ${reasonOf(error)}. Make it anew`,
      { cause: error }
    )
  } finally {
    await file.close()
  }
}

/** Without all that an entry says besides: in a large archive that would be a hundred megabytes. */
function whatReadingNeeds(entry: yauzl.Entry): yauzl.Entry {
  const { compressedSize, compressionMethod, uncompressedSize, relativeOffsetOfLocalHeader } = entry
  const { generalPurposeBitFlag, externalFileAttributes, versionMadeBy } = entry
  return Object.assign(new yauzl.Entry(), {
    ...{ compressedSize, compressionMethod, uncompressedSize, relativeOffsetOfLocalHeader, crc32: entry.crc32 },
    ...{ generalPurposeBitFlag, externalFileAttributes, versionMadeBy }
  })
}

/** Whether an entry made on a POSIX system is a symbolic link (Info-ZIP: the mode stands in the upper half). */
function isLink({ versionMadeBy, externalFileAttributes }: yauzl.Entry): boolean {
  return versionMadeBy >>> 8 === 3 && ((externalFileAttributes >>> 16) & 0o170000) === 0o120000
}

async function readEntry(zip: string, path: string, entry: yauzl.Entry): Promise<Buffer> {
  try {
    const opened = await yauzl.openPromise(zip, { lazyEntries: true, autoClose: false, decodeStrings: false })
    try {
      const chunks: Buffer[] = []
      for await (const chunk of await opened.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
      const content = Buffer.concat(chunks)
      if (crc32(content) !== entry.crc32) throw new Error('its checksum is another one')
      return content
    } finally {
      opened.close()
    }
  } catch (error) {
    throw new ProjectError(
      `The entry ${shown(path)} of "package" cannot be read: ${reasonOf(error)}. Make the zip anew, without a password`,
      { cause: error }
    )
  }
}

/** Reads a file in blocks: the directory of an archive is read in pieces of a few bytes, tens of thousands of them. */
class BlockReader extends yauzl.RandomAccessReader {
  readonly #file: number
  readonly #memory = Buffer.allocUnsafe(1024 * 1024)
  #block = Buffer.alloc(0)
  #start = 0

  constructor(file: number) {
    super()
    this.#file = file
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void
  ): void {
    const copied =
      length > this.#memory.length
        ? readSync(this.#file, buffer, offset, length, position)
        : this.#blockAt(position, length).copy(buffer, offset, 0, length)
    callback(copied < length ? new Error('it ends too early') : null)
  }

  #blockAt(position: number, length: number): Buffer {
    const from = position - this.#start
    if (from >= 0 && from + length <= this.#block.length) return this.#block.subarray(from)
    this.#start = position
    this.#block = this.#memory.subarray(0, readSync(this.#file, this.#memory, 0, this.#memory.length, position))
    return this.#block
  }
}

/** Names are up to 65,535 bytes long. */
function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name)
}

function isPath(path: string): boolean {
  return path.split('/').every(isFileName)
}

function lastNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/', path.length - 2) + 1).replace(/\/$/, '')
}

/** Codes for what is not there, or for names that no file can have. */
const ABSENT: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']

async function orAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.includes(error.code)) return undefined
    throw unreadable(error)
  }
}

async function orProjectError<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw unreadable(error)
  }
}

function unreadable(error: unknown): ProjectError {
  return new ProjectError(`"package" cannot be read: ${reasonOf(error)}`, { cause: error })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
