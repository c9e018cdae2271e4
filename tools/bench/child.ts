// One measurement in a process of its own: a fresh compiler, a time from the first SYN on, and the memory that it took.
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Client } from 'basic-ftp'
import { openSite } from '../../src/ftp/site.ts'
import type { FtpTarget } from '../../src/ftp/target.ts'
import type { Environment } from '../../src/python/venv.ts'
import { removeInPlace } from '../../src/reset/in-place.ts'
import { mutable, remotePath, type MutablePath, type TransportAccount } from '../../src/site.ts'
import { median } from './statistics.ts'

/** A server, and a tree on it. */
export interface Place {
  readonly host: string
  readonly port: number
  readonly userName: string
  readonly password: string
  readonly tls: boolean
  /** What is removed; for a rename, where it is moved to. */
  readonly path: string
  /** For a rename: where it is moved from; for a deletion in place: what is deleted. */
  readonly from: string
}

/** What a process is told, as JSON. */
export interface Errand extends Place {
  readonly what: 'sweep' | 'in-place' | 'rename' | 'basic-ftp' | 'ftp-deploy' | 'round-trip'
  readonly connections: number
  readonly pipelining: boolean
  /** For ftp-deploy: its module, and an empty folder to deploy. */
  readonly module?: string
  readonly localFolder?: string
  /** Whether commands and replies are counted. */
  readonly counted?: boolean
}

/** What a process answers, as JSON. */
export interface Answer {
  readonly seconds: number
  readonly maxRssBytes: number
  /** For a rename: the same once more over the connection that stands, the median of some. */
  readonly warmSeconds?: number
  readonly account?: TransportAccount
  /** What the server refused to remove. */
  readonly refused?: number
  /** What a sweep says it removed. */
  readonly files?: number
  /** What went over the control connections, logins included; greetings are no replies. */
  readonly commands?: number
  readonly replies?: number
}

type Finding = Omit<Answer, 'maxRssBytes'>

const TIMEOUT_MS = 30_000
const WARM_RENAMES = 10
const ROUND_TRIPS = 9

/** What the trees are; of what else is known of an environment, a deletion needs nothing. */
const POSIX: Omit<Environment, 'path'> = {
  ...{ shape: 'posix', proven: true, creator: 'venv', missing: [], versions: [] },
  ...{ markers: [], cfg: undefined, distributions: [], sitePackages: undefined, gaps: [] }
}

const ERRANDS: Readonly<Record<Errand['what'], (errand: Errand) => Promise<Finding>>> = {
  sweep,
  'in-place': deleteInPlace,
  rename,
  'basic-ftp': removeDir,
  'ftp-deploy': cleanSlate,
  'round-trip': roundTrip
}

/** Counts commands and replies in what a connection traces. */
function makeTally(): { readonly commands: number; readonly replies: number; trace(line: string): void } {
  let [commands, replies] = [0, 0]
  return {
    get commands() {
      return commands
    },
    get replies() {
      return replies
    },
    trace(line) {
      // Nobody waits for what is said to a goodbye.
      if (line.startsWith('> ') && line !== '> QUIT') commands++
      if (!line.startsWith('< ')) return
      // One chunk may hold several replies, and one reply several lines, of which only the last has a blank there.
      const ends = line
        .slice(2)
        .split('\n')
        .filter(one => /^[2-5]\d\d /.test(one) && !one.startsWith('220 '))
      replies += ends.length
    }
  }
}

async function sweep(errand: Errand): Promise<Finding> {
  const path = mutable(remotePath(errand.path))
  const tally = makeTally()
  const start = performance.now()
  const site = await open(
    errand,
    errand.counted
      ? line => {
          tally.trace(line)
        }
      : undefined
  )
  const swept = await site.sweep(path)
  const seconds = since(start)
  const account = site.account()
  site.close()
  const counts = errand.counted ? { commands: tally.commands, replies: tally.replies } : {}
  return { seconds, account, refused: swept.refused.length, files: swept.files, ...counts }
}

async function deleteInPlace(errand: Errand): Promise<Finding> {
  const path = remotePath(errand.from)
  const start = performance.now()
  const site = await open(errand)
  const patience = { pause: (ms: number) => setTimeout(ms), sweeping: () => ({}) }
  const { files } = await removeInPlace(site, { ...POSIX, path }, patience)
  const seconds = since(start)
  const account = site.account()
  site.close()
  return { seconds, account, files }
}

async function rename(errand: Errand): Promise<Finding> {
  const [from, to] = [mutable(remotePath(errand.from)), mutable(remotePath(errand.path))]
  const start = performance.now()
  const site = await open(errand)
  await site.rename(from, to)
  const seconds = since(start)
  const warm: number[] = []
  let [here, there]: [MutablePath, MutablePath] = [to, from]
  for (let i = 0; i < WARM_RENAMES; i++) {
    const begin = performance.now()
    await site.rename(here, there)
    warm.push(since(begin))
    ;[here, there] = [there, here]
  }
  const account = site.account()
  site.close()
  return { seconds, warmSeconds: median(warm) ?? NaN, account }
}

function open(errand: Errand, trace: (line: string) => void = () => undefined): ReturnType<typeof openSite> {
  const { host, port, userName, password, tls, connections, pipelining } = errand
  const target: FtpTarget = {
    scheme: 'ftp',
    host,
    port,
    userName,
    password,
    tls: tls ? 'explicit' : 'off',
    verify: false
  }
  const form = { connections, pipelining }
  const signal = new AbortController().signal
  return openSite(target, { timeoutMs: TIMEOUT_MS, signal, trace, ...form })
}

async function removeDir({ host, port, userName, password, tls, path }: Errand): Promise<Finding> {
  const start = performance.now()
  const client = new Client(TIMEOUT_MS)
  const secureOptions = { rejectUnauthorized: false }
  await client.access({ host, port, user: userName, password, secure: tls, secureOptions })
  await client.removeDir(path)
  const seconds = since(start)
  client.close()
  return { seconds }
}

/** What is called of ftp-deploy. */
interface FtpDeploy {
  readonly deploy: (options: Readonly<Record<string, unknown>>) => Promise<void>
}

async function cleanSlate(errand: Errand): Promise<Finding> {
  const { host, port, userName, password, tls, path, module = '', localFolder = '' } = errand
  const { deploy } = (await import(module)) as FtpDeploy
  const start = performance.now()
  await deploy({
    ...{ server: host, port, username: userName, password, protocol: tls ? 'ftps' : 'ftp', security: 'loose' },
    ...{ 'local-dir': `${localFolder}/`, 'server-dir': `${path}/` },
    ...{ 'dangerous-clean-slate': true, 'log-level': 'minimal' }
  })
  return { seconds: since(start) }
}

/** A command that needs no login, several times over one connection that needs no TLS. */
async function roundTrip({ host, port }: Errand): Promise<Finding> {
  const socket = createConnection({ host, port, noDelay: true })
  await once(socket, 'data')
  const times: number[] = []
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const start = performance.now()
    socket.write('NOOP\r\n')
    await once(socket, 'data')
    times.push(since(start))
  }
  socket.destroy()
  return { seconds: median(times) ?? NaN }
}

function since(start: number): number {
  return (performance.now() - start) / 1000
}

const errand = JSON.parse(parseArgs({ allowPositionals: true }).positionals[0] ?? '{}') as Errand
try {
  const finding = await ERRANDS[errand.what](errand)
  const answer: Answer = { ...finding, maxRssBytes: process.resourceUsage().maxRSS * 1024 }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  // Connections may be open, and nobody waits for them.
  process.exit(1)
}
