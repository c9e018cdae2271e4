// A folder of packages without an environment: set aside, settled, and deleted in place.
import { describe, expect, it } from 'vitest'
import { readPackages } from '../../../src/python/read-venv.ts'
import { remotePath } from '../../../src/site.ts'
import { fakeSite, linkTo, pathsIn, treeOf, type Spec, type Tree } from '../fake-site.ts'
import { copy, settling } from './settling.ts'
import { removing } from './running.ts'

const NAME = '__oryx_packages__'
const ROOT = `/site/wwwroot/${NAME}`
const packages = (root: string, ...names: readonly string[]): Spec =>
  Object.fromEntries(
    names.flatMap(name => [
      [`${root}/${name}/__init__.py`, ''],
      [`${root}/${name}-1.0.dist-info/METADATA`, ''],
      [`${root}/bin/${name}`, '']
    ])
  )

describe('a copy of a folder of packages', () => {
  const COPY = packages(copy(21, NAME), 'flask', 'gunicorn')

  it.each<[string, Spec, boolean, readonly string[]]>([
    ['goes back where nothing took its place', {}, true, ['put-back']],
    ['is swept where a new one took its place', packages(NAME, 'flask', 'gunicorn'), true, ['swept']],
    ['is swept where the new one has other packages', packages(NAME, 'django'), true, ['swept']],
    ['is kept where the job failed and packages are missing', packages(NAME, 'flask'), false, ['kept']],
    ['is kept where the new one is empty', { [`${NAME}/`]: '' }, true, ['kept']],
    ['is kept where something else took its place', { [`${NAME}/readme.txt`]: '' }, true, ['kept']]
  ])('%s', async (_, spec, jobSucceeded, expected) => {
    const { fates } = await settling({ ...COPY, ...spec }, { jobSucceeded })
    expect(fates).toEqual(expected)
  })

  it('of several the newest goes back, and the others are swept', async () => {
    const older = packages(copy(20, NAME), 'flask')
    const { tree, fates } = await settling({ ...COPY, ...older }, { jobSucceeded: false })
    expect(fates).toEqual(['put-back', 'swept'])
    expect(tree.has(`${ROOT}/gunicorn/__init__.py`)).toBe(true)
  })
})

describe('a folder of packages that is deleted in place', () => {
  const SPEC: Spec = {
    ...packages(NAME, 'flask', 'gunicorn'),
    [`${NAME}/bin/python`]: '',
    [`${NAME}/lib/x`]: '',
    [`${NAME}/outside`]: linkTo('/data'),
    '/data/precious.txt': '',
    'app.py': ''
  }

  async function cutAfter(tree: Tree, changes: number): Promise<boolean> {
    const environment = await readPackages(fakeSite(tree), remotePath(ROOT))
    if (!environment) throw new Error('not a folder of packages any more')
    try {
      await removing(fakeSite(tree, { lostAfter: changes }), environment)
      return true
    } catch (error) {
      expect(error).toMatchObject({ kind: 'lost' })
      return false
    }
  }

  it('is still known as one wherever it is cut, and a second run finishes it', async () => {
    let cuts = 0
    for (let changes = 0; ; changes++) {
      const tree = treeOf(SPEC)
      if (await cutAfter(tree, changes)) break
      cuts++
      if (tree.has(ROOT)) expect([changes, await cutAfter(tree, Infinity)]).toEqual([changes, true])
      expect(pathsIn(tree, '/site/wwwroot')).toEqual(['/site/wwwroot', '/site/wwwroot/app.py'])
      expect(tree.has('/data/precious.txt')).toBe(true)
    }
    expect(cuts).toBeGreaterThan(10)
  })

  it('counts the files', async () => {
    const tree = treeOf(SPEC)
    const environment = await readPackages(fakeSite(tree), remotePath(ROOT))
    if (!environment) throw new Error('not a folder of packages')
    expect(await removing(fakeSite(tree), environment)).toMatchObject({ files: 9 })
  })
})

it('a link in the place of a distribution is removed as a link where it is listed as a folder', async () => {
  const spec = {
    ...packages(NAME, 'flask'),
    [`${ROOT}/alpha-1.0.dist-info`]: linkTo('/data'),
    '/data/precious.txt': 'x'
  }
  const tree = treeOf(spec)
  const site = fakeSite(tree, { linksAsDirectories: true })
  const found = await readPackages(site, remotePath(ROOT))
  if (!found) throw new Error('the folder of packages was not seen')
  await removing(site, found)
  expect([pathsIn(tree, ROOT), tree.has('/data/precious.txt')]).toEqual([[], true])
})
