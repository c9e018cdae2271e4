import { describe, expect, it } from 'vitest'
import type { Connection } from '../../../src/ftp/connection.ts'
import { makePool, type Pool } from '../../../src/ftp/pool.ts'
import { openAccount } from '../../../src/ftp/account.ts'
import { noListingsLearned } from '../../../src/ftp/learned.ts'
import { sweepTree, type SweepMeans } from '../../../src/ftp/sweep.ts'
import { SiteError, mutable, remotePath, type RemoteEntry, type Sweep } from '../../../src/site.ts'
import { fakeConnection, type Cut } from '../fake-connection.ts'
import { fakeSite, linkTo, pathsIn, treeOf, type FakeSite, type Oddities, type Spec, type Tree } from '../fake-site.ts'
import { CFG, posixVenv } from '../fixtures.ts'

const COPY = '/site/.azure-python-env/trash-x'
const NEIGHBOURS: Spec = { 'app.py': 'app', '/data/precious.txt': 'x', [`${COPY}-other/file`]: '' }

const poolOver = (site: FakeSite, limit = 4): Pool =>
  makePool(fakeConnection(site), () => Promise.resolve(fakeConnection(site)), limit)

const meansWith = (pool: Pool): SweepMeans => ({
  pool,
  account: openAccount(),
  listings: noListingsLearned(),
  connections: 4,
  pipelining: true,
  signal: new AbortController().signal,
  pausesMs: [],
  reconnectPausesMs: [0, 0, 0, 0]
})

const meansOver = (site: FakeSite, limit = 4): SweepMeans => meansWith(poolOver(site, limit))

async function sweep(
  spec: Spec,
  oddities: Oddities = {}
): Promise<{ tree: Tree; log: readonly string[]; swept: Sweep }> {
  const tree = treeOf(NEIGHBOURS, spec)
  const site = fakeSite(tree, oddities)
  const swept = await sweepTree(meansOver(site), mutable(remotePath(COPY)))
  return { tree, log: site.log, swept }
}

const fresh = (count: number): RemoteEntry => ({
  name: `${count} bytes free`,
  kind: 'unknown',
  size: 0,
  modified: undefined
})

const SPARED = pathsIn(treeOf(NEIGHBOURS))

describe('a sweep', () => {
  it('removes a whole environment and nothing else', async () => {
    const { tree, swept } = await sweep(posixVenv(COPY, '3.12', CFG.venv311))
    expect(pathsIn(tree)).toEqual(SPARED)
    expect(swept).toMatchObject({ files: 10, directories: 8, refused: [] })
  })

  it('removes an empty folder', async () => {
    const { tree, swept } = await sweep({ [`${COPY}/`]: '' })
    expect(pathsIn(tree)).toEqual(SPARED)
    expect(swept).toMatchObject({ files: 0, directories: 1, refused: [] })
  })

  it('removes more files than go in one batch', async () => {
    const files = Array.from({ length: 100 }, (_, number) => [`${COPY}/f${number}`, ''] as const)
    expect((await sweep(Object.fromEntries(files))).swept).toMatchObject({ files: 100, directories: 1, refused: [] })
  })

  it('removes links that only a second kind of listing shows', async () => {
    const spec = { [`${COPY}/bin/python`]: linkTo('/usr/bin/python3'), [`${COPY}/bin/x`]: '', [`${COPY}/y`]: '' }
    const { tree, swept } = await sweep(spec, { hidesDangling: true })
    expect(pathsIn(tree)).toEqual(SPARED)
    expect(swept).toMatchObject({ files: 3, directories: 2, refused: [] })
  })

  it('enters no folder where nothing can be removed beside it: it may be a link to anywhere', async () => {
    const spec: Spec = { [`${COPY}/share/data`]: linkTo('/data'), [`${COPY}/x`]: '' }
    const refuse = ['DELE', 'RMD', 'MKD'].flatMap(verb =>
      ['data', '.azure-python-env-probe'].map(name => `${verb} ${COPY}/share/${name}`)
    )
    const { tree, swept } = await sweep(spec, { linksAsDirectories: true, refuse })
    expect(tree.has('/data/precious.txt')).toBe(true)
    expect(swept.files).toBe(1)
    expect(swept.refused.map(({ path }) => path)).toEqual([`${COPY}/share/data`, `${COPY}/share`, COPY])
  })

  it('gives a folder up whose listing never ends', async () => {
    const tree = treeOf(NEIGHBOURS, { [`${COPY}/busy/x`]: '' })
    const site = fakeSite(tree, { refuse: [`RMD ${COPY}/busy`] })
    let lists = 0
    const growing: FakeSite = {
      ...site,
      list: path => (path.endsWith('/busy') ? Promise.resolve([fresh(++lists)]) : site.list(path)),
      listFully: path => (path.endsWith('/busy') ? Promise.resolve([fresh(++lists)]) : site.listFully(path))
    }
    const { refused } = await sweepTree(meansOver(growing), mutable(remotePath(COPY)))
    expect(lists).toBeLessThanOrEqual(50)
    expect(refused.at(-1)?.path).toBe(COPY)
  })

  it('removes a folder whose listings are cut, however often it takes', async () => {
    const files = Array.from({ length: 25 }, (_, number) => [`${COPY}/d/f${number}`, ''] as const)
    const { tree, swept } = await sweep(Object.fromEntries(files), { longestListing: 10 })
    expect(pathsIn(tree)).toEqual(SPARED)
    expect(swept).toMatchObject({ files: 25, directories: 2, refused: [] })
  })

  it('removes a single file, such as a marker', async () => {
    const { tree, swept } = await sweep({ [COPY]: '' })
    expect(pathsIn(tree)).toEqual(SPARED)
    expect(swept).toMatchObject({ files: 1, directories: 0, refused: [] })
  })
})

