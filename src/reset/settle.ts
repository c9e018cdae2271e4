// What becomes of the copies that were set aside: swept once their successor was seen, else put back.
import { readEnvironment, readPackages } from '../python/read-venv.ts'
import { STRANGE, isWhole, type Environment } from '../python/venv.ts'
import { versionOfMarker } from '../python/version.ts'
import {
  SiteError,
  WWWROOT,
  findEntry,
  nameOf,
  parentOf,
  type MutablePath,
  type RemotePath,
  type RemoteSite,
  type SweepOptions
} from '../site.ts'
import { keep, restore, sweepCopy, type Settlement } from './fates.ts'
import { sweepDoomed, sweepLoose } from './over-ftp.ts'
import type { CopyNamer, SetAside, Trash } from './trash.ts'

/** What lies where a copy came from. */
type Successor = 'whole' | 'broken' | 'missing' | { readonly unsure: string }

/** What the post step knows when it settles. */
export interface Circumstances {
  /** The job went well so far, so that what the deployment left is what it meant to leave. */
  readonly jobSucceeded: boolean
  /** The app lies in an archive now, so that no environment is expected beside it. */
  readonly compressed: boolean
  /** The environment that was seen after the deployment, so that it need not be read again. */
  readonly environment: Environment | undefined
  /** This run has set something aside itself; else every copy is that of an earlier one. */
  readonly ownReset: boolean
  /** `name version` of what lay there before the deployment; `undefined`: not known. */
  readonly installedBefore: readonly string[] | undefined
  /** Names of packages that a deployment has good reason to leave out, because nothing asks for them any more. */
  readonly unwanted?: readonly string[]
  /** Hears of each copy as soon as it is settled, because a later one may fail. */
  readonly onSettled: (settlement: Settlement) => void
  /** Names a fresh copy, for a broken successor that makes room. */
  readonly newName: CopyNamer
  /** Options for one sweep. Once its `until` has aborted, no further one is begun. */
  readonly sweeping: () => SweepOptions
}

/** What is to become of the copies of one path, once everything that has to go back is back. */
interface Verdict {
  readonly settled: readonly Settlement[]
  readonly sweep: readonly SetAside[]
}

/**
 * Settles everything in the trash.
 *
 * First everything that has to go back goes back, then what is no longer needed is deleted: a long deletion, or one that
 * is cut, must not stand between the site and its environment. Of several copies of a path the newest whole one goes
 * back. No copy is deleted before something whole was seen in its place. Throws `SiteError` when the connection is lost;
 * what was not settled then stays as it is.
 */
export async function settle(site: RemoteSite, trash: Trash, circumstances: Circumstances): Promise<void> {
  const { onSettled } = circumstances
  const sweep: SetAside[] = []
  for (const original of new Set(trash.copies.map(item => item.original))) {
    const copies = trash.copies.filter(item => item.original === original)
    const verdict = await judgeCopies(site, original, copies, circumstances)
    verdict.settled.forEach(onSettled)
    sweep.push(...verdict.sweep)
  }
  await sweepAll(site, sweep, trash, circumstances)
}

/** Deletes what is no longer needed, for as long as there is time. A copy that was not begun keeps its name. */
async function sweepAll(
  site: RemoteSite,
  copies: readonly SetAside[],
  { doomed, loose }: Trash,
  { sweeping, onSettled }: Circumstances
): Promise<void> {
  const sweepOne = async (item: SetAside, work: (options: SweepOptions) => Promise<Settlement>): Promise<void> => {
    const options = sweeping()
    const isLate = options.until?.aborted === true
    onSettled(isLate ? { item, fate: 'postponed', detail: '', swept: undefined } : await work(options))
  }
  const sweepRest = (rest: MutablePath, work: typeof sweepDoomed): Promise<void> => {
    const item = { copy: rest, original: rest }
    return sweepOne(item, async options => ({
      item,
      fate: 'swept',
      detail: '',
      swept: await work(site, rest, options)
    }))
  }
  for (const item of copies) await sweepOne(item, options => sweepCopy(site, item, options))
  for (const rest of doomed) await sweepRest(rest, sweepDoomed)
  for (const file of loose) await sweepRest(file, sweepLoose)
}

