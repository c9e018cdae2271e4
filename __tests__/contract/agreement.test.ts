// One set of inputs, outputs, defaults and reasons: in action.yml, action-types.yml, the README and the code.
import { randomUUID } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { validate } from '@actions/languageservice'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Snapshot } from '../../src/azure/snapshot.ts'
import { decide, type Expectation, type Policy, type ReasonCode } from '../../src/decide.ts'
import { DEFAULTS, type InputReader } from '../../src/input-values.ts'
import { loadInputs } from '../../src/inputs.ts'
import { NOTHING, outcomeOf } from '../unit/outcomes.ts'
import { outputsOf } from '../../src/report.ts'
import { child, WWWROOT } from '../../src/site.ts'
import { readAction, REASONS, renderReadme } from '../../tools/docs.ts'
import { publishProfile } from '../../tools/local-appservice/publish-profile.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

const ACTION = readAction(read('action.yml'))
const README = read('README.md')

interface PortType {
  readonly type: string
  readonly 'allowed-values'?: readonly string[]
}

const TYPES = parse(read('action-types.yml')) as Readonly<
  Record<'inputs' | 'outputs', Readonly<Record<string, PortType>>>
>

const PROFILE = publishProfile({
  app: 'my-app',
  password: 'not-a-secret',
  host: 'localhost',
  explicitPort: 21,
  implicitPort: 990,
  tls: 'implicit'
})

const BY_PROFILE = { 'publish-profile': PROFILE }
const BY_URL = { 'ftp-url': 'ftps://localhost', 'ftp-username': 'my-app\\$my-app', 'ftp-password': 'not-a-secret' }

/** Runs the code that reads inputs; tells which it asked for, and what it complained about. */
function load(given: Readonly<Record<string, string>>): {
  readonly asked: ReadonlySet<string>
  readonly error: string
} {
  const asked = new Set<string>()
  const reader: InputReader = {
    getInput(name) {
      asked.add(name)
      return given[name] ?? ''
    },
    setSecret: () => undefined
  }
  try {
    loadInputs(reader)
    return { asked, error: '' }
  } catch (error) {
    return { asked, error: error instanceof Error ? error.message : String(error) }
  }
}

describe('inputs', () => {
  it('are the same set in action.yml and in the code', () => {
    const asked = [BY_PROFILE, BY_URL, {}].flatMap(given => [...load(given).asked])
    expect([...new Set(asked)].sort()).toEqual(Object.keys(ACTION.inputs).sort())
  })

  it('have the defaults in action.yml that the code gives to empty ones', () => {
    const defaults = Object.entries(ACTION.inputs).flatMap(([name, port]) =>
      port.default === undefined ? [] : [[name, port.default]]
    )
    expect(Object.fromEntries(defaults)).toEqual({ ...DEFAULTS, 'job-status': '${{ job.status }}' })
  })

  it('are accepted with their defaults, and empty', () => {
    expect(load(BY_PROFILE).error).toBe('')
    expect(load({ ...DEFAULTS, ...BY_PROFILE, 'job-status': 'success' }).error).toBe('')
    expect(load({ ...DEFAULTS, ...BY_URL }).error).toBe('')
  })

  it('are never required, because the code tells what is missing', () => {
    expect(Object.values(ACTION.inputs).map(({ required }) => required)).toEqual(
      Object.keys(ACTION.inputs).map(() => false)
    )
  })

  it('have the types that their checks accept', () => {
    const accepted = Object.keys(ACTION.inputs).map(name => [name, typeByComplaint(name)])
    expect(TYPES.inputs).toEqual(Object.fromEntries(accepted))
  })

  it('say so where they do not work yet, and only there', () => {
    const values = (name: string): readonly string[] =>
      TYPES.inputs[name]?.['allowed-values'] ?? (TYPES.inputs[name]?.type === 'boolean' ? ['true', 'false'] : ['1'])
    const broken = Object.keys(ACTION.inputs).filter(name =>
      values(name).some(value => load({ ...BY_PROFILE, [name]: value }).error.includes('does not work yet'))
    )
    const saying = Object.entries(ACTION.inputs).filter(([, { description }]) =>
      /does not work yet in this version|do not work yet in this version/i.test(description)
    )
    expect(saying.map(([name]) => name).sort()).toEqual(broken.sort())
  })
})

