// Who needs what: from what is asked for to all that is installed because of it, and what is left over then. Pure.
import { INSTALLERS, type Distribution } from './distributions.ts'
import { evaluateMarker, type MarkerEnvironment, type Truth } from './markers.ts'
import type { Metadata } from './metadata.ts'
import type { Requirement } from './requirement.ts'
import type { Asked, Requirements } from './requirements.ts'
import { allows, readSpecifier } from './specifier.ts'

/** Reads what distributions need, by name; a name that is missing in the answer could not be read. */
export type ReadMetadata = (distributions: readonly Distribution[]) => Promise<ReadonlyMap<string, Metadata>>

/** What is installed, against what is asked for. */
export interface Inventory {
  /**
   * Names that are installed, and that nothing asks for any more.
   *
   * Where there are gaps, some of these may be asked for after all, but nothing else is left over: where it is empty, it
   * is so in spite of them.
   */
  readonly removed: readonly string[]
  /** What could not be read or understood, each a short sentence; empty: the answer is certain. */
  readonly gaps: readonly string[]
  /** For the summary, by name. */
  readonly rows: readonly InventoryRow[]
}

/** What becomes of one distribution. */
export interface InventoryRow {
  readonly name: string
  /** `undefined`: it is not installed. */
  readonly installed: string | undefined
  /** What the requirements themselves say; empty: any version. `undefined`: only others need it, or nothing does. */
  readonly asked: string | undefined
  /** Nothing goes where there are gaps. What is needed by others, and not installed, has no row. */
  readonly fate: 'stays' | 'goes' | 'comes' | 'changes'
}

/** More than that nobody reads. */
const MOST_GAPS = 5

/** What deployments install by themselves, and what that in turn brings: Oryx runs poetry out of the environment. */
const TOOLS: readonly string[] = ['wheel']
const LOCK_TOOLS: readonly string[] = [...TOOLS, 'poetry']

/** What is known to be asked for, by anybody. */
interface Reach {
  /** By name, the extras that are asked for. */
  readonly wanted: Map<string, Set<string>>
  /** Of what was read. */
  readonly metadata: Map<string, Metadata>
}

type Installed = ReadonlyMap<string, readonly Distribution[]>
type Judged = Asked & { readonly truth: Truth }

/**
 * Compares what is installed with what is asked for, by the requirements and by what they bring.
 *
 * `read` is asked only about what is installed and reachable, wave by wave, and about nothing any more as soon as
 * everything is known to be asked for. A marker that cannot be decided asks for its distribution, perhaps. A lock file
 * names all that it brings, so only what the deployment's own tools bring is read then.
 */
export async function takeInventory(
  installed: readonly Distribution[],
  requirements: Requirements,
  environment: MarkerEnvironment,
  read: ReadMetadata
): Promise<Inventory> {
  const present = byName(installed)
  const reach: Reach = { wanted: new Map(), metadata: new Map() }
  const judged = requirements.asked.map(asked => ({ ...asked, truth: truthOf(asked.requirement, environment) }))
  const isAsked = ({ truth }: Judged): boolean => requirements.isSuperset || truth !== false
  const roots = judged.filter(isAsked).map(({ requirement }) => requirement)
  const walk = (wave: readonly string[]): Promise<void> => follow(wave, present, reach, environment, read)

  const first = ask(reach, roots)
  if (!requirements.isSuperset) await walk(first)
  const tools = (requirements.isSuperset ? LOCK_TOOLS : TOOLS).filter(name => present.has(name))
  ask(reach, tools.map(byItself))
  // Also those that a lock file names: it need not name what they bring.
  if (leftOver(present, reach).length > 0) await walk(tools)

  const removed = leftOver(present, reach)
  const unread = [...reach.metadata.values()].flatMap(({ gaps }) => gaps)
  const hidden = removed.length > 0 ? judged.filter(isAsked).flatMap(asked => hiddenRoot(asked, present)) : []
  const gaps = [...requirements.gaps, ...hidden, ...shortened([...new Set(unread)].sort())]
  const goes = gaps.length === 0 ? new Set(removed) : new Set<string>()
  return { removed, gaps, rows: rowsOf(present, judged, requirements.isSuperset, goes) }
}

/** Names that are installed and that nothing is known to ask for, sorted. */
function leftOver(present: Installed, { wanted }: Reach): readonly string[] {
  return [...present.keys()].filter(name => !wanted.has(name) && !INSTALLERS.has(name)).sort()
}

