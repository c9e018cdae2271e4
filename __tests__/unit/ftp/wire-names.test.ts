// Names that are easily mangled, and listings that are easily misread, from a real server's disk and back.
import { existsSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSite } from '../../../src/ftp/site.ts'
import { child, mutable, remotePath, type MutablePath, type RemoteSite } from '../../../src/site.ts'
import type { ListingTraps } from '../../../tools/local-appservice/ftp-server-options.ts'
import type { LocalAppService, LocalAppServiceOptions } from '../../../tools/local-appservice/index.ts'
import { startApp, targetOf } from '../tools/lab.ts'

const NAMES = [
  ' leading',
  'trailing ',
  '  both  ',
  ' ',
  'gr\u00FC\u00DFe',
  'gru\u0308\u00DFe',
  '日本語',
  '\u{1D11E}',
  '[slug]',
  '*',
  '?',
  '#',
  '100%',
  '%41',
  '"quoted"',
  "it's",
  '-rf',
  '-a',
  'x',
  'x -> y',
  'x -> y -> z',
  ' -> ',
  'a; b',
  'type=file; c',
  '~',
  '$HOME',
  '{a,b}',
  '<DIR>',
  'total 8',
  '03-10-21  11:12AM',
  'Nov 22 10:46 z'
]

const PLACE = remotePath('/site/wwwroot/odd')
const at = (path: string): MutablePath => mutable(remotePath(path))

async function open(
  options: LocalAppServiceOptions,
  traps: ListingTraps = {}
): Promise<{ app: LocalAppService; site: RemoteSite }> {
  const app = await startApp(options)
  app.ftp.listings = traps
  const site = await openSite(targetOf(app), {
    timeoutMs: 5000,
    signal: new AbortController().signal,
    trace: () => undefined,
    connections: 2
  })
  onTestFinished(() => {
    site.close()
  })
  return { app, site }
}

async function put(app: LocalAppService, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(app.home, path)), { recursive: true })
  await writeFile(join(app.home, path), text)
}

const SERVERS: readonly (readonly [string, LocalAppServiceOptions, ListingTraps])[] = [
  ['IIS', { personality: 'iis' }, {}],
  ['UNIX', { personality: 'unix' }, {}],
  ['MLSD', { personality: 'mlsd' }, {}],
  ['IIS with bare line feeds', { personality: 'iis' }, { lineEnd: '\n' }],
  ['UNIX with totals, and no end of the last line', { personality: 'unix' }, { totals: true, unfinished: true }],
  [
    'MLSD with bare line feeds, and no end of the last line',
    { personality: 'mlsd' },
    { lineEnd: '\n', unfinished: true }
  ],
  ['a LIST that has no options', { personality: 'unix' }, { optionsAreNames: true }]
]

// Windows has no file with such names.
describe.skipIf(process.platform === 'win32').each(SERVERS)('odd names on %s', (_, options, traps) => {
  it('are listed as they are, and their files can be read', async () => {
    const { app, site } = await open(options, traps)
    for (const name of NAMES) await put(app, `${PLACE}/${name}`, `text of ${name}`)
    const entries = await site.list(PLACE)
    expect(entries.map(({ kind, name }) => [kind, name]).sort()).toEqual(NAMES.map(name => ['file', name]).sort())
    for (const name of NAMES) expect(await site.readText(child(PLACE, name), 100)).toBe(`text of ${name}`)
  })

  it('are kept by a rename, and made and removed singly', async () => {
    const { app, site } = await open(options, traps)
    for (const name of NAMES) await put(app, `${PLACE}/${name}`, name)
    await mkdir(join(app.home, 'site/wwwroot/new'))
    for (const name of NAMES) await site.rename(mutable(child(PLACE, name)), at(`/site/wwwroot/new/${name}`))
    expect((await readdir(join(app.home, 'site/wwwroot/new'))).sort()).toEqual([...NAMES].sort())
    for (const name of NAMES) {
      await site.makeDirectory(mutable(child(PLACE, name)))
      expect(existsSync(join(app.home, `${PLACE}/${name}`))).toBe(true)
      await site.removeDirectory(mutable(child(PLACE, name)))
      await site.removeFile(at(`/site/wwwroot/new/${name}`))
    }
    expect(await readdir(join(app.home, 'site/wwwroot/new'))).toEqual([])
    expect(await readdir(join(app.home, PLACE))).toEqual([])
  })

  it('are swept, folders and files', async () => {
    const { app, site } = await open(options, traps)
    for (const name of NAMES) await put(app, `${PLACE}/${name}/${name}`, '')
    await put(app, '/site/wwwroot/x', 'not in the folder')
    expect(await site.sweep(mutable(PLACE))).toMatchObject({
      files: NAMES.length,
      directories: NAMES.length + 1,
      refused: []
    })
    expect(await readdir(join(app.home, 'site/wwwroot'))).toEqual(['x'])
  })
})

