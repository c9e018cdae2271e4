// Files that a running app holds open, in a deletion in place: waited for, then moved aside, then named.
import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import { removeInPlace, type Removed } from '../../../src/reset/in-place.ts'
import { WWWROOT, child, type SweepOptions } from '../../../src/site.ts'
import { fakeSite, pathsIn, treeOf, type FakeSite, type Oddities, type Spec, type Tree } from '../fake-site.ts'
import { CFG, windowsVenv } from '../fixtures.ts'
import { OWN, patient, placeOf } from './running.ts'

const ROOT = '/site/wwwroot/env'
const OTHERS: Spec = { 'app.py': '', [`${OWN}/`]: '' }
const ENV: Spec = {
  ...windowsVenv('env', CFG.venv36),
  'env/Lib/site-packages/a.pyd': 'a',
  'env/Lib/site-packages/b.pyd': 'b',
  'env/notes.txt': 'n',
  'env/plan.txt': 'p'
}

interface Ran {
  readonly tree: Tree
  readonly site: FakeSite
  readonly waited: readonly number[]
  readonly removed: Promise<Removed>
}

async function removal(oddities: Oddities, spec: Spec = ENV): Promise<Ran> {
  const tree = treeOf(OTHERS, spec)
  const environment = await readEnvironment(fakeSite(tree), child(WWWROOT, 'env'), true)
  if (!environment) throw new Error('not an environment')
  const site = fakeSite(tree, oddities)
  const waited: number[] = []
  const removed = removeInPlace(site, environment, patient(waited))
  await removed.catch(() => undefined)
  return { tree, site, waited, removed }
}

const GONE = pathsIn(treeOf({ 'app.py': '' }))
const SINGLE = ['Scripts/python.exe', 'Scripts/activate', 'notes.txt', 'pyvenv.cfg', 'azure.env.python-3.6.txt']

describe('a single file in use', () => {
  it.each(SINGLE)('is waited for a second, and is deleted then: %s', async name => {
    const { tree, waited, removed } = await removal({ inUse: { [`DELE ${ROOT}/${name}`]: 1 } })
    expect(await removed).toMatchObject({ movedAside: [] })
    expect(waited).toEqual([1000])
    expect(pathsIn(tree, '/site/wwwroot')).toEqual(GONE.filter(path => path.startsWith('/site/wwwroot')))
  })

  it.each(SINGLE)('is waited for three seconds more: %s', async name => {
    const { waited, removed } = await removal({ inUse: { [`DELE ${ROOT}/${name}`]: 2 } })
    expect(await removed).toMatchObject({ movedAside: [] })
    expect(waited).toEqual([1000, 3000])
  })

  it.each(SINGLE)('is moved aside after that, and all else is deleted: %s', async name => {
    const whole = (await (await removal({})).removed).files
    const { tree, site, removed } = await removal({ refuse: [`DELE ${ROOT}/${name}`] })
    expect(await removed).toEqual({ files: whole - 1, movedAside: [`${ROOT}/${name}`] })
    expect(tree.has(ROOT)).toBe(false)
    expect(pathsIn(tree, OWN)).toEqual([OWN, placeOf(0)])
    expect(site.done).toContain(`RENAME ${ROOT}/${name} => ${placeOf(0)}`)
  })

  it('is not waited for where nothing is refused', async () => {
    expect((await removal({})).waited).toEqual([])
  })

  it('is not moved over another one', async () => {
    const refuse = ['Scripts/python.exe', 'notes.txt'].map(name => `DELE ${ROOT}/${name}`)
    const { tree, removed } = await removal({ refuse })
    expect((await removed).movedAside).toEqual([`${ROOT}/Scripts/python.exe`, `${ROOT}/notes.txt`])
    expect(pathsIn(tree, OWN)).toEqual([OWN, placeOf(0), placeOf(1)])
  })
})

