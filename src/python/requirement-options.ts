// One logical line of a requirements file: what stands before its options, and the options that pip takes there. Pure.

import { LineError, quoted } from './requirement-problems.ts'

/**
 * The long names of pip's options for requirements files (`req_file.SUPPORTED_OPTIONS`, those of pip 22 to 26), and
 * whether they take a value.
 */
const OPTIONS = {
  '--index-url': true,
  '--pypi-url': true,
  '--extra-index-url': true,
  '--no-index': false,
  '--constraint': true,
  '--requirement': true,
  '--editable': true,
  '--find-links': true,
  '--no-binary': true,
  '--only-binary': true,
  '--prefer-binary': false,
  '--require-hashes': false,
  '--no-require-hashes': false,
  '--pre': false,
  '--all-releases': true,
  '--only-final': true,
  '--trusted-host': true,
  '--use-feature': true,
  '--global-option': true,
  '--hash': true,
  '--config-settings': true
} as const

/** An option's long name. */
export type OptionName = keyof typeof OPTIONS

const SHORT: Readonly<Record<string, OptionName>> = {
  i: '--index-url',
  c: '--constraint',
  r: '--requirement',
  e: '--editable',
  f: '--find-links',
  C: '--config-settings'
}

/** An option as it was given; `value` is empty for one that takes none. */
export interface Option {
  readonly name: OptionName
  readonly value: string
}

/** A line, taken apart. */
export interface ParsedLine {
  /** What stands before the first option, empty if nothing does. */
  readonly requirement: string
  readonly options: readonly Option[]
}

const ENVIRONMENT_VARIABLE = /\$\{[A-Z0-9_]+\}/g

/** The environment variables that pip would replace in a text, as they stand there: `${NAME}`. */
export function variablesIn(text: string): readonly string[] {
  return text.match(ENVIRONMENT_VARIABLE) ?? []
}

/** Takes a logical line apart as pip does; throws `LineError` where pip refuses it. */
export function parseLine(text: string): ParsedLine {
  // Only blanks separate here: what follows a tab belongs to the word before it.
  const words = text.split(' ')
  const first = words.findIndex(word => word.startsWith('-'))
  if (first < 0) return { requirement: text, options: [] }
  return {
    requirement: words.slice(0, first).join(' '),
    options: parseOptions(shellWords(words.slice(first).join(' ')))
  }
}

/** Splits as a POSIX shell does (Python's `shlex.split`), without expanding anything. */
function shellWords(text: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\\' && quote !== "'") {
      const next = text.charAt(++at)
      if (next === '') throw new LineError('ends in a backslash that nothing follows')
      word = (word ?? '') + (quote === '"' && next !== '"' && next !== '\\' ? `\\${next}` : next)
    } else if (quote !== '') {
      if (character === quote) quote = ''
      else word = (word ?? '') + character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (' \t\r\n'.includes(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + character
    }
  }
  if (quote !== '') throw new LineError('has a quote that is not closed')
  if (word !== undefined) words.push(word)
  return words
}

/** Reads options as Python's `optparse` does; words that are none are passed over, as pip passes them over. */
function parseOptions(words: readonly string[]): readonly Option[] {
  const options: Option[] = []
  const rest = words.values()
  const take = (name: OptionName, given: string | undefined): void => {
    const value = OPTIONS[name] ? (given ?? rest.next().value) : ''
    if (value === undefined) throw new LineError(`has nothing after ${name}`)
    options.push(checked({ name: name === '--pypi-url' ? '--index-url' : name, value }))
  }
  for (const word of rest) {
    if (word === '--') break
    if (word.startsWith('--')) {
      const equals = word.indexOf('=')
      const name = longName(equals < 0 ? word : word.slice(0, equals))
      if (equals >= 0 && !OPTIONS[name]) throw new LineError(`gives a value to ${name}, which takes none`)
      take(name, equals < 0 ? undefined : word.slice(equals + 1))
    } else if (word.startsWith('-') && word.length > 1) {
      // Each of pip's short options takes a value, so a second one can never stand in the same word.
      const name = SHORT[word.charAt(1)]
      if (!name) throw new LineError(`has the option -${word.charAt(1)}, which pip does not take in such a file`)
      take(name, word.length > 2 ? word.slice(2) : undefined)
    }
  }
  return options
}

/** An option may be shortened as long as one only can be meant. */
function longName(written: string): OptionName {
  const names = Object.keys(OPTIONS) as OptionName[]
  const exact = names.find(name => name === written)
  if (exact) return exact
  const [match, second] = names.filter(name => name.startsWith(written))
  if (match && !second) return match
  throw new LineError(
    match && second
      ? `has the option ${quoted(written)}, which may be ${match} or ${second}`
      : `has the option ${quoted(written)}, which pip does not take in such a file`
  )
}

function checked(option: Option): Option {
  const { name, value } = option
  // What a variable holds is known on the server only.
  if (variablesIn(value).length > 0) return option
  if (name === '--hash' && !/^sha(?:256|384|512):/.test(value))
    throw new LineError('has a --hash that is not sha256:…, sha384:… or sha512:…')
  if (name === '--config-settings' && !value.includes('='))
    throw new LineError('has --config-settings without a KEY=VALUE')
  if ((name === '--no-binary' || name === '--only-binary') && value.startsWith('-'))
    throw new LineError(`has an option after ${name} where a name should stand`)
  return option
}
