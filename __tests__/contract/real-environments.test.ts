// Environments that the machine's own Pythons make, in a site of their own, and what a dry run says of them.
import { rm, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runVenv } from '../../tools/local-appservice/real-python.ts'
import { findPythons, type Interpreter } from '../../tools/pythons.ts'
import { startLab, type Lab } from './lab.ts'

const found = (await findPythons()).filter(({ makesEnvironments }) => makesEnvironments)
const oldest = found[0]
const newest = found.at(-1)

// pip takes most of the time that an environment takes, so only the ends get one.
const withPip = new Set([oldest, newest])
const cases = found.map(python => ({ python, release: python.release, pip: withPip.has(python) ? 'pip' : 'no pip' }))

interface Site {
  readonly lab: Lab
  readonly antenv: string
}

async function startSite(): Promise<Site> {
  const lab = await startLab()
  // As Oryx leaves it beside an environment that is not compressed: a sign that the deployment builds on the server.
  const manifest = 'virtualEnvName="antenv"\nCompressDestinationDir="false"\nPlatformName="python"\n'
  await writeFile(join(lab.wwwroot, 'oryx-manifest.toml'), manifest)
  return { lab, antenv: join(lab.wwwroot, 'antenv') }
}

/** What the outputs must be; the server is the same before and after. */
async function expectOutputs(site: Site, python: string, outputs: Readonly<Record<string, string>>): Promise<void> {
  const before = await site.lab.tree()
  const run = await site.lab.step('main', { with: { 'dry-run': 'true', 'python-version': python } })
  expect(run.outputs).toMatchObject({ layout: 'venv-tree', 'env-path': '/site/wwwroot/antenv', ...outputs })
  expect(run.exitCode).toBe(0)
  expect(await site.lab.tree()).toEqual(before)
}

describe.each(cases)('an environment of Python $release, with $pip', ({ python, pip }) => {
  let site: Site
  beforeAll(async () => {
    site = await startSite()
    await runVenv(python.executable, site.antenv, pip === 'pip' ? [] : ['--without-pip'])
  })
  afterAll(() => site.lab.close())

  it('stays where that version is wanted', async () => {
    const version = { 'python-version-found': python.version, 'python-version-wanted': python.version }
    await expectOutputs(site, python.version, { result: 'preserved', reason: 'up-to-date', ...version })
  })

  it('would be reset where another one is wanted', async () => {
    const version = { 'python-version-found': python.version, 'python-version-wanted': '3.99' }
    await expectOutputs(site, '3.99', { result: 'reset', reason: 'python-version-changed', ...version })
  })

  it.skipIf(process.platform === 'win32')('is broken without its interpreter, which is named', async () => {
    await rm(join(site.antenv, 'bin', 'python'))
    const reasons = JSON.stringify([{ code: 'broken', detail: 'missing: bin/python' }])
    await expectOutputs(site, python.version, { result: 'reset', reason: 'broken', reasons })
  })
})

async function venvOver(
  site: Site,
  first: Interpreter,
  second: Interpreter,
  options: readonly string[]
): Promise<void> {
  await runVenv(first.executable, site.antenv, ['--without-pip'])
  await runVenv(second.executable, site.antenv, ['--without-pip', ...options])
}

const pairs =
  oldest && newest && oldest.version !== newest.version
    ? [
        { first: oldest, second: newest },
        { first: newest, second: oldest }
      ]
    : []
const names = pairs.map(({ first, second }) => ({ first, second, name: `${second.release} over ${first.release}` }))

describe.each(names)('venv of Python $name', ({ first, second }) => {
  let site: Site
  beforeAll(async () => {
    site = await startSite()
  })
  afterAll(() => site.lab.close())

  it('is mixed, whichever of the two is wanted', async () => {
    await venvOver(site, first, second, [])
    for (const { version } of [first, second]) {
      await expectOutputs(site, version, { result: 'reset', reason: 'mixed-versions' })
    }
  })

  it('is whole, and of the second version, where the first was cleared', async () => {
    await venvOver(site, first, second, ['--clear'])
    const version = { 'python-version-found': second.version }
    await expectOutputs(site, second.version, { result: 'preserved', reason: 'up-to-date', ...version })
  })
})

const releases = found.map(({ release }) => release)
const title =
  releases.length > 0
    ? `each Python of this machine is tried once, the oldest first: ${releases.join(', ')}`
    : 'nothing is tried: no Python on this machine has venv and ensurepip'

it.skipIf(releases.length === 0)(title, () => {
  const inOrder = [...new Set(releases)].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  expect(releases).toEqual(inOrder)
  expect(found.filter(({ executable }) => !isAbsolute(executable))).toEqual([])
})
