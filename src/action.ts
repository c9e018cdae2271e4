// The story: what the main step and the post step do, in their order. Everything outside comes in through the ports.
import { isDemanded } from './decide.ts'
import { plain } from './escape.ts'
import { isSameSlot, type FtpTarget } from './ftp/target.ts'
import { maskSecrets } from './credentials.ts'
import { namesOf } from './git-credentials.ts'
import type { InputReader } from './input-values.ts'
import { jobStatus, loadChoices, loadInputs, looksOverFtp, type Choices, type Inputs } from './inputs.ts'
import { inspect, reachOf } from './inspecting.ts'
import type { Limits, Ports, Runner } from './ports.ts'
import { readWishes, type Wishes } from './expecting.ts'
import { beginOtherwise, decideUnseen, endOtherwise, finishEarlier, unseenEnd, unseenState } from './other-ways.ts'
import { decisionLines, outputsOf, postSummaryOf, resultLine, summaryOf, type Outcome } from './report.ts'
import { signIn, signInAgain, type SignedIn } from './sign-in.ts'
import { SiteError } from './site.ts'
import { loadState, type State } from './state.ts'
import { begin, end, resultOf, stateOf, type Ended } from './transaction.ts'
import { pythonDisagreement, wantedPython } from './wanted-python.ts'

/** The title of every annotation. */
const TITLE = { title: 'Python environment' }

/** Runs the main step. Sets all outputs and writes the summary however it ends; rejects with what made it fail. */
export async function runMain(ports: Ports): Promise<void> {
  const { core } = ports
  const started = ports.now().getTime()
  let outcome: Outcome = NOTHING_YET
  const learn: Learn = more => {
    outcome = { ...outcome, ...more, warnings: [...outcome.warnings, ...(more.warnings ?? [])] }
  }
  let failure: Error | undefined
  try {
    const choices = loadChoices(core)
    const { question, dryRun, deadlineMs } = choices
    learn({ app: question?.app ?? '', slot: question?.slot ?? '', dryRun })
    await withDeadline(ports, deadlineMs, limits =>
      looksOverFtp(choices) ? lookingStep(ports, choices, limits, learn) : unseenStep(ports, choices, limits, learn)
    )
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
    learn({ result: 'failed', failure: messageOf(error) })
  }
  learn({ durationMs: ports.now().getTime() - started })
  annotate(core, outcome)
  for (const [name, value] of Object.entries(outputsOf(outcome))) core.setOutput(name, value)
  await writeSummary(core, summaryOf(outcome))
  if (failure !== undefined) throw failure
  core.info(resultLine(outcome))
}

const NOTHING_YET: Outcome = {
  result: 'failed',
  found: undefined,
  decision: undefined,
  wanted: undefined,
  strategy: 'none',
  filesDeleted: 0,
  movedAside: 0,
  durationMs: 0,
  app: '',
  slot: '',
  dryRun: false,
  failure: undefined,
  inventory: undefined,
  requirementsFile: undefined,
  warnings: []
}

/** What is about the requirements points at their file. */
function annotate(core: Runner, outcome: Outcome): void {
  const { decision, inventory, requirementsFile, failure, warnings, dryRun } = outcome
  const isAboutThem = (inventory?.removed.length ?? 0) > 0
  const there = isAboutThem && requirementsFile !== undefined ? { ...TITLE, file: requirementsFile } : TITLE
  // A warning beside a reset is about where the environment came from.
  const about = decision?.action === 'reset' ? undefined : decision?.warning
  for (const warning of warnings) core.warning(plain(warning, 1000), warning === about ? there : TITLE)
  const [leading] = decision?.reasons ?? []
  if (failure === undefined && leading?.code === 'packages-removed' && decision?.action === 'reset')
    core.notice(plain(`The environment ${dryRun ? 'would be' : 'is'} reset: ${leading.detail}`, 1000), there)
}

/** Where annotations find the requirements; `undefined`: nowhere, because they are packed or lie outside. */
function annotated({ packageFolder }: Inputs, { requirements }: Wishes): string | undefined {
  return requirements && packageFolder !== undefined ? `${packageFolder}${requirements.file}` : undefined
}

/** Adds to what is known of the outcome; warnings are added to those that there are. */
type Learn = (more: Partial<Outcome>) => void

