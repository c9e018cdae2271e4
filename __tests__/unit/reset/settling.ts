// Settles what lies in the trash of a site in memory.
import { copyNamer } from '../../../src/reset/over-ftp.ts'
import type { Settlement } from '../../../src/reset/fates.ts'
import { settle, type Circumstances } from '../../../src/reset/settle.ts'
import { readTrash, trashPath } from '../../../src/reset/trash.ts'
import { SITE, WWWROOT, child, type RemotePath } from '../../../src/site.ts'
import { fakeSite, pathsIn, treeOf, type FakeSite, type Oddities, type Spec, type Tree } from '../fake-site.ts'
import { CFG, posixVenv, without } from '../fixtures.ts'

const below = (path: string): RemotePath => path.split('/').reduce<RemotePath>((at, name) => child(at, name), WWWROOT)

/** The path of a copy that was made on a day of November. */
export const copy = (day: number, original = 'antenv'): string =>
  trashPath(below(original), new Date(Date.UTC(2026, 10, day)), 'deadbeef')
/** The path that a copy gets before it is deleted. */
export const doomed = (path: string): string => path.slice(0, path.lastIndexOf('-deadbeef') + '-deadbeef'.length)

export const OWN = '/site/.azure-python-env'
export const ANTENV = '/site/wwwroot/antenv'
export const NEWER = copy(21)
export const OLDER = copy(20)

export const whole = (root: string, packages?: string[]): Spec => posixVenv(root, '3.11', CFG.venv311, packages)
export const broken = (root: string): Spec => without(whole(root), `${root}/bin/activate`, `${root}/lib`)

export const textsIn = (tree: Tree, root: string): readonly string[] =>
  pathsIn(tree, root).map(path => path.slice(root.length))
export const WHOLE = textsIn(treeOf(whole('antenv')), ANTENV)
export const swept = (log: readonly string[]): readonly string[] =>
  log.filter(line => line.startsWith('SWEEP ')).map(line => line.slice(6))

export const given = (changes: Partial<Circumstances> = {}): Circumstances => ({
  jobSucceeded: true,
  compressed: false,
  environment: undefined,
  ownReset: true,
  installedBefore: undefined,
  onSettled: () => undefined,
  newName: copyNamer(new Date('2026-11-22T12:00:00Z'), () => 'abcdef01'),
  sweeping: () => ({}),
  ...changes
})

/** Settles a tree that may have been settled in part before. */
export async function settleTree(
  tree: Tree,
  changes: Partial<Circumstances> = {},
  oddities: Oddities = {}
): Promise<Settled> {
  const site = fakeSite(tree, oddities)
  const trash = await readTrash(fakeSite(tree), await fakeSite(tree).list(SITE), false)
  const settlements: Settlement[] = []
  await settle(site, trash, given({ ...changes, onSettled: settlement => void settlements.push(settlement) }))
  return { tree, site, settlements, fates: settlements.map(({ fate }) => fate) }
}

export interface Settled {
  readonly tree: Tree
  readonly site: FakeSite
  readonly fates: readonly string[]
  readonly settlements: readonly Settlement[]
}

export const settling = (spec: Spec, changes: Partial<Circumstances> = {}, oddities: Oddities = {}): Promise<Settled> =>
  settleTree(treeOf({ 'app.py': '' }, spec), changes, oddities)
