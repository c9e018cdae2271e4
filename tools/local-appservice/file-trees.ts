// Copies and lists trees the way deployment tools do. Never follows a link.
import { copyFile, lstat, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Copies a tree over another one, as `rsync` without `--delete`: what only the target has stays. */
export async function copyOver(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true })
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name)
    const to = join(target, entry.name)
    await clearOtherKind(to, entry.isDirectory())
    if (entry.isDirectory()) await copyOver(from, to)
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to)
    else await copyFile(from, to)
  }
}

/** Makes way for a file or a folder of the same name; folders are merged, everything else is replaced. */
async function clearOtherKind(path: string, comesFolder: boolean): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || (comesFolder && found.isDirectory())) return
  await rm(path, { recursive: true })
}

/** Says whether anything has that name, be it a link that leads nowhere. */
export function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false
  )
}

/** Removes everything in a folder and keeps the folder. */
export async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
}

/** Lists the relative paths of a tree, folders before their contents, joined by `separator`. */
export async function relativePaths(folder: string, separator: string): Promise<readonly string[]> {
  const paths: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    paths.push(entry.name)
    if (!entry.isDirectory()) continue
    const inner = await relativePaths(join(folder, entry.name), separator)
    paths.push(...inner.map(path => entry.name + separator + path))
  }
  return paths
}
