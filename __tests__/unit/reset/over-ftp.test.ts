import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import { putBack, reset } from '../../../src/reset/over-ftp.ts'
import { SiteError, WWWROOT, child, remotePath, type RemotePath } from '../../../src/site.ts'
import { changesIn, fakeSite, pathsIn, treeOf, type Oddities, type Spec } from '../fake-site.ts'
import { environmentOf, windowsVenv } from '../fixtures.ts'
import { ANTENV, OTHERS, OWN, RENAME, begin, copyOf, mannerOf, planFor, run } from './running.ts'

const ARCHIVE = '/site/wwwroot/output.tar.gz'
const neverInPlace = (): void => {
  throw new Error('nothing was to be deleted in place')
}

describe('a reset by renaming', () => {
  it('makes our folder, moves the environment with all that is in it, and looks', async () => {
    const { tree, site, done } = await run(ANTENV, {}, RENAME, 'antenv')
    expect(done).toEqual({ strategy: 'rename', moved: RENAME.moves, filesDeleted: 0, movedAside: [] })
    expect(changesIn(site.log)).toEqual([`MKD ${OWN}`, `RENAME /site/wwwroot/antenv => ${copyOf('antenv')}`])
    expect(site.log.at(-1)).toBe('LIST /site/wwwroot')
    expect(pathsIn(tree, '/site/wwwroot')).toEqual(['/site/wwwroot', '/site/wwwroot/app.py'])
    expect(tree.has(`${copyOf('antenv')}/pyvenv.cfg`)).toBe(true)
  })

  it('does not make our folder again', async () => {
    const { site } = await run({ ...ANTENV, [`${OWN}/`]: '' }, {}, RENAME, 'antenv')
    expect(site.log.join()).not.toContain('MKD')
  })

  it('goes on where another run made our folder meanwhile', async () => {
    const tree = treeOf(OTHERS, ANTENV, { [`${OWN}/`]: '' })
    const done = await reset(fakeSite(tree), RENAME, environmentOf(), [], mannerOf(neverInPlace))
    expect(done.strategy).toBe('rename')
  })

  it.each<[string, Spec, readonly string[]]>([
    ['is refused', ANTENV, [`MKD ${OWN}`]],
    ['is refused because a file has its name', { ...ANTENV, [OWN]: 'x' }, []]
  ])('changes nothing and fails where making our folder %s', async (_, spec, refuse) => {
    const { tree, site, done, announced } = await begin(spec, { refuse }, RENAME, 'antenv')
    await expect(done).rejects.toThrow(/cannot be made.*nothing was changed/)
    await expect(done).rejects.not.toBeInstanceOf(SiteError)
    expect(pathsIn(tree)).toEqual(pathsIn(treeOf(OTHERS, spec)))
    expect([site.done, announced]).toEqual([[], []])
  })

  it('moves into our folder where the server hides it and refuses to make it again', async () => {
    const tree = treeOf(OTHERS, ANTENV, { [`${OWN}/`]: '' })
    const site = fakeSite(tree)
    const hiding = {
      ...site,
      list: async (path: RemotePath) => (await site.list(path)).filter(({ name }) => !name.startsWith('.'))
    }
    const done = await reset(hiding, RENAME, environmentOf(), [], mannerOf(neverInPlace))
    expect(done).toMatchObject({ strategy: 'rename', moved: RENAME.moves })
  })

  it('changes nothing and fails where the connection is lost while our folder is made', async () => {
    const { tree, done, announced } = await begin(ANTENV, { lostAfter: 0 }, RENAME, 'antenv')
    await expect(done).rejects.toMatchObject({ kind: 'lost' })
    expect([pathsIn(tree), announced]).toEqual([pathsIn(treeOf(OTHERS, ANTENV)), []])
  })

  it('can be undone', async () => {
    const before = pathsIn(treeOf(OTHERS, ANTENV), '/site/wwwroot')
    const { tree, done } = await run(ANTENV, {}, RENAME, 'antenv')
    for (const moved of done.moved) await putBack(fakeSite(tree), moved)
    expect(pathsIn(tree, '/site/wwwroot')).toEqual(before)
  })

  it('deletes in place only where the server refuses the rename', async () => {
    const { tree, done } = await run(ANTENV, { refuseRenames: true }, RENAME, 'antenv')
    expect(done).toMatchObject({ strategy: 'in-place', moved: [] })
    expect(done.filesDeleted).toBeGreaterThan(5)
    expect(pathsIn(tree, '/site/wwwroot')).toEqual(['/site/wwwroot', '/site/wwwroot/app.py'])
  })

  it('says so before the first command of a deletion in place', async () => {
    const { announced } = await run(ANTENV, { refuseRenames: true }, RENAME, 'antenv')
    expect(announced).toEqual([[`MKD ${OWN}`, `RENAME /site/wwwroot/antenv => ${copyOf('antenv')}`]])
    expect((await run(ANTENV, {}, RENAME, 'antenv')).announced).toEqual([])
  })

  it('sets the markers aside before a deletion in place, where they can be moved', async () => {
    const markers = ['azure.env.python-2.7.txt', 'azure.env.python-3.6.txt']
    const env = windowsVenv('env', undefined, ['2.7', '3.6'])
    const refuse = ['RENAME /site/wwwroot/env']
    const { tree, site, done, announced } = await run(env, { refuse }, planFor('rename', 'env'), 'env')
    expect(done.strategy).toBe('in-place')
    expect(done.moved).toEqual(planFor('marker', ...markers.map(name => `env/${name}`)).moves)
    for (const { copy } of done.moved) expect(tree.has(copy)).toBe(true)
    expect(tree.has('/site/wwwroot/env')).toBe(false)
    expect(announced).toHaveLength(1)
    const first = site.done.findIndex(line => /^(DELE|RMD) /.test(line))
    expect(site.done.slice(0, first).filter(line => line.startsWith('RENAME'))).toHaveLength(2)
  })

  it('deletes the markers with the rest in place, where they cannot be moved either', async () => {
    const env = windowsVenv('env', undefined, ['2.7', '3.6'])
    const { tree, done } = await run(env, { refuseRenames: true }, planFor('rename', 'env'), 'env')
    expect([done.strategy, done.moved, tree.has('/site/wwwroot/env')]).toEqual(['in-place', [], false])
  })

  it('tries a rename once more after a 4xx reply', async () => {
    const busy = ['RENAME /site/wwwroot/antenv']
    const { done, announced } = await run(ANTENV, { busy }, RENAME, 'antenv')
    expect([done.strategy, done.moved, announced]).toEqual(['rename', RENAME.moves, []])
  })

  it('fails after two 4xx replies, and deletes nothing', async () => {
    const busy = ['RENAME /site/wwwroot/antenv', 'RENAME /site/wwwroot/antenv']
    const { tree, site, done, announced } = await begin(ANTENV, { busy }, RENAME, 'antenv')
    await expect(done).rejects.toMatchObject({ kind: 'refused', replyCode: 450 })
    expect(site.done).toEqual([`MKD ${OWN}`])
    expect(changesIn(site.log)).toHaveLength(3)
    expect([pathsIn(tree, '/site/wwwroot'), announced]).toEqual([pathsIn(treeOf(OTHERS, ANTENV), '/site/wwwroot'), []])
  })

  it('deletes in place where a 5xx reply follows a 4xx reply', async () => {
    const given = { busy: ['RENAME /site/wwwroot/antenv'], refuseRenames: true }
    const { tree, done, announced } = await run(ANTENV, given, RENAME, 'antenv')
    expect([done.strategy, announced.length, tree.has('/site/wwwroot/antenv')]).toEqual(['in-place', 1, false])
  })

  it('believes a listing, not a refusal, where the environment was moved nevertheless', async () => {
    const { site, done } = await run(ANTENV, {}, RENAME, 'antenv', plainSite => ({
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
    const lying = run(ANTENV, {}, RENAME, 'antenv', site => ({ ...site, rename: () => Promise.resolve() }))
    await expect(lying).rejects.toThrow('/site/wwwroot/antenv')
  })

  it('deletes nothing when the connection is lost during the rename', async () => {
    const tree = treeOf(OTHERS, ANTENV, { [`${OWN}/`]: '' })
    const site = fakeSite(tree, { lostAfter: 0 })
    const surroundings = await fakeSite(tree).list(remotePath('/site'))
    const lost = reset(site, RENAME, environmentOf(), surroundings, mannerOf(neverInPlace))
    await expect(lost).rejects.toMatchObject({ kind: 'lost' })
    expect(changesIn(site.log)).toHaveLength(1)
  })

  it('deletes nothing when the listing after a refused rename fails', async () => {
    const deleting: string[] = []
    const unlucky = run(ANTENV, { refuseRenames: true, refuse: ['LIST /site/wwwroot'] }, RENAME, 'antenv', site => {
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
    expect(done).toEqual({ strategy: 'marker', moved: plan.moves, filesDeleted: 0, movedAside: [] })
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

  it.each<[string, Oddities, object | RegExp]>([
    ['for good', { refuseRenames: true }, /output.tar.gz is left over.*nothing was changed.*Delete it by hand/],
    ['twice for the moment', { busy: [`RENAME ${ARCHIVE}`, `RENAME ${ARCHIVE}`] }, { kind: 'refused' }]
  ])('never deletes it, and fails, where the server refuses to move it %s', async (_, oddities, error) => {
    const spec: Spec = { 'output.tar.gz': 'old', 'output.tar.zst': 'new' }
    const { tree, site, done, announced } = await begin(spec, oddities, planFor('archive', 'output.tar.gz'), 'x')
    if (error instanceof RegExp) await expect(done).rejects.toThrow(error)
    else await expect(done).rejects.toMatchObject(error)
    expect(tree.get(ARCHIVE)).toMatchObject({ text: 'old' })
    expect([site.done, announced]).toEqual([[`MKD ${OWN}`], []])
  })
})
