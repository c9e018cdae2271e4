// A real Python of this machine: its venv, its pip, and what can be imported with it.
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runVenv } from '../local-appservice/real-python.ts'
import { findPythons, type Interpreter } from '../pythons.ts'

const run = promisify(execFile)
const PIP_TIMEOUT_MS = 120_000
const IMPORT_TIMEOUT_MS = 30_000

/** Finds the newest Python that can make environments with pip; `undefined` if the machine has none. */
export async function findMaker(): Promise<Interpreter | undefined> {
  return (await findPythons()).filter(({ makesEnvironments }) => makesEnvironments).at(-1)
}

/** Runs an environment's own pip over the `requirements.txt` of a folder, with wheels and without an index. */
export async function pipInstall(
  python: string,
  folder: string,
  wheels: string
): Promise<{ readonly succeeded: boolean; readonly log: string }> {
  const args = ['-m', 'pip', 'install', '--no-index', '--find-links', wheels, '-r', 'requirements.txt']
  try {
    const { stdout } = await run(python, args, { cwd: folder, env: surroundings(), timeout: PIP_TIMEOUT_MS })
    return { succeeded: true, log: stdout }
  } catch (error) {
    // Anything else than a pip that says no is a fault of the machine.
    if (!(error instanceof Error && 'code' in error && typeof error.code === 'number' && 'stderr' in error)) throw error
    return { succeeded: false, log: String(error.stderr) }
  }
}

/** What a deployment runs in: nothing that this machine's user has set for Python or pip. */
function surroundings(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PYTHON|PIP_|VIRTUAL_ENV)/.test(name))
  const own = { PIP_CONFIG_FILE: devNull, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_CACHE_DIR: '1', PIP_NO_INPUT: '1' }
  return { ...Object.fromEntries(kept), ...own }
}

// A module that is there and fails is something else than one that is not there.
const IMPORT = `
import importlib, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.import_module(name).__version__
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
print(json.dumps(found))
`

/** Imports modules with an environment's Python, and gives the versions of those that are there. */
export async function importVersions(
  python: string,
  modules: readonly string[]
): Promise<Readonly<Record<string, string>>> {
  // Isolated, so that neither the working folder nor the user's own packages count.
  const { stdout } = await run(python, ['-I', '-c', IMPORT, ...modules], { timeout: IMPORT_TIMEOUT_MS })
  return JSON.parse(stdout) as Readonly<Record<string, string>>
}

/**
 * Makes an environment that runs here and looks as one made on Windows: `Scripts`, `python.exe`, `Lib/site-packages`.
 *
 * `lib` is only this interpreter's way to `Lib`: on Windows the two names are one folder. Needs a file system that tells
 * them apart.
 */
export async function makeWindowsLookalike(python: string, folder: string): Promise<void> {
  await runVenv(python, folder)
  const [version] = (await readdir(join(folder, 'lib'))).filter(name => name.startsWith('python'))
  if (version === undefined) throw new Error('venv made no lib/pythonX.Y')
  const scripts = join(folder, 'Scripts')
  await rename(join(folder, 'bin'), scripts)
  await copyFile(join(scripts, 'python'), join(scripts, 'python.exe'))
  await writeFile(join(scripts, 'activate.bat'), '@echo off\r\n')
  await rename(join(folder, 'include'), join(folder, 'Include'))
  await rm(join(folder, 'lib64'), { force: true })
  await mkdir(join(folder, 'Lib'))
  await rename(join(folder, 'lib', version, 'site-packages'), join(folder, 'Lib', 'site-packages'))
  await symlink(join('..', '..', 'Lib', 'site-packages'), join(folder, 'lib', version, 'site-packages'))
}
