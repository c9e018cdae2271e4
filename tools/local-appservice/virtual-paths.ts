// FTP paths to paths on disk and back. The only place that decides whether a path may be touched at all.
import { realpath } from 'node:fs/promises'
import { dirname, join, posix, relative, sep } from 'node:path'

/** Makes an error that the command loop answers as "access is denied". */
export function accessDenied(message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code: 'EACCES' })
}

/** Makes an argument absolute and free of `.`, `..` and double slashes; it can never climb above `/`. */
export function ftpPath(workingDirectory: string, argument: string): string {
  return posix.resolve('/', workingDirectory, argument)
}

/** Follows every link, as `LIST`, `CWD` and `RETR` do; throws ENOENT if nothing is there and EACCES outside of the root's parent. */
export async function followedPath(root: string, path: string): Promise<string> {
  if (path.includes('\0')) throw accessDenied('A path holds a NUL')
  const real = await realpath(join(root, path))
  // Links may lead out of the root but not out of the folder around it: a test's own files, never the machine's.
  const fence = dirname(root)
  if (real !== fence && !real.startsWith(fence.endsWith(sep) ? fence : fence + sep)) {
    throw accessDenied(`A link leads out of the lab: ${path}`)
  }
  return real
}

/** Follows the links above the last name but not the last name itself, so that a link can be removed or renamed as a link. */
export async function entryPath(root: string, path: string): Promise<string> {
  if (path === '/') throw accessDenied('The root itself stays')
  return join(await followedPath(root, posix.dirname(path)), posix.basename(path))
}

/** Turns a path on disk back into the FTP path that has no links in it. */
export function ftpPathOf(root: string, disk: string): string {
  return `/${relative(root, disk).split(sep).join('/')}`
}
