// Shell scripts that deploy a Python app: where they make the virtual environment, and what goes before that. Pure.
import { readShell, type Command, type ShellScript, type Statement } from './bash-commands.ts'
import { isRunWithout } from './bash-outcome.ts'
import { unquoted, variablesOf } from './bash-variables.ts'
import type { Found } from './batch-script.ts'
import { below, concerns, expansionsOf, isAbsolute, isBelowTarget, NOWHERE, type Notation } from './script-paths.ts'

const SHELL: Notation = {
  use: /\$\{(?<name>\w+)\}|\$(?<name>\w+)/,
  leftover: /[$`\\*?~'"{}()]/,
  wwwroot: /^(<home>|\/home)\/site\/wwwroot(?=\/|$)/,
  ignoresCase: false
}

const WITH_VALUE = ['-p', '--python', '--prompt', '--app-data', '--creator', '--seeder', '--pip', '--setuptools']

interface Creation {
  readonly command: Command
  /** As the script writes it, without quotes. */
  readonly path: string
}

/** Finds where a shell script makes the environment, or decides whether to. */
export function findInShell(text: string, physical: readonly string[]): Found {
  const script = readShell(text)
  if (!script) return { detail: 'its quotes or statements do not match' }
  const creations = script.commands.flatMap(command => creationBy(command) ?? [])
  const [first, second] = creations
  if (!first) return { detail: 'no command in it makes a virtual environment' }
  if (second) return { detail: 'it makes virtual environments in more than one place' }
  const site = siteOf(first.command, script)
  if (!site) return { detail: 'the function that makes the virtual environment is not called in one place' }
  const folder = folderOf(first.command, site, script)
  const within = [...first.command.within, ...site.within]
  const variables = variablesOf(script.commands, within)
  const base = expansionsOf(folder, variables, SHELL)
  const folders = expansionsOf(first.path, variables, SHELL).flatMap(path => below(base, path))
  if (!folders.every(isBelowTarget)) {
    return {
      detail: `it makes the environment in ${first.path}, and that this is a folder of its own in the app's is not certain`
    }
  }
  const expand = (word: string): readonly string[] =>
    expansionsOf(unquoted(word), variables, SHELL).flatMap(path => below(base, path))
  const asks = (words: readonly string[]): boolean =>
    isTest(words) && words.some(word => concerns(expand(word), folders))
  const at = decisionAt(site, script, asks)
  if (at === undefined) return { detail: 'where it decides whether to make the environment is not certain' }
  if (![first.command, site].every(command => isRunWithout(command, script, asks))) {
    return { detail: 'that it makes the environment wherever there is none is not certain' }
  }
  const isPath = isAbsolute(expansionsOf(first.path, variables, SHELL)[0] ?? '')
  const path = isPath ? first.path : `${folder}/${first.path.replace(/^(\.\/+)+/, '')}`
  const before = variablesOf(
    script.commands.filter(one => one.at < at && functionOf(one) === undefined),
    within
  )
  if (!folders.every(one => expansionsOf(path, before, SHELL).includes(one))) {
    return { detail: `what ${first.path} means where it decides on the environment is not certain` }
  }
  const indent = /^[ \t]*/.exec(physical[at] ?? '')?.[0] ?? ''
  return { at, indent, lines: stamp => blockOf(stamp, safe(path)) }
}

function creationBy(command: Command): Creation | undefined {
  const words = command.words.map(unquoted)
  const start = words.findIndex(word => !/^\w+=/.test(word) && !['sudo', 'env', 'command', 'exec'].includes(word))
  const [program = '', second = '', third = ''] = words.slice(start)
  const name = program.slice(program.lastIndexOf('/') + 1)
  const isModule = second === '-m' && ['venv', 'virtualenv'].includes(third) && /py|\$/i.test(program)
  const isProgram = name === 'virtualenv' || name === 'pyvenv'
  const isUv = name === 'uv' && second === 'venv'
  if (start < 0 || (!isModule && !isProgram && !isUv)) return undefined
  const path = argumentIn(words.slice(start + (isModule ? 3 : isUv ? 2 : 1)))
  return path === undefined ? undefined : { command, path }
}

function argumentIn(words: readonly string[]): string | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (WITH_VALUE.includes(word)) at++
    else if (/^\d*[<>]/.test(word)) return undefined
    else if (!word.startsWith('-')) return word
  }
  return undefined
}

function functionOf(command: Command): string | undefined {
  return command.within.findLast(({ kind }) => kind === 'function')?.name
}

/** Where a command is reached from outside of functions: itself, or the one call of its function. */
function siteOf(command: Command, { commands }: ShellScript): Command | undefined {
  let site = command
  for (let depth = 0; depth < 4; depth++) {
    const name = functionOf(site)
    if (name === undefined) return site
    const [call, other] = commands.filter(({ words }) => words[0] === name)
    if (!call || other) return undefined
    site = call
  }
  return undefined
}

