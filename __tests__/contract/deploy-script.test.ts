// "reset-method: deploy-script" as a workflow runs it: what is changed in the workspace, and that nothing else is.
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { generateKuduScript } from '../../tools/deploy/kudu-script.ts'
import { annotations, runStep, type StepRun } from '../../tools/github-runner.ts'
import { scriptAz } from '../../tools/scripted-az/index.ts'
import { contents } from './interference.ts'
import { startLab, type Lab } from './lab.ts'

const WAY = { 'reset-method': 'deploy-script' }
const FORCED = { ...WAY, 'reset-env': 'true' }
const MARK = /azure-python-env/
const ONLY_PUSHES =
  '<publishData><publishProfile publishMethod="ZipDeploy" publishUrl="my-app.scm.example:443" userName="$my-app" userPWD="secret-1"/></publishData>'

let lab: Lab
beforeEach(async () => {
  lab = await startLab({ layout: 'windows-env', python: '3.4' })
  await generateKuduScript(lab.packageDir)
})
afterEach(() => lab.close())

const script = (): Promise<string> => readFile(join(lab.packageDir, 'deploy.cmd'), 'latin1')
/** With nothing but what is given: no profile. */
const alone = (given: Readonly<Record<string, string>>): Promise<StepRun> =>
  runStep('main', { with: { package: lab.packageDir, ...given } })

describe('forced', () => {
  it('needs no credentials and no server, and the post step takes it back byte for byte', async () => {
    const [before, modified] = [await script(), (await stat(join(lab.packageDir, 'deploy.cmd'))).mode]
    const main = await alone({ ...FORCED, 'app-name': 'my-app' })
    expect(main.outputs).toMatchObject({
      result: 'scheduled',
      strategy: 'deploy-script',
      reason: 'requested',
      layout: 'unknown',
      'app-name': 'my-app',
      'slot-name': 'production',
      'recommended-clean': 'false'
    })
    expect([main.exitCode, annotations(main.log, 'warning'), annotations(main.log, 'error')]).toEqual([0, [], []])
    expect(await script()).toMatch(MARK)
    expect(lab.app.ftp.transcript).toEqual([])
    const post = await runStep('post', { with: FORCED, state: main.state, jobStatus: 'failure' })
    expect([post.exitCode, annotations(post.log, 'warning'), post.summary]).toEqual([0, [], ''])
    expect(await script()).toBe(before)
    expect((await stat(join(lab.packageDir, 'deploy.cmd'))).mode).toBe(modified)
  })

  it('is not done twice in one workspace', async () => {
    await alone(FORCED)
    const once = await script()
    const again = await alone(FORCED)
    expect(again.outputs['result']).toBe('scheduled')
    expect(await script()).toBe(once)
  })

  it('prints what would change in a dry run, and writes nothing', async () => {
    const before = await script()
    const main = await alone({ ...FORCED, 'dry-run': 'true' })
    expect(main.outputs).toMatchObject({ result: 'scheduled', strategy: 'deploy-script', 'dry-run': 'true' })
    expect(main.log).toMatch(/^\+.*rmdir/im)
    expect(main.state).toEqual({})
    expect(await script()).toBe(before)
  })

  it('takes the names of the app from a profile with nothing but a login for pushes', async () => {
    const main = await alone({ ...FORCED, 'publish-profile': ONLY_PUSHES })
    expect(main.outputs).toMatchObject({ result: 'scheduled', 'app-name': 'my-app', 'slot-name': 'production' })
  })

  it.each<[string, (packageDir: string) => Promise<unknown>, RegExp]>([
    [
      'no script',
      folder => Promise.all(['.deployment', 'deploy.cmd'].map(name => rm(join(folder, name)))),
      /kuduscript/
    ],
    [
      'a script that is not understood',
      folder => writeFile(join(folder, 'deploy.cmd'), '@echo off\r\ncall something.cmd\r\n'),
      /"deploy\.cmd".*Nothing was changed/
    ]
  ])('is one error where there is %s', async (_, change, text) => {
    await change(lab.packageDir)
    const main = await alone(FORCED)
    expect(main.exitCode).toBe(1)
    expect(annotations(main.log, 'error')).toEqual([expect.stringMatching(text)])
    expect(main.outputs['result']).toBe('failed')
  })
})

