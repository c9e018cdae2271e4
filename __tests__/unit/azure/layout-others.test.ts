// The layouts beside a virtual environment in wwwroot: packages without one, archives, packages that apps run from.
import { describe, expect, it } from 'vitest'
import { inspectSite, withDeployments } from '../../../src/azure/layout.ts'
import type { Snapshot } from '../../../src/azure/snapshot.ts'
import { SITE, WWWROOT, pathBelow } from '../../../src/site.ts'
import { NOON, fakeSite, linkTo, treeOf, type FakeSite, type Oddities, type Spec } from '../fake-site.ts'
import { CFG, posixVenv } from '../fixtures.ts'

async function inspectOn(site: FakeSite, envPath?: string): Promise<Snapshot> {
  const path = envPath === undefined ? undefined : pathBelow(WWWROOT, envPath)
  return inspectSite(site, await site.list(SITE), { envPath: path, now: NOON })
}

const inspect = (spec: Spec, oddities: Oddities = {}, envPath?: string): Promise<Snapshot> =>
  inspectOn(fakeSite(treeOf(spec), oddities), envPath)

const venv = (name: string): Spec => posixVenv(name, '3.11', CFG.venv311)
const manifest = (...lines: readonly string[]): Spec => ({ 'oryx-manifest.toml': lines.join('\n') })
const refusing = (name: string): Oddities => ({ refuse: [`LIST /site/wwwroot/${name}`] })

const PACKAGES = manifest('PythonVersion="3.11.4"', 'packagedir="__oryx_packages__/"')
const packages = (folder: string): Spec => ({
  [`${folder}/flask/__init__.py`]: '',
  [`${folder}/flask-3.0.0.dist-info/METADATA`]: '',
  [`${folder}/bin/flask`]: ''
})

describe('a folder of packages', () => {
  it('is the one that the manifest names', async () => {
    const { layout, environment, rebuiltBy } = await inspect({ ...PACKAGES, ...packages('__oryx_packages__') })
    expect(layout).toBe('packages-dir')
    expect(environment).toMatchObject({
      path: '/site/wwwroot/__oryx_packages__',
      shape: 'packages',
      proven: true,
      missing: [],
      distributions: [{ name: 'flask', version: '3.0.0', entry: 'flask-3.0.0.dist-info' }],
      versions: [{ source: 'oryx-manifest.toml', version: '3.11' }]
    })
    expect(rebuiltBy).toEqual(['oryx-manifest.toml'])
  })

  it.each<[string, Spec, Oddities, string | undefined, Snapshot['layout']]>([
    ['is absent where the folder is', PACKAGES, {}, undefined, 'none'],
    ['may be empty', { ...PACKAGES, '__oryx_packages__/': '' }, {}, undefined, 'packages-dir'],
    [
      'may lie below a folder',
      { ...manifest('packagedir="./app/lib"'), ...packages('app/lib') },
      {},
      undefined,
      'packages-dir'
    ],
    [
      'may be named in "env-path"',
      { ...PACKAGES, ...packages('__oryx_packages__') },
      {},
      '__oryx_packages__',
      'packages-dir'
    ],
    [
      'gives way to another folder in "env-path"',
      { ...PACKAGES, ...packages('__oryx_packages__'), ...venv('venv') },
      {},
      'venv',
      'venv-tree'
    ],
    [
      'gives way to the environment that the manifest names',
      { ...manifest('packagedir="__oryx_packages__"', 'virtualEnvName="antenv"'), ...venv('antenv') },
      {},
      undefined,
      'venv-tree'
    ],
    [
      'is in doubt where it is the app itself',
      { ...manifest('packagedir="."'), 'app.py': '' },
      {},
      undefined,
      'unknown'
    ],
    ['is in doubt where it climbs', { ...manifest('packagedir="../x"'), 'app.py': '' }, {}, undefined, 'unknown'],
    ['is in doubt where it is absolute', { ...manifest('packagedir="/x"'), 'app.py': '' }, {}, undefined, 'unknown'],
    ['is in doubt where it is a link', { ...PACKAGES, __oryx_packages__: linkTo('/x') }, {}, undefined, 'unknown'],
    ['is in doubt where it is a file', { ...PACKAGES, __oryx_packages__: 'x' }, {}, undefined, 'unknown'],
    ['is in doubt where it holds none', { ...PACKAGES, '__oryx_packages__/x.py': '' }, {}, undefined, 'unknown'],
    [
      'is in doubt where it cannot be listed',
      { ...PACKAGES, ...packages('__oryx_packages__') },
      refusing('__oryx_packages__'),
      undefined,
      'unknown'
    ]
  ])('%s', async (_, spec, oddities, envPath, layout) => {
    const snapshot = await inspect(spec, oddities, envPath)
    expect(snapshot.layout).toBe(layout)
    expect(snapshot.doubt !== undefined).toBe(layout === 'unknown')
  })

  it('without a manifest, which a failed deployment removes, is in doubt and never absent', async () => {
    const { layout, doubt } = await inspect({ ...packages('__oryx_packages__'), 'app.py': '' })
    expect([layout, doubt?.candidates]).toEqual(['unknown', ['__oryx_packages__']])
  })

  it('without a manifest may be named in "env-path"', async () => {
    const { layout, environment } = await inspect(packages('__oryx_packages__'), {}, '__oryx_packages__')
    expect([layout, environment?.shape]).toEqual(['packages-dir', 'packages'])
  })

  it('gives its Python to no other environment in "env-path"', async () => {
    const { environment } = await inspect({ ...PACKAGES, ...posixVenv('venv', '3.12', undefined) }, {}, 'venv')
    expect(environment?.versions.map(({ source }) => source)).toEqual(['lib/python3.12'])
  })

  it('what start-up moved away is none either', async () => {
    expect((await inspect({ ...venv('_del_antenv'), 'app.py': '' })).layout).toBe('none')
  })
})

