// The two halves of a reset: begun before the deployment, and kept or undone after it.
import { findLock } from './azure/deployments.ts'
import { inspectSite } from './azure/layout.ts'
import { usedEnvironment, type Snapshot } from './azure/snapshot.ts'
import { comparison } from './compare.ts'
import { foundPython, type Decision } from './decide.ts'
import { plain } from './escape.ts'
import type { Inputs } from './inputs.ts'
import type { Limits, Ports } from './ports.ts'
import { remember, unwantedOf, type Judged } from './remembering.ts'
import { filesIn, packageLines, settlementLines, type Installed, type Outcome, type PostOutcome } from './report.ts'
import { copyNamer, planReset, reset, type ResetDone, type ResetPlan, type Strategy } from './reset/over-ftp.ts'
import type { Settlement } from './reset/fates.ts'
import { settle, type Circumstances } from './reset/settle.ts'
import { isEmpty, listOwnFolder, restOf, trashIn, type CopyNamer } from './reset/trash.ts'
import { SITE, SiteError, mutable, type ReadableSite, type RemoteEntry, type RemoteSite } from './site.ts'
import { saveState, type State } from './state.ts'
import { doneLines, warningsAbout } from './reset-report.ts'
import { lateWarnings, refusedWarnings } from './sweep-report.ts'
import { accountedFor, sweepNow, sweepingOf } from './sweeping.ts'

/** What was seen before the deployment, and what follows from it. */
export interface Seen extends Judged {
  readonly wanted: Outcome['wanted']
  readonly inventory: Outcome['inventory']
  /** Copies of earlier runs are in the trash. */
  readonly leftovers: boolean
}

type Begun = Pick<Outcome, 'strategy' | 'filesDeleted' | 'movedAside' | 'warnings'>

const NOTHING: Begun = { strategy: 'none', filesDeleted: 0, movedAside: 0, warnings: [] }

/** What a decision amounts to, once it is carried out. */
export function resultOf({ action, reasons }: Decision): Outcome['result'] {
  if (action === 'reset' || action === 'reset-archive') return 'reset'
  if (action === 'preserve') return 'preserved'
  if (action === 'refuse') return 'failed'
  return reasons[0].code === 'absent' ? 'absent' : 'rebuilt-on-deploy'
}

/**
 * Carries a decision out before the deployment.
 *
 * Throws where a demanded reset is refused, and where something is still in place afterwards. `learn` hears of the
 * strategy before anything can fail.
 */
export async function begin(
  ports: Ports,
  limits: Limits,
  site: ReadableSite | RemoteSite,
  inputs: Inputs,
  seen: Seen,
  learn: (more: Partial<Outcome>) => void
): Promise<Begun> {
  const { core } = ports
  const { snapshot, decision } = seen
  if (decision.action === 'refuse') throw refusal(decision, snapshot)
  const newName = copyNamer(ports.now(), ports.random)
  const plan = planReset(decision, snapshot, seen.expected, newName)
  const state = stateOf(inputs, seen, plan)
  if (!plan) {
    core.info('Nothing to reset')
    // This run's post step settles an earlier run's copies, or remembers; else it has nothing to connect for.
    if ((seen.leftovers || seen.remembering) && !inputs.dryRun) saveState(core, state)
    return NOTHING
  }
  learn({ strategy: plan.strategy })
  if (inputs.dryRun || !isChangeable(site)) {
    for (const { original } of plan.moves) core.info(`Would set aside: ${plain(original)}`)
    return { ...NOTHING, strategy: plan.strategy }
  }
  return accountedFor(ports, site, async () => {
    const done = await carryOut(ports, limits, site, { plan, state, newName, snapshot }, learn)
    const [{ strategy, filesDeleted }, movedAside] = [done, done.movedAside.length]
    learn({ filesDeleted, movedAside })
    for (const line of doneLines(done)) core.info(line)
    const warnings = warningsAbout(done, snapshot)
    if (inputs.sweep !== 'main') return { strategy, filesDeleted, movedAside, warnings }
    const swept = await sweepNow(ports, limits, site, done.moved)
    return {
      strategy,
      filesDeleted: filesDeleted + swept.files,
      movedAside: movedAside + swept.movedAside,
      warnings: [...warnings, ...swept.warnings]
    }
  })
}

