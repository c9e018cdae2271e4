// Kudu's batch script and what people make of it: where it decides on the virtual environment, and what goes before that. Pure.
import { readBatch, wordsOf, type BatchLine, type BatchScript } from './batch-lines.ts'
import { blockOf } from './batch-block.ts'
import { variablesOf } from './batch-variables.ts'
import {
  below,
  concerns,
  expansionsOf,
  isAbsolute,
  isBelowTarget,
  NOWHERE,
  type Notation,
  type Variables
} from './script-paths.ts'

/** Where lines are put into a script, and which. */
export interface Place {
  /** The index of the line that they are put before. */
  readonly at: number
  readonly indent: string
  /** Without indentation; the first and the last are the block's marks. */
  readonly lines: (stamp: string) => readonly string[]
}

/** A place, or why there is none: the rest of a sentence about the script. */
export type Found = Place | { readonly detail: string }

const BATCH: Notation = {
  use: /%(?<name>[^%\s:=~]+)(?<odd>:[^%]*)?%|!(?<name>[^!\s:=~]+)(?<odd>:[^!]*)?!/,
  leftover: /[%!]/,
  wwwroot: /^(<home>|[a-z]:\/home)\/site\/wwwroot(?=\/|$)/i,
  ignoresCase: true
}

const MODULES = ['venv', 'virtualenv']

/** Options of venv, virtualenv and uv whose value is a word of its own. */
const WITH_VALUE = ['-p', '--python', '--prompt', '--app-data', '--creator', '--seeder', '--pip', '--setuptools']

/** A command that makes an environment. */
interface Creation {
  readonly line: BatchLine
  /** As the script writes it. */
  readonly path: string
  /** What stands before it on its line. */
  readonly prefix: string
}

/** A line that asks whether something is there. */
interface Test {
  readonly line: BatchLine
  readonly path: string
  /** Whether it asks for what is not there. */
  readonly isNegated: boolean
  /** What it does then, or else. */
  readonly then: string
}

/** The line that decides whether a command is run. */
interface Decision {
  readonly place: Creation | Test
  /** Whether the command is run where there is no environment. */
  readonly isMadeAnew: boolean
}

/** A script with what is known of it. */
interface Known {
  readonly script: BatchScript
  readonly variables: Variables
  /** All expansions of a path that is written on a line. */
  readonly expand: (path: string, line: BatchLine) => readonly string[]
}

/** Finds where a batch script decides whether to make the environment anew. */
export function findInBatch(physical: readonly string[]): Found {
  const script = readBatch(physical)
  if (!script) return { detail: 'its parentheses do not match' }
  const creations = creationsIn(script.lines)
  const within = creations[0]?.line.blocks.filter(block => creations.every(({ line }) => line.blocks.includes(block)))
  const variables = variablesOf(script.lines, within ?? [])
  const expand = (path: string, line: BatchLine): readonly string[] => {
    const own = expansionsOf(path, variables, BATCH)
    return own.flatMap(one => below(expansionsOf(folderAt(script.lines, line), variables, BATCH), one))
  }
  const known = { script, variables, expand }
  const [first] = creations
  if (!first) return { detail: 'no command in it makes a virtual environment' }
  const folders = [...new Set(creations.flatMap(({ path, line }) => expand(path, line)))]
  if (!folders.every(isBelowTarget)) {
    return {
      detail: `it makes the environment in ${first.path}, and that this is a folder of its own in the app's is not certain`
    }
  }
  const decisions = creations.map(creation => decisionOn(creation, folders, known))
  const place = decisions[0]?.place
  if (place === undefined || decisions.some(other => other?.place.line !== place.line)) {
    return { detail: 'where it decides whether to make the environment is not certain' }
  }
  if (!decisions.some(decision => decision?.isMadeAnew)) {
    return { detail: 'it makes the environment only where there is one already' }
  }
  return placeBefore(place, first, folders, physical, known)
}

function creationsIn(lines: readonly BatchLine[]): readonly Creation[] {
  const variables = variablesOf(lines, [])
  return lines.flatMap(line => creationOn(line, variables) ?? [])
}