async function judgeCopies(
  site: RemoteSite,
  original: MutablePath,
  copies: readonly SetAside[],
  circumstances: Circumstances
): Promise<Verdict> {
  const successor = await successorAt(site, original, copies, circumstances)
  if (typeof successor === 'object') return keepAll(copies, successor.unsure)
  switch (successor) {
    case 'whole':
      return { settled: [], sweep: copies }
    case 'missing':
      return putBackBest(site, copies, 'nothing took its place', copies)
    case 'broken':
      return replaceBroken(site, original, copies, circumstances)
  }
}

/** Looks at what lies where copies came from. */
async function successorAt(
  site: RemoteSite,
  original: MutablePath,
  copies: readonly SetAside[],
  circumstances: Circumstances
): Promise<Successor> {
  if (isArchive(original)) {
    const left = (await site.list(WWWROOT)).some(({ name }) => ARCHIVE.test(name))
    return left ? 'whole' : 'missing'
  }
  if (versionOfMarker(nameOf(original))) return successorOfMarker(site, original, circumstances)
  if (circumstances.compressed) return 'whole'
  const environment = await environmentAt(site, original, circumstances)
  if (environment === 'missing') return 'missing'
  if (!environment) return { unsure: `something that is no environment lies at ${original}` }
  if (environment.missing.length > 0) return 'broken'
  return successorByPackages(site, environment, copies, circumstances)
}

/**
 * Judges an environment that has all its parts by what it holds. An environment is a successor only where everything of
 * it was seen, and where it does not merely lack what a failed pip did not install.
 */
async function successorByPackages(
  site: RemoteSite,
  environment: Environment,
  copies: readonly SetAside[],
  { jobSucceeded, ownReset, installedBefore, unwanted = [] }: Circumstances
): Promise<Successor> {
  const known = ownReset && copies.length === 1 ? installedBefore : undefined
  const before = known ?? (await packagesIn(site, copies))
  const strangeAsBefore = jobSucceeded && environment.gaps.every(gap => gap === STRANGE)
  if (!isWhole(environment) && !(strangeAsBefore && (await wasStrange(site, copies)))) {
    return { unsure: `what took its place was not seen whole: ${environment.gaps.join(', ')}` }
  }
  const now = new Set(environment.distributions.map(({ name }) => name))
  const mayLack = new Set([...INSTALLERS, ...(ownReset && jobSucceeded ? unwanted : [])])
  const lost = [...new Set(before.map(line => line.split(' ')[0] ?? ''))].filter(
    name => !mayLack.has(name) && !now.has(name)
  )
  const onlyInstallers = [...now].every(name => INSTALLERS.has(name))
  if (lost.length === 0) return 'whole'
  if (onlyInstallers && !jobSucceeded) return 'broken'
  const packages = lost.slice(0, 10).join(', ')
  if (onlyInstallers) return { unsure: `what took its place has no packages any more (before: ${packages})` }
  return jobSucceeded ? 'whole' : { unsure: `the job did not succeed, and what took its place lacks ${packages}` }
}

/** Every package of every copy, because the newest may be a rest without any. */
async function packagesIn(site: RemoteSite, copies: readonly SetAside[]): Promise<readonly string[]> {
  const lines: string[] = []
  for (const { copy } of copies) {
    const environment = await readCopy(site, copy)
    lines.push(...(environment?.distributions ?? []).map(({ name, version }) => `${name} ${version}`))
  }
  return lines
}

async function wasStrange(site: RemoteSite, copies: readonly SetAside[]): Promise<boolean> {
  const [newest] = copies
  const environment = newest && (await readCopy(site, newest.copy))
  return environment?.gaps.every(gap => gap === STRANGE) === true && environment.gaps.length > 0
}

const ARCHIVE = /^output\.tar\.(gz|zst)$/

function isArchive(path: RemotePath): boolean {
  return ARCHIVE.test(nameOf(path)) && parentOf(path) === WWWROOT
}

/** What every creator puts into an environment by itself. */
const INSTALLERS = new Set(['pip', 'setuptools', 'wheel'])

/**
 * A marker goes back only into the environment that it was taken from: whole, of its version, with the same packages.
 * On any other it would claim that nothing needs to be repaired, and without one Kudu's script repairs it at the next
 * deployment.
 */
