// The main step killed (SIGKILL) at each command that changes the server; then the post step; then a new run.
import type { ChildProcess } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import type { Layout } from '../../tools/local-appservice/kudu.ts'
import { startLab, type Lab } from '../contract/lab.ts'

let lab: Lab
afterEach(() => lab.close())

interface Site {
  readonly layout: Layout
  readonly python: string
  readonly folder: string
  readonly refuseRename: boolean
}

const sites: readonly Site[] = [
  { layout: 'venv-tree', python: '3.11', folder: 'antenv', refuseRename: false },
  { layout: 'windows-env', python: '3.4', folder: 'env', refuseRename: false },
  { layout: 'venv-tree', python: '3.11', folder: 'antenv', refuseRename: true },
  { layout: 'windows-env', python: '3.4', folder: 'env', refuseRename: true }
]

/**
 * Runs the main step and kills it when it sends its `at`-th changing command, before or after that is carried out.
 *
 * Returns its state, and whether it came that far.
 */
async function kill(
  at: number,
  when: 'before' | 'after'
): Promise<{ state: Readonly<Record<string, string>>; killed: boolean }> {
  let child: ChildProcess | undefined
  let changes = 0
  lab.app.ftp.hook = ({ mutating }) => {
    if (mutating) changes++
    if (!mutating || changes < at) return undefined
    child?.kill('SIGKILL')
    // Whatever else was on its way is not carried out either: the process is gone.
    return { cut: changes === at ? when : 'before' }
  }
  const run = await lab.step('main', {
    with: { 'reset-env': 'true', connections: '1' },
    onStart: started => {
      child = started
    }
  })
  lab.app.ftp.hook = undefined
  return { state: run.state, killed: run.exitCode === null }
}

/** The environment's tree without the folder itself, and the rest of wwwroot. */
async function look(folder: string): Promise<{ environment: readonly string[]; others: readonly string[] }> {
  // A deletion in place begins with trying whether anything can be deleted; what that leaves is no part of the environment.
  const tree = (await lab.tree()).filter(line => line.startsWith('wwwroot/') && !line.includes('-probe'))
  const prefix = `wwwroot/${folder}/`
  return {
    environment: tree.filter(line => line.startsWith(prefix)),
    others: tree.filter(line => !line.startsWith(prefix))
  }
}

function usable(environment: readonly string[], site: Site): boolean {
  if (site.layout === 'windows-env') return environment.some(line => /azure\.env\.python/.test(line))
  // A folder that start-up would take for an environment that works: it can be activated, and has an interpreter.
  return (
    environment.some(line => line.endsWith('/bin/activate')) && environment.some(line => line.endsWith('/bin/python'))
  )
}

describe.each(sites)('$layout, renames refused: $refuseRename', site => {
  it.each(['before', 'after'] as const)(
    'ends right wherever it is killed, %s the command is carried out',
    { timeout: 240_000 },
    async when => {
      let reached = 0
      for (let at = 1; ; at++) {
        // On a server that refuses renames, dead after one command is dead before the next one.
        if (site.refuseRename && when === 'before' && at > 6) break
        lab = await startLab({ layout: site.layout, python: site.python })
        if (site.refuseRename) lab.app.ftp.refuseRename = () => true
        const before = await look(site.folder)

        const { state, killed } = await kill(at, when)
        const cut = await look(site.folder)
        expect(cut.others, `neighbours, killed at ${at}`).toEqual(before.others)
        const whole = cut.environment.length === before.environment.length
        const markerless = cut.environment.filter(line => !/azure\.env/.test(line))
        if (!site.refuseRename) {
          const out = cut.environment.length === 0
          const onlyMarkerMissing = site.layout === 'windows-env' && markerless.length === before.environment.length - 1
          expect(whole || out || onlyMarkerMissing, `killed at ${at}`).toBe(true)
        } else if (!whole) {
          expect(usable(cut.environment, site), `looks usable with files missing, killed at ${at}`).toBe(false)
        }

        // The job failed with its main step; the runner still runs the post step.
        const post = await lab.step('post', { state, jobStatus: 'failure' })
        expect(post.exitCode, `post, killed at ${at}`).toBe(0)
        const settled = await look(site.folder)
        if (!site.refuseRename) expect(settled.environment, `after post, killed at ${at}`).toEqual(before.environment)
        expect(await lab.trash(), `trash after post, killed at ${at}`).toEqual([])

        const { main } = await lab.job(site.layout, { with: { 'reset-env': 'true' }, serverPython: site.python })
        expect(main.exitCode, `new run, killed at ${at}: ${main.log}`).toBe(0)
        const after = await look(site.folder)
        expect(after.environment, `after a new run, killed at ${at}`).toEqual(before.environment)
        expect(after.others).toEqual(before.others)
        expect(await lab.trash()).toEqual([])
        await lab.close()
        if (!killed) break
        reached = at
      }
      process.stdout.write(
        `${site.layout}, ${site.refuseRename ? 'in place' : 'aside'}, ${when}: killed at ${reached} commands\n`
      )
      expect(reached).toBeGreaterThanOrEqual(3)
    }
  )
})

it('a run whose runner died is settled by the post step of the next one: put back', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const before = await look('antenv')
  await kill(3, 'after')
  expect((await look('antenv')).environment).toEqual([])

  const { main, post } = await lab.job('venv-tree', { build: 'failing' })

  expect(main.outputs['result']).toBe('absent')
  expect(post.log).toContain('Put back: /site/wwwroot/antenv')
  expect((await look('antenv')).environment).toEqual(before.environment)
  expect(await lab.trash()).toEqual([])
})

it('a run whose runner died is settled by the post step of the next one: swept once there is a new one', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  await kill(3, 'after')
  const { main, post } = await lab.job('venv-tree', { build: 'good' })
  expect(main.outputs['result']).toBe('absent')
  expect(post.log).toContain('Swept: /site/.azure-python-env/trash-')
  expect(await lab.trash()).toEqual([])
})

it('what a killed deletion in place left is seen as broken by the next automatic run, and finished', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  lab.app.ftp.refuseRename = () => true
  await kill(14, 'after')
  const { main } = await lab.job('venv-tree', { with: { 'python-version': '3.11' }, serverPython: '3.11' })
  expect(main.outputs).toMatchObject({ result: 'reset', reason: 'broken', strategy: 'in-place' })
  expect((await look('antenv')).environment.some(line => line.endsWith('bin/python'))).toBe(true)
})
