// What the layout is where a server refuses, or sends lines that cannot be read; and what Kudu's records add.
import { describe, expect, it } from 'vitest'
import { inspectSite, withDeployments } from '../../../src/azure/layout.ts'
import type { Snapshot } from '../../../src/azure/snapshot.ts'
import { SITE, child, WWWROOT } from '../../../src/site.ts'
import { NOON, fakeSite, treeOf, type FakeSite, type Oddities, type Spec } from '../fake-site.ts'
import { CFG, posixVenv, snapshotOf, windowsVenv } from '../fixtures.ts'

async function inspectOn(site: FakeSite, envPath?: string): Promise<Snapshot> {
  const path = envPath === undefined ? undefined : child(WWWROOT, envPath)
  return inspectSite(site, await site.list(SITE), { envPath: path, now: NOON })
}

const inspect = (spec: Spec, oddities: Oddities = {}, envPath?: string): Promise<Snapshot> =>
  inspectOn(fakeSite(treeOf(spec), oddities), envPath)

const venv = (name: string): Spec => posixVenv(name, '3.11', CFG.venv311)
const at = (...names: readonly string[]): readonly string[] => names.map(name => `/site/wwwroot/${name}`)
const refusing = (...names: readonly string[]): Oddities => ({ refuse: at(...names).map(path => `LIST ${path}`) })

describe('a server without wwwroot', () => {
  it.each([false, true])(
    'is not the home of an app, whatever it answers for what is missing',
    async emptyForMissing => {
      const tree = treeOf({ '/site/other/x': '' })
      tree.delete('/site/wwwroot')
      const site = fakeSite(tree, { emptyForMissing })
      await expect(inspectOn(site)).rejects.toMatchObject({ name: 'SiteError', kind: 'unexpected' })
      await expect(inspectOn(site)).rejects.toThrow(/no \/site\/wwwroot.*address and the user name/)
      expect(new Set(site.log)).toEqual(new Set(['LIST /site']))
    }
  )

  it('may be one whose line cannot be read', async () => {
    const snapshot = await inspect({ ...venv('antenv'), '/site/x': '' }, { unreadable: ['/site/wwwroot'] })
    expect(snapshot.environment?.path).toBe('/site/wwwroot/antenv')
  })
})

describe('a folder that the server refuses to list', () => {
  it.each<[string, Spec, Oddities, readonly string[]]>([
    ['antenv', venv('antenv'), refusing('antenv'), ['antenv']],
    ['env', windowsVenv('env', undefined), refusing('env'), ['env']],
    [
      'the one that the manifest names',
      { 'oryx-manifest.toml': 'virtualEnvName="x"', ...venv('x'), ...venv('antenv') },
      refusing('x'),
      ['x']
    ],
    ['the only candidate', { 'static/a.css': '', ...venv('.venv') }, refusing('.venv'), ['.venv']],
    ['two candidates', { ...venv('a'), ...venv('b') }, refusing('a', 'b'), ['a', 'b']]
  ])('is a doubt that names it: %s', async (_, spec, oddities, candidates) => {
    const { layout, environment, doubt } = await inspect(spec, oddities)
    expect([layout, environment, doubt?.candidates]).toEqual(['unknown', undefined, candidates])
    expect(doubt?.remedy).toBeUndefined()
  })

  it.each<[string, Spec]>([
    ['another folder', { 'logs/x': '', ...venv('.venv') }],
    ['antenv', { 'logs/x': '', ...venv('antenv') }],
    ['an unmarked env', { 'logs/x': '', ...venv('env') }]
  ])('is passed over where another one is proven: %s', async (_, spec) => {
    const { layout, environment, doubt } = await inspect(spec, refusing('logs'))
    expect([layout, environment !== undefined, doubt]).toEqual(['venv-tree', true, undefined])
  })

  it('is an error of its own where "env-path" names it', async () => {
    await expect(inspect(venv('x'), refusing('x'), 'x')).rejects.toMatchObject({ kind: 'refused' })
  })

  it('is not mistaken for one where the connection is lost', async () => {
    const site = fakeSite(treeOf(venv('.venv')))
    const cut = { ...site, readText: () => Promise.reject(new Error('cut')) }
    await expect(inspectOn(cut)).rejects.toThrow('cut')
  })
})