describe('links', () => {
  const LINKS: Spec = {
    [`${COPY}/bin/python`]: linkTo('/data/precious.txt'),
    [`${COPY}/deep/data`]: linkTo('/data'),
    [`${COPY}/up`]: linkTo('..'),
    [`${COPY}/lib/a`]: '',
    [`${COPY}/lib64`]: linkTo('lib')
  }

  it.each<[string, Oddities]>([
    ['are listed as links', {}],
    ['are listed as folders', { linksAsDirectories: true }],
    ['are removed by RMD only', { linksNeedRmd: true }]
  ])('go, and what they point to stays, where they %s', async (_, oddities) => {
    const { tree, log, swept } = await sweep(LINKS, oddities)
    expect(pathsIn(tree)).toEqual(SPARED)
    expect(swept.refused).toEqual([])
    for (const path of ['deep/data', 'up', 'lib64']) expect(log).not.toContain(`LIST ${COPY}/${path}`)
  })

  it('are not entered where they are listed as folders and removed by RMD only', async () => {
    // A link to a folder that is not empty: RMD of Windows removes the link itself.
    const tree = treeOf(NEIGHBOURS, LINKS)
    const site = fakeSite(tree, { linksAsDirectories: true, linksNeedRmd: true })
    await sweepTree(meansOver(site), mutable(remotePath(COPY)))
    expect(pathsIn(tree)).toEqual(SPARED)
    expect(site.log.filter(line => line.startsWith('LIST ') && /data|up|lib64/.test(line))).toEqual([])
  })

  it('are not entered where both refusals are about the moment only', async () => {
    const share = `${COPY}/share`
    const { tree, swept } = await sweep(
      { [share]: linkTo('/data'), [`${COPY}/x`]: '' },
      { linksAsDirectories: true, busy: [`DELE ${share}`, `RMD ${share}`] }
    )
    expect(pathsIn(tree)).toEqual(SPARED)
    expect(swept).toMatchObject({ files: 2, refused: [] })
  })

  it('called lib64 that a listing names twice do not wait for each other', async () => {
    const tree = treeOf(NEIGHBOURS, { [`${COPY}/lib64/a`]: '', [`${COPY}/b`]: '' })
    const site = fakeSite(tree)
    const twice = async (path: Parameters<FakeSite['list']>[0]): Promise<readonly RemoteEntry[]> => {
      const entries = await site.list(path)
      return [...entries, ...entries.filter(({ name }) => name === 'lib64')]
    }
    const { refused } = await sweepTree(meansOver({ ...site, list: twice }), mutable(remotePath(COPY)))
    expect([refused, pathsIn(tree)]).toEqual([[], SPARED])
  })

  it('called lib64 are entered after everything else of their folder, if nothing else removes them', async () => {
    const { log } = await sweep(
      { [`${COPY}/lib64`]: linkTo('lib'), [`${COPY}/lib/a/b`]: '', [`${COPY}/z`]: '' },
      { linksAsDirectories: true, refuse: [`DELE ${COPY}/lib64`] }
    )
    const lib64 = log.indexOf(`LIST ${COPY}/lib64`)
    for (const path of ['lib', 'lib/a', 'lib/a/b', 'z']) {
      const last = Math.max(log.lastIndexOf(`RMD ${COPY}/${path}`), log.lastIndexOf(`DELE ${COPY}/${path}`))
      expect(lib64).toBeGreaterThan(last)
    }
  })
})

describe('refusals', () => {
  const TREE: Spec = { [`${COPY}/lib/a.pyd`]: '', [`${COPY}/lib/b.py`]: '', [`${COPY}/bin/python`]: '' }

  it('are reported with the paths, the cause before its parents, and the rest is removed', async () => {
    const { tree, swept } = await sweep(TREE, { refuse: [`DELE ${COPY}/lib/a.pyd`] })
    expect(swept.refused.map(({ path }) => path)).toEqual([`${COPY}/lib/a.pyd`, `${COPY}/lib`, COPY])
    expect(swept.refused[0]?.reply).toContain('in use')
    expect(pathsIn(tree, COPY)).toEqual([COPY, `${COPY}/lib`, `${COPY}/lib/a.pyd`])
    expect(swept).toMatchObject({ files: 2, directories: 1 })
  })

  it('of a listing are reported too, and the rest is removed', async () => {
    const { tree, swept } = await sweep(TREE, { refuse: [`LIST ${COPY}/lib`] })
    expect(swept.refused.map(({ path }) => path)).toContain(`${COPY}/lib`)
    expect(tree.has(`${COPY}/bin`)).toBe(false)
  })

  it('include a name that no path may hold, and the rest is removed', async () => {
    const { tree, swept } = await sweep({ ...TREE, [`${COPY}/back\\slash`]: '', [`${COPY}/carriage\rreturn`]: '' })
    expect(swept.refused).not.toEqual([])
    expect(tree.has(`${COPY}/lib`) || tree.has(`${COPY}/bin`)).toBe(false)
  })
})

