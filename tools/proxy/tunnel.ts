// One connection through the proxy: two pipes, a count of turns and records, and a way to cut it.
import { Socket } from 'node:net'
import { recordReader } from './client-records.ts'
import { makePipe, type Pipe } from './pipe.ts'

/** Is how a connection is cut: in good order, with a reset on both sides, or by carrying nothing more. */
export type CutStyle = 'fin' | 'rst' | 'silence'

/** Is a connection through the proxy, open or not. */
export interface Tunnel {
  /** How often the client has sent after the server had, its first bytes included. */
  readonly turns: number
  /** Chunks of plain text and records of application data that the client has sent. */
  readonly records: number
  /** Breaks both sides. */
  destroy(): void
}

/** Where a connection leads, and who is asked about it. */
export interface TunnelOptions {
  readonly server: string
  readonly port: number
  /** The round trip. */
  readonly delayMs: number
  /** Is told of each record of the client before it leaves; an answer cuts the connection behind that record. */
  readonly onRecord: () => CutStyle | undefined
}

/** A connection is open at the client one round trip after it was asked for, and at the server one and a half. */
const ROUND_TRIPS_TO_OPEN = 1.5

/** Leads a client's connection to a server; the way it ends on one side is the way it ends on the other. */
export function openTunnel(client: Socket, options: TunnelOptions): Tunnel {
  const { delayMs, onRecord } = options
  const server = dial(options)
  const toServer = makePipe(client, delayMs / 2)
  const toClient = makePipe(server, delayMs / 2)
  const reader = recordReader()
  const counts = { turns: 0, records: 0 }
  let speaker: 'client' | 'server' | undefined
  let isCut = false
  const destroy = (): void => {
    client.destroy()
    server.destroy()
  }
  client.setNoDelay(true)
  toClient.attach(client)
  server.once('connect', () => {
    toServer.attach(server)
  })
  client.on('data', chunk => {
    if (isCut) return
    if (speaker !== 'client') counts.turns++
    speaker = 'client'
    for (const end of reader.ends(chunk)) {
      counts.records++
      const how = onRecord()
      if (how === undefined) continue
      isCut = true
      cut({ client, server, toServer, toClient }, chunk.subarray(0, end), how)
      return
    }
    toServer.push(chunk)
  })
  server.on('data', chunk => {
    speaker = 'server'
    toClient.push(chunk)
  })
  client.on('end', () => {
    // Where nothing is carried any more, the server would wait for ever.
    if (isCut) destroy()
    else toServer.end()
  })
  server.on('end', () => {
    toClient.end()
  })
  breakTogether(client, toServer, server, () => isCut)
  breakTogether(server, toClient, client, () => isCut)
  return {
    get turns() {
      return counts.turns
    },
    get records() {
      return counts.records
    },
    destroy
  }
}

function dial({ server: host, port, delayMs }: TunnelOptions): Socket {
  const server = new Socket({ allowHalfOpen: true })
  server.setNoDelay(true)
  const timer = setTimeout(() => {
    if (!server.destroyed) server.connect(port, host)
  }, delayMs * ROUND_TRIPS_TO_OPEN)
  server.once('close', () => {
    clearTimeout(timer)
  })
  return server
}

/** Delivers what came up to the cut, and ends both sides as told. */
function cut(
  { client, server, toServer, toClient }: { client: Socket; server: Socket; toServer: Pipe; toClient: Pipe },
  last: Buffer,
  how: CutStyle
): void {
  toServer.push(last, () => {
    if (how === 'fin') server.end()
    if (how !== 'rst') return
    client.resetAndDestroy()
    server.resetAndDestroy()
  })
  // What the server has said before still arrives; a reset may overtake it.
  if (how === 'fin') toClient.end()
  toServer.shut()
  toClient.shut()
}

/** Resets one side where the other broke, when what that one had sent is through. */
function breakTogether(source: Socket, pipe: Pipe, target: Socket, isCut: () => boolean): void {
  source.on('error', () => undefined)
  source.once('close', failed => {
    if (!failed) return
    if (isCut()) target.destroy()
    else pipe.push(Buffer.alloc(0), () => target.resetAndDestroy())
  })
}
