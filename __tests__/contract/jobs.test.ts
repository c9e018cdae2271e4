// What a job does beyond the matrix of the layouts: comparing, sweeping at once, servers that refuse to rename.
import { afterEach, expect, it } from 'vitest'
import { annotations } from '../../tools/github-runner.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const changed = { 'python-version': '3.12' }
const same = { 'python-version': '3.11' }
const forced = { ...same, 'reset-env': 'true' }

it('a reset rids the environment of what an earlier deployment left there', async () => {
  lab = await startLab({ layout: 'venv-tree', requirements: ['alpha==1.0', 'beta==1.0'] })
  const { makePackage } = await import('../../tools/local-appservice/sites.ts')
  await makePackage(lab.packageDir, ['alpha==1.0'])
  await lab.deploy('venv-tree', '3.11')
  expect((await lab.tree()).some(line => line.includes('beta-1.0.dist-info'))).toBe(true)

  const { post } = await lab.job('venv-tree', { with: { 'reset-env': 'true' }, serverPython: '3.11' })

  expect((await lab.tree()).some(line => line.includes('beta'))).toBe(false)
  expect((await lab.tree()).some(line => line.includes('alpha-1.0.dist-info'))).toBe(true)
  expect(post.summary).toContain('`beta` | `1.0` → `gone`')
})

it('warns when the server builds with another version than the one that is wanted, and says which setting decides', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const { post } = await lab.job('venv-tree', { with: changed, serverPython: '3.11' })
  expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('--linux-fx-version "PYTHON|3.12"')])
})

it('does not compare with "verify" off, and still puts back', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const good = await lab.job('venv-tree', { with: { ...changed, verify: 'false' }, serverPython: '3.11' })
  expect(annotations(good.post.log, 'warning')).toEqual([])
  const failing = await lab.job('venv-tree', {
    with: { ...changed, 'reset-env': 'true', verify: 'false' },
    build: 'failing'
  })
  expect(failing.post.log).toContain('Put back: /site/wwwroot/antenv')
})

it('removes the windows environment by renaming it where Kudu’s script will not run', async () => {
  lab = await startLab({ layout: 'windows-env', python: '3.4' })
  const { writeFile } = await import('node:fs/promises')
  await writeFile(`${lab.packageDir}/.skipPythonDeployment`, '')
  const main = await lab.step('main', { with: { 'reset-env': 'true' } })
  expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename', 'env-path': '/site/wwwroot/env' })
  expect((await lab.tree()).some(line => line.startsWith('wwwroot/env/'))).toBe(false)
  await lab.step('post', { state: main.state, jobStatus: 'failure' })
  expect(await lab.tree()).toContain('wwwroot/env/azure.env.python-3.4.txt')
})

it('sweeps at once with "sweep: main", counts the files, and warns when nothing rebuilds it', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const files = (await lab.tree()).filter(line => line.startsWith('wwwroot/antenv/') && !line.endsWith('/')).length
  const { main, post } = await lab.job('venv-tree', { with: { ...forced, sweep: 'main' }, build: 'none' })
  expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename', 'files-deleted': String(files) })
  expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('nothing has rebuilt it')])
  expect(await lab.trash()).toEqual([])
})

it('deletes in place where the server refuses every rename, and leaves its neighbours alone', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  lab.app.ftp.refuseRename = () => true
  const others = (await lab.tree()).filter(line => !line.startsWith('wwwroot/antenv'))
  const main = await lab.step('main', { with: forced })
  expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'in-place' })
  expect(Number(main.outputs['files-deleted'])).toBeGreaterThan(10)
  expect((await lab.tree()).filter(line => !line.startsWith('.azure-python-env'))).toEqual(others)
})
