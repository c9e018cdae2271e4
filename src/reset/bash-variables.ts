// What a shell script sets its variables to. Pure.
import type { Command, Statement } from './bash-commands.ts'
import type { Variables } from './script-paths.ts'

/**
 * Gives all values of each variable; what is set under a condition only may come from outside, but not where the variable is
 * used under the same one: in `within`.
 */
export function variablesOf(commands: readonly Command[], within: readonly Statement[]): Variables {
  const variables = new Map<string, (string | undefined)[]>()
  /** The statements whose first branch sets a variable: with that behind `else` it is set for certain. */
  const halves = new Map<string, Statement>()
  const add = (name: string, value: string | undefined): void => {
    variables.set(name, [...(variables.get(name) ?? [undefined]), value])
  }
  for (const [index, command] of commands.entries()) {
    const { words } = command
    const [verb = ''] = words
    for (const [name, value] of assignmentsBy(words)) {
      const around = command.within.filter(one => !['{', '(', 'function'].includes(one.kind) && !within.includes(one))
      const [statement, other] = around
      const isElse = statement?.branches[0] !== undefined && index >= statement.branches[0]
      const isPlain = !command.isCondition && (command.joinedBy === '' || command.joinedBy === '|')
      const isHalf = statement?.kind === 'if' && !other && statement.others.length === 0 && isPlain
      const isWhole = isHalf && isElse && halves.get(name) === statement
      if (isHalf && !isElse) halves.set(name, statement)
      const known = variables.get(name) ?? [undefined]
      if ((isPlain && !statement) || isWhole) {
        variables.set(
          name,
          known.filter(one => one !== undefined)
        )
      }
      add(name, value)
    }
    for (const name of setOtherwise(words)) add(name, undefined)
    if (words[1] === 'in') for (const word of words.slice(2)) add(verb, unquoted(word))
  }
  return variables
}

function assignmentsBy(words: readonly string[]): readonly (readonly [string, string | undefined])[] {
  const [verb = ''] = words
  const isDeclaration = /^(export|readonly|local|declare|typeset)$/.test(verb)
  const given = isDeclaration ? words.slice(1).filter(word => !/^(-.*|\w+)$/s.test(word)) : words
  const found = given.map(word => /^(\w+)(\+?)=(.*)$/s.exec(word))
  // Before a command they are for that alone.
  if (!found.every(one => one !== null)) return []
  return found.map(([, name = '', more, value = '']) => [
    name,
    more !== '' || /[`(]/.test(value) ? undefined : unquoted(value)
  ])
}

/** Names of variables that get a value in another way: what it is only a run could tell. */
function setOtherwise(words: readonly string[]): readonly string[] {
  const [verb = '', ...rest] = words
  if (verb === 'eval') return [...rest.join(' ').matchAll(/(\w+)\+?=/g)].map(([, name = '']) => name)
  if (!/^(read|getopts|printf|mapfile|readarray|unset|let)$/.test(verb)) return []
  return rest.filter(word => /^\w+$/.test(word))
}

/** A word without its quotes. */
export function unquoted(word: string): string {
  // What stands in single quotes is no expansion: the quotes stay, and nobody takes it for a path.
  return word.includes("'") && word.includes('$') ? word : word.replace(/["']/g, '')
}
