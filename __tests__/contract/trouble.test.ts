// Servers and moments that go wrong: lost lines, silence, refusals, odd names, links, and a sweep that is cut.
import { createServer, type Socket } from 'node:net'
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { annotations } from '../../tools/github-runner.ts'
import type { CommandHook } from '../../tools/local-appservice/ftp-server.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const forced = { 'reset-env': 'true' }
const environment = (): Promise<readonly string[]> => lab.below('wwwroot/antenv/')

/** Cuts or refuses the n-th command that fits, and lets all others through. */
function once(fits: (verb: string, argument: string) => boolean, n: number, fault: object): CommandHook {
  let seen = 0
  return ({ verb, argument }) => (fits(verb, argument) && ++seen === n ? fault : undefined)
}

/** Cuts or refuses the n-th command that fits, and all that fit after it. */
function from(fits: (verb: string, argument: string) => boolean, n: number, fault: object): CommandHook {
  let seen = 0
  return ({ verb, argument }) => (fits(verb, argument) && ++seen >= n ? fault : undefined)
}

const sweeping = (verb: string, argument: string): boolean =>
  (verb === 'DELE' || verb === 'RMD') && argument.startsWith('/site/.azure-python-env/')

describe('a sweep that is cut', () => {
  it.each([1, 2, 3, 5, 9, 17, 30])(
    'at command %i of the post step and whenever it is begun anew ends, and the rest is never put back',
    async n => {
      lab = await startLab({ layout: 'venv-tree' })
      const main = await lab.step('main', { with: forced })
      await lab.deploy('venv-tree', '3.11')
      lab.app.ftp.hook = from(sweeping, n, { cut: 'before' })
      const post = await lab.step('post', { state: main.state })
      expect(post.exitCode).toBe(0)
      expect(annotations(post.log, 'warning')).toHaveLength(1)
      lab.app.ftp.hook = undefined

      // Whatever happens to the environment afterwards, a copy with files missing must not come back as one.
      await rm(join(lab.wwwroot, 'antenv'), { recursive: true })
      const next = await lab.job('venv-tree', { build: 'failing' })
      expect(next.post.log).not.toContain('Put back')
      expect(await environment()).toEqual([])
      expect(await lab.trash()).toEqual([])
    }
  )

  it.each([1, 4, 12])(
    'at command %i of "sweep: main" is made good by the post step, and the rest is never put back',
    async n => {
      lab = await startLab({ layout: 'venv-tree' })
      lab.app.ftp.hook = from(sweeping, n, { cut: 'before' })
      const main = await lab.step('main', { with: { ...forced, sweep: 'main' } })
      lab.app.ftp.hook = undefined
      expect(main.exitCode).toBe(0)
      expect(annotations(main.log, 'warning')).toEqual([expect.stringContaining('the post step does it')])
      const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
      expect(post.log).not.toContain('Put back')
      expect(await environment()).toEqual([])
      expect(await lab.trash()).toEqual([])
    }
  )

  it.each([1, 4, 12])('once, at command %i, goes on over a new connection', async n => {
    lab = await startLab({ layout: 'venv-tree' })
    const main = await lab.step('main', { with: { ...forced, connections: '1' } })
    await lab.deploy('venv-tree', '3.11')
    lab.app.ftp.hook = once(sweeping, n, { cut: 'before' })
    const post = await lab.step('post', { state: main.state })
    expect(annotations(post.log, 'warning')).toEqual([])
    expect(post.log).toMatch(/^Connections: \d+, 1 of them in the place of a lost one$/m)
    expect(await lab.trash()).toEqual([])
  })
})

describe('a line that is lost', () => {
  it.each(['before', 'after'] as const)(
    'during the undo, %s any one command, is made good by a new connection',
    async cut => {
      lab = await startLab({ layout: 'venv-tree' })
      const before = await environment()
      for (let n = 1; n < 40; n++) {
        const main = await lab.step('main', { with: forced })
        expect(await environment()).toEqual([])
        let seen = 0
        lab.app.ftp.hook = ({ count, verb }) => (count > 0 && verb !== 'EPSV' && ++seen === n ? { cut } : undefined)
        const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
        lab.app.ftp.hook = undefined
        expect(post.log, `cut ${cut} command ${n}`).toContain('Put back')
        expect(await environment()).toEqual(before)
        expect(await lab.trash()).toEqual([])
        if (seen < n) return
      }
      throw new Error('the undo takes more commands than expected')
    }
  )

  it('after the rename was carried out does not fail the reset', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    lab.app.ftp.hook = once(verb => verb === 'RNTO', 1, { cut: 'after' })
    const { main } = await lab.job('venv-tree', { with: forced, serverPython: '3.11' })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename' })
    expect(await lab.trash()).toEqual([])
  })

  it('a data connection that the server cannot open (425) is tried on a new session', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    lab.app.ftp.hook = once(verb => verb === 'LIST', 3, { reply: '425 Cannot open data connection.' })
    const main = await lab.step('main', { with: { 'python-version': '3.11' } })
    expect(main.outputs['reason']).toBe('up-to-date')
  })
})