/** The folder that a line works in, as the script writes it. */
function folderAt(lines: readonly BatchLine[], { at, run, blocks }: BatchLine): string {
  const folders: string[] = [NOWHERE]
  for (const line of lines.filter(line => line.run === run && line.at < at)) {
    const [, verb, quoted, bare] =
      /^[\s@]*(pushd|popd|cd|chdir)\b(?:\s+\/d)?\s*(?:"([^"]*)"|([^&|>\s]*))/i.exec(line.text) ?? []
    // Of a change under a condition nobody knows whether it came to pass.
    const isCertain = line.blocks.every((block, index) => blocks[index] === block)
    const folder = isCertain ? (quoted ?? bare ?? '') : NOWHERE
    // Behind a condition or another command: `IF EXIST x cd y`.
    const isHidden = verb === undefined && /[\s@(&|](?:pushd|popd|cd|chdir)(?![\w-])/i.test(line.text)
    if (isHidden && !/^\s*@?echo\b[^&|]*$/i.test(line.text)) folders.splice(-1, 1, NOWHERE)
    else if (verb?.toLowerCase() === 'popd') folders.pop()
    else if (verb?.toLowerCase() === 'pushd') folders.push(folder)
    else if (verb !== undefined) folders.splice(-1, 1, folder)
  }
  return folders.at(-1) ?? NOWHERE
}

function creationOn(line: BatchLine, variables: Variables): Creation | undefined {
  const words = wordsOf(line.text)
  if (/^[@(]*(echo[.:]?|title|set)$/i.test(words[0] ?? '')) return undefined
  for (const [index, word] of words.entries()) {
    const isModule = words[index - 1]?.toLowerCase() === '-m' && index > 1 && isModuleName(word, variables)
    const isProgram = /(^|[\\/])virtualenv(\.exe)?$/i.test(word) && words[index - 1]?.toLowerCase() !== '-m'
    const isUv = word.toLowerCase() === 'venv' && /(^|[\\/])uv(\.exe)?$/i.test(words[index - 1] ?? '')
    if (!isModule && !isProgram && !isUv) continue
    const path = argumentAfter(words, index)
    if (path === undefined) continue
    return { line, path, prefix: words.slice(0, isModule ? index - 2 : isUv ? index - 1 : index).join(' ') }
  }
  return undefined
}

function isModuleName(word: string, variables: Variables): boolean {
  const name = /^[%!](.+)[%!]$/.exec(word)?.[1]?.toUpperCase()
  const values = name === undefined ? [word] : (variables.get(name) ?? [])
  return values.some(value => value !== undefined && MODULES.includes(value.toLowerCase()))
}

function argumentAfter(words: readonly string[], index: number): string | undefined {
  for (let at = index + 1; at < words.length; at++) {
    const word = words[at] ?? ''
    if (WITH_VALUE.includes(word)) at++
    else if (/^[&|<>]|^\d>/.test(word)) return undefined
    else if (!word.startsWith('-')) return word.replace(/[)&|>].*$/, '')
  }
  return undefined
}

const TEST = /^[\s@]*if\s+(?:\/i\s+)?(not\s+)?exist\s+("[^"]*"|\S+?)\s*(\(|\s.*$|$)/i

function testOn(line: BatchLine): Test | undefined {
  const [, not, path, then] = TEST.exec(line.text) ?? []
  if (path === undefined) return undefined
  return { line, path: path.replaceAll('"', ''), isNegated: not !== undefined, then: (then ?? '').trim() }
}

/** The line that decides whether a command is run: the outermost test of the environment, else the command's own. */
function decisionOn(creation: Creation, folders: readonly string[], known: Known): Decision | undefined {
  const { lines, labels } = known.script
  const { line } = creation
  const tests = lines.flatMap(one => {
    const test = one.at <= line.at ? testOn(one) : undefined
    return test && concerns(known.expand(test.path, one), folders) ? [test] : []
  })
  const isAround = ({ blocks }: BatchLine): boolean => blocks.every((block, index) => line.blocks[index] === block)
  const leads = ({ line: one, then }: Test): boolean => {
    const jump = /^(?:goto\s+:?|call\s+:)([^\s)&|]+)/i.exec(then)?.[1]?.toLowerCase()
    const encloses = one.at === line.at || (then.startsWith('(') && isAround(one) && opens(one, line))
    const leadsPast = jump !== undefined && labels.has(jump) && one.run === line.run && isAround(one)
    return (encloses && !/^if\b/i.test(then)) || leadsPast || (jump !== undefined && jump === line.label)
  }
  const leading = tests.filter(leads)
  const [outermost] = leading
  const isMadeAnew = leading.every(test => leadsWithout(test, line))
  const decision = outermost ?? (isAlone(creation) ? creation : undefined)
  if (!decision) return undefined
  const between = lines.filter(one => one.at > decision.line.at && one.at < line.at && one.run === line.run)
  if (between.some(one => leaves(one, folders, known))) return undefined
  // A condition around it that asks about the environment, and that nothing can be put before.
  const around = decision.line.blocks.map(({ header }) => header)
  if (around.some(header => asksAbout(header, folders, decision.line, known))) return undefined
  if (outermost) return { place: outermost, isMadeAnew }
  return around.every(isHarmless) && !isCalled(line, lines) ? { place: creation, isMadeAnew } : undefined
}

