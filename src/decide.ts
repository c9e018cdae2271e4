// The decision: what was found, what is expected, what is allowed → an action with its reasons. Pure and total.
import { usedEnvironment, type Snapshot } from './azure/snapshot.ts'
import { listed } from './escape.ts'
import { installedTwice } from './python/distributions.ts'
import type { PythonVersion } from './python/version.ts'
import type { Environment } from './python/venv.ts'
import { foundPython, wantedPython } from './wanted-python.ts'

export { foundPython, wantedPython } from './wanted-python.ts'

/** Why something was done or left; the strings are part of the public contract. */
export type ReasonCode =
  | 'absent'
  | 'unknown'
  | 'deployment-running'
  | 'stale-archive'
  | 'rebuilt-on-deploy'
  | 'requested'
  | 'never'
  | 'ineffective'
  | 'no-rebuild'
  | 'broken'
  | 'mixed-versions'
  | 'python-version-changed'
  | 'venv-in-package'
  | 'packages-removed'
  | 'requirements-changed'
  | 'up-to-date'

/** A code with its particulars. `detail` may hold text from the server: it is escaped where it is printed. */
export interface Reason {
  readonly code: ReasonCode
  readonly detail: string
}

/** `refuse`: a reset was demanded that cannot be done; the step fails before anything is changed. */
export type Action = 'none' | 'preserve' | 'reset' | 'reset-archive' | 'refuse'

/** What to do, and every reason that holds, the leading one first. */
export interface Decision {
  readonly action: Action
  readonly reasons: readonly [Reason, ...Reason[]]
  /** A sentence that the user should see even though the step succeeds; `undefined`: nothing needs attention. */
  readonly warning: string | undefined
}

/** What the package and the workflow ask for. `undefined`: nothing is asked for, or not yet known how to tell. */
export interface Expectation {
  /** From the input `python-version`. */
  readonly pythonInput: PythonVersion | undefined
  /** From the package's `runtime.txt`, which only Kudu's Windows script reads. */
  readonly pythonRuntime: PythonVersion | undefined
  /** From the app's own setting, where az told it, and the command that sets it; on Linux it decides. */
  readonly pythonConfigured?: { readonly version: PythonVersion; readonly setCommand: string }
  /** Whether Kudu's Windows script will run, and why not. */
  readonly kuduScript: { readonly runs: boolean; readonly detail: string }
  /** What is wrong with the present environment by the one that the package brings to the same path. */
  readonly packagedEnvironment?: string
  /** Distributions that are installed and that nothing asks for any more. */
  readonly removedPackages?: readonly string[]
  /** What keeps it from being certain which those are. */
  readonly gaps?: readonly string[]
  /** How the requirements differ from those of the last deployment. */
  readonly requirementsChanged?: string
  /** What on the server disagrees, where the same evidence led to a reset before. */
  readonly ineffective?: string
}

/** What the workflow allows and demands. */
export interface Policy {
  readonly resetEnv: boolean
  readonly mode: 'auto' | 'on-change' | 'always' | 'never'
}

interface Case {
  readonly found: Snapshot
  readonly expected: Expectation
  readonly policy: Policy
}

interface Rule {
  readonly code: ReasonCode
  readonly action: (facts: Case) => Action
  /** The particulars if the rule holds, else `undefined`. */
  readonly holds: (facts: Case) => string | undefined
  readonly warns?: (facts: Case, detail: string) => string | undefined
}

/** Whether the user asked for a reset that must not be dropped silently. */
export function isDemanded(policy: Policy): boolean {
  return policy.resetEnv || policy.mode === 'always'
}

const refuseOrPreserve = ({ found, policy }: Case): Action =>
  isDemanded(policy) || found.doubt?.remedy !== undefined ? 'refuse' : 'preserve'
const reset = (): Action => 'reset'
const preserve = (): Action => 'preserve'

