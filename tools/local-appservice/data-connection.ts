// Passive data connections: one listener, one connection, one transfer. Knows nothing of commands.
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { listenOnFreePort } from './free-port.ts'

/** Waits for the one data connection that a PASV or EPSV announced. */
export interface PassiveListener {
  readonly port: number
  /** Resolves with the connection, or with `undefined` if none came in time or the listener was closed. */
  connection(): Promise<Socket | undefined>
  /** Stops listening and lets a connection in use finish by itself. */
  release(): void
  /** Stops listening and breaks the connection. */
  destroy(): void
}

const CONNECT_TIMEOUT_MS = 10_000

/** Listens on a free port of 127.0.0.1; `prepare` sees each connection first, for instance to start TLS on it. */
export async function listenForData(prepare: (socket: Socket) => Socket): Promise<PassiveListener> {
  const arrival = Promise.withResolvers<Socket | undefined>()
  let socket: Socket | undefined
  const server = createServer(raw => {
    const prepared = prepare(raw)
    const arrive = (): void => {
      arrival.resolve(prepared)
    }
    socket = prepared
    // A transfer of nothing would else be over before the handshake, and the client would see a broken connection.
    if (prepared instanceof TLSSocket) prepared.once('secure', arrive).once('close', arrive)
    else arrive()
  })
  server.maxConnections = 1
  const port = await listenOnFreePort(server)
  return {
    port,
    async connection() {
      const timer = setTimeout(() => {
        arrival.resolve(undefined)
      }, CONNECT_TIMEOUT_MS)
      try {
        return await arrival.promise
      } finally {
        clearTimeout(timer)
      }
    },
    release() {
      arrival.resolve(undefined)
      server.close()
    },
    destroy() {
      arrival.resolve(undefined)
      server.close()
      socket?.destroy()
    }
  }
}
