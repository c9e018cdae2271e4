import { describe, expect, it } from 'vitest'
import { inspectSite } from '../../../src/azure/layout.ts'
import type { Snapshot } from '../../../src/azure/snapshot.ts'
import { WWWROOT, child, remotePath, type RemotePath } from '../../../src/site.ts'
import { NOON, fakeSite, fileOf, linkTo, treeOf, type FakeSite, type Oddities, type Spec } from '../fake-site.ts'
import { CFG, oldVirtualenv, posixVenv, windowsVenv } from '../fixtures.ts'

async function inspectOn(site: FakeSite, envPath?: string): Promise<Snapshot> {
  const path =
    envPath === undefined ? undefined : envPath.split('/').reduce<RemotePath>((at, name) => child(at, name), WWWROOT)
  return inspectSite(site, await site.list(remotePath('/site')), { envPath: path, now: NOON })
}

const inspect = (spec: Spec, envPath?: string, oddities: Oddities = {}): Promise<Snapshot> =>
  inspectOn(fakeSite(treeOf(spec), oddities), envPath)

const venv = (name: string): Spec => posixVenv(name, '3.11', CFG.venv311)
const manifest = (...lines: readonly string[]): Spec => ({ 'oryx-manifest.toml': lines.join('\n') })
const COMPRESSED = manifest('PythonVersion="3.11.4"', 'virtualEnvName="antenv"', 'CompressDestinationDir="true"')
const folders = (count: number): Spec =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`folder${n}/x`, '']))

