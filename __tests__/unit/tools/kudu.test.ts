import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { deploy, findPython } from '../../../tools/local-appservice/kudu.ts'
import type { Deployment, Layout } from '../../../tools/local-appservice/kudu.ts'
import { listTree, makeHome, makePackage, makePosixVenv, makeSite } from '../../../tools/local-appservice/sites.ts'
import { temporaryFolder } from './lab.ts'

interface Site {
  readonly home: string
  readonly wwwroot: string
  readonly packageDir: string
  readonly log: string[]
  deploy(options: Partial<Deployment>): Promise<boolean>
  tree(): Promise<readonly string[]>
}

/** Makes a site that was built once with Python 3.8 and flask 1.0. */
async function builtSite(layout: Layout, python = '3.8'): Promise<Site> {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const packageDir = join(folder, 'package')
  const wwwroot = join(home, 'site/wwwroot')
  const log: string[] = []
  const collect = (line: string): number => log.push(line)
  await makePackage(packageDir, ['flask==1.0', 'old==1.0'], { 'static/old.css': '' })
  await makeSite(layout, { home, packageDir, python, log: collect })
  return {
    home,
    wwwroot,
    packageDir,
    log,
    async deploy(options) {
      const defaults = { home, packageDir, pythonVersion: python, layout, build: 'good', log: collect } as const
      return (await deploy({ ...defaults, ...options })).succeeded
    },
    tree: () => listTree(wwwroot)
  }
}

/** Replaces the package: flask 2.0 instead of 1.0, and neither `old` nor its style sheet. */
async function changePackage(site: Site): Promise<void> {
  await rm(site.packageDir, { recursive: true })
  await makePackage(site.packageDir, ['flask==2.0'])
}

function distInfos(tree: readonly string[]): readonly string[] {
  return tree.filter(path => path.endsWith('.dist-info/') && !/\/(pip|setuptools)-/.test(path))
}

const LAYOUTS = [
  'windows-env',
  'venv-tree',
  'venv-tree-script',
  'packages-dir',
  'compressed-env',
  'compressed-app',
  'shipped'
] as const

describe.each(LAYOUTS)('a deployment to %s', layout => {
  it('holds the lock while it runs and records itself', async () => {
    const site = await builtSite(layout)
    const locks = join(site.home, 'site/locks')
    const held: Promise<string[]>[] = []
    await site.deploy({ log: () => held.push(readdir(locks)) })
    expect(await held[0]).toEqual([layout === 'windows-env' ? 'deployments.lock' : 'deployment'])
    expect(await readdir(locks)).toEqual([])
    const id = await readFile(join(site.home, 'site/deployments/active'), 'utf8')
    const manifest = await readFile(join(site.home, 'site/deployments', id, 'manifest'), 'utf8')
    expect(manifest.split(/\r?\n/)).toContain(layout === 'windows-env' ? 'static\\old.css' : 'static/old.css')
  })

  it('without a build wipes wwwroot, as the default of the deploy API does', async () => {
    const site = await builtSite(layout)
    await changePackage(site)
    expect(await site.deploy({ build: 'none' })).toBe(true)
    expect(await site.tree()).toEqual(['app.py', 'requirements.txt'])
  })

  it('without a build and without clean removes only what the last package brought', async () => {
    const site = await builtSite(layout)
    const before = (await site.tree()).filter(path => path.includes('env'))
    await changePackage(site)
    expect(await site.deploy({ build: 'none', clean: false })).toBe(true)
    const after = await site.tree()
    expect(after).not.toContain('static/')
    expect(after.filter(path => path.includes('env'))).toEqual(before)
  })
})

describe('a failing build', () => {
  it.each(['venv-tree', 'packages-dir', 'compressed-env', 'compressed-app'] as const)(
    'removes the manifest of %s and changes nothing else',
    async layout => {
      const site = await builtSite(layout)
      const before = await site.tree()
      await changePackage(site)
      expect(await site.deploy({ build: 'failing' })).toBe(false)
      expect(await site.tree()).toEqual(before.filter(path => path !== 'oryx-manifest.toml'))
    }
  )

  it.each(['venv-tree-script', 'windows-env', 'shipped'] as const)('changes nothing on %s', async layout => {
    const site = await builtSite(layout)
    const before = await site.tree()
    await changePackage(site)
    expect(await site.deploy({ build: 'failing', pythonVersion: '3.6' })).toBe(false)
    expect(await site.tree()).toEqual(before)
  })
})

