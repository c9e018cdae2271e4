// Toggling the runtime against a real git server: both deployments, and what becomes of the branch and the environment.
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { findMaker, importVersions } from '../../tools/deploy/python.ts'
import { makeWheels } from '../../tools/deploy/wheels.ts'
import { git, startToggleLab } from './toggle-lab.ts'
import { describeToggling, expectToggled, NEW, since, stale, startDeployed } from './toggle-scene.ts'

const maker = process.platform === 'linux' ? await findMaker() : undefined

describeToggling('toggling the runtime', () => {
  it('deploys twice, and ends on the commit of the user with a new environment', async () => {
    const lab = await startDeployed()
    const went = await lab.toggle(await lab.checkOut())
    await expectToggled(lab, went, lab.first)
    expect(since(lab)).toEqual([
      { commit: went.toggled?.toggled, runtime: 'python-3.4', ...NEW },
      { commit: lab.first, runtime: 'python-3.6', ...NEW }
    ])
    expect(went.saved.map(({ stage }) => stage)).toEqual(['toggling', 'returning'])
    expect(went.lines).toContain('Deleting incompatible virtual environment.')
    expect(went.toggled?.warnings).toEqual([])
    expect(await readdir(join(lab.server.wwwroot, 'env'))).toContain('azure.env.python-3.6.txt')
  })

  it('deploys a commit that is new to the server', async () => {
    const lab = await startDeployed()
    const head = await lab.commit({ 'app.py': 'print(2)\n' })
    await expectToggled(lab, await lab.toggle(await lab.checkOut()), head)
    expect(await readFile(join(lab.server.wwwroot, 'app.py'), 'utf8')).toBe('print(2)\n')
  })

  it('adds a runtime.txt where the commit has none, for the one deployment', async () => {
    const lab = await startDeployed({ 'requirements.txt': 'alpha==1.0\n' })
    await expectToggled(lab, await lab.toggle(await lab.checkOut()), lab.first)
    expect(since(lab)).toMatchObject([{ runtime: 'python-3.6' }, { runtime: 'python-3.4' }])
  })

  it('takes the version that it is told to', async () => {
    const lab = await startDeployed()
    await expectToggled(lab, await lab.toggle(await lab.checkOut(), { request: { via: '2.7' } }), lab.first)
    expect(since(lab)).toMatchObject([{ runtime: 'python-2.7' }, { runtime: 'python-3.6' }])
  })

  it('does not mind that pip fails for the version in between', async () => {
    const lab = await startDeployed()
    await lab.server.behave({ pipFails: ['python-3.4'] })
    const went = await lab.toggle(await lab.checkOut())
    await expectToggled(lab, went, lab.first)
    expect(went.toggled?.deployments.map(({ log }) => log.pipFailed)).toEqual([true, false])
  })

  it('works in a repository that nothing was pushed to', async () => {
    const lab = await startToggleLab()
    const went = await lab.toggle(await lab.checkOut())
    expect(went).toMatchObject({ error: undefined, toggled: { finished: true } })
    expect(await lab.server.branch()).toBe(await git(lab.origin, 'rev-parse', 'HEAD'))
  })

  it('pushes nothing in a dry run, in which the same makes the same commit', async () => {
    const lab = await startDeployed()
    const went = await lab.toggle(await lab.checkOut(), { request: { dryRun: true } })
    const again = await lab.toggle(await lab.checkOut(1), { request: { dryRun: true } })
    expect(again.toggled).toEqual(went.toggled)
    expect(went).toMatchObject({ error: undefined, saved: [], toggled: { finished: false, deployments: [] } })
    expect(since(lab)).toEqual([])
    expect(existsSync(stale(lab))).toBe(true)
  })

  it.skipIf(!maker)('makes an environment anew with a real Python, its pip and kudusync', async () => {
    if (!maker) throw new Error('skipped without a Python')
    const wheels = await mkdtemp(join(tmpdir(), 'wheels-'))
    onTestFinished(() => rm(wheels, { recursive: true }))
    await makeWheels(wheels)
    const lab = await startToggleLab({ 'runtime.txt': 'python-3.6', 'requirements.txt': 'alpha==1.0\nbeta==1.0\n' })
    await lab.server.behave({ real: { interpreter: maker, wheels } })
    await lab.deploy(await git(lab.origin, 'rev-parse', 'HEAD'))
    const head = await lab.commit({ 'requirements.txt': 'alpha==1.0\n' })
    const went = await lab.toggle(await lab.checkOut())
    expect(went).toMatchObject({ error: undefined, toggled: { finished: true, isShown: true } })
    expect(since(lab)).toMatchObject([NEW, { ...NEW, commit: head }])
    const python = join(lab.server.wwwroot, 'env', 'Scripts', 'python.exe')
    expect(await importVersions(python, ['alpha', 'beta', 'gamma'])).toEqual({ alpha: '1.0' })
  })
})

describeToggling('a deployment that goes wrong', () => {
  it.each([
    ['Oryx builds the app', { build: 'oryx' }, /runs on Linux and is built by Oryx/],
    ['the bash script builds the app', { build: 'bash-script' }, /built by Kudu's bash script/],
    ['the app has no Python part', { build: 'basic' }, /deployed without Kudu's Python script/],
    ['the server does not know the version', { runtimes: ['python-2.7', 'python-3.6'] }, /does not know python-3.4/],
    ['the environment was never got to', { failsEarly: ['python-3.4'] }, /environment is still the old one/],
    ['pip fails for the commit itself', { pipFails: ['python-3.6'] }, /its deployment failed, because pip failed/],
    [
      'the app deploys another branch',
      { deploys: 'production' },
      /The app deploys the branch "production", and not "master"/
    ]
  ] as const)('because %s ends in an error, with the branch back on the commit', async (_, behaviour, message) => {
    const lab = await startDeployed()
    await lab.deploy(lab.first, 'production')
    await lab.server.behave(behaviour)
    const went = await lab.toggle(await lab.checkOut())
    expect(went.error).toMatch(message)
    expect(await lab.server.branch()).toBe(lab.first)
  })
})
