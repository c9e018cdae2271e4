// What a batch script sets its variables to. Pure.
import type { BatchLine, Block } from './batch-lines.ts'
import type { Variables } from './script-paths.ts'

const SET = /(^[\s@(]*|[\s@(&])set\s+(\/[ap]\s+)?(?:"([^=\s"]+)=([^"]*)"|([^=\s"]+)=([^&)\r\n]*))/gi

/**
 * Gives all values of each variable, by its name in upper case; what is set under a condition only may come from outside, but
 * not where the variable is used under the same one: in `within`.
 */
export function variablesOf(lines: readonly BatchLine[], within: readonly Block[]): Variables {
  const variables = new Map<string, (string | undefined)[]>()
  /** The conditions whose first block sets a variable: with that behind ELSE it is set for certain. */
  const halves = new Map<string, string>()
  for (const { text, ...line } of lines) {
    const [block, other] = line.blocks.filter(one => !within.includes(one))
    for (const set of text.matchAll(SET)) {
      const name = (set[3] ?? set[5] ?? '').toUpperCase()
      const value = set[2] === undefined ? (set[4] ?? set[6] ?? '').trim().replaceAll('"', '') : undefined
      const isAlone = set.index === 0
      const isWhole = block?.isElse === true && other === undefined && halves.get(name) === block.header
      if (block && !block.isElse && !other && isAlone) halves.set(name, block.header)
      const known = variables.get(name) ?? [undefined]
      const before = isAlone && (!block || isWhole) ? known.filter(one => one !== undefined) : known
      variables.set(name, [...before, value])
    }
  }
  return variables
}
