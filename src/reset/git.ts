// git, run without a word and without anything that the user has set up for it: no hooks, prompts, signatures, submodules,
// redirects or credential helpers. Knows how git is started, not what for.
import { plain } from '../escape.ts'
import type { ProgramExtras, ProgramResult, RunProgram } from '../ports.ts'
import { ToggleError } from './toggle-version.ts'

/** How git is run. */
export interface GitRunner {
  readonly run: RunProgram
  readonly signal: AbortSignal
}

/** What one call of git needs besides its arguments. */
export interface GitCall extends Pick<ProgramExtras, 'input' | 'env' | 'cwd' | 'onLine'> {
  /** More settings, which win over those of the user. */
  readonly config?: readonly GitSetting[]
  readonly timeoutMs?: number
}

/** A setting: its name, and its value. */
export type GitSetting = readonly [string, string]

/** How git ended: by itself, or because its time was up. */
export type GitEnd = Extract<ProgramResult, { kind: 'ended' | 'late' }>

/** What works on the objects of one repository takes a moment. */
const LOCAL_TIMEOUT_MS = 120_000

/**
 * What would lead git elsewhere, or print what it sends, is taken out of its environment; Node's options are taken from
 * the program that git asks for the password.
 */
const TAKEN_OUT = [
  ...['DIR', 'WORK_TREE', 'INDEX_FILE', 'OBJECT_DIRECTORY', 'ALTERNATE_OBJECT_DIRECTORIES', 'COMMON_DIR', 'NAMESPACE'],
  ...['CONFIG_PARAMETERS', 'SHALLOW_FILE', 'GRAFT_FILE', 'REPLACE_REF_BASE', 'SSL_NO_VERIFY'],
  ...['TRACE', 'TRACE_CURL', 'TRACE_CURL_NO_DATA', 'TRACE_PACKET', 'TRACE_PACKFILE', 'TRACE_SETUP', 'CURL_VERBOSE']
].map(name => `GIT_${name}`)

const ENVIRONMENT: NonNullable<ProgramExtras['env']> = {
  ...Object.fromEntries([...TAKEN_OUT, 'SSH_ASKPASS', 'NODE_OPTIONS'].map(name => [name, undefined])),
  // Messages are told apart by their text.
  LC_ALL: 'C',
  // An empty program is none, and stands before whatever the user's settings name.
  GIT_ASKPASS: '',
  GIT_TERMINAL_PROMPT: '0',
  GCM_INTERACTIVE: 'never',
  // Not even the index of the user's clone is refreshed.
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_ALLOW_PROTOCOL: 'https',
  GIT_DEFAULT_HASH: 'sha1',
  GIT_DEFAULT_REF_FORMAT: 'files'
}

const SETTINGS: readonly GitSetting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.askPass', ''],
  ['core.logAllRefUpdates', 'false'],
  ['commit.gpgSign', 'false'],
  ['push.gpgSign', 'false'],
  ['push.followTags', 'false'],
  ['push.recurseSubmodules', 'no'],
  // Empty is none: a server that knows no options refuses the push that has one.
  ['push.pushOption', ''],
  ['fetch.recurseSubmodules', 'false'],
  ['submodule.recurse', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['color.ui', 'false'],
  ['color.remote', 'false'],
  ['credential.helper', '']
]

/** Runs git; throws `ToggleError` where it is missing or cannot be started. Its exit code is an answer. */
export async function runGit({ run, signal }: GitRunner, args: readonly string[], call: GitCall = {}): Promise<GitEnd> {
  const { config = [], timeoutMs = LOCAL_TIMEOUT_MS, env = {}, ...extras } = call
  const settings = configEnvironment([...SETTINGS, ...config], process.env['GIT_CONFIG_COUNT'])
  const result = await run(
    'git',
    args,
    { timeoutMs, signal },
    { ...extras, env: { ...ENVIRONMENT, ...settings, ...env } }
  )
  switch (result.kind) {
    case 'missing':
      throw new ToggleError(
        'There is no git on the path of this runner, and "reset-method" toggle-runtime pushes with it. Install git, or ' +
          'use "reset-method" ftp'
      )
    case 'failed':
      throw new ToggleError(`git could not be started: ${plain(result.detail)}`)
    default:
      return result
  }
}

/** Runs git for what it prints; throws `ToggleError` with its own words where it fails. */
export async function gitOutput(runner: GitRunner, args: readonly string[], call: GitCall = {}): Promise<string> {
  const end = await runGit(runner, args, call)
  if (end.kind === 'ended' && end.exitCode === 0) return end.stdout
  throw new ToggleError(`git ${args[0] ?? ''} failed: ${complaintOf(end)}`)
}

/** What git says is wrong, in one line. Foreign text, made harmless. */
export function complaintOf(end: GitEnd): string {
  if (end.kind === 'late') return 'it took too long'
  const lines = end.stderr.split(/\r?\n/).filter(line => !line.startsWith('remote: '))
  const said = lines.filter(line => /^(?:fatal|error): /.test(line)).map(line => line.replace(/^\w+: /, ''))
  return plain(said[0] ?? lines.find(line => line.trim() !== '') ?? `exit code ${end.exitCode}`, 300)
}

/** Whether a text is the whole id of a commit: nothing else may stand in a refspec, where no id at all means to delete. */
export function isCommitId(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/**
 * Settings as git reads them from its environment (git-config(1), `GIT_CONFIG_COUNT`), behind those that are there
 * already: a job in a container may name its safe folders that way.
 */
function configEnvironment(settings: readonly GitSetting[], present: string | undefined): Record<string, string> {
  const before = /^\d{1,4}$/.test(present ?? '') ? Number(present) : 0
  const pairs = settings.flatMap(([name, value], at) => [
    [`GIT_CONFIG_KEY_${before + at}`, name],
    [`GIT_CONFIG_VALUE_${before + at}`, value]
  ])
  return {
    ...(Object.fromEntries(pairs) as Record<string, string>),
    GIT_CONFIG_COUNT: String(before + settings.length)
  }
}
