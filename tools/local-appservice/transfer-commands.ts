// Commands with a data connection.
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { isLocked } from './file-commands.ts'
import { sendReply } from './ftp-session.ts'
import type { Command, Session } from './ftp-session.ts'
import { linesFor, linesOrMissing } from './listed-lines.ts'
import { machineFacts, machineLines, parseListArgument } from './listing.ts'
import { entryPath, followedPath, ftpPath } from './virtual-paths.ts'

/** Runs one transfer over the announced data connection and says how it went. */
async function transfer(
  session: Session,
  opening: string,
  done: string,
  carry: (socket: Socket) => Promise<void>
): Promise<string> {
  const { misbehaved, switches, words } = session.shared
  const isRefused = session.transfers >= switches.transfersPerSession
  if (isRefused) {
    misbehaved.transfersPerSession++
    session.passive?.destroy()
  }
  const socket = await session.passive?.connection()
  if (socket === undefined || isRefused) return words.phrases.noDataConnection
  session.transfers++
  sendReply(session, opening)
  try {
    await travel(session)
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

/** Waits as long as the data connection would take to be made, and the first byte on it to arrive. */
async function travel(session: Session): Promise<void> {
  const { latencyMs } = session.shared.switches
  const roundTrips = session.protectData ? 3 : 2
  const waitMs = session.arrivedAt + roundTrips * latencyMs - performance.now()
  if (latencyMs > 0 && waitMs > 0) await pause(waitMs, undefined, { signal: session.ending.signal })
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

async function answerListing(
  session: Session,
  verb: string,
  read: () => Promise<readonly string[]>,
  whereMissing: readonly string[] = []
): Promise<string> {
  const isMute = session.shared.switches.listings.mute?.some(mute => mute === verb) === true
  return sendLines(session, isMute ? [] : await linesOrMissing(session, read, whereMissing))
}

const list: Command = (session, argument, verb) => {
  const { style, switches } = session.shared
  const request = parseListArgument(argument, style, switches.listings)
  // vsftpd looks for the name in the folder above it, as if it were a pattern, and heads that folder's listing.
  const whereMissing = request.recurse && style.personality === 'unix' ? [`${posix.dirname(request.path)}:`] : []
  return answerListing(session, verb, () => linesFor(session, verb, request), whereMissing)
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
  ['MLSD', machineList],
  ['MLST', machineStatus]
]
