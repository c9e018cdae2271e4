// Carries plans out on a site in memory.
import { readEnvironment } from '../../../src/python/read-venv.ts'
import type { Environment } from '../../../src/python/venv.ts'
import { removeInPlace, type Removed } from '../../../src/reset/in-place.ts'
import type { Patience } from '../../../src/reset/in-use.ts'
import { copyNamer, reset, type ResetDone, type ResetManner, type ResetPlan } from '../../../src/reset/over-ftp.ts'
import { doomedPlace } from '../../../src/reset/trash.ts'
import { WWWROOT, child, mutable, remotePath, type RemotePath, type RemoteSite } from '../../../src/site.ts'
import { fakeSite, treeOf, type FakeSite, type Oddities, type Spec, type Tree } from '../fake-site.ts'
import { CFG, posixVenv } from '../fixtures.ts'

export const NAMER = copyNamer(new Date('2026-11-22T12:00:00Z'), () => 'deadbeef')
export const OWN = '/site/.azure-python-env'
/** The place that the first, the second … file in use gets. */
export const placeOf = (number: number): string =>
  `${OWN}/trash-20261122T120000000Z-${number.toString().padStart(8, '0')}`

/** Waits without waiting, and tells `waited` how long. */
export function patient(waited: number[] = []): Patience {
  let places = 0
  return {
    pause: ms => {
      waited.push(ms)
      return Promise.resolve()
    },
    sweeping: () => ({
      newPlace: () => doomedPlace(new Date('2026-11-22T12:00:00Z'), String(places++).padStart(8, '0'))
    })
  }
}

/** Deletes in place without waiting for what is in use. */
export function removing(site: RemoteSite, environment: Environment): Promise<Removed> {
  return removeInPlace(site, environment, patient())
}

/** The manner of a reset on a site in memory. */
export function mannerOf(onInPlace: () => void): ResetManner {
  return { newName: NAMER, onInPlace, patience: patient() }
}

export const copyOf = (encoded: string): string => `${OWN}/trash-20261122T120000000Z-deadbeef-${encoded}`
export const ANTENV: Spec = posixVenv('antenv', '3.11', CFG.venv311)
export const OTHERS: Spec = { 'app.py': '' }

export const planFor = (strategy: ResetPlan['strategy'], ...names: readonly string[]): ResetPlan => ({
  strategy,
  moves: names.map(name => {
    const original = name.split('/').reduce<RemotePath>((at, part) => child(at, part), WWWROOT)
    return { original: mutable(original), copy: NAMER(original) }
  })
})
export const RENAME = planFor('rename', 'antenv')

/** A reset that was begun, and may have failed. */
export interface Ran {
  readonly tree: Tree
  readonly site: FakeSite
  readonly done: Promise<ResetDone>
  /** The changes that were asked for before a deletion in place was announced, once for each time that it was. */
  readonly announced: readonly (readonly string[])[]
}

export async function begin(
  spec: Spec,
  oddities: Oddities,
  plan: ResetPlan,
  name: string,
  odd?: (site: FakeSite, tree: Tree) => FakeSite
): Promise<Ran> {
  const tree = treeOf(OTHERS, spec)
  const path = child(WWWROOT, name)
  let environment: Environment | undefined
  if (tree.get(path)?.kind === 'directory') environment = await readEnvironment(fakeSite(tree), path, true)
  const plainSite = fakeSite(tree, oddities)
  const site = odd?.(plainSite, tree) ?? plainSite
  const surroundings = await fakeSite(tree).list(remotePath('/site'))
  const announced: string[][] = []
  const done = reset(
    site,
    plan,
    environment,
    surroundings,
    mannerOf(() => {
      announced.push(site.log.filter(line => /^(RENAME|MKD|DELE|RMD|SWEEP) /.test(line)))
    })
  )
  await done.catch(() => undefined)
  return { tree, site, done, announced }
}

/** A reset that has to succeed. */
export async function run(
  ...given: Parameters<typeof begin>
): Promise<Omit<Ran, 'done'> & { readonly done: ResetDone }> {
  const { done, ...ran } = await begin(...given)
  return { ...ran, done: await done }
}
