// What both steps say and do about sweeping, on a server that lets many commands be under way.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { annotations } from '../../tools/github-runner.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const UNIX = { personality: 'unix', recursiveListings: true } as const
const FORCED = { 'reset-env': 'true', timeout: '10' }

it.each([
  ['auto', true],
  ['off', false]
] as const)('"pipelining" %s holds in the post step too', async (pipelining, together) => {
  lab = await startLab({ layout: 'venv-tree' }, UNIX)
  const { post } = await lab.job('venv-tree', { with: { ...FORCED, pipelining } })
  expect(post.log).toMatch(/^Commands: \d+/m)
  expect(post.log.includes('of them under way on one connection')).toBe(together)
  expect(post.log).not.toContain('More careful than planned')
  expect(annotations(post.log, 'warning')).toEqual([])
  expect(await lab.trash()).toEqual([])
})

it('tells every few seconds how far a long sweep is, and nothing of a short one', async () => {
  lab = await startLab({ layout: 'venv-tree' }, UNIX)
  const slow = { ...FORCED, connections: '1', pipelining: 'off' }
  const main = await lab.step('main', { with: slow })
  await lab.deploy('venv-tree', '3.11')
  lab.app.ftp.latencyMs = 250
  const post = await lab.step('post', { with: slow, state: main.state })
  lab.app.ftp.latencyMs = 0
  expect(post.log).toMatch(/^Sweeping: \d+ of \d+ files, [\d.]+ files\/s, \d+ s left$/m)
  expect(await lab.trash()).toEqual([])
  const short = await lab.job('venv-tree', { with: FORCED })
  expect(short.post.log).not.toContain('Sweeping:')
}, 90_000)

it('moves several files in use aside, names them, and a later run deletes them', async () => {
  lab = await startLab({ layout: 'venv-tree' }, UNIX)
  const names = ['a.pyd', 'b.pyd', 'c.pyd']
  const folder = 'lib/python3.11/site-packages/alpha'
  for (const name of names) await writeFile(join(lab.wwwroot, 'antenv', folder, name), name)
  const main = await lab.step('main', { with: FORCED })
  await lab.deploy('venv-tree', '3.11')
  // A real lock would keep the copy itself from being renamed before it is swept.
  lab.app.ftp.hook = ({ verb, argument }) =>
    verb === 'DELE' && argument.endsWith('.pyd') ? { reply: '550 The process cannot access the file.' } : undefined
  const post = await lab.step('post', { with: FORCED, state: main.state })
  expect(post.log).toMatch(/3 files are in use and lie in \S+ now, .*a\.pyd, b\.pyd, c\.pyd/)
  expect(annotations(post.log, 'warning')).toEqual([])
  expect(await lab.trash()).toHaveLength(names.length)
  lab.app.ftp.hook = undefined
  await lab.job('venv-tree', { with: FORCED })
  expect(await lab.trash()).toEqual([])
  expect(await readFile(join(lab.wwwroot, 'antenv/pyvenv.cfg'), 'utf8')).toContain('3.11')
})
