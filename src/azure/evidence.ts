// What speaks for a reset in a form that can be compared from run to run, and when it does so in vain. Pure.
import { decidingSetting } from '../compare.ts'
import { foundPython, wantedPython, type Decision, type Expectation } from '../decide.ts'
import { listed, plain } from '../escape.ts'
import { installedTwice } from '../python/distributions.ts'
import type { Environment } from '../python/venv.ts'
import { isEvidenceCode, type Evidence, type Memory, type RememberedEvidence } from './memory.ts'
import { usedEnvironment, type Snapshot } from './snapshot.ts'

/** After so many resets in a row, each of which did away with it, evidence that comes back is brought by something else. */
const MOST_RESETS = 3

/** The main step hands evidence over in an environment variable, which cannot be long; so much of it tells enough. */
const MAX_KEPT_LENGTH = 1500

const MAX_NAMED = 10

/** The evidence in a decision: every reason for a reset that holds without being asked, whether it leads or not. */
export function evidenceOf(
  { reasons }: Decision,
  found: Snapshot,
  expected: Expectation,
  fingerprint: string
): readonly Evidence[] {
  const environment = usedEnvironment(found)
  const wanted = wantedPython(found.layout, expected)?.version ?? ''
  const particulars = (code: Evidence['code']): readonly string[] => {
    switch (code) {
      case 'broken':
        return environment?.missing ?? []
      case 'mixed-versions':
        return environment ? mixtureIn(environment) : []
      case 'python-version-changed':
        return [insteadOf(foundPython(environment) ?? '', wanted)]
      case 'venv-in-package':
        return [expected.packagedEnvironment ?? '']
      case 'packages-removed':
        return expected.removedPackages ?? []
      case 'requirements-changed':
        return [fingerprint]
    }
  }
  return reasons.flatMap(({ code }) => (isEvidenceCode(code) ? [{ code, particulars: keptOf(particulars(code)) }] : []))
}

/** The particulars that are kept: of very many the first ones, which are the same in each run as long as none is new. */
function keptOf(particulars: readonly string[]): readonly string[] {
  let length = 0
  return particulars.map(text => plain(text)).filter(text => (length += JSON.stringify(text).length) <= MAX_KEPT_LENGTH)
}

/**
 * What to keep of the evidence of a reset, once the deployment has made a new environment.
 *
 * What speaks against the new one for a reason that spoke for the reset has outlived it: a further reset would change
 * nothing. Requirements that changed are no longer changed.
 */
export function evidenceAfter(
  asked: readonly Evidence[],
  made: Pick<Snapshot, 'layout'> & { readonly environment: Environment },
  wanted: string,
  before: Memory | undefined
): readonly RememberedEvidence[] {
  const left = leftIn(asked, made, wanted)
  const healed = asked.flatMap(({ code, particulars }) => {
    const still = left.filter(item => item.code === code).flatMap(item => item.particulars)
    const gone = particulars.filter(text => !still.includes(text))
    const isSolved = code === 'requirements-changed' || (still.length > 0 && code === 'python-version-changed')
    return gone.length === 0 || isSolved ? [] : [{ code, particulars: gone }]
  })
  const remembered = (item: Evidence, outlived: boolean): RememberedEvidence => {
    const earlier = before?.evidence.find(known => isSame(item, known))?.resets ?? 0
    return { ...item, outlived, resets: Math.min(earlier + 1, MOST_RESETS) }
  }
  return [...left.map(item => remembered(item, true)), ...healed.map(item => remembered(item, false))]
}

