// What a run says and does where another run, a deployment or the line was quicker: nothing lost, and no word that is untrue.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import { makePosixVenv } from '../../tools/local-appservice/sites.ts'
import { contents, heldAt, signalAt } from './interference.ts'
import { FORCED, LOOKING } from '../interruptions/interleaved.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const isOwnFolder = (argument: string): boolean => argument.endsWith('/site/.azure-python-env')
const forced = (): Promise<StepRun> => lab.step('main', { with: FORCED })

it('never sweeps a copy that another run makes of the environment that was just seen', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const first = await forced()
  await lab.deploy('venv-tree', '3.11')
  const before = await contents(lab)
  let other: StepRun | undefined
  const afterTheLook = ({ verb, argument }: { verb: string; argument: string }): boolean =>
    verb === 'LIST' && argument.endsWith('/site-packages')
  lab.app.ftp.hook = heldAt(afterTheLook, async () => {
    other = await forced()
  })
  await lab.step('post', { state: first.state, jobStatus: 'success' })
  lab.app.ftp.hook = undefined
  await lab.step('post', { state: other?.state ?? {}, jobStatus: 'failure' })
  expect([...(await contents(lab)).keys()]).toEqual([...before.keys()])
})

describe('the slower one of two forced runs', () => {
  it.each(['/site/locks', '/site'])('names no copy but its own (held at LIST %s)', async at => {
    lab = await startLab({ layout: 'venv-tree' })
    lab.app.ftp.hook = heldAt(({ verb, argument }) => verb === 'LIST' && argument.endsWith(` ${at}`), forced)
    const run = await forced()
    const copy = /^Set aside: \S+ as (\S+)$/m.exec(run.log)?.[1]
    if (copy) expect(existsSync(join(lab.app.home, copy))).toBe(true)
    expect(run.exitCode).toBe(0)
  })

  it.each(['/wwwroot/antenv', '/antenv/bin', '/site-packages'])(
    'finds nothing to reset where the folder goes while it is read (held at LIST %s)',
    async at => {
      lab = await startLab({ layout: 'venv-tree' })
      lab.app.ftp.hook = heldAt(({ verb, argument }) => verb === 'LIST' && argument.endsWith(at), forced)
      const run = await forced()
      expect([run.exitCode, annotations(run.log, 'error')]).toEqual([0, []])
    }
  )

  it.each([60, 90, 115])('is done in place where the other one has deleted the rest (held at command %i)', async at => {
    let seen = 0
    await isDoneInPlace(() => ++seen === at)
  })

  it.each([
    ['RMD', 'antenv/bin'],
    ['RMD', 'antenv/lib'],
    ['MKD', '-probe'],
    ['RMD', '-probe']
  ])('is done in place where the other one has deleted the rest (held at %s %s)', async (verb, end) => {
    await isDoneInPlace(command => command.verb === verb && command.argument.endsWith(end))
  })
})

async function isDoneInPlace(isHeld: (command: { verb: string; argument: string }) => boolean): Promise<void> {
  lab = await startLab({ layout: 'venv-tree' })
  lab.app.ftp.refuseRename = () => true
  lab.app.ftp.hook = heldAt(isHeld, forced)
  const run = await forced()
  expect(await lab.below('wwwroot/antenv/')).toEqual([])
  expect([run.exitCode, annotations(run.log, 'error')]).toEqual([0, []])
}

