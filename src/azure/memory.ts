// What is remembered from one run to the next: what `last.json` holds, and how it is read as if anybody had written it. Pure.
import type { ReasonCode } from '../decide.ts'
import { plain } from '../escape.ts'
import { WWWROOT, isBelow, remotePath } from '../site.ts'
import type { Layout } from './snapshot.ts'

/** The reasons that lead to a reset without being asked. */
const CODES = [
  'broken',
  'mixed-versions',
  'python-version-changed',
  'venv-in-package',
  'packages-removed',
  'requirements-changed'
] as const satisfies readonly ReasonCode[]

const LAYOUTS = [
  'windows-env',
  'venv-tree',
  'packages-dir',
  'compressed-env',
  'compressed-app',
  'none',
  'unknown'
] as const satisfies readonly Layout[]

/** A reason that holds without being asked, with its particulars in a form that can be kept and compared. */
export interface Evidence {
  readonly code: (typeof CODES)[number]
  /** Versions, package names, missing parts: escaped, so that they are the same when they are read back. */
  readonly particulars: readonly string[]
}

/** Evidence that led to a reset, and what became of it. */
export interface RememberedEvidence extends Evidence {
  /** It was still there, or there again, in what the deployment left. */
  readonly outlived: boolean
  /** How many resets in a row it has led to. */
  readonly resets: number
}

/** What `last.json` holds. */
export interface Memory {
  readonly schema: 1
  /** When it was written. */
  readonly time: string
  /** The leading reason of the last reset; empty: there was none yet. */
  readonly reason: string
  /** The evidence of that reset. */
  readonly evidence: readonly RememberedEvidence[]
  /** Whether the deployment after that reset built a new environment. */
  readonly rebuilt: boolean
  /** Of the requirements that were deployed last; empty: not known. */
  readonly fingerprint: string
  /** What was found after that deployment. */
  readonly found: {
    readonly layout: string
    readonly path: string
    readonly python: string
    readonly distributions?: number
  }
}

/** What the post step has to know in order to remember this run. */
export interface Remembering {
  /** Of the requirements that are about to be deployed; empty: not known. */
  readonly fingerprint: string
  /** What speaks for a reset, whether or not it leads. */
  readonly evidence: readonly Evidence[]
  /** What was remembered before, where it was read. */
  readonly before: Memory | undefined
  /** Kudu's record of the deployment before this one; empty: not known. */
  readonly deployment: string
  /** Nothing else is left to the post step. */
  readonly alone: boolean
}

/** Far more than what is ever written. */
export const MAX_MEMORY_BYTES = 65_536

const MAX_TEXT_LENGTH = 250
const MAX_PARTICULARS = 1000
const MAX_EVIDENCE = 20
const MAX_RESETS = 1000

/**
 * Reads the text of `last.json`.
 *
 * Throws an `Error` for whatever is not exactly what this version writes, fields that it does not know apart: whoever
 * reads it goes on as if there were none.
 */
export function parseMemory(text: string): Memory {
  if (new TextEncoder().encode(text).length > MAX_MEMORY_BYTES) throw new Error('it is too long')
  return memoryIn(JSON.parse(text.replace(/^\uFEFF/, '')))
}

/** Writes a memory down; `undefined`: it is too much to be read back. */
export function memoryText(memory: Memory): string | undefined {
  const text = `${JSON.stringify(memory)}\n`
  try {
    parseMemory(text)
    return text
  } catch {
    return undefined
  }
}

/** Checks what the main step handed over; throws an `Error` that names the field which is not as it should be. */
export function rememberingIn(value: unknown): Remembering {
  const fields = fieldsOf(value, 'remembering')
  return {
    fingerprint: matching(fields, 'fingerprint', FINGERPRINT),
    evidence: listIn(fields, 'evidence', MAX_EVIDENCE, evidenceIn),
    before: fields['before'] === undefined ? undefined : memoryIn(fields['before']),
    deployment: textIn(fields, 'deployment', 1000),
    alone: fields['alone'] === true
  }
}

/** Whether a reason leads to a reset without being asked. */
export function isEvidenceCode(code: unknown): code is Evidence['code'] {
  return CODES.some(known => known === code)
}

const FINGERPRINT = /^(?:[0-9a-f]{64})?$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/
const REASON = /^[a-z-]{0,40}$/
const PYTHON = /^(?:\d{1,2}\.\d{1,3})?$/

function memoryIn(value: unknown): Memory {
  const fields = fieldsOf(value, 'memory')
  if (fields['schema'] !== 1) throw invalid('schema')
  const time = matching(fields, 'time', TIME)
  if (Number.isNaN(Date.parse(time))) throw invalid('time')
  return {
    schema: 1,
    time,
    reason: matching(fields, 'reason', REASON),
    evidence: listIn(fields, 'evidence', MAX_EVIDENCE, rememberedIn),
    rebuilt: flagIn(fields, 'rebuilt'),
    fingerprint: matching(fields, 'fingerprint', FINGERPRINT),
    found: foundIn(fields['found'])
  }
}

function foundIn(value: unknown): Memory['found'] {
  const fields = fieldsOf(value, 'found')
  const layout = LAYOUTS.find(known => known === fields['layout'])
  if (layout === undefined) throw invalid('layout')
  const distributions = fields['distributions']
  return {
    layout,
    path: pathIn(fields, 'path'),
    python: matching(fields, 'python', PYTHON),
    ...(distributions === undefined ? {} : { distributions: numberIn(fields, 'distributions', 0, 1_000_000) })
  }
}

function rememberedIn(value: unknown): RememberedEvidence {
  const fields = fieldsOf(value, 'evidence')
  return {
    ...evidenceIn(value),
    outlived: flagIn(fields, 'outlived'),
    resets: numberIn(fields, 'resets', 1, MAX_RESETS)
  }
}

function evidenceIn(value: unknown): Evidence {
  const fields = fieldsOf(value, 'evidence')
  const code = fields['code']
  if (!isEvidenceCode(code)) throw invalid('code')
  return { code, particulars: listIn(fields, 'particulars', MAX_PARTICULARS, item => textOf(item, 'particulars')) }
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name)
  // A spread makes a field of `__proto__`, like of any other name.
  return { ...value }
}

/** Never repeats the value. */
function invalid(name: string): Error {
  return new Error(`its field "${name}" is not as it should be`)
}

function textIn(fields: Fields, name: string, most: number): string {
  return textOf(fields[name], name, most)
}

/** A text in which nothing has to be escaped, because it was when it was written. */
function textOf(value: unknown, name: string, most = MAX_TEXT_LENGTH): string {
  if (typeof value !== 'string' || value.length > most || plain(value, most) !== value) throw invalid(name)
  return value
}

function matching(fields: Fields, name: string, pattern: RegExp): string {
  const text = textIn(fields, name, MAX_TEXT_LENGTH)
  if (!pattern.test(text)) throw invalid(name)
  return text
}

function pathIn(fields: Fields, name: string): string {
  const text = textIn(fields, name, 1000)
  try {
    if (isBelow(remotePath(text), WWWROOT)) return text
  } catch (error) {
    throw new Error(invalid(name).message, { cause: error })
  }
  throw invalid(name)
}

function flagIn(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (typeof value !== 'boolean') throw invalid(name)
  return value
}

function numberIn(fields: Fields, name: string, least: number, most: number): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) throw invalid(name)
  return value
}

function listIn<Item>(fields: Fields, name: string, most: number, read: (item: unknown) => Item): readonly Item[] {
  const value: unknown = fields[name]
  if (!Array.isArray(value) || value.length > most) throw invalid(name)
  return value.map(item => read(item))
}
