// Which of several copies goes back, what may be deleted, and in which order.
import { describe, expect, it } from 'vitest'
import { readTrash } from '../../../src/reset/trash.ts'
import { SITE } from '../../../src/site.ts'
import { changesIn, fakeSite, pathsIn, treeOf, type Oddities, type Spec } from '../fake-site.ts'
import { CFG, posixVenv, windowsVenv, without } from '../fixtures.ts'
import {
  ANTENV,
  NEWER,
  OLDER,
  OWN,
  WHOLE,
  broken,
  copy,
  doomed,
  settleTree,
  settling,
  swept,
  textsIn,
  whole
} from './settling.ts'

describe('of several copies', () => {
  it('the newest whole one goes back, and the others are swept after it', async () => {
    const { tree, site, settlements } = await settling({ ...broken(NEWER), ...whole(OLDER) })
    expect(settlements.map(({ item, fate }) => [item.copy, fate])).toEqual([
      [OLDER, 'put-back'],
      [NEWER, 'swept']
    ])
    expect([textsIn(tree, ANTENV), pathsIn(tree, OWN)]).toEqual([WHOLE, [OWN]])
    expect(site.done[0]).toBe(`RENAME ${OLDER} => ${ANTENV}`)
  })

  it('the newest goes back where none is whole, and the others are kept', async () => {
    const { tree, site, settlements } = await settling({ ...broken(NEWER), ...broken(OLDER) })
    expect(settlements.map(({ item, fate }) => [item.copy, fate])).toEqual([
      [NEWER, 'put-back'],
      [OLDER, 'kept']
    ])
    expect([pathsIn(tree, OLDER).length > 1, swept(site.log)]).toEqual([true, []])
  })

  it('one that cannot be looked at counts as not whole, and nothing is deleted for its sake', async () => {
    const spec = { ...whole(NEWER), ...whole(OLDER) }
    const { tree, settlements } = await settling(spec, {}, { refuse: [`LIST ${NEWER}`] })
    expect(settlements[0]).toMatchObject({ item: { copy: OLDER }, fate: 'put-back' })
    expect(textsIn(tree, ANTENV)).toEqual(WHOLE)
  })

  it('the newest whole one changes places with something broken in a job that failed', async () => {
    const spec = { ...broken('antenv'), ...broken(NEWER), ...whole(OLDER) }
    const { tree, settlements } = await settling(spec, { jobSucceeded: false })
    expect(settlements[0]).toMatchObject({ item: { copy: OLDER }, fate: 'put-back' })
    expect([textsIn(tree, ANTENV), pathsIn(tree, OWN)]).toEqual([WHOLE, [OWN]])
  })
})

describe('what goes back', () => {
  it('goes back before anything is deleted, also before copies and rests of other paths', async () => {
    const rest = doomed(copy(5))
    const spec = {
      ...whole('antenv'),
      ...whole(NEWER),
      ...whole(copy(19, 'venv')),
      ...broken(rest),
      ...whole(copy(18, 'venv'))
    }
    const { tree, site, fates } = await settling(spec)
    expect(fates).toEqual(['put-back', 'swept', 'swept', 'swept'])
    const back = site.done.indexOf(`RENAME ${copy(19, 'venv')} => /site/wwwroot/venv`)
    const away = site.done.findIndex(line => /^(DELE|RMD) /.test(line) || line.startsWith(`RENAME ${NEWER} `))
    expect([back, away > back]).toEqual([0, true])
    expect(pathsIn(tree, OWN)).toEqual([OWN])
  })

  it('is back although the connection is lost during the first deletion', async () => {
    const tree = treeOf(whole('antenv'), whole(NEWER), whole(copy(19, 'venv')))
    await expect(settleTree(tree, {}, { lostAfter: 3 })).rejects.toMatchObject({ kind: 'lost' })
    expect(textsIn(tree, '/site/wwwroot/venv')).toEqual(WHOLE)
  })
})

