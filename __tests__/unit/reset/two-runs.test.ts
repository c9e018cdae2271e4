// Two runs on one site: what the other one has done meanwhile is neither an error nor claimed as one's own.
import { describe, expect, it } from 'vitest'
import { sweepDoomed } from '../../../src/reset/over-ftp.ts'
import { mutable, remotePath } from '../../../src/site.ts'
import { fakeSite, pathsIn, treeOf, type FakeSite, type Tree } from '../fake-site.ts'
import { ANTENV, RENAME, begin, copyOf } from './running.ts'
import { NEWER, OLDER, OWN, doomed, given, whole } from './settling.ts'
import { settle } from '../../../src/reset/settle.ts'
import { readTrash } from '../../../src/reset/trash.ts'
import { SITE } from '../../../src/site.ts'
import type { Settlement } from '../../../src/reset/fates.ts'

function move(tree: Tree, from: string, to: string): void {
  for (const path of pathsIn(tree, from)) {
    const node = tree.get(path)
    tree.delete(path)
    if (node) tree.set(`${to}${path.slice(from.length)}`, node)
  }
}

describe('a reset that another run was faster with', () => {
  it('claims no copy that is not its own', async () => {
    const { done } = await begin({ ...ANTENV, [`${OWN}/`]: '' }, {}, RENAME, 'antenv', (site, tree) => ({
      ...site,
      rename: (from, to) => {
        move(tree, '/site/wwwroot/antenv', `${OWN}/trash-of-another`)
        return site.rename(from, to)
      }
    }))
    expect(await done).toEqual({ strategy: 'rename', moved: [], filesDeleted: 0, movedAside: [] })
  })

  it('claims its own copy where only the reply was a refusal', async () => {
    const { done } = await begin({ ...ANTENV, [`${OWN}/`]: '' }, {}, RENAME, 'antenv', (site, tree) => ({
      ...site,
      rename: (from, to) => {
        move(tree, from, to)
        return site.rename(from, to)
      }
    }))
    expect(await done).toMatchObject({ strategy: 'rename', moved: [{ copy: copyOf('antenv') }] })
  })
})

describe('a trash that another run settles as well', () => {
  async function settleWith(tree: Tree, before: (tree: Tree) => void): Promise<readonly Settlement[]> {
    const site = fakeSite(tree)
    const racing: FakeSite = {
      ...site,
      rename: (from, to) => {
        before(tree)
        return site.rename(from, to)
      }
    }
    const settlements: Settlement[] = []
    const trash = await readTrash(site, await site.list(SITE), false)
    await settle(racing, trash, given({ onSettled: settlement => void settlements.push(settlement) }))
    return settlements
  }

  it('is swept by whoever came first', async () => {
    const tree = treeOf(whole('antenv'), whole(NEWER))
    const settlements = await settleWith(tree, () => {
      move(tree, NEWER, doomed(NEWER))
    })
    expect(settlements).toMatchObject([{ fate: 'swept', detail: 'another run was faster', swept: undefined }])
  })

  it('is put back by whoever came first', async () => {
    const tree = treeOf(whole(NEWER))
    const settlements = await settleWith(tree, () => {
      move(tree, NEWER, '/site/wwwroot/antenv')
    })
    expect(settlements).toMatchObject([{ fate: 'put-back' }])
    expect(settlements[0]?.detail).toContain('another run was faster')
  })

  it('is kept where it vanishes while it is put back, and so are the others', async () => {
    const tree = treeOf(whole(NEWER), whole(OLDER))
    const site = fakeSite(tree)
    const swallowing: FakeSite = {
      ...site,
      rename: (from, to) => {
        if (to !== '/site/wwwroot/antenv') return site.rename(from, to)
        for (const path of pathsIn(tree, from)) tree.delete(path)
        return Promise.resolve()
      }
    }
    const settlements: Settlement[] = []
    const trash = await readTrash(site, await site.list(SITE), false)
    await settle(swallowing, trash, given({ onSettled: settlement => void settlements.push(settlement) }))
    expect(settlements.map(({ fate }) => fate)).toEqual(['kept', 'kept'])
    expect(tree.has(`${OLDER}/pyvenv.cfg`)).toBe(true)
  })

  it('is told where it is neither there nor back', async () => {
    const tree = treeOf(whole(NEWER))
    const settlements = await settleWith(tree, () => {
      move(tree, NEWER, '/data/elsewhere')
    })
    expect(settlements).toMatchObject([{ fate: 'kept' }])
    expect(settlements[0]?.detail).toContain('neither set aside any more nor back')
  })

  it.each([true, false])('refusals of a sweep count only where something is left: %s', async left => {
    const rest = doomed(NEWER)
    const tree = treeOf(whole(rest))
    const site = fakeSite(tree)
    const racing: FakeSite = {
      ...site,
      sweep: path => {
        if (!left) for (const gone of pathsIn(tree, rest)) tree.delete(gone)
        return Promise.resolve({
          files: 0,
          directories: 0,
          refused: [{ path: `${path}/x`, reply: '550 not found' }],
          movedAside: [],
          unfinished: false
        })
      }
    }
    const { refused } = await sweepDoomed(racing, mutable(remotePath(rest)), {})
    expect(refused).toHaveLength(left ? 1 : 0)
  })
})
