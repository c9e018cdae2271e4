// One control connection: a queue of commands, answered strictly in order. What a command does lives in `*-commands.ts`.
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { LOGIN_VERBS, makeLineReader, MUTATING_VERBS, parseCommand } from './command-line.ts'
import type { PassiveListener } from './data-connection.ts'
import type { CutStyle, FtpServerOptions, FtpServerSwitches } from './ftp-server-options.ts'
import type { ListingStyle } from './listing.ts'
import type { ConnectionCap, Misbehaved } from './misbehaviour.ts'
import { makeOutbox } from './outbox.ts'
import type { Cause, Personality } from './personality.ts'
import { deliver, dequeue, enqueue, type Exchange, type Queued } from './pipelining.ts'
import type { OpenLine, Transcript } from './transcript.ts'

/** Holds what all sessions of a server share. */
export interface Shared {
  readonly options: FtpServerOptions
  /** The root without links in its own path. */
  readonly root: string
  readonly words: Personality
  readonly style: ListingStyle
  readonly switches: FtpServerSwitches
  readonly misbehaved: Misbehaved
  readonly transcript: Transcript
  readonly commands: ReadonlyMap<string, Command>
  /** Starts TLS as the server on a connection, and adopts what comes of it. */
  readonly secure: (socket: Socket) => Socket
  /** Remembers a socket, so that closing the server can destroy it. */
  readonly adopt: (socket: Socket) => void
  /** Opens, once, a port that takes no connection. */
  readonly deafPort: () => Promise<number>
}

/** Is the state of one control connection. */
export interface Session extends Exchange {
  readonly id: number
  readonly shared: Shared
  /** The connection below TLS. */
  readonly raw: Socket
  control: Socket
  tls: boolean
  busy: boolean
  /** When the command that is being carried out came. */
  arrivedAt: number
  transfers: number
  /** What the connection is turned away with at its login. */
  turnedAway: ConnectionCap['how'] | undefined
  idle: NodeJS.Timeout | undefined
  /** Set when the connection is to be closed after the current reply. */
  leaving: boolean
  userName: string
  loggedIn: boolean
  /** Set by the first command after the login that does not belong to the login any more. */
  working: boolean
  protectData: boolean
  workingDirectory: string
  renameFrom: string | undefined
  passive: PassiveListener | undefined
  line: OpenLine | undefined
}

/** Carries a command out and gives the final reply; `undefined` means that nothing more is to be said. */
export type Command = (session: Session, argument: string, verb: string) => Reply | Promise<Reply>

type Reply = string | undefined

/** Starts to serve a connection whose greeting was not sent yet. */
export function startSession(id: number, raw: Socket, tls: boolean, shared: Shared): Session {
  const ending = new AbortController()
  const socket = tls ? shared.secure(raw) : raw
  const inPieces = (): boolean =>
    shared.switches.splitReplies === 'from USER on' ? session.userName !== '' : shared.switches.splitReplies
  const encoding = (): BufferEncoding => shared.switches.listings.encoding ?? 'utf8'
  const session: Session = {
    id,
    shared,
    queue: [],
    raw,
    outbox: makeOutbox(() => session.control, { inPieces, encoding }, ending.signal),
    trapCounts: new Map(),
    ending,
    control: socket,
    tls,
    busy: false,
    replies: 0,
    heldBack: undefined,
    stalled: false,
    arrivedAt: performance.now(),
    transfers: 0,
    turnedAway: undefined,
    idle: undefined,
    leaving: false,
    userName: '',
    loggedIn: false,
    working: false,
    protectData: false,
    workingDirectory: '/',
    renameFrom: undefined,
    passive: undefined,
    line: undefined
  }
  listenOn(session, socket)
  const greeting = shared.options.banner ?? shared.words.phrases.banner
  session.outbox.post(`${greeting}\r\n`, session.arrivedAt + shared.switches.latencyMs)
  watchIdleness(session)
  return session
}

function listenOn(session: Session, socket: Socket): void {
  const lines: string[] = []
  const read = makeLineReader(line => {
    lines.push(line)
  })
  socket.setNoDelay(true)
  socket.on('data', chunk => {
    clearTimeout(session.idle)
    read(chunk)
    enqueue(session, lines.splice(0))
    void answerQueue(session)
  })
  socket.on('close', () => {
    endSession(session)
  })
}

/** Replaces the plain control connection by a TLS one; what was sent behind AUTH in plain text is forgotten, not obeyed. */
export function secureControl(session: Session): void {
  if (session.ending.signal.aborted) return
  const plain = session.control
  plain.removeAllListeners('data')
  session.queue.length = 0
  session.control = session.shared.secure(plain)
  session.tls = true
  listenOn(session, session.control)
}

