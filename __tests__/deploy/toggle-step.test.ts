// "reset-method: toggle-runtime" as a workflow runs it, from the committed dist/, against a real git server.
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { annotations, runStep, type StepOptions, type StepRun } from '../../tools/github-runner.ts'
import { describeToggling, NEW, since, stale, startDeployed } from './toggle-scene.ts'
import type { ToggleLab } from './toggle-lab.ts'

async function stepsIn(
  lab: ToggleLab
): Promise<(step: 'main' | 'post', options?: Partial<StepOptions>) => Promise<StepRun>> {
  const workspace = await lab.checkOut()
  const { userName, password } = lab.login
  return (step, options = {}) =>
    runStep(step, {
      workspace,
      ...options,
      env: { GIT_SSL_CAINFO: lab.server.caFile, HOME: workspace, GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1' },
      with: {
        'reset-method': 'toggle-runtime',
        'reset-env': 'true',
        'git-url': lab.server.url,
        'app-name': 'app',
        'ftp-username': `app\\${userName}`,
        'ftp-password': password,
        ...options.with
      }
    })
}

describeToggling('toggling the runtime in a workflow', () => {
  it('deploys twice, shows both logs, and never writes the password', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    const main = await step('main')
    expect(main.outputs).toMatchObject({
      result: 'reset',
      strategy: 'toggle-runtime',
      reason: 'requested',
      'app-name': 'app',
      'slot-name': 'production'
    })
    expect([main.exitCode, annotations(main.log, 'warning'), annotations(main.log, 'error')]).toEqual([0, [], []])
    expect(main.log).toContain('Deleting incompatible virtual environment.')
    expect(await lab.server.branch()).toBe(lab.first)
    expect(existsSync(stale(lab))).toBe(false)
    expect(since(lab)).toMatchObject([NEW, NEW])
    const post = await step('post', { state: main.state })
    expect([post.exitCode, post.log.replace(/^::add-mask::.*\n/gm, ''), post.summary]).toEqual([0, '', ''])
    const written = [main.log.replace(/^::add-mask::.*\n/gm, ''), main.summary, main.state, main.outputs]
    expect(JSON.stringify(written)).not.toContain(JSON.stringify(lab.login.password).slice(1, -1))
  })

  it('is finished by the post step where the second push is refused', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    await lab.server.behave({ rejectsBack: true })
    const main = await step('main')
    expect(main.exitCode).toBe(1)
    expect(annotations(main.log, 'error')).toEqual([expect.stringContaining('still stands on the toggled commit')])
    expect(await lab.server.branch()).not.toBe(lab.first)
    await lab.server.behave({})
    const post = await step('post', { state: main.state, jobStatus: 'failure' })
    expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('was pushed back')])
    expect(await lab.server.branch()).toBe(lab.first)
  })

  it('is finished by the next run, also one that resets nothing', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    await lab.server.behave({ rejectsBack: true })
    await step('main')
    await lab.server.behave({})
    const next = await step('main', { with: { 'reset-env': '', 'reset-mode': 'never' } })
    expect(next.outputs).toMatchObject({ result: 'preserved', reason: 'never' })
    expect(annotations(next.log, 'warning')).toEqual([expect.stringContaining('was pushed back')])
    expect(await lab.server.branch()).toBe(lab.first)
  })

  it('is finished by the next run where FTP cannot be reached, too', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    await lab.server.behave({ rejectsBack: true })
    await step('main')
    await lab.server.behave({})
    const next = await step('main', { with: { 'reset-env': '', 'ftp-url': 'ftps://localhost:1' } })
    expect(next.outputs).toMatchObject({ result: 'unreachable', reason: 'unknown' })
    expect(annotations(next.log, 'warning')).toContainEqual(expect.stringContaining('was pushed back'))
    expect(await lab.server.branch()).toBe(lab.first)
  })

  it('that is stopped during a push ends within two seconds, and the post step finishes it', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    await lab.server.behave({ holds: true })
    let child: ChildProcess | undefined
    const running = step('main', { onStart: started => (child = started) })
    await expect.poll(() => lab.server.branch(), { timeout: 20_000 }).not.toBe(lab.first)
    const asked = Date.now()
    child?.kill('SIGTERM')
    const main = await running
    expect(Date.now() - asked).toBeLessThan(2000)
    expect([main.exitCode, main.outputs['result']]).toEqual([1, 'failed'])
    await lab.server.release()
    await lab.server.idle()
    await step('post', { state: main.state, jobStatus: 'cancelled' })
    expect(await lab.server.branch()).toBe(lab.first)
  })

  it('says in the post step where the branch may still stand, also where FTP cannot be reached', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    await lab.server.behave({ rejectsBack: true })
    const main = await step('main')
    const run = JSON.stringify({ ...(JSON.parse(main.state['run'] ?? '') as object), host: 'localhost' })
    const post = await step('post', { state: { run }, with: { 'ftp-url': 'ftps://localhost:1' } })
    expect(annotations(post.log, 'warning')).toContainEqual(
      expect.stringContaining('may still stand on the toggled commit')
    )
  })

  it('says in the post step where the branch may still stand on the toggled commit', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    await lab.server.behave({ rejectsBack: true })
    const main = await step('main')
    const post = await step('post', { state: main.state, jobStatus: 'failure' })
    expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('may still stand on the toggled commit')])
    expect(post.exitCode).toBe(0)
  })

  it('pushes nothing in a dry run', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    const main = await step('main', { with: { 'dry-run': 'true' } })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'toggle-runtime', 'dry-run': 'true' })
    expect([main.exitCode, main.state]).toEqual([0, {}])
    expect(since(lab)).toEqual([])
  })

  it('is one error with a wrong password, and nothing is pushed', async () => {
    const lab = await startDeployed()
    const step = await stepsIn(lab)
    const main = await step('main', { with: { 'ftp-password': 'wrong-1' } })
    expect(main.exitCode).toBe(1)
    expect(annotations(main.log, 'error')).toHaveLength(1)
    expect(since(lab)).toEqual([])
  })

  it('is one error before anything is pushed where Kudu would not run its Python script', async () => {
    const lab = await startDeployed({ 'runtime.txt': 'python-3.6\n', 'app.py': '', '.skipPythonDeployment': '' })
    const main = await (await stepsIn(lab))('main')
    expect(main.exitCode).toBe(1)
    expect(annotations(main.log, 'error')).toEqual([expect.stringContaining('would not run')])
    expect(since(lab)).toEqual([])
  })
})

it('needs to know where to push', async () => {
  const main = await runStep('main', { with: { 'reset-method': 'toggle-runtime', 'reset-env': 'true' } })
  expect(main.exitCode).toBe(1)
  expect(annotations(main.log, 'error')).toEqual([expect.stringContaining('nothing tells where to push')])
})