describe('a good build', () => {
  it('of venv-tree is copied over the old one: two versions of Python and of a package stay', async () => {
    const site = await builtSite('venv-tree')
    await changePackage(site)
    await site.deploy({})
    const library = 'antenv/lib/python3.8/site-packages'
    expect(distInfos(await site.tree())).toEqual(
      ['flask-1.0', 'flask-2.0', 'old-1.0'].map(name => `${library}/${name}.dist-info/`)
    )
    await site.deploy({ pythonVersion: '3.12' })
    expect(await readdir(join(site.wwwroot, 'antenv/lib'))).toEqual(['python3.12', 'python3.8'])
    const manifest = await readFile(join(site.wwwroot, 'oryx-manifest.toml'), 'utf8')
    expect(manifest).toMatch(/^PythonVersion="3\.12\.0"\nvirtualEnvName="antenv"\n/)
    expect(manifest).toMatch(/^CompressDestinationDir="false"$/m)
  })

  it('of venv-tree-script runs venv over the old environment, whose binaries stay', async () => {
    const site = await builtSite('venv-tree-script')
    await changePackage(site)
    await site.deploy({ pythonVersion: '3.12' })
    expect(distInfos(await site.tree())).toEqual([
      'antenv/lib/python3.12/site-packages/flask-2.0.dist-info/',
      'antenv/lib/python3.8/site-packages/flask-1.0.dist-info/',
      'antenv/lib/python3.8/site-packages/old-1.0.dist-info/'
    ])
    expect(await readFile(join(site.wwwroot, 'antenv/pyvenv.cfg'), 'utf8')).toContain('version = 3.12.0\n')
    expect(await readFile(join(site.wwwroot, 'antenv/bin/python'), 'utf8')).toContain('3.8.0')
    expect(existsSync(join(site.wwwroot, 'oryx-manifest.toml'))).toBe(false)
  })

  it('of windows-env keeps an environment with the right marker, and pip upgrades but never uninstalls', async () => {
    const site = await builtSite('windows-env', '3.6')
    await changePackage(site)
    await site.deploy({})
    expect(site.log).toContain('Found compatible virtual environment.')
    expect(distInfos(await site.tree())).toEqual([
      'env/Lib/site-packages/flask-2.0.dist-info/',
      'env/Lib/site-packages/old-1.0.dist-info/'
    ])
    expect((await stat(join(site.wwwroot, 'env/azure.env.python-3.6.txt'))).size).toBe(0)
  })

  it('of windows-env makes the environment anew if the marker is missing', async () => {
    const site = await builtSite('windows-env', '3.6')
    await changePackage(site)
    await rm(join(site.wwwroot, 'env/azure.env.python-3.6.txt'))
    await site.deploy({})
    expect(site.log).toContain('Deleting incompatible virtual environment.')
    expect(distInfos(await site.tree())).toEqual(['env/Lib/site-packages/flask-2.0.dist-info/'])
  })

  it('of windows-env leaves the environment alone when the package says so', async () => {
    const site = await builtSite('windows-env', '3.6')
    await writeFile(join(site.packageDir, '.skipPythonDeployment'), '')
    await rm(join(site.wwwroot, 'env'), { recursive: true })
    await site.deploy({})
    expect(existsSync(join(site.wwwroot, 'env'))).toBe(false)
  })

  it('of compressed-app puts app and environment into one archive', async () => {
    const site = await builtSite('compressed-app')
    expect(await site.tree()).toEqual(['.ostype', 'oryx-manifest.toml', 'output.tar.gz'])
    const archive = gunzipSync(await readFile(join(site.wwwroot, 'output.tar.gz'))).toString('latin1')
    expect(archive).toContain('./antenv/pyvenv.cfg')
    expect(archive).toContain('./app.py')
    const manifest = await readFile(join(site.wwwroot, 'oryx-manifest.toml'), 'utf8')
    expect(manifest).toMatch(/^CompressDestinationDir="true"$/m)
  })
})

describe('pyvenv.cfg', () => {
  it.each([
    ['venv', '3.8', /^version = 3\.8\.0$/m],
    ['venv', '3.12', /^executable = .*\/python3\.12$/m],
    ['virtualenv', '3.8', /^version_info = 3\.8\.0\.final\.0$/m],
    ['uv', '3.12', /^version_info = 3\.12\.0$/m]
  ] as const)('of %s for %s has its own way to say so', async (creator, python, expected) => {
    const folder = await temporaryFolder()
    await makePosixVenv(folder, { python, creator })
    expect(await readFile(join(folder, 'pyvenv.cfg'), 'utf8')).toMatch(expected)
  })

  it('is not written by old virtualenv, which leaves orig-prefix.txt', async () => {
    const folder = await temporaryFolder()
    await makePosixVenv(folder, { python: '3.6', creator: 'virtualenv-old' })
    const tree = await listTree(folder)
    expect(tree).not.toContain('pyvenv.cfg')
    expect(tree).toContain('lib/python3.6/orig-prefix.txt')
  })
})

describe('a real Python', () => {
  it('is reported as missing if no machine has it, and the environment is synthetic', async () => {
    expect(await findPython('3.99')).toBeUndefined()
    const folder = await temporaryFolder()
    const log: string[] = []
    await makeHome(join(folder, 'home'))
    await mkdir(join(folder, 'package'))
    await deploy({
      home: join(folder, 'home'),
      packageDir: join(folder, 'package'),
      pythonVersion: '3.99',
      layout: 'venv-tree-script',
      build: 'good',
      realPython: true,
      log: line => log.push(line)
    })
    expect(log).toContain('No Python 3.99 with venv and pip on this machine; the environment is synthetic.')
  })
})
