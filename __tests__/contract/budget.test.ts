// How many commands a run costs after its login, and how many connections.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { LocalAppServiceOptions } from '../../tools/local-appservice/index.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

function report(what: string): number {
  const count = lab.app.ftp.commandsAfterLogin()
  process.stdout.write(`${what}: ${String(count)} commands after the login\n`)
  return count
}

const personalities: readonly LocalAppServiceOptions[] = [
  { personality: 'iis' },
  { personality: 'unix' },
  { personality: 'mlsd' }
]

it.each(personalities)('an up-to-date venv-tree takes at most 20 commands ($personality)', async options => {
  lab = await startLab({ layout: 'venv-tree' }, options)
  const run = await lab.step('main', { with: { 'python-version': '3.11' } })
  expect(run.outputs['reason']).toBe('up-to-date')
  expect(report('venv-tree, up to date')).toBeLessThanOrEqual(20)
})

it('an up-to-date venv-tree that was reset before takes at most 20 commands', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  await lab.job('venv-tree', { with: { 'python-version': '3.12' } })
  lab.app.ftp.clearTranscript()
  const run = await lab.step('main', { with: { 'python-version': '3.12' } })
  expect(run.outputs['reason']).toBe('up-to-date')
  expect(report('venv-tree, up to date, reset before')).toBeLessThanOrEqual(20)
})

it('an up-to-date venv-tree without a manifest takes at most 20 commands', async () => {
  lab = await startLab({ layout: 'venv-tree-script' })
  await lab.step('main', { with: { 'python-version': '3.11' } })
  expect(report('venv-tree without a manifest, up to date')).toBeLessThanOrEqual(20)
})

it.each(personalities)(
  'a site with an app and no environment takes at most 4 commands ($personality)',
  async options => {
    lab = await startLab({}, options)
    await writeFile(join(lab.wwwroot, 'app.py'), '')
    const run = await lab.step('main')
    expect(run.outputs['reason']).toBe('absent')
    expect(report('no environment')).toBeLessThanOrEqual(4)
  }
)

// An empty wwwroot may be that of an app that runs from a package, which only one more file tells.
it.each(personalities)('a site with nothing in wwwroot takes at most 6 commands ($personality)', async options => {
  lab = await startLab({}, options)
  const run = await lab.step('main')
  expect(run.outputs['reason']).toBe('absent')
  expect(report('an empty wwwroot')).toBeLessThanOrEqual(6)
})

it('a site with an app that is no environment takes at most 4 commands', async () => {
  lab = await startLab({ layout: 'venv-tree-script' })
  await rm(join(lab.wwwroot, 'antenv'), { recursive: true })
  const run = await lab.step('main')
  expect(run.outputs['reason']).toBe('absent')
  expect(report('an app with no environment')).toBeLessThanOrEqual(4)
})

it('a compressed app takes at most 8 commands', async () => {
  lab = await startLab({ layout: 'compressed-app' })
  const run = await lab.step('main')
  expect(run.outputs['reason']).toBe('rebuilt-on-deploy')
  expect(report('compressed app')).toBeLessThanOrEqual(8)
})

it('a server without EPSV costs one command more, and one without MLSD none', async () => {
  lab = await startLab({ layout: 'venv-tree' }, { personality: 'mlsd' })
  const counted = async (refused: RegExp): Promise<number> => {
    lab.app.ftp.clearTranscript()
    lab.app.ftp.hook = ({ verb }) => (refused.test(verb) ? { reply: '500 Command not understood' } : undefined)
    const run = await lab.step('main', { with: { 'python-version': '3.11' } })
    expect(run.outputs['reason']).toBe('up-to-date')
    return lab.app.ftp.commandsAfterLogin()
  }
  const usual = await counted(/^$/)
  expect(await counted(/^EPSV$/)).toBe(usual + 1)
  expect(await counted(/^FEAT$/)).toBe(usual)
  // The promise that is not kept takes a data connection of its own.
  expect(await counted(/^MLSD$/)).toBe(usual + 2)
})

it('what one connection learned of the server is known to all others', async () => {
  lab = await startLab({ layout: 'venv-tree' }, { personality: 'mlsd' })
  lab.app.ftp.hook = ({ verb }) => (/^(EPSV|MLSD)$/.test(verb) ? { reply: '500 Command not understood' } : undefined)
  await lab.step('main', { with: { 'reset-env': 'true', sweep: 'main' } })
  const { transcript } = lab.app.ftp
  expect(new Set(transcript.map(({ session }) => session)).size).toBeGreaterThan(1)
  expect(transcript.filter(({ verb }) => verb === 'EPSV')).toHaveLength(1)
  expect(transcript.filter(({ verb }) => verb === 'MLSD')).toHaveLength(1)
})

it('looks over one connection', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  await lab.step('main')
  expect(new Set(lab.app.ftp.transcript.map(({ session }) => session)).size).toBe(1)
})

it('does not connect in the post step when there is nothing to verify, undo or sweep', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await lab.step('main', { with: { 'python-version': '3.11' } })
  lab.app.ftp.clearTranscript()
  const post = await lab.step('post', { state: main.state })
  expect(lab.app.ftp.transcript).toEqual([])
  expect(post).toMatchObject({ exitCode: 0, log: '', summary: '' })
})
