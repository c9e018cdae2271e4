// The inputs of the action: masked, parsed and validated, before anything connects. With `credentials`, the only reader of inputs.
import { statSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { AzureApp } from './azure/cli.ts'
import { azQuestion, loadCredentials, maskSecrets, type Credentials } from './credentials.ts'
import { isDemanded, type Policy } from './decide.ts'
import type { FtpAddress, FtpTarget, TlsChoice } from './ftp/target.ts'
import {
  InputError,
  choice,
  flag,
  quote,
  textOf,
  wholeNumber,
  type InputReader,
  type Plain,
  type WithDefault
} from './input-values.ts'
import { PythonVersionError, parseWantedVersion, type PythonVersion } from './python/version.ts'
import { KUDU_RUNTIMES } from './reset/toggle-version.ts'
import { WWWROOT, isFileName, mutable, pathBelow, type MutablePath } from './site.ts'

/** Everything a run is told. */
export interface Inputs extends Choices {
  readonly target: FtpTarget
  /** Empty where neither a profile nor `app-name` tells it. */
  readonly app: string
  /** Never empty. */
  readonly slot: string
}

/** What a run is told apart from who logs in where. */
export interface Choices {
  /** The app whose profile has to be asked for; `undefined`: the inputs hold the credentials. */
  readonly question: AzureApp | undefined
  /** Absolute path of the package on the runner. */
  readonly packagePath: string
  /** The package from the workspace, with `/` behind it, or empty. `undefined`: it is packed, or lies elsewhere. */
  readonly packageFolder: string | undefined
  /** From the top of the package, with `/`. */
  readonly requirementsFile: string | undefined
  readonly failOnPackagedVenv: boolean
  readonly python: PythonVersion | undefined
  readonly policy: Policy
  readonly envPath: MutablePath | undefined
  readonly dryRun: boolean
  readonly connections: number
  /** Several commands may be under way on one connection. */
  readonly pipelining: boolean
  readonly timeoutMs: number
  readonly deadlineMs: number
  readonly sweep: 'post' | 'main'
  readonly verify: boolean
  readonly onUnreachable: 'auto' | 'fail' | 'continue'
  readonly method: Method
}

/** How an environment is got rid of, with what only that way needs to know. */
export type Method =
  | { readonly kind: 'ftp' }
  /** `script`: a path from the top of the package; `undefined`: it is looked for. */
  | { readonly kind: 'deploy-script'; readonly script: string | undefined }
  | { readonly kind: 'toggle-runtime'; readonly branch: string; readonly via: PythonVersion | undefined }

/**
 * Reads and checks every input; throws `InputError` or `PublishProfileError`, after the secrets have been masked.
 *
 * The credentials come from elsewhere where the inputs hold none.
 */
export function loadInputs(
  reader: InputReader,
  choices: Choices = loadChoices(reader),
  { login, app, slot }: Credentials = loadCredentials(reader)
): Inputs {
  const target = { ...login, tls: tlsChoice(reader, login), verify: flag(reader, 'tls-verify') }
  return { ...choices, target, app, slot }
}

/** Reads and checks, after masking, all that can be checked before it is known who logs in; throws `InputError`. */
export function loadChoices(reader: InputReader): Choices {
  maskSecrets(reader)
  const text = (name: Plain | WithDefault): string => textOf(reader, name)
  const mode = choice(reader, 'reset-mode', ['auto', 'on-change', 'always', 'never'])
  choice(reader, 'job-status', ['success', 'failure', 'cancelled', ''])
  choice(reader, 'tls', TLS_CHOICES)
  flag(reader, 'tls-verify')
  return {
    question: azQuestion(reader),
    packagePath: packagePath(text('package')),
    packageFolder: packageFolder(packagePath(text('package'))),
    requirementsFile: requirementsFile(text('requirements-file')),
    failOnPackagedVenv: flag(reader, 'fail-on-packaged-venv'),
    python: pythonVersion('python-version', text('python-version')),
    policy: { resetEnv: flag(reader, 'reset-env'), mode },
    envPath: envPath(text('env-path')),
    dryRun: flag(reader, 'dry-run'),
    connections: wholeNumber(reader, 'connections', 1, 32),
    pipelining: choice(reader, 'pipelining', ['auto', 'off']) === 'auto',
    timeoutMs: wholeNumber(reader, 'timeout', 1, 600) * 1000,
    deadlineMs: wholeNumber(reader, 'deadline', 1, 360) * 60_000,
    sweep: choice(reader, 'sweep', ['post', 'main']),
    verify: flag(reader, 'verify'),
    onUnreachable: choice(reader, 'on-unreachable', ['auto', 'fail', 'continue']),
    method: method(reader)
  }
}

/** Whether the server is looked at over FTP: another way of resetting looks only where the look decides. */
export function looksOverFtp({ method: { kind }, policy }: Pick<Choices, 'method' | 'policy'>): boolean {
  return kind === 'ftp' || (!isDemanded(policy) && policy.mode !== 'never')
}

function method(reader: InputReader): Method {
  const kind = choice(reader, 'reset-method', ['ftp', 'toggle-runtime', 'deploy-script'])
  const script = textOf(reader, 'deploy-script') || undefined
  const via = pythonVersion('toggle-version', textOf(reader, 'toggle-version'))
  const branch = textOf(reader, 'git-branch') || 'master'
  checkGitUrl(textOf(reader, 'git-url'))
  if (via !== undefined && !KUDU_RUNTIMES.includes(via)) {
    throw new InputError(
      `"toggle-version" is ${quote(via)}: Kudu's script for Windows knows ${KUDU_RUNTIMES.join(', ')}, and deploys nothing for another`
    )
  }
  if (kind === 'toggle-runtime') return { kind, branch, via }
  return kind === 'deploy-script' ? { kind, script } : { kind }
}

/** Its value is never repeated: it may hold a password. */
function checkGitUrl(text: string): void {
  if (text === '') return
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.username !== '' || url.password !== '')) {
    throw new InputError('"git-url" holds credentials: leave them out, they come from the publish profile')
  }
  if (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '' || /\s/.test(text)) {
    throw new InputError('"git-url" is not of the form https://HOST/APP.git')
  }
}