describe('an environment in an archive', () => {
  const MANIFEST = manifest('virtualEnvName="antenv"', 'compressedVirtualEnvFile="antenv.tar.gz"')
  it.each<[string, Spec]>([
    ['alone', {}],
    ['with the link that start-up makes', { antenv: linkTo('/antenv') }],
    ['with what start-up moved away', { ...venv('_del_antenv'), antenv: linkTo('/antenv') }],
    ['with a folder of an earlier build', venv('antenv')]
  ])('is known by the manifest: %s', async (_, spec) => {
    const { layout, environment, doubt } = await inspect({ ...MANIFEST, 'antenv.tar.gz': '', ...spec })
    expect([layout, environment, doubt]).toEqual(['compressed-env', undefined, undefined])
  })

  it.each<[string, Spec]>([
    ['is not there', {}],
    ['is a folder', { 'antenv.tar.gz/x': '' }]
  ])('is in doubt where the archive %s', async (_, spec) => {
    const { layout, doubt } = await inspect({ ...MANIFEST, ...venv('antenv'), ...spec })
    expect(layout).toBe('unknown')
    expect(doubt?.detail).toContain('antenv.tar.gz')
  })
})

describe('what a manifest says', () => {
  it.each(['./antenv', 'antenv/', './/antenv//'])('of a folder may have slashes around it: %s', async name => {
    const { layout } = await inspect({ ...manifest(`virtualEnvName="${name}"`), ...venv('antenv') }, {}, 'antenv')
    expect(layout).toBe('venv-tree')
  })

  it('of a path below a folder stands in nobody’s way', async () => {
    const spec = { ...manifest('virtualEnvName="envs/antenv"'), ...venv('envs/antenv') }
    expect((await inspect(spec, {}, 'envs/antenv')).layout).toBe('venv-tree')
    expect((await inspect(spec)).layout).toBe('unknown')
  })

  it.each(['antenv.tar.gz', 'antenv3.6.zip', 'pythonenv3.7.tar.zst'])(
    'is missed where there is an archive of an environment: %s',
    async archive => {
      expect((await inspect({ [archive]: '', 'app.py': '' })).layout).toBe('unknown')
    }
  )
})

