// Resetting without FTP: by the deployment script in the workspace, or by two pushes. And what is left of that for the post
// step. The first changes nothing on the server, the second deploys.
import { AzError } from './azure/cli.ts'
import { MANIFEST_NAME } from './azure/manifest.ts'
import { PublishProfileError } from './azure/publish-profile.ts'
import type { Snapshot } from './azure/snapshot.ts'
import type { Decision, Expectation, Policy } from './decide.ts'
import { plain } from './escape.ts'
import { loadGitTarget } from './git-credentials.ts'
import { InputError, type InputReader } from './input-values.ts'
import type { Choices, Method } from './inputs.ts'
import type { Limits, Ports } from './ports.ts'
import type { Outcome } from './report.ts'
import { DeployScriptError, leftInScript, scheduleInScript, unscheduleInScript } from './reset/deploy-script.ts'
import { finishToggle, toggleRuntime, type PushTarget, type ToggleOutside } from './reset/toggle-runtime.ts'
import { ToggleError } from './reset/toggle-version.ts'
import { saveState, type State } from './state.ts'
import type { Ended } from './transaction.ts'

/** What a reset by another way than FTP sets out with. */
export interface Errand {
  readonly choices: Choices
  readonly decision: Decision
  /** `undefined`: nothing was looked at, because nothing that lies there decides. */
  readonly found: Snapshot | undefined
  readonly expected: Expectation
  /** What the post step is handed where nothing is changed; whether it has something to do then. */
  readonly state: State
  readonly isToBeKept: boolean
  readonly reader: InputReader
}

type Learn = (more: Partial<Outcome>) => void
type Begun = Partial<Pick<Outcome, 'result' | 'strategy' | 'warnings'>>

/** Decides where nothing that lies on the server matters; throws where it does. */
export function decideUnseen({ resetEnv, mode }: Policy): Decision {
  if (resetEnv)
    return { action: 'reset', reasons: [{ code: 'requested', detail: '"reset-env" is true' }], warning: undefined }
  if (mode === 'always') {
    return { action: 'reset', reasons: [{ code: 'requested', detail: '"reset-mode" is always' }], warning: undefined }
  }
  if (mode === 'never') {
    return { action: 'preserve', reasons: [{ code: 'never', detail: '"reset-mode" is never' }], warning: undefined }
  }
  throw new Error(`"reset-mode" ${mode} needs a look at the server`)
}

/** Carries a decision out that is no refusal; `learn` hears of the strategy before anything can fail. */
export async function beginOtherwise(ports: Ports, limits: Limits, errand: Errand, learn: Learn): Promise<Begun> {
  const { choices, decision, state } = errand
  const { method } = choices
  if (decision.action !== 'reset') {
    ports.core.info('Nothing to reset')
    if (errand.isToBeKept && !choices.dryRun) saveState(ports.core, state)
    const warnings = decision.action === 'reset-archive' ? [onlyOverFtp(decision)] : []
    const finished = await finishEarlier(ports, limits, errand)
    const left = method.kind === 'deploy-script' ? await leftInScript({ ...choices, script: method.script }) : undefined
    if (left !== undefined) warnings.push(left)
    return {
      ...(decision.action === 'reset-archive' ? { result: 'preserved' } : {}),
      warnings: [...warnings, ...finished]
    }
  }
  if (method.kind === 'toggle-runtime') return toggle(ports, limits, errand, method, learn)
  return schedule(ports, errand, method.kind === 'deploy-script' ? method.script : undefined, learn)
}

function onlyOverFtp({ reasons: [{ detail }] }: Decision): string {
  return `An archive is left over, which only "reset-method" ftp sets aside: ${detail}`
}

async function schedule(
  { core, runName }: Ports,
  { choices: { packagePath, dryRun }, found, state }: Errand,
  script: string | undefined,
  learn: Learn
): Promise<Begun> {
  learn({ strategy: 'deploy-script' })
  if (found?.rebuiltBy.includes(MANIFEST_NAME)) {
    throw new DeployScriptError(
      `The server builds this app with Oryx (${MANIFEST_NAME} lies in wwwroot), and a deployment script of its own would replace ` +
        'that build. Use "reset-method" ftp. Nothing was changed'
    )
  }
  const request = { packagePath, script, stamp: `run ${runName}` }
  // The post step takes the lines out again, so it has to know of the script before it is changed.
  const planned = await scheduleInScript({ ...request, dryRun: true })
  const isChanged = planned.changed && !dryRun
  if (!dryRun) {
    const changed = isChanged ? { packagePath, script: planned.script } : undefined
    saveState(core, { ...state, strategy: 'deploy-script', script: changed })
  }
  if (isChanged) await scheduleInScript({ ...request, script: planned.script, dryRun })
  const what = planned.changed ? (dryRun ? 'Would be changed' : 'Changed') : 'Has the lines already'
  core.info(`${what}: ${plain(planned.script)}`)
  for (const line of planned.diff) core.info(plain(line, 500))
  return { result: 'scheduled', warnings: planned.warnings }
}

