// What the package asks for, held against an environment: which rules that feeds.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decide, type Policy } from '../../src/decide.ts'
import { compare, readWishes } from '../../src/expecting.ts'
import { loadInputs } from '../../src/inputs.ts'
import { fakeSite, treeOf } from './fake-site.ts'
import { environmentOf, snapshotOf } from './fixtures.ts'
import { profileOf } from './profiles.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-'))
  await mkdir(join(folder, 'antenv'))
  await writeFile(join(folder, 'antenv', 'pyvenv.cfg'), 'version = 3.12.1\n')
  await writeFile(join(folder, 'requirements.txt'), '')
})
afterEach(() => rm(folder, { recursive: true }))

const AUTO: Policy = { resetEnv: false, mode: 'auto' }

describe('a package with an environment and with requirements', () => {
  it.each([
    ['of which neither is that of the server', 'version = 3.11.0\n', 'venv-in-package'],
    ['of which only the requirements are not those of the server', 'version = 3.12.1\n', 'packages-removed']
  ])('%s', async (_, cfg, code) => {
    const given: Readonly<Record<string, string>> = { 'publish-profile': profileOf(), package: folder }
    const inputs = loadInputs({ getInput: name => given[name] ?? '', setSecret: () => undefined })
    const distributions = [{ name: 'beta', version: '1.0', entry: 'beta-1.0.dist-info' }]
    const found = snapshotOf({ environment: environmentOf({ cfg, distributions }) })
    const { expected } = await compare(fakeSite(treeOf()), found, await readWishes(inputs, {}), AUTO)
    expect(decide(found, expected, AUTO).reasons[0].code).toBe(code)
  })
})
