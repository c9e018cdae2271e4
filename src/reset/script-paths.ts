// Which folder a script means: its variables, resolved as far as its own text tells, and whether that lies in the site. Pure.

/** The folder that the app runs from, in a resolved path. A script may call it by other names too. */
const TARGET = '<target>'

/** Stands for what only a run could tell. No path with it in it is ever deleted. */
const UNKNOWN = '<?>'

/** A folder that nobody knows. */
export const NOWHERE = UNKNOWN

/** Variables by name, each with all values that the script gives it; `undefined` is a value that only a run could tell. */
export type Variables = ReadonlyMap<string, readonly (string | undefined)[]>

/** How a dialect writes what matters here. */
export interface Notation {
  /** Matches a use of a variable; its groups: `name`, and `odd` where it is more than its value. */
  readonly use: RegExp
  /** What is left where an expansion is not understood. */
  readonly leftover: RegExp
  /** Other names of the target. */
  readonly wwwroot: RegExp
  readonly ignoresCase: boolean
}

/** As many different expansions of one path are looked at. */
const MAX_EXPANSIONS = 16

/** Gives all that a path may be, with `/` and without `.`; paths in which something is unknown hold that in place. */
export function expansionsOf(path: string, variables: Variables, notation: Notation): readonly string[] {
  let texts: readonly string[] = [path]
  for (let depth = 0; depth < 6; depth++) {
    const next = [...new Set(texts.flatMap(text => expandOnce(text, variables, notation)))].slice(0, MAX_EXPANSIONS)
    if (next.join('\n') === texts.join('\n')) break
    texts = next
  }
  return [...new Set(texts.map(text => normalised(text, notation)))]
}

function expandOnce(text: string, variables: Variables, notation: Notation): readonly string[] {
  const { ignoresCase } = notation
  const use = notation.use.exec(text)
  if (!use) return [text]
  const [before, after] = [text.slice(0, use.index), text.slice(use.index + use[0].length)]
  const written = use.groups?.['name'] ?? ''
  const name = ignoresCase ? written.toUpperCase() : written
  if (name === 'DEPLOYMENT_TARGET') return [`${before}${TARGET}${after}`]
  const isHome = name === 'HOME' && !variables.has('HOME')
  if (isHome) return [`${before}<home>${after}`]
  const known = variables.get(name) ?? []
  const all = known.length === 0 || use.groups?.['odd'] !== undefined ? [undefined] : known
  return all.map(value => `${before}${value ?? UNKNOWN}${after}`)
}

function normalised(text: string, { leftover, wwwroot, ignoresCase }: Notation): string {
  const slashed = (ignoresCase ? text.replaceAll('\\', '/') : text).replace(wwwroot, TARGET)
  const names = slashed.split('/').filter((name, index) => name !== '.' && (name !== '' || index === 0))
  return names.map(name => (leftover.test(name) ? UNKNOWN : ignoresCase ? name.toLowerCase() : name)).join('/')
}

/** Puts a relative path below a folder. */
export function below(folders: readonly string[], path: string): readonly string[] {
  return isAbsolute(path) ? [path] : folders.map(folder => `${folder}/${path}`)
}

/** Whether a resolved path does not depend on the working folder. */
export function isAbsolute(path: string): boolean {
  return path.startsWith(TARGET) || path.startsWith('/') || /^[a-z]:/i.test(path) || path.startsWith(UNKNOWN)
}

/** Whether a resolved path lies certainly below the target, and is not the target itself. */
export function isBelowTarget(path: string): boolean {
  const [first, ...names] = path.split('/')
  return first === TARGET && names.length > 0 && names.every(name => /^\.?\w([\w. -]*[\w-])?$/.test(name))
}

/** Whether a path is a folder or lies in it, by any of its expansions. */
export function concerns(path: readonly string[], folder: readonly string[]): boolean {
  return path.some(one => folder.some(other => one === other || one.startsWith(`${other}/`)))
}