describe('the rest of a deletion that was cut', () => {
  const REST = doomed(NEWER)

  it.each<[string, Spec]>([
    ['nothing is there', {}],
    ['something broken is there', broken('antenv')],
    ['something whole is there', whole('antenv')]
  ])('is only swept, never put back, where %s', async (_, spec) => {
    for (const jobSucceeded of [true, false]) {
      const { tree, site, settlements } = await settling({ ...spec, ...whole(REST) }, { jobSucceeded })
      expect(settlements).toMatchObject([
        { fate: 'swept', item: { copy: REST, original: REST }, swept: { refused: [] } }
      ])
      expect(site.log.join()).not.toContain('RENAME')
      expect(textsIn(tree, ANTENV)).toEqual(textsIn(treeOf(spec), ANTENV))
      expect(pathsIn(tree, OWN)).toEqual([OWN])
    }
  })

  it('may be a single file', async () => {
    const { tree, fates } = await settling({ [REST]: 'old archive' })
    expect([fates, pathsIn(tree, OWN)]).toEqual([['swept'], [OWN]])
  })

  it('is reported with what could not be deleted', async () => {
    const { settlements } = await settling(whole(REST), {}, { refuse: [`DELE ${REST}/bin/pip`] })
    expect(settlements[0]?.swept?.refused.map(({ path }) => path)).toContain(`${REST}/bin/pip`)
  })
})

describe('a copy that is no longer needed', () => {
  it.each<[string, Oddities]>([
    ['refused', { refuseRenames: true }],
    ['refused for the moment', { busy: [`RENAME ${NEWER}`] }]
  ])('is kept whole where its rename is %s', async (_, oddities) => {
    const { tree, site, settlements } = await settling({ ...whole('antenv'), ...whole(NEWER) }, {}, oddities)
    expect(settlements).toMatchObject([{ fate: 'kept', item: { copy: NEWER }, swept: undefined }])
    expect(settlements[0]?.detail).toMatch(/no longer needed.*refuses/)
    expect([textsIn(tree, NEWER), site.done]).toEqual([WHOLE, []])
  })
})

describe('an environment without the packages that its predecessor had', () => {
  const FULL = ['pip-24.0', 'flask-3.0.0', 'werkzeug-3.0.0']
  const copied = whole(NEWER, FULL)

  it.each<[string, string[], string[]]>([
    ['nothing at all', [], FULL],
    ['pip only', ['pip-24.0'], FULL],
    ['pip, setuptools and wheel', ['pip-24.0', 'setuptools-69.0', 'wheel-0.42.0'], FULL]
  ])('counts as broken in a job that failed: %s', async (_, packages, before) => {
    const { tree, settlements } = await settling(
      { ...whole('antenv', packages), ...whole(NEWER, before) },
      { jobSucceeded: false }
    )
    expect(settlements[0]).toMatchObject({ fate: 'put-back', item: { copy: NEWER } })
    expect(pathsIn(tree, `${ANTENV}/lib/python3.11/site-packages/flask-3.0.0.dist-info`)).not.toEqual([])
  })

  it.each<[string, string[], string[], boolean]>([
    ['in a job that succeeded, with fewer packages', ['pip-24.0', 'flask-3.0.0'], FULL, true],
    ['where the copy had none either', ['pip-24.0'], ['pip-23.0', 'setuptools-60.0'], false],
    ['in a job that failed, with the same packages in other versions', ['flask-3.1.0', 'werkzeug-3.1.0'], FULL, false]
  ])('is whole %s', async (_, packages, before, jobSucceeded) => {
    const { site, fates } = await settling({ ...whole('antenv', packages), ...whole(NEWER, before) }, { jobSucceeded })
    expect([fates, swept(site.log)]).toEqual([['swept'], [doomed(NEWER)]])
  })

  it.each<[string, string[], boolean]>([
    ['nothing but pip in it, although the job succeeded', ['pip-24.0'], true],
    ['some of them in it, in a job that failed', ['pip-24.0', 'flask-3.0.0'], false]
  ])('is no reason to delete the copy: %s', async (_, packages, jobSucceeded) => {
    const { site, settlements } = await settling({ ...whole('antenv', packages), ...copied }, { jobSucceeded })
    expect(settlements.map(({ fate }) => fate)).toEqual(['kept'])
    expect(settlements[0]?.detail).toContain('werkzeug')
    expect(site.done).toEqual([])
  })

  it.each([true, false])('and that was not seen whole is no reason either, job succeeded: %s', async jobSucceeded => {
    const refuse = [`LIST ${ANTENV}/lib`]
    const { site, fates } = await settling({ ...whole('antenv', FULL), ...copied }, { jobSucceeded }, { refuse })
    expect([fates, site.done]).toEqual([['kept'], []])
  })

  it('gives way to an older copy that has them where the newest has none', async () => {
    const spec = { ...whole('antenv', ['pip-24.0']), ...broken(NEWER), ...whole(OLDER, FULL) }
    const { settlements } = await settling(spec, { jobSucceeded: false })
    expect(settlements[0]).toMatchObject({ fate: 'put-back', item: { copy: OLDER } })
  })

  it('stays, and the copy too, where it cannot be moved', async () => {
    const spec = { ...whole('antenv', ['pip-24.0']), ...copied }
    const { site, fates } = await settling(spec, { jobSucceeded: false }, { refuseRenames: true })
    expect([fates, site.done]).toEqual([['kept'], []])
  })
})

