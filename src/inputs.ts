// The inputs of the action: masked, parsed and validated, before anything connects. The only reader of inputs.
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parsePublishProfile, secretForms, secretsIn } from './azure/publish-profile.ts'
import type { Policy } from './decide.ts'
import {
  fullUserName,
  isSameSlot,
  parseFtpUrl,
  siteOfUserName,
  type FtpAddress,
  type FtpTarget,
  type TlsChoice
} from './ftp/target.ts'
import { PythonVersionError, parseWantedVersion, type PythonVersion } from './python/version.ts'
import { WWWROOT, child, mutable, type MutablePath, type RemotePath } from './site.ts'

/** What is asked of `@actions/core` here. */
export interface InputReader {
  getInput(name: string, options?: { trimWhitespace?: boolean }): string
  setSecret(secret: string): void
}

/** Everything a run is told. */
export interface Inputs {
  readonly target: FtpTarget
  /** Empty where neither a profile nor `app-name` tells it. */
  readonly app: string
  /** Never empty. */
  readonly slot: string
  /** Absolute path of the package on the runner. */
  readonly packagePath: string
  readonly python: PythonVersion | undefined
  readonly policy: Policy
  readonly envPath: MutablePath | undefined
  readonly dryRun: boolean
  readonly connections: number
  readonly timeoutMs: number
  readonly deadlineMs: number
  readonly sweep: 'post' | 'main'
  readonly verify: boolean
  readonly onUnreachable: 'auto' | 'fail' | 'continue'
}

/** An input cannot be used; `message` is a whole sentence that names it and the choices. */
export class InputError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'InputError'
  }
}

/**
 * What an input is when it is left out or passed empty, as `${{ inputs.x }}` is on an event without inputs.
 *
 * `action.yml` repeats these for the readers of it; the runner applies its own defaults only where the key is absent.
 */
export const DEFAULTS = {
  tls: 'auto',
  'tls-verify': 'true',
  package: '.',
  'reset-env': 'false',
  'reset-mode': 'auto',
  'reset-method': 'ftp',
  'dry-run': 'false',
  connections: '8',
  pipelining: 'auto',
  timeout: '30',
  deadline: '15',
  sweep: 'post',
  verify: 'true',
  'on-unreachable': 'auto',
  'fail-on-packaged-venv': 'false'
} as const satisfies Readonly<Record<string, string>>

type WithDefault = keyof typeof DEFAULTS

/** Inputs without a default. */
type Plain =
  | 'publish-profile'
  | 'ftp-url'
  | 'ftp-username'
  | 'ftp-password'
  | 'app-name'
  | 'slot-name'
  | 'resource-group-name'
  | 'requirements-file'
  | 'python-version'
  | 'env-path'
  | 'git-url'
  | 'git-branch'
  | 'toggle-version'
  | 'deploy-script'
  | 'job-status'

/** Inputs that are part of the contract and whose function is not there yet. */
const NOT_YET: readonly Plain[] = [
  'requirements-file',
  'resource-group-name',
  'git-url',
  'git-branch',
  'toggle-version',
  'deploy-script'
]

/** Reads and checks every input; throws `InputError` or `PublishProfileError`, after the secrets have been masked. */
export function loadInputs(reader: InputReader): Inputs {
  maskSecrets(reader)
  const text = (name: Plain | WithDefault): string => textOf(reader, name)
  const mode = choice(reader, 'reset-mode', ['auto', 'on-change', 'always', 'never'])
  const method = choice(reader, 'reset-method', ['ftp', 'toggle-runtime', 'deploy-script'])
  choice(reader, 'pipelining', ['auto', 'off'])
  choice(reader, 'job-status', ['success', 'failure', 'cancelled', ''])
  const failOnPackagedVenv = flag(reader, 'fail-on-packaged-venv')
  const credentials = loadCredentials(reader)
  const inputs: Inputs = {
    target: { ...credentials.login, tls: tlsChoice(reader, credentials.login), verify: flag(reader, 'tls-verify') },
    app: credentials.app,
    slot: credentials.slot,
    packagePath: packagePath(text('package')),
    python: pythonVersion(text('python-version')),
    policy: { resetEnv: flag(reader, 'reset-env'), mode },
    envPath: envPath(text('env-path')),
    dryRun: flag(reader, 'dry-run'),
    connections: wholeNumber(reader, 'connections', 1, 32),
    timeoutMs: wholeNumber(reader, 'timeout', 1, 600) * 1000,
    deadlineMs: wholeNumber(reader, 'deadline', 1, 360) * 60_000,
    sweep: choice(reader, 'sweep', ['post', 'main']),
    verify: flag(reader, 'verify'),
    onUnreachable: choice(reader, 'on-unreachable', ['auto', 'fail', 'continue'])
  }
  if (method !== 'ftp') throw notYet('reset-method', method)
  if (mode === 'on-change') throw notYet('reset-mode', mode)
  if (failOnPackagedVenv) throw notYet('fail-on-packaged-venv', 'true')
  for (const name of NOT_YET) if (text(name) !== '') throw notYet(name, text(name))
  return inputs
}

