// What the deployment made, against what was wanted: for the post step's warnings. Pure.
import type { Layout, Snapshot } from './azure/snapshot.ts'
import { foundPython } from './decide.ts'
import type { Environment } from './python/venv.ts'
import type { State } from './state.ts'

/** Whether the deployment made what was wanted; says which setting to change where it did not. */
export function comparison(state: State, { environment, layout }: Snapshot): readonly string[] {
  if (
    state.layout === 'compressed-app' ||
    layout === 'compressed-app' ||
    layout === 'compressed-env' ||
    state.strategy === 'archive'
  )
    return []
  // What took its place was seen when the copy was swept; which of several is judged is another matter.
  if (layout === 'unknown') return []
  if (!environment) {
    return [
      `There is no environment at ${state.environment ?? 'its place'} after the deployment: nothing has rebuilt it. ` +
        'Does the deployment build on the server (SCM_DO_BUILD_DURING_DEPLOYMENT=true)?'
    ]
  }
  if (state.strategy === 'marker' && environment.markers.length === 0) {
    return [
      `Kudu's deployment script did not run, so ${environment.path} is the old environment, without its marker: the next ` +
        'deployment that runs the script makes a new one'
    ]
  }
  if (environment.missing.length > 0) {
    return [`The environment is not whole after the deployment: ${environment.missing.join(', ')} missing`]
  }
  if (state.strategy === 'deploy-script' && state.reason === 'packages-removed' && isAsBefore(state, environment)) {
    return [
      `The deployment left ${environment.path} as it was, so the script that was changed did not run: does .deployment name it, ` +
        'and are both in what was deployed?'
    ]
  }
  // Packages without an environment are not judged by their Python.
  if (layout === 'packages-dir') return []
  const python = foundPython(environment)
  if (state.pythonWanted === '' || python === undefined || python === state.pythonWanted) return []
  const setting = decidingSetting(layout, state.shipped, state.pythonWanted)
  return [`The rebuilt environment has Python ${python} instead of ${state.pythonWanted}. What decides is ${setting}`]
}

/** What decides on the Python version of a rebuilt environment: the setting to change where it is not the wanted one. */
export function decidingSetting(layout: Layout, isShipped: boolean, wanted: string): string {
  if (isShipped) return 'the package, which brings its environment along: make it there with the version that is wanted'
  return layout === 'windows-env'
    ? 'runtime.txt in the package (or the version in the portal)'
    : `the app's own setting: az webapp config set --linux-fx-version "PYTHON|${wanted}"`
}

function isAsBefore({ installedBefore }: State, { distributions }: Environment): boolean {
  const now = new Set(distributions.map(({ name, version }) => `${name} ${version}`))
  return installedBefore?.length === now.size && installedBefore.every(line => now.has(line))
}
