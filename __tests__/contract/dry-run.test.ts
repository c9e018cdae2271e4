// A dry run sends nothing that could change the server, and says what would have happened.
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { MUTATING_VERBS } from '../../tools/local-appservice/ftp-server.ts'
import type { Layout } from '../../tools/local-appservice/kudu.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const FORBIDDEN = ['DELE', 'RMD', 'RNFR', 'RNTO', 'STOR', 'MKD', 'APPE']

it.each<readonly [Layout, string, string, string]>([
  ['venv-tree', '3.11', 'reset', 'rename'],
  ['venv-tree-script', '3.11', 'reset', 'rename'],
  ['windows-env', '3.4', 'reset', 'marker'],
  ['compressed-app', '3.11', 'reset', 'archive']
])(
  '%s: forced, it says what would have happened and sends no changing command',
  async (layout, python, result, strategy) => {
    lab = await startLab({ layout, python })
    if (layout === 'compressed-app') await leaveArchive()
    const before = await lab.tree()

    const run = await lab.step('main', { with: { 'dry-run': 'true', 'reset-env': 'true', sweep: 'main' } })

    expect(run.exitCode).toBe(0)
    expect(run.outputs).toMatchObject({ result, strategy, 'dry-run': 'true', 'files-deleted': '0' })
    expect(run.log).toContain('Would set aside: ')
    expect(run.log).toContain('would be reset')
    expect(run.summary).toContain('Dry run')
    expect(FORBIDDEN.every(verb => MUTATING_VERBS.has(verb))).toBe(true)
    expect(lab.app.ftp.transcript.filter(({ verb }) => MUTATING_VERBS.has(verb))).toEqual([])
    expect(await lab.tree()).toEqual(before)
    expect(run.state).toEqual({})
  }
)

it('says in a dry run that a demanded reset would be refused', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  await writeFile(join(lab.wwwroot, 'antenv', 'pyvenv.cfg'), '')
  const { rm } = await import('node:fs/promises')
  for (const part of ['pyvenv.cfg', 'bin', 'lib']) await rm(join(lab.wwwroot, 'antenv', part), { recursive: true })
  const run = await lab.step('main', { with: { 'dry-run': 'true', 'reset-env': 'true' } })
  expect(run.exitCode).toBe(1)
  expect(run.outputs).toMatchObject({ result: 'failed', reason: 'unknown', layout: 'unknown' })
  expect(run.log).toContain('antenv')
})

async function leaveArchive(): Promise<void> {
  const archive = join(lab.wwwroot, 'output.tar.zst')
  await writeFile(archive, 'of an earlier build')
  const earlier = new Date(Date.now() - 3_600_000)
  await utimes(archive, earlier, earlier)
}
