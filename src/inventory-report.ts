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

/** The comparison, for the log. */
export function comparedLines(inventory: Inventory | undefined, landing: Landing | undefined): readonly string[] {
  const lines: string[] = []
  if (landing) lines.push(`Packaged environment: ${plain(landing.detail, 500)}`)
  if (!inventory) return lines
  const { rows, removed, gaps } = inventory
  const counted = (['stays', 'changes', 'comes', 'goes'] as const).flatMap(fate => {
    const count = rows.filter(row => row.fate === fate).length
    return count > 0 ? [`${count} ${WORDS[fate]}`] : []
  })
  lines.push(`Installed against asked for: ${counted.length > 0 ? counted.join(', ') : 'nothing'}`)
  const names = listed(removed.slice(0, MOST_ROWS))
  if (removed.length > 0 && gaps.length > 0) lines.push(`Nothing is known to ask for: ${names}`)
  for (const gap of removed.length > 0 ? gaps : []) lines.push(`Not known: ${plain(gap, 500)}`)
  return lines
}

const WORDS: Readonly<Record<InventoryRow['fate'], string>> = {
  stays: 'stay',
  goes: 'go',
  comes: 'come',
  changes: 'change their version'
}

const FATES: Readonly<Record<InventoryRow['fate'], string>> = {
  stays: 'stays',
  goes: 'goes',
  comes: 'comes',
  changes: 'changes its version'
}

/** The comparison, for the job summary: what does not stay as it is. */
export function inventorySection(inventory: Inventory | undefined): readonly string[] {
  if (!inventory) return []
  const rows = inventory.rows.filter(({ fate }) => fate !== 'stays')
  const stay = inventory.rows.length - rows.length
  if (rows.length === 0) return [`All ${stay} packages that are installed stay.`]
  const shown = rows.slice(0, MOST_ROWS).map(row => [code(row.name), changeText(row)] as const)
  const more = rows.length > shown.length ? `\n\n…and ${rows.length - shown.length} more` : ''
  return [`${table([['Package', 'Installed, asked for'], ...shown])}${more}\n\n${stay} packages stay.`]
}

function changeText({ installed, asked, fate }: InventoryRow): string {
  const wish = asked === undefined ? 'nothing asks for it' : asked === '' ? 'any version' : code(asked)
  return `${installed === undefined ? 'not installed' : code(installed)}, ${wish}: ${FATES[fate]}`
}
