// A TCP proxy before an FTP server on loopback: it delays, counts and cuts, and understands nothing. Linux only: 127.0.0.2.
import { createServer, type Server } from 'node:net'
import { openTunnel, type CutStyle, type Tunnel } from './tunnel.ts'

/** Says what the proxy stands before. */
export interface ProxyOptions {
  /** Ports of control connections: the proxy has the same ones on its own address. */
  readonly controlPorts: readonly number[]
  /** Ports of data connections, where they are known before; the others have to be named to `forward`. */
  readonly dataPorts?: { readonly first: number; readonly last: number }
  /** The round trip: each byte is held for half of it each way, and connections take as long to open as on such a line. */
  readonly delayMs?: number
  /** Address of the server; 127.0.0.1 if left out. */
  readonly server?: string
  /** Address of the proxy; 127.0.0.2 if left out. */
  readonly address?: string
}

/** Orders a cut behind a record that the client sends from now on; the record itself arrives. */
export interface CutOrder {
  /** The n-th record, from 1; with one command at a time, the n-th command. */
  readonly afterClientRecords: number
  readonly how: CutStyle
  /** Number of the control connection, from 1, open or not, whose records are counted; those of all of them if left out. */
  readonly connection?: number
}

/** Is a running proxy; `stop` it. */
export interface FtpProxy {
  /** The host for clients. Data connections come here too, since EPSV names a port only. */
  readonly address: string
  /** Cuts that were made. */
  readonly cuts: number
  /** Opens the port of a data connection that will come. */
  forward(port: number): Promise<void>
  /** For each control connection, how often its client has sent after the server had: round trips, TCP's own apart. */
  turns(): readonly number[]
  /** For each control connection, the records that its client has sent; those of the handshake of TLS do not count. */
  records(): readonly number[]
  /** Cuts the control connection on which the record comes. Several orders may stand. */
  cut(order: CutOrder): void
  /** Breaks all connections and frees the ports. */
  stop(): Promise<void>
}

/** Opens the proxy; throws where one of its ports is taken. */
export async function startProxy(options: ProxyOptions): Promise<FtpProxy> {
  const { controlPorts, dataPorts, delayMs = 0, server = '127.0.0.1', address = '127.0.0.2' } = options
  const listeners = new Map<number, Server>()
  const tunnels = new Set<Tunnel>()
  const control: Tunnel[] = []
  const orders = cutOrders()
  const listen = async (port: number, isControl: boolean, once = false): Promise<void> => {
    if (listeners.has(port)) return
    const listener = createServer({ allowHalfOpen: true }, client => {
      if (once) close(port)
      const connection = control.length + 1
      const onRecord = isControl ? () => orders.heed(connection) : () => undefined
      const tunnel = openTunnel(client, { server, port, delayMs, onRecord })
      tunnels.add(tunnel)
      if (isControl) control.push(tunnel)
    })
    listeners.set(port, listener)
    await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(port, address, resolve))
  }
  const close = (port: number): void => {
    listeners.get(port)?.close()
    listeners.delete(port)
  }
  for (const port of controlPorts) await listen(port, true)
  for (let port = dataPorts?.first ?? 0; dataPorts && port <= dataPorts.last; port++) await listen(port, false)
  return {
    address,
    get cuts() {
      return orders.made()
    },
    forward: port => listen(port, false, true),
    turns: () => control.map(({ turns }) => turns),
    records: () => control.map(({ records }) => records),
    cut: orders.add,
    async stop() {
      const closed = [...listeners.values()].map(listener => new Promise(resolve => listener.close(resolve)))
      listeners.clear()
      for (const tunnel of tunnels) tunnel.destroy()
      await Promise.all(closed)
    }
  }
}

/** Counts records down to each order, and tells the connection on which it falls due. */
function cutOrders(): {
  readonly add: (order: CutOrder) => void
  readonly heed: (connection: number) => CutStyle | undefined
  readonly made: () => number
} {
  const standing: { readonly order: CutOrder; left: number }[] = []
  let made = 0
  return {
    add(order) {
      if (!(order.afterClientRecords >= 1)) throw new RangeError('a cut comes behind a record')
      standing.push({ order, left: order.afterClientRecords })
    },
    heed(connection) {
      const counted = standing.filter(({ order }) => order.connection === undefined || order.connection === connection)
      for (const entry of counted) entry.left--
      const due = counted.find(({ left }) => left <= 0)
      if (!due) return undefined
      standing.splice(standing.indexOf(due), 1)
      made++
      return due.order.how
    },
    made: () => made
  }
}