async function toggle(
  ports: Ports,
  limits: Limits,
  { choices, found, expected, state, reader }: Errand,
  { branch, via }: Extract<Method, { kind: 'toggle-runtime' }>,
  learn: Learn
): Promise<Begun> {
  const { core, runName } = ports
  learn({ strategy: 'toggle-runtime' })
  const target = pushTarget(reader, branch, choices.deadlineMs)
  if (found && found.layout !== 'windows-env') {
    throw new ToggleError(
      `The layout is ${found.layout}, and toggling works only where Kudu's script for Windows looks for the marker of a runtime: ` +
        'elsewhere another runtime deletes nothing. Use "reset-method" ftp or deploy-script'
    )
  }
  if (!expected.kuduScript.runs) {
    throw new ToggleError(
      `Kudu's Python script, which makes the environment anew, would not run: ${expected.kuduScript.detail}. Use "reset-method" ftp, or deploy-script where the app has a script of its own`
    )
  }
  const { packagePath, packageFolder, python: wanted, dryRun } = choices
  const workspace = packageFolder === undefined ? process.cwd() : packagePath
  const started: State = { ...state, strategy: 'toggle-runtime' }
  const toggled = await toggleRuntime(
    { ...target, workspace, wanted, via, run: runName, dryRun },
    {
      ...outsideOf(ports, limits),
      save: pending => {
        saveState(core, { ...started, toggle: pending })
      }
    }
  )
  if (dryRun) core.info(`Would deploy ${toggled.original.slice(0, 10)} with python-${toggled.via} and then as it is`)
  else saveState(core, started)
  return { result: 'reset', warnings: toggled.warnings }
}

/**
 * A run that was interrupted may have left the branch on its toggled commit, and this one deploys nothing over it. Gives what
 * the user should see.
 */
export async function finishEarlier(
  ports: Ports,
  limits: Limits,
  { choices: { method, deadlineMs, dryRun }, reader }: Pick<Errand, 'choices' | 'reader'>
): Promise<readonly string[]> {
  if (method.kind !== 'toggle-runtime' || dryRun) return []
  try {
    return await finished(ports, limits, pushTarget(reader, method.branch, deadlineMs), undefined)
  } catch (error) {
    if (!(error instanceof ToggleError) && !isAboutCredentials(error)) throw error
    ports.core.info(`Whether an earlier run left its toggled commit cannot be told: ${plain(error.message, 500)}`)
    return []
  }
}

function isAboutCredentials(error: unknown): error is Error {
  return error instanceof PublishProfileError || error instanceof InputError || error instanceof AzError
}

async function finished(
  ports: Ports,
  limits: Limits,
  target: PushTarget,
  toggled: string | undefined
): Promise<readonly string[]> {
  const end = await finishToggle(target, toggled, outsideOf(ports, limits))
  if (end.kind === 'nothing') return []
  return [
    `The branch ${JSON.stringify(target.branch)} on the server stood on the toggled commit of the run ${end.run}, which was ` +
      `interrupted: ${end.original.slice(0, 10)} was pushed back, and is deployed again`
  ]
}

function pushTarget(reader: InputReader, branch: string, timeoutMs: number): PushTarget {
  const { url, userName, password } = loadGitTarget(reader)
  return { url, branch, userName, password, timeoutMs }
}

function outsideOf({ core, run, sleep }: Ports, { signal }: Limits): Omit<ToggleOutside, 'save'> {
  return {
    run,
    signal,
    sleep,
    say: line => {
      core.info(plain(line, 500))
    }
  }
}

/**
 * Ends in the post step what the main step began. `signedIn` is asked only where something has to be pushed; `warn` hears what the
 * user should see, whatever comes after it.
 */
export async function endOtherwise(
  ports: Ports,
  limits: Limits,
  { script, toggle: pending, deadlineMs }: State,
  signedIn: () => Promise<InputReader>,
  warn: (warning: string) => void
): Promise<void> {
  try {
    if (script) {
      const { changed } = await unscheduleInScript(script)
      if (changed) ports.core.info(`As it was before: ${plain(script.script)}`)
    }
  } catch (error) {
    if (!(error instanceof DeployScriptError)) throw error
    warn(`The lines that were added could not be taken out of the workspace again: ${error.message}`)
  }
  if (!pending) return
  try {
    const target = pushTarget(await signedIn(), pending.branch, deadlineMs)
    // The password goes where the inputs say, whatever was handed over.
    if (target.url !== pending.url) throw new ToggleError('the address of the repository is another one now')
    for (const warning of await finished(ports, limits, target, pending.toggled)) warn(warning)
  } catch (error) {
    warn(
      `The branch ${JSON.stringify(pending.branch)} on the server may still stand on the toggled commit ` +
        `${pending.toggled}, which the next run puts right: ${error instanceof Error ? error.message : String(error)}`
    )
    if (!(error instanceof ToggleError) && !isAboutCredentials(error)) throw error
  }
}

/** What the post step is handed where nothing on the server was looked at. */
export function unseenState(
  { connections, pipelining, timeoutMs, deadlineMs, verify, envPath }: Choices,
  { app, slot }: Pick<State, 'app' | 'slot'>,
  { reasons: [{ code }] }: Decision
): State {
  return {
    schema: 1,
    app,
    slot,
    host: '',
    tls: 'auto',
    tlsVerify: true,
    connections,
    pipelining,
    timeoutMs,
    deadlineMs,
    verify,
    layout: 'unknown',
    strategy: 'none',
    reason: code,
    environment: undefined,
    envPath,
    shipped: false,
    pythonBefore: '',
    pythonWanted: '',
    installedBefore: undefined,
    script: undefined,
    toggle: undefined,
    remembering: undefined
  }
}

/** What there is to tell after the deployment where nothing was looked at. */
export function unseenEnd(
  { pythonBefore, installedBefore }: State,
  warnings: readonly string[],
  jobSucceeded: boolean
): Ended {
  const before = { python: pythonBefore, packages: installedBefore }
  return { settlements: [], before, after: undefined, warnings, jobSucceeded }
}
