// Who is measured: this action's sweep in three forms, its deletion in place, its rename, other clients, and the server's own `rm -rf`.
import { execFile } from 'node:child_process'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Errand, Place } from './child.ts'
import type { Command } from './link.ts'

const run = promisify(execFile)

/** What a contender is told of the server and of the tree. */
export interface Mission extends Place {
  /** The tree as the server's own disk names it. */
  readonly folder: string
  /** What lies in `site-packages`, relative to the tree. */
  readonly packages: readonly string[]
  /** For files that a contender has to be given; empty at first. */
  readonly scratch: string
}

/** One who is measured. */
export interface Contender {
  readonly name: string
  readonly label: string
  /** Whether it is this action. */
  readonly ours: boolean
  /** What its time is: its own, from the first SYN on; or that of its process. */
  readonly clock: 'own' | 'process'
  /** Its tree lies where the app runs, not in the trash. */
  readonly inPlace?: true
  /** Moves the tree away instead of removing it. */
  readonly renames?: true
  /** It has no line to cross. */
  readonly local?: true
  /** Files that it puts there itself. */
  readonly leaves?: number
  command(mission: Mission): Promise<Command>
  /** Why it cannot be measured here; `undefined`: it can. */
  whyMissing(): Promise<string | undefined>
}

/** How many jobs lftp runs at a time: more are no faster, because one package is a third of the tree. */
const LFTP_JOBS = 8

const RCLONE_TRANSFERS = 32

/** Where `tools/install-peers` puts it, with a basic-ftp of its own. */
const FTP_DEPLOY = join(import.meta.dirname, '../../.bench/peers/node_modules/@samkirkland/ftp-deploy/dist/module.js')

/** All contenders, in the order of the tables. */
export const CONTENDERS: readonly Contender[] = [
  ours('ours', 'this action, as shipped (up to 8 connections, pipelining `auto`)', 8, true),
  ours('ours-off', 'this action, pipelining `off`, 8 connections', 8, false),
  ours('ours-one', 'this action, pipelining `off`, 1 connection', 1, false),
  {
    ...ours('in-place', 'this action, in place, 8 connections', 8, true),
    inPlace: true,
    command: mission => child({ ...wanted(mission), what: 'in-place', connections: 8, pipelining: true })
  },
  {
    ...ours('rename', 'this action, out of the way (login and rename)', 8, true),
    inPlace: true,
    renames: true,
    command: mission => child({ ...wanted(mission), what: 'rename', connections: 8, pipelining: true })
  },
  {
    name: 'basic-ftp',
    label: 'basic-ftp `removeDir`',
    ours: false,
    clock: 'own',
    command: mission => child({ ...wanted(mission), what: 'basic-ftp', connections: 1, pipelining: false }),
    whyMissing: present
  },
  {
    name: 'ftp-deploy',
    label: 'FTP-Deploy-Action, clean slate of an empty folder',
    ours: false,
    clock: 'own',
    leaves: 1,
    command: deployNothing,
    whyMissing: () =>
      access(FTP_DEPLOY).then(
        () => undefined,
        () => 'ftp-deploy is not there: run tools/install-peers'
      )
  },
  lftp('lftp', 'lftp `rm -r`', mission => [`rm -r ${quoted(mission.path)}`]),
  lftp('lftp-queue', `lftp, a queue of one job per package, ${LFTP_JOBS} at a time`, mission => [
    `set cmd:queue-parallel ${LFTP_JOBS}`,
    ...mission.packages.map(path => `queue rm -r ${quoted(`${mission.path}/${path}`)}`),
    'wait all',
    `rm -r ${quoted(mission.path)}`
  ]),
  {
    name: 'rclone',
    label: `rclone purge, ${RCLONE_TRANSFERS} transfers, ${RCLONE_TRANSFERS} checkers`,
    ours: false,
    clock: 'process',
    command: rclone,
    whyMissing: () => answers('rclone', 'version')
  },
  {
    name: 'rm',
    label: "the server's own `rm -rf`",
    ours: false,
    clock: 'process',
    local: true,
    command: ({ folder }) => Promise.resolve({ file: 'rm', args: ['-rf', folder] }),
    whyMissing: present
  }
]

