// A real server before a home with trees to sweep and things that have to stay, and sites over it without the action.
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { openSite, type SiteOptions } from '../../src/ftp/site.ts'
import { OWN_FOLDER, child, mutable, type MutablePath, type RemoteSite } from '../../src/site.ts'
import { startProxy, type FtpProxy, type ProxyOptions } from '../../tools/proxy/proxy.ts'
import {
  LOGIN,
  OWNER,
  startServer,
  type Mode,
  type Server,
  type ServerOptions,
  type Software
} from '../../tools/servers/daemon.ts'
import { fingerprint } from './fingerprint.ts'
import { makeTree, type Tree } from './trees.ts'

/** A tree in our own folder, as its path on the server and as it lies on the disk. */
export interface Trash extends Tree {
  readonly path: MutablePath
}

/** What the sweeps of one server share. */
export interface SweepLab {
  readonly software: Software
  readonly home: string
  /** Makes a tree; the same one for the same seed. */
  trash(plan: { readonly files: number; readonly folders?: number; readonly seed: number }): Trash
  /** Everything in the home but that tree, down to the last byte. */
  others(trash: Trash): Promise<readonly string[]>
  /** Starts a server, until the end of the test. */
  serve(options: Omit<ServerOptions, 'home'>): Promise<Server>
}

/** Limits beyond any tree here, so that a recursive listing is whole. */
export const WHOLE = { recursive: true, listingLimits: { entries: 1_000_000, depth: 100 } } as const

const RECORD = 0o755

/** Lays the home for the suite that this is called in. */
export function useSweepLab(software: Software): SweepLab {
  let home = ''
  let made = 0
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'home-'))
    await chmod(home, RECORD)
    for (const folder of ['site', 'site/wwwroot', `.${OWN_FOLDER}`, 'outside', 'outside/folder']) {
      await mkdir(join(home, folder))
      await chown(join(home, folder), OWNER.uid, OWNER.gid)
      await writeFile(join(home, folder, 'kept.txt'), folder)
      await chown(join(home, folder, 'kept.txt'), OWNER.uid, OWNER.gid)
    }
  })
  afterAll(() => rm(home, { recursive: true, force: true }))
  return {
    software,
    get home() {
      return home
    },
    trash({ files, folders = Math.ceil(files / 8), seed }) {
      const path = mutable(child(OWN_FOLDER, `trash-${++made}`))
      return { path, ...makeTree(join(home, path), { files, folders, seed, outside: join(home, 'outside') }) }
    },
    others: ({ path }) => fingerprint(home, name => `/${name}` === path || `/${name}`.startsWith(`${path}/`)),
    async serve(options) {
      const server = await startServer(software, { home, ...options })
      onTestFinished(() => server.stop())
      return server
    }
  }
}

/** Opens a site over a server or a proxy before it, until the end of the test. */
export async function openOver(
  server: { readonly mode: Mode; readonly port: number },
  options: Partial<SiteOptions> & { readonly host?: string } = {}
): Promise<RemoteSite> {
  const { host = '127.0.0.1', ...rest } = options
  const { userName, password } = LOGIN
  const tls = server.mode === 'plain' ? 'off' : server.mode
  const site = await openSite(
    {
      scheme: server.mode === 'implicit' ? 'ftps' : 'ftp',
      host,
      port: server.port,
      userName,
      password,
      tls,
      verify: false
    },
    { timeoutMs: 20_000, signal: new AbortController().signal, trace: () => undefined, connections: 8, ...rest }
  )
  onTestFinished(() => {
    site.close()
  })
  return site
}

/** Puts a proxy before a server, until the end of the test. */
export async function proxyBefore(server: Server, options: Partial<ProxyOptions> = {}): Promise<FtpProxy> {
  const proxy = await startProxy({ controlPorts: [server.port], dataPorts: server.passivePorts, address, ...options })
  onTestFinished(() => proxy.stop())
  return proxy
}

/** Of its own for each worker, because two proxies cannot have the same ports. */
const address = `127.1.${(process.pid >> 8) & 255}.${process.pid & 255}`

/** Asserts that a tree is gone, and all around it is as it was. */
export async function expectGone(lab: SweepLab, trash: Trash, others: readonly string[]): Promise<void> {
  expect(existsSync(trash.folder)).toBe(false)
  expect(await lab.others(trash)).toEqual(others)
}
