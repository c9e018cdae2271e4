import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evaluateMarker, serverEnvironment, type Truth } from '../../../src/python/markers.ts'
import { normalizeName } from '../../../src/python/distributions.ts'
import { parseRequirement, RequirementError, type Requirement } from '../../../src/python/requirement.ts'
import type { PythonVersion } from '../../../src/python/version.ts'
import { findPythons } from '../../../tools/pythons.ts'

/** Reads each line and judges its marker for each point of each server, as pip does; says each kind of answer once. */
const SCRIPT = `
import json
from pip._vendor import packaging
from pip._vendor.packaging.requirements import InvalidRequirement, Requirement

def names(variable):
    return (variable, variable.replace("_", ".", 1))

def judge(marker, environment, extras):
    try:
        return any([marker.evaluate(dict(environment, extra=extra)) for extra in extras or [""]])
    except Exception as error:
        return type(error).__name__

def answers(line, marker, points, extras):
    # Points that differ only in what the line does not mention have one answer.
    different = {}
    for point in points:
        key = tuple(value for variable, value in sorted(point.items()) if any(name in line for name in names(variable)))
        different.setdefault(key, point)
    found = []
    for point in different.values():
        answer = judge(marker, point, extras)
        if answer not in found:
            found.append(answer)
    return found

def read(line, servers, wishes):
    try:
        requirement = Requirement(line)
    except ValueError:
        return None
    marker = requirement.marker
    return {
        "name": requirement.name,
        "extras": sorted(requirement.extras),
        "url": requirement.url,
        "specifiers": len(requirement.specifier),
        "truths": marker and [[answers(line, marker, points, extras) for extras in wishes] for points in servers],
    }

def main(asked):
    lines = [read(line, asked["servers"], asked["wishes"]) for line in asked["lines"]]
    print(json.dumps({"version": packaging.__version__, "lines": lines}))
`

interface Line {
  readonly text: string
  /** The first release of packaging that it is compared with. */
  readonly since: number
}

interface Read {
  readonly name: string
  readonly extras: readonly string[]
  readonly url: string | null
  readonly specifiers: number
  /** By server, by wish: each answer that came, or the kind of the error. `null`: there is no marker. */
  readonly truths: readonly (readonly (readonly (boolean | string)[])[])[] | null
}

interface Answer {
  readonly version: string
  readonly lines: readonly (Read | null)[]
}

interface Server {
  readonly platform: 'windows' | 'linux'
  readonly python: PythonVersion | undefined
}

const SERVERS: readonly Server[] = [
  { platform: 'linux', python: '2.7' },
  { platform: 'linux', python: '3.6' },
  { platform: 'linux', python: '3.8' },
  { platform: 'linux', python: '3.11' },
  { platform: 'linux', python: '3.13' },
  { platform: 'linux', python: undefined },
  { platform: 'windows', python: '2.7' },
  { platform: 'windows', python: '3.4' },
  { platform: 'windows', python: '3.11' },
  { platform: 'windows', python: undefined }
]
const WISHES: readonly (readonly string[])[] = [[], ['test'], ['docs', 'foo-bar']]
/** Both ends of a series, what the lines mention, and what surrounds it. */
const MICROS = [...Array.from({ length: 21 }, (_, micro) => micro), 99, 104, 9999]

/** What a server that looks like this may be, down to the last variable. */
function pointsOf({ platform, python }: Server): readonly object[] {
  const pythons = python === undefined ? ['3.4', '3.8', '3.11', '3.13'] : [python]
  const machines = platform === 'linux' ? ['x86_64'] : ['AMD64', 'x86']
  return pythons.flatMap(version =>
    MICROS.flatMap(micro =>
      machines.map(machine => ({
        python_version: version,
        python_full_version: `${version}.${micro}`,
        implementation_name: version === '2.7' ? '' : 'cpython',
        implementation_version: version === '2.7' ? '0' : `${version}.${micro}`,
        platform_python_implementation: 'CPython',
        platform_machine: machine,
        platform_release: platform === 'linux' ? '5.15.0' : '10',
        platform_version: platform === 'linux' ? '#1 SMP' : '10.0.17763',
        platform_system: platform === 'linux' ? 'Linux' : 'Windows',
        os_name: platform === 'linux' ? 'posix' : 'nt',
        sys_platform: platform === 'windows' ? 'win32' : version === '2.7' ? 'linux2' : 'linux'
      }))
    )
  )
}

/** Whether a line asks for what nobody knows of the server. */
function touchesUnknown(text: string, { python }: Server): boolean {
  return (
    /platform_release|platform[._]version/.test(text) ||
    (python === undefined && /python_(full_)?version|implementation_version/.test(text))
  )
}

const fixture = join(import.meta.dirname, '..', '..', 'fixtures', 'requirements', 'lines.txt')
// Editors cut the blanks at the ends of the fixture's lines.
const TRAILING = [
  'foo ',
  'foo\t',
  'foo; ',
  'foo @ ',
  'foo @ https://example.com/foo.zip \t',
  'foo>=1 ',
  'foo; os_name=="nt" '
]
const lines: readonly Line[] = [
  ...readLines(readFileSync(fixture, 'utf8')),
  ...TRAILING.map(text => ({ text, since: 0 }))
]