async function lookingStep(ports: Ports, choices: Choices, limits: Limits, learn: Learn): Promise<void> {
  const { core } = ports
  const programLimits = { timeoutMs: choices.timeoutMs, signal: limits.signal }
  const signedIn = await signIn(ports, choices.method.kind === 'ftp' ? 'ftp' : 'look', programLimits)
  const { credentials } = signedIn
  if (typeof credentials !== 'object') {
    learn(namesOf(signedIn.reader))
    learn({ warnings: await finishEarlier(ports, limits, { choices, reader: signedIn.reader }) })
    learn(withoutLooking(new SiteError('login', credentials ?? ''), choices))
    return
  }
  const inputs = loadInputs(core, choices, credentials)
  learn({ app: inputs.app, slot: inputs.slot, warnings: warningsOf(inputs) })
  await mainStep(ports, inputs, signedIn, limits, learn)
}

/** Another way of resetting, where nothing that lies on the server decides: then nobody has to log in over FTP. */
async function unseenStep(ports: Ports, choices: Choices, limits: Limits, learn: Learn): Promise<void> {
  const { core } = ports
  const { method, policy, timeoutMs } = choices
  const pushes = method.kind === 'toggle-runtime'
  const signedIn = pushes ? await signIn(ports, 'push', { timeoutMs, signal: limits.signal }) : undefined
  const reader = signedIn?.reader ?? core
  const site = namesOf(reader)
  learn(site)
  const { expected, warnings } = await readWishes(choices, signedIn?.expected ?? {})
  const decision = decideUnseen(policy)
  const wanted = wantedPython(pushes ? 'windows-env' : 'unknown', expected)
  learn({ decision, wanted, warnings, result: resultOf(decision) })
  await group(core, 'Decide', () => {
    for (const line of decisionLines(decision)) core.info(line)
  })
  const state = unseenState(choices, site, decision)
  const errand = { choices, decision, found: undefined, expected, state, isToBeKept: false, reader }
  await group(core, 'Reset', async () => {
    learn(await beginOtherwise(ports, limits, errand, learn))
  })
}

async function mainStep(
  ports: Ports,
  inputs: Inputs,
  { expected: told, reader }: SignedIn,
  limits: Limits,
  learn: Learn
): Promise<void> {
  const { core } = ports
  const wishes = await readWishes(inputs, told)
  learn({ warnings: wishes.warnings, requirementsFile: annotated(inputs, wishes) })
  const inspected = await group(core, 'Inspect', () => inspect(ports, inputs, wishes, limits.signal)).catch(
    async (error: unknown) => {
      if (error instanceof SiteError && error.kind !== 'interrupted')
        learn({ warnings: await finishEarlier(ports, limits, { choices: inputs, reader }) })
      learn(withoutLooking(error, inputs))
      return undefined
    }
  )
  if (!inspected) return
  const { site, seen } = inspected
  try {
    const { snapshot: found, decision, wanted, inventory } = seen
    learn({ found, decision, wanted, inventory, result: resultOf(decision) })
    const disagreement = pythonDisagreement(found.layout, seen.expected)
    learn({ warnings: [seen.decision.warning, disagreement].filter(warning => warning !== undefined) })
    await group(core, 'Decide', () => {
      for (const line of decisionLines(seen.decision)) core.info(line)
    })
    await group(core, 'Reset', async () => {
      if (inputs.method.kind === 'ftp' || decision.action === 'refuse') {
        learn(await begin(ports, limits, site, inputs, seen, learn))
        return
      }
      const isToBeKept = seen.leftovers || seen.remembering !== undefined
      const state = stateOf(inputs, seen)
      const errand = { choices: inputs, decision, found, expected: seen.expected, state, isToBeKept, reader }
      learn(await beginOtherwise(ports, limits, errand, learn))
    })
  } finally {
    site.close()
  }
}

/** What the user chose and should be reminded of in each run. */
function warningsOf({ target }: Inputs): readonly string[] {
  if (target.tls === 'off') return ['"tls" is off: the password and everything else travels in the clear']
  return target.verify
    ? []
    : ['"tls-verify" is false: anybody on the way to the server can pose as it and read the password']
}

/**
 * Goes on without having looked, where that is allowed: then nothing is changed, and the deployment does what it would
 * have done without this step. A certificate that does not verify is never softened.
 */
function withoutLooking(error: unknown, inputs: Choices): Partial<Outcome> {
  const soft = error instanceof SiteError && ['unreachable', 'login', 'lost'].includes(error.kind)
  const fails = inputs.onUnreachable === 'fail' || (inputs.onUnreachable === 'auto' && isDemanded(inputs.policy))
  if (!soft || fails) throw error
  const warning = `The environment was not looked at, and stays as it is: ${error.message}`
  const outcome = { result: 'unreachable', warnings: [warning] } as const
  if (inputs.method.kind === 'ftp') return outcome
  const reason = { code: 'unknown', detail: `the server could not be looked at: ${error.message}` } as const
  return { ...outcome, decision: { action: 'preserve', reasons: [reason], warning } }
}