describe('in "auto"', () => {
  it('looks over FTP, changes nothing there, and compares after the deployment', async () => {
    const before = await contents(lab)
    const main = await lab.step('main', { with: { ...WAY, 'python-version': '3.6' } })
    expect(main.outputs).toMatchObject({
      result: 'scheduled',
      reason: 'python-version-changed',
      layout: 'windows-env',
      'python-version-found': '3.4'
    })
    expect(await script()).toMatch(MARK)
    expect(await contents(lab)).toEqual(before)
    const post = await lab.step('post', { with: WAY, state: main.state, jobStatus: 'success' })
    expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('has Python 3.4 instead of 3.6')])
    expect(await script()).not.toMatch(MARK)
    expect(await lab.trash()).toEqual([])
  })

  it('leads to one reset where the server does not share the wish', async () => {
    const given = { with: { ...WAY, 'python-version': '3.6' } }
    const first = await lab.step('main', given)
    await lab.step('post', { ...given, state: first.state, jobStatus: 'success' })
    const second = await lab.step('main', given)
    expect(second.outputs).toMatchObject({ result: 'preserved', reason: 'ineffective' })
    expect(await script()).not.toMatch(MARK)
  })

  it('changes nothing where the environment is up to date', async () => {
    const main = await lab.step('main', { with: { ...WAY, 'python-version': '3.4' } })
    expect(main.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date', strategy: 'none' })
    expect(await script()).not.toMatch(MARK)
  })

  it('is refused for an app that Oryx builds', async () => {
    const linux = await startLab({ layout: 'venv-tree' })
    try {
      await generateKuduScript(linux.packageDir)
      const main = await linux.step('main', { with: { ...WAY, 'python-version': '3.12' } })
      expect(main.exitCode).toBe(1)
      expect(annotations(main.log, 'error')).toEqual([expect.stringMatching(/Oryx.*Nothing was changed/)])
      expect(await readFile(join(linux.packageDir, 'deploy.cmd'), 'latin1')).not.toMatch(MARK)
    } finally {
      await linux.close()
    }
  })

  it('leaves the script as it is where the server cannot be looked at', async () => {
    const main = await lab.step('main', {
      with: {
        ...WAY,
        'publish-profile': '',
        'ftp-url': 'ftp://localhost:1',
        'ftp-username': 'a\\$a',
        'ftp-password': 'b'
      }
    })
    expect(main.outputs).toMatchObject({ result: 'unreachable', reason: 'unknown', strategy: 'none' })
    expect([main.exitCode, annotations(main.log, 'warning').length]).toEqual([0, 1])
    expect(await script()).not.toMatch(MARK)
  })
})

it('says what is missing in a profile without a login for FTP, and not to download it again', async () => {
  const main = await alone({ ...WAY, 'publish-profile': ONLY_PUSHES })
  expect(main.outputs).toMatchObject({ result: 'unreachable', reason: 'unknown', 'app-name': 'my-app' })
  expect(annotations(main.log, 'warning')).toEqual([expect.stringMatching(/stays as it is: "publish-profile" has no/)])
  expect(main.log).not.toContain('Download')
  expect(await script()).not.toMatch(MARK)
})

describe('signed in with az', () => {
  const site = (): Parameters<typeof scriptAz>[0][number] => ({
    name: 'demo-app',
    resourceGroup: 'demo-group',
    profile: lab.app.publishProfile(),
    linuxFxVersion: '',
    ftpsState: 'FtpsOnly',
    ftpBasicAuth: true
  })
  const given = { with: { ...WAY, 'publish-profile': '', 'app-name': 'demo-app', 'python-version': '3.6' } }

  it('takes the lines out of the workspace also where nobody is signed in any more', async () => {
    const before = await script()
    const az = await scriptAz([site()])
    try {
      const main = await lab.step('main', { ...given, env: { PATH: az.path } })
      expect(main.outputs).toMatchObject({ result: 'scheduled', strategy: 'deploy-script' })
      expect(await script()).toMatch(MARK)
      const post = await lab.step('post', { ...given, state: main.state, jobStatus: 'success' })
      expect([post.exitCode, annotations(post.log, 'warning').length]).toEqual([0, 1])
      expect(await script()).toBe(before)
    } finally {
      await az.close()
    }
  })

  it('leaves the script as it is where FTP is switched off, and needs none when forced', async () => {
    const az = await scriptAz([{ ...site(), ftpsState: 'Disabled' }])
    try {
      const main = await lab.step('main', { ...given, env: { PATH: az.path } })
      expect(main.outputs).toMatchObject({ result: 'unreachable', reason: 'unknown', strategy: 'none' })
      expect(await script()).not.toMatch(MARK)
      const fails = { ...given, with: { ...given.with, 'on-unreachable': 'fail' }, env: { PATH: az.path } }
      expect(await lab.step('main', fails)).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
      const forced = await lab.step('main', { with: { ...given.with, 'reset-env': 'true' }, env: { PATH: az.path } })
      expect(forced.outputs).toMatchObject({ result: 'scheduled', reason: 'requested', 'app-name': 'demo-app' })
    } finally {
      await az.close()
    }
  })
})

describe('on-change', () => {
  it('changes the script once for requirements that have changed, and not at each push', async () => {
    const given = { with: { ...WAY, 'reset-mode': 'on-change', 'python-version': '3.4' } }
    const push = async (): Promise<unknown> => {
      const main = await lab.step('main', given)
      await lab.step('post', { ...given, state: main.state, jobStatus: 'success' })
      return main.outputs['reason']
    }
    await push()
    await writeFile(join(lab.packageDir, 'requirements.txt'), 'alpha==2.0\n')
    expect([await push(), await push(), await push()]).toEqual(['requirements-changed', 'up-to-date', 'up-to-date'])
  })
})

it('with "never" nothing is asked and nothing is changed', async () => {
  const main = await alone({ ...WAY, 'reset-mode': 'never' })
  expect(main.outputs).toMatchObject({ result: 'preserved', reason: 'never', strategy: 'none' })
  expect(await script()).not.toMatch(MARK)
})

it('that was changed by a run that died is told of by the next one, also where nothing is to be reset', async () => {
  await alone(FORCED)
  const next = await alone({ ...WAY, 'reset-mode': 'never' })
  expect(next.outputs).toMatchObject({ result: 'preserved', reason: 'never', strategy: 'none' })
  expect(annotations(next.log, 'warning')).toEqual([
    expect.stringMatching(/"deploy\.cmd" came with the lines of an earlier run/)
  ])
  await rm(join(lab.packageDir, 'deploy.cmd'))
  const without = await alone({ ...WAY, 'reset-mode': 'never' })
  expect([without.exitCode, annotations(without.log, 'warning')]).toEqual([0, []])
})
