// Links to a folder outside of what is deleted, as every kind of server lists them: their targets keep all they have.
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSite } from '../../../src/ftp/site.ts'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import { mutable, remotePath, type RemoteSite } from '../../../src/site.ts'
import type { LocalAppService, LocalAppServiceOptions } from '../../../tools/local-appservice/index.ts'
import { listTree, makePosixVenv } from '../../../tools/local-appservice/sites.ts'
import { startApp, targetOf } from '../tools/lab.ts'
import { removing } from '../reset/running.ts'

const ENVIRONMENT = remotePath('/site/wwwroot/antenv')
const COPY = mutable(remotePath('/site/.azure-python-env/trash-20261122T120000000Z-0123456789abcdef'))

const SERVERS: readonly LocalAppServiceOptions[] = [
  { personality: 'iis', links: 'directory' },
  { personality: 'iis', links: 'link' },
  { personality: 'unix' },
  { personality: 'mlsd', links: 'directory' },
  { personality: 'mlsd', links: 'link' },
  { personality: 'mlsd', links: 'slink' }
]
const HIDING: LocalAppServiceOptions = { personality: 'iis', links: 'hidden' }
const HIDING_IN_MLSD: LocalAppServiceOptions = { personality: 'mlsd', links: 'hidden' }

interface Scene {
  readonly app: LocalAppService
  readonly site: RemoteSite
  /** What lies outside of the environment, with the text of its file. */
  readonly outside: () => Promise<readonly string[]>
}

/** An environment with links at three depths to one folder outside, and `lib64` as every environment has it. */
async function scene(options: LocalAppServiceOptions): Promise<Scene> {
  const app = await startApp(options)
  const precious = join(app.home, 'data', 'precious')
  await mkdir(join(precious, 'deep'), { recursive: true })
  await writeFile(join(precious, 'deep', 'file'), 'precious')
  await writeFile(join(precious, 'activate'), 'precious')
  const folder = join(app.home, ENVIRONMENT)
  await makePosixVenv(folder, { python: '3.11', packages: { alpha: '1.0' } })
  for (const place of ['share', 'lib/shared', 'lib/python3.11/site-packages/data']) {
    await symlink(precious, join(folder, place))
  }
  if (!existsSync(join(folder, 'lib64'))) await symlink('lib', join(folder, 'lib64'))
  const site = await openSite(targetOf(app), {
    timeoutMs: 5000,
    signal: new AbortController().signal,
    trace: () => undefined,
    connections: 3
  })
  onTestFinished(() => {
    site.close()
  })
  const outside = async (): Promise<readonly string[]> => [
    ...(await listTree(join(app.home, 'data'))),
    await readFile(join(precious, 'deep', 'file'), 'utf8')
  ]
  return { app, site, outside }
}

async function setAside(app: LocalAppService): Promise<void> {
  await mkdir(join(app.home, 'site/.azure-python-env'))
  await rename(join(app.home, ENVIRONMENT), join(app.home, COPY))
}

async function inPlace(site: RemoteSite): Promise<number> {
  const environment = await readEnvironment(site, ENVIRONMENT, true)
  if (!environment) throw new Error('not an environment')
  return (await removing(site, environment)).files
}

// Windows makes no links without a privilege.
describe.skipIf(process.platform === 'win32')('links to a folder outside', () => {
  it.each(SERVERS)('go with a swept tree, and their target loses nothing: %o', async options => {
    const { app, site, outside } = await scene(options)
    const before = await outside()
    await setAside(app)
    expect((await site.sweep(COPY)).refused).toEqual([])
    expect(await outside()).toEqual(before)
    expect(existsSync(join(app.home, COPY))).toBe(false)
    expect(app.ftp.transcript.filter(({ argument }) => /\/(share|shared|data|lib64)\//.test(argument))).toEqual([])
  })

  it.each(SERVERS)(
    'go with an environment that is deleted in place, and their target loses nothing: %o',
    async options => {
      const { app, site, outside } = await scene(options)
      const before = await outside()
      expect(await inPlace(site)).toBeGreaterThan(5)
      expect(await outside()).toEqual(before)
      expect(existsSync(join(app.home, ENVIRONMENT))).toBe(false)
    }
  )

  it('that only another command lists go as well, swept or in place, and their target loses nothing', async () => {
    const { app, site, outside } = await scene(HIDING_IN_MLSD)
    const before = await outside()
    await setAside(app)
    expect((await site.sweep(COPY)).refused).toEqual([])
    expect(await outside()).toEqual(before)
    const second = await scene(HIDING_IN_MLSD)
    expect(await inPlace(second.site)).toBeGreaterThan(5)
    expect(existsSync(join(second.app.home, ENVIRONMENT))).toBe(false)
    expect(await second.outside()).toEqual(before)
  })

  it('that are not listed at all keep their folder from going, and it is reported', async () => {
    const { app, site, outside } = await scene(HIDING)
    const before = await outside()
    await expect(inPlace(site)).rejects.toMatchObject({ kind: 'refused' })
    await setAside(app)
    const { refused } = await site.sweep(COPY)
    expect(refused.at(-1)?.path).toBe(COPY)
    expect(await outside()).toEqual(before)
  })

  it('that stand for a part of the environment are removed, and what they stand for stays', async () => {
    for (const options of SERVERS) {
      const { app, site, outside } = await scene(options)
      await rename(join(app.home, ENVIRONMENT, 'bin'), join(app.home, 'data/precious/bin'))
      await symlink(join(app.home, 'data/precious/bin'), join(app.home, ENVIRONMENT, 'bin'))
      const before = await outside()
      await inPlace(site)
      expect(await outside()).toEqual(before)
    }
  })
})

describe.skipIf(process.platform === 'win32')('an environment whose lib64 is listed as a folder', () => {
  it('is read as the same, with the fact that tells them to be one or without', async () => {
    const seen = []
    for (const options of SERVERS) {
      const { site } = await scene(options)
      const found = await readEnvironment(site, ENVIRONMENT, true)
      seen.push([found?.missing, found?.gaps, found?.distributions.map(({ name }) => name).sort()])
    }
    expect(new Set(seen.map(one => JSON.stringify(one))).size).toBe(1)
    expect(seen[0]?.slice(0, 2)).toEqual([[], []])
  })
})
