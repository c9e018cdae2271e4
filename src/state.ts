// What the main step hands to the post step: one JSON value. Holds no secret.
import { rememberingIn, type Remembering } from './azure/memory.ts'
import type { PendingToggle } from './reset/toggle-runtime.ts'
import { mutable, remotePath, type MutablePath } from './site.ts'
import type { TlsChoice } from './ftp/target.ts'

/** What is asked of `@actions/core` here. */
export interface StateKeeper {
  saveState(name: string, value: string): void
  getState(name: string): string
}

/** What the post step needs to know of the main step. */
export interface State {
  readonly schema: 1
  readonly app: string
  readonly slot: string
  /** The FTP server, so that no other one is settled; empty: it was not looked at, and is not needed. */
  readonly host: string
  readonly tls: TlsChoice
  readonly tlsVerify: boolean
  readonly connections: number
  readonly pipelining: boolean
  readonly timeoutMs: number
  readonly deadlineMs: number
  readonly verify: boolean
  readonly layout: string
  /** What was done, or was about to be done when the main step ended; `none`: only copies of earlier runs are left. */
  readonly strategy: (typeof STRATEGIES)[number]
  readonly reason: string
  /** The environment's folder; `undefined`: there was none. */
  readonly environment: MutablePath | undefined
  /** The input `env-path`, where it was given. */
  readonly envPath: MutablePath | undefined
  /** The environment had come with the package of the last deployment. */
  readonly shipped: boolean
  readonly pythonBefore: string
  readonly pythonWanted: string
  /** `name version` of what was installed; `undefined`: too many to hand over. */
  readonly installedBefore: readonly string[] | undefined
  /** The deployment script that was changed; `undefined`: none. */
  readonly script: ChangedScript | undefined
  /** What a toggle had not finished when this was written; `undefined`: nothing. */
  readonly toggle: PendingToggle | undefined
  /** What is to be remembered of this run; `undefined`: nothing. */
  readonly remembering: Remembering | undefined
}

/** A deployment script in the workspace. */
export interface ChangedScript {
  /** Absolute path on the runner. */
  readonly packagePath: string
  /** From the top of the package. */
  readonly script: string
}

const STRATEGIES = ['none', 'marker', 'rename', 'in-place', 'archive', 'toggle-runtime', 'deploy-script'] as const
const KEY = 'run'

/** The runner hands state over in an environment variable, and an operating system limits those. */
const MAX_LIST_LENGTH = 20_000
const MAX_REMEMBERING_LENGTH = 10_000

/** Hands a state over; a later call replaces an earlier one. */
export function saveState(keeper: StateKeeper, state: State): void {
  const list = state.installedBefore?.join(' ') ?? ''
  const remembering = state.remembering ? JSON.stringify(state.remembering) : ''
  const kept: State = {
    ...state,
    installedBefore: list.length > MAX_LIST_LENGTH ? undefined : state.installedBefore,
    remembering: remembering.length > MAX_REMEMBERING_LENGTH ? undefined : state.remembering
  }
  keeper.saveState(KEY, JSON.stringify(kept))
}

/**
 * Reads the state back, as if somebody else had written it.
 *
 * `undefined`: the main step left none, so there is nothing to do. Throws an `Error` for one that is not ours.
 */
export function loadState(keeper: StateKeeper): State | undefined {
  const text = keeper.getState(KEY)
  if (text === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error('The state that the main step left cannot be read', { cause: error })
  }
  const fields: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {}
  if (fields['schema'] !== 1) throw new Error('The state that the main step left is of another version')
  return {
    schema: 1,
    app: textIn(fields, 'app'),
    slot: textIn(fields, 'slot'),
    host: textIn(fields, 'host'),
    tls: oneOf(fields, 'tls', ['auto', 'explicit', 'implicit', 'off']),
    // Anything but a plain `false` keeps the check on.
    tlsVerify: fields['tlsVerify'] !== false,
    connections: numberIn(fields, 'connections', 32),
    // A main step that does not know of it has not forbidden it.
    pipelining: fields['pipelining'] !== false,
    timeoutMs: numberIn(fields, 'timeoutMs', 600_000),
    deadlineMs: numberIn(fields, 'deadlineMs', 360 * 60_000),
    verify: fields['verify'] === true,
    layout: textIn(fields, 'layout'),
    strategy: oneOf(fields, 'strategy', STRATEGIES),
    reason: textIn(fields, 'reason'),
    environment: pathIn(fields, 'environment'),
    envPath: pathIn(fields, 'envPath'),
    shipped: fields['shipped'] === true,
    pythonBefore: textIn(fields, 'pythonBefore'),
    pythonWanted: textIn(fields, 'pythonWanted'),
    installedBefore: listIn(fields, 'installedBefore'),
    script: scriptIn(fields),
    toggle: toggleIn(fields),
    remembering: remembered(fields)
  }
}

type Fields = Readonly<Record<string, unknown>>

function invalid(name: string): Error {
  return new Error(`The state that the main step left is damaged: ${name}`)
}

function textIn(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string' || value.length > 1000) throw invalid(name)
  return value
}

function numberIn(fields: Fields, name: string, most: number): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) throw invalid(name)
  return value
}

function oneOf<Choice extends string>(fields: Fields, name: string, choices: readonly Choice[]): Choice {
  const found = choices.find(choice => choice === fields[name])
  if (found === undefined) throw invalid(name)
  return found
}

function pathIn(fields: Fields, name: string): MutablePath | undefined {
  const value = fields[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw invalid(name)
  try {
    return mutable(remotePath(value))
  } catch (error) {
    throw new Error(invalid(name).message, { cause: error })
  }
}

function listIn(fields: Fields, name: string): readonly string[] | undefined {
  const value = fields[name]
  if (value === undefined) return undefined
  if (!Array.isArray(value) || !value.every(item => typeof item === 'string')) throw invalid(name)
  return value
}

function remembered(fields: Fields): Remembering | undefined {
  const value = fields['remembering']
  if (value === undefined) return undefined
  try {
    return rememberingIn(value)
  } catch (error) {
    throw new Error(invalid('remembering').message, { cause: error })
  }
}

function scriptIn(fields: Fields): ChangedScript | undefined {
  const script = partIn(fields, 'script')
  return script && { packagePath: textIn(script, 'packagePath'), script: textIn(script, 'script') }
}

function toggleIn(fields: Fields): PendingToggle | undefined {
  const toggle = partIn(fields, 'toggle')
  if (!toggle) return undefined
  return {
    url: textIn(toggle, 'url'),
    branch: textIn(toggle, 'branch'),
    original: commitIn(toggle, 'original'),
    toggled: commitIn(toggle, 'toggled'),
    stage: oneOf(toggle, 'stage', ['toggling', 'returning'])
  }
}

function partIn(fields: Fields, name: string): Fields | undefined {
  const value = fields[name]
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) throw invalid(name)
  return { ...value }
}

function commitIn(fields: Fields, name: string): string {
  const value = textIn(fields, name)
  if (!/^[0-9a-f]{40}$/.test(value)) throw invalid(name)
  return value
}
