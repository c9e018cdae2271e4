// What jobs remember from one to the next, against the local App Service.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { annotations } from '../../tools/github-runner.ts'
import type { LocalAppServiceOptions } from '../../tools/local-appservice/index.ts'
import { makePackage } from '../../tools/local-appservice/sites.ts'
import { startLab, type JobOptions, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const WISH: JobOptions = { with: { 'python-version': '3.12' }, serverPython: '3.11' }
const ON_CHANGE: JobOptions = { with: { 'reset-mode': 'on-change' } }

const ownFolder = (): string => join(lab.app.home, 'site', '.azure-python-env')
const inOwnFolder = (): Promise<readonly string[]> => readdir(ownFolder())
const remembered = (): Promise<string> => readFile(join(ownFolder(), 'last.json'), 'utf8')

async function reasonOf(options: JobOptions): Promise<string | undefined> {
  return (await lab.job('venv-tree', options)).main.outputs['reason']
}

const personalities: readonly LocalAppServiceOptions[] = [
  { personality: 'iis' },
  { personality: 'unix' },
  { personality: 'mlsd' }
]

describe('a "python-version" that the server does not share', () => {
  it.each(personalities)('leads to one reset, then to a warning ($personality)', async options => {
    lab = await startLab({ layout: 'venv-tree' }, options)
    expect(await reasonOf(WISH)).toBe('python-version-changed')
    expect(JSON.parse(await remembered())).toMatchObject({
      schema: 1,
      reason: 'python-version-changed',
      evidence: [{ code: 'python-version-changed', particulars: ['3.11 instead of 3.12'], outlived: true }],
      found: { layout: 'venv-tree', path: '/site/wwwroot/antenv', python: '3.11' }
    })
    const before = await lab.below('wwwroot/antenv/')
    const { main, post } = await lab.job('venv-tree', WISH)
    expect(main.outputs).toMatchObject({ result: 'preserved', reason: 'ineffective', strategy: 'none' })
    expect(annotations(main.log, 'warning')).toEqual([
      expect.stringMatching(
        /came back: the deployment made Python 3\.11 instead of 3\.12.*--linux-fx-version "PYTHON\|3\.12"/
      )
    ])
    expect(await lab.below('wwwroot/antenv/')).toEqual(before)
    expect(post).toMatchObject({ log: '', summary: '' })
  })

  it('is tried again after a job that failed', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    expect(await reasonOf({ ...WISH, build: 'failing' })).toBe('python-version-changed')
    expect(await reasonOf(WISH)).toBe('python-version-changed')
    expect(await reasonOf({ ...WISH, build: 'failing' })).toBe('ineffective')
    expect(await reasonOf(WISH)).toBe('ineffective')
  })

  it('is fulfilled on demand, once the server shares it', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    await reasonOf(WISH)
    const { main } = await lab.job('venv-tree', { with: { ...WISH.with, 'reset-env': 'true' } })
    expect(main.outputs['reason']).toBe('requested')
    expect(await reasonOf({ with: WISH.with ?? {} })).toBe('up-to-date')
  })

  it('is seen in a dry run as well, which remembers nothing', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    await reasonOf(WISH)
    const before = await remembered()
    const main = await lab.step('main', { with: { ...WISH.with, 'dry-run': 'true' } })
    expect(main.outputs).toMatchObject({ result: 'preserved', reason: 'ineffective' })
    expect(main.state).toEqual({})
    expect(await remembered()).toBe(before)
  })
})

