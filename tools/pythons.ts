// Which Pythons the machine has: what pyenv keeps, and `python3` on PATH. Knows nothing of environments.
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PROBE_TIMEOUT_MS = 10_000

/** An interpreter that runs. */
export interface Interpreter {
  /** `X.Y`. */
  readonly version: string
  /** `X.Y.Z`. */
  readonly release: string
  /** Absolute, and named as its maker names it: `python3.8` below pyenv. */
  readonly executable: string
  readonly prefix: string
  /** Whether it can make environments with pip; some distributions ship a Python that cannot. */
  readonly makesEnvironments: boolean
}

// Written so that Python 2.7 understands it too. Debian's ensurepip is there without wheels, hence the version.
const PROBE = `
import sys
print("%d.%d.%d" % sys.version_info[:3])
print(sys.executable)
print(getattr(sys, "base_prefix", sys.prefix))
try:
    import venv, ensurepip
    print(ensurepip.version())
except Exception:
    pass
`

async function probe(command: string, env: NodeJS.ProcessEnv): Promise<Interpreter | undefined> {
  // A name on PATH proves nothing: version managers put shims there for versions that are not active.
  const answer = await run(command, ['-c', PROBE], { timeout: PROBE_TIMEOUT_MS, env }).catch(() => undefined)
  const [release, executable, prefix, pip = ''] = answer?.stdout.split(/\r?\n/) ?? []
  const version = /^\d+\.\d+/.exec(release ?? '')?.[0]
  if (version === undefined || release === undefined || !executable || !prefix) return undefined
  const own = command.includes('/') ? command : executable
  return { version, release, executable: own, prefix, makesEnvironments: pip !== '' }
}

/** Finds the interpreters of pyenv (`PYENV_ROOT`, else `~/.pyenv`) and `python3` on PATH; each release once, oldest first. */
export async function findPythons(env = process.env): Promise<readonly Interpreter[]> {
  const versions = join(env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions')
  const names = await readdir(versions).catch(() => [])
  const kept = names.flatMap(name => {
    const version = /^\d+\.\d+(?=\.\d+$)/.exec(name)?.[0]
    return version === undefined ? [] : [join(versions, name, 'bin', `python${version}`)]
  })
  const found = new Map<string, Interpreter>()
  for (const command of [...kept, 'python3']) {
    const interpreter = await probe(command, env)
    if (interpreter && !found.has(interpreter.release)) found.set(interpreter.release, interpreter)
  }
  return [...found.values()].sort((a, b) => a.release.localeCompare(b.release, 'en', { numeric: true }))
}