/** Who logs in where: all that the post step reads again, besides `job-status`. */
export interface Credentials {
  readonly login: FtpAddress & Pick<FtpTarget, 'userName' | 'password'>
  readonly app: string
  readonly slot: string
}

/** Reads the credentials; throws `InputError` or `PublishProfileError`. Masks nothing: see `maskSecrets`. */
export function loadCredentials(reader: InputReader): Credentials {
  const profile = textOf(reader, 'publish-profile')
  const url = textOf(reader, 'ftp-url')
  if (profile !== '' && url !== '') {
    throw new InputError(
      'Both "publish-profile" and "ftp-url" are given: pass one of them, so that it is clear which site is meant'
    )
  }
  if (profile !== '') return fromProfile(reader, profile)
  if (url !== '') return fromUrl(reader, url)
  throw new InputError(
    'Neither "publish-profile" nor "ftp-url" is given. Pass the secret that holds the app\'s publish profile (it is empty ' +
      'in runs for pull requests from forks, and where its name is misspelt); signing in through "az" does not work yet'
  )
}

/** Tells the runner every form of every secret, so that none of them can appear in the log. Never throws. */
export function maskSecrets(reader: InputReader): void {
  for (const form of secretsIn(textOf(reader, 'publish-profile'))) reader.setSecret(form)
  const name = textOf(reader, 'ftp-username')
  const app = textOf(reader, 'app-name')
  const full = fullUserName(name, app, textOf(reader, 'slot-name'))
  const names = [name, full, full.slice(full.lastIndexOf('\\') + 1), `$${app}`]
  for (const form of secretForms(secretOf(reader, 'ftp-password'), names)) reader.setSecret(form)
}

/** How the job went so far, as the runner fills it in; empty: not told. */
export function jobStatus(reader: InputReader): string {
  return textOf(reader, 'job-status')
}

function fromProfile(reader: InputReader, xml: string): Credentials {
  const { address, userName, password, app, slot } = parsePublishProfile(xml)
  const [wantedApp, wantedSlot] = [textOf(reader, 'app-name'), textOf(reader, 'slot-name')]
  if (wantedApp !== '' && wantedApp.toLowerCase() !== app.toLowerCase()) {
    throw new InputError(
      `"app-name" is ${quote(wantedApp)}, but "publish-profile" is that of ${quote(app)}: correct the one that is wrong`
    )
  }
  if (wantedSlot !== '' && !isSameSlot(wantedSlot, slot)) {
    throw new InputError(
      `"slot-name" is ${quote(wantedSlot)}, but "publish-profile" is that of the slot ${quote(slot)}: each slot has a profile of its own`
    )
  }
  return { login: { ...address, userName, password }, app, slot }
}