describe('a server that says nothing', () => {
  it.each([
    ['timeout', undefined],
    ['SIGTERM', 'SIGTERM']
  ] as const)('after AUTH TLS is left at the %s, with all outputs set', async (_, signal) => {
    lab = await startLab()
    const sockets: Socket[] = []
    let child: { kill(signal: NodeJS.Signals): boolean } | undefined
    const server = createServer(socket => {
      sockets.push(socket.on('error', () => undefined))
      socket.write('220 Microsoft FTP Service\r\n')
      socket.on('data', data => {
        if (!data.toString().startsWith('AUTH')) return
        socket.write('234 AUTH command ok.\r\n')
        if (signal) child?.kill(signal)
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const started = Date.now()
    const run = await lab.step('main', {
      with: {
        'publish-profile': '',
        'ftp-url': `ftp://localhost:${port}`,
        'ftp-username': 'a\\$a',
        'ftp-password': 'x',
        'reset-env': 'true',
        timeout: signal ? '600' : '1'
      },
      onStart: started => (child = started)
    })
    server.close()
    for (const socket of sockets) socket.destroy()
    expect(Date.now() - started).toBeLessThan(5000)
    expect(run.exitCode).toBe(1)
    expect(run.outputs['result']).toBe('failed')
    expect(annotations(run.log, 'error')).toEqual([expect.stringMatching(signal ? /told to stop/ : /silent for 1 s/)])
  })
})

describe('a server that refuses', () => {
  it('our own folder: an error before anything is changed, not a deletion in place', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const before = await lab.tree()
    lab.app.ftp.hook = ({ verb }) => (verb === 'MKD' ? { reply: '550 Access is denied.' } : undefined)
    const run = await lab.step('main', { with: forced })
    expect(annotations(run.log, 'error')).toEqual([expect.stringMatching(/cannot be made.*nothing was changed/)])
    expect(await lab.tree()).toEqual(before)
  })

  it('a rename for the moment (450) is asked once more, and not taken for one that never renames', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    lab.app.ftp.hook = once(verb => verb === 'RNTO', 1, { reply: '450 The file is busy.' })
    expect((await lab.step('main', { with: forced })).outputs['strategy']).toBe('rename')
  })

  it('renames and one file: the file is named, with the remedy, and the next run finishes', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    lab.app.ftp.refuseRename = (from, to) => !from.startsWith('/site/.azure') && !to.includes('marker')
    lab.app.ftp.lockedFiles.add('/site/wwwroot/antenv/lib/python3.11/site-packages/alpha/__init__.py')
    const run = await lab.step('main', { with: forced })
    expect(run.outputs).toMatchObject({ result: 'failed', strategy: 'in-place' })
    expect(annotations(run.log, 'error')[0]).toMatch(/__init__\.py.*stop the app, then run the workflow again/)
    const post = await lab.step('post', { state: run.state, jobStatus: 'failure' })
    expect(annotations(post.log, 'warning')[0]).toContain('not whole')
    lab.app.ftp.lockedFiles.clear()
    const next = await lab.job('venv-tree', { with: { 'python-version': '3.11' }, serverPython: '3.11' })
    expect(next.main.outputs).toMatchObject({ result: 'reset', reason: 'broken' })
  })

  it('to move a running windows environment, but not what is in use in it: that is moved aside', async () => {
    lab = await startLab({ layout: 'windows-env', python: '3.4' })
    await writeFile(join(lab.packageDir, '.skipPythonDeployment'), '')
    lab.app.ftp.lockedFiles.add('/site/wwwroot/env/Scripts/python.exe')
    const main = await lab.step('main', { with: forced })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'in-place' })
    expect(main.log).toMatch(/1 file is in use and lies in \S+ now, where a later run deletes it: python\.exe/)
    expect(await lab.below('wwwroot/env/')).toEqual([])
    await lab.deploy('windows-env', '3.4')
    const post = await lab.step('post', { state: main.state, jobStatus: 'success' })
    expect(annotations(post.log, 'warning').join()).not.toContain('could not be deleted')
    expect(post.summary).toContain('| Files in use, left to a later run | 1 |')
    lab.app.ftp.lockedFiles.clear()
    const next = await lab.step('main', { with: { 'reset-mode': 'never' } })
    await lab.step('post', { state: next.state })
    expect(await lab.trash()).toEqual([])
  })

  it('to move a running windows environment, and what is in use in it: its marker goes back', async () => {
    lab = await startLab({ layout: 'windows-env', python: '3.4' })
    await writeFile(join(lab.packageDir, '.skipPythonDeployment'), '')
    const before = await lab.tree()
    lab.app.ftp.lockedFiles.add('/site/wwwroot/env/Scripts/python.exe')
    lab.app.ftp.refuseRename = from => from.endsWith('.exe')
    const run = await lab.step('main', { with: forced })
    expect(annotations(run.log, 'error')[0]).toMatch(/python\.exe.*stop the app/)
    const post = await lab.step('post', { state: run.state, jobStatus: 'failure' })
    expect(post.log).toContain('Put back: /site/wwwroot/env/azure.env.python-3.4.txt')
    expect((await lab.tree()).filter(line => !line.startsWith('.azure'))).toEqual(before)
  })
})

