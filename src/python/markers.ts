// Environment markers (PEP 508), read and judged as packaging does it, for a server of which not everything is known. Pure.
import { normalizeName } from './distributions.ts'
import { scan, type Scanner } from './scanner.ts'
import { allows, microOf, readSpecifier } from './specifier.ts'
import type { PythonVersion } from './version.ts'

/** What a marker may ask about, by its present name. */
export type MarkerVariable =
  | 'python_version'
  | 'python_full_version'
  | 'os_name'
  | 'sys_platform'
  | 'platform_release'
  | 'platform_system'
  | 'platform_version'
  | 'platform_machine'
  | 'platform_python_implementation'
  | 'implementation_name'
  | 'implementation_version'
  | 'extra'

/** One side of a comparison. */
export type Operand =
  { readonly kind: 'variable'; readonly name: MarkerVariable } | { readonly kind: 'text'; readonly text: string }

/** The syntax tree; `and` binds closer than `or`. */
export type Marker =
  | { readonly kind: 'comparison'; readonly left: Operand; readonly operator: string; readonly right: Operand }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Marker[] }

/** `unknown`: it depends on what is not known of the server, or on the version of pip. */
export type Truth = boolean | 'unknown'

/** What is known of the place that a marker is judged for; left out: not known. `extra` is told apart from it. */
export type MarkerEnvironment = { readonly [variable in MarkerVariable]?: string }

/** Deeper than any tool nests; Python itself gives up at some hundreds. */
const MAX_DEPTH = 64

/** No series of Python has come near it. */
const LAST_MICRO = 9999

/** A list of versions that is longer than this is not looked into: each number in it is tried. */
const MAX_LIST = 1024

/** What packaging compares as versions; before 26 it also did so wherever the other side looked like one. */
const VERSIONS: ReadonlySet<MarkerVariable> = new Set([
  'python_version',
  'python_full_version',
  'implementation_version',
  'platform_release'
])

const NAMES: Readonly<Record<string, MarkerVariable>> = {
  python_version: 'python_version',
  python_full_version: 'python_full_version',
  os_name: 'os_name',
  'os.name': 'os_name',
  sys_platform: 'sys_platform',
  'sys.platform': 'sys_platform',
  platform_release: 'platform_release',
  platform_system: 'platform_system',
  platform_version: 'platform_version',
  'platform.version': 'platform_version',
  platform_machine: 'platform_machine',
  'platform.machine': 'platform_machine',
  platform_python_implementation: 'platform_python_implementation',
  'platform.python_implementation': 'platform_python_implementation',
  python_implementation: 'platform_python_implementation',
  implementation_name: 'implementation_name',
  implementation_version: 'implementation_version',
  extra: 'extra'
}

// A word ends where Python's `\b` says so: before anything that is no letter or digit of any script.
const END_OF_WORD = String.raw`(?![\p{L}\p{N}_])`
const names = Object.keys(NAMES).map(name => name.replace('.', String.raw`\.`))
const VARIABLE = new RegExp(`(?:${names.join('|')})${END_OF_WORD}`, 'uy')
const QUOTED = /'[^']*'|"[^"]*"/y
const COMPARISON = /===|==|~=|!=|<=|>=|<|>/y
const IN = new RegExp(`in${END_OF_WORD}`, 'uy')
const NOT = new RegExp(`not${END_OF_WORD}`, 'uy')
const JUNCTION = new RegExp(`(?:and|or)${END_OF_WORD}`, 'uy')
const [OPEN, CLOSE, BLANK] = [/\(/y, /\)/y, /[ \t]/y]

/** Reads a marker that stands alone, without its semicolon; throws `RequirementError`. */
export function parseMarker(text: string): Marker {
  return takeMarker(scan(text))
}

/** Takes the marker that is the rest of a text; throws `RequirementError` where anything follows it. */
export function takeMarker(scanner: Scanner): Marker {
  const marker = takeExpression(scanner, 0)
  if (!scanner.isAtEnd()) throw scanner.error('"and", "or" or the end of the marker was expected')
  return marker
}