function readLines(text: string): readonly Line[] {
  let since = 0
  return text.split('\n').flatMap(line => {
    since = Number(/^#since (\d+)$/.exec(line)?.[1] ?? since)
    return line === '' || line.startsWith('#') ? [] : [{ text: line, since }]
  })
}

/** Asks an interpreter once; a text is the reason why it cannot answer. */
function ask(executable: string): Answer | string {
  const asked = { lines: lines.map(({ text }) => text), servers: SERVERS.map(pointsOf), wishes: WISHES }
  // JSON within JSON is a text for Python, too.
  const input = `${SCRIPT}\nmain(json.loads(${JSON.stringify(JSON.stringify(asked))}))\n`
  const env = { ...process.env, PYTHONUTF8: '1', PYTHONWARNINGS: 'ignore' }
  const { stdout, stderr, error } = spawnSync(executable, ['-'], { input, env, encoding: 'utf8', timeout: 120_000 })
  if (error) return `there is no ${executable}`
  const [last = ''] = stderr.trimEnd().split('\n').slice(-1)
  if (last.startsWith('ModuleNotFoundError')) return `${executable} has no pip with packaging`
  if (stdout === '') throw new Error(`${executable} gave no answer: ${last}`)
  return JSON.parse(stdout) as Answer // what the script above prints
}

function ours(text: string): Requirement | undefined {
  try {
    return parseRequirement(text)
  } catch (error) {
    if (error instanceof RequirementError) return undefined
    throw error
  }
}

/** Those of one name and one version of packaging; `undefined` where there is nothing to tell apart. */
function disagreement(requirement: Requirement | undefined, theirs: Read | null): string | undefined {
  if (!requirement || !theirs) {
    return requirement === undefined && theirs === null ? undefined : `is ${theirs ? 'accepted' : 'refused'} there`
  }
  const extras = [...new Set(theirs.extras.map(normalizeName))].sort()
  const mine = [requirement.name, requirement.extras, requirement.url, requirement.marker !== undefined]
  const other = [normalizeName(theirs.name), extras, theirs.url ?? undefined, theirs.truths !== null]
  if (JSON.stringify(mine) !== JSON.stringify(other)) return `is ${JSON.stringify(other)} there`
  return (requirement.specifier === '') === (theirs.specifiers === 0) ? undefined : 'has other versions there'
}

function misjudged(truth: Truth, theirs: readonly (boolean | string)[], isOpen: boolean): boolean {
  if (truth !== 'unknown') return theirs.some(answer => answer !== truth)
  return theirs.length === 1 && typeof theirs[0] === 'boolean' && !isOpen
}

const newest = (await findPythons()).at(-1)?.executable ?? 'python3'
const interpreters = [...new Set(['python3', newest])]

it('the corpus is as large as was meant', () => {
  expect(lines.length).toBeGreaterThan(350)
  expect(new Set(lines.map(({ text }) => text)).size).toBe(lines.length)
})

describe.each(interpreters)('the packaging within the pip of %s', executable => {
  const answer = ask(executable)
  const isMissing = typeof answer === 'string'
  const [version, read] = isMissing ? [0, []] : [Number.parseInt(answer.version, 10), answer.lines]
  const said = isMissing ? ` (not compared: ${answer})` : ` (packaging ${answer.version})`
  const compared = lines
    .map((line, index) => ({ ...line, theirs: read[index] ?? null }))
    .filter(l => l.since <= version)

  it.skipIf(isMissing)(`accepts and refuses the same lines, and finds the same in them${said}`, () => {
    const faults = compared.flatMap(({ text, theirs }) => {
      const fault = disagreement(ours(text), theirs)
      return fault === undefined ? [] : [`${text}: ${fault}`]
    })
    expect(faults).toEqual([])
  })

  it.skipIf(isMissing)(`judges the same markers in the same way for all that a server may be${said}`, () => {
    const faults: string[] = []
    let [known, open] = [0, 0]
    for (const { text, theirs } of compared) {
      const marker = ours(text)?.marker
      if (!marker || !theirs?.truths) continue
      for (const [row, server] of SERVERS.entries()) {
        const environment = serverEnvironment(server.platform, server.python)
        for (const [column, extras] of WISHES.entries()) {
          const truth = evaluateMarker(marker, environment, extras)
          const answers = theirs.truths[row]?.[column] ?? []
          if (truth === 'unknown') open++
          else known++
          if (!misjudged(truth, answers, touchesUnknown(text, server))) continue
          const place = `${server.platform} ${server.python ?? 'any'} [${extras.join()}]`
          faults.push(`${text} on ${place}: ${truth} here, ${answers.join(' or ')} there`)
        }
      }
    }
    expect(faults).toEqual([])
    // Were everything unknown, nothing would have been compared.
    expect(known).toBeGreaterThan(open * 2)
    expect(open).toBeGreaterThan(0)
  })
})
