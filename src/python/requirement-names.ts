// What one stated requirement asks for: a name, or a URL, a path or an editable project that tells its name. Pure, and
// without a look at the disk: where pip would look whether a path is a folder, its shape decides.
import { parseMarker, type Marker } from './markers.ts'
import { parseRequirement, RequirementError, type Requirement } from './requirement.ts'
import { strip } from './requirement-lines.ts'
import { variablesIn } from './requirement-options.ts'
import { LineError, quoted } from './requirement-problems.ts'

const VERSION_CONTROL = [
  ...['git+http', 'git+https', 'git+ssh', 'git+git', 'git+file'],
  ...['hg+file', 'hg+http', 'hg+https', 'hg+ssh', 'hg+static-http'],
  ...['svn+ssh', 'svn+http', 'svn+https', 'svn+svn', 'svn+file'],
  ...['bzr+http', 'bzr+https', 'bzr+ssh', 'bzr+sftp', 'bzr+ftp', 'bzr+lp', 'bzr+file']
]
const URL_SCHEMES = ['http', 'https', 'file', 'ftp', ...VERSION_CONTROL]

const NOT_EDITABLE = 'which pip does only for folders and version control'

/** What pip takes for an archive (`utils.filetypes`). */
const ARCHIVE = /\.(?:whl|zip|tar\.(?:gz|bz2|xz|lz|lzma)|tar|tgz|tbz|txz|tlz)$/i

/** What is longer is no requirement, and no URL that a server takes. */
const MAX_LENGTH = 16_384

/** Understands a requirement that is not editable; throws `LineError` where the name stays unknown or pip refuses it. */
export function requirementOf(text: string): Requirement {
  return explained(text, () => {
    const separator = isUrl(text) ? '; ' : ';'
    const cut = text.indexOf(separator)
    const head = strip(cut < 0 ? text : text.slice(0, cut))
    const condition = cut < 0 ? '' : strip(text.slice(cut + separator.length))
    const marker = markerOf(condition)
    return { ...(isUrl(head) ? namedByUrl(head) : namedByTextOrPath(head)), marker }
  })
}

/** Understands what stands after `-e`; throws `LineError` where the name stays unknown or pip refuses it. */
export function requirementOfEditable(text: string): Requirement {
  return explained(text, () => {
    const direct = directRequirement(text)
    if (direct) return direct
    const [bare, extras] = splitExtras(text)
    if (/^file:/i.test(bare)) {
      const named = namedByEgg(bare)
      return extras === '' ? named : { ...named, extras: parseRequirement(`placeholder${extras.toLowerCase()}`).extras }
    }
    const url = /^(?:git|hg|svn|bzr):/i.test(text) ? `${text.slice(0, text.indexOf(':')).toLowerCase()}+${text}` : text
    if (VERSION_CONTROL.includes(schemeOf(url) ?? '')) return namedByEgg(url)
    if (schemeOf(url) !== undefined && isUrl(url))
      throw new LineError(`asks for ${quoted(text)} as editable, ${NOT_EDITABLE}`)
    throw new LineError(`asks for the project in ${quoted(text)}, whose name is not known from here`)
  })
}

function explained(text: string, understand: () => Requirement): Requirement {
  if (text.length > MAX_LENGTH) throw new LineError(`is longer than ${MAX_LENGTH} characters`)
  try {
    return understand()
  } catch (error) {
    if (error instanceof RequirementError) throw new LineError(`is not understood: ${error.message}`, { cause: error })
    throw error
  }
}

/** `name @ url` after `-e`, which newer pips understand; `undefined`: it is none. */
function directRequirement(text: string): Requirement | undefined {
  let requirement: Requirement
  try {
    requirement = parseRequirement(text)
  } catch (error) {
    if (error instanceof RequirementError) return undefined
    throw error
  }
  const { url } = requirement
  if (url === undefined) return undefined
  if (!VERSION_CONTROL.includes(schemeOf(url) ?? '') && schemeOf(url) !== 'file')
    throw new LineError(`asks for ${quoted(text)} as editable, ${NOT_EDITABLE}`)
  if (variablesIn(url).length < variablesIn(text).length) throw new LineError('depends on an environment variable')
  return requirement
}

function markerOf(condition: string): Marker | undefined {
  if (variablesIn(condition).length > 0) throw new LineError('depends on an environment variable')
  return condition === '' ? undefined : parseMarker(condition)
}

/** The scheme as Python's `urlsplit` finds it, which is stricter than a look for a colon. */
function schemeOf(text: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
}

function isUrl(text: string): boolean {
  return URL_SCHEMES.includes(schemeOf(text) ?? '')
}

