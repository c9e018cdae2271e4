// One requirement, as packages and requirement files write it (the "dependency specifiers" of PEP 508, as packaging reads
// them). Knows no files and no options of pip. Pure.
import { normalizeName } from './distributions.ts'
import { takeMarker, type Marker } from './markers.ts'
import { scan, type Scanner } from './scanner.ts'
import { takeSpecifiers } from './specifier.ts'

export { RequirementError } from './scanner.ts'

/** What one requirement asks for. */
export interface Requirement {
  /** Normalised as PEP 503 says. */
  readonly name: string
  /** Normalised in the same way, sorted, each once. */
  readonly extras: readonly string[]
  /** Normalised and sorted, such as `!=2.0,>=1.0`; empty: any version. */
  readonly specifier: string
  /**
   * Where it is to be fetched from, as it was written: the URL of `name @ url`, or the path of an archive of source.
   *
   * `undefined`: from an index, or from a wheel of the package.
   */
  readonly url: string | undefined
  /** When it counts; `undefined`: always. */
  readonly marker: Marker | undefined
}

/** Many times what any distribution offers: each extra multiplies what markers cost. */
const MAX_EXTRAS = 256

// `\b` of Python ends a name between a character of a word and one that is none; letters are those of all scripts.
const IDENTIFIER = /[a-zA-Z0-9][a-zA-Z0-9._-]*(?<=[a-zA-Z0-9_])(?![\p{L}\p{N}_])/uy
const AT = /@/y
const URL_TEXT = /[^ \t]+/y
const [OPEN, CLOSE] = [/\(/y, /\)/y]
const [OPEN_EXTRAS, CLOSE_EXTRAS] = [/\[/y, /\]/y]
const COMMA = /,/y
const SEMICOLON = /;/y

/**
 * Reads one requirement: `name[extra] >=1; marker`, `name @ url ; marker`, or the old form `name (>=1)`.
 *
 * Throws `RequirementError`, also for what only older pips take: versions that are none by PEP 440.
 */
export function parseRequirement(text: string): Requirement {
  const scanner = scan(text)
  scanner.skipBlank()
  const name = scanner.take(IDENTIFIER)
  if (name === undefined) throw scanner.error('the name of a distribution was expected')
  scanner.skipBlank()
  const extras = takeExtras(scanner)
  scanner.skipBlank()
  const isDirect = scanner.take(AT) !== undefined
  const url = isDirect ? takeUrl(scanner) : undefined
  const specifier = isDirect ? '' : takeVersions(scanner)
  const marker = takeMarkerAfterSemicolon(scanner, isDirect)
  return { name: normalizeName(name), extras, specifier, url, marker }
}

function takeExtras(scanner: Scanner): readonly string[] {
  if (scanner.take(OPEN_EXTRAS) === undefined) return []
  const extras = new Set<string>()
  scanner.skipBlank()
  for (let extra = scanner.take(IDENTIFIER); extra !== undefined; extra = scanner.take(IDENTIFIER)) {
    extras.add(normalizeName(extra))
    if (extras.size > MAX_EXTRAS) throw scanner.error(`it asks for more than ${MAX_EXTRAS} extras`)
    scanner.skipBlank()
    if (scanner.take(COMMA) === undefined) break
    scanner.skipBlank()
    if (!scanner.sees(IDENTIFIER)) throw scanner.error('the name of an extra was expected after the comma')
  }
  if (scanner.take(CLOSE_EXTRAS) === undefined) throw scanner.error('a comma or "]" was expected after an extra')
  return [...extras].sort()
}

function takeUrl(scanner: Scanner): string {
  scanner.skipBlank()
  const url = scanner.take(URL_TEXT)
  if (url === undefined) throw scanner.error('an address was expected after "@"')
  return url
}

function takeVersions(scanner: Scanner): string {
  const inParentheses = scanner.take(OPEN) !== undefined
  scanner.skipBlank()
  const specifier = takeSpecifiers(scanner)
  scanner.skipBlank()
  if (inParentheses && scanner.take(CLOSE) === undefined) throw scanner.error('a version condition or ")" was expected')
  return specifier
}

function takeMarkerAfterSemicolon(scanner: Scanner, isDirect: boolean): Marker | undefined {
  scanner.skipBlank()
  if (scanner.isAtEnd()) return undefined
  if (scanner.take(SEMICOLON) === undefined) {
    throw scanner.error(
      isDirect
        ? 'the end, or a semicolon with a blank before it, was expected after the address'
        : 'a version condition by PEP 440, a semicolon or the end was expected'
    )
  }
  return takeMarker(scanner)
}
