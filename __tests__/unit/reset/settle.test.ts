import { describe, expect, it } from 'vitest'
import { settle, type Circumstances } from '../../../src/reset/settle.ts'
import { readTrash } from '../../../src/reset/trash.ts'
import { remotePath } from '../../../src/site.ts'
import { changesIn, fakeSite, pathsIn, treeOf, type Oddities, type Spec } from '../fake-site.ts'
import { CFG, windowsVenv, without } from '../fixtures.ts'
import {
  ANTENV,
  NEWER,
  OLDER,
  WHOLE,
  broken,
  copy,
  doomed,
  given,
  settling,
  swept,
  textsIn,
  whole
} from './settling.ts'

/** When a copy was first touched; it is there in every log that this is asked of. */
const changeOf = (log: readonly string[], path: string): number => {
  const index = log.findIndex(line => line === `SWEEP ${path}` || line.startsWith(`RENAME ${path} `))
  expect(index).toBeGreaterThan(-1)
  return index
}

describe.each([
  ['the job succeeded', true],
  ['the job failed', false]
])('one copy, and %s', (_, jobSucceeded) => {
  it('is swept where a whole environment took its place, after that was looked at', async () => {
    const { tree, site, fates } = await settling({ ...whole('antenv'), ...whole(NEWER) }, { jobSucceeded })
    expect(fates).toEqual(['swept'])
    expect(textsIn(tree, ANTENV)).toEqual(WHOLE)
    expect(pathsIn(tree, NEWER)).toEqual([])
    expect(swept(site.log)).toEqual([doomed(NEWER)])
    expect(site.log.indexOf(`LIST ${ANTENV}`)).toBeLessThan(changeOf(site.log, NEWER))
    expect(site.log).toContain(`LIST ${ANTENV}`)
  })

  it('is put back where nothing took its place', async () => {
    const { tree, site, settlements } = await settling(whole(NEWER), { jobSucceeded })
    expect(settlements).toMatchObject([{ fate: 'put-back', swept: undefined }])
    expect(settlements[0]?.detail).not.toBe('')
    expect(textsIn(tree, ANTENV)).toEqual(WHOLE)
    expect(swept(site.log)).toEqual([])
  })

  it('is put back also on a server that lists what is missing as empty', async () => {
    const { tree, fates } = await settling(whole(NEWER), { jobSucceeded }, { emptyForMissing: true })
    expect(fates).toEqual(['put-back'])
    expect(textsIn(tree, ANTENV)).toEqual(WHOLE)
  })

  it.each<[string, Spec]>([
    ['an ordinary folder', { 'antenv/readme.txt': '' }],
    ['a file', { antenv: '' }]
  ])('is kept where something else took its place: %s', async (_name, spec) => {
    const { tree, site, settlements } = await settling({ ...whole(NEWER), ...spec }, { jobSucceeded })
    expect(settlements).toMatchObject([{ fate: 'kept', swept: undefined }])
    expect(textsIn(tree, NEWER)).toEqual(WHOLE)
    expect(changesIn(site.log)).toEqual([])
  })

  it('is kept where it cannot be put back', async () => {
    const { tree, settlements } = await settling(whole(NEWER), { jobSucceeded }, { refuseRenames: true })
    expect(settlements).toMatchObject([{ fate: 'kept' }])
    expect(settlements[0]?.detail).toContain('cannot be renamed')
    expect(textsIn(tree, NEWER)).toEqual(WHOLE)
  })

  it('is not swept where both it and what took its place are broken', async () => {
    const { tree, site } = await settling({ ...broken('antenv'), ...broken(NEWER) }, { jobSucceeded })
    expect(swept(site.log)).not.toContain(doomed(NEWER))
    expect(pathsIn(tree, NEWER).length + pathsIn(tree, ANTENV).length).toBeGreaterThan(0)
  })
})

