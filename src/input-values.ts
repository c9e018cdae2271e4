// Single values of inputs: how they are read, what they default to, and what is said of one that cannot be used.

/** What is asked of `@actions/core` here. */
export interface InputReader {
  getInput(name: string, options?: { trimWhitespace?: boolean }): string
  setSecret(secret: string): void
}

/** An input cannot be used; `message` is a whole sentence that names it and the choices. */
export class InputError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InputError'
  }
}

/**
 * What an input is when it is left out or passed empty, as `${{ inputs.x }}` is on an event without inputs.
 *
 * `action.yml` repeats these for the readers of it; the runner applies its own defaults only where the key is absent.
 */
export const DEFAULTS = {
  tls: 'auto',
  'tls-verify': 'true',
  package: '.',
  'reset-env': 'false',
  'reset-mode': 'auto',
  'reset-method': 'ftp',
  'dry-run': 'false',
  connections: '8',
  pipelining: 'auto',
  timeout: '30',
  deadline: '15',
  sweep: 'post',
  verify: 'true',
  'on-unreachable': 'auto',
  'fail-on-packaged-venv': 'false'
} as const satisfies Readonly<Record<string, string>>

/** Inputs with a default. */
export type WithDefault = keyof typeof DEFAULTS

/** Inputs without a default. */
export type Plain =
  | 'publish-profile'
  | 'ftp-url'
  | 'ftp-username'
  | 'ftp-password'
  | 'app-name'
  | 'slot-name'
  | 'resource-group-name'
  | 'requirements-file'
  | 'python-version'
  | 'env-path'
  | 'git-url'
  | 'git-branch'
  | 'toggle-version'
  | 'deploy-script'
  | 'job-status'

/** Reads one of a few words, exactly as they are written; throws `InputError`. */
export function choice<Choice extends string>(
  reader: InputReader,
  name: Plain | WithDefault,
  choices: readonly Choice[]
): Choice {
  const text = textOf(reader, name)
  const found = choices.find(value => value === text)
  if (found !== undefined) return found
  throw new InputError(`"${name}" is ${quote(text)}: write one of ${choices.filter(value => value !== '').join(', ')}`)
}

/** Reads a truth value in one of the six spellings of YAML 1.2's core schema; throws `InputError`. */
export function flag(reader: InputReader, name: WithDefault): boolean {
  const text = textOf(reader, name)
  if (['true', 'True', 'TRUE'].includes(text)) return true
  if (['false', 'False', 'FALSE'].includes(text)) return false
  throw new InputError(`"${name}" is ${quote(text)}: write true or false`)
}

/** Reads a whole number within bounds, both included; throws `InputError`. */
export function wholeNumber(reader: InputReader, name: WithDefault, least: number, most: number): number {
  const text = textOf(reader, name)
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new InputError(`"${name}" is ${quote(text)}: write a whole number from ${least} to ${most}`)
}

/** Reads an input; empty is its default, or empty where it has none. */
export function textOf(reader: InputReader, name: Plain | WithDefault): string {
  const text = reader.getInput(name)
  return text === '' && name in DEFAULTS ? DEFAULTS[name as WithDefault] : text
}

/** Reads a password: blanks may belong to it, and a line end at its end is one that was pasted along. */
export function secretOf(reader: InputReader, name: Plain): string {
  return reader.getInput(name, { trimWhitespace: false }).replace(/[\r\n]+$/, '')
}

/** Quotes a value in a message, shortened where it is long. Never for a secret's value. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
