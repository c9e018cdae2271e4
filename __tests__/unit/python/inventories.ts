// Installed distributions and what is asked for, in short: `alpha 1.0` is installed, `alpha>=1; extra == "x"` is needed.
import { takeInventory, type Inventory, type ReadMetadata } from '../../../src/python/closure.ts'
import type { Distribution } from '../../../src/python/distributions.ts'
import type { MarkerEnvironment } from '../../../src/python/markers.ts'
import { parseMetadata, type Metadata } from '../../../src/python/metadata.ts'
import { parseRequirement } from '../../../src/python/requirement.ts'
import type { Requirements } from '../../../src/python/requirements.ts'
import { LINUX } from './metadata-corpus.ts'

/** What is installed: `name version` → what it needs; `undefined`: its metadata cannot be read. */
export type World = Readonly<Record<string, readonly string[] | undefined>>

export interface Taken extends Inventory {
  /** The names that metadata was asked for, wave by wave. */
  readonly waves: readonly (readonly string[])[]
}

export function installedIn(world: World): readonly Distribution[] {
  return Object.keys(world).map(line => {
    const [name = '', version = '1.0'] = line.split(' ')
    return { name, version, entry: `${name}-${version}.dist-info` }
  })
}

export function requirementsOf(lines: readonly string[], changes: Partial<Requirements> = {}): Requirements {
  return {
    file: 'requirements.txt',
    asked: lines.map((line, at) => ({ requirement: parseRequirement(line), file: 'requirements.txt', line: at + 1 })),
    isSuperset: false,
    gaps: [],
    fingerprint: '',
    ...changes
  }
}

export async function take(
  world: World,
  requirements: readonly string[] | Requirements,
  environment: MarkerEnvironment = LINUX
): Promise<Taken> {
  const waves: (readonly string[])[] = []
  const read: ReadMetadata = distributions => {
    waves.push(distributions.map(({ name }) => name))
    const found = distributions.flatMap(({ name, version }): (readonly [string, Metadata])[] => {
      const needed = world[`${name} ${version}`] ?? world[name]
      return needed ? [[name, parseMetadata(needed.map(text => `Requires-Dist: ${text}\n`).join(''), name)]] : []
    })
    return Promise.resolve(new Map(found))
  }
  const wanted = 'asked' in requirements ? requirements : requirementsOf(requirements)
  return { ...(await takeInventory(installedIn(world), wanted, environment, read)), waves }
}

/** Rows as `name installed → asked: fate`. */
export function linesOf({ rows }: Inventory): readonly string[] {
  return rows.map(({ name, installed = '-', asked, fate }) => {
    const wish = asked === undefined ? '' : ` (${asked || 'any'})`
    return `${name} ${installed}${wish}: ${fate}`
  })
}