/** Asks for the round trip that a client of this server sees. */
export function roundTripCommand(host: string, port: number): Promise<Command> {
  const nobody = { userName: '', password: '', tls: false, path: '', from: '' }
  return child({ ...nobody, what: 'round-trip', host, port, connections: 1, pipelining: false })
}

/** The command of this action's sweep in any form. */
export function sweepCommand(
  mission: Mission,
  form: Pick<Errand, 'connections' | 'pipelining' | 'counted'>
): Promise<Command> {
  return child({ ...wanted(mission), what: 'sweep', ...form })
}

function ours(name: string, label: string, connections: number, pipelining: boolean): Contender {
  const command = (mission: Mission): Promise<Command> => sweepCommand(mission, { connections, pipelining })
  return { name, label, ours: true, clock: 'own', command, whyMissing: present }
}

function wanted({ host, port, userName, password, tls, path, from }: Mission): Place {
  return { host, port, userName, password, tls, path, from }
}

function child(errand: Errand): Promise<Command> {
  const args = [join(import.meta.dirname, 'child.ts'), JSON.stringify(errand)]
  return Promise.resolve({ file: process.execPath, args })
}

function lftp(name: string, label: string, commands: (mission: Mission) => readonly string[]): Contender {
  return {
    name,
    label,
    ours: false,
    clock: 'process',
    async command(mission) {
      const { host, port, userName, password, tls, scratch } = mission
      const file = join(scratch, 'lftp-script')
      const lines = [
        'set ssl:verify-certificate no',
        `set ftp:ssl-allow ${String(tls)}`,
        `set ftp:ssl-force ${String(tls)}`,
        'set ftp:ssl-protect-data true',
        'set net:max-retries 2',
        `open -p ${port} -u ${quoted(`${userName},${password}`)} ftp://${host}`,
        ...commands(mission)
      ]
      await writeFile(file, `${lines.join('\n')}\n`)
      return { file: 'lftp', args: ['--norc', '-f', file], env: { HOME: scratch, LFTP_HOME: scratch } }
    },
    whyMissing: () => answers('lftp', '--version')
  }
}

async function deployNothing(mission: Mission): Promise<Command> {
  const localFolder = join(mission.scratch, 'empty')
  await mkdir(localFolder)
  const form = { connections: 1, pipelining: false, module: FTP_DEPLOY, localFolder }
  return child({ ...wanted(mission), what: 'ftp-deploy', ...form })
}

async function rclone({ host, port, userName, password, tls, path }: Mission): Promise<Command> {
  const { stdout } = await run('rclone', ['obscure', password])
  const env = {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_FTP_HOST: host,
    RCLONE_FTP_PORT: String(port),
    RCLONE_FTP_USER: userName,
    RCLONE_FTP_PASS: stdout.trim(),
    RCLONE_FTP_EXPLICIT_TLS: String(tls),
    RCLONE_FTP_NO_CHECK_CERTIFICATE: 'true',
    // Servers that want the session of the control connection taken up again refuse its data connections otherwise.
    RCLONE_FTP_DISABLE_TLS13: 'true',
    RCLONE_TRANSFERS: String(RCLONE_TRANSFERS),
    RCLONE_CHECKERS: String(RCLONE_TRANSFERS)
  }
  return { file: 'rclone', args: ['purge', `:ftp:${path}`], env }
}

/** Puts a word in quotes as lftp reads them. */
function quoted(word: string): string {
  return `"${word.replace(/["\\]/g, '\\$&')}"`
}

function present(): Promise<undefined> {
  return Promise.resolve(undefined)
}

async function answers(program: string, argument: string): Promise<string | undefined> {
  return run(program, [argument]).then(
    () => undefined,
    () => `${program} is not installed: run tools/install-peers`
  )
}