describe('one copy, and something broken took its place', () => {
  it('changes places with it where the job failed', async () => {
    const { tree, site, settlements } = await settling(
      { ...broken('antenv'), ...whole(NEWER) },
      { jobSucceeded: false }
    )
    expect(settlements.map(({ item, fate }) => [item.copy === NEWER, fate])).toEqual([
      [true, 'put-back'],
      [false, 'swept']
    ])
    expect(textsIn(tree, ANTENV)).toEqual(WHOLE)
    expect(pathsIn(tree, '/site/.azure-python-env')).toEqual(['/site/.azure-python-env'])
    expect(site.log.findIndex(line => line.startsWith('RENAME'))).toBeLessThan(
      site.log.findIndex(line => line.startsWith('SWEEP'))
    )
  })

  it('stays, and the new one too, where the job succeeded', async () => {
    const { tree, site, fates } = await settling({ ...broken('antenv'), ...whole(NEWER) })
    expect(fates).toEqual(['kept'])
    expect(textsIn(tree, NEWER)).toEqual(WHOLE)
    expect(changesIn(site.log)).toEqual([])
  })

  it('stays where the new one cannot be moved', async () => {
    const spec = { ...broken('antenv'), ...whole(NEWER) }
    const { tree, fates } = await settling(spec, { jobSucceeded: false }, { refuseRenames: true })
    expect(fates).toEqual(['kept'])
    expect(textsIn(tree, NEWER)).toEqual(WHOLE)
  })

  it('takes an empty folder for broken, not for whole', async () => {
    const { tree } = await settling({ 'antenv/': '', ...whole(NEWER) }, { jobSucceeded: false })
    expect(textsIn(tree, ANTENV)).toEqual(WHOLE)
  })
})

describe('older copies', () => {
  it('are swept with the newest where a whole environment is there', async () => {
    const { tree, fates } = await settling({ ...whole('antenv'), ...whole(NEWER), ...whole(OLDER) })
    expect(fates).toEqual(['swept', 'swept'])
    expect(pathsIn(tree, '/site/.azure-python-env')).toEqual(['/site/.azure-python-env'])
  })

  it('are swept after the newest was put back whole, not before', async () => {
    const { tree, site, fates } = await settling({ ...whole(NEWER), ...whole(OLDER) })
    expect(fates).toEqual(['put-back', 'swept'])
    expect(textsIn(tree, ANTENV)).toEqual(WHOLE)
    expect(site.log.indexOf(`RENAME ${NEWER} => ${ANTENV}`)).toBeLessThan(changeOf(site.log, OLDER))
    expect(swept(site.log)).toEqual([doomed(OLDER)])
  })

  it.each<[string, Spec]>([
    ['nothing is there', {}],
    ['something broken is there', broken('antenv')]
  ])('that are whole are not swept where the newest is broken and %s', async (_, spec) => {
    for (const jobSucceeded of [true, false]) {
      const { tree, site } = await settling({ ...spec, ...broken(NEWER), ...whole(OLDER) }, { jobSucceeded })
      expect(swept(site.log)).not.toContain(doomed(OLDER))
      expect([textsIn(tree, OLDER), textsIn(tree, ANTENV)]).toContainEqual(WHOLE)
    }
  })

  it.each<[string, Spec, Partial<Circumstances>, Oddities]>([
    ['something foreign is there', { 'antenv/x': '' }, {}, {}],
    ['it cannot be put back', {}, {}, { refuseRenames: true }],
    ['something broken is there and the job succeeded', broken('antenv'), {}, {}]
  ])('are kept where the newest is kept because %s', async (_, spec, changes, oddities) => {
    const { fates, site } = await settling({ ...spec, ...whole(NEWER), ...whole(OLDER) }, changes, oddities)
    expect(fates).toEqual(['kept', 'kept'])
    expect(swept(site.log)).toEqual([])
  })

  it('of another path are settled by themselves, and what goes back goes first', async () => {
    const other = copy(19, 'venv')
    const { tree, settlements } = await settling({ ...whole('antenv'), ...whole(NEWER), ...whole(other) })
    expect(settlements.map(({ item, fate }) => [item.original, fate])).toEqual([
      ['/site/wwwroot/venv', 'put-back'],
      [ANTENV, 'swept']
    ])
    expect(tree.has('/site/wwwroot/venv/pyvenv.cfg')).toBe(true)
  })
})

