// Jobs that log in through a signed-in az: the real @actions/exec starts a scripted one, as the real one would be started.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import { scriptAz, type ScriptedAz } from '../../tools/scripted-az/index.ts'
import type { AzureSite, AzWorld } from '../../tools/scripted-az/world.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
let az: ScriptedAz
let site: AzureSite
beforeEach(async () => {
  lab = await startLab({ layout: 'venv-tree' })
  site = {
    name: 'demo-app',
    resourceGroup: 'demo-group',
    profile: lab.app.publishProfile(),
    linuxFxVersion: 'PYTHON|3.11',
    ftpsState: 'FtpsOnly',
    ftpBasicAuth: true
  }
  az = await scriptAz([site])
})
afterEach(async () => {
  await lab.close()
  await az.close()
})

const env = (): Readonly<Record<string, string>> => ({ PATH: az.path })
const signedIn = { 'publish-profile': '', 'app-name': 'demo-app' }
const main = (
  inputs: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, string>> = {}
): Promise<StepRun> => lab.step('main', { env: { ...env(), ...more }, with: { ...signedIn, ...inputs } })

/** What the runner shows: the commands that mask are taken out by it. */
const shown = ({ log, summary, outputs }: StepRun): string =>
  [log.replace(/^::add-mask::.*$/gm, ''), summary, ...Object.values(outputs)].join('\n')

describe('a job with "app-name" alone', () => {
  it('resets, deploys and sweeps, and no step shows anything of the profile, not even with step debugging', async () => {
    const debugging = { ...env(), RUNNER_DEBUG: '1' }
    const job = await lab.job('venv-tree', { env: debugging, with: { ...signedIn, 'reset-env': 'true' } })
    expect(job.main.outputs).toMatchObject({
      result: 'reset',
      'app-name': 'demo-app',
      'slot-name': 'production',
      'python-version-wanted': '3.11'
    })
    expect(annotations(job.post.log, 'warning')).toEqual([])
    expect(await lab.trash()).toEqual([])
    for (const run of [job.main, job.post]) {
      expect(shown(run)).not.toMatch(/publishProfile|userPWD|\[command\]|list-publishing-profiles/)
      expect(shown(run)).not.toContain(lab.app.password)
      expect(run.log).toContain(`::add-mask::${lab.app.password}`)
    }
    expect(job.post.log.replace(/^::.*$/gm, '')).not.toMatch(/\baz\b/)
  })

  it('asks az for what is needed, and for less in the post step', async () => {
    const { state } = await main({ 'reset-env': 'true' })
    expect((await az.calls()).map(({ args }) => args.slice(0, 3).join(' '))).toEqual([
      'resource list --name',
      'webapp deployment list-publishing-profiles',
      'webapp config show',
      'resource show --resource-group'
    ])
    await lab.step('post', { env: env(), state, with: signedIn, jobStatus: 'failure' })
    expect(await az.calls()).toHaveLength(2)
  })

  it('is about the slot that is named', async () => {
    const slot = {
      ...site,
      slot: 'blue',
      profile: site.profile.replaceAll('demo-app', 'demo-app__blue'),
      linuxFxVersion: 'PYTHON|3.13'
    }
    await az.change({ sites: [site, slot] })
    const run = await main({ 'slot-name': 'blue', 'dry-run': 'true', 'on-unreachable': 'continue' })
    // The server here has no slots, so the login is refused; who logs in is what counts.
    expect(run.outputs).toMatchObject({ result: 'unreachable', 'app-name': 'demo-app', 'slot-name': 'blue' })
    expect(lab.app.ftp.transcript.map(({ verb, argument }) => `${verb} ${argument}`)).toContain(
      'USER demo-app__blue\\$demo-app__blue'
    )
  })

  it('wants the Python that the app is set to, and resets an environment of another one', async () => {
    await az.change({ sites: [{ ...site, linuxFxVersion: 'PYTHON|3.12' }] })
    const run = await main()
    expect(run.outputs).toMatchObject({
      result: 'reset',
      reason: 'python-version-changed',
      'python-version-found': '3.11',
      'python-version-wanted': '3.12'
    })
    expect(annotations(run.log, 'warning')).toEqual([])
  })

  it('warns where the workflow wants another Python than the app is set to, and changes nothing for it', async () => {
    const run = await main({ 'python-version': '3.12' })
    expect(run.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date', 'python-version-wanted': '3.11' })
    expect(annotations(run.log, 'warning')).toEqual([
      expect.stringContaining(
        'az webapp config set --name demo-app --resource-group demo-group --linux-fx-version "PYTHON|3.12"'
      )
    ])
  })
})

describe('one clear error, before anything is connected', () => {
  const misfortune = (command: string, stderr: string, more: object = {}): Partial<AzWorld> => ({
    misfortunes: [{ command, stderr, ...more }]
  })
  const PROFILES = 'webapp deployment list-publishing-profiles'

  it.each<[string, () => Partial<AzWorld>, Readonly<Record<string, string>>, RegExp]>([
    ['nobody is signed in', () => ({ signedIn: false }), {}, /az\) is not signed in.*azure\/login/],
    ['there is no such app', () => ({ sites: [] }), {}, /There is no sign of the app "demo-app" in the subscription/],
    ['there is no such group', () => ({}), { 'resource-group-name': 'other' }, /in the resource group "other"/],
    ['there is no such slot', () => ({}), { 'slot-name': 'blue' }, /no sign of the slot "blue" of the app "demo-app"/],
    [
      'there are two of that name',
      () => ({ sites: [site, { ...site, resourceGroup: 'second' }] }),
      {},
      /name the resource group in "resource-group-name", one of demo-group, second/
    ],
    [
      'the identity may not publish',
      () => ({ forbidden: ['Microsoft.Web/sites/publishxml/action'] }),
      {},
      /no permission to publish to the app "demo-app"\. Give it the role Website Contributor/
    ],
    [
      'the policy is off',
      () => ({ sites: [{ ...site, ftpBasicAuth: false }] }),
      {},
      /az resource update .*--set properties\.allow=true/
    ],
    ['FTP is off', () => ({ sites: [{ ...site, ftpsState: 'Disabled' }] }), {}, /--ftps-state FtpsOnly/],
    [
      'the profile holds no password',
      () => ({ sites: [{ ...site, profile: site.profile.replaceAll(/userPWD="[^"]*"/g, 'userPWD=""') }] }),
      {},
      /has an empty password for FTP/
    ],
    [
      'az prints something else',
      () => misfortune(PROFILES, '', { stdout: '<html>', exitCode: 0 }),
      {},
      /answered something else than the publish profile/
    ],
    [
      'az breaks',
      () => misfortune(PROFILES, 'Traceback\nImportError: cannot import name x\n'),
      {},
      /\(ImportError: cannot import name x\)/
    ],
    ['the name is none', () => ({}), { 'app-name': '@secrets.json' }, /"app-name" is "@secrets\.json": write the name/]
  ])('%s', async (_, world, inputs, message) => {
    await az.change(world())
    const run = await main(inputs)
    expect(annotations(run.log, 'error')).toEqual([expect.stringMatching(message)])
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ result: 'failed', 'recommended-clean': '' })
    expect(lab.app.ftp.transcript).toEqual([])
    expect(shown(run)).not.toContain(lab.app.password)
    const post = await lab.step('post', {
      env: env(),
      with: { ...signedIn, ...inputs },
      state: run.state,
      jobStatus: 'failure'
    })
    expect(post).toMatchObject({ exitCode: 0, log: '' })
  })

  it('there is no az', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'empty-'))
    const run = await main({}, { PATH: empty })
    await rm(empty, { recursive: true })
    expect(annotations(run.log, 'error')).toEqual([expect.stringMatching(/this runner has none\. Install it/)])
    expect(lab.app.ftp.transcript).toEqual([])
  })

  it.skipIf(process.platform === 'win32')(
    'az cannot be started, which needs a script that names its interpreter',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'broken-'))
      await writeFile(join(folder, 'az'), '#!/no/such/interpreter\n')
      await chmod(join(folder, 'az'), 0o755)
      const run = await main({}, { PATH: folder })
      await rm(folder, { recursive: true })
      expect(annotations(run.log, 'error')).toEqual([expect.stringContaining('could not be started')])
    }
  )
})