async function follow(
  first: readonly string[],
  present: Installed,
  reach: Reach,
  environment: MarkerEnvironment,
  read: ReadMetadata
): Promise<void> {
  // One comes back into a wave when an extra of it is asked for that was not before.
  for (let wave = first; wave.length > 0 && leftOver(present, reach).length > 0;) {
    const unread = wave.filter(name => present.has(name) && !reach.metadata.has(name)).sort()
    const answer =
      unread.length > 0 ? await read(unread.flatMap(name => present.get(name) ?? [])) : new Map<string, Metadata>()
    for (const name of unread) reach.metadata.set(name, answer.get(name) ?? unreadable(name))
    wave = ask(
      reach,
      wave.flatMap(name => {
        const extras = [...(reach.wanted.get(name) ?? [])]
        const requires = reach.metadata.get(name)?.requires ?? []
        return requires.filter(requirement => applies(requirement, environment, extras))
      })
    )
  }
}

/** Adds to what is asked for; gives the names that were not there, or without one of the extras. */
function ask({ wanted }: Reach, requirements: readonly Pick<Requirement, 'name' | 'extras'>[]): readonly string[] {
  const grown = new Set<string>()
  for (const { name, extras } of requirements) {
    const known = wanted.get(name)
    if (!known || extras.some(extra => !known.has(extra))) grown.add(name)
    wanted.set(name, new Set([...(known ?? []), ...extras]))
  }
  return [...grown]
}

/** Each extra is judged alone, as pip does it, so that one more never makes less of what is asked for. */
function applies({ marker }: Requirement, environment: MarkerEnvironment, extras: readonly string[]): boolean {
  if (!marker) return true
  const cases = [[], ...extras.map(extra => [extra])]
  return cases.some(one => evaluateMarker(marker, environment, one) !== false)
}

function truthOf({ marker }: Requirement, environment: MarkerEnvironment): Truth {
  return marker ? evaluateMarker(marker, environment, []) : true
}

function byItself(name: string): Pick<Requirement, 'name' | 'extras'> {
  return { name, extras: [] }
}

function unreadable(name: string): Metadata {
  return { requires: [], gaps: [`the metadata of ${name} could not be read`] }
}

/**
 * An address brings what it brings, whatever it is called in the file, and a `setup.py develop` leaves no metadata in
 * site-packages: where nothing of that name is installed, what it needs is not known.
 */
function hiddenRoot({ requirement: { name, url }, file, line }: Asked, present: Installed): readonly string[] {
  if (url === undefined || present.has(name)) return []
  return [
    `${file}, line ${line}: nothing that is installed is called ${name}, so what that address brings is not known`
  ]
}

function shortened(gaps: readonly string[]): readonly string[] {
  const more = gaps.length - MOST_GAPS
  return more > 0 ? [...gaps.slice(0, MOST_GAPS), `and ${more} more like these`] : gaps
}

function byName(distributions: readonly Distribution[]): Installed {
  const found = new Map<string, Distribution[]>()
  for (const one of distributions) found.set(one.name, [...(found.get(one.name) ?? []), one])
  return found
}

function rowsOf(
  present: Installed,
  judged: readonly Judged[],
  isSuperset: boolean,
  goes: ReadonlySet<string>
): readonly InventoryRow[] {
  const asked = new Map<string, Judged[]>()
  for (const one of judged) {
    if (one.truth === false && !isSuperset) continue
    asked.set(one.requirement.name, [...(asked.get(one.requirement.name) ?? []), one])
  }
  // A lock also names what other platforms and groups want, so that something is not installed says nothing there.
  const comes = [...asked].filter(([, all]) => !isSuperset && all.some(({ truth }) => truth === true))
  const names = new Set([...present.keys(), ...comes.map(([name]) => name)])
  return [...names].sort().map(name => {
    const all = asked.get(name) ?? []
    const certain = all.filter(({ truth }) => truth === true)
    const counting = (certain.length > 0 ? certain : all).map(({ requirement }) => requirement)
    const versions = present.get(name)?.map(({ version }) => version)
    return {
      name,
      installed: versions && [...versions].sort().join(', '),
      asked: counting.length > 0 ? wordsFor(counting, isSuperset) : undefined,
      fate: goes.has(name) ? 'goes' : !versions ? 'comes' : changes(versions, certain, isSuperset) ? 'changes' : 'stays'
    }
  })
}

/** Addresses may hold passwords. */
function wordsFor(requirements: readonly Requirement[], isSuperset: boolean): string {
  const words = new Set(requirements.map(({ url, specifier }) => (url === undefined ? specifier : 'an address')))
  words.delete('')
  return [...words].sort().join(isSuperset ? ' or ' : ', ')
}

/** Whether what is asked for excludes all that is installed; of a lock that names several versions one has to be allowed. */
function changes(versions: readonly string[], certain: readonly Judged[], isSuperset: boolean): boolean {
  const excludes = ({ requirement: { specifier } }: Judged): boolean =>
    versions.every(version => specifiersIn(specifier).some(one => allows(one, version) === false))
  return isSuperset ? certain.length > 0 && certain.every(excludes) : certain.some(excludes)
}

function specifiersIn(text: string): readonly Parameters<typeof allows>[0][] {
  return text.split(',').flatMap(part => readSpecifier(part) ?? [])
}
