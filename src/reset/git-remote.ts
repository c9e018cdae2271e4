// The repository on the server: what its branches stand on, and pushing one commit to one branch. What went wrong is told
// from git's own words, and whether a push took hold only from what the server says afterwards.
import { plain } from '../escape.ts'
import { readPushLog, type PushLog } from '../azure/push-log.ts'
import { complaintOf, isCommitId, runGit, type GitCall, type GitEnd, type GitRunner } from './git.ts'
import { offerPassword, type GitLogin } from './git-password.ts'
import { ToggleError } from './toggle-version.ts'

/** Where to push, and what one command may take. */
export interface RemoteTarget extends GitLogin {
  readonly branch: string
  /** One push, which ends when its deployment has. */
  readonly pushTimeoutMs: number
}

/** What a remote needs from outside. */
export interface RemoteOutside extends GitRunner {
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Receives each line that is to be shown; those of a deployment are foreign text. */
  readonly say: (line: string) => void
}

/** A push that is asked for. */
export interface Push {
  readonly commit: string
  /** What the branch has to stand on; `undefined`: it must not be there. */
  readonly over: string | undefined
}

/** The repository on the server. */
export interface Remote {
  readonly branch: string
  /** The commit of each branch, by its name. */
  branches(): Promise<ReadonlyMap<string, string>>
  /** Pushes from a repository, and gives the log once the branch stands on the commit; throws `ToggleError` if it does not. */
  push(gitDir: string, push: Push): Promise<PushLog>
  /** Fetches a branch with as many commits of its history into a repository that is thrown away afterwards. */
  fetch(gitDir: string, depth: number): Promise<void>
}

/** A push that did not take hold, or of which that is not known. */
export class PushError extends ToggleError {
  /** What the branch stands on now: what it stood on before, something else, or that could not be found out. */
  readonly standing: 'unchanged' | 'changed' | 'unknown'

  constructor(message: string, standing: PushError['standing']) {
    super(message)
    this.standing = standing
  }
}

const LIST_TIMEOUT_MS = 60_000
const FETCH_TIMEOUT_MS = 300_000

/** Between two looks at a server that is busy, or out of reach. */
const PAUSE_MS = 15_000

/** How often a server that is out of reach after a push is asked again. */
const MAX_LOOKS = 4

/** Reaches the repository on the server while some work is done. */
export async function withRemote<T>(
  target: RemoteTarget,
  outside: RemoteOutside,
  work: (remote: Remote) => Promise<T>
): Promise<T> {
  checkUrl(target.url)
  const offer = await offerPassword(target)
  const call = { config: offer.config, env: offer.env }
  const listing = (): Promise<GitEnd> => listBranches(target, outside, call)
  try {
    return await work({
      branch: target.branch,
      branches: async () => branchesIn(await listing(), target),
      push: (gitDir, push) => pushUntilSettled(target, outside, { ...call, cwd: gitDir }, push),
      async fetch(gitDir, depth) {
        const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']
        const refspec = `+refs/heads/${target.branch}:refs/toggled/tip`
        const args = ['--git-dir=.', 'fetch', ...quiet, `--depth=${depth}`, target.url, refspec]
        const end = await runGit(outside, args, { ...call, cwd: gitDir, timeoutMs: FETCH_TIMEOUT_MS })
        if (!isSuccess(end)) throw refusalOf(end, target)
      }
    })
  } finally {
    await offer.close()
  }
}

function checkUrl(url: string): void {
  if (!URL.canParse(url)) throw new ToggleError('"git-url" is no address: write https://HOST/APP.git')
  const { protocol, username, password, search, hash } = new URL(url)
  // The address is printed and stands in argument lists, and anything but HTTPS would show the password.
  if (username !== '' || password !== '') {
    throw new ToggleError('"git-url" holds credentials: leave them out, they come from the publish profile')
  }
  if (protocol !== 'https:' || search !== '' || hash !== '' || /\s/.test(url)) {
    throw new ToggleError('"git-url" is not of the form https://HOST/APP.git')
  }
}

/**
 * Asks what a push would find. Not `git ls-remote`: on an app that has content and no repository yet, reading makes Kudu
 * turn wwwroot itself into one (projectkudu/kudu, `InfoRefsController.InitialCommitIfNecessary`).
 */
function listBranches({ url }: RemoteTarget, runner: GitRunner, call: GitCall): Promise<GitEnd> {
  // gitremote-helpers(7): the empty line ends the conversation.
  const input = 'list for-push\n\n'
  return runGit(runner, ['remote-https', url, url], { ...call, input, timeoutMs: LIST_TIMEOUT_MS })
}

function branchesIn(end: GitEnd, target: RemoteTarget): ReadonlyMap<string, string> {
  if (!isSuccess(end)) throw refusalOf(end, target)
  const found = [...end.stdout.matchAll(/^([0-9a-f]{40}) refs\/heads\/(.+)$/gm)]
  return new Map(found.map(([, commit = '', name = '']) => [name, commit]))
}

/**
 * Pushes, and waits where another deployment is under way. A push may lose its connection while its deployment goes on
 * (Azure cuts one that is silent for 230 s), so that only the branch itself tells whether it took hold.
 */
