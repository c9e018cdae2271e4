// Writes the generated tables of README.md (inputs and outputs from action.yml, reasons from the rows below) and
// docs/layouts.md. `--check` writes nothing and exits with 1 where a file would change.
import { readFile, writeFile } from 'node:fs/promises'
import { parse } from 'yaml'
import type { Action, ReasonCode } from '../src/decide.ts'
import { renderLayouts } from './layouts/page.ts'
import { codeSpan, table, unformatted } from './markdown.ts'

/** One input or output of `action.yml`. */
export interface Port {
  readonly description: string
  readonly required?: boolean
  readonly default?: string
}

/** What is read of `action.yml`. */
export interface ActionFile {
  readonly name: string
  readonly description: string
  readonly inputs: Readonly<Record<string, Port>>
  readonly outputs: Readonly<Record<string, Port>>
  readonly runs: Readonly<Record<string, string>>
}

interface ReasonRow {
  readonly code: ReasonCode
  /** Completes "This is the reason if …". */
  readonly when: string
  readonly then: string
  /** What `decide` answers where nobody demands a reset. */
  readonly action: Action
}

/** The reasons in the order of the rules in `src/decide.ts`; a test compares each row with what `decide` does. */
export const REASONS = [
  {
    code: 'absent',
    when: 'There is no environment, and no folder that could be one.',
    then: 'Nothing.',
    action: 'none'
  },
  {
    code: 'unknown',
    when: 'It cannot be told which folder is the environment, or which layout the site has.',
    then: 'Kept, with a warning. A demanded reset fails.',
    action: 'preserve'
  },
  {
    code: 'deployment-running',
    when: 'A deployment holds its lock, and still does after five minutes of waiting.',
    then: 'Kept, with a warning. A demanded reset fails.',
    action: 'preserve'
  },
  {
    code: 'stale-archive',
    when: 'A compressed app has two archives, and their times tell which one is left over.',
    then: 'Only that archive is set aside. Not with "reset-mode" `never`, and only with "reset-method" `ftp`.',
    action: 'reset-archive'
  },
  {
    code: 'rebuilt-on-deploy',
    when:
      'Each deployment builds the environment from nothing: by default on Linux, and on Windows where the environment has ' +
      'no marker.',
    then: 'Nothing. A reset that is demanded removes only an environment that is left over beside a compressed app.',
    action: 'none'
  },
  { code: 'requested', when: '"reset-env" is `true`.', then: 'Reset.', action: 'reset' },
  {
    code: 'never',
    when: '"reset-mode" is `never`.',
    then: 'Kept, with a warning where it is stale.',
    action: 'preserve'
  },
  { code: 'requested', when: '"reset-mode" is `always`.', then: 'Reset.', action: 'reset' },
  {
    code: 'ineffective',
    when: 'One of the reasons below led to a reset before, and the deployment brought the same evidence back.',
    then: 'Kept, with a warning that says what on the server disagrees.',
    action: 'preserve'
  },
  {
    code: 'no-rebuild',
    when:
      'One of the reasons below asks for a reset, but nothing on the server (Oryx manifest, marker, active deployment) ' +
      'shows that the deployment will build a new environment.',
    then: 'Kept, with a warning.',
    action: 'preserve'
  },
  {
    code: 'broken',
    when: 'The interpreter, `activate`, `site-packages` or `pyvenv.cfg` is missing: it was half created or half deleted.',
    then: 'Reset.',
    action: 'reset'
  },
  {
    code: 'mixed-versions',
    when: 'There is evidence of two Python versions, or one package is installed in two versions.',
    then: 'Reset.',
    action: 'reset'
  },
  {
    code: 'python-version-changed',
    when: 'The environment has another Python version than the one that is wanted, compared as 3.12.',
    then: 'Reset.',
    action: 'reset'
  },
  {
    code: 'venv-in-package',
    when: 'The package brings an environment to the same path, and the two `pyvenv.cfg` differ.',
    then: 'Reset.',
    action: 'reset'
  },
  {
    code: 'packages-removed',
    when: 'Packages are installed that neither the requirements nor what they bring ask for any more.',
    then: 'Reset.',
    action: 'reset'
  },
  {
    code: 'requirements-changed',
    when: 'With "reset-mode" `on-change`: the requirements are not those of the last deployment that was seen.',
    then: 'Reset.',
    action: 'reset'
  },
  {
    code: 'unknown',
    when:
      'Evidence cannot be read, nothing tells the Python version, or it is not certain whether anything asks for a package; ' +
      'the detail says which.',
    then: 'Kept, with a warning.',
    action: 'preserve'
  },
  { code: 'up-to-date', when: 'None of the above.', then: 'Kept.', action: 'preserve' }
] as const satisfies readonly ReasonRow[]

