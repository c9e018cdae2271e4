// What is not about time: the memory that a large tree takes, and whether many sweeps do exactly what they should.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listTree } from '../local-appservice/sites.ts'
import { onStage, type CellOptions } from './cells.ts'
import { sweepCommand } from './contenders.ts'
import { runOnce, type Outcome, type Stage } from './measure.ts'
import type { CorrectnessFinding, MemoryFinding } from './results.ts'

const SMALL = 2000
const LARGE = 200_000

/** Sweeping a large tree takes its time, whatever bound the peers have. */
const LARGE_BOUND_SECONDS = 900

const SWEEPS = 50
const MOST_CONNECTIONS = 16

/** Compares the memory of a sweep of 200,000 files with that of one of 2,000. */
export async function measureMemory(server: string, options: CellOptions): Promise<MemoryFinding> {
  options.log(`\n${server}, memory`)
  const measure = (files: number): Promise<{ files: number; maxRssBytes: number }> =>
    onStage({ server, tls: true, files, rttMs: 0 }, { ...options, boundSeconds: LARGE_BOUND_SECONDS }, async stage => {
      const { answer, complaint } = await sweepOnce(stage, { connections: 8 })
      if (!answer) throw new Error(`The sweep of ${files} files failed: ${complaint}`)
      options.log(`  ${files.toLocaleString('en')} files: ${(answer.maxRssBytes / 2 ** 20).toFixed(0)} MB`)
      return { files, maxRssBytes: answer.maxRssBytes }
    })
  return { server, small: await measure(SMALL), large: await measure(LARGE) }
}

/** Sweeps again and again, with each number of connections in turn, and looks at what is left and what else is gone. */
export async function checkSweeps(server: string, options: CellOptions): Promise<CorrectnessFinding> {
  options.log(`\n${server}, ${SWEEPS} sweeps`)
  return onStage({ server, tls: true, files: SMALL, rttMs: 0 }, options, async stage => {
    const finding = { left: 0, touched: 0, wrong: 0, commands: 0, replies: 0 }
    await makeBystanders(stage.home)
    const before = await listTree(stage.home)
    for (let i = 0; i < SWEEPS; i++) {
      options.signal.throwIfAborted()
      // 7 and 16 have no common divisor, so that neighbours differ much and none is left out.
      const outcome = await sweepOnce(
        { ...stage, furnish: linkOutside },
        {
          connections: 1 + ((i * 7) % MOST_CONNECTIONS),
          counted: true
        }
      )
      const { answer, finished, done } = outcome
      const total = stage.template.shape.files + stage.template.shape.links
      const right = finished && answer?.refused === 0 && answer.files === total + OUTSIDE_LINKS
      if (!right) options.log(`  sweep ${i + 1}: ${outcome.complaint} ${JSON.stringify(answer)}`)
      finding.left += total - done
      finding.wrong += right ? 0 : 1
      finding.touched += await countChanges(stage.home, before)
      finding.commands += answer?.commands ?? 0
      finding.replies += answer?.replies ?? 0
    }
    options.log(`  ${JSON.stringify(finding)}`)
    return { server, sweeps: SWEEPS, files: SMALL, ...finding }
  })
}

function sweepOnce(stage: Stage, form: { readonly connections: number; readonly counted?: boolean }): Promise<Outcome> {
  return runOnce(stage, {
    clock: 'own',
    command: mission => sweepCommand(mission, { ...form, pipelining: true })
  })
}

/** What a sweep that follows a link, or climbs, would hit. */
async function makeBystanders(home: string): Promise<void> {
  for (const folder of ['site/wwwroot/static', 'site/.azure-python-env/trash-of-another-run']) {
    await mkdir(join(home, folder), { recursive: true })
    for (const name of ['a', 'b', 'c']) await writeFile(join(home, folder, name), name)
  }
  await writeFile(join(home, 'site/.azure-python-env/last.json'), '{}')
}

const OUTSIDE_LINKS = 3

/** Adds links that lead out of the tree, to a folder, to a file, and to the tree itself. */
async function linkOutside(tree: string): Promise<void> {
  await symlink('../../wwwroot/static', join(tree, 'static'))
  await symlink('../../last.json', join(tree, 'bin', 'last.json'))
  await symlink('.', join(tree, 'lib', 'again'))
}

async function countChanges(home: string, before: readonly string[]): Promise<number> {
  const after = new Set(await listTree(home))
  return before.filter(path => !after.has(path)).length + Math.max(0, after.size - before.length)
}
