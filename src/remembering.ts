// When the action remembers, and what follows: reads before it decides, writes after the deployment.
import { evidenceAfter, evidenceOf, whyIneffective } from './azure/evidence.ts'
import { readActiveDeployment } from './azure/deployments.ts'
import { withDeployments } from './azure/layout.ts'
import { readMemory, writeMemory } from './azure/memory-file.ts'
import { isEvidenceCode, memoryText, type Memory, type Remembering } from './azure/memory.ts'
import { usedEnvironment, type Snapshot } from './azure/snapshot.ts'
import { decide, foundPython, type Decision, type Expectation, type Policy } from './decide.ts'
import { plain } from './escape.ts'
import type { Ports, Runner } from './ports.ts'
import { SiteError, type ReadableSite, type RemoteEntry, type RemotePath, type RemoteSite } from './site.ts'
import type { State } from './state.ts'

/** What was seen of a site before the deployment. */
export interface Looked {
  /** The listing of `/site`. */
  readonly surroundings: readonly RemoteEntry[]
  /** The listing of our own folder; `undefined`: there is none. */
  readonly own: readonly RemoteEntry[] | undefined
  readonly snapshot: Snapshot
  /** Copies of earlier runs wait for the post step. */
  readonly leftovers: boolean
}

/** What is asked for. */
export interface Asked {
  readonly expected: Expectation
  readonly policy: Policy
  /** Of the requirements in the package; empty: not known. */
  readonly fingerprint: string
  /** Adds to what is expected all that was left out because something else decided already. */
  readonly lookFurther: () => Promise<Expectation>
}

/** A decision, and what it was taken upon. */
export interface Judged {
  readonly snapshot: Snapshot
  readonly expected: Expectation
  readonly decision: Decision
  /** What the post step is to remember; `undefined`: nothing. */
  readonly remembering: Remembering | undefined
}

/** Decides, and asks the memory and the last deployment where they can matter. */
export async function judge(core: Runner, site: ReadableSite, looked: Looked, asked: Asked): Promise<Judged> {
  const { policy, fingerprint } = asked
  const isOnChange = policy.mode === 'on-change'
  let { snapshot } = looked
  let { expected } = asked
  let decision = decide(snapshot, expected, policy)
  const before = isOnChange || isStale(decision) ? await recall(core, site, looked.own) : undefined
  const changed = isOnChange ? changeSince(core, before, fingerprint) : undefined
  if (changed !== undefined) {
    expected = { ...expected, requirementsChanged: changed }
    decision = decide(snapshot, expected, policy)
  }
  if (decision.action === 'reset' || decision.reasons[0].code === 'no-rebuild') {
    snapshot = await withDeployments(site, looked.surroundings, snapshot)
    expected = await unlessInVain(snapshot, expected, asked, before)
    decision = decide(snapshot, expected, policy)
  }
  const remembering = isToRemember(decision, snapshot, asked, before)
    ? {
        fingerprint,
        evidence: evidenceOf(decision, snapshot, expected, fingerprint),
        before,
        deployment: recordOf(snapshot.activeDeployment),
        alone: decision.action !== 'reset' && !looked.leftovers
      }
    : undefined
  return { snapshot, expected, decision, remembering }
}

/** Adds why a reset would be in vain. What leads in vain may hide what does not, and what nobody has looked at yet. */
async function unlessInVain(
  found: Snapshot,
  expected: Expectation,
  { policy, fingerprint, lookFurther }: Asked,
  before: Memory | undefined
): Promise<Expectation> {
  const weighed = (known: Expectation): Expectation => {
    const evidence = evidenceOf(decide(found, known, policy), found, known, fingerprint)
    const ineffective = whyIneffective(evidence, before, found)
    return ineffective === undefined ? known : { ...known, ineffective }
  }
  const first = weighed(expected)
  if (decide(found, first, policy).reasons[0].code !== 'ineffective') return first
  return weighed({ ...expected, ...(await lookFurther()) })
}

/** Whether something speaks for a reset that nobody asked for. */
function isStale({ reasons: [{ code }] }: Decision): boolean {
  return isEvidenceCode(code) || code === 'no-rebuild'
}

async function recall(
  core: Runner,
  site: ReadableSite,
  own: readonly RemoteEntry[] | undefined
): Promise<Memory | undefined> {
  const { memory, oddity } = await readMemory(site, own)
  if (oddity !== undefined) core.debug(`What is remembered of earlier runs cannot be used: ${plain(oddity)}`)
  return memory
}

