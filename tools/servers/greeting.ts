// Waits for a server: until it speaks FTP, and until nobody speaks to it. Sends nothing but QUIT.
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { connect as connectPlain } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'

const PATIENCE_MS = 10_000
const PAUSE_MS = 20

/** Says whether the server greets before it ends or the patience with it does. */
export async function greets(child: ChildProcess, port: number, tls: boolean): Promise<boolean> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline;) {
    if (child.exitCode !== null || child.signalCode !== null) return false
    if (await greetsNow(port, tls)) return true
    await pause(PAUSE_MS)
  }
  return false
}

/** Resolves only when the connection is closed, so that it does not count against a limit of connections. */
function greetsNow(port: number, tls: boolean): Promise<boolean> {
  return new Promise(resolve => {
    let greeted = false
    const address = { host: '127.0.0.1', port }
    // Nothing secret is sent, so it does not matter who answers.
    const socket = tls ? connectTls({ ...address, rejectUnauthorized: false }) : connectPlain(address)
    socket.setTimeout(PATIENCE_MS, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      if (greeted || !/^220 /m.test(chunk.toString())) return
      greeted = true
      socket.write('QUIT\r\n')
    })
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      resolve(greeted)
    })
  })
}

/** TIME_WAIT, which no process holds open any more, and LISTEN, which is no session, as Linux numbers them. */
const UNUSED = ['06', '0A']

/** Resolves when no session of the server on that port is left; throws where one stays. */
export async function untilUnused(port: number): Promise<void> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline;) {
    const sockets = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map(line => line.trim().split(/ +/))
    if (!sockets.some(([, address, , state]) => address === local && !UNUSED.includes(state ?? ''))) return
    await pause(PAUSE_MS)
  }
  throw new Error(`A session on port ${port} does not end`)
}
