// The recorded environments as trees in memory. What made each of them stands in its file.
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Skeleton } from '../../tools/recorded-environments/skeleton.ts'
import { linkTo, type Spec } from './fake-site.ts'

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'environments')

/** Every recorded environment by name. */
export const RECORDED: ReadonlyMap<string, Skeleton> = new Map(
  readdirSync(FOLDER).map(file => [
    basename(file, '.json'),
    JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Skeleton
  ])
)

/** Takes one by name; throws for a name that was never recorded. */
export function recorded(name: string): Skeleton {
  const skeleton = RECORDED.get(name)
  if (!skeleton) throw new Error(`nothing was recorded under ${name}`)
  return skeleton
}

/** Places a skeleton into wwwroot. */
export function specOf({ entries, texts }: Skeleton, root: string): Spec {
  const nodes = entries.map((entry): [string, Spec[string]] => {
    const [path = '', target] = entry.split(' -> ')
    return [`${root}/${path}`, target === undefined ? (texts[path] ?? '') : linkTo(target)]
  })
  return { [`${root}/`]: '', ...Object.fromEntries(nodes) }
}
