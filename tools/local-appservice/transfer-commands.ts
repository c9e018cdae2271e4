// Commands with a data connection, and STAT, which answers a listing without one.
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isLocked } from './file-commands.ts'
import { sendReply } from './ftp-session.ts'
import type { Command, Session } from './ftp-session.ts'
import { globbed, listLines, machineFacts, machineLines, nameLines, parseListArgument } from './listing.ts'
import type { ListRequest } from './listing.ts'
import { entryPath, followedPath, ftpPath, ftpPathOf } from './virtual-paths.ts'

/** Runs one transfer over the announced data connection and says how it went. */
async function transfer(
  session: Session,
  opening: string,
  done: string,
  carry: (socket: Socket) => Promise<void>
): Promise<string> {
  const { phrases } = session.shared.words
  const socket = await session.passive?.connection()
  if (socket === undefined) return phrases.noDataConnection
  sendReply(session, opening)
  try {
    await carry(socket)
    session.passive?.release()
    return done
  } catch {
    // Whatever broke the connection, the client learns it from the code.
    session.passive?.destroy()
    return '426 Connection closed; transfer aborted.'
  } finally {
    session.passive = undefined
  }
}

async function sendLines(session: Session, lines: readonly string[]): Promise<string> {
  const { switches, words } = session.shared
  const { lineEnd = '\r\n', unfinished = false, encoding = 'utf8' } = switches.listings
  const text = lines.map((line, at) => (unfinished && at === lines.length - 1 ? line : line + lineEnd)).join('')
  const { listStarts, listDone } = words.phrases
  return transfer(session, listStarts, listDone, socket => send(Readable.from([Buffer.from(text, encoding)]), socket))
}

async function send(source: Readable, socket: Socket): Promise<void> {
  // Unread input would keep the client's end of the connection from being seen.
  socket.resume()
  await pipeline(source, socket)
}

/** Finds the folder or file on disk that a listing was asked of; throws ENOENT where there is none. */
async function listedPath(session: Session, path: string): Promise<string> {
  const { root, switches } = session.shared
  const absolute = ftpPath(session.workingDirectory, path)
  const disk = switches.listings.globs === true ? await globbed(join(root, absolute)) : join(root, absolute)
  return followedPath(root, ftpPathOf(root, disk))
}

/** Lists what is there, or a missing folder in the server's way: vsftpd answers success, and not a single line. */
async function linesOrMissing(session: Session, read: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const { style, switches } = session.shared
  const missing = switches.listings.missing ?? (style.personality === 'unix' ? 'empty' : 'refused')
  return read().catch((error: unknown) => {
    if (missing === 'refused') throw error
    return missing === 'empty' ? [] : ['ls: No such file or directory']
  })
}

async function linesFor(session: Session, verb: string, request: ListRequest): Promise<readonly string[]> {
  const { style, switches } = session.shared
  const disk = await listedPath(session, request.path)
  if (verb === 'NLST') return nameLines(disk, request, style)
  const lines = await listLines(disk, request, style)
  return switches.listings.totals === true && style.personality !== 'iis'
    ? [`total ${lines.length * 4}`, ...lines]
    : lines
}

async function answerListing(session: Session, verb: string, read: () => Promise<readonly string[]>): Promise<string> {
  const isMute = session.shared.switches.listings.mute?.some(mute => mute === verb) === true
  return sendLines(session, isMute ? [] : await linesOrMissing(session, read))
}

const list: Command = (session, argument, verb) => {
  const { style, switches } = session.shared
  const request = parseListArgument(argument, style, switches.listings)
  return answerListing(session, verb, () => linesFor(session, verb, request))
}

const status: Command = async (session, argument, verb) => {
  const { style, switches, words } = session.shared
  if (argument === '') return '211-FTP server status:\r\n211 END'
  if (words.name === 'iis') return '502 Command not implemented.'
  const request = parseListArgument(argument, style, switches.listings)
  const lines = await linesOrMissing(session, () => linesFor(session, verb, request))
  return ['213-Status follows:', ...lines, '213 End of status'].join('\r\n')
}

/** Lists for machines; never globs, and has no options (RFC 3659 section 7). */
const machineList: Command = (session, argument, verb) => {
  const { root, style, switches, words } = session.shared
  if (words.name !== 'mlsd') return words.phrases.unknownCommand
  return answerListing(session, verb, async () => {
    const disk = await followedPath(root, ftpPath(session.workingDirectory, argument))
    return machineLines(disk, style, switches.listings.hideDots !== true)
  })
}

const machineStatus: Command = async (session, argument) => {
  const { root, style, words } = session.shared
  if (words.name !== 'mlsd') return words.phrases.unknownCommand
  const path = ftpPath(session.workingDirectory, argument)
  const facts = await machineFacts(path === '/' ? root : await entryPath(root, path), path, style)
  return `250-Start of list for ${path}\r\n ${facts}\r\n250 End of list`
}

const retrieve: Command = async (session, argument, verb) => {
  const { root, words } = session.shared
  const disk = await followedPath(root, ftpPath(session.workingDirectory, argument))
  if (!(await stat(disk)).isFile()) return words.refuse(verb, 'denied')
  const source = (await open(disk, 'r')).createReadStream()
  try {
    const { downloadStarts, transferDone } = words.phrases
    return await transfer(session, downloadStarts, transferDone, socket => send(source, socket))
  } finally {
    // Closes the file even if no transfer took place; closing the handle itself would wait for the stream for ever.
    source.destroy()
  }
}

/** Opens the file that an upload writes to: the target of a link, as both servers do. */
async function openForUpload(session: Session, path: string, verb: string): Promise<FileHandle | undefined> {
  const { root } = session.shared
  const disk = await followedPath(root, path).catch(() => entryPath(root, path))
  return isLocked(session, disk) ? undefined : open(disk, verb === 'APPE' ? 'a' : 'w')
}

const store: Command = async (session, argument, verb) => {
  const { words } = session.shared
  const file = await openForUpload(session, ftpPath(session.workingDirectory, argument), verb)
  if (file === undefined) return words.refuse(verb, 'in-use')
  const target = file.createWriteStream()
  try {
    const { uploadStarts, transferDone } = words.phrases
    return await transfer(session, uploadStarts, transferDone, socket => pipeline(socket, target))
  } finally {
    target.destroy()
  }
}

/** Maps verbs to what they do. */
export const TRANSFER_COMMANDS: readonly (readonly [string, Command])[] = [
  ['LIST', list],
  ['NLST', list],
  ['RETR', retrieve],
  ['STOR', store],
  ['APPE', store],
  ['STAT', status],
  ['MLSD', machineList],
  ['MLST', machineStatus]
]
