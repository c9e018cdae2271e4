// What the action does with each layout of App Service, in every case: the source of docs/layouts.md and of its test.
import { FIXTURES, type SiteKey } from './fixtures.ts'
import { COMPRESSED_SITES } from './compressed-sites.ts'
import { SHIPPED_SITES } from './shipped-sites.ts'
import { TREE_SITES } from './tree-sites.ts'
import { UNCLEAR_SITES } from './unclear-sites.ts'
import { MODES, type Ending, type Main, type End, type Matrix, type Mode, type Site, type Wish } from './vocabulary.ts'
import { WINDOWS_SITES } from './windows-sites.ts'

/** All sites, in the order in which they are told. */
export const SITES: readonly Site[] = [
  ...TREE_SITES,
  ...WINDOWS_SITES,
  ...COMPRESSED_SITES,
  ...SHIPPED_SITES,
  ...UNCLEAR_SITES
]

/** The keys of all sites, in the same order. */
export const SITE_KEYS: readonly SiteKey[] = SITES.map(({ key }) => key)

/** Is one main step: a row of a matrix for one wish, one mode, and forced or not. */
export interface Case {
  readonly wish: Wish
  readonly mode: Mode
  readonly forced: boolean
  readonly main: Main
  readonly ends: Readonly<Record<Ending, End>>
}

/** Gives every case of a matrix, in a fixed order; throws where one is not written down, or twice. */
export function casesOf({ wishes, rows }: Matrix): readonly Case[] {
  return wishes.flatMap(wish =>
    [false, true].flatMap(forced =>
      MODES.map(mode => {
        const matching = rows.filter(
          row => row.wishes.includes(wish) && row.modes.includes(mode) && row.forced.includes(forced)
        )
        const [row] = matching
        if (!row || matching.length > 1) {
          throw new Error(`${matching.length} rows for ${wish}, ${mode}, ${forced ? 'forced' : 'not forced'}`)
        }
        const { main, good, failing, missing } = row
        return { wish, mode, forced, main, ends: { good, failing, missing } }
      })
    )
  )
}

/** Gives the description of a site. */
export function siteOf(key: SiteKey): Site {
  const site = SITES.find(candidate => candidate.key === key)
  if (!site) throw new Error(`The specification says nothing of ${key}, of ${Object.keys(FIXTURES).join(', ')}`)
  return site
}
