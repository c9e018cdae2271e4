// The toggled commit: how it is made without a trace in the user's clone, and how a later run recognises it.
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PythonVersion } from '../python/version.ts'
import { gitOutput, isCommitId, runGit, type GitRunner } from './git.ts'
import { ToggleError } from './toggle-version.ts'

/** A repository of our own, in which everything is made, and which is thrown away afterwards. */
export interface Scratch {
  /** Absolute path. */
  readonly gitDir: string
  /** Runs git in it for what it prints; throws `ToggleError`. */
  output(args: readonly string[], input?: string, env?: Readonly<Record<string, string>>): Promise<string>
  /** Whether git ends with success. */
  succeeds(args: readonly string[]): Promise<boolean>
}

/** What is known of the user's clone. */
export interface Clone {
  readonly head: string
  readonly isShallow: boolean
  /** Files that are tracked and differ from the commit. */
  readonly changedFiles: number
  /** Folder of its objects, which are read and never added to. */
  readonly objects: string
  readonly shallowFile: string
}

/** What a toggled commit was made from. */
export interface Origin {
  readonly toggled: string
  readonly original: string
  /** The run that made it. Foreign text. */
  readonly run: string
}

const ORIGINAL = 'Azure-Python-Env-Original'
const RUN = 'Azure-Python-Env-Run'
const AUTHOR = { name: 'azure-python-env', email: 'azure-python-env@users.noreply.github.com' }

/** Looks at the user's clone and changes nothing in it, not even its index; throws `ToggleError`. */
export async function readClone(runner: GitRunner, folder: string): Promise<Clone> {
  const places = ['--path-format=absolute', '--git-path', 'objects', '--git-path', 'shallow']
  const found = await runGit(runner, ['rev-parse', ...places, '--is-shallow-repository'], { cwd: folder })
  const said = found.kind === 'ended' ? found.stderr : ''
  if (/dubious ownership|unsafe repository/.test(said)) {
    throw new ToggleError(
      'git does not touch the checked-out repository, because it belongs to another user, as it does in a container job. ' +
        'Run before: git config --global --add safe.directory "$GITHUB_WORKSPACE"'
    )
  }
  if (/not a git repository/.test(said)) {
    throw new ToggleError(
      'The workspace is no git repository, and "reset-method" toggle-runtime pushes the commit that is checked out. Check ' +
        'out with actions/checkout before'
    )
  }
  const [objects, shallowFile, isShallow] = found.kind === 'ended' ? found.stdout.split(/\r?\n/) : []
  // Before 2.31 git has neither this option nor settings from its environment.
  if (found.kind !== 'ended' || found.exitCode !== 0 || !objects || !shallowFile) {
    throw new ToggleError('git of this runner is too old for "reset-method" toggle-runtime: it has to be 2.31 or newer')
  }
  const head = await runGit(runner, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { cwd: folder })
  const commit = head.kind === 'ended' ? head.stdout.trim() : ''
  if (!isCommitId(commit)) {
    throw new ToggleError(
      'HEAD of the checked-out repository names no commit with a SHA-1 id: there is nothing to push'
    )
  }
  const changedFiles = await countChanges(runner, folder)
  return { head: commit, isShallow: isShallow === 'true', changedFiles, objects, shallowFile }
}

/** Only said, and so worth no error: a filter of the user's may be missing. */
async function countChanges(runner: GitRunner, folder: string): Promise<number> {
  const status = ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=no', '--ignore-submodules']
  const end = await runGit(runner, status, { cwd: folder })
  return end.kind === 'ended' && end.exitCode === 0 ? end.stdout.split('\0').length - 1 : 0
}