describe('a marker', () => {
  const marker = (version: string): string => copy(21, `env/azure.env.python-${version}.txt`)
  it.each<[string, Spec, string]>([
    ['of its own version, without markers', windowsVenv('env', CFG.venv36, []), 'put-back'],
    ['of another version', windowsVenv('env', CFG.venv311, []), 'swept'],
    ['with another marker', windowsVenv('env', CFG.venv36, ['2.7']), 'swept'],
    [
      'that has lost a package',
      without(windowsVenv('env', CFG.venv36, []), 'env/Lib/site-packages/pip-9.0.1.dist-info/METADATA'),
      'swept'
    ],
    ['of two versions', { ...posixVenv('env', '3.6', CFG.venv311) }, 'swept']
  ])('goes back only into a whole environment of its own version without markers: %s', async (_, spec, fate) => {
    const { fates, tree } = await settling({ ...spec, [marker('3.6')]: '' }, { installedBefore: ['pip 9.0.1'] })
    expect(fates).toEqual([fate])
    expect(tree.has('/site/wwwroot/env/azure.env.python-3.6.txt')).toBe(fate === 'put-back')
  })
})

it.each<[string, Spec, boolean]>([
  ['copies are swept', { ...whole('antenv'), ...whole(NEWER), ...whole(OLDER) }, true],
  ['the newest goes back', { ...whole(NEWER), ...whole(OLDER) }, true],
  ['it changes places', { ...broken('antenv'), ...whole(NEWER), ...whole(OLDER) }, false]
])(
  'wherever a settlement is cut, no copy is a partial one, and a second run ends it: %s',
  async (_, spec, jobSucceeded) => {
    let finished = false
    for (let lostAfter = 0; !finished; lostAfter++) {
      const tree = treeOf(spec)
      try {
        await settleTree(tree, { jobSucceeded }, { lostAfter })
        finished = true
      } catch (error) {
        expect(error).toMatchObject({ kind: 'lost' })
      }
      const site = fakeSite(tree)
      const { copies } = await readTrash(site, await site.list(SITE), false)
      const partial = copies.filter(
        item =>
          ![WHOLE, textsIn(treeOf(broken('x')), '/site/wwwroot/x')].some(
            texts => texts.join() === textsIn(tree, item.copy).join()
          )
      )
      expect([lostAfter, partial]).toEqual([lostAfter, []])
      expect([textsIn(tree, ANTENV), ...copies.map(item => textsIn(tree, item.copy))]).toContainEqual(WHOLE)
      const again = await settleTree(tree, { jobSucceeded })
      expect([lostAfter, textsIn(tree, ANTENV), pathsIn(tree, OWN)]).toEqual([
        lostAfter,
        WHOLE,
        pathsIn(tree, OWN).length > 0 ? [OWN] : []
      ])
      expect(again.fates).not.toContain('kept')
      if (finished) expect(changesIn(again.site.log)).toEqual([])
    }
  }
)
