// An FTP server on 127.0.0.1 that behaves like the one in front of App Service, and misbehaves on demand.
import { realpath } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { openDeafPort, type DeafPort } from './deaf-port.ts'
import { FILE_COMMANDS } from './file-commands.ts'
import { listenOnFreePort } from './free-port.ts'
import type { FtpServerOptions, FtpServerSwitches } from './ftp-server-options.ts'
import { noMisbehaviour, type Misbehaved } from './misbehaviour.ts'
import { PASSIVE_COMMANDS } from './passive-commands.ts'
import { personalityOf } from './personality.ts'
import { makeReception } from './reception.ts'
import { SESSION_COMMANDS } from './session-commands.ts'
import { STATUS_COMMAND } from './status-command.ts'
import { makeTranscript } from './transcript.ts'
import type { TranscriptLine } from './transcript.ts'
import { TRANSFER_COMMANDS } from './transfer-commands.ts'

export { MUTATING_VERBS } from './command-line.ts'
export type { CommandContext, CommandHook, Fault, FtpServerOptions, FtpServerSwitches } from './ftp-server-options.ts'
export type { TranscriptLine } from './transcript.ts'

/** Is a running server; `close` it. */
export interface FtpServer extends FtpServerSwitches {
  /** Port that speaks plain text until AUTH TLS. */
  readonly explicitPort: number
  /** Port that speaks TLS at once. */
  readonly implicitPort: number
  /** Every command since the start or the last `clearTranscript`, over all sessions. */
  readonly transcript: readonly TranscriptLine[]
  clearTranscript(): void
  /** How often each of its traps was sprung, so that a test can prove that it was. */
  readonly misbehaved: Readonly<Misbehaved>
  /** Counts the commands in the transcript that came after their session's login. */
  commandsAfterLogin(): number
  /** Ends all sessions and frees the ports. */
  close(): Promise<void>
}

/** Starts a server on two free ports of 127.0.0.1; throws if the root does not exist or the key does not fit. */
export async function startFtpServer(options: FtpServerOptions): Promise<FtpServer> {
  const switches = makeSwitches()
  const sockets = new Set<Socket>()
  const secureContext = createSecureContext({ key: options.key, cert: options.cert, minVersion: 'TLSv1.2' })
  const transcript = makeTranscript()
  const misbehaved = noMisbehaviour()
  const personality = options.personality ?? 'iis'
  let deaf: Promise<DeafPort> | undefined
  // The server object is its own set of switches, so an assignment to it is seen by running sessions.
  const server = Object.assign(switches, {
    explicitPort: 0,
    implicitPort: 0,
    transcript: transcript.lines,
    misbehaved,
    clearTranscript: transcript.clear,
    commandsAfterLogin: transcript.countAfterLogin,
    close: () => Promise.resolve()
  })
  const welcome = makeReception({
    options,
    root: await realpath(options.root),
    words: personalityOf(personality),
    style: { personality, links: options.links ?? 'directory', recursive: options.recursiveListings ?? false },
    switches,
    misbehaved,
    transcript,
    commands: new Map([
      ...SESSION_COMMANDS,
      ...PASSIVE_COMMANDS,
      ...FILE_COMMANDS,
      ...TRANSFER_COMMANDS,
      ...STATUS_COMMAND
    ]),
    secure: socket => keepTrack(sockets, new TLSSocket(socket, { isServer: true, secureContext })),
    adopt: socket => {
      keepTrack(sockets, socket)
    },
    deafPort: () => (deaf ??= openDeafPort()).then(({ port }) => port)
  })
  const explicit = createServer(socket => {
    welcome(socket, false)
  })
  const implicit = createServer(socket => {
    welcome(socket, true)
  })
  server.explicitPort = await listenOnFreePort(explicit)
  server.implicitPort = await listenOnFreePort(implicit)
  server.close = async () => {
    await closeAll([explicit, implicit], sockets)
    await (await deaf)?.close()
  }
  return server
}

function makeSwitches(): FtpServerSwitches {
  return {
    hook: undefined,
    listings: {},
    passive: {},
    refuseRename: undefined,
    lockedFiles: new Set(),
    refuseLogin: undefined,
    requireTls: false,
    refuseTls: false,
    pipelining: {},
    splitReplies: false,
    latencyMs: 0,
    connectionCap: undefined,
    transfersPerSession: Infinity,
    idleMs: undefined,
    rmdirRefusals: new Map(),
    lockedFor: new Map(),
    appear: undefined
  }
}

/** Remembers a socket until it closes. Clients vanish at will: errors need a listener, and `close` follows each of them. */
function keepTrack(sockets: Set<Socket>, socket: Socket): Socket {
  sockets.add(socket)
  socket.on('error', () => undefined)
  socket.once('close', () => sockets.delete(socket))
  return socket
}

async function closeAll(servers: readonly Server[], sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = servers.map(server => new Promise(resolve => server.close(resolve)))
  for (const socket of sockets) socket.destroy()
  await Promise.all(closed)
}