/** What kind of value an input takes, by what is said to one that cannot be used. */
function typeByComplaint(name: string): PortType {
  const { error } = load({ ...BY_PROFILE, [name]: 'no such value' })
  if (!error.startsWith(`"${name}" is "no such value": write `)) return { type: 'string' }
  const choices = error.split(': write ')[1] ?? ''
  if (choices === 'true or false') return { type: 'boolean' }
  if (choices.startsWith('a whole number')) return { type: 'integer' }
  return { type: 'enum', 'allowed-values': choices.replace('one of ', '').split(', ') }
}

describe('outputs', () => {
  const outputs = outputsOf(outcomeOf(NOTHING))

  it('are the same in action.yml, in action-types.yml and in the code, in the same order', () => {
    expect(Object.keys(ACTION.outputs)).toEqual(Object.keys(outputs))
    expect(Object.keys(TYPES.outputs)).toEqual(Object.keys(outputs))
  })

  it('have values of their types', () => {
    for (const [name, value] of Object.entries(outputs)) {
      const type = TYPES.outputs[name]
      if (type?.type === 'enum') expect(type['allowed-values'], name).toContain(value)
      else if (type?.type === 'integer') expect(value, name).toMatch(/^\d+$/)
      else if (type?.type === 'boolean') expect(value, name).toMatch(/^(true|false)$/)
      else expect(type?.type, name).toBe('string')
    }
  })
})