describe('"reset-mode: on-change"', () => {
  it.each(personalities)('remembers, compares, and resets for other requirements ($personality)', async options => {
    lab = await startLab({ layout: 'venv-tree' }, options)
    expect(await reasonOf(ON_CHANGE)).toBe('up-to-date')
    expect(await inOwnFolder()).toEqual(['last.json'])
    expect(await reasonOf(ON_CHANGE)).toBe('up-to-date')
    await makePackage(lab.packageDir, ['alpha==1.1'])
    const { main } = await lab.job('venv-tree', ON_CHANGE)
    expect(main.outputs).toMatchObject({ result: 'reset', reason: 'requirements-changed' })
    expect(await reasonOf(ON_CHANGE)).toBe('up-to-date')
    expect(await inOwnFolder()).toEqual(['last.json'])
  })

  it('costs a few commands to remember, and none when nothing changed', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const count = async (step: 'main' | 'post', state?: Readonly<Record<string, string>>): Promise<number> => {
      lab.app.ftp.clearTranscript()
      const run = await lab.step(step, { with: ON_CHANGE.with ?? {}, ...(state ? { state } : {}) })
      handedOver = run.state
      return lab.app.ftp.commandsAfterLogin()
    }
    let handedOver: Readonly<Record<string, string>> = {}
    const [firstMain, firstPost] = [await count('main'), await count('post', handedOver)]
    const [secondMain, secondPost] = [await count('main'), await count('post', handedOver)]
    process.stdout.write(
      `remembering: main ${firstMain}, post ${firstPost}; then main ${secondMain}, post ${secondPost}\n`
    )
    expect(secondPost).toBe(0)
    // Our folder is listed, and the file read.
    expect(secondMain - firstMain).toBeLessThanOrEqual(4)
    expect(firstPost).toBeLessThanOrEqual(firstMain + 5)
  })

  it('costs a reset few commands more', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const main = await lab.step('main', { with: WISH.with ?? {} })
    await lab.deploy('venv-tree', '3.12')
    lab.app.ftp.clearTranscript()
    await lab.step('post', { state: main.state })
    const { transcript } = lab.app.ftp
    const verbs = transcript.slice(transcript.findIndex(({ verb }) => verb === 'STOR')).map(({ verb }) => verb)
    expect(verbs.filter(verb => verb !== 'QUIT')).toEqual(['STOR', 'RNFR', 'RNTO'])
  })
})

describe('what lies in last.json', () => {
  it.each<[string, string]>([
    ['no JSON', '::error::x'],
    ['a workflow command in a field', '{"schema":1,"time":"::error::x\\n::error::y","reason":"::error::x"}'],
    ['HTML', '<img src=x onerror=alert(1)>'],
    ['deep lists', '['.repeat(60_000)],
    ['more than anybody writes', ' '.repeat(70_000)],
    ['another schema', '{"schema":2}'],
    ['a prototype', '{"__proto__":{"schema":1},"schema":1}']
  ])('is no memory and no error: %s', async (_, text) => {
    lab = await startLab({ layout: 'venv-tree' })
    await mkdir(ownFolder())
    await writeFile(join(ownFolder(), 'last.json'), text)
    const main = await lab.step('main', { with: WISH.with ?? {}, env: { RUNNER_DEBUG: '1' } })
    expect(main.exitCode).toBe(0)
    expect(main.outputs['reason']).toBe('python-version-changed')
    expect(annotations(main.log, 'error')).toEqual([])
    expect(main.log).toMatch(/^::debug::What is remembered of earlier runs cannot be used: /m)
    expect(main.log).not.toMatch(/^::error/m)
    expect(main.summary).not.toContain('<img')
  })

  it('is replaced by the next job, with what a write has left that was cut', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    await mkdir(ownFolder())
    await writeFile(join(ownFolder(), 'last.json'), 'nonsense')
    await writeFile(join(ownFolder(), 'last.json.new-00000000'), '{')
    await reasonOf(WISH)
    expect(await inOwnFolder()).toEqual(['last.json'])
    expect(JSON.parse(await remembered())).toMatchObject({ schema: 1 })
  })

  it('holds no secret, and survives a clean deployment', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    await reasonOf(WISH)
    const text = await remembered()
    for (const secret of [lab.app.password, lab.app.userName]) expect(text).not.toContain(secret)
    await lab.deploy('venv-tree', '3.11', 'good', true)
    expect(await remembered()).toBe(text)
  })
})

it.each<[string, string]>([
  ['the transfer', 'STOR'],
  ['the renaming', 'RNTO']
])('a job is not disturbed where the server refuses %s', async (_, refused) => {
  lab = await startLab({ layout: 'venv-tree' })
  const main = await lab.step('main', { with: WISH.with ?? {} })
  await lab.deploy('venv-tree', '3.12')
  lab.app.ftp.hook = ({ verb, argument }) =>
    verb === refused && argument.includes('last.json') ? { reply: '550 Access is denied.' } : undefined
  const post = await lab.step('post', { state: main.state })
  expect(post.exitCode).toBe(0)
  expect(post.log).toContain('Nothing could be remembered for the next run')
  expect(annotations(post.log, 'warning')).toEqual([])
  expect((await lab.trash()).filter(name => name.startsWith('trash-'))).toEqual([])
})