/** `alpha>=1`, `alpha @ URL`, or a path. */
function namedByTextOrPath(text: string): Requirement {
  const [path, extras] = splitExtras(text)
  const at = text.indexOf('@')
  const isNamed = at >= 0 && !looksLikePath(text.slice(0, at))
  if (!isNamed && (looksLikePath(text) || ARCHIVE.test(path))) {
    const named = namedByFile(path.slice(path.lastIndexOf('/') + 1))
    if (!named) throw new LineError(`asks for the project in ${quoted(text)}, whose name is not known from here`)
    const more = extras === '' ? [] : parseRequirement(`placeholder${extras.toLowerCase()}`).extras
    // pip holds a wheel to its file's name. Any other archive may bring what is called otherwise, as an address may.
    return { ...named, extras: more, url: path.endsWith('.whl') ? undefined : path }
  }
  const variables = variablesIn(text)
  if (variables.length > 0 && !isNamed)
    throw new LineError(`depends on the environment variable ${variables.join(', ')}`)
  const requirement = parseRequirement(text)
  // A password from a variable changes nothing; a name, an extra or a version from one could be anything.
  if (variablesIn(requirement.url ?? '').length < variables.length)
    throw new LineError(`depends on the environment variable ${variables.join(', ')}`)
  return requirement
}

function looksLikePath(text: string): boolean {
  return text.includes('/') || text.includes('\\') || text.startsWith('.')
}

/** Splits `path[extra]`. */
function splitExtras(text: string): readonly [path: string, extras: string] {
  const open = text.endsWith(']') ? text.lastIndexOf('[') : -1
  return open > 0 && open < text.length - 2 ? [text.slice(0, open), text.slice(open)] : [text, '']
}

/** A URL on its own: a wheel's file name tells the name, else `#egg=`, else the file name of a source distribution. */
function namedByUrl(url: string): Requirement {
  const path = unquoted(/^[^:]+:(?:\/\/[^/?#]*)?([^?#]*)/.exec(url)?.[1] ?? '')
  const file = path.split('/').findLast(part => part !== '') ?? ''
  if (file.endsWith('.whl') || !eggOf(url)) {
    const isSnapshot = /\/(?:archive|zipball|tarball|zip|tar\.gz)\//.test(path)
    const isFile = file.endsWith('.whl') || !(isSnapshot || VERSION_CONTROL.includes(schemeOf(url) ?? ''))
    const named = isFile ? namedByFile(file) : undefined
    if (named) return { ...named, url }
  }
  return namedByEgg(url)
}

function namedByEgg(url: string): Requirement {
  const egg = eggOf(url)
  if (!egg) throw new LineError(`asks for ${quoted(url)}, which does not tell a name; write "name @ URL"`)
  if (variablesIn(egg).length > 0)
    throw new LineError(`depends on the environment variable ${variablesIn(egg).join(', ')}`)
  const named = parseRequirement(egg)
  if (named.specifier !== '' || named.url !== undefined || named.marker !== undefined)
    throw new LineError(`has more than a name in ${quoted(`#egg=${egg}`)}`)
  return { ...named, url }
}

function eggOf(url: string): string | undefined {
  return /[#&]egg=([^&]*)/.exec(url)?.[1]
}

/**
 * The name and the version that a wheel's or a source distribution's file name tells; `undefined`: none for certain.
 *
 * Throws for a `.whl` whose name is none of a wheel, as pip refuses it.
 */
function namedByFile(file: string): Requirement | undefined {
  const variables = variablesIn(file)
  if (variables.length > 0) throw new LineError(`depends on the environment variable ${variables.join(', ')}`)
  if (file.endsWith('.whl')) {
    const parts = file.slice(0, -4).split('-')
    const [name = '', version = '', build = ''] = parts
    const isWheel =
      (parts.length === 5 || (parts.length === 6 && /^\d/.test(build))) && !parts.includes('') && !/\s/.test(file)
    if (!isWheel) throw new LineError(`asks for ${quoted(file)}, which is no file name of a wheel`)
    return parseRequirement(`${name.replaceAll('_', '-')}==${version.replaceAll('_', '-')}`)
  }
  const match = /^(.+)\.(?:tar\.gz|tgz|tar\.bz2|tar\.xz|zip)$/i.exec(file)
  const stem = match?.[1] ?? ''
  const dash = stem.lastIndexOf('-')
  const [name, version] = [stem.slice(0, Math.max(dash, 0)), stem.slice(dash + 1)]
  // A second part that begins with a digit, or a version without a dot, could as well be a branch or a date.
  if (!/^\d[\w.+!]*$/.test(version) || !version.includes('.') || name === '' || /-\d/.test(name)) return undefined
  return parseRequirement(`${name}==${version}`)
}

function unquoted(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, escaped => {
    try {
      return decodeURIComponent(escaped)
    } catch {
      return escaped
    }
  })
}
