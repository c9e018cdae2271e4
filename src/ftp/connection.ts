// One control connection: connects, logs in, lists and reads.
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { Client } from 'basic-ftp'
import { SiteError, type RemoteEntry, type RemotePath } from '../site.ts'
import { openAccount, type Account } from './account.ts'
import { controlOver, type Control } from './control.ts'
import { asSiteError, explain, interrupted, type Stage } from './failures.ts'
import { listDirectory, listWithAll, type ListChoice } from './list-command.ts'
import { unknownPassiveMode, usePassiveMode, type PassiveMode } from './passive.ts'
import { attempts, type Attempt, type FtpTarget } from './target.ts'

/** What holds for every connection of a run. */
export interface ConnectionOptions {
  /** How long one command, or the way to the server, may be silent. */
  readonly timeoutMs: number
  /** Aborting closes the connection at once; what was under way fails with `interrupted`. */
  readonly signal: AbortSignal
  /** Takes each command and reply, the password already redacted. */
  readonly trace: (line: string) => void
}

/** What was learned of a server on the way; shared by all connections to it, so that each lesson is paid for once. */
export interface Learned {
  readonly account: Account
  readonly passive: PassiveMode
  readonly listing: ListChoice
}

/** What is known of a server before the first connection. */
export function nothingLearned(): Learned {
  return { account: openAccount(), passive: unknownPassiveMode(), listing: { command: undefined } }
}

/** A logged-in control connection. */
export interface Connection {
  /** How it was connected; further connections go the same way. */
  readonly attempt: Attempt
  readonly closed: boolean
  /** Sends commands without waiting for each reply; not while anything else is under way here. */
  readonly control: Control
  list(directory: RemotePath): Promise<readonly RemoteEntry[]>
  listFully(directory: RemotePath): Promise<readonly RemoteEntry[]>
  readText(file: RemotePath, maxBytes: number): Promise<string>
  /** Sends one command; throws `SiteError` of kind `refused` for a 4xx or 5xx reply. */
  command(verb: string, path: RemotePath): Promise<void>
  close(): void
}

/**
 * Connects and logs in, in the first of the target's ways that leads to an FTP server.
 *
 * Another way is tried only where the first did not reach a server at all: a certificate that does not verify or a
 * refused login is final, and a refused login is never tried twice, because servers lock accounts.
 */
export async function connect(
  target: FtpTarget,
  options: ConnectionOptions,
  learned: Learned,
  only?: Attempt
): Promise<Connection> {
  const ways = only ? [only] : attempts(target)
  const failures: SiteError[] = []
  for (const attempt of ways) {
    try {
      return await connectOnce(target, attempt, options, learned)
    } catch (error) {
      if (!(error instanceof SiteError) || !['unreachable', 'tls'].includes(error.kind)) throw error
      failures.push(error)
    }
  }
  const [first, last] = [failures[0], failures.at(-1)]
  if (!first || !last || failures.length === 1) throw last ?? new SiteError('unreachable', 'No way to connect was left')
  throw new SiteError(last.kind, `${last.message} (before that: ${first.message})`, { cause: last })
}

async function connectOnce(
  target: FtpTarget,
  attempt: Attempt,
  options: ConnectionOptions,
  learned: Learned
): Promise<Connection> {
  if (options.signal.aborted) throw interrupted(options.signal.reason)
  const client = new Client(options.timeoutMs)
  client.ftp.log = line => {
    options.trace(line.trimEnd())
  }
  usePassiveMode(client, learned.passive)
  const destroySockets = watchSockets(client)
  const onAbort = (): void => {
    client.close()
    destroySockets()
  }
  options.signal.addEventListener('abort', onAbort, { once: true })
  let stage: Stage = 'connect'
  try {
    const tls = { host: target.host, rejectUnauthorized: target.verify }
    if (attempt.mode === 'implicit') stage = 'tls'
    const greeting =
      attempt.mode === 'implicit'
        ? client.connectImplicitTLS(target.host, attempt.port, tls)
        : client.connect(target.host, attempt.port)
    refuseSsh(client)
    await greeting
    if (attempt.mode === 'explicit') {
      stage = 'tls'
      // basic-ftp bounds no handshake, and does not settle when the socket under it is destroyed.
      await bounded(client.useTLS(tls), options)
    }
    stage = 'login'
    await client.login(target.userName, target.password)
    stage = 'settings'
    await client.useDefaultSettings()
  } catch (error) {
    options.signal.removeEventListener('abort', onAbort)
    client.close()
    throw isAborted(options.signal) ? interrupted(error) : explain(error, stage, target, attempt)
  }
  learned.account.connections++
  return connectionOver(client, attempt, learned, options.signal, () => {
    options.signal.removeEventListener('abort', onAbort)
    // Ending the stream says goodbye as well as a QUIT does, whose reply nobody would wait for.
    client.ftp.socket.end()
    client.close()
    destroySockets()
  })
}

