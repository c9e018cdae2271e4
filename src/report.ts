// What a run has to say: log lines, outputs, and the Markdown of the job summary. Pure; foreign text is escaped here.
import { usedEnvironment, type Layout, type Snapshot } from './azure/snapshot.ts'
import { foundPython, type Decision } from './decide.ts'
import { code, listed, plain, prose, table } from './escape.ts'
import { certainlyRemoved, inventorySection, packages } from './inventory-report.ts'
import type { Inventory } from './python/closure.ts'
import type { Distribution } from './python/distributions.ts'
import type { Settlement } from './reset/fates.ts'
import type { Strategy } from './reset/over-ftp.ts'
import { sweptLines } from './sweep-report.ts'

/** What became of the environment; the strings are part of the public contract. */
export type Result = 'absent' | 'preserved' | 'reset' | 'rebuilt-on-deploy' | 'scheduled' | 'unreachable' | 'failed'

/** Everything the main step knows at its end, however it ended. */
export interface Outcome {
  readonly result: Result
  /** `undefined`: it ended before. */
  readonly found: Snapshot | undefined
  readonly decision: Decision | undefined
  readonly wanted: { readonly version: string; readonly source: string } | undefined
  readonly strategy: Strategy
  readonly filesDeleted: number
  /** How many files were in use and had to be moved aside. */
  readonly movedAside: number
  readonly durationMs: number
  readonly app: string
  readonly slot: string
  readonly dryRun: boolean
  /** Why the step fails; `undefined`: it does not. */
  readonly failure: string | undefined
  /** What is installed against what is asked for; `undefined`: it was not compared. */
  readonly inventory: Inventory | undefined
  /** The file that asks for packages, for annotations; `undefined`: there is none that they can point at. */
  readonly requirementsFile: string | undefined
  readonly warnings: readonly string[]
}

/** Everything the post step knows at its end. */
export interface PostOutcome {
  readonly app: string
  readonly slot: string
  readonly reason: string
  readonly jobSucceeded: boolean
  readonly settlements: readonly Settlement[]
  readonly before: Installed
  /** `undefined`: nothing was looked at, or there is no environment. */
  readonly after: Installed | undefined
  readonly durationMs: number
  readonly warnings: readonly string[]
}

/** An environment in short, for comparing. */
export interface Installed {
  readonly python: string
  /** `name version`; `undefined`: not known. */
  readonly packages: readonly string[] | undefined
}

/** `name version`, as it is handed over and compared. */
export function packageLines(distributions: readonly Distribution[]): readonly string[] {
  return distributions.map(({ name, version }) => `${name} ${version}`)
}

/** The values of all outputs; every one of them is set in every run. */
export function outputsOf(outcome: Outcome): Readonly<Record<string, string>> {
  const { found, decision } = outcome
  const layout: Layout = found?.layout ?? 'unknown'
  return {
    result: outcome.result,
    reason: decision?.reasons[0].code ?? '',
    reasons: JSON.stringify(
      (decision?.reasons ?? []).map(reason => ({ code: reason.code, detail: plain(reason.detail, 1000) }))
    ),
    layout,
    strategy: outcome.strategy,
    // With an archive that goes, what is left over beside it stays.
    'env-path': decision?.action === 'reset-archive' ? '' : plain(found?.environment?.path ?? '', 1000),
    'python-version-found': foundPython(found && usedEnvironment(found)) ?? '',
    'python-version-wanted': outcome.wanted?.version ?? '',
    'removed-packages': JSON.stringify(certainlyRemoved(outcome.inventory).map(name => plain(name, 200))),
    'files-deleted': String(outcome.dryRun ? 0 : outcome.filesDeleted),
    'duration-ms': String(Math.round(outcome.durationMs)),
    'recommended-clean': recommendedClean(outcome.result, layout),
    'app-name': outcome.app,
    'slot-name': outcome.slot === '' ? 'production' : outcome.slot,
    'dry-run': String(outcome.dryRun)
  }
}

/**
 * What to pass to the deploy step's `clean`: left out, the server's default wipes wwwroot, the environment included.
 * Empty where there is nothing to keep, or where nothing is known.
 */
function recommendedClean(result: Result, layout: Layout): string {
  const noAdvice = result === 'failed' || result === 'unreachable'
  return noAdvice || ['compressed-env', 'compressed-app', 'none'].includes(layout) ? '' : 'false'
}

