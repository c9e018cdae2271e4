// "env-path" in all its forms: what it may name, what it finds there, and what it says of what it does not find.
import { cp, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import { contents, expectOnlyWarnings } from './interference.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const ANTENV = '/site/wwwroot/antenv'
const forced = { 'reset-env': 'true' }
const onDisk = (path: string): string => join(lab.wwwroot, ...path.split('/'))

/** A site whose environment lies where `path` says, and nowhere else. */
async function startSiteAt(path: string): Promise<void> {
  lab = await startLab({ layout: 'venv-tree-script' })
  await mkdir(dirname(onDisk(path)), { recursive: true })
  await rename(onDisk('antenv'), onDisk(path))
}

async function look(envPath: string, more: Readonly<Record<string, string>> = {}): Promise<StepRun> {
  const before = await lab.tree()
  const run = await lab.step('main', { with: { 'env-path': envPath, 'python-version': '3.11', ...more } })
  if (more['reset-env'] !== 'true') expect(await lab.tree()).toEqual(before)
  return run
}

describe('a folder', () => {
  const paths: readonly (readonly [string, string, string])[] = [
    ['plain', 'venv', 'venv'],
    ['nested', 'app/venv', 'app/venv'],
    ['deeply nested', 'a/b/c/.venv', 'a/b/c/.venv'],
    ['with ./ before it', 'venv', './venv'],
    ['with a slash at the end', 'venv', 'venv/'],
    ['with two slashes at the end', 'app/venv', 'app/venv//'],
    ['with a blank', 'my app/my venv', 'my app/my venv'],
    ['with letters of other scripts', 'größe/環境', 'größe/環境'],
    ['with brackets', 'app [old] (1)/venv{2}', 'app [old] (1)/venv{2}'],
    ['with signs that a shell or a log would take for its own', 'a;b&c%0A$d/ve\'nv"', 'a;b&c%0A$d/ve\'nv"'],
    ['with dots that climb nowhere', 'app/..venv', 'app/..venv'],
    ['with a dash at the front', '-app/-a venv', '-app/-a venv']
  ]

  // Windows has no such file names.
  const possible = paths.filter(([, path]) => process.platform !== 'win32' || !/["%;&]/.test(path))

  it.each(possible)('%s is found, set aside and put back', async (_, path, written) => {
    await startSiteAt(path)
    const before = await contents(lab)
    const found = await look(written)
    expect(found.outputs, found.log).toMatchObject({ result: 'preserved', 'python-version-found': '3.11' })
    expect(found.outputs['env-path']).toBe(`/site/wwwroot/${path}`)

    const main = await look(written, forced)
    expect(main.outputs, main.log).toMatchObject({ result: 'reset', strategy: 'rename' })
    expect(await lab.below(`wwwroot/${path}/`)).toEqual([])
    const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
    expectOnlyWarnings(post, post.log)
    expect(await contents(lab)).toEqual(before)
    expect(await lab.trash()).toEqual([])
  })

  it.each([
    ['missing', 'nowhere', undefined],
    ['missing below one that is there', 'static/venv', 'static'],
    ['missing below a file', 'app.py/venv', undefined],
    ['written in another case', 'Antenv', undefined],
    ['empty', 'empty', 'empty']
  ])('that is %s is absent, also where a reset is demanded', async (_, path, folder) => {
    lab = await startLab({ layout: 'venv-tree-script' })
    if (folder !== undefined) await mkdir(onDisk(folder))
    const before = await lab.tree()
    for (const demand of [{}, forced]) {
      const run = await look(path, demand)
      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs).toMatchObject({ result: 'absent', reason: 'absent', layout: 'none', 'env-path': '' })
      expect(run.outputs['recommended-clean']).toBe('')
    }
    expect(await lab.tree()).toEqual(before)
  })

  it('that is one of several environments settles which is meant', async () => {
    lab = await startLab({ layout: 'venv-tree-script' })
    await rename(onDisk('antenv'), onDisk('first'))
    await cp(onDisk('first'), onDisk('second'), { recursive: true, verbatimSymlinks: true })
    const doubtful = await look('')
    expect(doubtful.outputs).toMatchObject({ result: 'preserved', reason: 'unknown', layout: 'unknown' })
    expect(annotations(doubtful.log, 'warning')).toEqual([expect.stringMatching(/first, second/)])
    for (const path of ['first', 'second']) {
      const run = await look(path)
      expect(run.outputs).toMatchObject({ reason: 'up-to-date', 'env-path': `/site/wwwroot/${path}` })
    }
    const first = await lab.below('wwwroot/first/')
    const run = await look('second', forced)
    expect(run.outputs).toMatchObject({ result: 'reset', 'env-path': '/site/wwwroot/second' })
    expect(await lab.below('wwwroot/first/')).toEqual(first)
    expect(await lab.below('wwwroot/second/')).toEqual([])
  })

  it('goes before the one that an Oryx manifest names', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    await cp(onDisk('antenv'), onDisk('other'), { recursive: true, verbatimSymlinks: true })
    expect((await look('')).outputs['env-path']).toBe(ANTENV)
    const named = await lab.below('wwwroot/antenv/')
    const run = await look('other', forced)
    expect(run.outputs).toMatchObject({ result: 'reset', layout: 'venv-tree', 'env-path': '/site/wwwroot/other' })
    expect(await lab.below('wwwroot/antenv/')).toEqual(named)
  })

  it('in a compressed app changes nothing about what each deployment rebuilds', async () => {
    lab = await startLab({ layout: 'compressed-app' })
    const before = await lab.tree()
    for (const demand of [{}, forced]) {
      const run = await look('antenv', demand)
      expect(run.outputs).toMatchObject({ result: 'rebuilt-on-deploy', layout: 'compressed-app', strategy: 'none' })
    }
    expect(await lab.tree()).toEqual(before)
  })
})

describe('what is no environment', () => {
  const REMEDY = /"env-path" names \/site\/wwwroot\/thing, which is not proven.*correct "env-path" or leave it out/

  interface Thing {
    readonly what: string
    readonly make: () => Promise<unknown>
    readonly personality?: 'unix'
  }

  const things: readonly Thing[] = [
    { what: 'a file', make: () => writeFile(onDisk('thing'), '') },
    { what: 'a folder of the app', make: () => mkdir(onDisk('thing/templates'), { recursive: true }) },
    {
      what: 'a folder with nothing but lib',
      make: async () => {
        await mkdir(onDisk('thing/lib'), { recursive: true })
        await writeFile(onDisk('thing/lib/helpers.py'), '')
      }
    },
    {
      what: 'a link to an environment, listed as a link',
      make: () => symlink('antenv', onDisk('thing')),
      personality: 'unix'
    },
    { what: 'a link that leads nowhere', make: () => symlink('gone', onDisk('thing')), personality: 'unix' }
  ]

  // Making links takes a privilege on Windows.
  const possible = things.filter(({ what }) => process.platform !== 'win32' || !what.startsWith('a link'))

  it.each(possible)(
    '$what is an error that names the remedy, with and without force',
    async ({ make, personality }) => {
      lab = await startLab({ layout: 'venv-tree-script' }, personality ? { personality } : {})
      await make()
      const before = await lab.tree()
      for (const demand of [{}, forced, { 'reset-mode': 'never' }, { 'dry-run': 'true' }]) {
        const run = await look('thing', demand)
        expect(run.exitCode, run.log).toBe(1)
        expect(annotations(run.log, 'error')).toEqual([expect.stringMatching(REMEDY)])
        expect(run.outputs).toMatchObject({ result: 'failed', reason: 'unknown', 'recommended-clean': '' })
        expect(run.state).toEqual({})
      }
      expect(await lab.tree()).toEqual(before)
    }
  )

  // Making links takes a privilege on Windows.
  it.skipIf(process.platform === 'win32')(
    'a link that is listed as a folder goes as a link, and comes back as one',
    async () => {
      lab = await startLab({ layout: 'venv-tree-script' })
      await symlink('antenv', onDisk('thing'))
      const before = await contents(lab)
      const main = await look('thing', forced)
      expect(main.outputs, main.log).toMatchObject({ result: 'reset', 'env-path': '/site/wwwroot/thing' })
      const behind = await lab.below('wwwroot/antenv/')
      expect(behind).toContain('wwwroot/antenv/bin/activate')
      await lab.step('post', { state: main.state, jobStatus: 'failure' })
      expect(await contents(lab)).toEqual(before)
    }
  )
})

describe('what no folder below wwwroot can be called', () => {
  it.each(['..', '../data', 'a/../../b', '/abs', '/', '.', 'antenv/.', 'a//b', 'a\\b', '..\\x', 'a\u0007b', 'a\nb'])(
    '%j is an error, and nothing is connected',
    async path => {
      lab = await startLab({ layout: 'venv-tree' })
      const run = await look(path, forced)
      expect(run.exitCode).toBe(1)
      expect(annotations(run.log, 'error')).toEqual([
        expect.stringMatching(/^"env-path" is ".*relative to \/site\/wwwroot/)
      ])
      expect(run.outputs).toMatchObject({ result: 'failed', 'env-path': '' })
      expect(lab.app.ftp.transcript).toEqual([])
    }
  )
})

it('an empty folder that took the place of the environment makes room for it where the job failed', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await look('antenv', forced)
  await mkdir(onDisk('antenv'))
  const post = await lab.step('post', { with: { 'env-path': 'antenv' }, state: main.state, jobStatus: 'failure' })
  expectOnlyWarnings(post, post.log)
  expect(await lab.below('wwwroot/antenv/')).toContain('wwwroot/antenv/bin/activate')
})
