// The way to a server up to where it has greeted and TLS stands. Sends no credentials.
import type { Socket } from 'node:net'
import { Client } from 'basic-ftp'
import { SiteError } from '../site.ts'
import { controlOver, type Control } from './control.ts'
import { explain, interrupted, isAborted, unlessAborted, type Stage } from './failures.ts'
import { distrust, type Learned } from './learned.ts'
import { isDistrusted } from './login.ts'
import { usePassiveMode } from './passive.ts'
import type { Attempt, FtpTarget } from './target.ts'

/** What holds for every connection of a run. */
export interface ConnectionOptions {
  /** How long one command, or the way to the server, may be silent. */
  readonly timeoutMs: number
  /** Aborting closes the connection at once; what was under way fails with `interrupted`. */
  readonly signal: AbortSignal
  /** Takes each command and reply, the password already redacted. */
  readonly trace: (line: string) => void
}

/** A server that has greeted, and that nobody is logged in to. */
export interface Greeted {
  readonly client: Client
  readonly control: Control
  /** Whoever is handed this closes it. */
  readonly close: () => void
}

/** Connects, reads the greeting, and starts TLS in the way of the attempt; throws a `SiteError` in words for the user. */
export async function awaitGreeting(
  target: FtpTarget,
  attempt: Attempt,
  options: ConnectionOptions,
  learned: Learned
): Promise<Greeted> {
  const { signal } = options
  if (signal.aborted) throw interrupted(signal.reason)
  const client = new Client(options.timeoutMs)
  client.ftp.log = line => {
    options.trace(line.trimEnd())
  }
  usePassiveMode(client, learned.passive)
  const destroySockets = watchSockets(client)
  const spoilt = Promise.withResolvers<never>()
  spoilt.promise.catch(() => undefined)
  const control = controlOver(client, learned.account, ({ text }) => {
    distrust(learned, 'the server sent a reply that nothing had asked for')
    spoilt.reject(new SiteError('tls', `Something was said in the clear that TLS should have protected: "${text}"`))
  })
  const onAbort = (): void => {
    client.close()
    destroySockets()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  const progress: { stage: Stage } = { stage: 'connect' }
  try {
    const greeting = await greet(client, target, attempt, learned, progress)
    if (attempt.mode === 'explicit') {
      progress.stage = 'tls'
      const tls = client.useTLS({ host: target.host, rejectUnauthorized: target.verify })
      // basic-ftp bounds no handshake, and does not settle when the socket under it is destroyed.
      await bounded(Promise.race([tls, spoilt.promise]), options)
    }
    // No rung: that is the plan for every server of App Service.
    if (isDistrusted(greeting) && learned.pipelining === 'allowed') learned.pipelining = 'distrusted'
  } catch (error) {
    signal.removeEventListener('abort', onAbort)
    client.close()
    throw isAborted(signal) ? interrupted(error) : explain(error, progress.stage, target, attempt)
  }
  const close = (): void => {
    signal.removeEventListener('abort', onAbort)
    // Ending the stream says goodbye as well as a QUIT does, whose reply nobody would wait for.
    client.ftp.socket.end()
    client.close()
    destroySockets()
  }
  return { client, control, close }
}

/** Gives the text of the greeting. */
async function greet(
  client: Client,
  target: FtpTarget,
  attempt: Attempt,
  learned: Learned,
  progress: { stage: Stage }
): Promise<string> {
  if (attempt.mode === 'implicit') progress.stage = 'tls'
  const tls = { host: target.host, rejectUnauthorized: target.verify }
  const begun = performance.now()
  const greeting =
    attempt.mode === 'implicit'
      ? client.connectImplicitTLS(target.host, attempt.port, tls)
      : client.connect(target.host, attempt.port)
  client.ftp.socket.once('connect', () => {
    learned.roundTripMs = performance.now() - begun
  })
  refuseSsh(client)
  return (await greeting).message
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

/** An SSH server speaks first, and its banner is no FTP reply: said before anything else reads it. */
function refuseSsh(client: Client): void {
  client.ftp.socket.prependOnceListener('data', (chunk: Buffer | string) => {
    if (!chunk.toString().startsWith('SSH-')) return
    client.ftp.closeWithError(new SiteError('unreachable', 'An SSH server answers there, not an FTP server'))
  })
}
