// The shape of the machine and the versions of everything that is measured. Names neither a machine nor a path.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { cpus, platform, release } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Machine } from './results.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')
const PROGRAMS = join(ROOT, '.servers', 'usr', 'sbin')

/** How each program is asked for its version. vsftpd prints it where its input should come from. */
const QUESTIONS: Readonly<Record<string, string>> = {
  vsftpd: `${join(PROGRAMS, 'vsftpd')} -v 0>&1`,
  ProFTPD: `${join(PROGRAMS, 'proftpd')} -v`,
  'Pure-FTPd': `${join(PROGRAMS, 'pure-ftpd')} --help`,
  lftp: 'lftp --version',
  rclone: 'rclone version'
}

/** Where the libraries lie. */
const MODULES: Readonly<Record<string, string>> = {
  'basic-ftp': 'node_modules/basic-ftp',
  'ftp-deploy': '.bench/peers/node_modules/@samkirkland/ftp-deploy'
}

/** Looks at this machine; a program that is not there is left out. */
export async function readMachine(): Promise<Machine> {
  const versions: Record<string, string> = {}
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const version = await ask(question)
    if (version !== undefined) versions[name] = version
  }
  for (const [name, folder] of Object.entries(MODULES)) {
    const manifest = await readFile(join(ROOT, folder, 'package.json'), 'utf8').catch(() => '{}')
    const { version } = JSON.parse(manifest) as { readonly version?: string }
    if (version !== undefined) versions[name] = version
  }
  const [kernel] = /^\d+\.\d+/.exec(release()) ?? ['']
  return { system: `${platform()} ${kernel}`, cores: cpus().length, node: process.versions.node, versions }
}

async function ask(question: string): Promise<string | undefined> {
  const { stdout } = await run('sh', ['-c', `${question} 2>&1 || true`])
  return /\d+\.\d+(\.\d+)?\w*/.exec(stdout)?.[0]
}
