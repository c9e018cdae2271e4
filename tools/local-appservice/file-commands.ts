// Commands that change or describe single files and folders, and Windows' idea of a file in use.
import { lstat, mkdir, rename, rmdir, stat, unlink } from 'node:fs/promises'
import { afterDeletion, isStillRefused } from './file-oddities.ts'
import type { Command, Session } from './ftp-session.ts'
import { entryPath, followedPath, ftpPath, ftpPathOf } from './virtual-paths.ts'

/** Says whether a path without links is in use; whoever writes over it is refused as well. */
export function isLocked(session: Session, disk: string): boolean {
  return session.shared.switches.lockedFiles.has(ftpPathOf(session.shared.root, disk))
}

function holdsLocked(session: Session, disk: string): boolean {
  const folder = `${ftpPathOf(session.shared.root, disk)}/`
  return [...session.shared.switches.lockedFiles].some(file => file.startsWith(folder))
}

function entryOf(session: Session, argument: string): Promise<string> {
  return entryPath(session.shared.root, ftpPath(session.workingDirectory, argument))
}

const deleteFile: Command = async (session, argument, verb) => {
  const { words } = session.shared
  const disk = await entryOf(session, argument)
  if ((await lstat(disk)).isDirectory()) return words.refuse(verb, 'denied')
  if (isLocked(session, disk) || isStillRefused(session, 'lockedFor', disk)) return words.refuse(verb, 'in-use')
  await unlink(disk)
  await afterDeletion(session, disk)
  return words.done(verb)
}

const removeDirectory: Command = async (session, argument, verb) => {
  const { words } = session.shared
  const disk = await entryOf(session, argument)
  if (isStillRefused(session, 'rmdirRefusals', disk)) return words.refuse(verb, 'not-empty')
  // Windows removes a link to a folder with the call for folders, vsftpd does not.
  const isLink = words.name === 'iis' && (await lstat(disk)).isSymbolicLink()
  if (isLink && !(await stat(disk)).isDirectory()) return words.refuse(verb, 'not-a-directory')
  await (isLink ? unlink(disk) : rmdir(disk))
  return words.done(verb)
}

const makeDirectory: Command = async (session, argument) => {
  await mkdir(await entryOf(session, argument))
  return `257 "${ftpPath(session.workingDirectory, argument).replaceAll('"', '""')}" directory created.`
}

const renameFrom: Command = async (session, argument) => {
  const path = ftpPath(session.workingDirectory, argument)
  await lstat(await entryPath(session.shared.root, path))
  session.renameFrom = path
  return session.shared.words.phrases.renamePending
}

const renameTo: Command = async (session, argument, verb) => {
  const { words, switches, root } = session.shared
  const from = session.renameFrom
  session.renameFrom = undefined
  if (from === undefined) return words.phrases.badSequence
  const to = ftpPath(session.workingDirectory, argument)
  if (switches.refuseRename?.(from, to) === true) return words.refuse(verb, 'denied')
  const source = await entryPath(root, from)
  const target = await entryPath(root, to)
  if (holdsLocked(session, source)) return words.refuse(verb, 'denied')
  if (words.name === 'iis' && (await isFile(target)) && source !== target) return words.refuse(verb, 'exists')
  await rename(source, target)
  moveLock(session, source, target)
  return words.done(verb)
}

async function isFile(disk: string): Promise<boolean> {
  const found = await lstat(disk).catch(() => undefined)
  return found !== undefined && !found.isDirectory()
}

/** Windows renames a file in use and keeps it in use under its new name. */
function moveLock(session: Session, source: string, target: string): void {
  const { lockedFiles } = session.shared.switches
  const { root } = session.shared
  if (lockedFiles.delete(ftpPathOf(root, source))) lockedFiles.add(ftpPathOf(root, target))
}

async function statFile(session: Session, argument: string): Promise<{ size: number; modified: Date } | undefined> {
  const path = ftpPath(session.workingDirectory, argument)
  const found = await stat(await followedPath(session.shared.root, path))
  return found.isFile() ? { size: found.size, modified: found.mtime } : undefined
}

const size: Command = async (session, argument, verb) => {
  const found = await statFile(session, argument)
  return found === undefined ? session.shared.words.refuse(verb, 'denied') : `213 ${found.size}`
}

const modificationTime: Command = async (session, argument, verb) => {
  const found = await statFile(session, argument)
  if (found === undefined) return session.shared.words.refuse(verb, 'denied')
  return `213 ${found.modified.toISOString().slice(0, 19).replaceAll(/\D/g, '')}`
}

/** Maps verbs to what they do. */
export const FILE_COMMANDS: readonly (readonly [string, Command])[] = [
  ['DELE', deleteFile],
  ['RMD', removeDirectory],
  ['MKD', makeDirectory],
  ['RNFR', renameFrom],
  ['RNTO', renameTo],
  ['SIZE', size],
  ['MDTM', modificationTime]
]
