// A site's files as a short tree: what tells its layout, and a sign where something is left out. Pure.

const LEFT_OUT = '…'

/**
 * Draws the paths of `shown` that are in `lines`, a listing as of `listTree`. Random ids are written as `<id>`.
 *
 * Throws where something that should be shown is not in the listing.
 */
export function shortTree(lines: readonly string[], shown: readonly string[]): readonly string[] {
  // Sorted once more, because a random id has a random place among its neighbours.
  const known = [...new Set(lines.map(line => line.replaceAll(/\b[0-9a-f]{32}\b/g, '<id>')))].sort().map(parseLine)
  for (const path of shown) {
    if (!known.some(entry => entry.path === path)) throw new Error(`There is no ${path} to be shown`)
  }
  const roots = [...new Set(shown.map(path => path.split('/').slice(0, 2).join('/')))].sort()
  return roots.flatMap(root => [`/${root}/`, ...below(root, known, shown).map(line => `  ${line}`)])
}

interface Entry {
  readonly path: string
  /** What stands behind the name: `/` for a folder, the target for a link. */
  readonly suffix: string
}

function parseLine(line: string): Entry {
  if (line.endsWith('/')) return { path: line.slice(0, -1), suffix: '/' }
  const [path = '', target] = line.split(' -> ')
  return { path, suffix: target === undefined ? '' : ` -> ${target}` }
}

function below(folder: string, known: readonly Entry[], shown: readonly string[]): readonly string[] {
  const children = known.filter(({ path }) => parentOf(path) === folder)
  const kept = children.filter(({ path }) => shown.some(other => other === path || other.startsWith(`${path}/`)))
  const lines = kept.flatMap(entry => drawn(entry, known, shown))
  return kept.length < children.length ? [...lines, LEFT_OUT] : lines
}

function drawn({ path, suffix }: Entry, known: readonly Entry[], shown: readonly string[]): readonly string[] {
  const name = path.slice(path.lastIndexOf('/') + 1) + suffix
  if (suffix !== '/') return [name]
  const inside = below(path, known, shown)
  const [first = '', ...others] = inside
  // A folder that only leads on takes no line of its own, nor does one of which nothing in particular is to be shown.
  if (others.every(line => line.startsWith('  '))) return [name + first, ...others]
  return [name, ...inside.map(line => `  ${line}`)]
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
