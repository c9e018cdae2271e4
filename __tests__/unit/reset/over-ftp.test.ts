import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../../src/azure/layout.ts'
import type { Action, Decision, Expectation } from '../../../src/decide.ts'
import { readEnvironment, type Environment } from '../../../src/python/venv.ts'
import { copyNamer, planReset, putBack, reset, type ResetDone, type ResetPlan } from '../../../src/reset/over-ftp.ts'
import { SiteError, WWWROOT, child, mutable, remotePath, type RemotePath } from '../../../src/site.ts'
import {
  changesIn,
  fakeSite,
  pathsIn,
  treeOf,
  type FakeSite,
  type Oddities,
  type Spec,
  type Tree
} from '../fake-site.ts'
import { CFG, environmentOf, expectationOf, posixVenv, snapshotOf, windowsVenv } from '../fixtures.ts'

const NAMER = copyNamer(new Date('2026-11-22T12:00:00Z'), 'deadbeef')
const OWN = '/site/.azure-python-env'
const copyOf = (encoded: string): string => `${OWN}/trash-20261122T120000000Z-deadbeef-${encoded}`
const decided = (action: Action): Decision => ({
  action,
  reasons: [{ code: 'requested', detail: '' }],
  warning: undefined
})
const RUNS: Partial<Expectation> = { kuduScript: { runs: true, detail: '' } }
const MARKED = environmentOf({
  path: remotePath('/site/wwwroot/env'),
  shape: 'windows',
  markers: ['azure.env.python-2.7.txt', 'azure.env.python-3.6.txt']
})
const STALE: Partial<Snapshot> = {
  layout: 'compressed-app',
  environment: undefined,
  secondArchive: { stale: remotePath('/site/wwwroot/output.tar.gz'), detail: '' }
}

describe('a plan', () => {
  it.each<[string, Action, Partial<Snapshot>, Partial<Expectation>, string | undefined, readonly string[]]>([
    ['renames an environment', 'reset', {}, {}, 'rename', ['/site/wwwroot/antenv']],
    ['renames also where the script runs, on another layout', 'reset', {}, RUNS, 'rename', ['/site/wwwroot/antenv']],
    [
      'takes the markers where the script runs',
      'reset',
      { layout: 'windows-env', environment: MARKED },
      RUNS,
      'marker',
      MARKED.markers.map(name => `/site/wwwroot/env/${name}`)
    ],
    [
      'renames where the script does not run',
      'reset',
      { layout: 'windows-env', environment: MARKED },
      {},
      'rename',
      ['/site/wwwroot/env']
    ],
    ['takes the stale archive', 'reset-archive', STALE, {}, 'archive', ['/site/wwwroot/output.tar.gz']],
    ['is none to preserve', 'preserve', {}, {}, undefined, []],
    ['is none for none', 'none', {}, {}, undefined, []],
    ['is none to refuse', 'refuse', {}, {}, undefined, []],
    ['is none without an environment', 'reset', { environment: undefined }, {}, undefined, []],
    [
      'is none without a certain archive',
      'reset-archive',
      { ...STALE, secondArchive: { stale: undefined, detail: '' } },
      {},
      undefined,
      []
    ]
  ])('%s', (_, action, found, expected, strategy, originals) => {
    const plan = planReset(decided(action), snapshotOf(found), expectationOf(expected), NAMER)
    expect([plan?.strategy, plan?.moves.map(({ original }) => original) ?? []]).toEqual([strategy, originals])
  })
})

interface Ran {
  readonly tree: Tree
  readonly site: FakeSite
  readonly done: ResetDone
}

const venv: Spec = posixVenv('antenv', '3.11', CFG.venv311)
const OTHERS: Spec = { 'app.py': '' }

async function run(
  spec: Spec,
  oddities: Oddities,
  plan: ResetPlan,
  name: string,
  odd?: (site: FakeSite, tree: Tree) => FakeSite
): Promise<Ran> {
  const tree = treeOf(OTHERS, spec)
  const path = child(WWWROOT, name)
  let environment: Environment | undefined
  if (tree.get(path)?.kind === 'directory') environment = await readEnvironment(fakeSite(tree), path, true)
  const plainSite = fakeSite(tree, oddities)
  const site = odd?.(plainSite, tree) ?? plainSite
  const surroundings = await fakeSite(tree).list(remotePath('/site'))
  return { tree, site, done: await reset(site, plan, environment, surroundings) }
}

const planFor = (strategy: ResetPlan['strategy'], ...names: readonly string[]): ResetPlan => ({
  strategy,
  moves: names.map(name => {
    const original = name.split('/').reduce<RemotePath>((at, part) => child(at, part), WWWROOT)
    return { original: mutable(original), copy: NAMER(original) }
  })
})
const RENAME = planFor('rename', 'antenv')

