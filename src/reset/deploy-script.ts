// The deployment script of a package on disk: found, checked, changed for one deployment, and put back. Whole or not at all.
import { randomBytes } from 'node:crypto'
import { open, readFile, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { parseDeploymentFile, scriptOfCommand } from '../azure/deployment-file.ts'
import { diffLines } from './line-diff.ts'
import { patchScript, plainStamp, stampOf, unpatchScript } from './script-patch.ts'

/** Which script is to be changed, and for which run. */
export interface ScriptRequest {
  /** Absolute. */
  readonly packagePath: string
  /** The input "deploy-script": a path from the top of the package; `undefined`: the script is to be found. */
  readonly script: string | undefined
  /** Which run this is, for the lines that are added. */
  readonly stamp: string
  /** Whether nothing is to be written. */
  readonly dryRun: boolean
}

/** What became, or in a dry run would become, of the script. All texts may hold text from the package. */
export interface ScriptScheduled {
  /** From the top of the package, with `/`. */
  readonly script: string
  /** `false`: the script has the lines already. */
  readonly changed: boolean
  /** A unified diff; empty where nothing changes. */
  readonly diff: readonly string[]
  /** Whole sentences. */
  readonly warnings: readonly string[]
}

/** The script cannot be changed, and nothing was written; `message` is a whole sentence with the remedy. */
export class DeployScriptError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DeployScriptError'
  }
}

/** A script in the package. */
interface Script {
  /** From the top of the package, with `/`. */
  readonly path: string
  /** Where it really lies. */
  readonly file: string
  readonly mode: number
  /** One character for each byte: whatever its encoding is, it stays. */
  readonly text: string
}

const DEFAULT_NAMES = ['deploy.cmd', 'deploy.sh']
const MAX_SCRIPT_BYTES = 1024 * 1024
const MAX_DEPLOYMENT_BYTES = 65_536

const HOW_TO_MAKE_ONE =
  'Make one at the top of the repository with "npx kuduscript -y --python -o ." (for an app on Windows) and commit it together ' +
  'with the .deployment that names it: the lines "[config]" and "command = deploy.cmd"'

/**
 * Makes the deployment script delete the environment, in the workspace only. Throws `DeployScriptError`.
 *
 * A script that has the lines already stays as it is, byte for byte.
 */
export async function scheduleInScript(request: ScriptRequest): Promise<ScriptScheduled> {
  const top = await topOf(request.packagePath)
  const { path: wanted, warnings } = await wantedScript(top, request.script)
  const script = await readScript(top, wanted)
  const patched = patchScript(script.text, request.stamp)
  if (patched.kind === 'unrecognised') {
    throw new DeployScriptError(
      `${shown(script.path)} ${patched.detail}. Nothing was changed. Add the deletion of the environment to it by hand, or use ` +
        'another "reset-method"'
    )
  }
  const changed = patched.kind === 'patched'
  if (changed && !request.dryRun) await replace(script, patched.text)
  const left = stampOf(script.text)
  const isOld = left !== undefined && left !== plainStamp(request.stamp)
  return {
    script: script.path,
    changed,
    diff: diffLines(readable(script.text), readable(patched.text), script.path),
    warnings: isOld ? [...warnings, leftOver(script.path, left)] : warnings
  }
}

/** Takes the added lines out of a script again, and tells whether there were any. Throws `DeployScriptError`. */
export async function unscheduleInScript(
  request: Pick<ScriptRequest, 'packagePath'> & { readonly script: string }
): Promise<{ readonly changed: boolean }> {
  const script = await readScript(await topOf(request.packagePath), request.script)
  const text = unpatchScript(script.text)
  if (text === script.text) return { changed: false }
  await replace(script, text)
  return { changed: true }
}

/** Says in a sentence that the script has the lines of an earlier run; `undefined`: it has none, or cannot be looked at. */
export async function leftInScript({
  packagePath,
  script
}: Pick<ScriptRequest, 'packagePath' | 'script'>): Promise<string | undefined> {
  try {
    const top = await topOf(packagePath)
    const { path, text } = await readScript(top, (await wantedScript(top, script)).path)
    const stamp = stampOf(text)
    return stamp === undefined ? undefined : leftOver(path, stamp)
  } catch (error) {
    if (error instanceof DeployScriptError) return undefined
    throw error
  }
}

function leftOver(path: string, stamp: string): string {
  return (
    `${shown(path)} came with the lines of an earlier run (${stamp}). Where they are committed, every deployment makes the ` +
    'environment anew: take them out of the repository'
  )
}

async function topOf(packagePath: string): Promise<string> {
  const top = await orUndefined(realpath(packagePath))
  const found = top === undefined ? undefined : await orUndefined(stat(top))
  if (top === undefined || !found) throw new DeployScriptError(`"package" does not exist: ${shown(packagePath)}`)
  if (found.isDirectory()) return top
  throw new DeployScriptError(
    'With "reset-method: deploy-script", "package" has to be a folder: a script in a zip is not changed. Run this action before ' +
      'the zip is made, with the folder that it is made of'
  )
}

