// What came of two pushes, told from their logs once the branch is back where it belongs. Pure.
import { plain } from '../escape.ts'
import type { PushLog } from '../azure/push-log.ts'
import { ToggleError, type Runtimes } from './toggle-version.ts'

/** A push, and what its deployment said. */
export interface Deployment {
  readonly commit: string
  readonly log: PushLog
}

/** What can be said of the environment. */
export interface ToggleOutcome {
  /** Whether the log shows that the environment was made anew; `false`: the log was cut off before. */
  readonly isShown: boolean
  readonly warnings: readonly string[]
}

/** Judges the deployment of the toggled commit and that of the original; throws `ToggleError` where they brought no new environment. */
export function judge(
  deployments: readonly [Deployment, Deployment],
  runtimes: Runtimes,
  branch: string
): ToggleOutcome {
  const [toggled, { commit, log: last }] = deployments
  const isBack = `The branch is back on ${commit.slice(0, 10)}`
  const mistake =
    deployments.map(deployment => misdirected(deployment, branch)).find(found => found !== undefined) ??
    unsupported(toggled.log, runtimes) ??
    failed(last) ??
    untouched(last, runtimes)
  if (mistake !== undefined) throw new ToggleError(`${mistake}. ${isBack}`)
  const { created } = last
  if (created === undefined) {
    const warning = 'The log of the deployment was cut off before it showed that the environment was made anew'
    return { isShown: false, warnings: [warning] }
  }
  const isOther = runtimes.after !== undefined && created !== runtimes.after
  const warning = `The server made the environment with Python ${created}, and ${String(runtimes.after)} was expected`
  return { isShown: true, warnings: isOther ? [warning] : [] }
}

/** Toggling can do nothing for this app, or not on this branch. */
function misdirected({ commit, log }: Deployment, branch: string): string | undefined {
  if (log.linuxBuild !== undefined) {
    const builder = log.linuxBuild === 'oryx' ? 'Oryx' : "Kudu's bash script"
    return (
      `This app runs on Linux and is built by ${builder}, where another runtime deletes nothing: toggling is of no use ` +
      'there. Use "reset-method" ftp or deploy-script'
    )
  }
  const isOther = log.commit === undefined ? (log.branch ?? branch) !== branch : !commit.startsWith(log.commit)
  if (!isOther) return undefined
  const name = log.branch === undefined ? 'another branch' : `the branch ${JSON.stringify(plain(log.branch, 80))}`
  return `The app deploys ${name}, and not ${JSON.stringify(branch)}: correct "git-branch"`
}

function unsupported({ unsupportedRuntime }: PushLog, { via }: Runtimes): string | undefined {
  if (unsupportedRuntime === undefined) return undefined
  return (
    `The server does not know python-${via} ("Unsupported runtime"), so the environment was not touched: write another ` +
    'version into "toggle-version"'
  )
}

function failed({ succeeded, pipFailed, unsupportedRuntime }: PushLog): string | undefined {
  if (succeeded !== false) return undefined
  const runtime = unsupportedRuntime === undefined ? undefined : `it does not know ${plain(unsupportedRuntime, 80)}`
  const why = runtime ?? (pipFailed ? 'pip failed' : 'its script failed')
  return `The server took the commit, and its deployment failed, because ${why}: see the log above`
}

function untouched({ environment, succeeded }: PushLog, { via }: Runtimes): string | undefined {
  if (environment === 'kept') {
    return (
      'The environment is still the old one ("Found compatible virtual environment"), because the deployment with ' +
      `python-${via} did not get as far as deleting it: see the log above`
    )
  }
  if (environment !== undefined || succeeded === undefined) return undefined
  return (
    "The commit was deployed without Kudu's Python script, so the environment was not touched: there is no " +
    'requirements.txt at the top of the repository, or a .skipPythonDeployment, or a command in .deployment. Use ' +
    '"reset-method" ftp'
  )
}