describe('a line in wwwroot that cannot be read', () => {
  const REST: Spec = { 'app.py': '', 'static/x.css': '' }
  it.each<[string, Spec, string]>([
    ['something', { ...REST, odd: '' }, 'odd'],
    ['antenv', { ...REST, ...venv('antenv') }, 'antenv'],
    ['env', { ...REST, ...windowsVenv('env', undefined) }, 'env'],
    ['what the manifest names', { ...REST, 'oryx-manifest.toml': 'virtualEnvName="x"', ...venv('x') }, 'x']
  ])('is a doubt where nothing is proven: %s', async (_, spec, name) => {
    const { layout, environment, doubt } = await inspect(spec, { unreadable: at(name) })
    expect([layout, environment]).toEqual(['unknown', undefined])
    expect(doubt?.candidates.join()).toContain(name)
  })

  it.each<[string, Spec, string]>([
    ['antenv', { ...venv('antenv'), odd: '' }, 'antenv'],
    ['.venv', { ...venv('.venv'), odd: '' }, '.venv'],
    ['what the manifest names', { 'oryx-manifest.toml': 'virtualEnvName="x"', ...venv('x'), odd: '' }, 'x']
  ])('does not matter where one is proven: %s', async (_, spec, name) => {
    const { environment, doubt } = await inspect(spec, { unreadable: at('odd') })
    expect([environment?.path, doubt]).toEqual([`/site/wwwroot/${name}`, undefined])
  })

  it('that may be antenv is a doubt although another one is proven', async () => {
    const { environment, doubt } = await inspect({ ...venv('antenv'), ...venv('.venv') }, { unreadable: at('antenv') })
    expect([environment, doubt?.candidates]).toEqual([undefined, ['antenv']])
  })

  it('that may be what "env-path" names is an error with a remedy, never an absence', async () => {
    const { environment, doubt } = await inspect({ ...REST, ...venv('x') }, { unreadable: at('x') }, 'x')
    expect([environment, doubt?.remedy !== undefined]).toEqual([undefined, true])
  })

  it('that may be the manifest is a doubt', async () => {
    const spec = { 'oryx-manifest.toml': 'CompressDestinationDir="true"', 'output.tar.gz': '', ...venv('antenv') }
    expect((await inspect(spec, { unreadable: at('oryx-manifest.toml') })).layout).toBe('unknown')
  })
})

describe("Kudu's records", () => {
  const snapshot = snapshotOf({ rebuiltBy: ['oryx-manifest.toml'] })
  it('of an active deployment are added to what shows a rebuild', async () => {
    const site = fakeSite(treeOf({ '/site/deployments/active': 'abc' }))
    expect(await withDeployments(site, await site.list(SITE), snapshot)).toEqual({
      ...snapshot,
      rebuiltBy: ['oryx-manifest.toml', '/site/deployments/active'],
      activeDeployment: '/site/deployments/abc/manifest'
    })
  })

  it.each<[string, Spec]>([
    ['no folder', {}],
    ['no active one', { '/site/deployments/abc/log': '' }]
  ])('change nothing where there is %s', async (_, spec) => {
    const site = fakeSite(treeOf(spec))
    expect(await withDeployments(site, await site.list(SITE), snapshot)).toBe(snapshot)
  })

  it('are not asked for by the look itself', async () => {
    const site = fakeSite(treeOf({ ...venv('antenv'), '/site/deployments/active': 'abc' }))
    await inspectOn(site)
    expect(site.log.join()).not.toContain('deployments')
  })
})