describe('an environment beside a compressed app', () => {
  const APP: Spec = { ...manifest('virtualEnvName="antenv"', 'CompressDestinationDir="true"'), 'output.tar.gz': '' }

  it.each<[string, Spec, Oddities, string | undefined, string | undefined]>([
    ['is left over', venv('antenv'), {}, undefined, 'antenv'],
    ['under another name is not looked for', venv('venv'), {}, undefined, undefined],
    ['under another name may be given', venv('venv'), {}, 'venv', 'venv'],
    ['may be given and not be there', {}, {}, 'venv', undefined],
    ['is none where nothing proves it', { 'antenv/readme.txt': '' }, {}, undefined, undefined],
    ['is none where it is a link', { antenv: linkTo('/site/wwwroot/x'), ...venv('x') }, {}, undefined, undefined],
    ['is none where it cannot be listed', venv('antenv'), refusing('antenv'), undefined, undefined]
  ])('%s', async (_, spec, oddities, envPath, name) => {
    const { layout, environment, doubt } = await inspect({ ...APP, ...spec }, oddities, envPath)
    expect([layout, environment?.path, doubt]).toEqual(['compressed-app', name && `/site/wwwroot/${name}`, undefined])
  })

  it('that is given and proves to be none is an error with a remedy', async () => {
    const { layout, doubt } = await inspect({ ...APP, 'data/x.csv': '' }, {}, 'data')
    expect(layout).toBe('unknown')
    expect(doubt?.remedy).toContain('"env-path"')
  })
})

describe('an app that runs from a package', () => {
  const PACKAGE: Spec = { '/data/SitePackages/packagename.txt': '20261120101500.zip\n' }
  it.each<[string, Spec, Snapshot['layout']]>([
    ['has an empty wwwroot', PACKAGE, 'unknown'],
    ['has the page of a new site', { ...PACKAGE, 'hostingstart.html': '' }, 'unknown'],
    ['failed to start', { ...PACKAGE, 'FAILED TO INITIALIZE RUN FROM PACKAGE.txt': '' }, 'unknown'],
    ['is not one with an app in wwwroot', { ...PACKAGE, 'app.py': '' }, 'none'],
    ['is not one with an environment in wwwroot', { ...PACKAGE, ...venv('antenv') }, 'venv-tree'],
    ['is not one without the name of a package', { '/data/SitePackages/x.zip': '' }, 'none']
  ])('%s', async (_, spec, layout) => {
    const snapshot = await inspect(spec)
    expect([snapshot.layout, snapshot.environment === undefined]).toEqual([layout, layout !== 'venv-tree'])
    if (layout !== 'unknown') return
    expect(snapshot.doubt?.detail).toContain('20261120101500.zip')
    expect(snapshot.doubt?.advice).toContain('Build the package anew')
  })

  it('is not looked for where wwwroot holds an app', async () => {
    const site = fakeSite(treeOf({ ...PACKAGE, 'app.py': '' }))
    await inspectOn(site)
    expect(site.log.join()).not.toContain('SitePackages')
  })
})

describe('an environment that came with a package', () => {
  const DEPLOYED: Spec = { ...venv('env'), '/site/deployments/active': 'abc' }
  it.each<[string, Spec, string | undefined]>([
    [
      'is known by the record',
      { '/site/deployments/abc/manifest': 'env/pyvenv.cfg\n' },
      '/site/deployments/abc/manifest'
    ],
    ['is not known where the record names others', { '/site/deployments/abc/manifest': 'app.py\n' }, undefined],
    ['is not known without a record', {}, undefined]
  ])('%s', async (_, spec, shippedBy) => {
    const site = fakeSite(treeOf({ ...DEPLOYED, ...spec }))
    const snapshot = await withDeployments(site, await site.list(SITE), await inspectOn(site))
    expect(snapshot).toMatchObject({ shippedBy, rebuiltBy: ['/site/deployments/active'] })
  })
})
