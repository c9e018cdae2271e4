// What lies in a folder, down to the last byte.
import { createHash } from 'node:crypto'
import { readFile, readdir, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'

/**
 * One line for everything below a folder, sorted: folders, links with their targets, files with a hash of their bytes.
 * Links are not entered. What `isLeftOut` says is left out, with all that is in it.
 */
export async function fingerprint(
  folder: string,
  isLeftOut: (path: string) => boolean = () => false
): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const lines = entries.map(async entry => {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path)
    if (isLeftOut(name)) return []
    if (entry.isDirectory()) return [`${name}/`]
    if (entry.isSymbolicLink()) return [`${name} -> ${await readlink(path)}`]
    return [
      `${name} ${createHash('sha256')
        .update(await readFile(path))
        .digest('hex')}`
    ]
  })
  return (await Promise.all(lines)).flat().sort()
}
