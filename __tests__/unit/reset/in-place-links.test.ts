// Deletions in place on servers that list a link as what it points to, and of what was deleted in part before.
import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import type { Environment } from '../../../src/python/venv.ts'
import { WWWROOT, child } from '../../../src/site.ts'
import { fakeSite, linkTo, pathsIn, treeOf, type FakeNode, type Oddities, type Spec, type Tree } from '../fake-site.ts'
import { CFG, oldVirtualenv, posixVenv, windowsVenv, without } from '../fixtures.ts'
import { removing } from './running.ts'

const ROOT = '/site/wwwroot/env'

async function mustRead(tree: Tree, oddities: Oddities): Promise<Environment> {
  const environment = await readEnvironment(fakeSite(tree, oddities), child(WWWROOT, 'env'), true)
  if (!environment) throw new Error('not an environment')
  return environment
}

/** What lies below a path, byte for byte. */
const contents = (tree: Tree, root: string): readonly (readonly [string, FakeNode | undefined])[] =>
  pathsIn(tree, root).map(path => [path, tree.get(path)])

const moved = (spec: Spec, from: string, to: string): Spec =>
  Object.fromEntries(
    Object.entries(spec)
      .filter(([path]) => path.startsWith(`${from}/`))
      .map(([path, node]) => [to + path.slice(from.length), node])
  )

/** An environment in which one folder is a link, and the folder lies where the link points to. */
const linked = (spec: Spec, folder: string, target: string, text: string): Spec => ({
  ...without(spec, folder),
  ...moved(spec, folder, target),
  [folder]: linkTo(text)
})

const CFG_VENV = posixVenv('env', '3.11', CFG.venv311)
const BARE_VENV = posixVenv('env', '3.11', undefined)
const OLD_VENV = oldVirtualenv('env', '3.11')
const WINDOWS = windowsVenv('env', undefined)

const LINKS: readonly (readonly [string, Spec, string])[] = [
  ['the environment itself', { ...moved(CFG_VENV, 'env', 'realenv'), env: linkTo('realenv') }, '/site/wwwroot/realenv'],
  ['an old one itself', { ...moved(OLD_VENV, 'env', 'realenv'), env: linkTo('realenv') }, '/site/wwwroot/realenv'],
  ...[CFG_VENV, BARE_VENV, OLD_VENV].flatMap((spec, index): [string, Spec, string][] => {
    const kind = ['a venv', 'a venv without pyvenv.cfg', 'an old virtualenv'][index] ?? ''
    return [
      [`bin of ${kind}`, linked(spec, 'env/bin', 'tools', '../tools'), '/site/wwwroot/tools'],
      [`lib of ${kind}`, linked(spec, 'env/lib', 'other', '../other'), '/site/wwwroot/other'],
      [`lib/python3.11 of ${kind}`, linked(spec, 'env/lib/python3.11', '/data/py', '/data/py'), '/data/py'],
      [
        `site-packages of ${kind}`,
        linked(spec, 'env/lib/python3.11/site-packages', '/data/packages', '/data/packages'),
        '/data/packages'
      ]
    ]
  }),
  ['Scripts', linked(WINDOWS, 'env/Scripts', 'tools', '../tools'), '/site/wwwroot/tools'],
  ['Lib', linked(WINDOWS, 'env/Lib', 'other', '../other'), '/site/wwwroot/other'],
  ['Lib/site-packages', linked(WINDOWS, 'env/Lib/site-packages', '/data/packages', '/data/packages'), '/data/packages'],
  [
    'bin and lib at once',
    {
      ...linked(linked(BARE_VENV, 'env/bin', 'tools', '../tools'), 'env/lib', 'other', '../other'),
      'env/share/data': linkTo('/data')
    },
    '/site/wwwroot/tools'
  ]
]