/** What was found, for the log. */
export function foundLines(found: Snapshot): readonly string[] {
  const { doubt, lock, secondArchive } = found
  const environment = usedEnvironment(found)
  const lines = [`Layout: ${found.layout}`]
  if (doubt)
    lines.push(`In doubt: ${plain(doubt.detail)}${doubt.candidates.length > 0 ? ` (${listed(doubt.candidates)})` : ''}`)
  if (environment) {
    const sources = environment.versions.map(({ source, version }) => `${plain(source)}: ${version}`).join(', ')
    lines.push(`Environment: ${plain(environment.path)}`)
    lines.push(`Python: ${foundPython(environment) ?? 'unknown'}${sources ? ` (${sources})` : ''}`)
    lines.push(`Packages: ${environment.distributions.length}`)
    if (environment.missing.length > 0) lines.push(`Missing: ${listed(environment.missing)}`)
  }
  if (found.environment && !environment) lines.push(`Left over from another build: ${plain(found.environment.path)}`)
  if (secondArchive) lines.push(`Archives: ${plain(secondArchive.detail)}`)
  if (lock) lines.push(`Deployment running: ${plain(lock.detail)}`)
  return lines
}

/** The decision, for the log. */
export function decisionLines(decision: Decision): readonly string[] {
  return [
    `Action: ${decision.action}`,
    ...decision.reasons.map(reason => `${reason.code}: ${plain(reason.detail, 500)}`)
  ]
}

/** The one line that stands outside the groups. */
export function resultLine(outcome: Outcome): string {
  const reason = outcome.decision?.reasons[0]
  const why = reason ? ` (${reason.code}: ${plain(reason.detail, 300)})` : ''
  return `Python environment: ${outcome.dryRun ? 'would be ' : ''}${outcome.result}${why}`
}

const HEADLINES: Readonly<Record<Result, string>> = {
  absent: 'There is no Python environment to keep or reset',
  preserved: 'The Python environment stays',
  reset: 'The Python environment is reset',
  'rebuilt-on-deploy': 'The deployment builds the Python environment anew by itself',
  scheduled: 'The deployment will reset the Python environment',
  unreachable: 'The server could not be looked at',
  failed: 'The Python environment could not be dealt with'
}

function headlineOf({ result, found, decision, dryRun }: Outcome): string {
  if (result === 'reset' && decision?.action === 'reset-archive') return 'An archive that is left over is set aside'
  if (result === 'reset' && found?.layout === 'compressed-app') return 'An environment that is left over is set aside'
  if (dryRun && result === 'reset') return 'The Python environment would be reset'
  return dryRun && result === 'scheduled' ? 'The deployment would reset the Python environment' : HEADLINES[result]
}

/** The job summary of the main step. */
export function summaryOf(outcome: Outcome): string {
  const { found, decision, wanted } = outcome
  const environment = found?.environment
  const rows: (readonly [string, string])[] = [['Site', siteText(outcome)]]
  if (found) rows.push(['Found', foundText(found)])
  if (found)
    rows.push([
      'Wanted',
      wanted ? `Python ${wanted.version} (${prose(wanted.source)})` : 'no particular Python version'
    ])
  if (decision) rows.push(['Decision', `**${decision.action}**: ${code(decision.reasons[0].code)}`])
  if (environment || outcome.strategy !== 'none') rows.push(['Strategy', code(outcome.strategy)])
  rows.push(['Files deleted in this step', String(outcome.dryRun ? 0 : outcome.filesDeleted)])
  rows.push(...inUseRows(outcome.movedAside))
  rows.push(['Time', `${(outcome.durationMs / 1000).toFixed(1)} s`])
  // A warning that ends in what a reason says is that reason in a whole sentence: both would say it twice.
  const sentence = (detail: string): string =>
    decision?.warning?.endsWith(`: ${detail}`) === true ? decision.warning : detail
  const reasons =
    decision?.reasons.map(({ code: name, detail }) => `- ${code(name)}: ${prose(sentence(detail), 1000)}`) ?? []
  const told = decision?.reasons.some(({ detail }) => sentence(detail) === decision.warning) ? decision.warning : ''
  return [
    `### ${outcome.dryRun ? 'Dry run: ' : ''}${headlineOf(outcome)}`,
    ...(outcome.failure === undefined ? [] : [`> ${prose(outcome.failure, 1000)}`]),
    table(rows),
    ...(reasons.length > 0 ? [`**Why**\n\n${reasons.join('\n')}`] : []),
    ...inventorySection(outcome.inventory, outcome.result === 'reset'),
    ...warningList(outcome.warnings.filter(warning => warning !== told)),
    nextStep(outcome),
    ''
  ].join('\n\n')
}

function nextStep({ result, found, dryRun, strategy, decision, filesDeleted }: Outcome): string {
  if (dryRun) return 'Nothing was changed.'
  switch (result) {
    case 'scheduled':
      return 'Nothing was changed on the server. The deployment script in the workspace deletes the environment in the next deployment, and is as it was after the job.'
    case 'reset':
      if (strategy === 'toggle-runtime')
        return 'The commit is deployed already, so nothing is left for a deploy step to do.'
      if (found?.layout === 'compressed-app' && decision?.action === 'reset')
        return 'Only what was left over beside the compressed app is removed. The app does not use it.'
      if (strategy === 'in-place')
        return 'The server refused to move the environment aside, so it was deleted where it lay. There is no way back: the deployment has to build a new one.'
      if (filesDeleted > 0)
        return 'What was removed is deleted already. There is no way back: the deployment has to build a new one.'
      if (decision?.action === 'reset-archive')
        return 'The left-over archive was set aside. It goes back only if the deployment leaves no archive at all.'
      return 'What was removed is set aside until the end of the job. It is deleted once the deployment has built a new environment, and put back if it has not.'
    case 'failed':
      if (strategy === 'none' || strategy === 'deploy-script') return 'Nothing was changed.'
      if (strategy === 'toggle-runtime')
        return 'If anything was pushed, the error says what the branch on the server stands on.'
      if (strategy === 'in-place')
        return 'A part of the environment may be deleted already, and there is no way back: the next run finishes it.'
      return 'What was changed, if anything, is put back at the end of the job where the deployment leaves no environment.'
    default:
      return 'Nothing was changed.'
  }
}