/** Whether a test that decides over a line lets it run where nothing is there. */
function leadsWithout({ line: test, then, isNegated }: Test, line: BatchLine): boolean {
  const [, verb, name] = /^(goto|call)\s*:?\s*([^\s)&|]+)/i.exec(then) ?? []
  if (test.at !== line.at && verb !== undefined) {
    const isToIt = name?.toLowerCase() === line.label && test.label !== line.label
    // Who is called comes back.
    return isNegated === isToIt || (!isToIt && verb.toLowerCase() === 'call')
  }
  return isNegated !== (test.at !== line.at && line.blocks[test.blocks.length]?.isElse === true)
}

function opens(test: BatchLine, line: BatchLine): boolean {
  const inner = line.blocks[test.blocks.length]
  return inner !== undefined && test.text.startsWith(inner.header)
}

/** Whether a line may lead away for another reason than the environment: it would be deleted, and not made anew. */
function leaves(line: BatchLine, folders: readonly string[], { expand }: Known): boolean {
  const { path, then } = testOn(line) ?? { path: '', then: '' }
  return /\b(goto|exit)\b/i.test(then) && !concerns(expand(path, line), folders)
}

/** Whether a command begins its line, with nothing that decides over it. */
function isAlone({ prefix }: Creation): boolean {
  return /^@?(call( :\S+)?)?$/i.test(prefix.trim())
}

function asksAbout(header: string, folders: readonly string[], line: BatchLine, { expand }: Known): boolean {
  return [...header.matchAll(/\bexist\s+("[^"]*"|\S+)/gi)].some(([, path = '']) =>
    concerns(expand(path.replaceAll('"', ''), line), folders)
  )
}

/** Conditions that only ask whether this is a Python app. */
function isHarmless(header: string): boolean {
  return (
    /^[\s@]*if\s+(not\s+)?exist\s+("[^"]*"|\S+)\s*$/i.test(header) &&
    /requirements|\.skip|setup\.py|pyproject/i.test(header)
  )
}

/** Whether a line stands in a subroutine: whoever calls that may do so under any condition. */
function isCalled({ label }: BatchLine, lines: readonly BatchLine[]): boolean {
  const called = lines.flatMap(({ text }) =>
    [...text.matchAll(/\bcall\s+:([^\s)&|]+)/gi)].map(([, name]) => name ?? '')
  )
  return label !== '' && called.some(name => name.toLowerCase() === label)
}

function placeBefore(
  decision: Creation | Test,
  creation: Creation,
  folders: readonly string[],
  physical: readonly string[],
  { script, expand, variables }: Known
): Found {
  const { line } = decision
  const isPath = isAbsolute(expansionsOf(creation.path, variables, BATCH)[0] ?? '')
  const base = folderAt(script.lines, creation.line)
  const path = isPath ? creation.path : `${base}\\${creation.path.replace(/^(\.[\\/])+/, '')}`
  if (!folders.every(folder => expand(path, line).includes(folder))) {
    return { detail: `what ${creation.path} means where it decides on the environment is not certain` }
  }
  const tested = 'then' in decision ? decision.path : undefined
  const indent = /^[ \t]*/.exec((physical[line.at] ?? '').replace(/^\ufeff/, ''))?.[0] ?? ''
  const end = script.labels.has('error') ? 'goto error' : 'exit 1'
  return { at: line.at, indent, lines: stamp => blockOf(stamp, path, tested, end, line.blocks.length > 0) }
}