describe('what lies beside the environment', () => {
  it('a folder that cannot be listed does not stop a deployment, nor the undo', async () => {
    lab = await startLab({ layout: 'venv-tree-script' })
    await mkdir(join(lab.wwwroot, 'closed'))
    const before = await environment()
    const main = await lab.step('main', { with: forced })
    lab.app.ftp.hook = ({ verb, argument }) =>
      verb === 'LIST' && argument.endsWith('/closed') ? { reply: '550 Access is denied.' } : undefined
    const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
    expect(post.log).toContain('Put back')
    expect(await environment()).toEqual(before)
    await rm(join(lab.wwwroot, 'antenv'), { recursive: true })
    const doubtful = await lab.step('main')
    expect(doubtful.exitCode).toBe(0)
    expect(annotations(doubtful.log, 'warning')[0]).toContain('closed')
  })

  // Windows has no such file names.
  it.skipIf(process.platform === 'win32')(
    'names with a line break or a backslash do not stop a run, nor the undo',
    async () => {
      lab = await startLab({ layout: 'venv-tree' })
      await writeFile(join(lab.wwwroot, 'two\nlines'), '')
      await mkdir(join(lab.wwwroot, 'back\\slash'))
      const before = await environment()
      const { main, post } = await lab.job('venv-tree', { with: forced, build: 'failing' })
      expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename' })
      expect(post.log).toContain('Put back')
      expect(await environment()).toEqual(before)
    }
  )

  it('links that are listed as folders are removed in place, and what they point to stays', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    await mkdir(join(lab.wwwroot, 'tools'))
    await writeFile(join(lab.wwwroot, 'tools', 'precious'), 'yes')
    await rm(join(lab.wwwroot, 'antenv', 'include'), { recursive: true, force: true })
    await symlink('../tools', join(lab.wwwroot, 'antenv', 'include'))
    await rm(join(lab.wwwroot, 'antenv', 'bin'), { recursive: true })
    await symlink('../tools', join(lab.wwwroot, 'antenv', 'bin'))
    lab.app.ftp.refuseRename = () => true
    const run = await lab.step('main', { with: forced })
    expect(run.outputs).toMatchObject({ result: 'reset', strategy: 'in-place' })
    expect(await readFile(join(lab.wwwroot, 'tools', 'precious'), 'utf8')).toBe('yes')
    expect(await environment()).toEqual([])
  })

  it('an environment that is a link goes as a link', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const { rename } = await import('node:fs/promises')
    await rename(join(lab.wwwroot, 'antenv'), join(lab.wwwroot, 'real'))
    await symlink('real', join(lab.wwwroot, 'antenv'))
    const real = (await lab.tree()).filter(line => line.startsWith('wwwroot/real/'))
    lab.app.ftp.refuseRename = () => true
    await lab.step('main', { with: forced })
    expect((await lab.tree()).filter(line => line.startsWith('wwwroot/real/'))).toEqual(real)
  })
})

it('a home without wwwroot is an error that says so, never an absent environment', async () => {
  lab = await startLab({}, { personality: 'unix' })
  await rm(join(lab.app.home, 'site', 'wwwroot'), { recursive: true })
  const run = await lab.step('main')
  expect(annotations(run.log, 'error')).toEqual([expect.stringContaining('no /site/wwwroot on the server')])
})

it('a new environment with nothing but pip in it makes room for the old one where the job failed', async () => {
  lab = await startLab({ layout: 'venv-tree-script' })
  const before = await environment()
  const main = await lab.step('main', { with: forced })
  const requirements = await readFile(join(lab.packageDir, 'requirements.txt'), 'utf8')
  await writeFile(join(lab.packageDir, 'requirements.txt'), '')
  await lab.deploy('venv-tree-script', '3.11')
  await writeFile(join(lab.packageDir, 'requirements.txt'), requirements)
  const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
  expect(post.log).toContain('Put back: /site/wwwroot/antenv')
  expect(await environment()).toEqual(before)
})
