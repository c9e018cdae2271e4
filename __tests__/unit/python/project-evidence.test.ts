// What a package says of its requirements, of environments in it, and of a deployment that will fail.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Layout } from '../../../src/azure/snapshot.ts'
import { ProjectError } from '../../../src/python/package-files.ts'
import { readProject, type Project, type ProjectWishes } from '../../../src/python/project.ts'
import { CFG } from '../fixtures.ts'
import { fillFolder, zipBytes, type Files } from './packages.ts'
import { packagesOnDisk } from './packages-on-disk.ts'

const { folderOf, zipOf, placeOf } = packagesOnDisk()

const wishes = (given: Partial<ProjectWishes>): ProjectWishes => ({
  requirementsFile: undefined,
  failOnPackagedVenv: false,
  ...given
})

/** What is remarked on for an app of a layout. */
const remarksFor = ({ remarks }: Project, layout: Layout): readonly string[] =>
  remarks.filter(({ layouts }) => layouts.includes(layout)).map(({ text }) => text)

const LINUX: readonly Layout[] = ['venv-tree', 'packages-dir', 'compressed-env', 'compressed-app', 'none']
const EVERY: readonly Layout[] = ['windows-env', ...LINUX]
const WHOLE = { 'requirements.txt': 'flask', 'app.py': '' }

describe.each([
  ['a folder', folderOf],
  ['a zip', zipOf]
])('in a package that is %s', (_, make) => {
  it.each<[readonly string[], string | undefined]>([
    [[], undefined],
    [['app.py', 'app/requirements.txt', 'pyproject.toml'], undefined],
    [['poetry.lock'], 'poetry.lock'],
    [['poetry.lock', 'uv.lock'], 'uv.lock'],
    [['poetry.lock', 'uv.lock', 'requirements.txt'], 'requirements.txt']
  ])('the requirements file among %j is %s', async (names, expected) => {
    const path = await make(Object.fromEntries(names.map(name => [name, 'x'])))
    expect((await readProject(path)).requirementsFile).toBe(expected)
  })

  it('the requirements file is the one that was chosen, and its text can be read', async () => {
    const path = await make({ 'requirements.txt': 'alpha', 'deploy/prod.txt': 'beta' })
    const project = await readProject(path, wishes({ requirementsFile: 'deploy/prod.txt' }))
    expect(project.requirementsFile).toBe('deploy/prod.txt')
    expect(await project.readText('deploy/prod.txt')).toBe('beta')
    expect(await project.readText('requirements.txt')).toBe('alpha')
    expect(await project.readText('deploy/other.txt')).toBeUndefined()
  })

  it.each(['prod.txt', 'deploy', 'deploy/prod.txt/x', 'Deploy/prod.txt'])(
    'a requirements file that was chosen and is not there, %s, is an error',
    async requirementsFile => {
      const path = await make({ 'requirements.txt': 'alpha', 'deploy/prod.txt': 'beta' })
      const reading = readProject(path, wishes({ requirementsFile }))
      await expect(reading).rejects.toThrow(ProjectError)
      await expect(reading).rejects.toThrow(
        `"requirements-file" names "${requirementsFile}", which is not in the package`
      )
    }
  )

  const VENVS = { 'app/.venv/pyvenv.cfg': CFG.uv, 'env/Scripts/pip.exe': '', 'env/Lib/site-packages/x.py': '' }

  it('virtual environments are found, with what proves them', async () => {
    expect((await readProject(await make(VENVS))).packagedEnvironments).toEqual([
      { path: 'app/.venv', sign: 'pyvenv.cfg', cfg: CFG.uv },
      { path: 'env', sign: 'Scripts beside Lib/site-packages', cfg: undefined }
    ])
  })

  it('virtual environments are an error that names them all, if that is wished', async () => {
    const reading = readProject(await make(VENVS), wishes({ failOnPackagedVenv: true }))
    await expect(reading).rejects.toThrow(ProjectError)
    await expect(reading).rejects.toThrow(
      /"fail-on-packaged-venv" is true\..* app\/\.venv \(pyvenv\.cfg\), env \(Scripts/
    )
  })

  it('no virtual environment is no error, if one would be', async () => {
    const project = await readProject(await make(WHOLE), wishes({ failOnPackagedVenv: true }))
    expect(project.packagedEnvironments).toEqual([])
  })

  it('a pyvenv.cfg that is far too long has no text', async () => {
    const project = await readProject(await make({ 'antenv/pyvenv.cfg': 'x = y\n'.repeat(20_000) }))
    expect(project.packagedEnvironments).toEqual([{ path: 'antenv', sign: 'pyvenv.cfg', cfg: undefined }])
  })

  it.each<[string, Files, RegExp, readonly Layout[]]>([
    ['no requirements', { 'app.py': '' }, /no requirements\.txt at its top, so/, EVERY],
    [
      'requirements further down only',
      { 'src/requirements.txt': '' },
      /at its top, only src\/requirements\.txt, so/,
      EVERY
    ],
    ['another project file', { 'pyproject.toml': '', 'uv.lock': '' }, /no requirements\.txt/, ['windows-env']],
    ['an environment of its own', { 'antenv/pyvenv.cfg': '' }, /no requirements\.txt/, ['windows-env']],
    ['the file that skips it', { ...WHOLE, '.skipPythonDeployment': '' }, /\.skipPythonDeployment/, ['windows-env']],
    ['a command', { ...WHOLE, '.deployment': '[config]\ncommand = x' }, /\.deployment.*command of its own/, EVERY]
  ])('%s is remarked on, where it matters', async (_name, files, text, layouts) => {
    const project = await readProject(await make(files))
    expect(project.remarks).toHaveLength(1)
    expect(EVERY.filter(layout => remarksFor(project, layout).length > 0)).toEqual(layouts)
    expect(project.remarks[0]?.text).toMatch(text)
  })

  it('nothing is remarked on where all is there', async () => {
    expect((await readProject(await make({ ...WHOLE, '.deployment': '[config]\nproject = x' }))).remarks).toEqual([])
  })

  it('all that is the matter is remarked on', async () => {
    const files = { '.skipPythonDeployment': '', '.deployment': '[config]\ncommand = x' }
    expect(remarksFor(await readProject(await make(files)), 'windows-env')).toHaveLength(3)
  })

  it('it is remarked on that not all could be searched', async () => {
    const project = await readProject(await make({ ...WHOLE, [`${'d/'.repeat(70)}x`]: '' }))
    expect(remarksFor(project, 'unknown')).toEqual([expect.stringContaining('Not all of the package was searched')])
  })
})

it.skipIf(process.platform === 'win32')('a chosen file that is a link out of the package is an error', async () => {
  const root = await folderOf({ 'outside.txt': 'flask', 'app/app.py': '' })
  await fillFolder(join(root, 'app'), {}, { 'prod.txt': '../outside.txt' })
  const reading = readProject(join(root, 'app'), wishes({ requirementsFile: 'prod.txt' }))
  await expect(reading).rejects.toThrow(/"requirements-file" names "prod\.txt", which is a link that leads out/)
})

it('an entry of a zip that cannot be read and has to be is an error that names it', async () => {
  const path = placeOf('encrypted.zip')
  await writeFile(path, zipBytes([{ name: 'runtime.txt', content: 'python-3.6', isEncrypted: true }]))
  await expect(readProject(path)).rejects.toThrow(/The entry "runtime\.txt" of "package" cannot be read/)
})