function takeExpression(scanner: Scanner, depth: number): Marker {
  if (depth > MAX_DEPTH) throw scanner.error('the marker is nested too deeply')
  let group: Marker[] = [takeAtom(scanner, depth)]
  const groups = [group]
  for (;;) {
    const word = scanner.take(JUNCTION)
    if (word === undefined) break
    const atom = takeAtom(scanner, depth)
    if (word === 'or') groups.push((group = []))
    group.push(atom)
  }
  return joined(
    'or',
    groups.map(parts => joined('and', parts))
  )
}

function joined(kind: 'and' | 'or', parts: readonly Marker[]): Marker {
  const [first, ...rest] = parts
  return first && rest.length === 0 ? first : { kind, parts }
}

function takeAtom(scanner: Scanner, depth: number): Marker {
  scanner.skipBlank()
  if (scanner.take(OPEN) === undefined) return takeComparison(scanner)
  const marker = takeExpression(scanner, depth + 1)
  if (scanner.take(CLOSE) === undefined) throw scanner.error('"and", "or" or ")" was expected')
  scanner.skipBlank()
  return marker
}

function takeComparison(scanner: Scanner): Marker {
  const left = takeOperand(scanner)
  const operator = takeOperator(scanner)
  scanner.skipBlank()
  const right = takeOperand(scanner)
  return { kind: 'comparison', left, operator, right }
}

function takeOperand(scanner: Scanner): Operand {
  const name = NAMES[scanner.take(VARIABLE) ?? '']
  const quoted = name === undefined ? scanner.take(QUOTED) : undefined
  scanner.skipBlank()
  if (name !== undefined) return { kind: 'variable', name }
  if (quoted === undefined) throw scanner.error('a variable of markers or a quoted text was expected')
  // An escape for newer pips, a plain character for older ones; nobody has a use for either.
  if (quoted.includes('\\')) throw scanner.error('a backslash in a quoted text cannot be judged')
  return { kind: 'text', text: quoted.slice(1, -1) }
}

function takeOperator(scanner: Scanner): string {
  if (scanner.take(IN) !== undefined) return 'in'
  if (scanner.take(NOT) !== undefined) {
    const hasBlank = scanner.sees(BLANK)
    scanner.skipBlank()
    if (!hasBlank || scanner.take(IN) === undefined) throw scanner.error('"in" was expected after "not"')
    return 'not in'
  }
  const operator = scanner.take(COMPARISON)
  if (operator === undefined) throw scanner.error('a comparison was expected, such as "==" or "in"')
  return operator
}

/**
 * Judges a marker as pip does for a distribution that is asked for with these extras (none: without any).
 *
 * Several extras: it counts as soon as one of them makes it true. Each comparison is judged by itself, so that what is
 * not known stays so, even where two comparisons with it would cancel each other out.
 */
export function evaluateMarker(marker: Marker, environment: MarkerEnvironment, extras: readonly string[]): Truth {
  const asked = extras.length === 0 ? [''] : extras.map(normalizeName)
  return oneOf(true, asked, extra => judge(marker, environment, extra))
}

/** Kleene's logic: one `decisive` answer decides, else one that is not known leaves it open. */
function oneOf<Part>(decisive: boolean, parts: readonly Part[], ask: (part: Part) => Truth): Truth {
  let truth: Truth = !decisive
  for (const part of parts) {
    const answer = ask(part)
    if (answer === decisive) return decisive
    if (answer === 'unknown') truth = answer
  }
  return truth
}

function judge(marker: Marker, environment: MarkerEnvironment, extra: string): Truth {
  if (marker.kind !== 'comparison') {
    return oneOf(marker.kind === 'or', marker.parts, part => judge(part, environment, extra))
  }
  const { left, operator, right } = marker
  // packaging looks up the left side, or, where that is a text, the right one: of two variables the second one is but
  // its name, and of two texts nothing comes but an error.
  const variable = left.kind === 'variable' ? left.name : right.kind === 'variable' ? right.name : undefined
  if (variable === undefined) return 'unknown'
  const isReversed = left.kind === 'text'
  const other = isReversed ? left.text : right.kind === 'text' ? right.text : right.name
  const values = variable === 'extra' ? [extra] : possibleValues(variable, environment, other)
  const truths = values.map(value =>
    isReversed ? compares(variable, other, operator, value) : compares(variable, value, operator, other)
  )
  const [truth = 'unknown'] = truths
  return truths.every(another => another === truth) ? truth : 'unknown'
}