/** How the requirements differ from those that were deployed last; where that is not known they count as the same. */
function changeSince(core: Runner, before: Memory | undefined, fingerprint: string): string | undefined {
  if (fingerprint === '' || !before?.fingerprint) {
    const unknown = fingerprint === '' ? 'those of the package are not known' : 'none are remembered of an earlier run'
    core.info(`The requirements count as unchanged, because ${unknown}`)
    return undefined
  }
  if (before.fingerprint === fingerprint) return undefined
  return `they are not those of the deployment that was seen at ${before.time}`
}

/** A deployment that changes nothing that matters later is not worth a connection of the post step. */
function isToRemember(
  decision: Decision,
  { lock, doubt }: Snapshot,
  { policy, fingerprint }: Asked,
  before: Memory | undefined
): boolean {
  if (decision.action === 'reset') return true
  // Requirements that could not be acted upon are still changed ones at the next push.
  if (lock || doubt) return false
  const [{ code }] = decision.reasons
  const isJudged = decision.action === 'preserve' || code === 'absent'
  const differs = fingerprint !== '' && fingerprint !== before?.fingerprint
  return isJudged && differs && (policy.mode === 'on-change' || before !== undefined)
}

/** The packages that a deployment had good reason to leave out, because nothing asked for them any more. */
export function unwantedOf({ remembering }: State): readonly string[] {
  const evidence = remembering?.evidence ?? []
  return evidence.flatMap(({ code, particulars }) => (code === 'packages-removed' ? particulars : []))
}

/** What was seen after the deployment. */
export interface After {
  readonly jobSucceeded: boolean
  readonly surroundings: readonly RemoteEntry[]
  readonly own: readonly RemoteEntry[] | undefined
  readonly snapshot: Snapshot
  /** What was set aside went back, because nothing took its place. */
  readonly undone: boolean
}

/** Remembers a job that succeeded. A memory that cannot be written is said in the log, and is nobody's concern. */
export async function remember(
  { core, now, random }: Ports,
  site: RemoteSite,
  state: State,
  after: After
): Promise<void> {
  if (!state.remembering || !after.jobSucceeded) return
  try {
    const memory = await memoryOf(site, state, state.remembering, after, now())
    const text = memory && memoryText(memory)
    if (text === undefined) return
    await writeMemory(site, after.own, text, random())
    core.debug(`Remembered for the next run: ${plain(text.trim(), 1000)}`)
  } catch (error) {
    if (!(error instanceof SiteError)) throw error
    core.info(`Nothing could be remembered for the next run: ${plain(error.message, 500)}`)
  }
}

const MAX_RECORD_LENGTH = 500

const NOTHING_BEFORE = { reason: '', evidence: [], rebuilt: true } as const

/** `undefined`: there is nothing that could be told of the deployment. */
async function memoryOf(
  site: ReadableSite,
  state: State,
  { before, evidence, fingerprint, deployment }: Remembering,
  { snapshot, surroundings, undone }: After,
  now: Date
): Promise<Memory | undefined> {
  const environment = usedEnvironment(snapshot)
  const { layout } = snapshot
  const current = { schema: 1, time: now.toISOString(), fingerprint } as const
  const found = environment && {
    layout,
    path: environment.path,
    python: foundPython(environment) ?? '',
    distributions: environment.distributions.length
  }
  if (!['marker', 'rename', 'in-place', 'toggle-runtime', 'deploy-script'].includes(state.strategy)) {
    const { reason, evidence: earlier, rebuilt } = before ?? NOTHING_BEFORE
    return found && { ...current, reason, evidence: earlier, rebuilt, found }
  }
  const { reason } = state
  // Without a marker it is the old one: Kudu's script, which makes a new one, did not run.
  const isNew = environment && !undone && (state.strategy !== 'marker' || environment.markers.length > 0)
  if (isNew && found) {
    const left = evidenceAfter(evidence, { layout, environment }, state.pythonWanted, before)
    return { ...current, reason, evidence: left, rebuilt: true, found }
  }
  if (!undone || !state.environment || !(await wasDeployedSince(site, surroundings, deployment))) return undefined
  const left = evidence
    .filter(({ code }) => code !== 'requirements-changed')
    .map(item => ({ ...item, outlived: true, resets: 1 }))
  const back = { layout: state.layout, path: state.environment, python: state.pythonBefore }
  return { ...current, reason, evidence: left, rebuilt: false, found: back }
}

/** A job may succeed without having deployed anything, which says nothing about what a deployment would do. */
async function wasDeployedSince(
  site: ReadableSite,
  surroundings: readonly RemoteEntry[],
  deployment: string
): Promise<boolean> {
  const active = await readActiveDeployment(site, surroundings)
  return active !== undefined && recordOf(active.record) !== deployment
}

/** Escaped as all that is kept: it holds whatever the server calls its deployment. */
function recordOf(deployment: RemotePath | undefined): string {
  return plain(deployment ?? '', MAX_RECORD_LENGTH)
}