/** The job summary of the post step. */
export function postSummaryOf(outcome: PostOutcome): string {
  const { settlements, before, after } = outcome
  const undone = settlements.filter(({ fate }) => fate === 'put-back')
  const kept = settlements.filter(({ fate }) => fate === 'kept')
  const headline =
    undone.length > 0
      ? 'The previous Python environment was put back'
      : kept.length > 0
        ? 'Something is still set aside'
        : after
          ? outcome.jobSucceeded
            ? 'The Python environment was rebuilt'
            : 'The Python environment is a new one, although the job did not succeed'
          : 'After the deployment'
  const inUse = settlements.reduce((sum, { swept }) => sum + (swept?.movedAside.length ?? 0), 0)
  const rows: (readonly [string, string])[] = [
    ['Site', siteText(outcome)],
    ['Python', after ? `${before.python || 'unknown'} → ${after.python || 'unknown'}` : before.python || 'unknown'],
    ['Files swept', String(filesIn(settlements))],
    ...inUseRows(inUse),
    ['Time', `${(outcome.durationMs / 1000).toFixed(1)} s`]
  ]
  return [
    `### ${headline}`,
    table(rows),
    ...(after && undone.length === 0 ? packageDifference(before, after) : []),
    ...warningList(outcome.warnings),
    ''
  ].join('\n\n')
}

/** How many files the sweeps of a post step deleted. */
export function filesIn(settlements: readonly Settlement[]): number {
  return settlements.reduce((sum, { swept }) => sum + (swept?.files ?? 0), 0)
}

function inUseRows(files: number): readonly (readonly [string, string])[] {
  return files > 0 ? [['Files in use, left to a later run', String(files)]] : []
}

/** What became of one copy in the post step, for the log. */
export function settlementLines({ item, fate, detail, swept }: Settlement): readonly string[] {
  const what = plain(item.original)
  if (fate === 'put-back') return [`Put back: ${what}, because ${plain(detail, 500)}`]
  if (fate === 'kept') return [`Still set aside: ${what} as ${plain(item.copy)}, because ${plain(detail, 500)}`]
  if (fate === 'postponed') return [`Left to the next run, because the time was up: ${plain(item.copy)}`]
  return swept ? sweptLines(item.copy, swept) : [`Swept: ${plain(item.copy)}, and ${plain(detail)}`]
}

function packageDifference(before: Installed, after: Installed): readonly string[] {
  if (!before.packages || !after.packages) return []
  const [old, fresh] = [versions(before.packages), versions(after.packages)]
  const rows: (readonly [string, string])[] = [...new Set([...old.keys(), ...fresh.keys()])]
    .filter(name => old.get(name) !== fresh.get(name))
    .sort()
    .map(name => [code(name), `${code(old.get(name) ?? 'not installed')} → ${code(fresh.get(name) ?? 'gone')}`])
  const unchanged = [...fresh].filter(([name, version]) => old.get(name) === version).length
  const shown = rows.slice(0, 100)
  const more = rows.length > shown.length ? `\n\n…and ${rows.length - shown.length} more` : ''
  if (rows.length === 0) return [`Installed as before: ${packages(fresh.size)}.`]
  return [`${table([['Package', 'Change'], ...shown])}${more}\n\nInstalled as before: ${packages(unchanged)}.`]
}

function versions(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(lines.map(line => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']))
}

function siteText({ app, slot }: { readonly app: string; readonly slot: string }): string {
  return `${code(app === '' ? '(not known)' : app)} (${code(slot)})`
}

function foundText(found: Snapshot): string {
  const { layout, doubt } = found
  const environment = usedEnvironment(found)
  if (doubt) return `${code(layout)}: ${prose(doubt.detail, 300)}`
  if (!environment)
    return found.environment ? `${code(layout)}, beside it ${code(found.environment.path)}` : code(layout)
  const python = foundPython(environment) ?? 'unknown'
  return `${code(layout)}, ${code(environment.path)}, Python ${python}, ${packages(environment.distributions.length)}`
}

function warningList(warnings: readonly string[]): readonly string[] {
  return warnings.length > 0 ? [warnings.map(warning => `- Warning: ${prose(warning, 1000)}`).join('\n')] : []
}
