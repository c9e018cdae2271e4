// What settling does where the time runs out, and with files that an app holds open.
import { describe, expect, it } from 'vitest'
import type { SweepOptions } from '../../../src/site.ts'
import { pathsIn, treeOf, type Oddities } from '../fake-site.ts'
import { patient, placeOf } from './running.ts'
import { NEWER, OLDER, OWN, copy, doomed, settleTree, settling, swept, whole } from './settling.ts'

/** Options whose time is up once a sweep has deleted so many files. */
function upAfter(most: number): { readonly sweeping: () => SweepOptions; readonly oddities: Oddities } {
  const late = new AbortController()
  return {
    sweeping: () => ({ until: late.signal }),
    oddities: {
      duringSweep: (_, files) => {
        if (files >= most) late.abort()
      }
    }
  }
}

describe('a settling whose time is up', () => {
  it('ends the sweep that is under way, begins no other, and says so of each', async () => {
    const { sweeping, oddities } = upAfter(3)
    const spec = { ...whole('antenv'), ...whole(NEWER), ...whole(OLDER), ...whole(doomed(copy(3))) }
    const { tree, site, settlements, fates } = await settling(spec, { sweeping }, oddities)
    expect(fates).toEqual(['swept', 'postponed', 'postponed'])
    expect(settlements[0]?.swept).toMatchObject({ files: 3, unfinished: true })
    expect(swept(site.log)).toEqual([doomed(NEWER)])
    expect(pathsIn(tree, OLDER)).toEqual(pathsIn(treeOf(whole(OLDER)), OLDER))
  })

  it('leaves what a later one finishes', async () => {
    const { sweeping, oddities } = upAfter(3)
    const { tree } = await settling({ ...whole('antenv'), ...whole(NEWER), ...whole(OLDER) }, { sweeping }, oddities)
    const { fates } = await settleTree(tree)
    expect(fates).toEqual(['swept', 'swept'])
    expect(pathsIn(tree, OWN)).toEqual([OWN])
  })

  it('leaves copies that still go back if the environment is gone by then', async () => {
    const { sweeping, oddities } = upAfter(3)
    const { tree } = await settling({ ...whole('antenv'), ...whole(NEWER), ...whole(OLDER) }, { sweeping }, oddities)
    for (const path of pathsIn(tree, '/site/wwwroot/antenv')) tree.delete(path)
    const { fates } = await settleTree(tree)
    expect(fates).toEqual(['put-back', 'swept'])
    expect(tree.has('/site/wwwroot/antenv/bin/activate')).toBe(true)
  })

  it('puts back all the same', async () => {
    const { fates } = await settling(whole(NEWER), { sweeping: () => ({ until: AbortSignal.abort() }) })
    expect(fates).toEqual(['put-back'])
  })

  it('has fresh options for each sweep', async () => {
    const given: SweepOptions[] = []
    const sweeping = (): SweepOptions => ({ onProgress: () => undefined })
    const duringSweep = (options: SweepOptions): void => void given.push(options)
    await settling({ ...whole('antenv'), ...whole(NEWER), ...whole(OLDER) }, { sweeping }, { duringSweep })
    expect(new Set(given.map(({ onProgress }) => onProgress)).size).toBe(2)
  })
})

describe('a file in use', () => {
  const LOCKED = `DELE ${doomed(NEWER)}/lib/python3.11/site-packages/pip/__init__.py`
  const spec = { ...whole('antenv'), ...whole(NEWER) }

  it('does not keep the folders that it lay in', async () => {
    const { sweeping } = patient()
    const { tree, settlements } = await settling(spec, { sweeping }, { refuse: [LOCKED] })
    expect(settlements).toMatchObject([
      { fate: 'swept', swept: { refused: [], movedAside: [LOCKED.slice('DELE '.length)] } }
    ])
    expect(pathsIn(tree, OWN)).toEqual([OWN, placeOf(0)])
  })

  it('is deleted by a later run', async () => {
    const { tree } = await settling(spec, { sweeping: patient().sweeping }, { refuse: [LOCKED] })
    const { settlements } = await settleTree(tree, { sweeping: patient().sweeping })
    expect(settlements).toMatchObject([{ fate: 'swept', swept: { files: 1, movedAside: [] } }])
    expect(pathsIn(tree, OWN)).toEqual([OWN])
  })

  it('stays where it is as long as it is in use, and is no refusal', async () => {
    const tree = treeOf(whole('antenv'), { [placeOf(0)]: 'pyd' })
    const { site, settlements } = await settleTree(
      tree,
      { sweeping: patient().sweeping },
      { refuse: [`DELE ${placeOf(0)}`] }
    )
    expect(settlements).toMatchObject([{ fate: 'swept', swept: { files: 0, refused: [], movedAside: [placeOf(0)] } }])
    expect(site.log.join()).not.toContain('RENAME')
    expect(pathsIn(tree, OWN)).toEqual([OWN, placeOf(0)])
  })
})