/** How the job went so far, as the runner fills it in; empty: not told. */
export function jobStatus(reader: InputReader): string {
  return textOf(reader, 'job-status')
}

const TLS_CHOICES: readonly TlsChoice[] = ['auto', 'explicit', 'implicit', 'off']

function tlsChoice(reader: InputReader, { scheme }: FtpAddress): TlsChoice {
  const tls = choice(reader, 'tls', TLS_CHOICES)
  if (tls === 'off' && scheme === 'ftps') {
    throw new InputError(
      '"tls" is off, but the address begins with ftps://, which promises TLS: write ftp://, or leave "tls" out'
    )
  }
  return tls
}

function packagePath(path: string): string {
  const absolute = resolve(path)
  const found = statSync(absolute, { throwIfNoEntry: false })
  if (!found) {
    throw new InputError(
      `"package" names ${quote(path)}, which does not exist. Check the code out, or download the artifact, in a step before this one; patterns such as *.zip are not expanded`
    )
  }
  if (!found.isDirectory() && !/\.zip$/i.test(path)) {
    throw new InputError(`"package" names the file ${quote(path)}: it has to be a folder or a .zip`)
  }
  return absolute
}

function packageFolder(absolute: string): string | undefined {
  const parts = relative(process.cwd(), absolute).split(sep)
  if (parts[0] === '..' || isAbsolute(parts.join(sep)) || /\.zip$/i.test(absolute)) return undefined
  return parts[0] === '' ? '' : `${parts.join('/')}/`
}

function requirementsFile(text: string): string | undefined {
  if (text === '') return undefined
  const path = text.replace(/^(\.\/)+/, '')
  if (path.split('/').every(isFileName)) return path
  throw new InputError(
    `"requirements-file" is ${quote(text)}: write a path from the top of "package", with / and without . and ..`
  )
}

function pythonVersion(name: Plain, text: string): PythonVersion | undefined {
  if (text === '') return undefined
  try {
    return parseWantedVersion(text)
  } catch (error) {
    if (!(error instanceof PythonVersionError)) throw error
    throw new InputError(`"${name}": ${quote(text)} ${error.message}`)
  }
}

function envPath(text: string): MutablePath | undefined {
  if (text === '') return undefined
  const path = pathBelow(WWWROOT, text)
  if (path) return mutable(path)
  throw new InputError(
    `"env-path" is ${quote(text)}: write a folder relative to /site/wwwroot, such as antenv, without . and ..`
  )
}