/** Which script it is, as a path from the top. */
async function wantedScript(
  top: string,
  chosen: string | undefined
): Promise<{ readonly path: string; readonly warnings: readonly string[] }> {
  const command = await commandOf(top)
  const named = command === undefined ? undefined : scriptOfCommand(command)
  if (chosen !== undefined) {
    const path = relativePath(top, chosen)
    const isNamed = named?.toLowerCase() === path.toLowerCase()
    if (command === undefined) return { path, warnings: [notNamed(path)] }
    return {
      path,
      warnings: isNamed ? [] : [`.deployment runs ${shown(command)}. Check that this runs ${shown(path)}, too`]
    }
  }
  if (named !== undefined) return { path: named, warnings: [] }
  if (command !== undefined) {
    throw new DeployScriptError(
      `The command in .deployment is ${shown(command)}, and which deployment script that runs is not certain. Name the script in ` +
        '"deploy-script"'
    )
  }
  for (const path of DEFAULT_NAMES)
    if (await orUndefined(stat(join(top, path)))) return { path, warnings: [notNamed(path)] }
  throw new DeployScriptError(
    `The package has no deployment script: no .deployment with a command, and neither ${DEFAULT_NAMES.join(' nor ')}. ${HOW_TO_MAKE_ONE}`
  )
}

function notNamed(path: string): string {
  return (
    `No .deployment in the package names ${shown(path)}, so App Service runs it only if the app setting COMMAND does. Add a ` +
    `.deployment with the lines "[config]" and "command = ${/\.sh$/.test(path) ? 'bash ' : ''}${path}"`
  )
}

async function commandOf(top: string): Promise<string | undefined> {
  const file = await orUndefined(realpath(join(top, '.deployment')))
  if (file === undefined) return undefined
  const found = await orUndefined(stat(file))
  if (!isInside(top, file) || !found?.isFile() || found.size > MAX_DEPLOYMENT_BYTES) {
    throw new DeployScriptError(
      '.deployment is no ordinary file in the package of a few lines. Put the file itself there'
    )
  }
  return parseDeploymentFile(await orError(readFile(file, 'utf8'), '.deployment cannot be read')).command
}

/** A path as it was given, from the top; one that leads out keeps its `..`. */
function relativePath(top: string, given: string): string {
  const path = isAbsolute(given) ? relative(top, resolve(given)) : given
  return path.replaceAll('\\', '/').replace(/^(\.\/+)+/, '')
}

async function readScript(top: string, path: string): Promise<Script> {
  const outside = `The deployment script ${shown(path)} lies outside of "package". Only a script in the package is changed`
  const place = resolve(top, path)
  if (!isInside(top, place)) throw new DeployScriptError(outside)
  const file = await orUndefined(realpath((await withItsCase(top, path)) ?? place))
  if (file === undefined) {
    throw new DeployScriptError(
      `The deployment script ${shown(path)} is not in the package. Correct .deployment or "deploy-script"`
    )
  }
  if (!isInside(top, file)) throw new DeployScriptError(outside)
  const found = await orError(stat(file), `${shown(path)} cannot be read`)
  if (!found.isFile())
    throw new DeployScriptError(`${shown(path)} is no file. Name the deployment script in "deploy-script"`)
  if (found.size > MAX_SCRIPT_BYTES) {
    throw new DeployScriptError(
      `${shown(path)} has more than ${MAX_SCRIPT_BYTES} bytes, which no deployment script needs`
    )
  }
  const text = await orError(readFile(file, 'latin1'), `${shown(path)} cannot be read`)
  return { path: relative(top, file).split(sep).join('/'), file, mode: found.mode & 0o7777, text }
}

/** Windows finds a batch script in any case; `undefined`: there is none, or more than one. */
async function withItsCase(top: string, path: string): Promise<string | undefined> {
  if (!/\.(cmd|bat)$/i.test(path)) return undefined
  let place = top
  for (const name of path.split('/')) {
    const names = (await orUndefined(readdir(place))) ?? []
    const same = names.filter(other => other.toLowerCase() === name.toLowerCase())
    const own = names.includes(name) ? name : same.length === 1 ? same[0] : undefined
    if (own === undefined) return undefined
    place = join(place, own)
  }
  return place
}

/** Writes beside and renames over: whoever reads the script in between finds the old or the new one. */
async function replace({ file, mode, path }: Script, text: string): Promise<void> {
  const fresh = join(dirname(file), `.azure-python-env-${randomBytes(6).toString('hex')}`)
  const failed = `${shown(path)} cannot be written`
  try {
    const handle = await open(fresh, 'wx', mode)
    try {
      await handle.writeFile(text, 'latin1')
      // The umask may have taken bits away when it was created.
      await handle.chmod(mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => undefined)
    throw new DeployScriptError(`${failed}: ${reasonOf(error)}`, { cause: error })
  }
}

function isInside(top: string, path: string): boolean {
  const way = relative(top, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** For people: UTF-8 where it is that. */
function readable(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  const decoded = bytes.toString('utf8')
  return decoded.includes('\ufffd') ? text : decoded
}

function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}

/** Codes for what is not there, or for names that no file can have. */
const ABSENT: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']

async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.includes(error.code)) return undefined
    throw new DeployScriptError(`"package" cannot be read: ${reasonOf(error)}`, { cause: error })
  }
}

async function orError<T>(asked: Promise<T>, failed: string): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw new DeployScriptError(`${failed}: ${reasonOf(error)}`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
