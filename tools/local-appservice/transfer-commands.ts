// Commands with a data connection, and STAT, which answers a listing without one.
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isLocked } from './file-commands.ts'
import { sendReply } from './ftp-session.ts'
import type { Command, Session } from './ftp-session.ts'
import { listLines, nameLines, parseListArgument } from './listing.ts'
import { entryPath, followedPath, ftpPath } from './virtual-paths.ts'

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
  const { phrases } = session.shared.words
  const text = lines.map(line => `${line}\r\n`).join('')
  return transfer(session, phrases.listStarts, phrases.listDone, socket => send(Readable.from([text]), socket))
}

async function send(source: Readable, socket: Socket): Promise<void> {
  // Unread input would keep the client's end of the connection from being seen.
  socket.resume()
  await pipeline(source, socket)
}

const list: Command = async (session, argument, verb) => {
  const { root, style } = session.shared
  const request = parseListArgument(argument, style)
  try {
    const disk = await followedPath(root, ftpPath(session.workingDirectory, request.path))
    return await sendLines(session, await (verb === 'NLST' ? nameLines : listLines)(disk, request, style))
  } catch (error) {
    if (style.personality === 'iis') throw error
    // vsftpd answers a missing folder like an empty one: success, and not a single line.
    return await sendLines(session, [])
  }
}

const status: Command = async (session, argument) => {
  const { root, style, words } = session.shared
  if (argument === '') return '211-FTP server status:\r\n211 END'
  if (words.name === 'iis') return '502 Command not implemented.'
  const request = parseListArgument(argument, style)
  const lines = await followedPath(root, ftpPath(session.workingDirectory, request.path))
    .then(disk => listLines(disk, request, style))
    .catch(() => [])
  return ['213-Status follows:', ...lines, '213 End of status'].join('\r\n')
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
  ['STAT', status]
]
