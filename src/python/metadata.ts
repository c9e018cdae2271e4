// What a distribution says of itself in METADATA, PKG-INFO and requires.txt: what it needs, and when. Pure.
import { parseRequirement, RequirementError, type Requirement } from './requirement.ts'

/** What a distribution needs. */
export interface Metadata {
  /** Those of its extras too, each with its marker. */
  readonly requires: readonly Requirement[]
  /** What could not be understood, each a short sentence with the file; empty: this is all of it. */
  readonly gaps: readonly string[]
}

/** Where lines end for Python's `email.feedparser`, which reads these files for pip. */
const LINE = /([^\r\n]*)(\r\n|\r|\n|$)/y

/** A header's first line; the name may hold any visible character of ASCII but the colon (RFC 822 section 3.2). */
const HEADER = /^([!-9;-~]*):([^]*)$/

/** One leaves the answer open, and a file that is something else altogether has no end of them. */
const MOST_GAPS = 10

/** More than any tool writes; beyond it nothing is tried once more. */
const MAX_LEGACY_LENGTH = 1000

/** No specifier of PEP 440 at all, or one in the parentheses of PEP 345, between a name and its marker. */
const LEGACY = /^([A-Za-z0-9][\w.-]*)[ \t]*(\[[^\][]*\])?[ \t]*(?:\([^()]*\)|[<>=!~][^;@()]*)[ \t]*(;[^]*)?$/

/**
 * Reads the headers of METADATA (PEP 566 and later) or PKG-INFO; the body, which is the long description, counts for
 * nothing, and neither does `Requires`, which names modules (PEP 314).
 *
 * `source`: what the file is called in gaps.
 */
export function parseMetadata(text: string, source: string): Metadata {
  const requires: Requirement[] = []
  const gaps: string[] = []
  const { headers, strayBody } = headersOf(text.replace(/^\uFEFF/, ''))
  for (const [name, value] of headers) {
    if (name.toLowerCase() === 'requires-dist') take(value, source, requires, gaps)
  }
  // Python's parser takes what follows a line that is no header for the body. Who wrote it meant something else.
  if (/^requires-dist[ \t]*:/im.test(strayBody)) gaps.push(`${source}: a requirement follows a line that is no header`)
  return { requires, gaps }
}

/**
 * Reads the `requires.txt` of an egg-info folder: requirements, and sections `[extra]`, `[:marker]` and `[extra:marker]`
 * (setuptools, "Python Eggs").
 *
 * `source`: what the file is called in gaps.
 */
export function parseRequiresTxt(text: string, source: string): Metadata {
  const requires: Requirement[] = []
  const gaps: string[] = []
  let condition = ''
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) {
      const read = conditionOf(line)
      if (read === undefined) gaps.push(`${source}: a section cannot be understood`)
      // What stands in it is needed, perhaps.
      condition = read ?? ''
    } else take(under(condition, line), source, requires, gaps)
  }
  return { requires, gaps }
}

interface Headers {
  /** In their order, a name as often as it is there; lines that continue a value are joined by blanks. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** What follows a line that is no header, up to the first empty line. */
  readonly strayBody: string
}

function headersOf(text: string): Headers {
  const headers: [string, string][] = []
  LINE.lastIndex = 0
  while (LINE.lastIndex < text.length) {
    const begun = LINE.lastIndex
    const line = LINE.exec(text)?.[1] ?? ''
    if (line === '') break
    const [, name, value = ''] = HEADER.exec(line) ?? []
    const last = headers.at(-1)
    if (/^[ \t]/.test(line)) {
      // The description of old PKG-INFO goes on for hundreds of lines, and nobody reads it here.
      if (last && /^requires-dist$/i.test(last[0])) last[1] += ` ${line.trim()}`
    } else if (name === undefined)
      return { headers, strayBody: text.slice(begun).split(/\r\n\r\n|\n\n|\r\r/, 1)[0] ?? '' }
    else headers.push([name, value.trim()])
  }
  return { headers, strayBody: '' }
}

function take(text: string, source: string, requires: Requirement[], gaps: string[]): void {
  if (gaps.length >= MOST_GAPS) return
  const read = readOrReason(text)
  if (typeof read !== 'string') {
    requires.push(read)
    return
  }
  // Whoever needs it is decided by its name and its marker; what older pips took for versions does not matter for that.
  const [, name, extras = '', marker = ''] = (text.length <= MAX_LEGACY_LENGTH && LEGACY.exec(text)) || []
  const bare = name === undefined ? read : readOrReason(`${name}${extras}${marker}`)
  if (typeof bare === 'string') gaps.push(`${source}: "${begin(text)}" cannot be understood: ${read}`)
  else requires.push(bare)
}

function readOrReason(text: string): Requirement | string {
  try {
    return parseRequirement(text)
  } catch (error) {
    if (!(error instanceof RequirementError)) throw error
    return error.message
  }
}

/** The beginning of a requirement, without an address: that may hold a password. */
function begin(text: string): string {
  const [start = ''] = text.split('@', 1)
  return start.length === text.length && text.length <= 60 ? text : `${start.slice(0, 60).trimEnd()} …`
}

/** The marker that a section stands for, empty for none; `undefined`: it is not one. */
function conditionOf(section: string): string | undefined {
  const [, extra = '', colon, marker = ''] = /^\[([^:\]]*)(:)?(.*)\]$/.exec(section) ?? []
  const isName = /^[\w.-]+$/.test(extra)
  if (!isName && (extra !== '' || colon === undefined)) return undefined
  const named = `extra == "${extra}"`
  if (marker.trim() === '') return isName ? named : ''
  return isName ? `(${marker}) and ${named}` : marker
}

/** A line of a section as one requirement. */
function under(condition: string, line: string): string {
  if (condition === '') return line
  // In an address a semicolon is a part of it, unless there is a blank before it.
  const [, needed = line, marker] = (line.includes('@') ? /^(.*?)[ \t];(.*)$/ : /^(.*?);(.*)$/).exec(line) ?? []
  return marker === undefined ? `${line} ; ${condition}` : `${needed} ; (${marker}) and (${condition})`
}