/** Sends a reply, preliminary or final, and notes its first line. */
export function sendReply(session: Session, reply: string): void {
  const text = `${reply}\r\n`
  const dueAt = session.arrivedAt + session.shared.switches.latencyMs
  let isSent = true
  if (reply.startsWith('1')) session.outbox.post(text, dueAt)
  else isSent = deliver(session, text, dueAt)
  if (isSent && session.line !== undefined) session.line.reply = reply.split(/\r?\n/, 1)[0] ?? ''
}

/** Ends a session at once, whatever it does. */
export function endSession(session: Session): void {
  session.ending.abort()
  clearTimeout(session.idle)
  session.queue.length = 0
  session.passive?.destroy()
  session.control.destroy()
}

async function answerQueue(session: Session): Promise<void> {
  if (session.busy) return
  session.busy = true
  for (let queued = dequeue(session); queued !== undefined; queued = dequeue(session)) {
    session.arrivedAt = queued.arrivedAt
    await answerLine(session, queued)
    if (session.leaving) session.queue.length = 0
  }
  session.busy = false
  if (session.leaving) await hangUp(session)
  else watchIdleness(session)
}

async function hangUp(session: Session): Promise<void> {
  await session.outbox.drained()
  session.control.end()
}

function watchIdleness(session: Session): void {
  const { misbehaved, switches } = session.shared
  clearTimeout(session.idle)
  if (switches.idleMs === undefined || session.ending.signal.aborted || session.stalled) return
  session.idle = setTimeout(() => {
    misbehaved.idleMs++
    session.leaving = true
    session.outbox.post('421 Timeout.\r\n')
    void hangUp(session)
  }, switches.idleMs)
}

async function answerLine(session: Session, { line, refused }: Queued): Promise<void> {
  const { transcript, words } = session.shared
  const command = parseCommand(line)
  session.working ||= session.loggedIn && !LOGIN_VERBS.has(command.verb)
  session.line = transcript.open(session.id, command, session.working)
  try {
    const reply = refused ? words.phrases.unknownCommand : await underFault(session, command.verb, command.argument)
    if (reply !== undefined) sendReply(session, reply)
  } catch (error) {
    if (session.ending.signal.aborted) return
    sendReply(session, `451 ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Asks the hook first, so that a test can delay, replace or cut off any command. */
async function underFault(session: Session, verb: string, argument: string): Promise<Reply> {
  const { switches, transcript } = session.shared
  const count = session.working ? transcript.countAfterLogin() : 0
  const mutating = MUTATING_VERBS.has(verb)
  const fault = await switches.hook?.({ session: session.id, verb, argument, count, mutating })
  if (fault?.delayMs !== undefined) {
    await pause(fault.delayMs, undefined, { signal: session.ending.signal })
  }
  if (fault?.cut === 'before') {
    cutSession(session, fault.how)
    return undefined
  }
  const reply = fault?.reply ?? (await carryOut(session, verb, argument))
  if (fault?.cut !== 'after') return reply
  cutSession(session, fault.how)
  return undefined
}

function cutSession(session: Session, how: CutStyle | undefined): void {
  session.shared.misbehaved.cut++
  if (how === 'fin') session.leaving = true
  else if (how === 'silence') session.stalled = true
  else {
    // A TLS connection cannot be reset, only the one below it.
    if (how === 'rst') session.raw.resetAndDestroy()
    endSession(session)
  }
}

const BEFORE_LOGIN: ReadonlySet<string> = new Set([...LOGIN_VERBS, 'HELP', 'NOOP', 'QUIT', 'SYST'])

async function carryOut(session: Session, verb: string, argument: string): Promise<Reply> {
  const { commands, words } = session.shared
  if (!session.loggedIn && !BEFORE_LOGIN.has(verb)) return words.phrases.loginNeeded
  const command = commands.get(verb)
  if (command === undefined) return words.phrases.unknownCommand
  try {
    return await command(session, argument, verb)
  } catch (error) {
    return words.refuse(verb, causeOf(verb, error))
  }
}

function causeOf(verb: string, error: unknown): Cause {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOENT':
      return 'missing'
    case 'ENOTDIR':
      return verb === 'RMD' ? 'not-a-directory' : 'missing'
    case 'EEXIST':
    case 'ENOTEMPTY':
      // Windows has one text for a folder that is not empty and another for a name that is taken.
      return verb === 'RMD' ? 'not-empty' : 'exists'
    default:
      return 'denied'
  }
}
