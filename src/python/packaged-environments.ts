// Virtual environments inside a package, told by its names, and what one of them means for the one on the server.
import { WWWROOT } from '../site.ts'
import { parsePyvenvCfg, type Environment } from './venv.ts'
import { versionOfLibrary, versionOfMarker } from './version.ts'

/** A folder of the package that is proven to be a virtual environment. */
export interface PackagedEnvironment {
  /** From the top of the package, with `/`; `.` where the package itself is one. */
  readonly path: string
  /** What proves it, from its own top. */
  readonly sign: string
  /** The text of its `pyvenv.cfg`; `undefined`: there is none, or it could not be read, which `sign` tells apart. */
  readonly cfg: string | undefined
}

const CFG = 'pyvenv.cfg'

/** Functions keeps its packages there, in folders called as in an environment. */
const FUNCTIONS_PACKAGES = '.python_packages'

/** More than anybody ships: of any further ones only the path is known. */
const MAX_READ = 100

/** How many are named in a message, and how many settings of one. */
const MAX_NAMED = 10
const MAX_SETTINGS = 3

/** What tells of an environment, by the folder for which it speaks, whose path is empty or ends in `/`. */
type Signs = ReadonlyMap<string, string>

/**
 * Finds environments at any depth: by `pyvenv.cfg`, a marker of Kudu's Windows script, virtualenv's `orig-prefix.txt`, or
 * `bin` or `Scripts` beside a library with `site-packages`; sorted by path.
 *
 * What lies in the library of one is a part of it. `names` are the paths of a package, those of folders with a `/` at the
 * end; `readCfg` reads a `pyvenv.cfg` by its path.
 */
