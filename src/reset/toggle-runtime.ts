// Toggling the runtime: two pushes, between which Kudu's Windows script finds no marker of the runtime that it is told to
// use, and so makes the environment anew. The branch ends on the user's commit, or this ends in an error that says it does not.
import { plain } from '../escape.ts'
import type { PushLog } from '../azure/push-log.ts'
import type { PythonVersion } from '../python/version.ts'
import { runGit } from './git.ts'
import { NEEDS_HISTORY, PushError, withRemote, type Remote, type RemoteOutside } from './git-remote.ts'
import {
  isAncestor,
  makeToggled,
  readClone,
  recogniseToggled,
  runtimeTextOf,
  withScratch,
  type Clone,
  type Origin,
  type Scratch
} from './toggle-commit.ts'
import { judge, type Deployment } from './toggle-outcome.ts'
import { chooseRuntimes, ToggleError } from './toggle-version.ts'

/** Where the app is deployed to by git push. */
export interface PushTarget {
  /** `https://HOST/APP.git`, without credentials. */
  readonly url: string
  readonly branch: string
  /** `$app` or `$app__slot`. */
  readonly userName: string
  readonly password: string
  /** What one push with its deployment may take, and how long another deployment is waited for. */
  readonly timeoutMs: number
}

/** What is to be toggled. */
export interface ToggleRequest extends PushTarget {
  /** Absolute path of the checked-out repository, or of a folder in it. */
  readonly workspace: string
  /** "python-version". */
  readonly wanted: PythonVersion | undefined
  /** "toggle-version". */
  readonly via: PythonVersion | undefined
  /** Names this run in the commit: letters, digits, dots and dashes. */
  readonly run: string
  /** Look at all that can be looked at, and push nothing. */
  readonly dryRun: boolean
}

/** What the post step has to know if this run does not come to its end. */
export interface PendingToggle {
  readonly url: string
  readonly branch: string
  readonly original: string
  readonly toggled: string
  readonly stage: 'toggling' | 'returning'
}

/** What toggling needs from outside. */
export interface ToggleOutside extends RemoteOutside {
  /** Called before each push. */
  readonly save: (pending: PendingToggle) => void
}

/** What was done. */
export interface Toggled {
  readonly original: string
  readonly toggled: string
  readonly via: PythonVersion
  /** None in a dry run. */
  readonly deployments: readonly [Deployment, Deployment] | readonly []
  /** Whether the branch stands on the original commit again; `false` in a dry run only. */
  readonly finished: boolean
  /** What the last deployment said of the environment; `false`: its log does not say that it was made anew. */
  readonly isShown: boolean
  readonly warnings: readonly string[]
}

/** The branch on the server: what it stands on, and on top of what of the user's commits that is. */
interface Standing {
  readonly commit: string | undefined
  /** A run that was interrupted left the branch there. */
  readonly left: Origin | undefined
}

/**
 * Deploys HEAD by way of another runtime. Throws `ToggleError`, before anything changed or with the branch back where it
 * belongs, unless the message says that it is not; rejects when the signal aborts.
 */
export async function toggleRuntime(request: ToggleRequest, outside: ToggleOutside): Promise<Toggled> {
  await checkBranch(request.branch, outside)
  const clone = await readClone(outside, request.workspace)
  return withScratch(outside, clone, async scratch => {
    const runtimeText = await runtimeTextOf(scratch, clone.head)
    const runtimes = chooseRuntimes({ wanted: request.wanted, via: request.via, runtimeText })
    return withRemote({ ...request, pushTimeoutMs: request.timeoutMs }, outside, async remote => {
      const { commit, left } = await lookAtBranch(remote, scratch, clone, outside)
      if (left)
        outside.say(`The branch was left on the toggled commit of the run ${plain(left.run)}, which was interrupted`)
      const plan = { original: clone.head, via: runtimes.via, run: request.run, other: commit }
      const toggled = await makeToggled(scratch, plan)
      const warnings = [...runtimes.warnings, ...ofClone(clone)]
      const done = { original: clone.head, toggled, via: runtimes.via }
      if (request.dryRun) return { ...done, deployments: [], finished: false, isShown: false, warnings }
      const deployments = await pushBoth(request, outside, remote, scratch.gitDir, done, { commit, left })
      const outcome = judge(deployments, runtimes, remote.branch)
      return { ...done, deployments, finished: true, ...outcome, warnings: [...warnings, ...outcome.warnings] }
    })
  })
}

function ofClone({ changedFiles, head }: Clone): readonly string[] {
  if (changedFiles === 0) return []
  const files = changedFiles === 1 ? '1 file' : `${changedFiles} files`
  return [`A push deploys the commit ${head.slice(0, 10)}: changes to ${files} in the workspace are not in it`]
}

async function checkBranch(branch: string, outside: ToggleOutside): Promise<void> {
  const end = await runGit(outside, ['check-ref-format', `refs/heads/${branch}`])
  if (end.kind === 'ended' && end.exitCode === 0 && !branch.startsWith('-')) return
  throw new ToggleError(`"git-branch" is ${JSON.stringify(branch)}, which is no name of a branch`)
}

