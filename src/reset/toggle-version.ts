// Which runtime is put in between, and what is wrong where none can be. Pure: knows of `runtime.txt` only its text.
import { versionOfRuntime, type PythonVersion } from '../python/version.ts'

/** Toggling is not possible, or did not come to its end; `message` is a whole sentence with the remedy. */
export class ToggleError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ToggleError'
  }
}

/** The runtimes that Kudu's Windows script knows (projectkudu/kudu, `select_python_version.py`). */
export const KUDU_RUNTIMES: readonly PythonVersion[] = ['2.7', '3.4', '3.6']

/** A neighbour of each: 3.4, which every release of Kudu with this script knows, wherever it can be that. */
const NEIGHBOURS: Readonly<Record<string, PythonVersion>> = { '2.7': '3.4', '3.4': '2.7', '3.6': '3.4' }

/** The portal offers 2.7 and 3.4 only (projectkudu/kudu, `select_python_version.py` takes the Python that runs it). */
const OTHER_THAN_THE_PORTAL = '3.6'

/** What is known of the runtimes. */
export interface RuntimeWishes {
  /** "python-version"; `undefined`: left out. */
  readonly wanted: PythonVersion | undefined
  /** "toggle-version"; `undefined`: left out. */
  readonly via: PythonVersion | undefined
  /** Text of `runtime.txt` in the commit; `undefined`: there is none, and the app's own setting decides. */
  readonly runtimeText: string | undefined
}

/** Which runtime comes first, and which then. */
export interface Runtimes {
  readonly via: PythonVersion
  /** `undefined`: only the app's own setting tells. */
  readonly after: PythonVersion | undefined
  readonly warnings: readonly string[]
}

/** Chooses the runtime that is put in between; throws `ToggleError` where the script would not take part. */
export function chooseRuntimes({ wanted, via, runtimeText }: RuntimeWishes): Runtimes {
  const known = `Kudu's script on Windows knows ${KUDU_RUNTIMES.join(', ')}`
  const committed = runtimeText === undefined ? undefined : readRuntime(runtimeText, known)
  if (wanted !== undefined && !KUDU_RUNTIMES.includes(wanted)) {
    throw new ToggleError(
      `"python-version" is ${wanted}, and ${known}: "reset-method" toggle-runtime is of use for apps with one of these ` +
        'only. Use "reset-method" ftp for this app'
    )
  }
  // What the server builds with is what the commit says, whatever the workflow wishes.
  const after = committed ?? wanted
  const chosen = via ?? (after === undefined ? OTHER_THAN_THE_PORTAL : NEIGHBOURS[after])
  if (chosen === undefined || !KUDU_RUNTIMES.includes(chosen)) {
    throw new ToggleError(
      `"toggle-version" is ${String(chosen)}, and ${known}: a push with it would end before it touched anything`
    )
  }
  if (chosen === after) {
    throw new ToggleError(
      `"toggle-version" is ${chosen}, which is the version that the app has anyway: the environment would stay as it ` +
        `is. Write another of ${KUDU_RUNTIMES.join(', ')}, or leave it out`
    )
  }
  return { via: chosen, after, warnings: disagreement(wanted, committed) }
}

function readRuntime(text: string, known: string): PythonVersion {
  const version = versionOfRuntime(text)
  if (version !== undefined && KUDU_RUNTIMES.includes(version)) return version
  const what =
    version === undefined
      ? 'is not a line such as python-3.4, without anything before it'
      : `names Python ${version}, and ${known}`
  throw new ToggleError(
    `runtime.txt in the commit ${what}: the deployment would end with "Unsupported runtime". Correct it and commit it`
  )
}

function disagreement(wanted: PythonVersion | undefined, committed: PythonVersion | undefined): readonly string[] {
  if (wanted === undefined || committed === wanted) return []
  const whatDecides =
    committed === undefined
      ? "the commit has no runtime.txt, so that the app's own setting decides. Commit a runtime.txt"
      : `runtime.txt in the commit says ${committed}, which is what the server builds with. Correct one of them`
  return [`"python-version" is ${wanted}, but ${whatDecides}`]
}
