// Measures one cell: starts its server, opens its line, and lets the contenders run in turns.
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTENDERS, type Contender } from './contenders.ts'
import { computeFloor } from './floor.ts'
import { openLink } from './link.ts'
import { measureRoundTrip, runOnce, type Outcome, type Stage } from './measure.ts'
import type { Planned } from './plan.ts'
import { secondsOf, type Cell, type CellKey, type Row } from './results.ts'
import { makeServedHome, SERVERS } from './served.ts'
import { duration, median, summarise } from './statistics.ts'
import { template } from './trees.ts'

/** What holds for all cells. */
export interface CellOptions {
  readonly runs: number
  readonly boundSeconds: number
  /** Where trees and the compiled line are kept between runs. */
  readonly cache: string
  readonly log: (line: string) => void
  /** Ends the measurement before the next run. */
  readonly signal: AbortSignal
}

/** Beyond this, one run says enough. */
const SHORT_SECONDS = 60

/** As long as the path that all trees lie at. */
const ROOT_BYTES = '/site/.azure-python-env/trash-benchmark'.length

/** Does something on a server over a line, and removes both afterwards. */
export async function onStage<T>(
  key: CellKey,
  options: CellOptions,
  work: (stage: Stage, measuredRttMs: number) => Promise<T>
): Promise<T> {
  const { cache, boundSeconds } = options
  const tree = await template(join(cache, 'trees'), key.files)
  const home = await mkdtemp(join(cache, 'home-'))
  await makeServedHome(home)
  const start = SERVERS[key.server]
  if (!start) throw new RangeError(`no such server: ${key.server}`)
  try {
    const served = await start(home, key.tls)
    try {
      const link = await openLink(key.rttMs, served, cache)
      try {
        const stage = { served, home, tls: key.tls, link, template: tree, boundSeconds }
        return await work(stage, await measureRoundTrip(link, served))
      } finally {
        await link.close()
      }
    } finally {
      await served.stop()
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

/** Measures a cell: a warm-up, then in each round a run of everyone who is quick enough for another. */
export async function measureCell(planned: Planned, options: CellOptions): Promise<Cell> {
  const { contenders, ...key } = planned
  options.log(`\n${describe(key)}`)
  return onStage(key, options, async (stage, measuredRttMs) => {
    options.log(`  round trip ${measuredRttMs.toFixed(2)} ms`)
    const outcomes = await runAll(contenders, stage, options)
    const rows = [...outcomes].map(([contender, runs]) => rowOf(contender, runs, stage))
    const removeSeconds = secondsOf({ rows }, 'rm') ?? (await removalTime(stage))
    const { shape } = stage.template
    return {
      ...key,
      measuredRttMs,
      how: stage.link.how,
      boundSeconds: options.boundSeconds,
      shape,
      floor: computeFloor({ shape, rttMs: key.rttMs, tls: key.tls, removeSeconds, rootBytes: ROOT_BYTES }),
      rows
    }
  })
}

async function runAll(
  names: readonly string[],
  stage: Stage,
  options: CellOptions
): Promise<ReadonlyMap<Contender, readonly Outcome[]>> {
  const outcomes = new Map<Contender, Outcome[]>()
  for (const contender of CONTENDERS.filter(({ name }) => names.includes(name))) {
    const missing = await contender.whyMissing()
    if (missing === undefined) outcomes.set(contender, [])
    else options.log(`  ${contender.name}: ${missing}`)
  }
  // The first sweep of a server pays for what its disk and its processes have to load.
  for (const [contender] of outcomes) {
    if (contender.ours || contender.local) await runOnce({ ...stage, boundSeconds: 5 }, contender)
  }
  for (let round = 0; round < options.runs; round++) {
    for (const [contender, runs] of outcomes) {
      options.signal.throwIfAborted()
      const [first] = runs
      if (first && (!first.finished || first.seconds > SHORT_SECONDS)) continue
      const outcome = await runOnce(stage, contender)
      runs.push(outcome)
      options.log(`  ${contender.name.padEnd(11)} ${tell(outcome)}`)
    }
  }
  return outcomes
}

async function removalTime(stage: Stage): Promise<number> {
  const rm = CONTENDERS.find(({ name }) => name === 'rm')
  if (!rm) throw new RangeError('no contender is the server itself')
  const runs: Outcome[] = []
  for (let i = 0; i < 3; i++) runs.push(await runOnce(stage, rm))
  return median(runs.map(({ seconds }) => seconds)) ?? 0
}

function rowOf(contender: Contender, outcomes: readonly Outcome[], stage: Stage): Row {
  const { files, links } = stage.template.shape
  const { seconds, extrapolated } = summarise(outcomes, files + links)
  const answers = outcomes.flatMap(({ answer }) => (answer ? [answer] : []))
  const warm = median(answers.flatMap(({ warmSeconds }) => (warmSeconds === undefined ? [] : [warmSeconds])))
  const complaint = outcomes.find(outcome => outcome.complaint !== '')?.complaint
  return {
    contender: contender.name,
    runs: outcomes.map(outcome => rounded(outcome.seconds)),
    seconds: seconds === undefined ? null : rounded(seconds),
    extrapolated,
    ...(warm === undefined ? {} : { warmSeconds: rounded(warm) }),
    ...(contender.ours && answers.length > 0 ? { maxRssBytes: Math.max(...answers.map(one => one.maxRssBytes)) } : {}),
    ...(seconds === undefined ? { note: complaint ?? 'nothing was gone at the bound' } : {})
  }
}

/** To a tenth of a millisecond: what is beyond that is noise. */
function rounded(seconds: number): number {
  return Math.round(seconds * 10_000) / 10_000
}

function tell({ seconds, done, finished, stopped, complaint }: Outcome): string {
  if (finished) return duration(seconds)
  return stopped ? `stopped after ${duration(seconds)}, ${done} files gone` : complaint
}

/** Names a cell in one line. */
export function describe({ server, tls, files, rttMs }: CellKey): string {
  return `${server}, ${tls ? 'TLS' : 'plain'}, ${files.toLocaleString('en')} files, ${rttMs} ms`
}
