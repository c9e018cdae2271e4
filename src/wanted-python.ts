// Which Python an environment has, which one it should have, and who says so. Pure.
import type { Layout } from './azure/snapshot.ts'
import type { Expectation } from './decide.ts'
import type { Environment } from './python/venv.ts'
import type { PythonVersion } from './python/version.ts'

/**
 * The Python version that the environment should have, and where that was said; `undefined`: it is not judged.
 *
 * On Linux the app's own setting decides what a deployment builds with, so it outranks the input. It says nothing about
 * environments that Kudu makes on Windows.
 */
export function wantedPython(
  layout: Layout,
  { pythonInput, pythonRuntime, pythonConfigured }: Expectation
): { readonly version: PythonVersion; readonly source: string } | undefined {
  const isWindows = layout === 'windows-env'
  if (!isWindows && pythonConfigured) return { version: pythonConfigured.version, source: "the app's own setting" }
  if (pythonInput) return { version: pythonInput, source: '"python-version"' }
  return isWindows && pythonRuntime ? { version: pythonRuntime, source: 'runtime.txt' } : undefined
}

/** What to change where the workflow asks for another Python than the app is set to; `undefined`: they agree. */
export function pythonDisagreement(layout: Layout, { pythonInput, pythonConfigured }: Expectation): string | undefined {
  if (layout === 'windows-env' || !pythonInput || !pythonConfigured) return undefined
  if (pythonInput === pythonConfigured.version) return undefined
  return (
    `"python-version" is ${pythonInput}, but the app is set to Python ${pythonConfigured.version}, and that decides what a ` +
    `deployment builds with. Correct "python-version", or run: ${pythonConfigured.setCommand} --linux-fx-version ` +
    `"PYTHON|${pythonInput}"`
  )
}

/**
 * The Python version of an environment by its best evidence: the marker, then `lib/pythonX.Y`, then `pyvenv.cfg`, then
 * the manifest. `undefined`: nothing names one.
 */
export function foundPython(environment: Environment | undefined): PythonVersion | undefined {
  return environment?.versions[0]?.version
}
