// Packages as real folders and real zips, with what is wrong with some of them.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'

/** Path → text; a path that ends in `/` is a folder. */
export type Files = Readonly<Record<string, string | Uint8Array>>

/** An entry of a zip, and how it differs from an ordinary one. */
export interface ZipEntry {
  readonly name: string
  readonly content?: string | Uint8Array
  /** The POSIX mode, with the kind of file; an entry without one was not made on a POSIX system. */
  readonly mode?: number
  readonly isEncrypted?: boolean
  readonly checksum?: number
  /** What the entry says of its method and its sizes, whatever its data is. */
  readonly method?: number
  readonly size?: number
  /** What stands there in place of compressed data. */
  readonly data?: Uint8Array
}

/** Fills a folder; what a link leads to need not be there. */
export async function fillFolder(
  root: string,
  files: Files,
  links: Readonly<Record<string, string>> = {}
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(path.endsWith('/') ? join(root, path) : dirname(join(root, path)), { recursive: true })
    if (!path.endsWith('/')) await writeFile(join(root, path), content)
  }
  for (const [path, target] of Object.entries(links)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await symlink(target, join(root, path))
  }
}

/** The entries of a zip with ordinary files. */
export function entriesOf(files: Files): readonly ZipEntry[] {
  return Object.entries(files).map(([name, content]) => ({ name, content }))
}

/** A zip as PKWARE's APPNOTE describes it: local headers with data, the central directory, its end. */
export function zipBytes(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const [raw, path] = [Buffer.from(entry.content ?? ''), Buffer.from(entry.name)]
    const method = entry.method ?? (raw.length === 0 ? 0 : 8)
    const data = entry.data ?? (method === 8 ? deflateRawSync(raw) : raw)
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(entry.isEncrypted === true ? 0x801 : 0x800, 2)
    shared.writeUInt16LE(method, 4)
    shared.writeUInt32LE(entry.checksum ?? crc32(raw), 10)
    shared.writeUInt32LE(data.length, 14)
    shared.writeUInt32LE(entry.size ?? raw.length, 18)
    shared.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, path, data])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(((entry.mode ?? 0) << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    const madeBy = Buffer.from([0x14, entry.mode === undefined ? 0 : 3])
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), madeBy, shared, rest, path]))
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  return Buffer.concat([...parts, central, endOf(directory.length, central.length, offset)])
}

/** The end of the central directory; with a zip64 record where there are more entries than its field can count. */
function endOf(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(Math.min(count, 0xffff), 8)
  end.writeUInt16LE(Math.min(count, 0xffff), 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  if (count <= 0xffff) return end
  const record = Buffer.alloc(56)
  record.write('PK\x06\x06')
  record.writeUInt32LE(44, 4)
  for (const [at, value] of [
    [24, count],
    [32, count],
    [40, size],
    [48, offset]
  ] as const)
    record.writeUInt32LE(value, at)
  const locator = Buffer.alloc(20)
  locator.write('PK\x06\x07')
  locator.writeUInt32LE(offset + size, 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([record, locator, end])
}
