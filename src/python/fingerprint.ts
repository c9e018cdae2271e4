// What of a requirements file counts when two deployments are compared, each thing in one way of writing it. Pure.
import { normalizeName } from './distributions.ts'
import type { Marker } from './markers.ts'
import type { Statement } from './requirement-files.ts'
import type { Option, OptionName } from './requirement-options.ts'
import type { Requirement } from './requirement.ts'

/** The options that pip obeys after a requirement; the others it passes over there. */
const OF_REQUIREMENTS: ReadonlySet<OptionName> = new Set(['--hash', '--global-option', '--config-settings'])

/**
 * Writes a statement in one way. Where it is stated does not count, so that a line may move into an included file.
 *
 * `requirement` is `undefined` where it was not understood: then its text counts, but for its white space.
 */
export function canonicalLines(statement: Statement, requirement: Requirement | undefined): readonly string[] {
  switch (statement.kind) {
    case 'options':
      return statement.options.map(option => JSON.stringify(['option', ...canonicalOption(option)]))
    case 'lost':
      return [JSON.stringify(['lost', plain(statement.text)])]
    default: {
      const { kind, isConstraint, options, text } = statement
      const obeyed = options.filter(({ name }) => OF_REQUIREMENTS.has(name))
      const what = requirement ? canonicalRequirement(requirement) : [plain(text)]
      const how = obeyed.map(option => JSON.stringify(canonicalOption(option))).sort()
      return [JSON.stringify([isConstraint ? 'constraint' : kind, what, [...new Set(how)]])]
    }
  }
}

/** The SHA-256, in hexadecimal, of texts in any order; one that is repeated counts once. */
export async function digest(contents: readonly string[]): Promise<string> {
  const text = [...new Set(contents)].sort().join('\n')
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('')
}

function canonicalRequirement({ name, extras, specifier, url, marker }: Requirement): readonly unknown[] {
  const specifiers = specifier.split(',').sort().join()
  return [
    name,
    [...extras].sort(),
    specifiers,
    url === undefined ? '' : plain(url),
    marker ? canonicalMarker(marker) : ''
  ]
}

/** `a and b` is `b and a`; quotes, blanks and the old names of variables are gone already. */
function canonicalMarker(marker: Marker): string {
  if (marker.kind === 'comparison') return JSON.stringify([marker.left, marker.operator, marker.right])
  const parts = marker.parts.map(part => canonicalMarker(part))
  return `${marker.kind}(${[...new Set(parts)].sort().join()})`
}

function canonicalOption({ name, value }: Option): readonly [name: string, value: string] {
  switch (name) {
    case '--no-binary':
    case '--only-binary':
    case '--all-releases':
    case '--only-final':
      return [name, value.split(',').map(normalizeName).sort().join()]
    case '--hash':
      return [name, value.toLowerCase()]
    default:
      return [name, plain(value)]
  }
}

/** White space as single blanks, and URLs without user and password: they change without changing what is installed. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/:\/\/[^/\s]*@/g, '://')
}
