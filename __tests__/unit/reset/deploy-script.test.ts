import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DeployScriptError, scheduleInScript, unscheduleInScript } from '../../../src/reset/deploy-script.ts'
import { diffLines } from '../../../src/reset/line-diff.ts'
import { generated } from './batch-scripts.ts'
import { SHELL_SCRIPT } from './shell-scripts.ts'

const BATCH = await generated()
const CONFIG = '[config]\ncommand = deploy.cmd'
const STAMP = 'run 7'

async function make(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'package-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text, 'latin1')
  }
  return folder
}

function request(packagePath: string, script?: string, dryRun = false): Parameters<typeof scheduleInScript>[0] {
  return { packagePath, script, stamp: STAMP, dryRun }
}

async function contents(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  const read = names.map(
    async ({ parentPath, name }) => [name, await readFile(join(parentPath, name), 'latin1')] as const
  )
  return Object.fromEntries(await Promise.all(read))
}

describe('the script', () => {
  it.each([
    ['that .deployment names', { '.deployment': CONFIG, 'deploy.cmd': BATCH }, undefined, 'deploy.cmd'],
    [
      'that .deployment names in another case',
      { '.deployment': '[Config]\nCommand = Deploy.CMD', 'deploy.cmd': BATCH },
      undefined,
      'deploy.cmd'
    ],
    [
      'in a folder, with backslashes',
      { '.deployment': '[config]\ncommand = "build tools\\deploy.cmd"', 'build tools/deploy.cmd': BATCH },
      undefined,
      'build tools/deploy.cmd'
    ],
    [
      'for bash',
      { '.deployment': '[config]\r\ncommand = bash deploy.sh\r\n', 'deploy.sh': SHELL_SCRIPT },
      undefined,
      'deploy.sh'
    ],
    ['in the input', { '.deployment': '[config]\ncommand = node x.js', 'x/y.sh': SHELL_SCRIPT }, './x/y.sh', 'x/y.sh'],
    ['in the input, with backslashes', { 'x/y.cmd': BATCH }, 'x\\y.cmd', 'x/y.cmd'],
    ['with the first of the usual names', { 'deploy.cmd': BATCH, 'deploy.sh': SHELL_SCRIPT }, undefined, 'deploy.cmd'],
    ['with the second of the usual names', { 'deploy.sh': SHELL_SCRIPT }, undefined, 'deploy.sh']
  ] as readonly (readonly [string, Readonly<Record<string, string>>, string | undefined, string])[])(
    '%s is changed, and nothing else',
    async (_which, files, script, path) => {
      const folder = await make(files)
      const before = await contents(folder)
      const scheduled = await scheduleInScript(request(folder, script))
      expect(scheduled).toMatchObject({ script: path, changed: true })
      const after = await contents(folder)
      const name = path.slice(path.lastIndexOf('/') + 1)
      expect(after[name]).toContain('azure-python-env: run 7')
      expect({ ...after, [name]: before[name] }).toEqual(before)
    }
  )

  it('is as it was after the post step, and stays so', async () => {
    const folder = await make({ '.deployment': CONFIG, 'deploy.cmd': BATCH })
    const { script } = await scheduleInScript(request(folder))
    expect(await unscheduleInScript({ packagePath: folder, script })).toEqual({ changed: true })
    expect(await unscheduleInScript({ packagePath: folder, script })).toEqual({ changed: false })
    expect(await contents(folder)).toEqual({ '.deployment': CONFIG, 'deploy.cmd': BATCH })
  })

  it('keeps bytes that are no UTF-8', async () => {
    const text = BATCH.replace(':: Setup', ':: \u00e4\u0080\u00ff')
    const folder = await make({ '.deployment': CONFIG, 'deploy.cmd': text })
    const { script } = await scheduleInScript(request(folder))
    expect((await contents(folder))['deploy.cmd']).toContain(':: \u00e4\u0080\u00ff')
    await unscheduleInScript({ packagePath: folder, script })
    expect((await contents(folder))['deploy.cmd']).toBe(text)
  })

  it('is not written a second time', async () => {
    const folder = await make({ '.deployment': CONFIG, 'deploy.cmd': BATCH })
    await scheduleInScript(request(folder))
    const { mtimeMs, ino } = await stat(join(folder, 'deploy.cmd'))
    expect(await scheduleInScript(request(folder))).toEqual({
      script: 'deploy.cmd',
      changed: false,
      diff: [],
      warnings: []
    })
    expect(await stat(join(folder, 'deploy.cmd'))).toMatchObject({ mtimeMs, ino })
  })

  it('that came with the lines of another run is left alone, with a warning', async () => {
    const folder = await make({ '.deployment': CONFIG, 'deploy.cmd': BATCH })
    await scheduleInScript({ ...request(folder), stamp: 'run 6' })
    const { changed, warnings } = await scheduleInScript(request(folder))
    expect(changed).toBe(false)
    expect(warnings).toEqual([expect.stringMatching(/an earlier run \(run 6\).*every deployment/)])
  })

  it('is only shown in a dry run', async () => {
    const folder = await make({ '.deployment': CONFIG, 'deploy.cmd': BATCH })
    const before = await contents(folder)
    const { changed, diff } = await scheduleInScript(request(folder, undefined, true))
    expect(changed).toBe(true)
    expect(diff.slice(0, 2)).toEqual(['--- a/deploy.cmd', '+++ b/deploy.cmd'])
    expect(diff).toContain('+  rmdir /s /q "%DEPLOYMENT_TARGET%\\env"')
    expect(await contents(folder)).toEqual(before)
    expect((await scheduleInScript(request(folder))).diff).toEqual(diff)
  })

  it.skipIf(process.platform === 'win32')('keeps its mode', async () => {
    const folder = await make({ 'deploy.sh': SHELL_SCRIPT })
    await chmod(join(folder, 'deploy.sh'), 0o775)
    await scheduleInScript(request(folder))
    expect((await stat(join(folder, 'deploy.sh'))).mode & 0o7777).toBe(0o775)
  })

  it.skipIf(process.platform === 'win32')('is changed behind a link within the package, which stays one', async () => {
    const folder = await make({ 'build/deploy.sh': SHELL_SCRIPT })
    await symlink('build/deploy.sh', join(folder, 'deploy.sh'))
    expect(await scheduleInScript(request(folder))).toMatchObject({ script: 'build/deploy.sh', changed: true })
    expect(await readFile(join(folder, 'deploy.sh'), 'utf8')).toContain('azure-python-env: run 7')
  })

  it('is a new file, so that another name of the old one keeps the old text', async () => {
    const folder = await make({ 'deploy.sh': SHELL_SCRIPT })
    await link(join(folder, 'deploy.sh'), join(folder, 'same.sh'))
    await scheduleInScript(request(folder))
    expect((await contents(folder))['same.sh']).toBe(SHELL_SCRIPT)
  })
})

