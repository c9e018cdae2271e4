// A real FTP server as a child process: started on loopback, awaited until it greets, ended by its process id.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../local-appservice/certificate.ts'
import { listenOnFreePort } from '../local-appservice/free-port.ts'
import { greets, untilUnused } from './greeting.ts'
import { families } from './processes.ts'

/** Where `tools/install-servers` unpacks to. */
const SERVERS = join(import.meta.dirname, '..', '..', '.servers')

/** The only user, named as App Service does; `tools/install-servers` tells vsftpd of the same two. */
export const LOGIN = { app: 'demo-app', userName: 'demo-app\\$demo-app', password: 'local-password' } as const

/**
 * Whose files a logged-in user reads and writes: `daemon`, which is 1 on every Debian (base-passwd).
 *
 * Not `nobody`: vsftpd enters the user's own home before anything else, and that one has none.
 */
export const OWNER = { name: 'daemon', uid: 1, gid: 1 } as const

/** How a server speaks. `plain`: it has no TLS at all. */
export type Mode = 'plain' | 'explicit' | 'implicit'

/** What a server does differently from its default. */
export interface ServerOptions {
  /** The FTP root. */
  readonly home: string
  readonly mode: Mode
  /** Refuses logins without TLS. */
  readonly demandsTls?: boolean
  readonly refusesRenames?: boolean
  /** The most connections from one address; the server's own default if left out. */
  readonly maxConnections?: number
  /** The most sessions in all, beyond which the server hangs up without a word; only ProFTPD can be told so. */
  readonly maxSessions?: number
  /** How long a session may be idle, in seconds; only vsftpd is told. */
  readonly idleS?: number
  /** Serves `LIST -R` where the server's default is not to; only vsftpd's is. */
  readonly recursive?: boolean
  /** The most entries and the greatest depth of a listing, where the server can be told so; only Pure-FTPd can. */
  readonly listingLimits?: { readonly entries: number; readonly depth: number }
}

/** What a program's own configuration is made from. */
export interface Setting extends ServerOptions {
  /** For the configuration and the log; only root reads it. */
  readonly folder: string
  /** Where the packages were unpacked. */
  readonly servers: string
  readonly port: number
  readonly passivePorts: { readonly first: number; readonly last: number }
  /** PEM files: the key, the certificate, and both in one. */
  readonly pem: { readonly key: string; readonly cert: string; readonly both: string }
}

/** One of the servers that can be started. */
export interface Software {
  readonly name: string
  /** Path of the program below the folder of servers. */
  readonly program: string
  readonly hasImplicitTls: boolean
  /** Says whether it writes each command into `log` in the folder of its setting. */
  readonly logsCommands: boolean
  /** First of the thousands of ports that its data connections use: below those that the system hands out itself. */
  readonly firstPassivePort: number
  /** Writes the configuration; returns the arguments of the program. */
  readonly configure: (setting: Setting) => Promise<readonly string[]>
}

/** Is a running server; `stop` it. */
export interface Server {
  readonly software: Software
  readonly mode: Mode
  readonly port: number
  /** Where its data connections come, which a proxy before it has to know. */
  readonly passivePorts: Setting['passivePorts']
  /** The certificate, which is its own authority. */
  readonly caFile: string
  /** Each command that it was sent, as it logs them; `undefined` where it logs none. */
  log(): Promise<string | undefined>
  /** The processes of each of its sessions, the youngest session last. */
  sessions(): Promise<readonly (readonly number[])[]>
  /** Holds all of its processes, or lets them go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void>
  /** Resolves when it has done everything that it was sent, and no session is left. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/** Why a server cannot be started here; `undefined`: it can. */
export async function whyMissing({ name, program }: Software): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'root is needed to start servers'
  const found = await access(join(SERVERS, program)).then(
    () => true,
    () => false
  )
  return found ? undefined : `${name} is not there: run tools/install-servers`
}

const PORTS_PER_SERVER = 500
const SERVERS_PER_RANGE = 10
let started = 0

/** Starts a server on a free port of 127.0.0.1; throws with what it printed where it does not greet. */
export async function startServer(software: Software, options: ServerOptions): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'server-'))
  // vsftpd and ProFTPD enter it before they give up being root, and take folders that others could write for unsafe.
  await chmod(folder, 0o755)
  const pem = await writeCertificate(folder)
  const port = await freePort()
  const first = software.firstPassivePort + (started++ % SERVERS_PER_RANGE) * PORTS_PER_SERVER
  const passivePorts = { first, last: first + PORTS_PER_SERVER - 1 }
  const args = await software.configure({ ...options, folder, servers: SERVERS, port, passivePorts, pem })
  const child = spawn(join(SERVERS, software.program), args, {
    env: { PATH: process.env['PATH'], TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const stop = async (): Promise<void> => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  if (!(await greets(child, port, options.mode === 'implicit'))) {
    await stop()
    throw new Error(`${software.name} does not greet. It printed: ${printed}`)
  }
  const log = (): Promise<string | undefined> =>
    software.logsCommands ? readFile(join(folder, 'log'), 'utf8') : Promise.resolve(undefined)
  const idle = (): Promise<void> => untilUnused(port)
  const sessions = (): ReturnType<typeof families> => families(child.pid ?? 0)
  const signal: Server['signal'] = async name => {
    child.kill(name)
    for (const pid of (await sessions()).flat()) process.kill(pid, name)
  }
  return { software, mode: options.mode, port, passivePorts, caFile: pem.cert, log, sessions, signal, idle, stop }
}

async function writeCertificate(folder: string): Promise<Setting['pem']> {
  const { key, cert } = await makeCertificate()
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem'), both: join(folder, 'both.pem') }
  await writeFile(files.key, key, { mode: 0o600 })
  await writeFile(files.cert, cert)
  await writeFile(files.both, `${key}\n${cert}`, { mode: 0o600 })
  await mkdir(join(folder, 'empty'))
  return files
}

/** A port that was free a moment ago: these servers cannot be told to take any. */
async function freePort(): Promise<number> {
  const probe = createServer()
  const port = await listenOnFreePort(probe)
  probe.close()
  await once(probe, 'close')
  return port
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}