describe('action.yml', () => {
  it('is valid by the language service', async () => {
    expect(await complaints('action.yml', read('action.yml'))).toEqual([])
  })

  it('would not be valid with another runtime', async () => {
    const broken = read('action.yml').replace('node24', 'node99')
    expect(await complaints('action.yml', broken)).toEqual([expect.stringContaining('node99')])
  })

  it('starts files that are there, and its post step in any case', () => {
    expect(ACTION.runs).toEqual({ using: 'node24', main: 'dist/main/index.js', post: 'dist/post/index.js' })
    expect(existsSync(join(ROOT, 'dist/main/index.js')) && existsSync(join(ROOT, 'dist/post/index.js'))).toBe(true)
  })

  it('describes itself within the limit of the Marketplace', () => {
    expect(ACTION.description.length).toBeLessThanOrEqual(125)
  })

  it.each([...Object.entries(ACTION.inputs), ...Object.entries(ACTION.outputs)])(
    'describes "%s" in whole sentences',
    (_, { description }) => {
      expect(description).toMatch(/^[A-Z].*\.$/)
      expect(description).not.toMatch(/!|\p{Extended_Pictographic}/u)
    }
  )

  it('mentions only inputs that exist', () => {
    const known = [...Object.keys(ACTION.inputs), 'clean']
    for (const { description } of [...Object.values(ACTION.inputs), ...Object.values(ACTION.outputs)]) {
      const quoted = [...description.replaceAll(/`[^`]*`/g, '').matchAll(/"([a-z-]+)"/g)].map(match => match[1])
      for (const name of quoted) expect(known).toContain(name)
    }
  })
})

const HOLDING_EVERYTHING: Rung = {
  found: {
    layout: 'none',
    environment: {
      path: child(WWWROOT, 'antenv'),
      shape: 'posix',
      proven: true,
      creator: 'venv',
      missing: ['bin/activate'],
      versions: [
        { source: 'lib/python3.11', version: '3.11' },
        { source: 'pyvenv.cfg', version: '3.10' }
      ],
      markers: [],
      cfg: undefined,
      distributions: [],
      sitePackages: undefined,
      gaps: ['pyvenv.cfg could not be read']
    },
    doubt: { detail: 'in doubt', candidates: [] },
    lock: { detail: 'locked' },
    secondArchive: { stale: child(WWWROOT, 'output.tar.gz'), detail: 'two archives' },
    rebuiltBy: [],
    shippedBy: undefined
  },
  expected: {
    pythonInput: '3.12',
    pythonRuntime: undefined,
    kuduScript: { runs: true, detail: '' },
    packagedEnvironment: 'differs',
    removedPackages: ['alpha'],
    requirementsChanged: 'differs',
    ineffective: 'came back'
  },
  policy: { resetEnv: false, mode: 'on-change' }
}

interface Rung {
  readonly found: Snapshot
  readonly expected: Expectation
  readonly policy: Policy
}

const found = (rung: Rung, change: Partial<Snapshot>): Rung => ({ ...rung, found: { ...rung.found, ...change } })
const environment = (rung: Rung, change: Partial<NonNullable<Snapshot['environment']>>): Rung =>
  rung.found.environment ? found(rung, { environment: { ...rung.found.environment, ...change } }) : rung
const policy = (rung: Rung, change: Partial<Policy>): Rung => ({ ...rung, policy: { ...rung.policy, ...change } })
const without = (rung: Rung, name: keyof Expectation): Rung => {
  const kept = Object.entries(rung.expected).filter(([key]) => key !== name)
  return { ...rung, expected: { ...HOLDING_NOTHING, ...Object.fromEntries(kept) } }
}
const HOLDING_NOTHING: Expectation = {
  pythonInput: undefined,
  pythonRuntime: undefined,
  kuduScript: { runs: true, detail: '' }
}

/** Beginning with everything at once, each step takes away what led before, so that the next row of the table leads. */
const LADDER: readonly (readonly [ReasonCode, (rung: Rung) => Rung])[] = [
  ['absent', rung => rung],
  ['unknown', rung => found(rung, { layout: 'compressed-app' })],
  ['deployment-running', rung => found(rung, { doubt: undefined })],
  ['stale-archive', rung => found(rung, { lock: undefined })],
  ['rebuilt-on-deploy', rung => found(rung, { secondArchive: undefined })],
  ['requested', rung => policy(found(rung, { layout: 'venv-tree' }), { resetEnv: true, mode: 'never' })],
  ['never', rung => policy(rung, { resetEnv: false })],
  ['requested', rung => policy(rung, { mode: 'always' })],
  ['ineffective', rung => policy(rung, { mode: 'on-change' })],
  ['no-rebuild', rung => without(rung, 'ineffective')],
  ['broken', rung => found(rung, { rebuiltBy: ['oryx-manifest.toml'] })],
  ['mixed-versions', rung => environment(rung, { missing: [] })],
  ['python-version-changed', rung => environment(rung, { versions: [{ source: 'pyvenv.cfg', version: '3.11' }] })],
  ['venv-in-package', rung => environment(rung, { versions: [{ source: 'pyvenv.cfg', version: '3.12' }] })],
  ['packages-removed', rung => without(rung, 'packagedEnvironment')],
  ['requirements-changed', rung => without(rung, 'removedPackages')],
  ['unknown', rung => without(rung, 'requirementsChanged')],
  ['up-to-date', rung => environment(rung, { gaps: [] })]
]

describe('the reasons in the README', () => {
  it('stand in the order in which the code decides, with the actions that it takes', () => {
    let rung = HOLDING_EVERYTHING
    const decided = LADDER.map(([, take]) => {
      rung = take(rung)
      const { action, reasons } = decide(rung.found, rung.expected, rung.policy)
      return { code: reasons[0].code, action }
    })
    expect(decided.map(({ code }) => code)).toEqual(LADDER.map(([code]) => code))
    expect(decided).toEqual(REASONS.map(({ code, action }) => ({ code, action })))
  })

  it('leave no code out', () => {
    // The type is `never` exactly where every member of the union has a row, so the compiler is the test.
    const every: [Exclude<ReasonCode, (typeof REASONS)[number]['code']>] extends [never] ? true : false = true
    expect(every).toBe(true)
  })
})

describe('README.md', () => {
  it('has the tables that "npm run docs" writes', () => {
    expect(renderReadme(README, ACTION)).toBe(README)
  })

  it('quotes only messages that the code can print', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(file => read(file))
    // A message that is joined from several literals is one message.
    const text = sources.join('\n').replaceAll(/['`] \+\s+['`]/g, '')
    const section = README.slice(README.indexOf('<!-- messages:start -->'), README.indexOf('<!-- messages:end -->'))
    const quoted = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(match => match[1] ?? '')
    expect(quoted.length).toBeGreaterThan(15)
    expect(quoted.filter(message => !text.includes(message))).toEqual([])
  })

  it('links only to files that are there', () => {
    const links = [...README.matchAll(/\]\(([^)#:]+)\)/g)].map(match => match[1] ?? '')
    expect(links.filter(link => !existsSync(join(ROOT, link)))).toEqual([])
  })

  const snippets = [...README.matchAll(/^```yaml\n(.*?)^```/gms)].map(match => match[1] ?? '')

  it('has workflow snippets', () => {
    expect(snippets.length).toBeGreaterThanOrEqual(2)
  })

  it.each(snippets)('has a snippet that is valid and uses only what exists: %#', async snippet => {
    expect(await complaints('.github/workflows/snippet.yml', asWorkflow(snippet))).toEqual([])
    const steps = stepsIn(parse(snippet))
    const ours = steps.filter(({ uses }) => uses === OURS)
    expect(ours).not.toEqual([])
    for (const step of steps) {
      expect(INPUTS_OF).toHaveProperty([step.uses])
      for (const name of Object.keys(step.with ?? {})) expect(INPUTS_OF[step.uses]).toContain(name)
    }
    const ids = ours.flatMap(({ id }) => id ?? [])
    for (const [, id, output] of snippet.matchAll(/\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
      expect(ids).toContain(id)
      expect(Object.keys(ACTION.outputs)).toContain(output)
    }
  })
})

describe('ci.yml', () => {
  const ci = read('.github/workflows/ci.yml')

  it('is valid by the language service', async () => {
    expect(await complaints('.github/workflows/ci.yml', ci)).toEqual([])
  })

  it('would not be valid with a key that is misspelt', async () => {
    expect(await complaints('.github/workflows/ci.yml', ci.replace('runs-on', 'runs_on'))).not.toEqual([])
  })

  it('pins every action to a commit and names its version', () => {
    const used = ci.split('\n').filter(line => /\buses:/.test(line))
    expect(used.length).toBeGreaterThan(0)
    for (const line of used) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  it('may only read, and runs the tests on three systems', () => {
    const workflow = parse(ci) as { permissions: unknown; jobs: { test: { strategy: { matrix: { os: unknown } } } } }
    expect(workflow.permissions).toEqual({ contents: 'read' })
    expect(workflow.jobs.test.strategy.matrix.os).toEqual(['ubuntu-latest', 'windows-latest', 'macos-latest'])
  })

  it('runs only scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }
    const names = [...ci.matchAll(/npm run ([\w:]+)/g)].map(match => match[1] ?? '')
    expect(names.filter(name => !(name in scripts))).toEqual([])
  })
})

const OURS = 'OWNER/azure-python-env@v1'

/** What the actions in the snippets take, the others' by their own action.yml. */
const INPUTS_OF: Readonly<Record<string, readonly string[]>> = {
  [OURS]: Object.keys(ACTION.inputs),
  'actions/checkout@v5': ['fetch-depth'],
  'azure/login@v2': ['client-id', 'tenant-id', 'subscription-id'],
  'azure/webapps-deploy@v3': ['app-name', 'slot-name', 'publish-profile', 'package', 'clean']
}

interface Step {
  readonly id?: string
  readonly uses: string
  readonly with?: Readonly<Record<string, unknown>>
}

type Fragment =
  { readonly steps: readonly Step[] } | { readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>> }

function stepsIn(value: unknown): readonly Step[] {
  const fragment = value as Fragment
  return 'jobs' in fragment ? Object.values(fragment.jobs).flatMap(({ steps }) => steps) : fragment.steps
}

/** Completes a snippet that shows only a part. */
function asWorkflow(snippet: string): string {
  if (snippet.startsWith('steps:')) {
    const steps = snippet.replaceAll(/^(?=.)/gm, '    ')
    return `on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n${steps}`
  }
  return snippet.startsWith('jobs:') ? `on: push\n${snippet}` : snippet
}

/** What GitHub's own language service has against a workflow or an action file. */
async function complaints(name: string, text: string): Promise<readonly string[]> {
  const startOf = (line: number): number => text.split('\n').slice(0, line).join('\n').length + (line > 0 ? 1 : 0)
  const positionAt = (offset: number): { line: number; character: number } => {
    const before = text.slice(0, offset).split('\n')
    return { line: before.length - 1, character: before.at(-1)?.length ?? 0 }
  }
  const diagnostics = await validate({
    // The service keeps what it parsed under a file's address, so each text gets an address of its own.
    uri: `file:///${randomUUID()}/${name}`,
    languageId: 'yaml',
    version: 1,
    lineCount: text.split('\n').length,
    getText: () => text,
    getEOLCharacters: () => '\n',
    getLineRange: line => ({ start: { line, character: 0 }, end: positionAt(startOf(line + 1) - 1) }),
    offsetAt: ({ line, character }) => startOf(line) + character,
    positionAt
  })
  return diagnostics.map(({ message, range }) => `line ${range.start.line + 1}: ${textOf(message)}`)
}

function textOf(message: string | { readonly value: string }): string {
  return typeof message === 'string' ? message : message.value
}