describe('a line that cannot be read', () => {
  const TREE: Spec = { [`${COPY}/lib/a.py`]: '', [`${COPY}/lib/odd`]: 'x', [`${COPY}/bin/python`]: '' }

  it('is reported whole and never sent, and the rest is removed', async () => {
    const { tree, log, swept } = await sweep(TREE, { unreadable: [`${COPY}/lib/odd`] })
    expect(swept.refused.map(({ path }) => path)).toEqual([`${COPY}/lib/?rwx?  odd`, `${COPY}/lib`, COPY])
    expect(swept.refused[0]?.reply).toContain('cannot be read')
    expect(pathsIn(tree, COPY)).toEqual([COPY, `${COPY}/lib`, `${COPY}/lib/odd`])
    expect(log.join()).not.toContain('odd')
  })

  it('is reported also where it may be a folder', async () => {
    const { tree, swept } = await sweep(TREE, { unreadable: [`${COPY}/lib`] })
    expect(swept.refused.map(({ path }) => path)).toEqual([`${COPY}/?rwx?  lib`, COPY])
    expect(pathsIn(tree, COPY)).toEqual([COPY, `${COPY}/lib`, `${COPY}/lib/a.py`, `${COPY}/lib/odd`])
  })
})

describe('a name that no path may hold', () => {
  it.each<[string, Spec, string]>([
    ['a file', { [`${COPY}/back\\slash`]: 'x' }, `${COPY}/back\\slash`],
    ['a folder', { [`${COPY}/..\\up/x`]: 'x' }, `${COPY}/..\\up`]
  ])('is reported and never sent: %s', async (_, spec, path) => {
    const { tree, log, swept } = await sweep({ ...spec, [`${COPY}/lib/a`]: '' })
    expect(swept.refused[0]).toEqual({ path, reply: 'This name cannot be sent safely' })
    expect(log.join()).not.toContain('\\')
    expect([tree.has(path), tree.has(`${COPY}/lib`)]).toEqual([true, false])
  })
})

describe('a connection that is lost', () => {
  it.each(
    [1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 240].flatMap(at => [true, false].map(carriedOut => ({ at, carriedOut })))
  )(
    'is replaced, and nothing is left, miscounted or touched twice: command $at, carried out: $carriedOut',
    async ({ at, carriedOut }) => {
      const files = Array.from({ length: 200 }, (_, n) => [`${COPY}/f${n % 5}/g${n % 3}/h${n}`, ''] as const)
      const tree = treeOf(NEIGHBOURS, Object.fromEntries(files))
      const site = fakeSite(tree)
      const cut: Cut = { sent: 0, at, carriedOut }
      const pool = makePool(fakeConnection(site, cut), () => Promise.resolve(fakeConnection(site, cut)), 4)
      const swept = await sweepTree(meansWith(pool), mutable(remotePath(COPY)))
      expect(pathsIn(tree)).toEqual(SPARED)
      expect(swept).toEqual({ files: 200, directories: 21, refused: [], movedAside: [], unfinished: false })
    }
  )

  it('ends the sweep with an error, never with a report', async () => {
    for (let changes = 0; changes < 6; changes++) {
      const site = fakeSite(treeOf(posixVenv(COPY, '3.12', CFG.uv)), { lostAfter: changes })
      const lost = sweepTree(meansOver(site), mutable(remotePath(COPY)))
      await expect(lost).rejects.toMatchObject({ kind: 'lost' })
    }
  })

  it('is not mistaken for a refusal when it happens while listing', async () => {
    const site = fakeSite(treeOf({ [`${COPY}/a`]: '' }))
    const silent = (): Connection => ({
      ...fakeConnection(site),
      list: () => Promise.reject(new SiteError('lost', 'silence'))
    })
    const pool = makePool(silent(), () => Promise.resolve(silent()), 2)
    await expect(sweepTree(meansWith(pool), mutable(remotePath(COPY)))).rejects.toMatchObject({ kind: 'lost' })
  })
})

it('an extra connection that cannot be opened only lowers the number', async () => {
  const tree = treeOf(posixVenv(COPY, '3.12', CFG.uv))
  const site = fakeSite(tree)
  const pool = makePool(fakeConnection(site), () => Promise.reject(new SiteError('unreachable', '421')), 8)
  expect((await sweepTree(meansWith(pool), mutable(remotePath(COPY)))).refused).toEqual([])
  expect(pathsIn(tree, COPY)).toEqual([])
})