describe('markers', () => {
  const NAME = 'env/azure.env.python-3.6.txt'
  const MARKER = { [copy(21, NAME)]: '' }
  const unmarked = windowsVenv('env', CFG.venv36, [])
  it.each<[string, Spec, string, boolean]>([
    ['swept where the script made a new environment', windowsVenv('env', undefined, ['3.6']), 'swept', true],
    ['swept where the new one is for another version', windowsVenv('env', undefined, ['3.4']), 'swept', false],
    ['put back where the old environment is still there, whole', unmarked, 'put-back', true],
    ['not put back into a damaged environment', without(unmarked, 'env/Scripts/python.exe'), 'swept', false],
    ['not put back where there is no environment', {}, 'swept', false],
    ['not put back into an environment of another version', windowsVenv('env', CFG.venv311, []), 'swept', false],
    ['swept where the same marker is there again', windowsVenv('env', CFG.venv36, ['3.6']), 'swept', true]
  ])('are %s', async (_, spec, fate, there) => {
    const { tree, fates } = await settling({ ...spec, ...MARKER }, { installedBefore: ['pip 9.0.1'] })
    expect(fates).toEqual([fate])
    expect(tree.has(`/site/wwwroot/${NAME}`)).toBe(there)
  })
})

describe('archives', () => {
  const COPY = { [copy(21, 'output.tar.gz')]: 'old' }
  it.each<[string, Spec, string]>([
    ['swept where the deployment left the same', { 'output.tar.gz': 'new' }, 'swept'],
    ['swept where the deployment left another', { 'output.tar.zst': 'new' }, 'swept'],
    ['put back where it left none at all', {}, 'put-back']
  ])('are %s', async (_, spec, fate) => {
    const { tree, fates } = await settling({ ...spec, ...COPY }, { compressed: true })
    expect(fates).toEqual([fate])
    expect(pathsIn(tree, '/site/wwwroot').some(path => path.includes('output.tar.'))).toBe(true)
  })

  it('an environment is not put back where the app lies in an archive now', async () => {
    const { tree, fates } = await settling(
      { 'output.tar.zst': '', 'oryx-manifest.toml': '', ...whole(NEWER) },
      { compressed: true }
    )
    expect(fates).toEqual(['swept'])
    expect(tree.has(ANTENV)).toBe(false)
  })
})

describe('trouble', () => {
  it('reports what a sweep could not delete', async () => {
    const refuse = [`DELE ${doomed(NEWER)}/bin/pip`]
    const { settlements } = await settling({ ...whole('antenv'), ...whole(NEWER) }, {}, { refuse })
    expect(settlements[0]?.swept?.refused.map(({ path }) => path)).toContain(`${doomed(NEWER)}/bin/pip`)
  })

  it('changes nothing where what took the place cannot be looked at', async () => {
    const tree = treeOf(whole('antenv'), whole(NEWER))
    const site = fakeSite(tree, { refuse: ['LIST /site/wwwroot'] })
    const trash = await readTrash(fakeSite(tree), await fakeSite(tree).list(remotePath('/site')), false)
    await expect(settle(site, trash, given())).rejects.toThrow()
    expect(changesIn(site.log)).toEqual([])
  })

  it.each([0, 1, 2, 3])(
    'a connection that is lost after %i changes leaves a whole environment or a whole copy',
    async lostAfter => {
      const tree = treeOf(broken('antenv'), whole(NEWER))
      const trash = await readTrash(fakeSite(tree), await fakeSite(tree).list(remotePath('/site')), false)
      const failed = given({ jobSucceeded: false })
      await expect(settle(fakeSite(tree, { lostAfter }), trash, failed)).rejects.toMatchObject({ kind: 'lost' })
      expect([textsIn(tree, ANTENV), textsIn(tree, NEWER)]).toContainEqual(WHOLE)
    }
  )

  it('does nothing where there is nothing', async () => {
    const { site, fates } = await settling(whole('antenv'))
    expect([fates, site.log]).toEqual([[], []])
  })
})