async function successorOfMarker(
  site: RemoteSite,
  marker: RemotePath,
  circumstances: Circumstances
): Promise<Successor> {
  const environment = await environmentAt(site, parentOf(marker), circumstances)
  if (environment === 'missing' || !environment || environment.markers.length > 0) return 'whole'
  const version = versionOfMarker(nameOf(marker))
  const now = environment.distributions.map(({ name, version }) => `${name} ${version}`)
  const untouched = isWhole(environment) && now.join() === circumstances.installedBefore?.join()
  return untouched && environment.versions.every(evidence => evidence.version === version) ? 'missing' : 'whole'
}

/** `undefined`: something lies there that is no environment. */
async function environmentAt(
  site: RemoteSite,
  path: RemotePath,
  { environment }: Circumstances
): Promise<Environment | 'missing' | undefined> {
  if (environment?.path === path) return environment
  const entry = await findEntry(site, path)
  // A line that cannot be read proves nothing; putting back fails where something is there after all.
  if (!entry || entry.kind === 'unknown') return 'missing'
  return entry.kind === 'directory' ? readCopy(site, path) : undefined
}

/** Puts the newest whole copy back, or the newest where none is whole; the others go only if it is whole. */
async function putBackBest(
  site: RemoteSite,
  copies: readonly SetAside[],
  why: string,
  known: readonly SetAside[]
): Promise<Verdict> {
  const whole = copies.length > 1 ? await newestWhole(site, copies) : copies[0]
  const best = whole ?? copies[0]
  if (!best) return { settled: [], sweep: [] }
  const others = copies.filter(item => item !== best)
  const restored = await restore(site, best, why, known)
  if (restored.fate === 'put-back' && whole) return { settled: [restored], sweep: others }
  return { settled: [restored, ...keepAll(others, 'nothing whole is in its place yet').settled], sweep: [] }
}

/** The newest copy that is whole, of several rather one with packages; `undefined`: none is. Markers and archives always are. */
async function newestWhole(site: RemoteSite, copies: readonly SetAside[]): Promise<SetAside | undefined> {
  let bare: SetAside | undefined
  for (const item of copies) {
    if (isArchive(item.original) || versionOfMarker(nameOf(item.original))) return item
    const environment = await readCopy(site, item.copy)
    if (!environment || !isWhole(environment)) continue
    if (environment.distributions.some(({ name }) => !INSTALLERS.has(name))) return item
    bare ??= item
  }
  return bare
}

/** `undefined`: it is no environment, or the server does not let it be looked at. */
async function readCopy(site: RemoteSite, copy: RemotePath): Promise<Environment | undefined> {
  try {
    return (await readEnvironment(site, copy, true)) ?? (await readPackages(site, copy))
  } catch (error) {
    if (error instanceof SiteError && ['refused', 'unexpected'].includes(error.kind)) return undefined
    throw error
  }
}

/**
 * Something half-built took the place of the environment. Where the job failed and a copy is whole, that copy goes back;
 * where the job succeeded, the new one may be meant as it is, so everything stays and the user is told.
 */
async function replaceBroken(
  site: RemoteSite,
  original: MutablePath,
  copies: readonly SetAside[],
  circumstances: Circumstances
): Promise<Verdict> {
  if (circumstances.jobSucceeded) return keepAll(copies, 'what took its place is not whole, although the job succeeded')
  if (!(await newestWhole(site, copies))) return keepAll(copies, 'neither it nor what took its place is whole')
  const broken: SetAside = { copy: circumstances.newName(original), original }
  try {
    await site.rename(broken.original, broken.copy)
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
    return keepAll(copies, `the half-built environment that took its place cannot be moved: ${error.message}`)
  }
  const verdict = await putBackBest(site, copies, 'what took its place is not whole', [...copies, broken])
  const undone = verdict.settled.some(({ fate }) => fate === 'put-back')
  if (undone) return { settled: verdict.settled, sweep: [...verdict.sweep, broken] }
  // Something half-built is better than nothing; where even that fails, it is told where it lies.
  const back = await restore(site, broken, 'nothing else could be put there', [...copies, broken])
  return { settled: [...verdict.settled, back], sweep: verdict.sweep }
}

function keepAll(copies: readonly SetAside[], detail: string): Verdict {
  return { settled: copies.map(item => keep(item, detail)), sweep: [] }
}