describe('a warning says', () => {
  it('that nothing names the script, and what to add', async () => {
    const { warnings } = await scheduleInScript(request(await make({ 'deploy.sh': SHELL_SCRIPT })))
    expect(warnings).toEqual([expect.stringContaining('"command = bash deploy.sh"')])
  })

  it('that .deployment with no command names none', async () => {
    const folder = await make({ '.deployment': '[config]\nproject = web', 'deploy.cmd': BATCH })
    expect((await scheduleInScript(request(folder))).warnings).toEqual([
      expect.stringContaining('"command = deploy.cmd"')
    ])
  })

  it('that .deployment runs something else than the input names', async () => {
    const folder = await make({ '.deployment': '[config]\ncommand = node x.js', 'deploy.sh': SHELL_SCRIPT })
    const { warnings } = await scheduleInScript(request(folder, 'deploy.sh'))
    expect(warnings).toEqual([expect.stringContaining('"node x.js"')])
  })
})

describe('an error', () => {
  async function messageOf(packagePath: string, script?: string): Promise<string> {
    const error = await scheduleInScript(request(packagePath, script)).catch((caught: unknown) => caught)
    if (!(error instanceof DeployScriptError)) throw new Error(`no DeployScriptError: ${String(error)}`)
    return error.message
  }

  it.each([
    [
      'names the command that makes a script, where there is none',
      { 'app.py': '' },
      undefined,
      /npx kuduscript -y --python -o \..*"command = deploy.cmd"/
    ],
    [
      'names the command that is not understood',
      { '.deployment': '[config]\ncommand = node x.js' },
      undefined,
      /"node x\.js".*"deploy-script"/
    ],
    ['says that the script is not there', { '.deployment': CONFIG }, undefined, /"deploy.cmd" is not in the package/],
    [
      'says that the chosen script is not there',
      { 'deploy.cmd': BATCH },
      'other.cmd',
      /"other.cmd" is not in the package/
    ],
    [
      'says that a script lies outside',
      { '.deployment': '[config]\ncommand = ..\\deploy.cmd' },
      undefined,
      /outside of "package"/
    ],
    ['says that a chosen script lies outside', {}, '/etc/profile', /outside of "package"/],
    ['says that a script is a folder', { 'deploy.cmd/x': '' }, 'deploy.cmd', /is no file/],
    [
      'says that a script is too large',
      { 'deploy.cmd': BATCH + '\r\n'.repeat(600_000) },
      undefined,
      /more than 1048576 bytes/
    ],
    [
      'says why a script is not recognised',
      { 'deploy.cmd': '@echo off\r\ncall build.cmd\r\n' },
      undefined,
      /^"deploy.cmd" is not recognised: no command in it makes.*Nothing was changed/
    ],
    [
      'says that Oryx builds',
      { 'deploy.sh': '#!/bin/bash\noryx build .\n' },
      undefined,
      /^"deploy.sh" builds with Oryx/
    ],
    ['says that the encoding is not one of these', { 'deploy.cmd': 'a\0b\0' }, undefined, /UTF-8/]
  ] as readonly (readonly [string, Readonly<Record<string, string>>, string | undefined, RegExp])[])(
    '%s, and nothing is written',
    async (_what, files, script, message) => {
      const folder = await make(files)
      const before = await contents(folder)
      expect(await messageOf(folder, script)).toMatch(message)
      expect(await contents(folder)).toEqual(before)
    }
  )

  it('says that a zip is not changed', async () => {
    const folder = await make({ 'package.zip': 'PK' })
    expect(await messageOf(join(folder, 'package.zip'))).toMatch(/"package" has to be a folder/)
  })

  it('says that there is no package', async () => {
    expect(await messageOf(join(await make({}), 'gone'))).toMatch(/"package" does not exist/)
  })

  it.skipIf(process.platform === 'win32')('says that a link leads out', async () => {
    const outside = await make({ 'deploy.sh': SHELL_SCRIPT })
    const folder = await make({})
    await symlink(join(outside, 'deploy.sh'), join(folder, 'deploy.sh'))
    await symlink(outside, join(folder, 'build'))
    for (const script of [undefined, 'build/deploy.sh'])
      expect(await messageOf(folder, script)).toMatch(/outside of "package"/)
    expect(await contents(outside)).toEqual({ 'deploy.sh': SHELL_SCRIPT })
  })

  // Where the path of the script just fits, that of the file beside it does not: not even for root, who may write anywhere.
  it.skipIf(process.platform === 'win32')('says that nothing can be written', async () => {
    const folder = await make({})
    const longest = process.platform === 'linux' ? 4095 : 1023
    let deep = ''
    const left = (): number => longest - '/deploy.sh'.length - join(folder, deep).length - 1
    while (left() > 1) deep = join(deep, 'x'.repeat(Math.min(200, left())))
    await mkdir(join(folder, deep), { recursive: true })
    await writeFile(join(folder, deep, 'deploy.sh'), SHELL_SCRIPT)
    expect(await messageOf(folder, join(deep, 'deploy.sh'))).toMatch(/cannot be written: ENAMETOOLONG/)
    expect(await readdir(join(folder, deep))).toEqual(['deploy.sh'])
    expect(await readFile(join(folder, deep, 'deploy.sh'), 'utf8')).toBe(SHELL_SCRIPT)
  })
})

describe('a diff', () => {
  it.each([
    ['of equal texts is empty', 'a\n', 'a\n', []],
    [
      'has three lines around',
      '1\n2\n3\n4\n5\n6\n7\n8\n',
      '1\n2\n3\n4\nx\n5\n6\n7\n8\n',
      ['@@ -2,6 +2,7 @@', ' 2', ' 3', ' 4', '+x', ' 5', ' 6', ' 7']
    ],
    ['shows what goes', 'a\nb\nc\n', 'a\nc\n', ['@@ -1,3 +1,2 @@', ' a', '-b', ' c']],
    [
      'tells where the end of a line is missing',
      'a',
      'b\na',
      ['@@ -1,1 +1,2 @@', '+b', ' a', '\\ No newline at end of file']
    ],
    ['shows no ends of lines', 'a\r\n', 'b\r\na\r\n', ['@@ -1,1 +1,2 @@', '+b', ' a']],
    ['of nothing begins at 0', '', 'a\n', ['@@ -0,0 +1,1 @@', '+a']]
  ])('%s', (_what, before, after, lines) => {
    expect(diffLines(before, after, 'x').slice(2)).toEqual(lines)
  })
})