/** Runs the post step: puts back or sweeps, and looks at what the deployment made. Never rejects, only warns. */
export async function runPost(ports: Ports): Promise<void> {
  const { core } = ports
  const started = ports.now().getTime()
  let isOnlyToRemember = false
  const warnings: string[] = []
  try {
    const state = loadState(core)
    if (!state) return
    isOnlyToRemember = state.remembering?.alone === true
    if (isOnlyToRemember && jobStatus(core) !== 'success') return
    maskSecrets(core)
    const ended = await withDeadline(ports, state.deadlineMs, limits => postStep(ports, state, limits, warnings))
    if (!ended) return
    for (const warning of ended.warnings) core.warning(plain(warning, 1000), TITLE)
    await writeSummary(core, postSummaryOf({ ...ended, ...state, durationMs: ports.now().getTime() - started }))
  } catch (error) {
    for (const warning of warnings) core.warning(plain(warning, 1000), TITLE)
    if (isOnlyToRemember) {
      core.info(plain(`Nothing could be remembered for the next run: ${messageOf(error)}`, 1000))
      return
    }
    const what =
      'The post step did not come to its end, so what is still in /site/.azure-python-env is left to the next run'
    core.warning(plain(`${what}: ${messageOf(error)}`, 1000), TITLE)
  }
}

/** `undefined`: nothing was looked at, and there is nothing to tell. `warnings` are also there where it throws. */
async function postStep(ports: Ports, state: State, limits: Limits, warnings: string[]): Promise<Ended | undefined> {
  const { core } = ports
  const programLimits = { timeoutMs: state.timeoutMs, signal: limits.signal }
  let asked: ReturnType<typeof signInAgain> | undefined
  const signedIn = (): ReturnType<typeof signInAgain> => (asked ??= signInAgain(ports, programLimits))
  if (state.script || state.toggle) {
    const readerOf = async (): Promise<InputReader> => (await signedIn()).reader
    await group(core, 'Finish', () => endOtherwise(ports, limits, state, readerOf, warning => warnings.push(warning)))
  }
  if (state.host === '')
    return warnings.length > 0 ? unseenEnd(state, warnings, jobStatus(core) === 'success') : undefined
  const { login, app, slot } = (await signedIn()).login()
  const isSameSite = app.toLowerCase() === state.app.toLowerCase() && isSameSlot(slot, state.slot)
  if (!isSameSite || login.host !== state.host) {
    throw new Error('the credentials are those of another app or slot now')
  }
  const target: FtpTarget = { ...login, tls: state.tls, verify: state.tlsVerify }
  const site = await ports.openSite(target, reachOf(ports, state, limits.signal))
  try {
    const ended = await group(core, 'After the deployment', () =>
      end(ports, limits, site, state, jobStatus(core) === 'success')
    )
    return { ...ended, warnings: [...warnings, ...ended.warnings] }
  } finally {
    site.close()
  }
}

/** The time that is kept for coming to an end: what is under way is waited for, and then told of. */
function reserveOf(deadlineMs: number): number {
  return Math.min(deadlineMs / 2, Math.max(5000, deadlineMs / 20))
}

async function withDeadline<T>(ports: Ports, deadlineMs: number, work: (limits: Limits) => Promise<T>): Promise<T> {
  const deadline = ports.after(deadlineMs)
  const until = ports.after(deadlineMs - reserveOf(deadlineMs))
  try {
    return await work({ signal: AbortSignal.any([ports.signal, deadline]), until })
  } catch (error) {
    if (ports.signal.aborted) throw new Error('The run was told to stop', { cause: error })
    if (deadline.aborted) {
      throw new Error(
        `The step took longer than its "deadline" of ${deadlineMs / 60_000} min. Raise it, or run again`,
        {
          cause: error
        }
      )
    }
    throw error
  }
}

async function group<T>(core: Runner, name: string, work: () => T | Promise<T>): Promise<T> {
  core.startGroup(name)
  try {
    return await work()
  } finally {
    core.endGroup()
  }
}

/** A summary that cannot be written (no file, disk full) is no reason to stop a deployment. */
async function writeSummary(core: Runner, markdown: string): Promise<void> {
  try {
    await core.summary.addRaw(markdown).write()
  } catch (error) {
    core.debug(`The job summary could not be written: ${messageOf(error)}`)
  }
}

/** The sentence to show for an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