async function pushUntilSettled(
  target: RemoteTarget,
  outside: RemoteOutside,
  call: GitCall,
  push: Push
): Promise<PushLog> {
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    const lines: string[] = []
    const end = await pushOnce(target, outside, call, push, line => {
      lines.push(line)
      outside.say(line)
    })
    const now = await lookAgain(target, outside, call)
    if (now === push.commit) return readPushLog(lines)
    if (!isBusy(end) || waitedMs >= target.pushTimeoutMs) throw rejectionOf(end, target, push, now)
    outside.say('Another deployment is under way on the server. Waiting for its end')
    await outside.sleep(PAUSE_MS, outside.signal)
  }
}

function pushOnce(
  { url, branch, pushTimeoutMs }: RemoteTarget,
  runner: GitRunner,
  call: GitCall,
  { commit, over }: Push,
  onLine: (line: string) => void
): Promise<GitEnd> {
  // A refspec without its first half would delete the branch.
  if (!isCommitId(commit)) throw new ToggleError('There is no commit to push')
  const ref = `refs/heads/${branch}`
  const plainly = ['--no-verify', '--no-follow-tags', '--no-signed', '--recurse-submodules=no']
  const lease = `--force-with-lease=${ref}:${over ?? ''}`
  return runGit(runner, ['--git-dir=.', 'push', '--porcelain', ...plainly, lease, url, `${commit}:${ref}`], {
    ...call,
    timeoutMs: pushTimeoutMs,
    onLine: line => {
      // git pads what the server writes.
      const said = /^remote: ?(.*?)\s*$/.exec(line)?.[1]
      if (said !== undefined && said !== '') onLine(said)
    }
  })
}

async function lookAgain(target: RemoteTarget, outside: RemoteOutside, call: GitCall): Promise<string | undefined> {
  for (let looks = 1; ; looks++) {
    const end = await listBranches(target, outside, call)
    if (isSuccess(end)) return branchesIn(end, target).get(target.branch)
    if (looks === MAX_LOOKS) {
      const message =
        `${refusalOf(end, target).message}. What the branch ${JSON.stringify(target.branch)} stands on is not known: the ` +
        'post step looks again, and so does the next run'
      throw new PushError(message, 'unknown')
    }
    outside.say(`The server did not say what the branch stands on: ${complaintOf(end)}`)
    await outside.sleep(PAUSE_MS, outside.signal)
  }
}

function isSuccess(end: GitEnd): end is Extract<GitEnd, { kind: 'ended' }> {
  return end.kind === 'ended' && end.exitCode === 0
}

/** Kudu answers 409 while it deploys (projectkudu/kudu, `ReceivePackHandler`). */
function isBusy(end: GitEnd): boolean {
  return end.kind === 'ended' && /\b(?:HTTP|error:) 409\b/.test(end.stderr)
}

/** Why the branch does not stand on what was pushed. */
function rejectionOf(end: GitEnd, target: RemoteTarget, { over }: Push, now: string | undefined): PushError {
  const what = `The push to the branch ${JSON.stringify(target.branch)} was refused`
  if (now === over) return new PushError(`${what}: ${reasonOf(end, target)}`, 'unchanged')
  return new PushError(
    `${what}: somebody else pushed to it meanwhile, so nothing was overwritten. Run again, and let only one run at a ` +
      'time deploy this app ("concurrency" in the workflow)',
    'changed'
  )
}

function reasonOf(end: GitEnd, target: RemoteTarget): string {
  if (isBusy(end)) return 'another deployment has been under way for too long. Run again later'
  const reason = end.kind === 'ended' ? /^!\t[^\t]*\t(.*)$/m.exec(end.stdout)?.[1] : undefined
  if (reason?.includes('shallow update not allowed') === true) return NEEDS_HISTORY
  if (end.kind === 'ended' && MISSING_OBJECT.test(end.stderr)) {
    return (
      'the checkout lacks files that have to be pushed, as a sparse or partial one does. Leave "sparse-checkout" and ' +
      '"filter" of actions/checkout out'
    )
  }
  return reason === undefined ? refusalOf(end, target).message : plain(reason, 300)
}

const MISSING_OBJECT = /^fatal: (?:unable to read|bad (?:tree )?object|missing blob|could not read)/im

/** What to change where the history that is needed was not checked out. */
export const NEEDS_HISTORY =
  'the checkout is shallow, and lacks the history between what is deployed and HEAD. Give "fetch-depth: 0" to ' +
  'actions/checkout'

/** What is wrong where the server gave no answer, or refused to. */
function refusalOf(end: GitEnd, { url }: RemoteTarget): ToggleError {
  const host = new URL(url).host
  const said = complaintOf(end)
  const status = /returned error: (\d{3})/.exec(said)?.[1]
  if (/Authentication failed|could not read (?:Username|Password)/.test(said) || status === '401') {
    return new ToggleError(
      `${host} refused the login for git. Check that "publish-profile" is current, and that basic authentication is on ` +
        'for SCM (App Service: Configuration, General settings, "SCM Basic Auth Publishing Credentials")'
    )
  }
  if (status === '403') {
    return new ToggleError(
      `${host} does not let this runner in (403): the app is stopped, or its SCM site has access rules`
    )
  }
  if (status === '404' || /repository '.*' not found/.test(said)) {
    return new ToggleError(
      `${host} has no repository there: deployments by git push are not set up for this app. Set them up (App Service: ` +
        'Deployment Center, Local Git), or correct "git-url"'
    )
  }
  if (/certificate|SSL|TLS/i.test(said)) {
    return new ToggleError(
      `The certificate of ${host} could not be verified: ${said}. For a private CA set GIT_SSL_CAINFO in the job's environment`
    )
  }
  return new ToggleError(`git could not reach the repository on ${host}: ${said}`)
}
