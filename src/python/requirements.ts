// What the package asks for: requirements files and lock files, what could not be understood of them, and the fingerprint
// by which two deployments are compared. Pure: the text comes through a port.
import { canonicalLines, digest } from './fingerprint.ts'
import { projectName, readPoetryLock, readUvLock } from './lockfiles.ts'
import { readStatements, textOf, type ReadText, type Statement } from './requirement-files.ts'
import { requirementOf, requirementOfEditable } from './requirement-names.ts'
import { LineError } from './requirement-problems.ts'
import { RequirementError, type Requirement } from './requirement.ts'

export type { ReadText } from './requirement-files.ts'

/** One requirement, and where it is stated. */
export interface Asked {
  readonly requirement: Requirement
  readonly file: string
  readonly line: number
}

/** All that is asked for. */
export interface Requirements {
  /** The file that was begun with: the annotation points at it. */
  readonly file: string
  readonly asked: readonly Asked[]
  /** A lock file: it names all that may be installed, also what other platforms or groups want. */
  readonly isSuperset: boolean
  /** What could not be understood, each a short sentence with file and line; empty: complete. */
  readonly gaps: readonly string[]
  /** SHA-256 of the normalised content: comments, order, case, white space and line ends do not count. */
  readonly fingerprint: string
}

/** More of them tell nothing more. */
const MAX_GAPS = 50

/** Reads what a file of the package asks for; the file's name tells how. Throws nothing: what goes wrong is a gap. */
export async function readRequirements(file: string, read: ReadText): Promise<Requirements> {
  const path = file.replace(/^(?:\.\/+)+/, '')
  const name = path.slice(path.lastIndexOf('/') + 1)
  const { asked, isSuperset, gaps, contents } =
    name === 'uv.lock' || name === 'poetry.lock'
      ? await fromLockFile(path, read)
      : await fromRequirementsFile(path, read)
  const shown = gaps.slice(0, MAX_GAPS)
  const more = gaps.length > shown.length ? [`${gaps.length - shown.length} more of the kind`] : []
  return { file: path, asked, isSuperset, gaps: [...shown, ...more], fingerprint: await digest(contents) }
}

interface Read {
  readonly asked: readonly Asked[]
  readonly isSuperset: boolean
  readonly gaps: readonly string[]
  readonly contents: readonly string[]
}

async function fromRequirementsFile(path: string, read: ReadText): Promise<Read> {
  // Each of their lines would be a gap of its own.
  if (/(?:^|\/)(?:Pipfile|Pipfile\.lock|[^/]*\.toml)$/i.test(path))
    return nothing(`${path} is neither a requirements file nor a uv.lock nor a poetry.lock`, false)
  const [asked, gaps, contents]: [Asked[], string[], string[]] = [[], [], []]
  for (const statement of await readStatements(path, read)) {
    const { file, line } = statement
    const understood = understand(statement)
    if (understood instanceof LineError) gaps.push(`${file} line ${line} ${understood.message}`)
    else if (understood && !('isConstraint' in statement && statement.isConstraint))
      asked.push({ requirement: understood, file, line })
    if (statement.kind === 'lost' && statement.reason !== undefined) gaps.push(statement.reason)
    contents.push(...canonicalLines(statement, understood instanceof LineError ? undefined : understood))
  }
  return { asked, isSuperset: false, gaps, contents }
}

/** `undefined`: there is nothing to understand, or it is a constraint, which leaves no gap. */
function understand(statement: Statement): Requirement | LineError | undefined {
  if (statement.kind !== 'requirement' && statement.kind !== 'editable') return undefined
  try {
    return statement.kind === 'editable' ? requirementOfEditable(statement.text) : requirementOf(statement.text)
  } catch (error) {
    if (!(error instanceof LineError)) throw error
    return statement.isConstraint ? undefined : error
  }
}

async function fromLockFile(path: string, read: ReadText): Promise<Read> {
  const text = await textOf(path, read)
  if (typeof text !== 'string') return nothing(text.reason, true)
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const passedOver = await whyPassedOver(path, folder, read)
  if (path.endsWith('uv.lock')) return fromLock(path, readUvLock(text), passedOver)
  const project = await theProject(`${folder}pyproject.toml`, read)
  return fromLock(path, readPoetryLock(text), [...passedOver, ...project])
}

/** Oryx looks for `requirements.txt`, then for `setup.py`, and only then for lock files. */
async function whyPassedOver(path: string, folder: string, read: ReadText): Promise<readonly string[]> {
  const isThere = (name: string): Promise<boolean> =>
    read(folder + name).then(
      text => text !== undefined,
      () => true
    )
  if ((await isThere('requirements.txt')) || !(await isThere('setup.py'))) return []
  return [`${path} lies beside a setup.py, which a build on Linux installs from instead`]
}

/** Poetry installs the project itself beside what its lock file names. */
async function theProject(path: string, read: ReadText): Promise<readonly (Asked | string)[]> {
  const text = await textOf(path, read)
  // Without it Poetry installs nothing at all.
  if (typeof text !== 'string') return []
  try {
    const requirement = projectName(text)
    return requirement ? [{ requirement, file: path, line: 1 }] : []
  } catch (error) {
    if (!(error instanceof RequirementError)) throw error
    return [`${path} ${error.message}`]
  }
}

function fromLock(path: string, lock: ReturnType<typeof readUvLock>, beside: readonly (Asked | string)[]): Read {
  const projects = beside.filter(item => typeof item !== 'string')
  return {
    asked: [...lock.packages.map(({ requirement, line }) => ({ requirement, file: path, line })), ...projects],
    isSuperset: true,
    gaps: [...lock.gaps.map(gap => `${path} ${gap}`), ...beside.filter(item => typeof item === 'string')],
    contents: lock.contents
  }
}

function nothing(gap: string, isSuperset: boolean): Read {
  return { asked: [], isSuperset, gaps: [gap], contents: [] }
}