/** What is about to be done, and what the post step has to know of it. */
interface Prepared {
  readonly plan: ResetPlan
  readonly state: State
  readonly newName: CopyNamer
  readonly snapshot: Snapshot
}

async function carryOut(
  ports: Ports,
  { signal }: Limits,
  site: RemoteSite,
  { plan, state, newName, snapshot }: Prepared,
  learn: (more: Partial<Outcome>) => void
): Promise<ResetDone> {
  const { core } = ports
  const surroundings = await site.list(SITE)
  const lock = await findLock(site, surroundings, ports.now())
  if (lock)
    throw new Error(`A deployment has begun meanwhile, so nothing was changed (${lock.detail}). Run the workflow again`)
  // Before the first change: whatever happens from here on, the post step knows what to look for.
  saveState(core, state)
  let strategy: Strategy = plan.strategy
  const onInPlace = (): void => {
    strategy = 'in-place'
    learn({ strategy })
    saveState(core, { ...state, strategy })
    core.info('The server refuses to move it, so it is deleted in place')
  }
  // A reset is not left half done for want of time: only the step's own deadline ends it.
  const patience = { pause: (ms: number) => ports.sleep(ms, signal), sweeping: sweepingOf(ports) }
  try {
    return await reset(site, plan, snapshot.environment, surroundings, { newName, onInPlace, patience })
  } catch (error) {
    throw plan.strategy === strategy ? error : stoppedInPlace(error)
  }
}

function stoppedInPlace(error: unknown): unknown {
  if (!(error instanceof SiteError) || error.kind !== 'refused') return error
  return new Error(
    `${error.message}. The server refused to move the environment as well, so a part of it may be deleted already. A running ` +
      'app may hold files open: stop the app, then run the workflow again, which finishes it',
    { cause: error }
  )
}

function isChangeable(site: ReadableSite | RemoteSite): site is RemoteSite {
  return 'rename' in site
}

/** Why a demanded reset cannot be done. */
export function refusal({ reasons: [{ code, detail }] }: Decision, { doubt }: Snapshot): Error {
  if (doubt?.remedy !== undefined) return new Error(`${detail}. ${doubt.remedy}`)
  const remedy =
    code === 'unknown'
      ? (doubt?.advice ?? 'Name the environment in "env-path", or remove what should not be there')
      : 'Run the workflow again when the deployment has ended'
  return new Error(`The reset that was asked for was not done, because of ${code}: ${detail}. ${remedy}`)
}

/** What the post step needs to know of this run; nothing is done so far. */
export function stateOf(inputs: Inputs, seen: Seen, plan?: ResetPlan): State {
  const { snapshot, wanted, decision, remembering } = seen
  const { environment } = snapshot
  return {
    schema: 1,
    app: inputs.app,
    slot: inputs.slot,
    host: inputs.target.host,
    tls: inputs.target.tls,
    tlsVerify: inputs.target.verify,
    connections: inputs.connections,
    pipelining: inputs.pipelining,
    timeoutMs: inputs.timeoutMs,
    deadlineMs: inputs.deadlineMs,
    verify: inputs.verify,
    layout: snapshot.layout,
    strategy: plan?.strategy ?? 'none',
    reason: decision.reasons[0].code,
    environment: environment && mutable(environment.path),
    envPath: inputs.envPath,
    shipped: snapshot.shippedBy !== undefined,
    pythonBefore: foundPython(usedEnvironment(snapshot)) ?? '',
    pythonWanted: wanted?.version ?? '',
    installedBefore: environment && packageLines(environment.distributions),
    script: undefined,
    toggle: undefined,
    remembering
  }
}

/** What the second half did. */
export type Ended = Pick<PostOutcome, 'settlements' | 'before' | 'after' | 'warnings' | 'jobSucceeded'>