/**
 * basic-ftp does not know of a data connection that is still being made, so closing the client would leave it, and the
 * process, alive until the timeout. Returns what destroys all sockets.
 */
function watchSockets(client: Client): () => void {
  const sockets = new Set<Socket>()
  const make = client.ftp._newSocket.bind(client.ftp)
  client.ftp._newSocket = () => {
    const socket = make()
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  return () => {
    for (const socket of sockets) if (socket !== client.ftp.socket) socket.destroy()
  }
}

function connectionOver(
  client: Client,
  attempt: Attempt,
  { account, listing }: Learned,
  signal: AbortSignal,
  close: () => void
): Connection {
  const during = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await unlessAborted(work(), signal)
    } catch (error) {
      const failure = signal.aborted ? interrupted(error) : asSiteError(error, what)
      // Whatever answer is still to come would be taken for that of the next command.
      if (failure.kind === 'lost') client.close()
      throw failure
    }
  }
  // What the features that the server named make possible, the best first.
  const commands = client.availableListCommands
  return {
    attempt,
    get closed() {
      return client.closed
    },
    control: controlOver(client, account),
    list: directory => during(`list ${directory}`, () => listDirectory(client, commands, listing, directory)),
    listFully: directory => during(`list ${directory}`, () => listWithAll(client, commands, directory)),
    readText: (file, maxBytes) =>
      during(`read ${file}`, async () => {
        const sink = boundedSink(maxBytes)
        await client.downloadTo(sink.writable, file)
        return sink.text()
      }),
    command: (verb, path) =>
      during(`${verb} ${path}`, async () => {
        await client.send(`${verb} ${path}`)
      }),
    close
  }
}

/** Asked anew each time: the compiler would take an earlier answer for the present one. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}

/** Rejects when the signal aborts, even where the work itself would go on waiting. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => {
    aborted.reject(interrupted(signal.reason))
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function bounded<T>(work: Promise<T>, { timeoutMs, signal }: ConnectionOptions): Promise<T> {
  const silence = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    silence.reject(new SiteError('unreachable', `The server has been silent for ${timeoutMs / 1000} s`))
  }, timeoutMs)
  try {
    return await unlessAborted(Promise.race([work, silence.promise]), signal)
  } finally {
    clearTimeout(timer)
  }
}

function boundedSink(maxBytes: number): { readonly writable: Writable; text: () => string } {
  const chunks: Buffer[] = []
  let size = 0
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > maxBytes) {
        done(new SiteError('unexpected', `The server sent more than ${maxBytes} bytes for a small file`))
        return
      }
      chunks.push(chunk)
      done()
    }
  })
  return { writable, text: () => new TextDecoder('utf-8').decode(Buffer.concat(chunks)) }
}

/** An SSH server speaks first and would otherwise be waited for until the timeout, because its banner is no FTP reply. */
function refuseSsh(client: Client): void {
  client.ftp.socket.once('data', (chunk: Buffer | string) => {
    if (!chunk.toString().startsWith('SSH-')) return
    client.ftp.closeWithError(new SiteError('unreachable', 'An SSH server answers there, not an FTP server'))
  })
}
