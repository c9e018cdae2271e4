import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import type { Environment } from '../../../src/python/venv.ts'
import { WWWROOT, child, remotePath } from '../../../src/site.ts'
import { fakeSite, linkTo, pathsIn, treeOf, type Oddities, type Spec, type Tree } from '../fake-site.ts'
import { CFG, oldVirtualenv, posixVenv, windowsVenv } from '../fixtures.ts'
import { removing } from './running.ts'

const ROOT = '/site/wwwroot/env'
const OTHERS: Spec = { 'app.py': '', 'lib/x.js': '', '/data/precious.txt': '', 'environment/x': '' }

const read = (tree: Tree): Promise<Environment | undefined> =>
  tree.has(ROOT) ? readEnvironment(fakeSite(tree), child(WWWROOT, 'env'), true) : Promise.resolve(undefined)

async function mustRead(tree: Tree): Promise<Environment> {
  const environment = await read(tree)
  if (!environment) throw new Error('not an environment')
  return environment
}

/** Deletes until the connection is lost after so many changes. `true`: it came to its end. */
async function cutAfter(tree: Tree, changes: number, oddities: Oddities = {}): Promise<boolean> {
  const environment = await mustRead(tree)
  try {
    await removing(fakeSite(tree, { ...oddities, lostAfter: changes }), environment)
    return true
  } catch (error) {
    expect(error).toMatchObject({ kind: 'lost' })
    return false
  }
}

const filesIn = (tree: Tree): readonly string[] =>
  pathsIn(tree, ROOT).filter(path => tree.get(path)?.kind !== 'directory')

const POSIX: readonly (readonly [string, Spec])[] = [
  ['venv', posixVenv('env', '3.11', CFG.venv311)],
  [
    'venv with files of the app',
    {
      ...posixVenv('env', '3.13', CFG.venv313),
      'env/.gitignore': '',
      'env/bin/__pycache__/x': '',
      'env/bin/link': linkTo('/data'),
      'env/share/man/x': ''
    }
  ],
  ['virtualenv', posixVenv('env', '3.8', CFG.virtualenv20)],
  ['uv', posixVenv('env', '3.12', CFG.uv)],
  ['two libraries', { ...posixVenv('env', '3.11', CFG.venv311), ...posixVenv('env', '3.12', CFG.venv311) }]
]

describe('a deletion in place that is cut', () => {
  it.each<[string, Spec, Oddities]>([
    ...POSIX.map(([name, spec]) => [name, spec, {}] as [string, Spec, Oddities]),
    ...POSIX.map(
      ([name, spec]) =>
        [`${name}, links listed as folders`, spec, { linksAsDirectories: true }] as [string, Spec, Oddities]
    )
  ])('leaves what is seen as broken at every step, and a second run finishes it: %s', async (_, spec, oddities) => {
    const original = pathsIn(treeOf(OTHERS, spec), ROOT)
    let finished = false
    for (let changes = 0; !finished; changes++) {
      const tree = treeOf(OTHERS, spec)
      finished = await cutAfter(tree, changes, oddities)
      const rest = await read(tree)
      // Before anything goes, it is tried whether anything can.
      const isWhole = original.every(path => tree.has(path))
      if (changes === 0) expect(pathsIn(tree, ROOT)).toEqual(original)
      else if (!finished && !isWhole) {
        expect([changes, rest?.missing.length]).not.toEqual([changes, 0])
        expect(rest, `after ${changes} changes: ${pathsIn(tree, ROOT).join()}`).toBeDefined()
      }
      if (rest) await removing(fakeSite(tree, oddities), rest)
      expect(pathsIn(tree)).toEqual(pathsIn(treeOf(OTHERS)))
    }
  })

  it.each<[string, Spec]>([
    ['virtualenv before 20', oldVirtualenv('env')],
    ['an environment whose pyvenv.cfg is gone', posixVenv('env', '3.11', undefined)]
  ])('leaves what is seen as broken as long as a file is left: %s', async (_, spec) => {
    let finished = false
    for (let changes = 1; !finished; changes++) {
      const tree = treeOf(OTHERS, spec)
      finished = await cutAfter(tree, changes)
      const rest = await read(tree)
      const isWhole = pathsIn(treeOf(spec), ROOT).every(path => tree.has(path))
      if (filesIn(tree).length > 0 && !isWhole) expect(rest?.missing, filesIn(tree).join()).not.toEqual([])
      if (filesIn(tree).length > 0) expect(rest, filesIn(tree).join()).toBeDefined()
    }
  })

  it.each<[string, Spec]>([
    ['virtualenv before 20', oldVirtualenv('env')],
    ['an environment whose pyvenv.cfg is gone', posixVenv('env', '3.11', undefined)]
  ])('is finished by a second run, wherever it was cut: %s', async (_, spec) => {
    let finished = false
    for (let changes = 1; !finished; changes++) {
      const tree = treeOf(OTHERS, spec)
      finished = await cutAfter(tree, changes)
      const rest = await read(tree)
      if (!finished) expect(rest, `not seen as an environment: ${pathsIn(tree, ROOT).join()}`).toBeDefined()
      if (rest) await removing(fakeSite(tree), rest)
    }
  })

  it.each<[string, Spec]>([
    ['without pyvenv.cfg', windowsVenv('env', undefined)],
    ['with pyvenv.cfg', windowsVenv('env', CFG.venv36)],
    ['with two markers', windowsVenv('env', undefined, ['2.7', '3.6'])]
  ])('never leaves a marker on a damaged environment of Windows: %s', async (_, spec) => {
    const whole = filesIn(treeOf(spec)).filter(path => !path.includes('azure.env'))
    let finished = false
    for (let changes = 1; !finished; changes++) {
      const tree = treeOf(OTHERS, spec)
      finished = await cutAfter(tree, changes)
      const rest = await read(tree)
      const damaged = whole.some(path => !tree.has(path))
      if (damaged) expect([changes, rest?.markers ?? []]).toEqual([changes, []])
      if (damaged) expect([changes, rest?.missing.length]).not.toEqual([changes, 0])
    }
  })
})