/** The reasons that lead to a reset without being asked, in their order. */
const AUTOMATIC: readonly Rule[] = [
  {
    code: 'broken',
    action: reset,
    holds: ({ found }) => {
      const missing = venvOf(found)?.missing ?? []
      return missing.length > 0 ? `missing: ${missing.join(', ')}` : undefined
    }
  },
  { code: 'mixed-versions', action: reset, holds: ({ found }) => mixture(venvOf(found)) },
  { code: 'python-version-changed', action: reset, holds: changedPython },
  {
    code: 'venv-in-package',
    action: reset,
    holds: ({ found, expected }) => (venvOf(found) ? expected.packagedEnvironment : undefined)
  },
  {
    code: 'packages-removed',
    action: reset,
    holds: ({ expected: { removedPackages = [] } }) =>
      removedPackages.length > 0 ? `nothing asks any more for ${listed(removedPackages)}` : undefined
  },
  {
    code: 'requirements-changed',
    action: reset,
    holds: ({ expected, policy }) => (policy.mode === 'on-change' ? expected.requirementsChanged : undefined)
  }
]

/** All reasons in the contract's order; the first that holds leads. */
const RULES: readonly Rule[] = [
  {
    code: 'absent',
    action: () => 'none',
    holds: ({ found: { layout, absence = 'there is no environment, and no folder that could be one' } }) =>
      layout === 'none' ? absence : undefined
  },
  {
    code: 'unknown',
    action: refuseOrPreserve,
    holds: ({ found: { doubt } }) =>
      doubt && `${doubt.detail}${doubt.candidates.length > 0 ? ` (${doubt.candidates.join(', ')})` : ''}`,
    warns: (_, detail) => `It cannot be told what to look at, so nothing is changed: ${detail}`
  },
  {
    code: 'deployment-running',
    action: refuseOrPreserve,
    holds: ({ found: { lock } }) => lock?.detail,
    warns: (_, detail) => `A deployment is running, so nothing is changed: ${detail}`
  },
  {
    code: 'stale-archive',
    action: () => 'reset-archive',
    holds: ({ found: { secondArchive }, policy }) =>
      secondArchive?.stale && (policy.resetEnv || policy.mode !== 'never') ? secondArchive.detail : undefined
  },
  {
    code: 'rebuilt-on-deploy',
    action: () => 'none',
    holds: rebuiltAnyway,
    warns: ({ found: { secondArchive } }) =>
      secondArchive && `There are two archives of the app, and start-up may take the wrong one: ${secondArchive.detail}`
  },
  { code: 'requested', action: reset, holds: ({ policy }) => (policy.resetEnv ? '"reset-env" is true' : undefined) },
  {
    code: 'never',
    action: preserve,
    holds: ({ policy }) => (policy.mode === 'never' ? '"reset-mode" is never' : undefined),
    warns: facts => {
      const stale = holding(AUTOMATIC, facts)[0]
      return stale && `"reset-mode" is never, but the environment is stale (${stale.code}): ${stale.detail}`
    }
  },
  {
    code: 'requested',
    action: reset,
    holds: ({ policy }) => (!policy.resetEnv && policy.mode === 'always' ? '"reset-mode" is always' : undefined)
  },
  {
    code: 'ineffective',
    action: preserve,
    holds: facts => (holding(AUTOMATIC, facts).length > 0 ? facts.expected.ineffective : undefined),
    warns: (_, detail) => `The same evidence led to a reset before, and came back: ${detail}`
  },
  {
    code: 'no-rebuild',
    action: preserve,
    holds: facts =>
      holding(AUTOMATIC, facts).length > 0 && facts.found.rebuiltBy.length === 0
        ? 'nothing on the server shows that the deployment builds an environment'
        : undefined,
    warns: facts => {
      const stale = holding(AUTOMATIC, facts)[0]
      return (
        stale &&
        `The environment is stale (${stale.code}: ${stale.detail}), but nothing on the server shows that the deployment ` +
          'will build a new one. If it does, reset once with "reset-env: true"'
      )
    }
  },
  ...AUTOMATIC,
  {
    code: 'unknown',
    action: preserve,
    holds: missingEvidence,
    // What the package leaves open may be open for good, and is no reason to warn at each push.
    warns: facts => {
      const unseen = unseenEvidence(facts)
      return unseen && `The environment is kept: ${unseen}`
    }
  },
  { code: 'up-to-date', action: preserve, holds: () => 'nothing speaks against the environment' }
]

