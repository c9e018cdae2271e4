// What a deployment prints over the push that started it: Kudu's lines, those of its Windows script, and those that show
// that it is another script which builds. Pure.
import { leadingVersion, type PythonVersion } from '../python/version.ts'

/** What the log of a push says of its deployment. */
export interface PushLog {
  /** Beginning of the id of the commit that is deployed; `undefined`: it is not said. */
  readonly commit: string | undefined
  /** The branch that the app deploys; `undefined`: it is not said. */
  readonly branch: string | undefined
  /** A runtime that the script does not know, at which it stops before it changes anything. Foreign text. */
  readonly unsupportedRuntime: string | undefined
  /** How far the script got with the environment; `undefined`: it said nothing of one. */
  readonly environment: 'kept' | 'deleting' | 'created' | undefined
  /** The runtime of the environment that was created. */
  readonly created: PythonVersion | undefined
  /** Whether the script got as far as pip, and then failed. */
  readonly pipFailed: boolean
  /** What shows that the app runs on Linux, where another runtime deletes nothing; `undefined`: nothing does. */
  readonly linuxBuild: 'oryx' | 'bash-script' | undefined
  /** `undefined`: the log ends before it says so. */
  readonly succeeded: boolean | undefined
}

/**
 * Reads the log of a push, line by line without git's `remote: `.
 *
 * The lines are those of projectkudu/KuduScript (`deploy.batch.python.template`, `deploy.bash.python.template`), of
 * projectkudu/kudu (`select_python_version.py` and the resources of Kudu.Core and Kudu.Console) and of microsoft/Oryx.
 */
export function readPushLog(lines: readonly string[]): PushLog {
  const first = (pattern: RegExp): string | undefined =>
    lines.map(line => pattern.exec(line.trim())?.[1]).find(found => found !== undefined)
  const has = (pattern: RegExp): boolean => lines.some(line => pattern.test(line.trim()))
  const failed = has(FAILED)
  return {
    commit: first(/^Preparing deployment for commit id '([0-9a-f]{7,40})'/i),
    branch:
      first(/^Updating branch '(.{1,255})'\.?$/i) ?? first(/^The current deployment branch is '(.{1,255}?)', but/i),
    unsupportedRuntime: first(/^Unsupported runtime: ?(.*)$/i),
    environment: environmentIn(has),
    created: leadingVersion(first(/^Creating python-(\S+) virtual environment/i) ?? ''),
    pipFailed: failed && has(/^Pip install requirements/i),
    linuxBuild: linuxBuildIn(has),
    succeeded: failed ? false : has(/^Deployment successful/i) ? true : undefined
  }
}

const FAILED =
  /^(?:Deployment failed|An error has occurred during web site deployment|Error - Changes committed to remote repository but deployment to website failed)/i

function environmentIn(has: (pattern: RegExp) => boolean): PushLog['environment'] {
  if (has(/^Creating python-\S+ virtual environment/i)) return 'created'
  if (has(/^Deleting incompatible virtual environment/i)) return 'deleting'
  return has(/^Found compatible virtual environment/i) ? 'kept' : undefined
}

function linuxBuildIn(has: (pattern: RegExp) => boolean): PushLog['linuxBuild'] {
  if (has(/^(?:Running oryx build|Oryx Version\b|Operation performed by Microsoft Oryx|Using Oryx\b)/i)) return 'oryx'
  return has(/^Python Virtual Environment: \S/i) ? 'bash-script' : undefined
}
