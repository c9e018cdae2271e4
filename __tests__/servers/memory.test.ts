// What a sweep takes of the runner's memory: about the same for every size of tree.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { whyMissing, type Server } from '../../tools/servers/daemon.ts'
import { vsftpd } from '../../tools/servers/vsftpd.ts'
import { WHOLE, useSweepLab, type Trash } from './sweep-lab.ts'
import { skipWhereMissing } from './missing.ts'

const run = promisify(execFile)

const LARGE = { files: 200_000, folders: 25_000, seed: 10 }
const SMALL = { files: 2000, folders: 250, seed: 10 }
/** Without limits V8 lets garbage lie as long as there is room, and the more of it the longer a process runs. */
const TIGHT = ['--max-semi-space-size=1', '--max-old-space-size=64']

const MOST_MORE_MB = 60
const TIMEOUT_MS = 180_000

/** What `sweep-process.ts` prints. */
interface Outcome {
  readonly files: number
  readonly directories: number
  readonly refused: readonly unknown[]
  readonly rungs: readonly unknown[]
  /** The most memory that the process held at once. */
  readonly maxMb: number
}

// The transport is the same for all, so one server is enough.
const missing = await whyMissing(vsftpd)

describe(vsftpd.name, () => {
  const lab = useSweepLab(vsftpd)

  it('takes no more memory for 200,000 files than for 2,000', { timeout: TIMEOUT_MS }, async context => {
    skipWhereMissing(context, missing)
    const server = await lab.serve({ mode: 'explicit', ...WHOLE })
    const small = await sweepApart(server, lab.trash(SMALL))
    const large = await sweepApart(server, lab.trash(LARGE))
    process.stdout.write(`memory: ${small.toFixed()} MB for 2,000 files, ${large.toFixed()} MB for 200,000\n`)
    expect(large - small).toBeLessThanOrEqual(MOST_MORE_MB)
  })
})

/** Sweeps a tree in a process of its own; returns the most memory that it held. */
async function sweepApart({ port }: Server, { path, folder, files, folders }: Trash): Promise<number> {
  const script = join(import.meta.dirname, 'sweep-process.ts')
  const { stdout } = await run(process.execPath, [...TIGHT, script, String(port), path])
  const { maxMb, ...outcome } = JSON.parse(stdout) as Outcome
  expect(outcome).toEqual({ files, directories: folders, refused: [], rungs: [] })
  expect(existsSync(folder)).toBe(false)
  return maxMb
}