/** What speaks for a reset of what the deployment made, as far as that can be told after it. */
function leftIn(
  asked: readonly Evidence[],
  { environment, layout }: Pick<Snapshot, 'layout'> & { readonly environment: Environment },
  wanted: string
): readonly Evidence[] {
  const python = foundPython(environment)
  const names = new Set(environment.distributions.map(({ name }) => name))
  const isVenv = layout !== 'packages-dir'
  const of = (code: Evidence['code']): readonly string[] =>
    asked.flatMap(item => (item.code === code ? item.particulars : []))
  const left: readonly Evidence[] = [
    { code: 'broken', particulars: isVenv ? environment.missing : [] },
    { code: 'mixed-versions', particulars: isVenv ? mixtureIn(environment) : [] },
    {
      code: 'python-version-changed',
      particulars: isVenv && python && wanted !== '' && python !== wanted ? [insteadOf(python, wanted)] : []
    },
    // Only a comparison with the package could tell that it is gone.
    { code: 'venv-in-package', particulars: of('venv-in-package') },
    { code: 'packages-removed', particulars: of('packages-removed').filter(name => names.has(name)) }
  ]
  return left
    .filter(({ code, particulars }) => particulars.length > 0 && asked.some(item => item.code === code))
    .map(({ code, particulars }) => ({ code, particulars: keptOf(particulars) }))
}

/**
 * What on the server disagrees, where all that speaks for a reset now has led to one before, and a deployment that
 * succeeded left it as it is. `undefined`: a reset may help.
 */
export function whyIneffective(
  evidence: readonly Evidence[],
  memory: Memory | undefined,
  found: Snapshot
): string | undefined {
  if (!memory || evidence.length === 0) return undefined
  const known = evidence.map(item =>
    memory.evidence.find(({ outlived, resets, ...rest }) => isSame(item, rest) && (outlived || resets >= MOST_RESETS))
  )
  if (known.includes(undefined)) return undefined
  const causes = memory.rebuilt
    ? evidence.map((item, index) => (known[index]?.outlived ? disagreement(item, found) : comesBack(item)))
    : [
        'the deployment after that reset built no environment (SCM_DO_BUILD_DURING_DEPLOYMENT=true makes the server build one)'
      ]
  return `${[...new Set(causes)].join('; ')}. Once that is put right, reset with "reset-env: true"`
}

/** Whether evidence is of the same kind as what is remembered, and holds nothing that is new. */
function isSame(now: Evidence, remembered: Evidence): boolean {
  return now.code === remembered.code && now.particulars.every(text => remembered.particulars.includes(text))
}

function disagreement({ code, particulars }: Evidence, { layout, shippedBy }: Snapshot): string {
  const isShipped = shippedBy !== undefined
  const what = someOf(particulars)
  switch (code) {
    case 'python-version-changed': {
      const wanted = particulars[0]?.split(' ').at(-1) ?? ''
      return `the deployment made Python ${what}, and what decides is ${decidingSetting(layout, isShipped, wanted)}`
    }
    case 'packages-removed':
      return isShipped
        ? `the package brings ${what} along, although nothing asks for it`
        : `the server's build installed ${what} again, although nothing asks for it`
    case 'broken':
      return `what the deployment made lacks ${what} as well`
    case 'mixed-versions':
      return `what the deployment made is mixed as well (${what})`
    default:
      return 'the package still brings another environment to the same path, and no server build makes one'
  }
}

function comesBack({ code, particulars }: Evidence): string {
  return (
    `${code} (${someOf(particulars)}) was gone after each of ${MOST_RESETS} resets and came back each time, so something ` +
    'other than the deployment brings it, such as a start-up command'
  )
}

/** How many there are is not known, see `keptOf`. */
function someOf(particulars: readonly string[]): string {
  const named = listed(particulars.slice(0, MAX_NAMED))
  return particulars.length > MAX_NAMED ? `${named} and others` : named
}

function insteadOf(found: string, wanted: string): string {
  return `${found} instead of ${wanted}`
}

/** What disagrees within an environment: its versions, or what is installed twice. */
function mixtureIn({ versions, distributions }: Environment): readonly string[] {
  const distinct = new Set(versions.map(({ version }) => version))
  return distinct.size > 1 ? [...distinct].sort() : installedTwice(distributions)
}
