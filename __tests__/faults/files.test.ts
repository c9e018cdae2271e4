// What single files, folders and listings do unasked: locks, appearances, refusals for a moment, cuts in the middle.
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OWN_FOLDER, child, mutable, type MutablePath } from '../../src/site.ts'
import { CELLS, type Cell } from './cutting.ts'
import { expectAllGone, startLab, type Lab } from './lab.ts'
import { ENTRIES, FOLDERS, TREE, allOf, isLeft, lay, laySmallTree } from './scene.ts'

const SITE_PACKAGES = `${TREE}/lib/python3.12/site-packages`
const LOCKED = `${SITE_PACKAGES}/a.py`

async function labOf({ server, listings = {} }: Cell): Promise<Lab> {
  const lab = await startLab(server)
  lab.app.ftp.listings = listings
  return lab
}

const placesIn = (): (() => MutablePath) => {
  let places = 0
  return () => mutable(child(OWN_FOLDER, `aside-${++places}`))
}

describe.each(CELLS)('a sweep copes: $name', cell => {
  it('with folders that are said not to be empty once', async () => {
    const lab = await labOf(cell)
    await laySmallTree(lab.home)
    for (const path of [TREE, `${TREE}/empty`, `${TREE}/lib`, SITE_PACKAGES]) lab.app.ftp.rmdirRefusals.set(path, 1)
    expect(await (await lab.open()).sweep(TREE)).toMatchObject(allOf(ENTRIES, FOLDERS))
    expect(lab.app.ftp.misbehaved.rmdirRefusals).toBe(4)
    await expectAllGone(lab)
  })

  it.each([1, 2])('with a file that appears after %i deletions', async afterDeletesIn => {
    const lab = await labOf(cell)
    await laySmallTree(lab.home)
    lab.app.ftp.appear = { folder: SITE_PACKAGES, name: 'new.pyc', afterDeletesIn }
    expect(await (await lab.open()).sweep(TREE)).toMatchObject(allOf(ENTRIES + 1, FOLDERS))
    expect(lab.app.ftp.misbehaved.appear).toBe(1)
    await expectAllGone(lab)
  })

  it.each([1, 2])('with a file that is in use %i times', async times => {
    const lab = await labOf(cell)
    await laySmallTree(lab.home)
    lab.app.ftp.lockedFor.set(LOCKED, times)
    expect(await (await lab.open()).sweep(TREE)).toMatchObject(allOf(ENTRIES, FOLDERS))
    expect(lab.app.ftp.misbehaved.lockedFor).toBe(times)
    await expectAllGone(lab)
  })

  it('with a link to its own folder, and folders that are empty', async () => {
    const lab = await labOf(cell)
    await laySmallTree(lab.home)
    await symlink('.', join(lab.home, TREE, 'a'))
    await symlink('..', join(lab.home, TREE, 'bin', 'up'))
    await mkdir(join(lab.home, TREE, 'e/m/p/t/y'), { recursive: true })
    expect(await (await lab.open()).sweep(TREE)).toMatchObject(allOf(ENTRIES + 2, FOLDERS + 5))
    await expectAllGone(lab)
  })

  it('with a tree of nothing but itself', async () => {
    const lab = await labOf(cell)
    await mkdir(join(lab.home, TREE))
    expect(await (await lab.open()).sweep(TREE)).toMatchObject(allOf(0, 1))
    await expectAllGone(lab)
  })

  it('with folders in 64 levels', async () => {
    const lab = await labOf(cell)
    const deep = Array.from({ length: 64 }, (_, level) => `d${level}/`.repeat(1)).reduce<string[]>(
      (paths, part) => [...paths, `${paths.at(-1) ?? ''}${part}`],
      []
    )
    await lay(
      join(lab.home, TREE),
      deep.map(path => `${path}x`)
    )
    expect(await (await lab.open()).sweep(TREE)).toMatchObject(allOf(64, 65))
    await expectAllGone(lab)
  })
})

/** For what takes seconds: many files, and files that are waited for as long as a stopped app may hold them. */
const FEW = CELLS.filter(({ name }) => /one recursive|STAT|shown as folders/.test(name)).slice(0, 3)

describe.each(FEW)('a sweep copes: $name', cell => {
  it('with 5,000 files in one folder', async () => {
    const lab = await labOf(cell)
    await lay(
      join(lab.home, TREE),
      Array.from({ length: 5000 }, (_, n) => `flat/f${n}`)
    )
    expect(await (await lab.open({ tls: 'explicit' })).sweep(TREE)).toMatchObject(allOf(5000, 2))
    await expectAllGone(lab)
  })
})