describe('which folder is the environment', () => {
  it.each<[string, Spec, string | undefined, Snapshot['layout'], string | undefined]>([
    ['an empty site', {}, undefined, 'none', undefined],
    ['an app without any', { 'app.py': '', 'static/x.css': '' }, undefined, 'none', undefined],
    ['antenv', venv('antenv'), undefined, 'venv-tree', 'antenv'],
    [
      'the one that the manifest names',
      { ...manifest('virtualEnvName="pythonenv3.6"'), ...venv('pythonenv3.6'), ...venv('antenv') },
      undefined,
      'venv-tree',
      'pythonenv3.6'
    ],
    [
      'a marked env, although there is an antenv',
      { ...windowsVenv('env', undefined), ...venv('antenv') },
      undefined,
      'windows-env',
      'env'
    ],
    [
      'antenv, although there is an unmarked env',
      { ...venv('env'), ...venv('antenv') },
      undefined,
      'venv-tree',
      'antenv'
    ],
    ['an env without a marker, of Windows', windowsVenv('env', CFG.venv36, []), undefined, 'windows-env', 'env'],
    ['an env without a marker, of Linux', venv('env'), undefined, 'venv-tree', 'env'],
    [
      'the single one under any name',
      { ...venv('.venv'), 'lib/x.js': '', 'env/prod.json': '' },
      undefined,
      'venv-tree',
      '.venv'
    ],
    ['an old one under any name', oldVirtualenv('my env'), undefined, 'venv-tree', 'my env'],
    ['several', { ...venv('.venv'), ...venv('venv') }, undefined, 'unknown', undefined],
    ['an unmarked env and another', { ...venv('env'), ...venv('venv') }, undefined, 'unknown', undefined],
    ['an ordinary folder called env', { 'env/prod.json': '' }, undefined, 'none', undefined],
    ['antenv that is not proven', { 'antenv/readme.txt': '' }, undefined, 'unknown', undefined],
    ['antenv that is empty', { 'antenv/': '' }, undefined, 'venv-tree', 'antenv'],
    ['antenv that is a link', { antenv: linkTo('/antenv') }, undefined, 'unknown', undefined],
    ['antenv that is a file', { antenv: 'x' }, undefined, 'none', undefined],
    [
      'a folder of packages that is no environment',
      { '.python_packages/lib/python3.11/site-packages/': '', '.python_packages/bin/': '' },
      undefined,
      'none',
      undefined
    ],
    ['40 folders, one of them proven', { ...folders(39), ...venv('venv') }, undefined, 'venv-tree', 'venv'],
    ['more than 40 folders', { ...folders(40), ...venv('venv') }, undefined, 'unknown', undefined],
    ['more than 40 folders and antenv', { ...folders(60), ...venv('antenv') }, undefined, 'venv-tree', 'antenv'],
    [
      'the one that the manifest names, which is gone',
      manifest('virtualEnvName="antenv"'),
      undefined,
      'none',
      undefined
    ],
    [
      'a path in the manifest',
      { ...manifest('virtualEnvName="a/b"'), ...venv('a/b') },
      undefined,
      'unknown',
      undefined
    ],
    [
      '"env-path", although there are others',
      { ...venv('.venv'), ...venv('venv'), ...venv('antenv') },
      'venv',
      'venv-tree',
      'venv'
    ],
    [
      '"env-path" before the manifest',
      { ...manifest('virtualEnvName="antenv"'), ...venv('antenv'), ...venv('venv') },
      'venv',
      'venv-tree',
      'venv'
    ],
    ['"env-path" below a folder', venv('app/.venv'), 'app/.venv', 'venv-tree', 'app/.venv'],
    ['"env-path" that is not there', venv('antenv'), 'venv', 'none', undefined],
    ['"env-path" whose parent is not there', venv('antenv'), 'app/venv', 'none', undefined],
    ['"env-path" that is a marked env', windowsVenv('env', undefined), 'env', 'windows-env', 'env'],
    [
      "a folder of Windows' shape that is not wwwroot/env",
      windowsVenv('venv', undefined),
      undefined,
      'venv-tree',
      'venv'
    ],
    [
      '"env-path" of Windows\' shape that is not wwwroot/env',
      windowsVenv('app/env', undefined),
      'app/env',
      'venv-tree',
      'app/env'
    ]
  ])('%s', async (_, spec, envPath, layout, name) => {
    const snapshot = await inspect(spec, envPath)
    expect([snapshot.layout, snapshot.environment?.path]).toEqual([layout, name && `/site/wwwroot/${name}`])
    expect(snapshot.doubt !== undefined).toBe(layout === 'unknown')
  })

  it.each<[string, Spec]>([
    ['an ordinary folder', { 'data/x.csv': '' }],
    ['a file', { data: '' }],
    ['a link', { data: linkTo('/data') }]
  ])('"env-path" that names %s is an error with a remedy', async (_, spec) => {
    const { doubt, environment } = await inspect({ ...venv('antenv'), ...spec }, 'data')
    expect(doubt?.remedy).toContain('"env-path"')
    expect(environment).toBeUndefined()
  })

  it('"env-path" that is not there is named, whatever else is', async () => {
    const { absence } = await inspect(venv('antenv'), 'venv')
    expect(absence).toBe('"env-path" names /site/wwwroot/venv, which is not there')
    expect((await inspect({ 'app.py': '' })).absence).toBeUndefined()
  })

  it('several are named', async () => {
    const { doubt } = await inspect({ ...venv('.venv'), ...venv('venv'), ...venv('env') })
    expect([...(doubt?.candidates ?? [])].sort()).toEqual(['.venv', 'env', 'venv'])
  })

  it('a folder whose name no path may hold is passed over', async () => {
    const { environment } = await inspect({ ...venv('.venv'), 'odd\\name/x': '' })
    expect(environment?.path).toBe('/site/wwwroot/.venv')
  })

  it('adds the version of the manifest as the least trustworthy', async () => {
    const { environment } = await inspect({
      ...manifest('PythonVersion="3.12.1"', 'virtualEnvName="antenv"'),
      ...venv('antenv')
    })
    expect(environment?.versions.map(({ version }) => version)).toEqual(['3.11', '3.11', '3.12'])
  })
})

describe('the manifest', () => {
  it.each<[string, Spec, Oddities]>([
    ['is no TOML', manifest('virtualEnvName="ant'), {}],
    ['cannot be read', manifest('virtualEnvName="antenv"'), { refuse: ['READ /site/wwwroot/oryx-manifest.toml'] }],
    ['is far too long', manifest('#'.repeat(200_000)), {}]
  ])('leaves the layout unknown where it %s', async (_, spec, oddities) => {
    const { layout, doubt } = await inspect({ ...spec, ...venv('antenv') }, undefined, oddities)
    expect(layout).toBe('unknown')
    expect(doubt?.detail).toContain('oryx-manifest.toml')
  })
})

