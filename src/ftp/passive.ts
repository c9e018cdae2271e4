// The way to a data connection: which command asks for its port, and whose port is dialled. Knows nothing of transfers.
import { FTPError, enterPassiveModeIPv6, type Client, type FTPContext, type FTPResponse } from 'basic-ftp'
import { SiteError } from '../site.ts'

/** What was learned of a server's passive mode; shared by all connections to it, because each lesson costs a round trip. */
export interface PassiveMode {
  verb: 'EPSV' | 'PASV'
  /** A data connection was opened before, so the network lets them through. */
  proven: boolean
}

/** What is taken for granted of a server that nobody has asked yet. */
export function unknownPassiveMode(): PassiveMode {
  return { verb: 'EPSV', proven: false }
}

/**
 * Makes a client open its data connections by EPSV (RFC 2428), or by PASV where the server does not serve EPSV, always
 * at the address of the control connection.
 *
 * App Service has several addresses behind one name, and an address in a reply to PASV may lead anywhere: dialling it
 * would let a server use this machine against others (FTP bounce, RFC 2577), and behind NAT it leads nowhere.
 */
export function usePassiveMode(client: Client, mode: PassiveMode): void {
  client.prepareTransfer = ftp => openDataConnection(ftp, mode)
}

async function openDataConnection(ftp: FTPContext, mode: PassiveMode): Promise<FTPResponse> {
  if (mode.verb === 'PASV') return dial(ftp, await askByPasv(ftp), mode)
  const port = await askByEpsv(ftp)
  if (typeof port !== 'number') return instead(ftp, mode, port)
  try {
    return await dial(ftp, port, mode)
  } catch (error) {
    // A port that is refused may be one that only EPSV gets wrong, and asking costs nothing. One whose packets vanish
    // costs a whole timeout, and PASV's lies in the same range at the same address: it fares better only where a
    // firewall on the way reads the reply to PASV and opens the port that it names, which TLS keeps it from.
    if (ftp.closed || mode.proven || (ftp.hasTLS && !isRefused(error))) throw error
    return instead(ftp, mode, error)
  }
}

/** Goes on with PASV, which is remembered where it works. `failure`: what EPSV answered, or why its port was of no use. */
async function instead(ftp: FTPContext, mode: PassiveMode, failure: unknown): Promise<FTPResponse> {
  const port = await askByPasv(ftp, failure)
  const reply = await dial(ftp, port, mode)
  mode.verb = 'PASV'
  return reply
}

/** The port that the server announced, or what it said instead. */
async function askByEpsv(ftp: FTPContext): Promise<number | string> {
  const reply = await ask(ftp, 'EPSV')
  const port = portIn(/^229\b.*?([!-/:-~])\1\1(\d{1,5})\1/.exec(reply)?.[2])
  if (port === undefined) refuseStrange(reply, 229)
  return port ?? reply
}

async function askByPasv(ftp: FTPContext, before?: unknown): Promise<number> {
  const reply = await ask(ftp, 'PASV')
  refuseStrange(reply, 227)
  const [, high, low] = /^227\b.*?(?<![\d,])(?:\d{1,3}, ?){4}(\d{1,3}), ?(\d{1,3})(?![\d,])/.exec(reply) ?? []
  const isByte = [high, low].every(part => Number(part) <= 255)
  const port = isByte ? portIn(String(Number(high) * 256 + Number(low))) : undefined
  if (port !== undefined) return port
  // Where EPSV named a port, that it could not be reached is the cause.
  if (before instanceof Error) throw before
  const first = typeof before === 'string' ? `EPSV "${before}" and ` : ''
  throw unreachable(`it answered ${first}PASV "${reply}"`, before)
}

/** The text of a reply, whether it refuses or not; one that ends the session, or its data connections, is thrown. */
async function ask(ftp: FTPContext, verb: 'EPSV' | 'PASV'): Promise<string> {
  try {
    return oneLine(await ftp.request(verb))
  } catch (error) {
    if (!(error instanceof FTPError) || error.code === 421 || (verb === 'PASV' && isExhausted(error))) throw error
    return oneLine(error)
  }
}

/** A success of another kind is the answer to another command: from there on all replies would be taken for others. */
function refuseStrange(reply: string, code: number): void {
  const answered = Number(reply.slice(0, 3))
  if (answered >= 400 || answered === code) return
  throw new SiteError('lost', `The connection is out of step: a data connection was answered with "${reply}"`)
}

function oneLine({ message }: { readonly message: string }): string {
  return message.replace(/\s+/g, ' ').trim()
}

/** Azure's servers answer so after many transfers in one session, and the next session is served again. */
function isExhausted(error: FTPError): boolean {
  return error.code === 425 || error.code === 426
}

/** `undefined`: no number that a port can have. */
function portIn(text: string | undefined): number | undefined {
  const port = Number(text)
  return port >= 1 && port <= 65_535 ? port : undefined
}

/**
 * Connects to a port of the control connection's peer.
 *
 * What basic-ftp does there (offering the control connection's TLS session, a timeout, IPv6) is reachable through its
 * own EPSV only, so that one is told the port in the reply that it asks for.
 */
async function dial(ftp: FTPContext, port: number, mode: PassiveMode): Promise<FTPResponse> {
  const reply = { code: 229, message: `229 (|||${port}|)` }
  const told = new Proxy(ftp, {
    get: (context, name) =>
      name === 'request' ? () => Promise.resolve(reply) : (Reflect.get(context, name) as unknown),
    set: (context, name, value) => Reflect.set(context, name, value)
  })
  try {
    await enterPassiveModeIPv6(told)
  } catch (error) {
    // Where data connections went through before, it is this connection that broke, and a new one may fare better.
    if (ftp.closed || mode.proven) throw error
    const text = error instanceof Error ? error.message : String(error)
    throw unreachable(text, error)
  }
  mode.proven = true
  return reply
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof SiteError ? error.cause : error
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}

function unreachable(what: string, cause: unknown): SiteError {
  const message =
    `The server does not let a data connection be opened: ${what}. App Service uses the ports 10001 to 10300 for them: ` +
    'allow these from the runner'
  return new SiteError('unreachable', message, { cause })
}