/** Works in a repository of our own, which sees the objects of the user's clone if there is one. */
export async function withScratch<T>(
  runner: GitRunner,
  clone: Clone | undefined,
  work: (scratch: Scratch) => Promise<T>
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'azure-python-env-'))
  const gitDir = join(folder, 'scratch.git')
  try {
    // Without a template: those of the user may bring hooks along.
    await gitOutput(runner, ['init', '--quiet', '--bare', '--template=', gitDir], { cwd: folder })
    if (clone) await borrowObjects(gitDir, clone)
    const inside = (args: readonly string[]): readonly string[] => ['--git-dir=.', ...args]
    return await work({
      gitDir,
      output: (args, input, env = {}) =>
        gitOutput(runner, inside(args), { cwd: gitDir, env, ...(input === undefined ? {} : { input }) }),
      async succeeds(args) {
        const end = await runGit(runner, inside(args), { cwd: gitDir })
        return end.kind === 'ended' && end.exitCode === 0
      }
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function borrowObjects(gitDir: string, { objects, isShallow, shallowFile }: Clone): Promise<void> {
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true })
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${objects}\n`)
  // Where the history ends, git must not look for more of it.
  if (isShallow) await copyFile(shallowFile, join(gitDir, 'shallow'))
}

/** Whether the history that is known leads from one commit back to another. */
export async function isAncestor(scratch: Scratch, older: string, newer: string): Promise<boolean> {
  if (older === newer) return true
  if (!(await scratch.succeeds(['cat-file', '-e', `${older}^{commit}`]))) return false
  return scratch.succeeds(['merge-base', '--is-ancestor', older, newer])
}

interface TreeEntry {
  readonly mode: string
  readonly object: string
  readonly name: string
}

/** Finds `runtime.txt` at the top of a commit, in any case, as Windows does; throws `ToggleError` where it is no plain file. */
async function runtimeEntry(scratch: Scratch, commit: string): Promise<TreeEntry | undefined> {
  const listing = await scratch.output(['ls-tree', '-z', commit])
  const found = [...listing.matchAll(/(\d+) \w+ ([0-9a-f]{40})\t([^\0]*)\0/g)].filter(
    ([, , , name]) => name?.toLowerCase() === 'runtime.txt'
  )
  const [, mode = '', object = '', name = ''] = found[0] ?? []
  if (found.length > 1) throw new ToggleError('The commit has more than one runtime.txt: leave one of them')
  if (found.length === 1 && !/^100/.test(mode)) throw new ToggleError('runtime.txt in the commit is no plain file')
  return found.length === 1 ? { mode, object, name } : undefined
}

/** Reads `runtime.txt` at the top of a commit; `undefined`: there is none. */
export async function runtimeTextOf(scratch: Scratch, commit: string): Promise<string | undefined> {
  const entry = await runtimeEntry(scratch, commit)
  return entry && scratch.output(['cat-file', 'blob', entry.object])
}

/** What a toggled commit is made of. */
export interface ToggledCommit {
  readonly original: string
  readonly via: PythonVersion
  /** Names the run. */
  readonly run: string
  /** What it must not be, because the branch stands on it already, and a push of it would deploy nothing. */
  readonly other: string | undefined
}

/**
 * Makes the commit on top of the original that changes `runtime.txt` and nothing else, and gives its id.
 *
 * The same original, runtime and run always make the same commit.
 */
export async function makeToggled(scratch: Scratch, { original, via, run, other }: ToggledCommit): Promise<string> {
  const { mode, name } = (await runtimeEntry(scratch, original)) ?? { mode: '100644', name: 'runtime.txt' }
  const blob = (await scratch.output(['hash-object', '-w', '--stdin'], `python-${via}\n`)).trim()
  // The index is that of the scratch repository. No other name passes through here, whatever its encoding is.
  await scratch.output(['read-tree', original])
  await scratch.output(['update-index', '--add', '--cacheinfo', `${mode},${blob},${name}`])
  // A clone may lack what it never needed.
  const tree = (await scratch.output(['write-tree', '--missing-ok'])).trim()
  const seconds = Number(await scratch.output(['show', '-s', '--format=%ct', original]))
  for (const later of [0, 1]) {
    const commit = await commitTree(scratch, tree, original, messageOf(original, via, run), seconds + later)
    if (commit !== other && (await recogniseToggled(scratch, commit))) return commit
  }
  throw new ToggleError('git made a commit that changes more than runtime.txt, which is not pushed')
}

async function commitTree(
  scratch: Scratch,
  tree: string,
  parent: string,
  message: string,
  seconds: number
): Promise<string> {
  const person = (role: string): Record<string, string> => ({
    [`GIT_${role}_NAME`]: AUTHOR.name,
    [`GIT_${role}_EMAIL`]: AUTHOR.email,
    [`GIT_${role}_DATE`]: `@${seconds} +0000`
  })
  const env = { ...person('AUTHOR'), ...person('COMMITTER') }
  const made = await scratch.output(['commit-tree', '--no-gpg-sign', '-p', parent, tree], message, env)
  return made.trim()
}

function messageOf(original: string, via: PythonVersion, run: string): string {
  return [
    `Use python-${via} for one deployment`,
    '',
    'This makes the deployment after it create the virtual environment anew. The',
    'branch goes back to the original commit right away; if it still stands here,',
    'the run that made this commit was interrupted.',
    '',
    `${ORIGINAL}: ${original}`,
    `${RUN}: ${run.replaceAll(/[^\w.-]/g, '-').slice(0, 100)}`,
    ''
  ].join('\n')
}

/**
 * Recognises a toggled commit: its message says so, and it differs from its only parent in `runtime.txt` alone.
 *
 * `undefined`: it is somebody's own commit, which nothing of ours may overwrite.
 */
export async function recogniseToggled(scratch: Scratch, commit: string): Promise<Origin | undefined> {
  const text = await scratch.output(['cat-file', 'commit', commit])
  const [headers = '', ...body] = text.split('\n\n')
  const parents = [...headers.matchAll(/^parent ([0-9a-f]{40})$/gm)].map(([, id]) => id)
  const trailer = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(body.join('\n\n'))?.[1] ?? ''
  const original = trailer(ORIGINAL)
  if (parents.length !== 1 || parents[0] !== original) return undefined
  const paths = ['diff-tree', '-r', '-z', '--no-renames', '--name-only', '--no-commit-id', original, commit]
  const changed = (await scratch.output(paths)).split('\0').filter(path => path !== '')
  const isOurs = changed.length === 1 && changed[0]?.toLowerCase() === 'runtime.txt'
  return isOurs ? { toggled: commit, original, run: trailer(RUN) } : undefined
}