/** The folder that a command works in, as the script writes it. */
function folderOf(command: Command, site: Command, { commands }: ShellScript): string {
  const index = commands.indexOf(command)
  const inside = functionOf(command)
  const outside = commands.slice(0, commands.indexOf(site)).filter(one => functionOf(one) === undefined)
  const before = inside === undefined ? [] : commands.slice(0, index).filter(one => functionOf(one) === inside)
  const folders: string[] = [NOWHERE]
  const moving = commands.flatMap(one => (/^(cd|pushd|popd)$/.test(one.words[0] ?? '') ? (functionOf(one) ?? []) : []))
  for (const { words, within, joinedBy } of [...outside, ...before]) {
    const [verb = '', ...rest] = /^(builtin|command)$/.test(words[0] ?? '') ? words.slice(1) : words
    if (moving.includes(verb)) folders.splice(-1, 1, NOWHERE)
    const isAround = within.every(one => site.within.includes(one) || command.within.includes(one))
    // What a subshell does ends with it, and of a change under a condition nobody knows whether it came to pass.
    if (!isAround && within.some(({ kind }) => kind === '(')) continue
    const path = unquoted(rest.find(word => !/^-/.test(word)) ?? '~')
    const folder = isAround && joinedBy !== '||' && joinedBy !== '|' ? path : NOWHERE
    if (verb === 'popd') folders.pop()
    else if (verb === 'pushd') folders.push(folder)
    else if (verb === 'cd') folders.splice(-1, 1, folder)
  }
  return folders.at(-1) ?? NOWHERE
}

function isTest(words: readonly string[]): boolean {
  return /^(\[\[?|test|-\w|!)$/.test(words[0] ?? '')
}

type Asks = (words: readonly string[]) => boolean

/** The line that a deletion can stand before, so that the environment is made after it; `undefined`: none for certain. */
function decisionAt(site: Command, script: ShellScript, asks: Asks): number | undefined {
  const { commands, fresh } = script
  const guard = site.within.findIndex(({ kind, conditions }) => kind === 'if' && conditions.some(asks))
  const around = guard < 0 ? site.within : site.within.slice(0, guard)
  const statement = site.within[guard]
  if (!around.every(isHarmless)) return undefined
  // A condition that is more than the question for the environment may keep it from being made anew.
  if (statement && !statement.conditions.every(asks)) return undefined
  const index = commands.indexOf(site)
  if (site.within.slice(guard + 1).some(({ kind }) => kind !== 'if' && kind !== '{')) return undefined
  let first = index
  while (commands[first]?.joinedBy) first--
  const at = statement?.at ?? commands[first]?.at ?? -1
  const earlier = commands.slice(0, index).filter(command => (statement ? command.at < at : true))
  if (earlier.some((command, position) => leavesFor(command, earlier[position + 1], asks))) return undefined
  const isAlone = (one: Command): boolean => asks(one.words) || /^(cd|pushd|echo)$/.test(one.words[0] ?? '')
  const sameLine = commands.slice(0, index).filter((command, position) => command.at >= at || position >= first)
  if (!statement && !sameLine.every(isAlone)) return undefined
  // Between the two a script may end for another reason: the environment would be deleted, and not made anew.
  if (commands.slice(0, index).some((one, position) => one.at >= at && mayLeave(one, commands[position - 1], asks))) {
    return undefined
  }
  const open = fresh.get(at)
  return open?.length === around.length && open.every((one, position) => one === around[position]) ? at : undefined
}

/** Statements that only ask whether this is a Python app, or that ask nothing. */
function isHarmless({ kind, conditions, others }: Statement): boolean {
  if (kind === '{' || kind === '(') return true
  const isQuestion = (words: readonly string[]): boolean =>
    isTest(words) && words.some(word => /requirements|\.skip|setup\.py|pyproject/.test(word))
  return kind === 'if' && others.length === 0 && conditions.length > 0 && conditions.every(isQuestion)
}

/** Whether a script ends, or a function returns, because of what is found of the environment. */
function leavesFor(command: Command, next: Command | undefined, asks: Asks): boolean {
  const isLeaving = (words: readonly string[]): boolean => /^(exit|return)$/.test(words[0] ?? '')
  if (functionOf(command) !== undefined) return false
  if (isLeaving(command.words))
    return command.within.some(({ conditions, others }) => [...conditions, ...others].some(asks))
  return asks(command.words) && next !== undefined && next.joinedBy !== '' && isLeaving(next.words)
}

function mayLeave(command: Command, before: Command | undefined, asks: Asks): boolean {
  const isTested = before !== undefined && isTest(before.words) && command.joinedBy !== ''
  const isWithin = command.within.some(({ kind, conditions }) => kind === 'if' && !conditions.some(asks))
  return functionOf(command) === undefined && /^(exit|return)$/.test(command.words[0] ?? '') && (isTested || isWithin)
}

/** A path whose variables end the script where they are empty. */
function safe(path: string): string {
  return path.replace(/\$\{(\w+)\}|\$(\w+)/g, (_use, braced?: string, bare?: string) => `\${${braced ?? bare ?? ''}:?}`)
}

/**
 * The lines that delete.
 *
 * The environment is moved aside first, because an app does not start with one that is half deleted. A file that is open does
 * not matter on Linux. Without a final slash, a link is removed and not what it leads to.
 */
function blockOf(stamp: string, path: string): readonly string[] {
  return [
    `# >>> azure-python-env: ${stamp}`,
    '# Added by the action azure-python-env for this one deployment. It makes the environment anew. Not to be committed.',
    `if [ -f "${path}/pyvenv.cfg" ] || [ -f "${path}/bin/activate" ]; then`,
    '  echo "azure-python-env: deleting the virtual environment, which this deployment makes anew."',
    `  rm -rf -- "${path}.azure-python-env"`,
    `  mv -- "${path}" "${path}.azure-python-env" || true`,
    `  rm -rf -- "${path}" "${path}.azure-python-env" || exit 1`,
    'fi',
    '# <<< azure-python-env'
  ]
}
