// A server on 127.0.0.1 that a test writes line by line: it says what it is told to, and remembers what it heard.
import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { makeCertificate } from '../../../tools/local-appservice/certificate.ts'
import type { FtpTarget } from '../../../src/ftp/target.ts'

/** One connection to it. */
export interface Peer {
  /** From 1. */
  readonly number: number
  /** All lines that came, in their order. */
  readonly lines: string[]
  /** The lines that came in the same piece as the present one, itself included. */
  piece: readonly string[]
  socket: Socket
  say(text: string): void
}

/** What becomes of a line: what is said to it, with a line end behind it unless it ends with `…`; `undefined`: nothing. */
export type Answer = (line: string, peer: Peer) => string | undefined

export interface ScriptedServer {
  readonly port: number
  readonly peers: readonly Peer[]
}

/** The answers of a server that lets everybody in. */
export const WELCOMING: Readonly<Record<string, string>> = {
  USER: '331 Password required',
  PASS: '230 Welcome',
  FEAT: '211-Features:\r\n UTF8\r\n211 End',
  TYPE: '200 Binary',
  OPTS: '200 On',
  PBSZ: '200 Zero',
  PROT: '200 Private',
  AUTH: '234 Go on'
}

/** Answers from a table, and 500 to what is not in it. */
export function welcoming(replies: Readonly<Record<string, string>> = {}): Answer {
  const all: Readonly<Record<string, string>> = { ...WELCOMING, ...replies }
  return line => all[verbOf(line)] ?? '500 What?'
}

export function verbOf(line: string): string {
  return line.split(' ', 1)[0] ?? ''
}

/** The verbs that came on a connection. */
export const verbs = ({ lines }: Pick<Peer, 'lines'>): string => lines.map(verbOf).join(' ')

/** Keeps its answers back until the last command of a flight has come. */
export function patient(answer: Answer, last = 'OPTS'): Answer {
  const held: string[] = []
  return (line, peer) => {
    if (verbOf(line) === 'AUTH') return answer(line, peer)
    held.push(answer(line, peer) ?? '')
    return verbOf(line) === last ? held.splice(0).join('\r\n') : undefined
  }
}

/** Starts a server that is closed after the test; after it has answered AUTH with 234 it speaks TLS. */
export async function startScripted(answer: Answer, greeting = '220 Scripted'): Promise<ScriptedServer> {
  const peers: Peer[] = []
  const { key, cert } = await makeCertificate()
  const secureContext = createSecureContext({ key, cert })
  const server = createServer(socket => {
    const peer: Peer = {
      number: peers.length + 1,
      lines: [],
      piece: [],
      socket,
      say: text => peer.socket.write(text.endsWith('…') ? text.slice(0, -1) : `${text}\r\n`)
    }
    peers.push(peer)
    const listen = (to: Socket): void => {
      let rest = ''
      to.on('error', () => undefined)
      to.on('data', data => {
        const parts = (rest + data.toString('utf8')).split('\r\n')
        rest = parts.pop() ?? ''
        peer.piece = parts
        for (const line of parts) {
          peer.lines.push(line)
          const reply = answer(line, peer)
          if (reply === undefined) continue
          peer.say(reply)
          if (!reply.startsWith('234')) continue
          to.removeAllListeners('data')
          peer.socket = new TLSSocket(to, { isServer: true, secureContext })
          listen(peer.socket)
        }
      })
    }
    listen(socket)
    if (greeting !== '') peer.say(greeting)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const { socket } of peers) socket.destroy()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, peers }
}

/** Where a scripted server is, without TLS unless it is asked for. */
export function targetOf({ port }: ScriptedServer, tls: FtpTarget['tls'] = 'off'): FtpTarget {
  return { scheme: 'ftp', host: '127.0.0.1', port, userName: 'me', password: 'my-secret', tls, verify: false }
}