/** Decides. Reads nothing but its arguments, and always has an answer. */
export function decide(found: Snapshot, expected: Expectation, policy: Policy): Decision {
  const facts: Case = { found, expected, policy }
  const [first, ...others] = RULES.filter(rule => rule.holds(facts) !== undefined)
  // The last rule always holds.
  if (!first) throw new Error('no rule holds')
  const leading = { code: first.code, detail: first.holds(facts) ?? '' }
  const action = first.action(facts)
  // What makes the step fail is said by its error.
  const warned = action === 'refuse' ? undefined : first.warns?.(facts, leading.detail)
  const warning = warned ?? (action === 'reset' ? comesBack(found) : undefined)
  // Beside a cause for looking at the environment at all, only what speaks for a reset is worth telling.
  const judged = !['absent', 'unknown', 'stale-archive', 'rebuilt-on-deploy', 'up-to-date'].includes(first.code)
  const further = judged
    ? holding(
        others.filter(rule => AUTOMATIC.includes(rule)),
        facts
      )
    : []
  return { action, reasons: [leading, ...further], warning }
}

function comesBack({ environment, shippedBy }: Snapshot): string | undefined {
  if (!environment || shippedBy === undefined) return undefined
  return (
    `${environment.path} came with the package of the last deployment (${shippedBy}): if the next package has it as well, ` +
    'it comes back as it is there. To have it built on the server, leave it out of the package'
  )
}

function holding(rules: readonly Rule[], facts: Case): readonly Reason[] {
  return rules.flatMap(({ code, holds }) => {
    const detail = holds(facts)
    return detail === undefined ? [] : [{ code, detail }]
  })
}

/** What is judged as a virtual environment: a folder of packages without one has neither a Python nor parts to miss. */
function venvOf(found: Snapshot): Environment | undefined {
  return found.layout === 'packages-dir' ? undefined : usedEnvironment(found)
}

function rebuiltAnyway({ found: { layout, environment }, expected, policy }: Case): string | undefined {
  if (layout === 'compressed-app' && environment) {
    if (isDemanded(policy)) return undefined
    const leftOver = `${environment.path} is left over from another build and not used; a reset that is asked for removes it`
    return `each deployment builds the environment from nothing (${leftOver})`
  }
  if (layout === 'compressed-app' || layout === 'compressed-env')
    return 'each deployment builds the environment from nothing'
  if (layout === 'windows-env' && environment?.markers.length === 0 && expected.kuduScript.runs) {
    return "the environment has no marker, so Kudu's deployment script removes and recreates it"
  }
  return undefined
}

function mixture(environment: Environment | undefined): string | undefined {
  if (!environment) return undefined
  const { versions, distributions } = environment
  if (new Set(versions.map(({ version }) => version)).size > 1) {
    return versions.map(({ source, version }) => `${source} says ${version}`).join(', ')
  }
  const twice = installedTwice(distributions)
  return twice.length > 0 ? `installed in two versions: ${twice.join(', ')}` : undefined
}

function changedPython({ found, expected }: Case): string | undefined {
  const wanted = wantedPython(found.layout, expected)
  const present = foundPython(venvOf(found))
  if (!wanted || !present || present === wanted.version) return undefined
  return `the environment has Python ${present}, ${wanted.source} asks for ${wanted.version}`
}

function missingEvidence(facts: Case): string | undefined {
  const gaps = [unseenEvidence(facts), ...(facts.expected.gaps ?? [])].filter(gap => gap !== undefined)
  return gaps.length > 0 ? gaps.join('; ') : undefined
}

/** What could not be seen on the server. */
function unseenEvidence({ found, expected }: Case): string | undefined {
  const gaps = found.environment?.gaps ?? []
  if (gaps.length > 0) return gaps.join('; ')
  const environment = venvOf(found)
  return environment && wantedPython(found.layout, expected) && !foundPython(environment)
    ? 'nothing tells which Python it was made with'
    : undefined
}
