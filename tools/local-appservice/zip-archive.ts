// Writes zips, files only and uncompressed, as PKWARE's APPNOTE describes them. Reads none.
import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { relativePaths } from './file-trees.ts'

const LOCAL_HEADER = 0x04034b50
const CENTRAL_HEADER = 0x02014b50
const END_OF_DIRECTORY = 0x06054b50
/** 1980-01-01, the first day that the format knows: the same files give the same bytes. */
const FIRST_DAY = 0x0021

/** Zips the files of a folder under their relative paths; links are left out. */
export async function zipFolder(folder: string): Promise<Buffer> {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const path of [...(await relativePaths(folder, '/'))].sort()) {
    const file = join(folder, path)
    if (!(await lstat(file)).isFile()) continue
    const [name, content] = [Buffer.from(path), await readFile(file)]
    const shared = sharedFields(name, content)
    const local = Buffer.concat([uint32(LOCAL_HEADER), shared, name, content])
    // Neither comment nor attributes; last comes where the local header begins.
    directory.push(uint32(CENTRAL_HEADER), uint16(20), shared, Buffer.alloc(10), uint32(offset), name)
    locals.push(local)
    offset += local.length
  }
  const entries = Buffer.concat(directory)
  const count = uint16(locals.length)
  const end = [
    uint32(END_OF_DIRECTORY),
    Buffer.alloc(4),
    count,
    count,
    uint32(entries.length),
    uint32(offset),
    uint16(0)
  ]
  return Buffer.concat([...locals, entries, ...end])
}

/** What stands in both headers of a file: version 2.0, names in UTF-8, stored as it is. */
function sharedFields(name: Buffer, content: Buffer): Buffer {
  const size = uint32(content.length)
  const start = [20, 0x0800, 0, 0, FIRST_DAY].map(uint16)
  return Buffer.concat([...start, uint32(crc32(content)), size, size, uint16(name.length), uint16(0)])
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
