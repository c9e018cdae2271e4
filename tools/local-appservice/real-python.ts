// The machine's own Python, for environments that can run. Everything works without it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PROBE_TIMEOUT_MS = 10_000
const VENV_TIMEOUT_MS = 120_000

// A name on PATH proves nothing: version managers put shims there for versions that are not active,
// and some distributions ship a Python whose venv cannot install pip.
const PROBE = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2]); print(sys.executable)'

/** Finds an interpreter of version `X.Y` that can make environments with pip; `undefined` if the machine has none. */
export async function findPython(version: string): Promise<string | undefined> {
  for (const name of [`python${version}`, 'python3']) {
    const answer = await run(name, ['-c', PROBE], { timeout: PROBE_TIMEOUT_MS }).catch(() => undefined)
    const [found, executable] = answer?.stdout.split(/\r?\n/) ?? []
    if (found === version) return executable
  }
  return undefined
}

/** Runs venv, with `--copies` if nothing else is given, over a folder, new or old; throws with the interpreter's own words if that fails. */
export async function runVenv(
  python: string,
  folder: string,
  options: readonly string[] = ['--copies']
): Promise<void> {
  await run(python, ['-m', 'venv', ...options, folder], { timeout: VENV_TIMEOUT_MS })
}