function fromUrl(reader: InputReader, url: string): Credentials {
  const name = textOf(reader, 'ftp-username')
  const password = secretOf(reader, 'ftp-password')
  if (name === '') throw new InputError('"ftp-username" is empty: it goes with "ftp-url"')
  if (password === '') throw new InputError('"ftp-password" is empty: it goes with "ftp-url"')
  if (/[\r\n\0]/.test(name + password))
    throw new InputError('"ftp-username" or "ftp-password" holds a line break, which no login can have')
  let address: FtpAddress
  try {
    address = parseFtpUrl(url)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    // Credentials in the URL must not be repeated, and it is not known where they begin.
    throw new InputError(`"ftp-url" ${error.message}`)
  }
  const slot = textOf(reader, 'slot-name')
  const app = textOf(reader, 'app-name')
  const userName = fullUserName(name, app, slot)
  const ofName = siteOfUserName(userName)
  if (ofName && app !== '' && ofName.app.toLowerCase() !== app.toLowerCase()) {
    throw new InputError(
      `"app-name" is ${quote(app)}, but "ftp-username" is that of ${quote(ofName.app)}: correct the one that is wrong`
    )
  }
  if (ofName && slot !== '' && !isSameSlot(slot, ofName.slot)) {
    throw new InputError(`"slot-name" is ${quote(slot)}, but "ftp-username" is that of the slot ${quote(ofName.slot)}`)
  }
  return {
    login: { ...address, userName, password },
    app: app === '' ? (ofName?.app ?? '') : app,
    slot: (slot === '' ? ofName?.slot : slot) ?? 'production'
  }
}

function tlsChoice(reader: InputReader, { scheme }: FtpAddress): TlsChoice {
  const tls = choice(reader, 'tls', ['auto', 'explicit', 'implicit', 'off'])
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
      `"package" names ${quote(path)}, which does not exist. Check the code out, or download the artifact, in a step before this one`
    )
  }
  if (!found.isDirectory() && !/\.zip$/i.test(path)) {
    throw new InputError(`"package" names the file ${quote(path)}: it has to be a folder or a .zip`)
  }
  return absolute
}

function pythonVersion(text: string): PythonVersion | undefined {
  if (text === '') return undefined
  try {
    return parseWantedVersion(text)
  } catch (error) {
    if (!(error instanceof PythonVersionError)) throw error
    throw new InputError(`"python-version": ${quote(text)} ${error.message}`)
  }
}

function envPath(text: string): MutablePath | undefined {
  if (text === '') return undefined
  try {
    const names = text.replace(/\/+$/, '').split('/')
    return mutable(names.reduce<RemotePath>((path, name) => child(path, name), WWWROOT))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InputError(
      `"env-path" is ${quote(text)}: write a folder relative to /site/wwwroot, such as antenv, without . and ..`
    )
  }
}

function choice<Choice extends string>(
  reader: InputReader,
  name: Plain | WithDefault,
  choices: readonly Choice[]
): Choice {
  const text = textOf(reader, name)
  const found = choices.find(value => value === text)
  if (found !== undefined) return found
  throw new InputError(`"${name}" is ${quote(text)}: write one of ${choices.filter(value => value !== '').join(', ')}`)
}

/** The core schema of YAML 1.2 has exactly these six spellings. */
function flag(reader: InputReader, name: WithDefault): boolean {
  const text = textOf(reader, name)
  if (['true', 'True', 'TRUE'].includes(text)) return true
  if (['false', 'False', 'FALSE'].includes(text)) return false
  throw new InputError(`"${name}" is ${quote(text)}: write true or false`)
}

function wholeNumber(reader: InputReader, name: WithDefault, least: number, most: number): number {
  const text = textOf(reader, name)
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new InputError(`"${name}" is ${quote(text)}: write a whole number from ${least} to ${most}`)
}

function notYet(name: string, value: string): InputError {
  // A URL may hold a password.
  const shown = quote(value.replace(/\/\/[^/]*@/, '//***@'))
  return new InputError(`"${name}" is ${shown}, which does not work yet in this version: leave it out`)
}

function textOf(reader: InputReader, name: Plain | WithDefault): string {
  const text = reader.getInput(name)
  return text === '' && name in DEFAULTS ? DEFAULTS[name as WithDefault] : text
}

/** Blanks may belong to a password; a line end at its end is one that was pasted along. */
function secretOf(reader: InputReader, name: Plain): string {
  return reader.getInput(name, { trimWhitespace: false }).replace(/[\r\n]+$/, '')
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
