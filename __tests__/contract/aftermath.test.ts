// After the deployment: left-overs, locks, half-built successors, archives, and texts from a hostile server.
import { cp, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { annotations } from '../../tools/github-runner.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const forced = { 'reset-env': 'true' }

describe('locks', () => {
  it('waits for a running deployment, and then looks at what it left', { timeout: 40_000 }, async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const lock = await holdLock()
    const release = setTimeout(() => void rm(lock, { recursive: true }), 3000)
    const run = await lab.step('main', { with: forced })
    clearTimeout(release)
    expect(run.log).toContain('A deployment is running (/site/locks/deployment/info.lock')
    expect(run.outputs).toMatchObject({ result: 'reset', strategy: 'rename' })
  })

  it('touches nothing in the post step while a deployment is running, and the next run settles it', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const main = await lab.step('main', { with: forced })
    const lock = await holdLock()
    const before = await lab.tree()
    const post = await lab.step('post', { state: main.state })
    expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('still running')])
    expect(await lab.tree()).toEqual(before)
    await rm(lock, { recursive: true })
    const next = await lab.job('venv-tree', { build: 'failing' })
    expect(next.post.log).toContain('Put back: /site/wwwroot/antenv')
    expect(await lab.trash()).toEqual([])
  })

  async function holdLock(): Promise<string> {
    const lock = join(lab.app.home, 'site', 'locks', 'deployment')
    await mkdir(lock, { recursive: true })
    const lockExpiry = new Date(Date.now() + 600_000).toISOString()
    await writeFile(join(lock, 'info.lock'), JSON.stringify({ heldByPID: 1, lockExpiry }))
    return lock
  }
})

describe('what took the place of the environment', () => {
  it('a half-built one makes room for the old one where the job failed', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const before = await lab.tree()
    const main = await lab.step('main', { with: forced })
    await halfBuild()
    const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
    expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('put back')])
    expect((await lab.tree()).filter(line => !line.startsWith('.azure'))).toEqual(before)
    expect(await lab.trash()).toEqual([])
  })

  it('a half-built one stays where the job succeeded, with the copy kept and a warning', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const main = await lab.step('main', { with: forced })
    await halfBuild()
    const post = await lab.step('post', { state: main.state, jobStatus: 'success' })
    expect(post.log).toContain('Still set aside: /site/wwwroot/antenv')
    expect(await lab.trash()).not.toEqual([])
    expect(await lab.tree()).not.toContain('wwwroot/antenv/bin/activate')
  })

  it('a copy that cannot be put back is kept, and the warning says where it lies', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const main = await lab.step('main', { with: forced })
    lab.app.ftp.refuseRename = () => true
    const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
    expect(post.exitCode).toBe(0)
    expect(annotations(post.log, 'warning')).toEqual([
      expect.stringMatching(/still set aside as .*trash-.*could not be put back/)
    ])
    expect(await lab.trash()).not.toEqual([])
    lab.app.ftp.refuseRename = undefined
    const next = await lab.job('venv-tree', { build: 'failing' })
    expect(next.post.log).toContain('Put back')
  })

  it('does not put an environment beside an app that is compressed now', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const { post } = await lab.job('compressed-app', { with: forced })
    expect(post.log).toContain('Swept')
    expect((await lab.tree()).some(line => line.startsWith('wwwroot/antenv'))).toBe(false)
    expect(annotations(post.log, 'warning')).toEqual([])
  })

  async function halfBuild(): Promise<void> {
    await mkdir(join(lab.wwwroot, 'antenv', 'bin'), { recursive: true })
    await writeFile(join(lab.wwwroot, 'antenv', 'pyvenv.cfg'), 'home = /usr/bin\nversion = 3.11.2\n')
    await writeFile(join(lab.wwwroot, 'antenv', 'bin', 'python'), '')
  }
})