describe('a reset by renaming', () => {
  it('makes our folder, moves the environment with all that is in it, and looks', async () => {
    const { tree, site, done } = await run(venv, {}, RENAME, 'antenv')
    expect(done).toEqual({ strategy: 'rename', moved: RENAME.moves, filesDeleted: 0 })
    expect(changesIn(site.log)).toEqual([`MKD ${OWN}`, `RENAME /site/wwwroot/antenv => ${copyOf('antenv')}`])
    expect(site.log.at(-1)).toBe('LIST /site/wwwroot')
    expect(pathsIn(tree, '/site/wwwroot')).toEqual(['/site/wwwroot', '/site/wwwroot/app.py'])
    expect(tree.has(`${copyOf('antenv')}/pyvenv.cfg`)).toBe(true)
  })

  it('does not make our folder again', async () => {
    const { site } = await run({ ...venv, [`${OWN}/`]: '' }, {}, RENAME, 'antenv')
    expect(site.log.join()).not.toContain('MKD')
  })

  it('goes on where another run made our folder meanwhile', async () => {
    const tree = treeOf(OTHERS, venv, { [`${OWN}/`]: '' })
    const done = await reset(fakeSite(tree), RENAME, environmentOf(), [])
    expect(done.strategy).toBe('rename')
  })

  it('can be undone', async () => {
    const before = pathsIn(treeOf(OTHERS, venv), '/site/wwwroot')
    const { tree, done } = await run(venv, {}, RENAME, 'antenv')
    for (const moved of done.moved) await putBack(fakeSite(tree), moved)
    expect(pathsIn(tree, '/site/wwwroot')).toEqual(before)
  })

  it('deletes in place only where the server refuses the rename', async () => {
    const { tree, done } = await run(venv, { refuseRenames: true }, RENAME, 'antenv')
    expect(done).toMatchObject({ strategy: 'in-place', moved: [] })
    expect(done.filesDeleted).toBeGreaterThan(5)
    expect(pathsIn(tree, '/site/wwwroot')).toEqual(['/site/wwwroot', '/site/wwwroot/app.py'])
  })

  it('believes a listing, not a refusal, where the environment was moved nevertheless', async () => {
    const { site, done } = await run(venv, {}, RENAME, 'antenv', plainSite => ({
      ...plainSite,
      rename: async (from, to) => {
        await plainSite.rename(from, to)
        throw new SiteError('refused', '451 aborted', { replyCode: 451 })
      }
    }))
    expect([done.strategy, done.moved]).toEqual(['rename', RENAME.moves])
    expect(site.log.join()).not.toContain('DELE')
  })

  it('fails and names the folder where the server says it moved it and did not', async () => {
    const lying = run(venv, {}, RENAME, 'antenv', site => ({ ...site, rename: () => Promise.resolve() }))
    await expect(lying).rejects.toThrow('/site/wwwroot/antenv')
  })

  it('deletes nothing when the connection is lost during the rename', async () => {
    const tree = treeOf(OTHERS, venv, { [`${OWN}/`]: '' })
    const site = fakeSite(tree, { lostAfter: 0 })
    const surroundings = await fakeSite(tree).list(remotePath('/site'))
    await expect(reset(site, RENAME, environmentOf(), surroundings)).rejects.toMatchObject({ kind: 'lost' })
    expect(changesIn(site.log)).toHaveLength(1)
  })

  it('deletes nothing when the listing after a refused rename fails', async () => {
    const deleting: string[] = []
    const unlucky = run(venv, { refuseRenames: true, refuse: ['LIST /site/wwwroot'] }, RENAME, 'antenv', site => {
      return { ...site, removeFile: path => (deleting.push(path), site.removeFile(path)) }
    })
    await expect(unlucky).rejects.toMatchObject({ kind: 'refused' })
    expect(deleting).toEqual([])
  })
})

describe('a reset by markers', () => {
  const env = windowsVenv('env', undefined, ['2.7', '3.6'])
  const plan = planFor('marker', 'env/azure.env.python-2.7.txt', 'env/azure.env.python-3.6.txt')

  it('moves all of them and nothing else', async () => {
    const { tree, site, done } = await run(env, {}, plan, 'env')
    expect(done).toEqual({ strategy: 'marker', moved: plan.moves, filesDeleted: 0 })
    expect(changesIn(site.log).filter(line => line.startsWith('RENAME'))).toHaveLength(2)
    expect((await readEnvironment(fakeSite(tree), child(WWWROOT, 'env'), true))?.markers).toEqual([])
    expect(tree.has('/site/wwwroot/env/Scripts/python.exe')).toBe(true)
  })

  it('deletes them where they cannot be moved, and counts them', async () => {
    const { tree, done } = await run(env, { refuseRenames: true }, plan, 'env')
    expect(done).toMatchObject({ strategy: 'marker', moved: [], filesDeleted: 2 })
    expect(tree.has('/site/wwwroot/env/Lib/site-packages')).toBe(true)
  })

  it('fails where one can neither be moved nor deleted, and names it', async () => {
    const refuse = ['DELE /site/wwwroot/env/azure.env.python-3.6.txt']
    await expect(run(env, { refuseRenames: true, refuse }, plan, 'env')).rejects.toThrow('azure.env.python-3.6.txt')
  })
})

describe('a reset of a stale archive', () => {
  it('moves that one and nothing else', async () => {
    const spec: Spec = { 'output.tar.gz': 'old', 'output.tar.zst': 'new', 'oryx-manifest.toml': '' }
    const { tree, done } = await run(spec, {}, planFor('archive', 'output.tar.gz'), 'output.tar.gz')
    expect(done).toMatchObject({ strategy: 'archive', filesDeleted: 0 })
    expect([tree.has('/site/wwwroot/output.tar.gz'), tree.has(copyOf('output.tar.gz'))]).toEqual([false, true])
    expect([tree.has('/site/wwwroot/output.tar.zst'), tree.has('/site/wwwroot/oryx-manifest.toml')]).toEqual([
      true,
      true
    ])
  })
})
