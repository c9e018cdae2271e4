import { describe, expect, it } from 'vitest'
import { discard } from '../../../src/reset/over-ftp.ts'
import { parseTrashName, readTrash, type SetAside } from '../../../src/reset/trash.ts'
import { SITE, mutable, remotePath } from '../../../src/site.ts'
import { changesIn, fakeSite, pathsIn, treeOf, type Spec } from '../fake-site.ts'
import { CFG, posixVenv } from '../fixtures.ts'
import { OWN, copyOf } from './running.ts'

const COPY = copyOf('antenv')
const DOOMED = `${OWN}/trash-20261122T120000000Z-deadbeef`
const ITEM: SetAside = { copy: mutable(remotePath(COPY)), original: mutable(remotePath('/site/wwwroot/antenv')) }
const SPEC: Spec = posixVenv(COPY, '3.11', CFG.venv311)

describe('a copy that is discarded', () => {
  it('is renamed first, then swept', async () => {
    const tree = treeOf(SPEC)
    const site = fakeSite(tree)
    const swept = await discard(site, ITEM, {})
    expect(site.log.slice(0, 2)).toEqual([`RENAME ${COPY} => ${DOOMED}`, `SWEEP ${DOOMED}`])
    expect(swept).toMatchObject({ files: 10, refused: [] })
    expect(pathsIn(tree, OWN)).toEqual([OWN])
  })

  it('stays whole where the server refuses to rename it', async () => {
    const tree = treeOf(SPEC)
    const site = fakeSite(tree, { refuseRenames: true })
    await expect(discard(site, ITEM, {})).rejects.toMatchObject({ kind: 'refused' })
    expect(pathsIn(tree)).toEqual(pathsIn(treeOf(SPEC)))
    expect(changesIn(site.log)).toHaveLength(1)
  })

  it('is either whole or no copy any more, wherever its deletion is cut', async () => {
    const before = pathsIn(treeOf(SPEC), COPY)
    let finished = false
    for (let lostAfter = 0; !finished; lostAfter++) {
      const tree = treeOf(SPEC)
      try {
        await discard(fakeSite(tree, { lostAfter }), ITEM, {})
        finished = true
      } catch (error) {
        expect(error).toMatchObject({ kind: 'lost' })
      }
      const site = fakeSite(tree)
      const { copies, doomed } = await readTrash(site, await site.list(SITE), false)
      if (lostAfter === 0) expect([copies, pathsIn(tree, COPY)]).toEqual([[ITEM], before])
      else expect([lostAfter, copies, doomed]).toEqual([lostAfter, [], finished ? [] : [DOOMED]])
    }
    expect(parseTrashName(DOOMED.slice(OWN.length + 1))).toBeUndefined()
  })
})
