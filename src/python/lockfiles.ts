// Which packages uv.lock and poetry.lock name: all that may be installed, whatever platform or group wants them. Pure.
import { parse, TomlDate } from 'smol-toml'
import { parseRequirement, RequirementError, type Requirement } from './requirement.ts'

/** A package of a lock file, with the line of its table. */
interface Locked {
  readonly requirement: Requirement
  readonly line: number
}

/** What a lock file says. */
export interface LockFile {
  readonly packages: readonly Locked[]
  /** Each continues a sentence that begins with the file's name. */
  readonly gaps: readonly string[]
  /** What decides what is installed, each in one canonical text, in any order. */
  readonly contents: readonly string[]
}

type Table = Readonly<Record<string, unknown>>

const MAX_CHARACTERS = 16 * 1024 * 1024
const MAX_DEPTH = 50

/** What says nothing of what is installed, and changes without it. */
const BESIDE_THE_POINT = new Set(['description', 'upload-time', 'size'])

/** Reads the text of a `uv.lock` (version 1). What is only a virtual root is never installed, and left out. */
export function readUvLock(text: string): LockFile {
  return reading(text, (lock, packages) => {
    const known = lock['version'] === 1
    const format = known ? [] : [`has the format version ${shown(lock['version'])}, and only 1 is understood`]
    return {
      ...readPackages(packages, text, uvPackage),
      format,
      rest: pick(lock, ['requires-python', 'resolution-markers', 'options', 'manifest'])
    }
  })
}

/** Reads the text of a `poetry.lock` (1.x and 2.x). The project itself never stands in it: `projectName` tells that. */
export function readPoetryLock(text: string): LockFile {
  return reading(text, (lock, packages) => {
    const metadata = isTable(lock['metadata']) ? lock['metadata'] : {}
    const version = metadata['lock-version']
    const known = typeof version === 'string' && /^[12]\.\d+$/.test(version)
    const format = known ? [] : [`has the lock-version ${shown(version)}, and only 1.x and 2.x are understood`]
    return {
      ...readPackages(packages, text, poetryPackage),
      format,
      rest: { ...pick(lock, ['extras']), ...pick(metadata, ['python-versions', 'files']) }
    }
  })
}

/**
 * The name of the project that a `pyproject.toml` describes; `undefined`: it gives none.
 *
 * Throws `RequirementError` where the text is no TOML or the name is none.
 */
export function projectName(text: string): Requirement | undefined {
  const { project, tool } = parsed(text)
  const poetry = isTable(tool) ? tool['poetry'] : undefined
  for (const table of [project, poetry]) {
    if (isTable(table) && typeof table['name'] === 'string') return parseRequirement(table['name'])
  }
  return undefined
}

interface Raw {
  readonly packages: readonly Locked[]
  readonly gaps: readonly string[]
  readonly entries: readonly unknown[]
  readonly format: readonly string[]
  readonly rest: Table
}

function reading(text: string, read: (lock: Table, packages: readonly unknown[]) => Raw): LockFile {
  try {
    const lock = parsed(text)
    const list = lock['package']
    const { packages, gaps, entries, format, rest } = read(lock, Array.isArray(list) ? list : [])
    const absent = Array.isArray(list) ? [] : ['has no list of packages']
    return {
      packages,
      gaps: [...format, ...absent, ...gaps],
      contents: [...entries.map(entry => canonical(entry)), canonical(rest)]
    }
  } catch (error) {
    if (!(error instanceof RequirementError)) throw error
    return { packages: [], gaps: [error.message], contents: [text] }
  }
}

function parsed(text: string): Table {
  if (text.length > MAX_CHARACTERS) throw new RequirementError('is too long to be read')
  try {
    return parse(text, { integersAsBigInt: 'asNeeded', maxDepth: MAX_DEPTH })
  } catch (error) {
    // Its message goes on with a picture of the place.
    const [first = ''] = error instanceof Error ? error.message.replace(/^Invalid TOML document: /, '').split('\n') : []
    throw new RequirementError(`is no TOML: ${first}`)
  }
}

/** What one package comes to: nothing where it is never installed. */
interface Taken {
  readonly requirement: Requirement | undefined
  readonly entry: unknown
}

function readPackages(
  list: readonly unknown[],
  text: string,
  take: (table: Table) => Taken
): Pick<Raw, 'packages' | 'gaps' | 'entries'> {
  const [packages, gaps, entries]: [Locked[], string[], unknown[]] = [[], [], []]
  const lines = linesOfPackages(text)
  for (const [index, item] of list.entries()) {
    // A header inside a text of several lines would shift them all.
    const line = lines.length === list.length ? (lines[index] ?? 1) : 1
    try {
      const { requirement, entry } = take(isTable(item) ? item : {})
      entries.push(entry)
      if (requirement) packages.push({ requirement, line })
    } catch (error) {
      if (!(error instanceof RequirementError)) throw error
      entries.push(item)
      gaps.push(`line ${line} begins a package that is not understood: ${error.message}`)
    }
  }
  return { packages, gaps, entries }
}

function uvPackage(table: Table): Taken {
  const { version, ...rest } = table
  const source = isTable(table['source']) ? table['source'] : {}
  const kind = Object.keys(source).find(key => UV_SOURCES.includes(key))
  if (kind === undefined) throw new RequirementError(`its source is none of ${UV_SOURCES.join(', ')}`)
  // The version of a project on the spot changes with each release, and asks for nothing else.
  const isLocal = kind === 'virtual' || kind === 'editable' || kind === 'directory'
  const requirement = named(table['name'], version, isLocal)
  return { requirement: kind === 'virtual' ? undefined : requirement, entry: isLocal ? rest : table }
}

const UV_SOURCES = ['registry', 'git', 'url', 'path', 'directory', 'editable', 'virtual']

function poetryPackage(table: Table): Taken {
  return { requirement: named(table['name'], table['version'], false), entry: table }
}

function named(name: unknown, version: unknown, isLocal: boolean): Requirement {
  if (typeof name !== 'string') throw new RequirementError('it has no name')
  const bare = parseRequirement(name)
  if (bare.extras.length > 0 || bare.specifier !== '' || bare.url !== undefined || bare.marker !== undefined)
    throw new RequirementError('its name is none')
  if (version === undefined && isLocal) return bare
  if (typeof version !== 'string') throw new RequirementError('it has no version')
  return parseRequirement(`${name}==${version}`)
}

function linesOfPackages(text: string): readonly number[] {
  return text.split('\n').flatMap((line, index) => (/^[ \t]*\[\[[ \t]*package[ \t]*\]\]/.test(line) ? [index + 1] : []))
}

function pick(table: Table, keys: readonly string[]): Table {
  return Object.fromEntries(keys.filter(key => key in table).map(key => [key, table[key]]))
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TomlDate)
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `"${value}"` : 'none'
}

/** One text for a value, whatever the order of its keys and of its lists. */
function canonical(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) throw new RequirementError('is nested too deeply')
  if (Array.isArray(value))
    return `[${value
      .map(item => canonical(item, depth + 1))
      .sort()
      .join()}]`
  if (!isTable(value)) return JSON.stringify(String(value))
  const entries = Object.entries(value).filter(([key]) => !BESIDE_THE_POINT.has(key))
  const texts = entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, depth + 1)}`)
  return `{${texts.sort().join()}}`
}