/** Looks whether HEAD may follow what is deployed; throws `ToggleError` where it may not, with nothing toggled left behind. */
async function lookAtBranch(remote: Remote, scratch: Scratch, clone: Clone, outside: ToggleOutside): Promise<Standing> {
  const branches = await remote.branches()
  const commit = branches.get(remote.branch)
  if (commit === undefined) {
    checkFirst(branches, remote.branch, clone)
    return { commit, left: undefined }
  }
  if (await isAncestor(scratch, commit, clone.head)) return { commit, left: undefined }
  return withScratch(outside, undefined, async other => {
    const left = await findToggled(remote, other, commit)
    if (left && (await isAncestor(scratch, left.original, clone.head))) return { commit, left }
    if (left) {
      outside.say('A run that was interrupted left the branch on its toggled commit. Pushing the original back')
      await remote.push(other.gitDir, { commit: left.original, over: commit })
    }
    throw notAnAncestor(left?.original ?? commit, remote.branch, clone)
  })
}

/** A repository without any branch was never pushed to: then this is the first deployment by git. */
function checkFirst(branches: ReadonlyMap<string, string>, branch: string, clone: Clone): void {
  if (branches.size > 0) {
    const names = [...branches.keys()].slice(0, 5).map(name => plain(name, 60))
    throw new ToggleError(
      `The repository on the server has no branch ${JSON.stringify(branch)}, but ${names.join(', ')}: write the one that ` +
        'the app deploys into "git-branch"'
    )
  }
  if (clone.isShallow) throw new ToggleError(`Nothing was pushed to this app before, and ${NEEDS_HISTORY}`)
}

function notAnAncestor(commit: string, branch: string, { isShallow, head }: Clone): ToggleError {
  const stands = `The branch ${JSON.stringify(branch)} on the server stands on ${commit.slice(0, 10)}`
  if (isShallow) {
    return new ToggleError(`${stands}, and whether ${head.slice(0, 10)} follows it cannot be told: ${NEEDS_HISTORY}`)
  }
  return new ToggleError(
    `${stands}, which is not in the history of ${head.slice(0, 10)}: a push would drop what is deployed. Check out a ` +
      'commit that follows it, or push this one by hand first'
  )
}

/** Looks into a commit on the server that the clone does not know: into two, because it is compared with its parent. */
async function findToggled(remote: Remote, scratch: Scratch, commit: string): Promise<Origin | undefined> {
  await remote.fetch(scratch.gitDir, 2)
  const tip = (await scratch.output(['rev-parse', 'refs/toggled/tip'])).trim()
  return tip === commit ? recogniseToggled(scratch, commit) : undefined
}

/** Pushes the toggled commit, and whatever became of its deployment, the original after it. */
async function pushBoth(
  { url, branch }: PushTarget,
  outside: ToggleOutside,
  remote: Remote,
  gitDir: string,
  { original, toggled, via }: Pick<Toggled, 'original' | 'toggled' | 'via'>,
  { commit: over, left }: Standing
): Promise<readonly [Deployment, Deployment]> {
  const pending = { url, branch, original, toggled }
  outside.save({ ...pending, stage: 'toggling' })
  outside.say(`Deploying ${original.slice(0, 10)} with python-${via}, as the commit ${toggled.slice(0, 10)}`)
  const first = await remote.push(gitDir, { commit: toggled, over }).catch((error: unknown) => {
    throw left ? stillToggled(error, branch, left.toggled) : error
  })
  outside.save({ ...pending, stage: 'returning' })
  outside.say(`Deploying ${original.slice(0, 10)} as it is`)
  const second = await remote.push(gitDir, { commit: original, over: toggled }).catch((error: unknown) => {
    throw stillToggled(error, branch, toggled)
  })
  return [
    { commit: toggled, log: first },
    { commit: original, log: second }
  ]
}

/** Adds to an error that the branch was left where it must not stay. */
function stillToggled(error: unknown, branch: string, toggled: string): unknown {
  if (!(error instanceof PushError) || error.standing !== 'unchanged') return error
  return new ToggleError(
    `${error.message}. The branch ${JSON.stringify(branch)} on the server still stands on the toggled commit ${toggled}: ` +
      'the post step tries again, and so does the next run'
  )
}

/** What became of a toggle that was interrupted. */
export type FinishedToggle =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'finished'; readonly original: string; readonly run: string; readonly log: PushLog }

/**
 * Pushes the original back where the branch on the server stands on a toggled commit: that one, or any.
 *
 * It needs no workspace: all that it takes is on the server. Throws `ToggleError`; rejects when the signal aborts.
 */
export async function finishToggle(
  target: PushTarget,
  toggled: string | undefined,
  outside: RemoteOutside
): Promise<FinishedToggle> {
  return withRemote({ ...target, pushTimeoutMs: target.timeoutMs }, outside, async remote => {
    const commit = (await remote.branches()).get(target.branch)
    if (commit === undefined || (toggled !== undefined && commit !== toggled)) return { kind: 'nothing' }
    return withScratch(outside, undefined, async scratch => {
      const left = await findToggled(remote, scratch, commit)
      if (!left) return { kind: 'nothing' }
      const log = await remote.push(scratch.gitDir, { commit: left.original, over: commit })
      return { kind: 'finished', original: left.original, run: left.run, log }
    })
  })
}