/** The values that the variable may have, as far as they can make a difference beside this text; none: not known. */
function possibleValues(variable: MarkerVariable, environment: MarkerEnvironment, other: string): readonly string[] {
  const known = environment[variable]
  if (known !== undefined) return [known]
  if (variable === 'platform_machine' && environment.os_name === 'nt') return ['AMD64', 'x86']
  const isPython =
    variable === 'python_full_version' ||
    (variable === 'implementation_version' && environment.implementation_name === 'cpython')
  const { python_version: python } = environment
  if (!isPython || python === undefined || other.length > MAX_LIST) return []
  return microsBeside(other).map(micro => `${python}.${micro}`)
}

/** Both ends of a series, and the micro versions at which a comparison with the text may change. */
function microsBeside(text: string): readonly number[] {
  const micro = microOf(text)
  // A version changes the answer at one place only. In any other text each number counts, and its first digits, too:
  // 3.11.1 lies in "3.11.12", and "04" in 3.11.104. Longer numbers are none of a Python.
  const numbers =
    micro === undefined
      ? [...text.matchAll(/[0-9]+/g)].flatMap(([run]) =>
          [1, 2, 3, 4].flatMap(length => [Number(run.slice(0, length)), Number(`1${run.slice(0, length)}`)])
        )
      : [micro - 1, micro, micro + 1]
  return [...new Set([0, ...numbers.filter(number => number >= 0 && number < LAST_MICRO), LAST_MICRO])]
}

function compares(variable: MarkerVariable, left: string, operator: string, right: string): Truth {
  if (variable === 'extra') return comparesTexts(normalizeName(left), operator, normalizeName(right))
  const specifier = VERSIONS.has(variable) ? readSpecifier(`${operator}${right}`) : undefined
  // For a left side that is no version pip fails, or says no to everything, also to `!=`.
  return specifier ? (allows(specifier, left) ?? 'unknown') : comparesTexts(left, operator, right)
}

function comparesTexts(left: string, operator: string, right: string): Truth {
  switch (operator) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case 'in':
      return right.includes(left)
    case 'not in':
      return !right.includes(left)
    // packaging before 26 asks for the order of the alphabet, and from then on for equality, if at all.
    case '<':
      return left < right ? 'unknown' : false
    case '>':
      return left > right ? 'unknown' : false
    case '<=':
      return left === right || (left < right ? 'unknown' : false)
    case '>=':
      return left === right || (left > right ? 'unknown' : false)
    default:
      return 'unknown'
  }
}

/**
 * What is known of a Python on App Service: its platform, and X.Y of its version.
 *
 * Left out: the kernel's release and version, and on Windows the machine, which is AMD64 or x86 as the app is set.
 */
export function serverEnvironment(platform: 'windows' | 'linux', python: PythonVersion | undefined): MarkerEnvironment {
  const [major = 3, minor = 3] = python?.split('.').map(Number) ?? []
  // Python 3.3 brought `sys.implementation` (PEP 421) and took the number off `linux2`; before that packaging says this.
  const isOld = major < 3 || (major === 3 && minor < 3)
  return {
    ...(python === undefined ? {} : { python_version: python }),
    ...(isOld ? { implementation_name: '', implementation_version: '0' } : { implementation_name: 'cpython' }),
    platform_python_implementation: 'CPython',
    ...(platform === 'windows'
      ? { os_name: 'nt', sys_platform: 'win32', platform_system: 'Windows' }
      : {
          os_name: 'posix',
          sys_platform: isOld ? 'linux2' : 'linux',
          platform_system: 'Linux',
          platform_machine: 'x86_64'
        })
  }
}