describe('the left-over archive of a compressed app', () => {
  it('is set aside in an ordinary run, and swept when the deployment has left one', async () => {
    lab = await startLab({ layout: 'compressed-app' })
    await leaveArchive()
    const { main, post } = await lab.job('compressed-app')
    expect(main.outputs).toMatchObject({
      result: 'reset',
      reason: 'stale-archive',
      strategy: 'archive',
      'recommended-clean': ''
    })
    expect(post.log).toContain('Swept')
    expect(await lab.tree()).not.toContain('wwwroot/output.tar.zst')
    expect(await lab.trash()).toEqual([])
  })

  it('goes back only if no archive is left at all', async () => {
    lab = await startLab({ layout: 'compressed-app' })
    await leaveArchive()
    const main = await lab.step('main')
    await rm(join(lab.wwwroot, 'output.tar.gz'))
    const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
    expect(post.log).toContain('Put back: /site/wwwroot/output.tar.zst')
    expect(await readFile(join(lab.wwwroot, 'output.tar.zst'), 'utf8')).toBe('of an earlier build')
  })

  it('stays with "reset-mode: never", and while it is not certain which one is stale', async () => {
    lab = await startLab({ layout: 'compressed-app' })
    await leaveArchive()
    const never = await lab.step('main', { with: { 'reset-mode': 'never' } })
    expect(never.outputs['reason']).toBe('rebuilt-on-deploy')
    await utimes(join(lab.wwwroot, 'output.tar.zst'), new Date(), new Date())
    const unclear = await lab.step('main')
    expect(unclear.outputs['reason']).toBe('rebuilt-on-deploy')
    expect(annotations(unclear.log, 'warning')).toEqual([expect.stringContaining('two archives')])
    expect(await lab.tree()).toEqual(expect.arrayContaining(['wwwroot/output.tar.gz', 'wwwroot/output.tar.zst']))
  })

  async function leaveArchive(): Promise<void> {
    const archive = join(lab.wwwroot, 'output.tar.zst')
    await writeFile(archive, 'of an earlier build')
    const earlier = new Date(Date.now() - 3_600_000)
    await utimes(archive, earlier, earlier)
  }
})

describe('what else lies in wwwroot', () => {
  it('several environments are unknown: preserved with the names, refused when a reset is demanded, settled by "env-path"', async () => {
    lab = await startLab({ layout: 'venv-tree-script' })
    for (const name of ['one', 'two'])
      await cp(join(lab.wwwroot, 'antenv'), join(lab.wwwroot, name), { recursive: true })
    await rm(join(lab.wwwroot, 'antenv'), { recursive: true })
    const preserved = await lab.step('main')
    expect(preserved.outputs).toMatchObject({
      result: 'preserved',
      reason: 'unknown',
      layout: 'unknown',
      'recommended-clean': 'false'
    })
    expect(annotations(preserved.log, 'warning')[0]).toContain('(one, two)')
    const refused = await lab.step('main', { with: forced })
    expect(annotations(refused.log, 'error')[0]).toMatch(/one, two.*"env-path"/)
    const named = await lab.step('main', { with: { ...forced, 'env-path': 'two' } })
    expect(named.outputs).toMatchObject({ result: 'reset', 'env-path': '/site/wwwroot/two' })
    expect(await lab.tree()).toContain('wwwroot/one/bin/activate')
  })

  it('an "env-path" that is not there is absent, and one that is no environment is an error in any mode', async () => {
    lab = await startLab({ layout: 'venv-tree-script' })
    await mkdir(join(lab.wwwroot, 'static'))
    await writeFile(join(lab.wwwroot, 'static', 'site.css'), '')
    await mkdir(join(lab.wwwroot, 'empty'))
    const empty = await lab.step('main', { with: { 'env-path': 'empty' } })
    expect(empty.outputs['reason']).toBe('absent')
    const absent = await lab.step('main', { with: { 'env-path': 'venv' } })
    expect(absent.outputs['reason']).toBe('absent')
    const wrong = await lab.step('main', { with: { 'env-path': 'static' } })
    expect(wrong.exitCode).toBe(1)
    expect(annotations(wrong.log, 'error')[0]).toMatch(/"env-path" names \/site\/wwwroot\/static, which is not proven/)
  })

  // Windows has no such file names.
  it.skipIf(process.platform === 'win32')('names that would act in a log or in Markdown are only shown', async () => {
    lab = await startLab({ layout: 'venv-tree-script' })
    const names = ['::error::forged', '##[error]forged', '<b>x</b>', '[a](http://evil.example)', '| cell', '`tick']
    for (const name of names)
      await cp(join(lab.wwwroot, 'antenv'), join(lab.wwwroot, name.replaceAll('/', '_')), { recursive: true })
    await rm(join(lab.wwwroot, 'antenv'), { recursive: true })
    const run = await lab.step('main')
    expect(annotations(run.log, 'error')).toEqual([])
    expect(annotations(run.log, 'warning')).toHaveLength(1)
    expect(run.log).not.toContain('##[')
    expect(run.summary).not.toContain('<b>')
    expect(run.summary).not.toContain('[a](')
  })
})