describe('the slower one of two post steps', () => {
  it.each([
    ['LIST', '/site/.azure-python-env'],
    ['LIST', '/wwwroot'],
    ['RNFR', ''],
    ['RNTO', '']
  ])('does not complain of a copy that the other one has put back (held at %s %s)', async (verb, name) => {
    lab = await startLab({ layout: 'venv-tree' })
    const first = await forced()
    const other = await lab.step('main', { with: LOOKING })
    const isHeld = (command: { verb: string; argument: string }): boolean =>
      command.verb === verb && command.argument.endsWith(name)
    lab.app.ftp.hook = heldAt(isHeld, () => lab.step('post', { state: other.state, jobStatus: 'failure' }))
    const post = await lab.step('post', { state: first.state, jobStatus: 'failure' })
    expect(annotations(post.log, 'warning').filter(text => !text.includes('was put back as it was'))).toEqual([])
    expect((await lab.below('wwwroot/antenv/')).length).toBeGreaterThan(10)
  })

  it.each(['RNFR', 'RNTO', 'RMD', 'DELE'])(
    'does not complain of a copy that the other one has swept (held at %s)',
    async verb => {
      lab = await startLab({ layout: 'venv-tree' })
      const first = await forced()
      const other = await lab.step('main', { with: LOOKING })
      await lab.deploy('venv-tree', '3.11')
      const settleOther = (): Promise<StepRun> => lab.step('post', { state: other.state, jobStatus: 'success' })
      lab.app.ftp.hook = heldAt(command => command.verb === verb, settleOther)
      const post = await lab.step('post', { state: first.state, jobStatus: 'success' })
      expect(await lab.trash()).toEqual([])
      expect(annotations(post.log, 'warning')).toEqual([])
    }
  )
})

it('sees what a deployment builds while the post step begins', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await forced()
  const isHeld = ({ verb, argument }: { verb: string; argument: string }): boolean =>
    verb === 'LIST' && isOwnFolder(argument)
  lab.app.ftp.hook = heldAt(isHeld, () => lab.deploy('venv-tree', '3.11'))
  const post = await lab.step('post', { state: main.state, jobStatus: 'success' })
  expect(annotations(post.log, 'warning')).toEqual([])
  expect(await lab.trash()).toEqual([])
})

it.each([
  ['hangs', { delayMs: 600_000 }],
  ['is cut', { cut: 'before' as const }]
])('reconnects where the first data connection of a run %s', async (_, fault) => {
  lab = await startLab({ layout: 'venv-tree' })
  let asked = 0
  lab.app.ftp.hook = ({ verb }) => (verb === 'EPSV' && ++asked === 1 ? fault : undefined)
  const run = await lab.step('main', { with: { ...FORCED, timeout: '1' } })
  expect([run.exitCode, annotations(run.log, 'error')]).toEqual([0, []])
})

it('does not hold the manifest against an environment that it does not name', async () => {
  lab = await startLab({ layout: 'venv-tree', python: '3.11' })
  await makePosixVenv(join(lab.wwwroot, 'other'), { python: '3.12' })
  const run = await lab.step('main', { with: { 'env-path': 'other', 'python-version': '3.12' } })
  expect(run.outputs['reason']).toBe('up-to-date')
})

it('a post step that is stopped after it has put everything back does not say that anything is left', async () => {
  lab = await startLab({ layout: 'venv-tree' })
  const first = await forced()
  lab.app.ftp.clearTranscript()
  await lab.step('post', { state: first.state, jobStatus: 'failure' })
  const at = lab.app.ftp.transcript.length
  const again = await forced()
  const post = { state: again.state, jobStatus: 'cancelled' as const }
  const run = await signalAt(lab, 'post', post, { at, signal: 'SIGTERM', answer: 'never' })
  expect(await lab.trash()).toEqual([])
  expect(annotations(run.log, 'warning')).toEqual([expect.stringContaining('what is still in')])
})

describe('the marker of Kudu’s Windows script', () => {
  it('goes back by the post step of the next run, where the runner died', async () => {
    lab = await startLab({ layout: 'windows-env', python: '3.4' })
    const before = await contents(lab)
    await lab.step('main', { with: { 'reset-env': 'true' } })
    const next = await lab.step('main')
    await lab.step('post', { state: next.state, jobStatus: 'failure' })
    expect(await contents(lab)).toEqual(before)
  })

  it('goes back also where the post step of a run that saw none comes first', async () => {
    lab = await startLab({ layout: 'windows-env', python: '3.4' })
    const before = await contents(lab)
    const first = await lab.step('main', { with: { 'reset-env': 'true' } })
    const other = await lab.step('main', { with: { 'reset-env': 'true' } })
    await lab.step('post', { state: other.state, jobStatus: 'failure' })
    await lab.step('post', { state: first.state, jobStatus: 'failure' })
    expect(await contents(lab)).toEqual(before)
  })
})
