// Runs a step of the action from the committed dist/ exactly as the GitHub runner does: inputs, files, state, defaults.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '..')

/** What a step is run with. */
export interface StepOptions {
  /** The step's `with:`; a key that is absent gets the default of `action.yml`, an empty string stays empty. */
  readonly with: Readonly<Record<string, string>>
  /** PEM file of a CA that the job trusts. */
  readonly caFile?: string | undefined
  /** What the main step saved: for the post step. */
  readonly state?: Readonly<Record<string, string>>
  /** Value of the expression `job.status`. */
  readonly jobStatus?: 'success' | 'failure' | 'cancelled'
  /** The job's workspace; the project's own folder if left out. */
  readonly workspace?: string
  /** Further environment variables, such as `RUNNER_DEBUG`. */
  readonly env?: Readonly<Record<string, string>>
  /** Receives the process as soon as it runs, to send it signals. */
  readonly onStart?: (child: ChildProcess) => void
}

/** How a step ended. */
export interface StepRun {
  /** `null`: it was ended by a signal. */
  readonly exitCode: number | null
  /** Standard output and standard error, as the log shows them. */
  readonly log: string
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  /** Markdown of the job summary. */
  readonly summary: string
}

/** Runs the main or the post step. */
export async function runStep(step: 'main' | 'post', options: StepOptions): Promise<StepRun> {
  const folder = await mkdtemp(join(tmpdir(), 'step-'))
  const files = { output: join(folder, 'output'), state: join(folder, 'state'), summary: join(folder, 'summary') }
  for (const file of Object.values(files)) await writeFile(file, '')
  try {
    const child = spawn(process.execPath, [join(ROOT, 'dist', step, 'index.js')], {
      cwd: options.workspace ?? ROOT,
      env: {
        PATH: process.env['PATH'],
        ...inputVariables(await withDefaults(options)),
        ...Object.fromEntries(Object.entries(options.state ?? {}).map(([name, value]) => [`STATE_${name}`, value])),
        GITHUB_OUTPUT: files.output,
        GITHUB_STATE: files.state,
        GITHUB_STEP_SUMMARY: files.summary,
        GITHUB_WORKSPACE: options.workspace ?? ROOT,
        ...(options.caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.caFile }),
        ...options.env
      },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    options.onStart?.(child)
    let log = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log += text
      })
    }
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve)
    })
    const [output, state, summary] = await Promise.all(Object.values(files).map(file => readFile(file, 'utf8')))
    return { exitCode, log, outputs: parseFile(output ?? ''), state: parseFile(state ?? ''), summary: summary ?? '' }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function withDefaults(options: StepOptions): Promise<Readonly<Record<string, string>>> {
  const metadata = parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { default?: string }>
  }
  const defaults = Object.entries(metadata.inputs).flatMap(([name, input]) =>
    input.default === undefined ? [] : [[name, input.default] as const]
  )
  const evaluated = defaults.map(([name, value]) => [
    name,
    value.replace('${{ job.status }}', options.jobStatus ?? 'success')
  ])
  return { ...(Object.fromEntries(evaluated) as Record<string, string>), ...options.with }
}

/** `app-name` → `INPUT_APP-NAME`: blanks become underscores, dashes stay. */
function inputVariables(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value])
  )
}

/** Reads the runner's files: `name<<delimiter`, the value's lines, the delimiter. A later value replaces an earlier one. */
function parseFile(text: string): Readonly<Record<string, string>> {
  const values: Record<string, string> = {}
  const lines = text.split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const match = /^(.+?)<<(.+)$/.exec(lines[at] ?? '')
    if (!match?.[1] || !match[2]) continue
    const end = lines.indexOf(match[2], at + 1)
    values[match[1]] = lines.slice(at + 1, end).join('\n')
    at = end
  }
  return values
}

/** The annotations in a log: the texts of `::error` and `::warning` commands. */
export function annotations(log: string, kind: 'error' | 'warning'): readonly string[] {
  return [...log.matchAll(new RegExp(`^::${kind}(?: [^:]*)?::(.*)$`, 'gm'))].map(match => decode(match[1] ?? ''))
}

function decode(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}