export async function findPackagedEnvironments(
  names: readonly string[],
  readCfg: (path: string) => Promise<string | undefined>
): Promise<readonly PackagedEnvironment[]> {
  const signs = signsIn(names)
  const found: PackagedEnvironment[] = []
  for (const [root, sign] of [...signs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (isPart(root, signs) || `/${root}`.endsWith(`/${FUNCTIONS_PACKAGES}/`)) continue
    const cfg = sign === CFG && found.length < MAX_READ ? await readCfg(`${root}${CFG}`) : undefined
    found.push({ path: root === '' ? '.' : root.slice(0, -1), sign, cfg })
  }
  return found
}

function signsIn(names: readonly string[]): Signs {
  const byFile = { cfg: new Map<string, string>(), marker: new Map<string, string>(), old: new Map<string, string>() }
  const folders = new Set<string>()
  for (const path of names) {
    const split = path.lastIndexOf('/') + 1
    const [folder, name] = [path.slice(0, split), path.slice(split)]
    folders.add(folder)
    if (name === CFG) byFile.cfg.set(folder, name)
    else if (versionOfMarker(name)) byFile.marker.set(folder, name)
    else if (name === 'orig-prefix.txt') {
      const parts = folder.split('/')
      const library = libraryBefore(parts, parts.length - 1)
      if (library) byFile.old.set(library.root, `${library.path}${name}`)
    }
  }
  // The last one counts: the most telling.
  return new Map([...shapesIn(folders), ...byFile.old, ...byFile.marker, ...byFile.cfg])
}

/** Finds what has `bin` or `Scripts` beside a library with `site-packages`. */
function shapesIn(folders: ReadonlySet<string>): Signs {
  const scripts = new Set<string>()
  const libraries = new Map<string, Library>()
  for (const folder of folders) {
    const parts = folder.split('/')
    parts.forEach((part, index) => {
      if (part === 'bin' || part === 'Scripts') scripts.add(pathOf(parts, 0, index + 1))
      const library = part === 'site-packages' ? libraryBefore(parts, index) : undefined
      if (library) libraries.set(`${library.root}${library.path}`, library)
    })
  }
  const shapes = new Map<string, string>()
  for (const { root, path } of libraries.values()) {
    const tools = path === 'Lib/' ? 'Scripts' : 'bin'
    if (scripts.has(`${root}${tools}/`)) shapes.set(root, `${tools} beside ${path}site-packages`)
  }
  return shapes
}

/** A folder that may hold `site-packages`, by its path from the folder that it lies in. */
interface Library {
  readonly root: string
  readonly path: string
}

/** The library whose path ends before a part of a path: `lib/pythonX.Y`, on Windows `Lib`. */
function libraryBefore(parts: readonly string[], end: number): Library | undefined {
  const isPosix = parts[end - 2] === 'lib' && versionOfLibrary(parts[end - 1] ?? '') !== undefined
  if (!isPosix && parts[end - 1] !== 'Lib') return undefined
  const begin = end - (isPosix ? 2 : 1)
  return { root: pathOf(parts, 0, begin), path: pathOf(parts, begin, end) }
}

function pathOf(parts: readonly string[], begin: number, end: number): string {
  return parts
    .slice(begin, end)
    .map(part => `${part}/`)
    .join('')
}

/** Whether a folder lies in the library of an environment, as a package's own test data may. */
function isPart(root: string, signs: Signs): boolean {
  const parts = root.split('/')
  return parts.some((part, index) => /^(lib|lib64|Lib)$/.test(part) && signs.has(pathOf(parts, 0, index)))
}

/** Says which environments a package contains, and what to do about it; there has to be one at least. */
export function describePackaged(environments: readonly PackagedEnvironment[]): string {
  const named = environments.slice(0, MAX_NAMED).map(({ path, sign }) => `${path} (${sign})`)
  const rest = environments.length - named.length
  const what = environments.length === 1 ? 'a virtual environment' : `${environments.length} virtual environments`
  return (
    `The package contains ${what}: ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}. ` +
    'An environment belongs to the machine that it was made on, and what the server builds is mixed with it: ' +
    'leave it out of "package", and let the server build'
  )
}

/** What the environments of a package say of the one on the server. */
export interface Landing {
  /** `unclear`: nothing to compare, so that nothing speaks against the present one. */
  readonly verdict: 'differs' | 'same' | 'unclear'
  /** For the reasons and the log: what differs, or that nothing does. */
  readonly detail: string
}

/**
 * Compares the environment on the server with the one that the package brings to the same path, by what `pyvenv.cfg`
 * says; the order of its lines and the blanks around them do not count.
 *
 * `undefined`: the package brings none to that path.
 */
export function compareWithPackaged(
  environment: Environment,
  packaged: readonly PackagedEnvironment[]
): Landing | undefined {
  const landing = packaged.find(({ path }) => landsOn(environment, path))
  if (!landing) return undefined
  const brought = `the package brings ${landing.path}`
  if (landing.cfg === undefined) {
    const lack = landing.sign === CFG ? `a ${CFG} that could not be read` : `no ${CFG}`
    return { verdict: 'unclear', detail: `${brought} with ${lack}, so it is not compared with the one on the server` }
  }
  if (environment.cfg === undefined) {
    return environment.gaps.length > 0
      ? { verdict: 'unclear', detail: `${brought}, but ${CFG} on the server could not be read` }
      : { verdict: 'differs', detail: `${brought} with a ${CFG}, and the one on the server has none` }
  }
  const differences = differencesBetween(parsePyvenvCfg(environment.cfg), parsePyvenvCfg(landing.cfg))
  return differences.length === 0
    ? { verdict: 'same', detail: `${brought}, and the one on the server was made from it: both have the same ${CFG}` }
    : { verdict: 'differs', detail: `${brought} with another ${CFG} (${joined(differences)})` }
}

function landsOn({ path, shape }: Environment, packaged: string): boolean {
  if (shape === 'packages') return false
  const target = `${WWWROOT}/${packaged}`
  // The file system of a Windows server ignores the case.
  return shape === 'windows' ? target.toLowerCase() === path.toLowerCase() : target === path
}

/** What differs between two texts of settings, the version first because it says most. */
function differencesBetween(
  present: ReadonlyMap<string, string>,
  coming: ReadonlyMap<string, string>
): readonly string[] {
  const keys = new Set(['version', 'version_info', ...present.keys(), ...coming.keys()])
  return [...keys]
    .filter(key => present.get(key) !== coming.get(key))
    .map(key => `${key} is ${shown(present.get(key))} on the server, ${shown(coming.get(key))} in the package`)
}

function joined(differences: readonly string[]): string {
  const rest = differences.length - MAX_SETTINGS
  return `${differences.slice(0, MAX_SETTINGS).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'not set'
  return value.length > 60 ? `${value.slice(0, 60)}…` : value
}
