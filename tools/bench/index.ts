// The benchmark that anyone can run: measures what was selected, prints it, and writes docs/performance.* if asked to.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format } from 'prettier'
import { cellSection, barsTable, renderPage, renderPlot } from './page.ts'
import { measureCell, type CellOptions } from './cells.ts'
import { help, readOptions, type BenchOptions } from './command-line.ts'
import { DECISION_DEFAULTS, measureDecision } from './decision.ts'
import { checkSweeps, measureMemory } from './experiments.ts'
import { readMachine } from './machine.ts'
import { stopRunning } from './measure.ts'
import { plan } from './plan.ts'
import { sameCell, type Results } from './results.ts'
import { SERVERS } from './served.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const DOCS = join(ROOT, 'docs')
const CACHE = join(ROOT, '.bench')
const WIDTH = { printWidth: 120 }

async function measure(
  options: BenchOptions,
  signal: AbortSignal,
  keep: (results: Results) => Promise<void>
): Promise<Results> {
  const { runs, boundSeconds, parts, selection, quick } = options
  const log = (line: string): void => {
    console.log(line)
  }
  const cellOptions: CellOptions = { runs, boundSeconds, cache: CACHE, log, signal }
  let results: Results = { machine: await readMachine(), cells: [], memory: [], correctness: [] }
  const add = async (more: Partial<Results>): Promise<void> => {
    results = { ...results, ...more }
    await keep(results)
  }
  const servers = selection.servers ?? Object.keys(SERVERS)
  if (parts.includes('sweeps')) {
    for (const planned of plan(selection, quick)) {
      await add({ cells: [...results.cells, await measureCell(planned, cellOptions)] })
    }
  }
  if (parts.includes('memory')) await add({ memory: [await measureMemory(servers[0] ?? 'vsftpd', cellOptions)] })
  if (parts.includes('correctness')) {
    for (const server of servers) {
      await add({ correctness: [...results.correctness, await checkSweeps(server, cellOptions)] })
    }
  }
  if (parts.includes('decision')) {
    const { distributions, rttMs } = DECISION_DEFAULTS
    await measureDecision({ distributions, rttMs: selection.rttMs ?? rttMs, runs, log, signal })
  }
  return results
}

/** Puts new results into old ones: what was not measured this time stays, where the machine is the same. */
function merged(old: Results | undefined, fresh: Results): Results {
  if (!old || old.machine.system !== fresh.machine.system || old.machine.cores !== fresh.machine.cores) return fresh
  const cells = old.cells.filter(cell => !fresh.cells.some(one => sameCell(one, cell)))
  const others = old.correctness.filter(({ server }) => !fresh.correctness.some(one => one.server === server))
  return {
    machine: fresh.machine,
    cells: inOrder([...cells, ...fresh.cells]),
    memory: fresh.memory.length > 0 ? fresh.memory : old.memory,
    correctness: [...others, ...fresh.correctness]
  }
}

function inOrder(cells: Results['cells']): Results['cells'] {
  const planned = plan({}, false)
  const place = (cell: Results['cells'][number]): number => {
    const index = planned.findIndex(one => sameCell(one, cell))
    return index === -1 ? planned.length : index
  }
  return cells.toSorted((a, b) => place(a) - place(b))
}

async function readResults(): Promise<Results | undefined> {
  const text = await readFile(join(DOCS, 'performance.json'), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : (JSON.parse(text) as Results)
}

async function write(results: Results): Promise<void> {
  const json = await format(JSON.stringify(results), { ...WIDTH, parser: 'json' })
  await writeFile(join(DOCS, 'performance.json'), json)
  await writeFile(join(DOCS, 'performance.md'), await format(renderPage(results), { ...WIDTH, parser: 'markdown' }))
  const plotted = renderPlot(results)
  if (plotted !== undefined) await writeFile(join(DOCS, 'performance.svg'), plotted)
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    console.log(help())
    return
  }
  const old = await readResults()
  if (options.render) {
    if (!old) throw new Error('docs/performance.json is not there: measure first')
    await write(old)
    return
  }
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Servers, lines and trees are removed on the way out.
    process.once(signal, () => {
      interruption.abort(new Error(`stopped by ${signal}`))
      stopRunning()
    })
  }
  const keep = (results: Results): Promise<void> => (options.write ? write(merged(old, results)) : Promise.resolve())
  const results = await measure(options, interruption.signal, keep)
  // What a decision costs has been told line by line.
  if (options.parts.every(part => part === 'decision')) return
  for (const part of [...results.cells.flatMap(cellSection), barsTable(results)]) {
    console.log(`\n${part.replace(/<!--.*?-->/g, '').trim()}`)
  }
}

await main().catch((error: unknown) => {
  const isPlain = error instanceof RangeError || (error instanceof Error && error.message.startsWith('stopped by '))
  console.error(isPlain ? error.message : error)
  process.exitCode = 1
})