/** Keeps or undoes after the deployment, sweeps what is no longer needed, and compares. */
export async function end(
  ports: Ports,
  { until }: Limits,
  site: RemoteSite,
  state: State,
  jobSucceeded: boolean
): Promise<Ended> {
  const { core } = ports
  const before: Installed = { python: state.pythonBefore, packages: state.installedBefore }
  const surroundings = await site.list(SITE)
  // First the trash, then the site: a copy that another run makes after the site was seen must not be swept for it.
  const isOverFtp = !['none', 'toggle-runtime', 'deploy-script'].includes(state.strategy)
  const own = await listOwnFolder(site, surroundings, isOverFtp)
  const trash = trashIn(own ?? [])
  const snapshot = await lookAgain(ports, site, state, surroundings)
  // A look at the site finds a lock as well, but for one at a site that has nothing to judge.
  const looked = snapshot !== undefined && snapshot.layout !== 'none'
  const lock = looked ? snapshot.lock : await findLock(site, surroundings, ports.now())
  if (lock) {
    const warning = `A deployment is still running (${lock.detail}), so nothing was touched: the next run settles what is set aside`
    const warnings = state.remembering?.alone ? [] : [warning]
    return { settlements: [], before, after: undefined, warnings, jobSucceeded }
  }
  const settlements: Settlement[] = []
  const circumstances: Circumstances = {
    jobSucceeded,
    compressed: snapshot?.layout === 'compressed-app' || snapshot?.layout === 'compressed-env',
    environment: snapshot?.environment,
    ownReset: isOverFtp,
    installedBefore: state.installedBefore,
    unwanted: unwantedOf(state),
    newName: copyNamer(ports.now(), ports.random),
    sweeping: sweepingOf(ports, until),
    onSettled: settlement => {
      settlements.push(settlement)
      for (const line of settlementLines(settlement)) core.info(line)
    }
  }
  const settling = (): Promise<string | undefined> => settle(site, trash, circumstances).then(noLoss, messageOfLoss)
  const unsettled = isEmpty(trash) ? undefined : await accountedFor(ports, site, settling)
  const warnings = settlements.flatMap(settlement => settlementWarnings(settlement, jobSucceeded))
  warnings.push(...unfinishedWarnings(settlements))
  if (unsettled) warnings.push(`Not everything that is set aside could be settled, the next run goes on: ${unsettled}`)
  const undone = settlements.some(({ fate }) => fate === 'put-back')
  if (snapshot && unsettled === undefined)
    await remember(ports, site, state, { jobSucceeded, surroundings, own, snapshot, undone })
  // What there was no time to delete is no longer needed: the environment is judged all the same.
  const unfinished = unsettled !== undefined || settlements.some(({ fate }) => fate === 'put-back' || fate === 'kept')
  const isInVain = !isOverFtp && (state.strategy === 'none' || !jobSucceeded)
  if (unfinished || isInVain || !snapshot) {
    return { settlements, before, after: undefined, warnings, jobSucceeded }
  }
  if (state.verify) warnings.push(...comparison(state, snapshot))
  return { settlements, before, after: installed(snapshot), warnings, jobSucceeded }
}

const noLoss = (): undefined => undefined

/** What was done until then is told as well, so a lost connection is no reason to throw. */
function messageOfLoss(error: unknown): string {
  if (error instanceof SiteError && error.kind !== 'interrupted') return error.message
  throw error
}

/** `undefined`: the site cannot be made out as a whole, which is no reason not to put back what is set aside. */
async function lookAgain(
  ports: Ports,
  site: RemoteSite,
  state: State,
  surroundings: readonly RemoteEntry[]
): Promise<Snapshot | undefined> {
  try {
    return await inspectSite(site, surroundings, { envPath: state.envPath, now: ports.now() })
  } catch (error) {
    if (!(error instanceof SiteError) || !['refused', 'unexpected'].includes(error.kind)) throw error
    ports.core.info(`The site cannot be compared: ${plain(error.message)}`)
    return undefined
  }
}

function installed({ environment }: Snapshot): Installed | undefined {
  return environment && { python: foundPython(environment) ?? '', packages: packageLines(environment.distributions) }
}

function settlementWarnings({ item, fate, detail, swept }: Settlement, jobSucceeded: boolean): readonly string[] {
  const cause = jobSucceeded ? 'the deployment did not rebuild it' : 'the job did not succeed'
  if (fate === 'put-back') return [`${item.original} was put back as it was, because ${detail}: ${cause}`]
  if (fate === 'kept') return [`${item.original} is still set aside as ${item.copy}, because ${detail}`]
  return swept ? refusedWarnings(restOf(item.copy), swept) : []
}

function unfinishedWarnings(settlements: readonly Settlement[]): readonly string[] {
  const rests = settlements.flatMap(({ item, fate, swept }) => {
    if (fate === 'postponed') return [item.copy]
    return swept?.unfinished ? [restOf(item.copy)] : []
  })
  return lateWarnings(filesIn(settlements), rests, 'the next run')
}
