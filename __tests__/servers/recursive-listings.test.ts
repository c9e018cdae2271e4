// Recursive listings and listings over the control connection of a real environment, from every real server.
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'basic-ftp'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { openAccount } from '../../src/ftp/account.ts'
import { controlOver } from '../../src/ftp/control.ts'
import { unknownPassiveMode, usePassiveMode } from '../../src/ftp/passive.ts'
import { recursiveListing, type RecursiveListing } from '../../src/ftp/recursive-listing.ts'
import { agrees, readStat, statCommand } from '../../src/ftp/stat-listing.ts'
import { listTree } from '../../src/ftp/tree-transfer.ts'
import { child, remotePath, type RemoteEntry, type RemotePath } from '../../src/site.ts'
import { LOGIN, OWNER, startServer, whyMissing, type Mode, type ServerOptions } from '../../tools/servers/daemon.ts'
import { proftpd } from '../../tools/servers/proftpd.ts'
import { pureFtpd } from '../../tools/servers/pure-ftpd.ts'
import { vsftpd } from '../../tools/servers/vsftpd.ts'
import { skipWhereMissing } from './missing.ts'

const run = promisify(execFile)
const ROOT = remotePath('/site/trash')
const TIMEOUT_MS = 10_000

type Limits = Pick<ServerOptions, 'recursive' | 'listingLimits'>
const UNLIMITED: Limits = { recursive: true, listingLimits: { entries: 100_000, depth: 50 } }

interface Told {
  readonly listing: RecursiveListing
  readonly folders: ReadonlyMap<RemotePath, readonly RemoteEntry[]>
}

describe.each([vsftpd, proftpd, pureFtpd])('$name', software => {
  let home = ''
  let missing: string | undefined
  beforeAll(async () => {
    missing = await whyMissing(software)
    if (missing !== undefined) return
    home = await mkdtemp(join(tmpdir(), 'home-'))
    await chmod(home, 0o755)
    await mkdir(join(home, 'site'))
    // Hard links: nothing writes into the files.
    await run('cp', ['-al', inject('template').folder, join(home, ROOT)])
    await run('chown', ['-Rh', `${OWNER.uid}:${OWNER.gid}`, home])
  })
  afterAll(() => rm(home, { recursive: true, force: true }))

  const open = async (mode: Mode, limits: Limits): Promise<Client> => {
    const server = await startServer(software, { home, mode, ...limits })
    const client = new Client(TIMEOUT_MS)
    onTestFinished(async () => {
      client.close()
      await server.stop()
    })
    await client.access({
      host: 'localhost',
      port: server.port,
      user: LOGIN.userName,
      password: LOGIN.password,
      secure: mode === 'explicit',
      secureOptions: { ca: await readFile(server.caFile) }
    })
    usePassiveMode(client, unknownPassiveMode())
    return client
  }

  it.for(['plain', 'explicit'] as const)('lists a whole environment with one command: %s', async (mode, context) => {
    skipWhereMissing(context, missing)
    const { listing, folders } = await listed(await open(mode, UNLIMITED))
    expect(listing).toMatchObject({ rejected: undefined, missing: [], hasRoot: true, showsLinks: true })
    expect(asPaths(folders)).toEqual(await onDisk(join(home, ROOT)))
  })

  it('tells what it left out by its own defaults', async context => {
    skipWhereMissing(context, missing)
    const { listing, folders } = await listed(await open('explicit', {}))
    expect(listing).toMatchObject({ rejected: undefined, hasRoot: true, showsLinks: true })
    expect(listing.missing.length > 0).toBe(software !== proftpd)
    const told = asPaths(folders)
    const left = (await onDisk(join(home, ROOT))).filter(line => !told.includes(line))
    const places = listing.missing.map(path => `${path.slice(ROOT.length + 1)}/`)
    expect(left.filter(line => !places.some(place => line.slice(2).startsWith(place)))).toEqual([])
  })

  it('lists every folder over the control connection as it does over a data connection', async context => {
    skipWhereMissing(context, missing)
    const client = await open('explicit', UNLIMITED)
    const { folders } = await listed(client)
    const control = controlOver(client, openAccount())
    const paths = [...folders.keys()]
    const commands = paths.map(path => statCommand('STAT -a', path) ?? 'NOOP')
    const now = new Date()
    const found = (await control.flight(commands)).map((reply, at) => readStat(reply, paths[at] ?? ROOT, now, true))
    expect(found.length).toBeGreaterThan(100)
    expect(found.map(stat => stat?.entries)).toEqual([...folders.values()])
    // An empty folder proves nothing.
    const isTrusted = found.map((stat, at) => stat !== undefined && agrees(stat, [...folders.values()][at] ?? []))
    expect(isTrusted).toEqual([...folders.values()].map(entries => entries.length > 0))
    expect(found[0]?.showsLinks).toBe(true)
  })
})

async function listed(client: Client): Promise<Told> {
  const folders = new Map<RemotePath, RemoteEntry[]>()
  const listing = recursiveListing(ROOT, new Date(), ({ path, entries }) => {
    folders.set(path, [...(folders.get(path) ?? []), ...entries])
  })
  await listTree(client, ROOT, text => {
    listing.push(text)
  })
  listing.end()
  return { listing, folders }
}

const LETTERS = { directory: 'd', file: 'f', link: 'l', unknown: '?' } as const

function asPaths(folders: Told['folders']): readonly string[] {
  const lines = [...folders].flatMap(([path, entries]) =>
    entries.map(({ name, kind }) => `${LETTERS[kind]} ${child(path, name).slice(ROOT.length + 1)}`)
  )
  return lines.sort()
}

/** The letter of each entry's kind, and its path below the folder. */
async function onDisk(folder: string): Promise<readonly string[]> {
  const { stdout } = await run('find', [folder, '-mindepth', '1', '-printf', '%y %P\n'], { maxBuffer: 2 ** 24 })
  return stdout.split('\n').filter(Boolean).sort()
}
