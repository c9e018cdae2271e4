// The builds of the rarer layouts, and the zip that an app runs from.
import { execFile } from 'node:child_process'
import { lstat, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { readProject } from '../../../src/python/project.ts'
import { deploy, type Deployment, type Layout } from '../../../tools/local-appservice/kudu.ts'
import { listTree, makePackage, makeSite } from '../../../tools/local-appservice/sites.ts'
import { zipFolder } from '../../../tools/local-appservice/zip-archive.ts'
import { temporaryFolder } from './lab.ts'

const run = promisify(execFile)
const namesIn = async (folder: string): Promise<readonly string[]> => (await readdir(folder)).sort()

interface Site {
  readonly home: string
  readonly wwwroot: string
  readonly packageDir: string
  deploy(options?: Partial<Deployment>): Promise<boolean>
}

async function builtSite(layout: Layout): Promise<Site> {
  const folder = await temporaryFolder()
  const [home, packageDir] = [join(folder, 'home'), join(folder, 'package')]
  await makePackage(packageDir, ['flask==1.0', 'old==1.0'])
  await makeSite(layout, { home, packageDir, python: '3.11' })
  await makePackage(packageDir, ['flask==2.0'])
  const defaults = { home, packageDir, pythonVersion: '3.11', layout, build: 'good', log: () => undefined } as const
  return {
    home,
    wwwroot: join(home, 'site', 'wwwroot'),
    packageDir,
    deploy: async options => (await deploy({ ...defaults, ...options })).succeeded
  }
}

it('installs packages-dir as pip does with a target, and copies each build over the last one', async () => {
  const site = await builtSite('packages-dir')
  await site.deploy()
  expect(await namesIn(join(site.wwwroot, '__oryx_packages__'))).toEqual([
    'bin',
    'flask',
    'flask-1.0.dist-info',
    'flask-2.0.dist-info',
    'old',
    'old-1.0.dist-info'
  ])
  expect(await namesIn(join(site.wwwroot, '__oryx_packages__', 'bin'))).toEqual(['flask', 'old'])
  const manifest = await readFile(join(site.wwwroot, 'oryx-manifest.toml'), 'utf8')
  expect(manifest).toMatch(/^packagedir="__oryx_packages__"$/m)
  expect(manifest).not.toContain('virtualEnvName')
})

it.skipIf(process.platform === 'win32')(
  'packs the environment of compressed-env without its folder, and leaves what start-up made of the last one',
  async () => {
    const site = await builtSite('compressed-env')
    await symlink('/antenv', join(site.wwwroot, 'antenv'))
    await mkdir(join(site.wwwroot, '_del_antenv'))
    await site.deploy()
    const { stdout } = await run('tar', ['-tzf', join(site.wwwroot, 'antenv.tar.gz')])
    expect(stdout.split('\n')).toContain('./pyvenv.cfg')
    expect(stdout).toContain('flask-2.0.dist-info')
    expect(stdout).not.toContain('old-1.0')
    expect(await listTree(site.wwwroot)).toEqual([
      '_del_antenv/',
      'antenv -> /antenv',
      'antenv.tar.gz',
      'app.py',
      'oryx-manifest.toml',
      'requirements.txt'
    ])
    expect(await readFile(join(site.wwwroot, 'oryx-manifest.toml'), 'utf8')).toContain(
      'virtualEnvName="antenv"\ncompressedVirtualEnvFile="antenv.tar.gz"\n'
    )
  }
)

it('names the zip that an app runs from, keeps the earlier one, and puts nothing into wwwroot', async () => {
  const site = await builtSite('run-from-package')
  const packages = join(site.home, 'data', 'SitePackages')
  const [first] = (await namesIn(packages)).filter(name => name.endsWith('.zip'))
  expect(await site.deploy({ at: new Date('2030-01-02T03:04:05Z') })).toBe(true)
  expect(await namesIn(packages)).toEqual([first, '20300102030405.zip', 'packagename.txt'])
  expect(await readFile(join(packages, 'packagename.txt'), 'utf8')).toBe('20300102030405.zip')
  expect(await site.deploy({ build: 'failing', at: new Date('2031-01-02T03:04:05Z') })).toBe(false)
  expect(await namesIn(packages)).toHaveLength(3)
  expect(await namesIn(site.wwwroot)).toEqual([])
})

it('syncs a shipped package over what lies there, and builds nothing', async () => {
  const site = await builtSite('shipped')
  await writeFile(join(site.wwwroot, 'upload.txt'), '')
  await rm(join(site.packageDir, 'app.py'))
  await site.deploy({ build: 'none', clean: false })
  expect(await namesIn(site.wwwroot)).toEqual(['requirements.txt', 'upload.txt'])
})

it('makes the folder that an app of its own script asks for', async () => {
  const site = await builtSite('venv-tree-script')
  await site.deploy({ environment: 'venv' })
  expect((await lstat(join(site.wwwroot, 'venv', 'pyvenv.cfg'))).isFile()).toBe(true)
})

it('writes zips that others can read, the same bytes for the same files', async () => {
  const folder = await temporaryFolder()
  const packageDir = join(folder, 'package')
  await makePackage(packageDir, ['flask==1.0'], { 'söme/føø.txt': 'text', 'runtime.txt': 'python-3.6' })
  const zip = join(folder, 'package.zip')
  await writeFile(zip, await zipFolder(packageDir))
  expect((await readProject(zip)).pythonRuntime).toBe('3.6')
  expect(await readFile(zip)).toEqual(await zipFolder(packageDir))
})