describe('a file in use that cannot be moved either', () => {
  it('ends the deletion at once where it is among the first, before anything else is touched', async () => {
    const name = 'Scripts/python.exe'
    const { tree, removed } = await removal({ refuse: [`DELE ${ROOT}/${name}`], refuseRenames: true })
    await expect(removed).rejects.toThrow(name)
    const marker = `${ROOT}/azure.env.python-3.6.txt`
    expect(pathsIn(tree, ROOT)).toEqual(pathsIn(treeOf(ENV), ROOT).filter(path => path !== marker))
  })

  it('lets all else in the middle go, and what proves the environment stay', async () => {
    const names = ['notes.txt', 'Lib/site-packages/a.pyd', 'Lib/site-packages/b.pyd']
    const { tree, removed } = await removal({ refuse: names.map(name => `DELE ${ROOT}/${name}`), refuseRenames: true })
    const message = await removed.then(String, String)
    for (const name of names) expect(message).toContain(name)
    expect(message).toContain('550 in use')
    expect(pathsIn(tree, ROOT).filter(path => tree.get(path)?.kind === 'file')).toEqual(
      [...names, 'Scripts/activate', 'pyvenv.cfg'].map(name => `${ROOT}/${name}`).sort()
    )
  })

  it('is named with nine others, and no more is tried', async () => {
    const names = Array.from({ length: 14 }, (_, number) => `many-${String(number).padStart(2, '0')}.txt`)
    const spec = { ...ENV, ...Object.fromEntries(names.map(name => [`env/${name}`, ''] as const)) }
    const refuse = names.map(name => `DELE ${ROOT}/${name}`)
    const { site, removed } = await removal({ refuse, refuseRenames: true }, spec)
    const message = await removed.then(String, String)
    for (const name of names.slice(0, 10)) expect(message).toContain(name)
    for (const name of names.slice(10)) expect(site.log.join('\n')).not.toContain(name)
  })

  it('is asked to be moved once only', async () => {
    const refuse = ['notes.txt', 'plan.txt'].map(name => `DELE ${ROOT}/${name}`)
    const { site } = await removal({ refuse, refuseRenames: true })
    expect(site.log.filter(line => line.startsWith('RENAME '))).toHaveLength(1)
  })
})

describe('a folder with files in use', () => {
  const LOCKED = `DELE ${ROOT}/Lib/site-packages/a.pyd`

  it('is swept with each command waiting for its reply, and with a place for what is in use', async () => {
    const seen: SweepOptions[] = []
    const { removed } = await removal({ duringSweep: options => void seen.push(options) })
    await removed
    expect(seen.length).toBeGreaterThan(3)
    expect(seen.every(({ oneAtATime, newPlace, until }) => oneAtATime && newPlace && !until)).toBe(true)
  })

  it('goes without them where they can be moved aside', async () => {
    const { tree, waited, removed } = await removal({ refuse: [LOCKED] })
    expect((await removed).movedAside).toEqual([LOCKED.slice('DELE '.length)])
    expect(waited).toEqual([])
    expect(pathsIn(tree, OWN)).toEqual([OWN, placeOf(0)])
    expect(tree.has(ROOT)).toBe(false)
  })

  it('is swept once, because a sweep waits by itself', async () => {
    const { site, waited, removed } = await removal({ refuse: [LOCKED], refuseRenames: true })
    await expect(removed).rejects.toThrow('could not be deleted')
    expect(waited).toEqual([])
    expect(site.log.filter(line => line === `SWEEP ${ROOT}/Lib`)).toHaveLength(1)
  })

  it('is named by ten of many', async () => {
    const names = Array.from({ length: 120 }, (_, number) => `Lib/site-packages/x${number}.py`)
    const spec = { ...ENV, ...Object.fromEntries(names.map(name => [`env/${name}`, ''] as const)) }
    const refuse = names.map(name => `DELE ${ROOT}/${name}`)
    const { removed } = await removal({ refuse, refuseRenames: true }, spec)
    await expect(removed).rejects.toThrow(/and 110 more in .* could not be deleted/)
  })

  it('is not named for what is left in it', async () => {
    const { removed } = await removal({ refuse: [LOCKED], refuseRenames: true })
    await expect(removed).rejects.toThrow(/^Lib\/site-packages\/a\.pyd in \S+ could not be deleted: /)
  })
})

it('a wait that is broken off ends the deletion', async () => {
  const tree = treeOf(OTHERS, ENV)
  const environment = await readEnvironment(fakeSite(tree), child(WWWROOT, 'env'), true)
  if (!environment) throw new Error('not an environment')
  const site = fakeSite(tree, { refuse: [`DELE ${ROOT}/Scripts/python.exe`] })
  const stopped = { ...patient(), pause: () => Promise.reject(new Error('told to stop')) }
  await expect(removeInPlace(site, environment, stopped)).rejects.toThrow('told to stop')
  expect(site.log.filter(line => line.startsWith('RENAME '))).toEqual([])
})
