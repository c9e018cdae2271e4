// Whether a shell script makes its environment where there is none: only then may it be deleted before. Pure.
import type { Command, ShellScript, Statement } from './bash-commands.ts'

/** Whether words ask whether something of the environment is there, or is not. */
type Asks = (words: readonly string[]) => boolean

/**
 * Whether a command is run where nothing of the environment is there, each time that its function, or the script, comes by.
 *
 * Conditions around it that ask for something else count as fulfilled outside of functions, but not behind one that asks.
 */
export function isRunWithout(command: Command, { commands }: ShellScript, asks: Asks): boolean {
  const index = commands.indexOf(command)
  const top = command.within.findLastIndex(({ kind }) => kind === 'function')
  const own = command.within.slice(top + 1)
  const guard = own.findIndex(({ conditions }) => conditions.some(asks))
  const around = top >= 0 ? own : guard < 0 ? [] : own.slice(guard)
  if (!around.every(statement => leadsTo(statement, index, asks))) return false
  // Lines that are put before a command within a group are run under the condition of the group.
  if (own.some(({ kind, joinedBy }) => joinedBy !== '' && (kind === '{' || kind === '('))) return false
  if (!isRunInList(index, commands, asks)) return false
  const before =
    top < 0 ? [] : commands.slice(0, index).filter(({ within }) => within.includes(command.within[top] ?? NONE))
  return !before.some(one => isLeaving(one) && isRunAtAll(one, commands, asks))
}

const NONE: Statement = { kind: '{', at: -1, conditions: [], others: [], name: '', joinedBy: '', branches: [] }

function leadsTo({ kind, conditions, others, branches }: Statement, index: number, asks: Asks): boolean {
  if (kind === '{' || kind === '(') return true
  if (kind !== 'if' || !conditions.every(asks)) return false
  const isFirst = branches[0] === undefined || index < branches[0]
  if (!isFirst && others.length > 0) return false
  return conditions.every(words => asksForAbsence(words) === isFirst)
}

function asksForAbsence(words: readonly string[]): boolean {
  return words.filter(word => word === '!').length % 2 === 1
}

/** Goes through a list as a shell does; whatever does not ask succeeds. */
function isRunInList(index: number, commands: readonly Command[], asks: Asks): boolean {
  let first = index
  while (commands[first]?.joinedBy) first--
  let succeeded = true
  for (const [position, { words, isNegated, joinedBy }] of commands.slice(first, index + 1).entries()) {
    const isRun = position === 0 || joinedBy === '|' || (joinedBy === '&&') === succeeded
    if (position === index - first) return isRun
    const asked = isNegated ? ['!', ...words] : words
    if (isRun) succeeded = asks(asked) ? asksForAbsence(asked) : !isNegated
  }
  return true
}

function isLeaving({ words: [verb = ''] }: Command): boolean {
  return verb === 'exit' || verb === 'return'
}

/** Whether it may be that a command is run where nothing is there. */
function isRunAtAll(command: Command, commands: readonly Command[], asks: Asks): boolean {
  const index = commands.indexOf(command)
  const isShut = command.within.some(
    statement => statement.conditions.length > 0 && statement.conditions.every(asks) && !leadsTo(statement, index, asks)
  )
  if (isShut) return false
  const previous = commands[index - 1]
  // Of what asks for something else nobody knows how it ends.
  if (command.joinedBy !== '' && previous && !asks(previous.words)) return true
  return isRunInList(index, commands, asks)
}