/** The inputs that most people need; the others are folded. */
const VISIBLE_INPUTS = [
  'publish-profile',
  'python-version',
  'reset-env',
  'reset-mode',
  'package',
  'dry-run',
  'env-path',
  'on-unreachable'
]

/** Reads the text of `action.yml`. */
export function readAction(text: string): ActionFile {
  return parse(text) as ActionFile
}

/** The README with fresh tables; throws where a marker is missing. */
export function renderReadme(readme: string, action: ActionFile): string {
  const inputs = Object.entries(action.inputs)
  const visible = VISIBLE_INPUTS.map(name => {
    const port = action.inputs[name]
    if (!port) throw new Error(`action.yml has no input ${name}`)
    return [name, port] as const
  })
  const folded = inputs.filter(([name]) => !VISIBLE_INPUTS.includes(name))
  const sections: readonly (readonly [string, string])[] = [
    ['inputs', `${inputTable(visible)}\n\n${details(`The other ${folded.length} inputs`, inputTable(folded))}`],
    ['outputs', table(['Output', 'What it is'], Object.entries(action.outputs).map(outputRow))],
    ['reasons', reasonTable()]
  ]
  return sections.reduce((text, [name, body]) => replaceSection(text, name, body), readme)
}

function replaceSection(readme: string, name: string, body: string): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`]
  const [from, to] = [readme.indexOf(start), readme.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`README.md has no ${start} followed by ${end}`)
  const note = '<!-- Generated by "npm run docs": do not edit between the markers. -->'
  return `${readme.slice(0, from + start.length)}\n\n${note}\n\n${unformatted(body)}\n\n${readme.slice(to)}`
}

function inputTable(inputs: readonly (readonly [string, Port])[]): string {
  const rows = inputs.map(([name, port]) => [
    codeSpan(name),
    port.default === undefined ? '' : codeSpan(port.default),
    port.description
  ])
  return table(['Input', 'Default', 'What it does'], rows)
}

function outputRow([name, { description }]: readonly [string, Port]): readonly string[] {
  return [codeSpan(name), description]
}

function reasonTable(): string {
  return table(
    ['Reason', 'When', 'What happens to the environment'],
    REASONS.map(({ code, when, then }) => [codeSpan(code), when, then])
  )
}

function details(summary: string, body: string): string {
  return `<details>\n<summary>${summary}</summary>\n\n${body}\n\n</details>`
}

async function main(check: boolean): Promise<void> {
  const root = new URL('../', import.meta.url)
  const read = (name: string): Promise<string> => readFile(new URL(name, root), 'utf8')
  const pages = {
    'README.md': renderReadme(await read('README.md'), readAction(await read('action.yml'))),
    'docs/layouts.md': await renderLayouts()
  }
  for (const [name, after] of Object.entries(pages)) {
    // A page that is not there yet is as much out of date as one can be.
    const before = await read(name).catch(() => '')
    if (after === before) {
      process.stdout.write(`${name} is up to date\n`)
    } else if (check) {
      process.stderr.write(`${name} is out of date: run "npm run docs"\n`)
      process.exitCode = 1
    } else {
      await writeFile(new URL(name, root), after)
      process.stdout.write(`${name} is written\n`)
    }
  }
}

if (import.meta.main) await main(process.argv.includes('--check'))
