// Version specifiers (PEP 440): which ones there are, how they are written, and which versions they allow. Pure.
// The grammar is that of packaging 22 and later, which pip has since 24.1: it refuses what older ones took for "legacy".
import { clean, compare, explain } from '@renovatebot/pep440'
import type { Scanner } from './scanner.ts'

/** One condition, such as `>=1.2`. */
export interface Specifier {
  readonly operator: string
  /** As it was written, without blanks; any text at all after `===`, also none. */
  readonly version: string
}

// What Python's `\s` matches, once control characters are out.
const SPACE = String.raw`[^\S\uFEFF]*`
const HEAD = String.raw`v?(?:[0-9]+!)?[0-9]+`
const RELEASE = String.raw`${HEAD}(?:\.[0-9]+)*`
const SUFFIXES = [
  String.raw`(?:[-_.]?(?:alpha|beta|preview|pre|a|b|c|rc)[-_.]?[0-9]*)?`,
  String.raw`(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?`,
  String.raw`(?:[-_.]?dev[-_.]?[0-9]*)?`
].join('')
const LOCAL = String.raw`\+[a-z0-9]+(?:[-_.][a-z0-9]+)*`
const ONE = [
  String.raw`===${SPACE}(?:[^\s;)]|\uFEFF)*`,
  String.raw`(?:==|!=)${SPACE}${RELEASE}(?:\.\*|${SUFFIXES}(?:${LOCAL})?)?`,
  String.raw`~=${SPACE}${HEAD}(?:\.[0-9]+)+${SUFFIXES}`,
  String.raw`(?:<=|>=|<|>)${SPACE}${RELEASE}${SUFFIXES}`
].join('|')

const SPECIFIER = new RegExp(ONE, 'iy')
const WHOLE = new RegExp(`^(?:${ONE})$`, 'i')
const OPERATOR = /^(?:===|~=|==|!=|<=|>=|<|>)/
const TRAIL = new RegExp(String.raw`\.\*|${LOCAL}`, 'iy')
const COMMA = /,/y

/** Reads a text that is one specifier and nothing else; `undefined`: it is none. */
export function readSpecifier(text: string): Specifier | undefined {
  // Trimmed first: blanks on both sides of what may be nothing would be tried in every split.
  const trimmed = text.trim()
  if (!WHOLE.test(trimmed)) return undefined
  const operator = OPERATOR.exec(trimmed)?.[0] ?? ''
  const version = trimmed.slice(operator.length).trim()
  const isVersion = operator === '===' || explain(version.replace(/\.\*$/, '')) !== null
  return isVersion ? { operator, version } : undefined
}

/**
 * Takes a list of specifiers and writes it in one way: sorted, each once, versions normalised, without blanks.
 *
 * Empty: there is none here. As in packaging a comma may follow the last one.
 */
export function takeSpecifiers(scanner: Scanner): string {
  const found = new Set<string>()
  for (;;) {
    const text = scanner.take(SPECIFIER)
    if (text === undefined) break
    // After `===` commas belong to the version for the tokenizer, but not for the set that it is then put into.
    for (const part of text.split(',').filter(piece => piece.trim() !== '')) {
      const specifier = readSpecifier(part)
      if (!specifier) throw scanner.error('a part of the "===" condition is no condition itself')
      found.add(`${specifier.operator}${written(specifier)}`)
    }
    if (scanner.sees(TRAIL)) throw scanner.error('".*" and "+" go with "==" and "!=" and a plain version only')
    scanner.skipBlank()
    if (scanner.take(COMMA) === undefined) break
    scanner.skipBlank()
  }
  return [...found].sort().join(',')
}

function written({ operator, version }: Specifier): string {
  if (operator === '===') return version
  const [, prefix = version, wildcard = ''] = /^(.*)(\.\*)$/.exec(version) ?? []
  return `${normalized(prefix)}${wildcard}`
}

/** The version as PEP 440 writes it, trailing zeros kept. The library writes numbers beyond 2^53 and locals in its own way. */
function normalized(version: string): string {
  const [open = '', local] = version.toLowerCase().replace(/^v/, '').split('+')
  const main = /[0-9]{16}/.test(open) ? open : (clean(open) ?? open)
  if (local === undefined) return main
  const parts = local.split(/[-_.]/).map(part => (/^[0-9]+$/.test(part) ? part.replace(/^0+(?=.)/, '') : part))
  return `${main}+${parts.join('.')}`
}

/**
 * Tells whether a specifier allows a version, pre-releases as any other (as packaging judges markers).
 *
 * `undefined`: the version is none by PEP 440. The library's own `satisfies` is not used: it takes `>3.11.0rc1` to
 * exclude 3.11.0, and `==3.11.0.*` to exclude 3.11.
 */
export function allows({ operator, version: wanted }: Specifier, version: string): boolean | undefined {
  const found = version.trim()
  if (!explain(found)) return undefined
  if (operator === '===') return found.toLowerCase() === wanted.toLowerCase()
  const [open = '', local] = found.split('+')
  switch (operator) {
    case '~=':
      return compare(open, wanted) >= 0 && startsWith(open, wanted, -1)
    case '==':
      return equals(open, local, wanted)
    case '!=':
      return !equals(open, local, wanted)
    case '<=':
      return compare(open, wanted) <= 0
    case '>=':
      return compare(open, wanted) >= 0
    case '<':
      return compare(found, wanted) < 0 && !isSibling(open, wanted, 'is_prerelease')
    default:
      return (
        compare(found, wanted) > 0 &&
        !isSibling(open, wanted, 'is_postrelease') &&
        !(local !== undefined && startsWith(open, wanted) && startsWith(wanted, open))
      )
  }
}

function equals(open: string, local: string | undefined, wanted: string): boolean {
  if (wanted.endsWith('.*')) return startsWith(open, wanted.slice(0, -2))
  return compare(wanted.includes('+') && local !== undefined ? `${open}+${local}` : open, wanted) === 0
}

/** `<3.1` allows no 3.1a1, and `>3.1` no 3.1.post1, unless they name such a version themselves (PEP 440). */
function isSibling(open: string, wanted: string, kind: 'is_prerelease' | 'is_postrelease'): boolean {
  const isKind = explain(open)?.[kind] === true && explain(wanted)?.[kind] === false
  return isKind && startsWith(open, wanted) && startsWith(wanted, open)
}

/** Compares epochs and releases, the version's filled up with zeros; `end` leaves some of the wanted numbers out. */
function startsWith(version: string, wanted: string, end?: number): boolean {
  const [one, other] = [explain(version), explain(wanted)]
  if (!one || !other || one.epoch !== other.epoch) return false
  return other.release.slice(0, end).every((part, index) => part === (one.release[index] ?? 0))
}

/** The third number of a version, the micro version of a Python; `undefined`: it has none, or is no version. */
export function microOf(version: string): number | undefined {
  return explain(version.trim().replace(/\.\*$/, ''))?.release[2]
}