it('goes on with one connection where the server allows no more', async () => {
  lab = await startLab({ layout: 'venv-tree' }, { maxConnections: 1 })
  const { post } = await lab.job('venv-tree', { with: forced })
  expect(post.log).toContain('Swept')
  expect(await lab.trash()).toEqual([])
})

it('reports a file that cannot be swept, and the next run sweeps it', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await lab.step('main', { with: forced })
  await lab.deploy('venv-tree', '3.11')
  lab.app.ftp.hook = ({ verb, argument }) =>
    /^(DELE|RNFR)$/.test(verb) && argument.endsWith('/activate')
      ? { reply: '550 The process cannot access the file.' }
      : undefined
  const post = await lab.step('post', { state: main.state })
  expect(post.exitCode).toBe(0)
  expect(annotations(post.log, 'warning')).toEqual([expect.stringMatching(/could not be deleted.*activate/)])
  lab.app.ftp.hook = undefined
  const next = await lab.job('venv-tree')
  expect(next.main.outputs['reason']).toBe('up-to-date')
  expect(await lab.trash()).toEqual([])
})

it('keeps a copy that the server does not let go, without touching a file of it', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await lab.step('main', { with: forced })
  await lab.deploy('venv-tree', '3.11')
  const copies = await lab.trash()
  lab.app.ftp.lockedFiles.add(`/site/.azure-python-env/${copies.find(line => line.endsWith('activate')) ?? ''}`)
  const post = await lab.step('post', { state: main.state })
  expect(annotations(post.log, 'warning')).toEqual([expect.stringMatching(/still set aside.*refuses to delete it/)])
  expect(await lab.trash()).toEqual(copies)
  lab.app.ftp.lockedFiles.clear()
  await lab.job('venv-tree')
  expect(await lab.trash()).toEqual([])
})

it('a post step that cannot log in any more warns and stays green', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await lab.step('main', { with: forced })
  lab.app.ftp.refuseLogin = '530 User cannot log in.'
  const post = await lab.step('post', { state: main.state })
  expect(post.exitCode).toBe(0)
  expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('is left to the next run')])
})

// On Windows a process cannot be sent a signal that it could act on.
it.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)(
  'stops within two seconds of %s, and the post step undoes what was begun',
  async signal => {
    lab = await startLab({ layout: 'venv-tree' })
    const before = await lab.tree()
    let child: { kill(signal: NodeJS.Signals): boolean } | undefined
    let stopped = 0
    lab.app.ftp.hook = ({ verb }) => {
      if (verb !== 'RNTO') return undefined
      stopped = Date.now()
      child?.kill(signal)
      return { delayMs: 20_000 }
    }
    const run = await lab.step('main', { with: forced, onStart: started => (child = started) })
    const settledMs = Date.now() - stopped
    lab.app.ftp.hook = undefined
    expect(run.exitCode).toBe(1)
    expect(settledMs).toBeLessThan(2000)
    expect(annotations(run.log, 'error')).toEqual([expect.stringContaining('told to stop')])
    expect(run.outputs['result']).toBe('failed')
    await lab.step('post', { state: run.state, jobStatus: 'cancelled' })
    expect((await lab.tree()).filter(line => !line.startsWith('.azure'))).toEqual(before)
  }
)