describe.each(FEW)('a sweep leaves what it has to, and says so: $name', cell => {
  it('moves a file aside that stays in use, where there is a place for it', async () => {
    const lab = await labOf(cell)
    await laySmallTree(lab.home)
    lab.app.ftp.lockedFiles.add(LOCKED)
    const swept = await (await lab.open()).sweep(TREE, { newPlace: placesIn() })
    expect(swept).toMatchObject({ files: ENTRIES - 1, directories: FOLDERS, refused: [], unfinished: false })
    expect(swept.movedAside).toHaveLength(1)
    expect(isLeft(lab.home)).toBe(false)
    const differences = await lab.around.differences()
    expect(differences).toEqual([expect.stringContaining('new: site/.azure-python-env/aside-')])
  })

  it('names a file that stays in use, and its folders behind it', async () => {
    const lab = await labOf(cell)
    await laySmallTree(lab.home)
    lab.app.ftp.lockedFiles.add(LOCKED)
    const { refused, files, directories } = await (await lab.open()).sweep(TREE)
    const folders = [SITE_PACKAGES, `${TREE}/lib/python3.12`, `${TREE}/lib`, TREE]
    expect(refused.map(({ path }) => path)).toEqual([LOCKED, ...folders])
    expect([files, directories]).toEqual([ENTRIES - 1, FOLDERS - folders.length])
    const left = (await lab.around.differences()).map(line => line.split(' ')[1])
    expect(left).toHaveLength(5)
  })

  it.skipIf(process.platform === 'win32')('names what cannot be sent, and deletes the rest', async () => {
    const lab = await labOf(cell)
    await laySmallTree(lab.home)
    await lay(join(lab.home, TREE), ['bin/back\\slash'])
    const { refused, files } = await (await lab.open()).sweep(TREE)
    expect(refused.map(({ path }) => path)).toEqual([`${TREE}/bin/back\\slash`, `${TREE}/bin`, TREE])
    expect(files).toBe(ENTRIES)
    expect(await lab.around.differences()).toHaveLength(3)
  })
})

describe('a recursive listing that ends early with an ordinary reply', () => {
  const LINES = 60
  it.each(['unix', 'mlsd'] as const)('leaves nothing behind, wherever it ends: %s', async personality => {
    const lab = await startLab({ personality, links: 'slink', recursiveListings: true })
    const wrong: string[] = []
    for (let cutAfter = 0; cutAfter <= LINES; cutAfter++) {
      await laySmallTree(lab.home)
      lab.app.ftp.listings = { recursive: { cutAfter } }
      const site = await lab.open()
      const { files, directories, refused } = await site.sweep(TREE)
      site.close()
      const differences = await lab.around.differences()
      if (files !== ENTRIES || directories !== FOLDERS || refused.length + differences.length > 0)
        wrong.push(
          `${cutAfter} lines: ${files} files, ${directories} folders, ${JSON.stringify([refused, differences])}`
        )
    }
    expect(wrong).toEqual([])
    expect(lab.app.ftp.misbehaved.cutAfter).toBeGreaterThan(20)
  })

  it('and enters links that it shows as folders deletes nothing behind them', async () => {
    for (const personality of ['unix', 'mlsd'] as const) {
      const lab = await startLab({ personality, recursiveListings: true })
      await laySmallTree(lab.home)
      lab.app.ftp.listings = { recursive: { followLinks: true } }
      const swept = await (await lab.open()).sweep(TREE)
      expect(swept).toMatchObject({ refused: [], unfinished: false })
      expect(swept.files + swept.directories).toBe(ENTRIES + FOLDERS)
      await expectAllGone(lab)
    }
  })
})

describe('a listing without a line', () => {
  it.each(['LIST', 'MLSD'] as const)('from %s deletes nothing that it should not', async verb => {
    const lab = await startLab({ personality: verb === 'LIST' ? 'iis' : 'mlsd' })
    await laySmallTree(lab.home)
    lab.app.ftp.listings = { mute: [verb], stat: 'refused' }
    const swept = await (await lab.open()).sweep(TREE)
    // Where another command lists them they go, else they stay and it is said.
    expect(swept.refused.length > 0).toBe(isLeft(lab.home))
    expect((await lab.around.differences()).filter(line => line.startsWith('gone'))).toEqual([])
  })
})
