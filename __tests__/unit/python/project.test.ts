import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ProjectError } from '../../../src/python/package-files.ts'
import { readProject } from '../../../src/python/project.ts'
import type { Files } from './packages.ts'
import { packagesOnDisk } from './packages-on-disk.ts'

const { folderOf, zipOf, placeOf } = packagesOnDisk()

describe.each([
  ['a folder', folderOf],
  ['a zip', zipOf]
])('a package that is %s', (_, make) => {
  it.each<[string, Files, string | undefined, boolean]>([
    ['requirements', { 'requirements.txt': 'flask' }, undefined, true],
    ['requirements and a version', { 'requirements.txt': '', 'runtime.txt': 'python-3.6.8\r\n' }, '3.6', true],
    ['a version that begins with a blank', { 'runtime.txt': ' python-3.6' }, undefined, false],
    ['a version that begins with a byte-order mark', { 'runtime.txt': '\uFEFFpython-3.6' }, undefined, false],
    [
      'requirements in a folder below',
      { 'app/requirements.txt': '', 'app/runtime.txt': 'python-3.6' },
      undefined,
      false
    ],
    ['the file that skips it', { 'requirements.txt': '', '.skipPythonDeployment': '' }, undefined, false],
    [
      'a command of its own',
      { 'requirements.txt': '', '.deployment': '[config]\r\ncommand = deploy.cmd\r\n' },
      undefined,
      false
    ],
    [
      'a command in another case',
      { 'requirements.txt': '', '.deployment': ' [Config] \nCOMMAND=deploy.cmd' },
      undefined,
      false
    ],
    [
      'a project, and no command',
      { 'requirements.txt': '', '.deployment': '[config]\nproject = app' },
      undefined,
      true
    ],
    [
      'a command in another section',
      { 'requirements.txt': '', '.deployment': '[other]\ncommand = x' },
      undefined,
      true
    ],
    ['a command that is empty', { 'requirements.txt': '', '.deployment': '[config]\ncommand =' }, undefined, true],
    [
      'a command that is commented out',
      { 'requirements.txt': '', '.deployment': '[config]\n# command = x\n;command=y' },
      undefined,
      true
    ],
    ['other files only', { 'app.py': '' }, undefined, false]
  ])('and has %s', async (_name, files, pythonRuntime, runs) => {
    const project = await readProject(await make(files))
    expect([project.pythonRuntime, project.kuduScript.runs]).toEqual([pythonRuntime, runs])
    expect(project.kuduScript.detail).not.toBe('')
  })

  it('does not read a file that is far too long for what it should be', async () => {
    const path = await make({ 'runtime.txt': `python-3.6${'\n'.repeat(100_000)}` })
    expect((await readProject(path)).pythonRuntime).toBeUndefined()
  })
})

it.each([
  'C:\\app\\readme.txt',
  'back\\slash.txt',
  '/absolute.txt',
  '../climbing.txt',
  'a/../../b',
  '\u0000',
  '\uFFFD'
])('a zip with an entry called %j elsewhere is read', async name => {
  const path = await zipOf({ [name]: 'x', 'requirements.txt': 'flask', 'runtime.txt': 'python-3.6' })
  expect(await readProject(path)).toMatchObject({ pythonRuntime: '3.6', kuduScript: { runs: true } })
})

it.each(['./requirements.txt', '/requirements.txt', 'app\\requirements.txt', 'Requirements.txt'])(
  'a zip with an entry called %j has no requirements at its top',
  async name => {
    expect((await readProject(await zipOf({ [name]: 'flask' }))).kuduScript.runs).toBe(false)
  }
)

it('a file that is no zip is an error that names the input', async () => {
  const path = placeOf('no.zip')
  await writeFile(path, 'not a zip, though long enough to be one')
  await expect(readProject(path)).rejects.toThrow(ProjectError)
  await expect(readProject(path)).rejects.toThrow('"package"')
})

it('a zip that was cut off is an error', async () => {
  const whole = await readFile(await zipOf({ 'requirements.txt': 'flask', 'runtime.txt': 'python-3.6' }))
  const path = placeOf('cut.zip')
  await writeFile(path, whole.subarray(0, whole.length - 30))
  await expect(readProject(path)).rejects.toThrow(ProjectError)
})
