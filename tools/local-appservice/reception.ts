// The door of a local FTP server: numbers connections, and turns away those above the cap. Reads no commands.
import type { Socket } from 'node:net'
import { endSession, startSession, type Session, type Shared } from './ftp-session.ts'
import type { ConnectionCap } from './misbehaviour.ts'

/** Makes the door that both ports share; `tls`: the connection begins with TLS. */
export function makeReception(shared: Shared): (raw: Socket, tls: boolean) => void {
  const { misbehaved, options, switches } = shared
  const sessions = new Set<Session>()
  let count = 0
  return (raw, tls) => {
    shared.adopt(raw)
    const atStart = options.maxConnections
    const cap = switches.connectionCap ?? (atStart === undefined ? undefined : { most: atStart, how: '421' as const })
    const isTooMany = cap !== undefined && sessions.size >= cap.most
    if (isTooMany) misbehaved.connectionCap++
    if (isTooMany && !isMetLater(cap.how)) {
      turnAway(raw, tls, cap.how, shared)
      return
    }
    const session = startSession(++count, raw, tls, shared)
    if (isTooMany) session.turnedAway = cap.how
    else sessions.add(session)
    raw.once('close', () => {
      sessions.delete(session)
      endSession(session)
    })
  }
}

type AtOnce = Exclude<ConnectionCap['how'], '530' | '421 after login'>

function isMetLater(how: ConnectionCap['how']): how is Exclude<ConnectionCap['how'], AtOnce> {
  return how === '530' || how === '421 after login'
}

function turnAway(raw: Socket, tls: boolean, how: AtOnce, shared: Shared): void {
  // Unread input would keep the client's end of the connection from being seen.
  if (how === 'hang-up') {
    raw.resume().end()
    return
  }
  const socket = tls ? shared.secure(raw) : raw
  if (how === 'silence') socket.resume()
  else socket.end(`${shared.words.phrases.tooManyConnections}\r\n`)
}