describe.skipIf(process.platform === 'win32')('a link with an arrow in its name', () => {
  it.each<[LocalAppServiceOptions, string]>([
    [{ personality: 'unix' }, 'unknown'],
    [{ personality: 'mlsd', links: 'link' }, 'link'],
    [{ personality: 'mlsd', links: 'slink' }, 'link'],
    [{ personality: 'iis', links: 'link' }, 'link']
  ])('is never taken for another name: %o', async (options, kind) => {
    const { app, site } = await open(options)
    await put(app, `${PLACE}/folder/file`, '')
    await symlink('folder', join(app.home, PLACE, 'x -> y'))
    const entries = await site.list(PLACE)
    expect(entries.map(entry => entry.kind).sort()).toEqual(['directory', kind])
    expect(entries.map(({ name }) => name)).not.toContain('x')
    await put(app, '/site/wwwroot/keep/x', '')
    const { refused } = await site.sweep(mutable(PLACE))
    expect(existsSync(join(app.home, PLACE))).toBe(kind === 'unknown')
    expect(refused.map(({ path }) => path).filter(path => !path.endsWith(' x'))).toEqual(
      kind === 'unknown' ? [PLACE] : []
    )
  })
})

describe('names that are no UTF-8', () => {
  it.each<[LocalAppServiceOptions]>([[{ personality: 'iis' }], [{ personality: 'unix' }], [{ personality: 'mlsd' }]])(
    'are reported and left alone, and everything else is swept: %o',
    async options => {
      const { app, site } = await open(options, { encoding: 'latin1' })
      await put(app, `${PLACE}/caf\u00E9`, 'kept')
      await put(app, `${PLACE}/sub/plain`, '')
      const entries = await site.list(PLACE)
      expect(entries.map(({ kind }) => kind).sort()).toEqual(['directory', 'unknown'])
      app.ftp.clearTranscript()
      const { refused } = await site.sweep(mutable(PLACE))
      expect(refused[0]?.reply).toBe('Its line in the listing cannot be read')
      expect(await readdir(join(app.home, PLACE))).toEqual(['caf\u00E9'])
      expect(app.ftp.transcript.filter(({ argument }) => argument.includes('caf'))).toEqual([])
    }
  )
})

describe('a server that globs', () => {
  it('is never misled by the names that we make', async () => {
    const { app, site } = await open({ personality: 'unix' }, { globs: true })
    const copy = '/site/.azure-python-env/trash-20261122T120000000Z-0123456789abcdef-my=5Benv=5D'
    await put(app, `${copy}/file`, '')
    expect((await site.list(remotePath(copy))).map(({ name }) => name)).toEqual(['file'])
    expect((await site.sweep(at(copy))).refused).toEqual([])
  })

  // Windows has no such names.
  it.skipIf(process.platform === 'win32')(
    'may show one folder for another, but nothing outside of the tree is deleted',
    async () => {
      const { app, site } = await open({ personality: 'unix' }, { globs: true })
      await put(app, `${PLACE}/[ab]/file`, '')
      await put(app, `${PLACE}/plain`, '')
      await put(app, '/site/wwwroot/a/file', 'kept')
      const { refused } = await site.sweep(mutable(PLACE))
      expect(refused.map(({ path }) => path)).toEqual([`${PLACE}/[ab]`, PLACE])
      expect(existsSync(join(app.home, 'site/wwwroot/a/file'))).toBe(true)
    }
  )
})