describe('the order of a deletion in place', () => {
  const orderOf = async (spec: Spec): Promise<readonly string[]> => {
    const tree = treeOf(OTHERS, spec)
    const site = fakeSite(tree)
    await removing(site, await mustRead(tree))
    expect(pathsIn(tree)).toEqual(pathsIn(treeOf(OTHERS)))
    return site.done.filter(line => !line.includes('-probe'))
  }

  it('begins with the interpreter and ends with what starts and what proves the environment', async () => {
    const order = await orderOf(posixVenv('env', '3.11', CFG.venv311))
    expect(order.slice(0, 3)).toEqual(['python', 'python3', 'python3.11'].map(name => `DELE ${ROOT}/bin/${name}`))
    expect(order.slice(-4)).toEqual([
      `DELE ${ROOT}/bin/activate`,
      `RMD ${ROOT}/bin`,
      `DELE ${ROOT}/pyvenv.cfg`,
      `RMD ${ROOT}`
    ])
  })

  it('keeps what proves and names an old environment until everything else is gone', async () => {
    const order = await orderOf(oldVirtualenv('env'))
    const library = `${ROOT}/lib/python2.7`
    expect(order.slice(-7)).toEqual([
      `DELE ${ROOT}/bin/activate`,
      `RMD ${library}/site-packages`,
      `DELE ${library}/orig-prefix.txt`,
      `RMD ${library}`,
      `RMD ${ROOT}/lib`,
      `RMD ${ROOT}/bin`,
      `RMD ${ROOT}`
    ])
  })

  it('begins with the markers on Windows, then the interpreter', async () => {
    const order = await orderOf(windowsVenv('env', undefined, ['2.7', '3.6']))
    expect(order.slice(0, 4)).toEqual([
      `DELE ${ROOT}/azure.env.python-2.7.txt`,
      `DELE ${ROOT}/azure.env.python-3.6.txt`,
      `DELE ${ROOT}/Scripts/python.exe`,
      `DELE ${ROOT}/Scripts/pythonw.exe`
    ])
  })

  it('counts files and links, not folders', async () => {
    const tree = treeOf(posixVenv('env', '3.11', CFG.venv311))
    const files = filesIn(tree).length
    expect(await removing(fakeSite(tree), await mustRead(tree))).toEqual({ files, movedAside: [] })
  })
})

describe('a file that is locked', () => {
  const spec = windowsVenv('env', undefined)
  it.each(['Scripts/python.exe', 'Scripts/activate', 'Lib/site-packages/pip/__init__.py', 'azure.env.python-3.6.txt'])(
    'ends a deletion in place with an error that names it: %s',
    async name => {
      const tree = treeOf(spec)
      const site = fakeSite(tree, { refuse: [`DELE ${ROOT}/${name}`] })
      const removal = removing(site, await mustRead(tree))
      await expect(removal).rejects.toMatchObject({ kind: 'refused' })
      await expect(removal).rejects.toThrow(name)
    }
  )

  it('leaves the environment whole when it is the first of all', async () => {
    const tree = treeOf(posixVenv('env', '3.11', CFG.venv311))
    const before = pathsIn(tree)
    const site = fakeSite(tree, { refuse: [`DELE ${ROOT}/bin/python`] })
    await expect(removing(site, await mustRead(tree))).rejects.toThrow('bin/python')
    expect(pathsIn(tree)).toEqual(before)
  })
})

it('a link in an environment is removed and never entered', async () => {
  const tree = treeOf(OTHERS, posixVenv('env', '3.11', CFG.venv311), { 'env/data': linkTo('/data') })
  const site = fakeSite(tree)
  await removing(site, await mustRead(tree))
  expect(tree.has('/data/precious.txt')).toBe(true)
  expect(site.log).not.toContain(`LIST ${remotePath(ROOT)}/data`)
})
