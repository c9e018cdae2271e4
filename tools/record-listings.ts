// Asks the real servers for listings of one small, odd tree, and records the answers under __tests__/fixtures/listings.
// Needs tools/install-servers, and root. The tree's times are fixed, so that a second run gives the same.
import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client, FTPError } from 'basic-ftp'
import { format, resolveConfig } from 'prettier'
import { remotePath } from '../src/site.ts'
import { listTree } from '../src/ftp/tree-transfer.ts'
import { LOGIN, OWNER, startServer, type ServerOptions, type Software } from './servers/daemon.ts'
import { proftpd } from './servers/proftpd.ts'
import { pureFtpd } from './servers/pure-ftpd.ts'
import { vsftpd } from './servers/vsftpd.ts'

const FIXTURES = join(import.meta.dirname, '..', '__tests__', 'fixtures', 'listings')
const ROOT = '/site/tree'
const TIME = '2021-03-10T11:12:00Z'
const run = promisify(execFile)

const RECORDINGS: readonly [string, Software, string, Pick<ServerOptions, 'recursive' | 'listingLimits'>][] = [
  ['vsftpd', vsftpd, 'ls_recurse_enable=YES', { recursive: true }],
  ['vsftpd-without-recursion', vsftpd, 'its defaults', {}],
  ['proftpd', proftpd, 'its defaults', {}],
  ['pure-ftpd', pureFtpd, 'its defaults (-L 10000:5)', {}],
  ['pure-ftpd-unlimited', pureFtpd, '-L 100000:50', { listingLimits: { entries: 100_000, depth: 50 } }],
  ['pure-ftpd-40-entries', pureFtpd, '-L 40:50', { listingLimits: { entries: 40, depth: 50 } }]
]

const FOLDERS = ['.hidden', 'bin', 'empty', 'lib/python3.12/site-packages/pip/_vendor/rich', 'locked/inside', 'odd']
const FILES = ['pyvenv.cfg', '.gitignore', '.hidden/note', 'lib/python3.12/site-packages/pip/_vendor/rich/text.py']
const LINKS = {
  lib64: 'lib',
  self: '.',
  loop: 'loop',
  'bin/python': 'python3',
  'bin/python3': '/usr/bin/python3',
  'bin/up': '..'
}

/** Names of files, and of folders with a file of that name in them. */
const ODD_NAMES = [
  ' leading blank',
  'trailing blank ',
  'two  blanks',
  '[brackets]',
  '*',
  '-rf',
  'a -> b',
  'colon:',
  'ends: like this:',
  'total 12',
  'naïve-日本'
]

/** Names that no command can carry, of files: a line end, lines that look like others, and bytes that are no UTF-8. */
const UNSENDABLE = [
  "$'line\\nend:'",
  "$'blank\\n\\nbin:'",
  "$'fake\\ndrwxr-xr-x 2 1 1 4096 Mar 10  2021 lib64'",
  "$'latin\\xe9'"
]

const STATUS_OF = ['', '/empty', '/odd', '/locked', '/pyvenv.cfg', '/nowhere']

async function layTree(home: string): Promise<void> {
  const root = join(home, ROOT)
  const odd = ODD_NAMES.map(name => join('odd', name))
  for (const folder of [...FOLDERS, ...odd]) await mkdir(join(root, folder), { recursive: true })
  for (const file of [...FILES, ...ODD_NAMES.map(name => join('odd', name, name))])
    await writeFile(join(root, file), 'x')
  for (const [link, target] of Object.entries(LINKS)) await symlink(target, join(root, link))
  // Node cannot make a name that is no UTF-8.
  await run('bash', ['-c', `cd "$1/odd" && touch ${UNSENDABLE.join(' ')}`, 'bash', root])
  await run('find', [home, '-depth', '-exec', 'touch', '-h', '-d', TIME, '{}', '+'])
  await run('chown', ['-Rh', `${OWNER.uid}:${OWNER.gid}`, home])
  await chown(join(root, 'locked'), 0, 0)
  await chmod(join(root, 'locked'), 0o700)
  await chmod(home, 0o755)
}

/** What is on the disk: the letter of `find` for its kind (d, f, l), and the path. */
async function readTree(home: string): Promise<readonly string[]> {
  const { stdout } = await run('find', [join(home, ROOT), '-mindepth', '1', '-printf', '%y %P\\0'])
  return stdout.split('\0').slice(0, -1).sort()
}

async function record(
  home: string,
  software: Software,
  options: Pick<ServerOptions, 'recursive' | 'listingLimits'>
): Promise<{ readonly list: readonly string[]; readonly stat: Readonly<Record<string, readonly string[]>> }> {
  const server = await startServer(software, { home, mode: 'plain', ...options })
  const client = new Client(5000)
  try {
    const { userName, password } = LOGIN
    await client.access({ host: '127.0.0.1', port: server.port, user: userName, password })
    let text = ''
    await listTree(client, remotePath(ROOT), piece => {
      text += piece
    })
    const stat: Record<string, readonly string[]> = {}
    for (const path of STATUS_OF) {
      for (const form of ['STAT -a', 'STAT']) {
        const command = `${form} ${ROOT}${path}`
        stat[command] = (await answer(client, command)).split('\n')
      }
    }
    stat['STAT'] = (await answer(client, 'STAT')).split('\n')
    return { list: text.split('\r\n'), stat }
  } finally {
    client.close()
    await server.stop()
  }
}

async function answer(client: Client, command: string): Promise<string> {
  try {
    return (await client.send(command)).message
  } catch (error) {
    if (error instanceof FTPError) return error.message
    throw error
  }
}

const home = await mkdtemp(join(tmpdir(), 'home-'))
try {
  await layTree(home)
  const system = /^PRETTY_NAME="(.*)"$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'this system'
  await mkdir(FIXTURES, { recursive: true })
  for (const [name, software, settings, options] of RECORDINGS) {
    const { list, stat } = await record(home, software, options)
    const origin = `${software.name} of ${system}, ${settings}; lines of \`LIST -Ra ${ROOT}\` end with CRLF`
    const file = join(FIXTURES, `${name}.json`)
    const json = JSON.stringify({ origin, tree: await readTree(home), list, stat })
    await writeFile(file, await format(json, { ...(await resolveConfig(file)), parser: 'json' }))
  }
} finally {
  await rm(home, { recursive: true })
}