describe('a link that is listed as a folder', () => {
  it.each(
    LINKS.flatMap(([name, spec, target]): [string, Spec, string, Oddities][] => [
      [`${name}, removed by DELE`, spec, target, { linksAsDirectories: true }],
      [`${name}, removed by RMD`, spec, target, { linksAsDirectories: true, linksNeedRmd: 'folders' }]
    ])
  )('goes, and what it points to stays byte for byte: %s', async (_, spec, target, oddities) => {
    const tree = treeOf({ 'app.py': 'app', '/data/precious.txt': 'x' }, spec)
    const before = contents(tree, target)
    const rest = contents(tree, '/').filter(([path]) => path !== ROOT && !path.startsWith(`${ROOT}/`))
    expect(before.length).toBeGreaterThan(1)
    const site = fakeSite(tree, oddities)
    await removing(site, await mustRead(tree, oddities))
    expect(contents(tree, target)).toEqual(before)
    expect(contents(tree, '/')).toEqual(rest)
  })

  it.each(LINKS.map(([name, spec]) => [name, spec] as const))(
    'is never listed once it is proven to be one: %s',
    async (_, spec) => {
      const tree = treeOf(spec)
      const links = [...tree]
        .filter(([path, { kind }]) => path.startsWith(ROOT) && kind === 'link')
        .map(([path]) => path)
      const oddities = { linksAsDirectories: true }
      const environment = await mustRead(tree, oddities)
      const site = fakeSite(tree, oddities)
      await removing(site, environment)
      for (const link of links)
        expect(site.log.filter(line => line === `LIST ${link}` || line.includes(`${link}/`))).toEqual([])
    }
  )
})

it('a link to a folder that only RMD removes goes as well where it is listed as a link', async () => {
  const tree = treeOf({ 'app.py': 'app', '/data/precious.txt': 'x' }, CFG_VENV, { 'env/data': linkTo('/data') })
  await removing(fakeSite(tree, { linksNeedRmd: 'folders' }), await mustRead(tree, {}))
  expect(pathsIn(tree)).toEqual(pathsIn(treeOf({ 'app.py': 'app', '/data/precious.txt': 'x' })))
})

describe('a line that cannot be read', () => {
  it.each(['env/notes', 'env/bin/notes', 'env/lib/python3.11/site-packages/notes'])(
    'ends a deletion in place with an error, and is not sent: %s',
    async name => {
      const path = `/site/wwwroot/${name}`
      const tree = treeOf(CFG_VENV, { [name]: 'x' })
      const environment = await mustRead(tree, {})
      const site = fakeSite(tree, { unreadable: [path] })
      const refusing = {
        ...site,
        sweep: () =>
          Promise.resolve({
            files: 0,
            directories: 0,
            refused: [{ path, reply: 'notes' }],
            movedAside: [],
            unfinished: false
          })
      }
      await expect(removing(refusing, environment)).rejects.toMatchObject({ kind: 'refused' })
      expect(tree.get(path)).toBeDefined()
      expect(site.log.join()).not.toContain('?rwx?')
    }
  )
})

describe('a deletion in place that is cut twice', () => {
  it.each<[string, Spec]>([
    ['venv', CFG_VENV],
    ['virtualenv before 20', OLD_VENV],
    ['an environment whose pyvenv.cfg is gone', BARE_VENV],
    [
      'an environment whose pyvenv.cfg is gone, without packages',
      {
        ...without(BARE_VENV, 'env/lib/python3.11/site-packages'),
        'env/lib/python3.11/site-packages/': ''
      }
    ]
  ])('is still seen as an environment as long as anything is left: %s', async (_, spec) => {
    const cut = async (tree: Tree, lostAfter: number): Promise<boolean> => {
      try {
        await removing(fakeSite(tree, { lostAfter }), await mustRead(tree, {}))
        return true
      } catch (error) {
        expect(error).toMatchObject({ kind: 'lost' })
        return false
      }
    }
    const steps = pathsIn(treeOf(spec), ROOT).length
    for (let first = 1; first < steps; first++) {
      for (let second = 1; first + second < steps; second++) {
        const tree = treeOf(spec)
        if ((await cut(tree, first)) || (await cut(tree, second))) continue
        const rest = await readEnvironment(fakeSite(tree), child(WWWROOT, 'env'), true)
        expect(rest, `after ${first} and ${second} changes: ${pathsIn(tree, ROOT).join()}`).toBeDefined()
      }
    }
  })
})
