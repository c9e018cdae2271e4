// EPSV and PASV: where the next data connection is taken, or is said to be.
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { listenForData } from './data-connection.ts'
import { listenOnFreePort } from './free-port.ts'
import type { Command, Session } from './ftp-session.ts'

async function enterPassiveMode(session: Session, verb: 'EPSV' | 'PASV'): Promise<number> {
  const { adopt, deafPort, secure, switches } = session.shared
  session.passive?.destroy()
  session.passive = undefined
  const blocked = switches.passive.blocked?.[verb]
  if (blocked !== undefined) return blocked === 'dropped' ? deafPort() : closedPort()
  const prepare = (raw: Socket): Socket => {
    adopt(raw)
    return session.protectData ? secure(raw) : raw
  }
  session.passive = await listenForData(prepare)
  // The client may have gone while the listener was being set up.
  if (session.ending.signal.aborted) session.passive.destroy()
  await switches.passive.announce?.(session.passive.port)
  return session.passive.port
}

/** Finds a port that nobody listens on, and that the system gives to nobody else soon. */
async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listenOnFreePort(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

const extendedPassive: Command = async session =>
  `229 Entering Extended Passive Mode (|||${await enterPassiveMode(session, 'EPSV')}|)`

const passive: Command = async session => {
  const port = await enterPassiveMode(session, 'PASV')
  const address = session.shared.switches.passive.address ?? '127,0,0,1'
  return `227 Entering Passive Mode (${address},${port >> 8},${port & 255}).`
}

/** Maps verbs to what they do. */
export const PASSIVE_COMMANDS: readonly (readonly [string, Command])[] = [
  ['EPSV', extendedPassive],
  ['PASV', passive]
]
