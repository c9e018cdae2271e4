// What becomes of a copy when the post step does not see, or does not get, what it expects.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { annotations } from '../../tools/github-runner.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const forced = { 'reset-env': 'true' }
const environment = (): Promise<readonly string[]> => lab.below('wwwroot/antenv/')

const sweeping = (verb: string, argument: string): boolean =>
  (verb === 'DELE' || verb === 'RMD') && argument.startsWith('/site/.azure-python-env/')

it('a login that is refused in the middle of a sweep is not tried again and again', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await lab.step('main', { with: { ...forced, connections: '4' } })
  await lab.deploy('venv-tree', '3.11')
  lab.app.ftp.clearTranscript()
  let deletions = 0
  lab.app.ftp.hook = ({ verb, argument }) => {
    if (!sweeping(verb, argument) || ++deletions < 10) return undefined
    lab.app.ftp.refuseLogin = '530 User cannot log in.'
    return { cut: 'before' }
  }
  const post = await lab.step('post', { state: main.state })
  expect(post.exitCode).toBe(0)
  expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('the next run goes on')])
  const logins = lab.app.ftp.transcript.filter(({ verb, reply }) => verb === 'PASS' && reply.startsWith('530'))
  expect(logins.length).toBeLessThanOrEqual(4)
})

it('a copy is found where the server shows no names with a leading dot', async () => {
  lab = await startLab({ layout: 'venv-tree' }, { personality: 'unix' })
  const before = await environment()
  lab.app.ftp.hook = ({ verb, argument }) =>
    verb === 'LIST' && argument.startsWith('-a') ? { reply: '501 Option not understood.' } : undefined
  for (let run = 0; run < 2; run++) {
    const main = await lab.step('main', { with: forced })
    expect(main.outputs['strategy']).toBe('rename')
    const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
    expect(post.log).toContain('Put back')
    expect(await environment()).toEqual(before)
  }
})

// Windows has no such file names.
it.skipIf(process.platform === 'win32')(
  'a line that cannot be read and ends with the name does not keep the copy away',
  async () => {
    lab = await startLab({ layout: 'venv-tree' })
    await writeFile(join(lab.wwwroot, 'notes\nmy old antenv'), '')
    const before = await environment()
    const { main, post } = await lab.job('venv-tree', { with: forced, build: 'failing' })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename' })
    expect(post.log).toContain('Put back')
    expect(await environment()).toEqual(before)
  }
)

it('a new environment is neither swept nor replaced when it could not be seen whole', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await lab.step('main', { with: { 'python-version': '3.12' } })
  await lab.deploy('venv-tree', '3.12')
  const [built, copies] = [await environment(), await lab.trash()]
  lab.app.ftp.hook = ({ verb, argument }) =>
    verb === 'LIST' && argument.endsWith('/wwwroot/antenv/lib') ? { reply: '550 Access is denied.' } : undefined
  for (const jobStatus of ['failure', 'success'] as const) {
    const post = await lab.step('post', { state: main.state, jobStatus })
    expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('not seen whole')])
    expect([await environment(), await lab.trash()]).toEqual([built, copies])
  }
  lab.app.ftp.hook = undefined
  await lab.step('post', { state: main.state })
  expect(await lab.trash()).toEqual([])
})

it('a nested environment goes back although a clean deployment wiped the folder it lay in', async () => {
  lab = await startLab({ layout: 'venv-tree-script' })
  await mkdir(join(lab.wwwroot, 'backend'))
  await rename(join(lab.wwwroot, 'antenv'), join(lab.wwwroot, 'backend', 'venv'))
  const before = await lab.below('wwwroot/backend/')
  const main = await lab.step('main', { with: { ...forced, 'env-path': 'backend/venv' } })
  await rm(join(lab.wwwroot, 'backend'), { recursive: true })
  const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
  expect(post.log).toContain('Put back: /site/wwwroot/backend/venv')
  expect(await lab.below('wwwroot/backend/')).toEqual(before)
})
