// What is said of packages: those that are installed against those that are asked for. Pure; foreign text is escaped here.
import { code, listed, plain, table } from './escape.ts'
import type { Inventory, InventoryRow } from './python/closure.ts'
import type { Landing } from './python/packaged-environments.ts'

/** More rows than this nobody reads. */
const MOST_ROWS = 100

/** What nothing asks for any more; empty also where that is not certain, or was not compared. */
export function certainlyRemoved(inventory: Inventory | undefined): readonly string[] {
  return inventory?.gaps.length === 0 ? inventory.removed : []
}

/** The comparison, for the log: written before it is decided what becomes of the environment. */
export function comparedLines(inventory: Inventory | undefined, landing: Landing | undefined): readonly string[] {
  const lines: string[] = []
  if (landing) lines.push(`Packaged environment: ${plain(landing.detail, 500)}`)
  if (!inventory) return lines
  const { rows, removed, gaps } = inventory
  const doubtful = doubtfulIn(inventory)
  const count = (fate: InventoryRow['fate']): number =>
    rows.filter(row => row.fate === fate && !doubtful.includes(row.name)).length
  const counted = [
    [count('stays'), 'needed'],
    [count('changes'), 'needed in another version'],
    [count('comes'), 'not installed yet'],
    [count('goes'), 'not asked for any more'],
    [doubtful.length, 'in doubt']
  ].flatMap(([number, words]) => (number === 0 ? [] : [`${number} ${words}`]))
  lines.push(`Installed against asked for: ${counted.length > 0 ? counted.join(', ') : 'nothing'}`)
  if (doubtful.length > 0) lines.push(`Nothing is known to ask for: ${listed(removed)}`)
  for (const gap of doubtful.length > 0 ? gaps : []) lines.push(`Not known: ${plain(gap, 500)}`)
  return lines
}

/** What perhaps nothing asks for any more. */
function doubtfulIn({ removed, gaps }: Inventory): readonly string[] {
  return gaps.length > 0 ? removed : []
}

/** The comparison, for the job summary: what is not simply needed as it is. `isReset`: what nothing asks for goes. */
export function inventorySection(inventory: Inventory | undefined, isReset: boolean): readonly string[] {
  if (!inventory) return []
  const doubtful = new Set(doubtfulIn(inventory))
  const rows = inventory.rows.filter(({ name, fate }) => fate !== 'stays' || doubtful.has(name))
  const others = inventory.rows.length - rows.length
  if (rows.length === 0) return others === 0 ? [] : [`Installed is what is asked for: ${packages(others)}.`]
  const shown = rows
    .slice(0, MOST_ROWS)
    .map(row => [code(row.name), changeText(row, isReset, doubtful.has(row.name))] as const)
  const more = rows.length > shown.length ? `\n\n…and ${rows.length - shown.length} more` : ''
  return [
    `${table([['Package', 'Installed, asked for'], ...shown])}${more}\n\nNeeded as installed: ${packages(others)}.`
  ]
}

/** A number of packages, in words. */
export function packages(count: number): string {
  return count === 1 ? '1 package' : `${count} packages`
}

function changeText({ installed, asked, fate }: InventoryRow, isReset: boolean, isDoubtful: boolean): string {
  const present = installed === undefined ? 'not installed' : code(installed)
  if (isDoubtful) return `${present}, perhaps nothing asks for it: stays`
  const wish = asked === undefined ? 'nothing asks for it' : asked === '' ? 'any version' : code(asked)
  return `${present}, ${wish}: ${fate === 'goes' && !isReset ? 'stays' : FATES[fate]}`
}

const FATES: Readonly<Record<InventoryRow['fate'], string>> = {
  stays: 'stays',
  goes: 'goes',
  comes: 'comes',
  changes: 'changes its version'
}
