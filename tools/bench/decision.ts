// What a decision costs: commands and time of the main step's dry run on an environment with many distributions.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { annotations, runStep, type StepRun } from '../github-runner.ts'
import { startLocalAppService, type LocalAppService } from '../local-appservice/index.ts'
import { makePackage, makeSite } from '../local-appservice/sites.ts'
import { startProxy } from '../proxy/proxy.ts'
import { median } from './statistics.ts'

/** Says what is measured, and how often. */
export interface DecisionOptions {
  /** How many distributions are installed, beside what every environment has. */
  readonly distributions: number
  /** Round trips; the loopback device as it is for 0. */
  readonly rttMs: readonly number[]
  readonly runs: number
  readonly log: (line: string) => void
  /** Ends the measurement before the next run. */
  readonly signal: AbortSignal
}

/** What one kind of package came to on one line. */
export interface DecisionFinding {
  readonly scenario: string
  readonly rttMs: number
  /** The leading reason. */
  readonly reason: string
  /** Over all connections, logins included. */
  readonly commands: number
  readonly connections: number
  /** Listings of `site-packages`. */
  readonly listings: number
  /** Files that were read, small ones of the site included. */
  readonly transfers: number
  /** From the step's first line to its last, without the start of Node; the median of the runs. */
  readonly seconds: number
}

/** What is measured where nothing else is selected. */
export const DECISION_DEFAULTS = { distributions: 300, rttMs: [0, 60] } as const

const PYTHON = '3.11'
const VERSION = '1.0.0'
/** One in ten is asked for; each of those needs nine others, so that all are reachable. */
const ROOTS = 10
/** About the median of what METADATA of published packages has: most of it is the description. */
const DESCRIPTION = 'A line of the description that is longer than nothing.\n'.repeat(100)

/** The packages that are decided about: how much has to be read for each is very different. */
const SCENARIOS: readonly { readonly name: string; readonly asks: (names: readonly string[]) => readonly string[] }[] =
  [
    { name: 'everything is asked for by name', asks: names => names },
    { name: 'a tenth is asked for, the rest is needed by it', asks: rootsOf },
    { name: 'the same, and one of the tenth was dropped', asks: names => rootsOf(names).slice(1) }
  ]

/** Measures each kind of package on each line; throws with the step's own error where it fails. */
export async function measureDecision(options: DecisionOptions): Promise<readonly DecisionFinding[]> {
  const { distributions, rttMs, log } = options
  log(`\nA whole decision, ${distributions} distributions, local App Service, implicit TLS`)
  const packageDir = await mkdtemp(join(tmpdir(), 'package-'))
  const app = await startLocalAppService()
  try {
    const names = Array.from({ length: distributions }, (_, index) => `dist-${String(index).padStart(4, '0')}`)
    await layEnvironment(app, packageDir, names)
    const findings: DecisionFinding[] = []
    for (const rtt of rttMs) {
      for (const { name, asks } of SCENARIOS) {
        await makePackage(packageDir, asks(names).map(pinned))
        const finding = await measureScenario(app, packageDir, rtt, options)
        findings.push({ scenario: name, rttMs: rtt, ...finding })
        log(tell({ scenario: name, rttMs: rtt, ...finding }))
      }
    }
    return findings
  } finally {
    await app.close()
    await rm(packageDir, { recursive: true })
  }
}

async function layEnvironment(app: LocalAppService, packageDir: string, names: readonly string[]): Promise<void> {
  const { home } = app
  await makePackage(packageDir, names.map(pinned))
  await makeSite('venv-tree', { home, packageDir, python: PYTHON })
  const sitePackages = join(home, 'site/wwwroot/antenv/lib', `python${PYTHON}`, 'site-packages')
  const roots = rootsOf(names)
  const others = names.filter(name => !roots.includes(name))
  for (const name of names) {
    const place = roots.indexOf(name)
    const needs = place === -1 ? [] : others.filter((_, index) => index % roots.length === place)
    const headers = ['Metadata-Version: 2.1', `Name: ${name}`, `Version: ${VERSION}`]
    const lines = [...headers, ...needs.map(other => `Requires-Dist: ${other}>=1`), '', DESCRIPTION]
    const info = `${name.replaceAll('-', '_')}-${VERSION}.dist-info`
    await writeFile(join(sitePackages, info, 'METADATA'), lines.join('\n'))
  }
}

type Measured = Omit<DecisionFinding, 'scenario' | 'rttMs'>

async function measureScenario(
  app: LocalAppService,
  packageDir: string,
  rttMs: number,
  { runs, signal }: DecisionOptions
): Promise<Measured> {
  const { explicitPort, implicitPort } = app.ftp
  const proxy =
    rttMs === 0 ? undefined : await startProxy({ controlPorts: [explicitPort, implicitPort], delayMs: rttMs })
  app.ftp.passive = proxy ? { announce: port => proxy.forward(port) } : {}
  try {
    const seconds: number[] = []
    let last: Measured | undefined
    for (let run = 0; run < runs; run++) {
      signal.throwIfAborted()
      app.ftp.clearTranscript()
      const profile = app.publishProfile(proxy ? { host: proxy.address } : {})
      const inputs = { 'publish-profile': profile, package: packageDir, 'dry-run': 'true' }
      const step = await runStep('main', { with: inputs, caFile: app.caFile })
      last = countedIn(app, step)
      seconds.push(last.seconds)
    }
    if (!last) throw new RangeError('nothing is known without a run')
    return { ...last, seconds: median(seconds) ?? NaN }
  } finally {
    await proxy?.stop()
  }
}

function countedIn({ ftp: { transcript } }: LocalAppService, step: StepRun): Measured {
  if (step.exitCode !== 0) throw new Error(`The main step failed: ${annotations(step.log, 'error').join(', ')}`)
  return {
    reason: step.outputs['reason'] ?? '',
    commands: transcript.length,
    connections: new Set(transcript.map(({ session }) => session)).size,
    listings: transcript.filter(({ argument }) => argument.endsWith('/site-packages')).length,
    transfers: transcript.filter(({ verb }) => verb === 'RETR').length,
    seconds: Number(step.outputs['duration-ms']) / 1000
  }
}

function tell({
  scenario,
  rttMs,
  reason,
  commands,
  connections,
  listings,
  transfers,
  seconds
}: DecisionFinding): string {
  const time = `${seconds.toFixed(2)} s`.padStart(8)
  const counts = `${commands} commands (connections: ${connections}, files read: ${transfers}`
  return `  ${String(rttMs).padStart(3)} ms ${time}  ${counts}, listings of site-packages: ${listings}), ${reason}: ${scenario}`
}

function rootsOf(names: readonly string[]): readonly string[] {
  return names.filter((_, index) => index % ROOTS === 0)
}

function pinned(name: string): string {
  return `${name}==${VERSION}`
}
