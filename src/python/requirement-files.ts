// What a requirements file and the files that it includes state, line by line, as pip reads them. Pure: the text comes
// through a port, and no requirement is understood here.
import { logicalLines, type LogicalLine } from './requirement-lines.ts'
import { parseLine, variablesIn, type Option, type ParsedLine } from './requirement-options.ts'
import { LineError, quoted } from './requirement-problems.ts'

/** Text of a file of the package, by its path from the package's top with `/`; `undefined`: there is none, or it lies outside. */
export type ReadText = (path: string) => Promise<string | undefined>

interface Place {
  readonly file: string
  readonly line: number
}

/** One thing that is stated. */
export type Statement = Place &
  (
    | {
        readonly kind: 'requirement' | 'editable'
        readonly text: string
        readonly options: readonly Option[]
        /** It stands in a file of constraints: it asks for nothing. */
        readonly isConstraint: boolean
      }
    | { readonly kind: 'options'; readonly options: readonly Option[] }
    /** What is not known; without a `reason` nothing that is asked for can be hidden in it. */
    | { readonly kind: 'lost'; readonly text: string; readonly reason: string | undefined }
  )

const MAX_FILES = 100
const MAX_DEPTH = 20
const MAX_CHARACTERS = 4 * 1024 * 1024

interface Reading {
  readonly read: ReadText
  readonly statements: Statement[]
  /** The files that were begun, each for requirements and for constraints apart. */
  readonly begun: Set<string>
}

/** How a file came to be read. */
interface Visit {
  readonly file: string
  readonly isConstraint: boolean
  /** The files that led here, this one included. */
  readonly trail: readonly string[]
}

/** Reads a file and all that it includes; throws nothing. A file that is included twice is read once. */
export async function readStatements(file: string, read: ReadText): Promise<readonly Statement[]> {
  const statements: Statement[] = []
  const reading = { read, statements, begun: new Set([keyOf(file, false)]) }
  const text = await textOf(file, read)
  if (typeof text === 'string') await readLines(reading, { file, isConstraint: false, trail: [file] }, text)
  else statements.push({ kind: 'lost', text: '', reason: text.reason, file, line: 1 })
  return statements
}

/** The text of a file without its byte-order mark, or why there is none. */
export async function textOf(file: string, read: ReadText): Promise<string | { readonly reason: string }> {
  try {
    const text = await read(file)
    if (text === undefined) return { reason: `${file} is not in the package` }
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  } catch (error) {
    return { reason: `${file} ${error instanceof Error ? error.message : 'cannot be read'}` }
  }
}

async function readLines(reading: Reading, visit: Visit, text: string): Promise<void> {
  const { file } = visit
  const lose = (reason: string): void => {
    const known = visit.isConstraint ? undefined : `${file} ${reason}`
    reading.statements.push({ kind: 'lost', text: reason, reason: known, file, line: 1 })
  }
  if (text.length > MAX_CHARACTERS) {
    lose('is too long to be read')
    return
  }
  // What another encoding leaves when it is read as UTF-8; pip refuses such a file.
  if (text.includes('\uFFFD')) lose('is not valid UTF-8')
  for (const logical of logicalLines(text)) await readLine(reading, visit, logical)
}

async function readLine(reading: Reading, visit: Visit, { line, text }: LogicalLine): Promise<void> {
  const { file, isConstraint } = visit
  let parsed: ParsedLine
  try {
    parsed = parseLine(text)
  } catch (error) {
    if (!(error instanceof LineError)) throw error
    const reason = isConstraint ? undefined : `${file} line ${line} ${error.message}`
    reading.statements.push({ kind: 'lost', text, reason, file, line })
    return
  }
  const { requirement, options } = parsed
  const editable = options.find(({ name }) => name === '--editable')
  // As in pip: the first one only, a requirement before it hides it, and -r hides -c.
  const include =
    options.find(({ name }) => name === '--requirement') ?? options.find(({ name }) => name === '--constraint')
  const place = { file, line }
  if (requirement !== '')
    reading.statements.push({ kind: 'requirement', text: requirement, options, isConstraint, ...place })
  else if (editable)
    reading.statements.push({ kind: 'editable', text: editable.value, options, isConstraint, ...place })
  else if (include) await readIncluded(reading, visit, include, line)
  else reading.statements.push({ kind: 'options', options, ...place })
}

async function readIncluded(reading: Reading, visit: Visit, include: Option, line: number): Promise<void> {
  const isConstraint = include.name === '--constraint'
  const lose = (problem: string): void => {
    // Constraints ask for nothing: what is not known of them leaves no gap, but it stays in the fingerprint.
    const reason = isConstraint ? undefined : `${visit.file} line ${line} includes ${quoted(include.value)}, ${problem}`
    const text = `${include.name} ${include.value}`
    reading.statements.push({ kind: 'lost', text, reason, file: visit.file, line })
  }
  const target = targetOf(visit.file, include.value)
  if (typeof target !== 'string') {
    lose(target.problem)
    return
  }
  if (visit.trail.includes(target)) {
    lose('which leads back to itself')
    return
  }
  const key = keyOf(target, isConstraint)
  if (reading.begun.has(key)) return
  if (visit.trail.length >= MAX_DEPTH || reading.begun.size >= MAX_FILES) {
    lose('which is one file too many to be followed')
    return
  }
  reading.begun.add(key)
  const text = await textOf(target, reading.read)
  if (typeof text === 'string')
    await readLines(reading, { file: target, isConstraint, trail: [...visit.trail, target] }, text)
  else lose(`but ${text.reason}`)
}

/** The path, from the package's top, of what a file includes; or why it cannot be followed. */
function targetOf(from: string, path: string): string | { readonly problem: string } {
  if (variablesIn(path).length > 0) return { problem: 'which depends on an environment variable' }
  if (/^(?:https?|file):/i.test(path)) return { problem: 'which is a URL, and only files of the package are read' }
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return { problem: 'which is not a path inside the package' }
  if (path.includes('\\')) return { problem: 'whose backslash separates folders on Windows only' }
  const parts = from.split('/').slice(0, -1)
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return { problem: 'which lies outside the package' }
  }
  return parts.join('/')
}

function keyOf(file: string, isConstraint: boolean): string {
  return `${isConstraint ? '-c' : '-r'} ${file}`
}
