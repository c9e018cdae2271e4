// The whole job per layout: forced or not, with a deployment that is good, fails, or builds nothing.
import { afterEach, expect, it } from 'vitest'
import type { Build, Layout } from '../../tools/local-appservice/kudu.ts'
import { annotations } from '../../tools/github-runner.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

interface Story {
  readonly layout: Layout
  readonly with: Readonly<Record<string, string>>
  readonly build: Build
  readonly result: string
  readonly reason: string
  readonly strategy: string
  /** `same`: what lay there before, to the last path; `new`: what the server built; `as-built`: left to the build. */
  readonly after: 'same' | 'new' | 'gone'
  readonly warnings: number
}

const changed = { 'python-version': '3.12' }
const same = { 'python-version': '3.11' }
const forced = { ...same, 'reset-env': 'true' }
const win = (inputs: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  ...inputs,
  'python-version': inputs['python-version'] === '3.12' ? '3.6' : '3.4'
})

const stories: readonly Story[] = [
  ...(['venv-tree', 'venv-tree-script'] as const).flatMap((layout): readonly Story[] => [
    {
      layout,
      with: same,
      build: 'good',
      result: 'preserved',
      reason: 'up-to-date',
      strategy: 'none',
      after: 'same',
      warnings: 0
    },
    {
      layout,
      with: changed,
      build: 'good',
      result: 'reset',
      reason: 'python-version-changed',
      strategy: 'rename',
      after: 'new',
      warnings: 0
    },
    {
      layout,
      with: changed,
      build: 'failing',
      result: 'reset',
      reason: 'python-version-changed',
      strategy: 'rename',
      after: 'same',
      warnings: 1
    },
    {
      layout,
      with: changed,
      build: 'none',
      result: 'reset',
      reason: 'python-version-changed',
      strategy: 'rename',
      after: 'same',
      warnings: 1
    },
    {
      layout,
      with: forced,
      build: 'good',
      result: 'reset',
      reason: 'requested',
      strategy: 'rename',
      after: 'new',
      warnings: 0
    },
    {
      layout,
      with: forced,
      build: 'failing',
      result: 'reset',
      reason: 'requested',
      strategy: 'rename',
      after: 'same',
      warnings: 1
    },
    {
      layout,
      with: forced,
      build: 'none',
      result: 'reset',
      reason: 'requested',
      strategy: 'rename',
      after: 'same',
      warnings: 1
    }
  ]),
  {
    layout: 'windows-env',
    with: win(same),
    build: 'good',
    result: 'preserved',
    reason: 'up-to-date',
    strategy: 'none',
    after: 'same',
    warnings: 0
  },
  {
    layout: 'windows-env',
    with: win(changed),
    build: 'good',
    result: 'reset',
    reason: 'python-version-changed',
    strategy: 'marker',
    after: 'new',
    warnings: 0
  },
  {
    layout: 'windows-env',
    with: win(changed),
    build: 'failing',
    result: 'reset',
    reason: 'python-version-changed',
    strategy: 'marker',
    after: 'same',
    warnings: 1
  },
  {
    layout: 'windows-env',
    with: win(changed),
    build: 'none',
    result: 'reset',
    reason: 'python-version-changed',
    strategy: 'marker',
    after: 'same',
    warnings: 1
  },
  {
    layout: 'windows-env',
    with: win(forced),
    build: 'good',
    result: 'reset',
    reason: 'requested',
    strategy: 'marker',
    after: 'new',
    warnings: 0
  },
  {
    layout: 'windows-env',
    with: win(forced),
    build: 'failing',
    result: 'reset',
    reason: 'requested',
    strategy: 'marker',
    after: 'same',
    warnings: 1
  },
  {
    layout: 'windows-env',
    with: win(forced),
    build: 'none',
    result: 'reset',
    reason: 'requested',
    strategy: 'marker',
    after: 'same',
    warnings: 1
  },
  {
    layout: 'compressed-app',
    with: changed,
    build: 'good',
    result: 'rebuilt-on-deploy',
    reason: 'rebuilt-on-deploy',
    strategy: 'none',
    after: 'gone',
    warnings: 0
  },
  {
    layout: 'compressed-app',
    with: forced,
    build: 'good',
    result: 'rebuilt-on-deploy',
    reason: 'rebuilt-on-deploy',
    strategy: 'none',
    after: 'gone',
    warnings: 0
  },
  {
    layout: 'compressed-app',
    with: forced,
    build: 'failing',
    result: 'rebuilt-on-deploy',
    reason: 'rebuilt-on-deploy',
    strategy: 'none',
    after: 'gone',
    warnings: 0
  }
]

it.each(stories)(
  '$layout, $with, deployment $build: $result because of $reason by $strategy, then the environment is $after',
  async ({ layout, with: inputs, build, result, reason, strategy, after, warnings }) => {
    const windows = layout === 'windows-env'
    lab = await startLab({ layout, python: windows ? '3.4' : '3.11' })
    const environment = windows ? 'wwwroot/env/' : 'wwwroot/antenv/'
    const inside = async (): Promise<readonly string[]> =>
      (await lab.tree()).filter(line => line.startsWith(environment) && !line.includes('__pycache__'))
    const before = await inside()

    const { main, post } = await lab.job(layout, { with: inputs, build })

    expect(main.outputs).toMatchObject({ result, reason, strategy })
    expect(main.exitCode).toBe(0)
    expect(post.exitCode).toBe(0)
    expect(annotations(main.log + post.log, 'warning')).toHaveLength(warnings)
    expect(annotations(main.log + post.log, 'error')).toEqual([])
    const now = await inside()
    if (after === 'same') expect(now).toEqual(before)
    if (after === 'gone') expect(now).toEqual([])
    if (after === 'new') {
      const [old, fresh] = windows
        ? ['azure.env.python-3.4.txt', 'azure.env.python-']
        : ['lib/python3.11/', `lib/python${inputs['python-version'] ?? ''}/`]
      expect(now).not.toEqual([])
      if (reason === 'python-version-changed') expect(now.some(line => line.endsWith(old))).toBe(false)
      expect(now.some(line => line.includes(fresh))).toBe(true)
    }
    expect(await lab.trash()).toEqual([])
  }
)

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
  const failing = await lab.job('venv-tree', { with: { ...changed, verify: 'false' }, build: 'failing' })
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