describe('the post step', () => {
  it('warns once where az gives no answer any more, and the next run settles what is set aside', async () => {
    const { state } = await main({ 'reset-env': 'true' })
    await lab.deploy('venv-tree', '3.11')
    await az.change({ signedIn: false })
    const post = await lab.step('post', { env: env(), state, with: signedIn, jobStatus: 'success' })
    expect(post.exitCode).toBe(0)
    expect(annotations(post.log, 'warning')).toEqual([
      expect.stringMatching(/^The post step did not come to its end.*not signed in/)
    ])
    expect(await lab.trash()).not.toEqual([])
    await az.change({ signedIn: true })
    const next = await lab.job('venv-tree', { env: env(), with: signedIn })
    expect(next.main.exitCode).toBe(0)
    expect(await lab.trash()).toEqual([])
  })
})

// Only there can a signal be sent to a step.
describe.skipIf(process.platform === 'win32')('a step that is told to stop while az hangs', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends at once after %s, and az with it', async signal => {
    await az.change({ misfortunes: [{ command: 'resource list', hangs: true }] })
    const started = Promise.withResolvers<() => void>()
    const run = lab.step('main', {
      env: env(),
      with: signedIn,
      onStart: child => {
        started.resolve(() => void child.kill(signal))
      }
    })
    const stop = await started.promise
    const pid = await pidOf()
    const stoppedAt = Date.now()
    stop()
    const { exitCode, log } = await run
    expect(Date.now() - stoppedAt).toBeLessThan(2000)
    expect(exitCode).toBe(1)
    expect(annotations(log, 'error')).toEqual(['The run was told to stop'])
    await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false)
  })
})

async function pidOf(): Promise<number> {
  let pid = 0
  await expect
    .poll(async () => (pid = (await az.calls())[0]?.pid ?? 0), { timeout: 10_000, interval: 50 })
    .toBeGreaterThan(0)
  return pid
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
