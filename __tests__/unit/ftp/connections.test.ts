// How many connections a sweep takes: as many as it may where each folder costs a data connection, else a few.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSite } from '../../../src/ftp/site.ts'
import { mutable, remotePath } from '../../../src/site.ts'
import { startApp, targetOf } from '../tools/lab.ts'

const COPY = mutable(remotePath('/site/.azure-python-env/copy'))

it.each([
  ['refused', 'by a data connection for each folder', 8],
  ['served', 'over the control connections', 4]
] as const)('with STAT %s a tree is listed %s, and a sweep takes %i connections', async (stat, _, expected) => {
  const app = await startApp({ personality: 'unix' })
  app.ftp.listings = { stat }
  app.ftp.latencyMs = 10
  for (let folder = 0; folder < 60; folder++) {
    const path = join(app.home, COPY, `f${folder}`)
    await mkdir(path, { recursive: true })
    for (let file = 0; file < 4; file++) await writeFile(join(path, `x${file}`), '')
  }
  const signal = new AbortController().signal
  const site = await openSite(targetOf(app), {
    timeoutMs: 5000,
    signal,
    trace: () => undefined,
    connections: 8,
    pipelining: true
  })
  onTestFinished(() => {
    site.close()
  })
  expect(await site.sweep(COPY)).toMatchObject({ files: 240, directories: 61, refused: [] })
  expect(site.account().connections).toBe(expected)
})