describe('compressed apps', () => {
  const at = (seconds: number): ReturnType<typeof fileOf> => fileOf(new Date(NOON.getTime() + seconds * 1000))
  const MINUTE = 60

  it('are known by the manifest and one archive', async () => {
    const { layout, environment, secondArchive } = await inspect({ ...COMPRESSED, 'output.tar.zst': '' })
    expect([layout, environment, secondArchive]).toEqual(['compressed-app', undefined, undefined])
  })

  it.each<[string, Spec]>([
    ['a manifest without an archive', COMPRESSED],
    ['an archive without a manifest', { 'output.tar.gz': '' }],
    ['two archives without a manifest', { 'output.tar.gz': '', 'output.tar.zst': '', ...venv('antenv') }]
  ])('are in doubt: %s', async (_, spec) => {
    const { layout, doubt } = await inspect(spec)
    expect([layout, doubt !== undefined]).toEqual(['unknown', true])
  })

  it('an archive beside a manifest that does not compress does not matter', async () => {
    const spec = { ...manifest('virtualEnvName="antenv"'), 'output.tar.gz': '', ...venv('antenv') }
    expect((await inspect(spec)).layout).toBe('venv-tree')
  })

  it.each<[string, number, number, string | undefined]>([
    ['the older one is far', 0, -10 * MINUTE, 'output.tar.gz'],
    ['the newer one is far', 0, 10 * MINUTE, 'output.tar.gz'],
    ['start-up would take the far one', -60 * MINUTE, 0, 'output.tar.zst'],
    ['59 seconds are near', 59, -20 * MINUTE, 'output.tar.gz'],
    ['60 seconds are near', -60, -20 * MINUTE, 'output.tar.gz'],
    ['61 seconds are not near', 61, -20 * MINUTE, undefined],
    ['9 minutes are not far', 0, 9 * MINUTE, undefined],
    ['a second less than 10 minutes is not far', 0, -(10 * MINUTE - 1), undefined],
    ['both are near', 0, 30, undefined],
    ['both are far', 20 * MINUTE, -20 * MINUTE, undefined]
  ])('of two archives: %s', async (_, zst, gz, stale) => {
    const { secondArchive } = await inspect({
      'output.tar.zst': at(zst),
      'output.tar.gz': at(gz),
      'oryx-manifest.toml': { ...at(0), text: 'CompressDestinationDir="true"' }
    })
    expect(secondArchive?.stale).toBe(stale && `/site/wwwroot/${stale}`)
    for (const name of ['output.tar.zst', 'output.tar.gz']) expect(secondArchive?.detail).toContain(name)
  })

  it('of two archives none is stale where the server tells no times', async () => {
    const site = fakeSite(treeOf({ ...COMPRESSED, 'output.tar.zst': at(0), 'output.tar.gz': at(-6000) }))
    const timeless: FakeSite = {
      ...site,
      list: async path => (await site.list(path)).map(entry => ({ ...entry, modified: undefined }))
    }
    const { secondArchive } = await inspectOn(timeless)
    expect([secondArchive !== undefined, secondArchive?.stale]).toEqual([true, undefined])
  })
})

describe('what is around', () => {
  const ACTIVE: Spec = { ...venv('antenv'), '/site/deployments/active': 'x' }
  const LOCK: Spec = { '/site/locks/deployments.lock': '' }

  it('a lock is looked for where there is something to judge', async () => {
    for (const spec of [venv('antenv'), { ...COMPRESSED, 'output.tar.gz': '' }, { 'antenv/x': '' }]) {
      expect((await inspect({ ...spec, ...LOCK })).lock).toBeDefined()
    }
  })

  it('a lock is not looked for on a site that has nothing to judge', async () => {
    const site = fakeSite(treeOf({ 'app.py': '', ...LOCK }))
    expect((await inspectOn(site)).lock).toBeUndefined()
    expect(site.log.join()).not.toContain('locks')
  })

  it.each<[string, Spec, readonly string[]]>([
    ['a manifest', { ...manifest('virtualEnvName="antenv"'), ...venv('antenv') }, ['oryx-manifest.toml']],
    ['a marker', windowsVenv('env', undefined), ['azure.env.python-3.6.txt']],
    ["nothing in wwwroot, although there is Kudu's active deployment", ACTIVE, []],
    ['nothing', venv('antenv'), []]
  ])('a rebuild is shown by %s', async (_, spec, rebuiltBy) => {
    expect((await inspect(spec)).rebuiltBy).toEqual(rebuiltBy)
  })
})
