// A user's repository, a git server that deploys, and the toggling between them in a process of its own.
import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import type {
  FinishedToggle,
  PendingToggle,
  PushTarget,
  Toggled,
  ToggleRequest
} from '../../src/reset/toggle-runtime.ts'
import { startGitServer, type GitServer } from '../../tools/git-server/index.ts'

const exec = promisify(execFile)

/** Who pushes. No two labs have the same password, because other tests may run beside one that looks at all processes. */
function makeLogin(): Pick<PushTarget, 'userName' | 'password'> {
  return { userName: '$app', password: `S3cret'"$(id)\`\\%41 ü:@/${randomUUID()}` }
}

/** When the process kills itself. */
export interface Moment {
  readonly stage?: PendingToggle['stage']
  /** A line that it is told to show. */
  readonly line?: string
}

/** What the process is to do. */
export type Work = { readonly killAt?: Moment } & (
  | { readonly kind: 'toggle'; readonly request: ToggleRequest }
  | { readonly kind: 'finish'; readonly target: PushTarget; readonly toggled: string | undefined }
)

/** What the process tells. */
export type Told =
  | { readonly line: string }
  | { readonly slept: number }
  | { readonly saved: PendingToggle }
  | { readonly toggled: Toggled }
  | { readonly finished: FinishedToggle }
  | { readonly error: string }

/** How it went. */
export interface Went {
  readonly lines: readonly string[]
  readonly saved: readonly PendingToggle[]
  readonly sleeps: number
  readonly toggled: Toggled | undefined
  readonly finished: FinishedToggle | undefined
  readonly error: string | undefined
  readonly signal: string | null
  readonly stderr: string
}

/** How one run differs from the usual one. */
export interface RunOptions {
  readonly request?: Partial<ToggleRequest>
  readonly killAt?: Moment
  readonly env?: Readonly<Record<string, string>>
  /** Is called with the process as soon as it runs. */
  readonly onStart?: (pid: number) => void
}

/** A user's repository and the app that it is pushed to. */
export interface ToggleLab {
  readonly server: GitServer
  readonly login: Pick<PushTarget, 'userName' | 'password'>
  /** Where the commits are made: full, on the branch `main`. */
  readonly origin: string
  /** Commits files to the origin, and gives the commit. */
  commit(files: Readonly<Record<string, string>>): Promise<string>
  /** Deploys a commit of the origin as it is, with git alone, and with the password in its arguments. */
  deploy(commit: string, branch?: string): Promise<void>
  /** Checks out as actions/checkout does: detached. Without a depth: all. */
  checkOut(depth?: number): Promise<string>
  toggle(workspace: string, options?: RunOptions): Promise<Went>
  finish(toggled?: string, options?: RunOptions): Promise<Went>
}

/** Runs git for what it prints, without the settings of this machine's user. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  return gitWith({}, folder, ...args)
}

async function gitWith(
  more: Readonly<Record<string, string>>,
  folder: string,
  ...args: readonly string[]
): Promise<string> {
  const person = { GIT_AUTHOR_NAME: 'U', GIT_AUTHOR_EMAIL: 'u@x.example', GIT_COMMITTER_NAME: 'U' }
  const env = { ...process.env, ...person, GIT_COMMITTER_EMAIL: 'u@x.example', GIT_CONFIG_GLOBAL: '/dev/null', ...more }
  const { stdout } = await exec('git', [...args], { cwd: folder, env, maxBuffer: 100_000_000 })
  return stdout.trim()
}

/** Starts a server, and makes a repository with one commit, until the end of the test. */
export async function startToggleLab(files: Readonly<Record<string, string>> = FIRST): Promise<ToggleLab> {
  const folder = await mkdtemp(join(tmpdir(), 'toggle '))
  const login = makeLogin()
  const server = await startGitServer(login)
  onTestFinished(async () => {
    await server.close()
    // What was killed has left its own folders here, and its git may still be about to.
    await rm(folder, { recursive: true, maxRetries: 5 })
  })
  const origin = join(folder, 'origin')
  await git(folder, 'init', '--quiet', '--initial-branch=main', origin)
  const target: PushTarget = { url: server.url, branch: 'master', ...login, timeoutMs: 60_000 }
  let checkouts = 0
  const lab: ToggleLab = {
    server,
    login,
    origin,
    commit: changes => commitTo(origin, changes),
    async deploy(commit, branch = 'master') {
      const basic = Buffer.from(`${login.userName}:${login.password}`).toString('base64')
      const header = `Authorization: Basic ${basic}`
      const refspec = `${commit}:refs/heads/${branch}`
      const push = ['-c', `http.extraHeader=${header}`, 'push', '--quiet', '--force', server.url, refspec]
      await gitWith({ GIT_SSL_CAINFO: server.caFile }, origin, ...push)
      await rm(server.samples, { force: true })
    },
    async checkOut(depth) {
      checkouts += 1
      const workspace = join(folder, `checkout ${checkouts}`)
      const limits = depth === undefined ? [] : [`--depth=${depth}`]
      await git(folder, 'clone', '--quiet', ...limits, `file://${origin}`, workspace)
      await git(workspace, 'checkout', '--quiet', '--detach')
      return workspace
    },
    toggle(workspace, { request, ...options } = {}) {
      const usual = { ...target, workspace, wanted: undefined, via: undefined, run: '1-1', dryRun: false }
      return start({ kind: 'toggle', request: { ...usual, ...request } }, server, folder, options)
    },
    finish(toggled, { request, ...options } = {}) {
      return start({ kind: 'finish', target: { ...target, ...request }, toggled }, server, folder, options)
    }
  }
  await lab.commit(files)
  return lab
}

async function commitTo(folder: string, changes: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(changes)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await git(folder, 'add', '--all')
  await git(folder, 'commit', '--quiet', '--message', `Change ${Object.keys(changes).join(' ')}`)
  return git(folder, 'rev-parse', 'HEAD')
}

const FIRST = { 'runtime.txt': 'python-3.6\n', 'requirements.txt': 'alpha==1.0\n', 'app.py': 'print(1)\n' }

async function start(
  work: Work,
  { caFile }: GitServer,
  temporary: string,
  options: Omit<RunOptions, 'request'>
): Promise<Went> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'toggling-process.ts')], {
    env: { ...process.env, GIT_SSL_CAINFO: caFile, TMPDIR: temporary, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe']
  })
  if (child.pid !== undefined) options.onStart?.(child.pid)
  child.stdin.end(JSON.stringify(options.killAt ? { ...work, killAt: options.killAt } : work))
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // Not its streams' end: what a killed process has started may hold them for longer.
  const signal = await new Promise<string | null>(resolve => {
    child.once('exit', (_, by) => {
      resolve(by)
    })
  })
  // All that it wrote is in the pipe by then, and what was killed can close no pipe that its git still holds.
  if (signal === null) await finished(child.stdout)
  else await new Promise(resolve => setImmediate(resolve))
  const told = stdout.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as Told]))
  return {
    lines: told.flatMap(each => ('line' in each ? [each.line] : [])),
    saved: told.flatMap(each => ('saved' in each ? [each.saved] : [])),
    sleeps: told.filter(each => 'slept' in each).length,
    toggled: told.flatMap(each => ('toggled' in each ? [each.toggled] : []))[0],
    finished: told.flatMap(each => ('finished' in each ? [each.finished] : []))[0],
    error: told.flatMap(each => ('error' in each ? [each.error] : []))[0],
    signal,
    stderr
  }
}
