import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPackage } from '../../../src/python/package-files.ts'
import {
  describePackaged,
  findPackagedEnvironments,
  type PackagedEnvironment
} from '../../../src/python/packaged-environments.ts'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import { WWWROOT, child } from '../../../src/site.ts'
import { findPythons } from '../../../tools/pythons.ts'
import { fakeSite, treeOf } from '../fake-site.ts'
import { RECORDED, recorded, specOf } from '../recorded.ts'
import { fillFolder } from './packages.ts'

const find = (...names: readonly string[]): Promise<readonly PackagedEnvironment[]> =>
  findPackagedEnvironments(names, path => Promise.resolve(`text of ${path}`))

const pathsOf = async (...names: readonly string[]): Promise<readonly string[]> =>
  (await find(...names)).map(({ path }) => path)

describe('a virtual environment in the names of a package', () => {
  it.each<[string, readonly string[], string, string]>([
    ['pyvenv.cfg', ['antenv/pyvenv.cfg'], 'antenv', 'pyvenv.cfg'],
    ['pyvenv.cfg far down', ['a/b/c/.venv/pyvenv.cfg'], 'a/b/c/.venv', 'pyvenv.cfg'],
    ['pyvenv.cfg at the top', ['pyvenv.cfg', 'app.py'], '.', 'pyvenv.cfg'],
    ['a marker', ['env/azure.env.python-3.6.txt'], 'env', 'azure.env.python-3.6.txt'],
    ['orig-prefix.txt', ['env/lib/python2.7/orig-prefix.txt'], 'env', 'lib/python2.7/orig-prefix.txt'],
    ['orig-prefix.txt of Windows', ['env/Lib/orig-prefix.txt'], 'env', 'Lib/orig-prefix.txt'],
    [
      'bin beside a library',
      ['venv/bin/pip', 'venv/lib/python3.12/site-packages/flask/app.py'],
      'venv',
      'bin beside lib/python3.12/site-packages'
    ],
    [
      'folders alone',
      ['venv/bin/', 'venv/lib/python3.12/site-packages/'],
      'venv',
      'bin beside lib/python3.12/site-packages'
    ],
    [
      'Scripts beside Lib',
      ['x/env/Scripts/pip.exe', 'x/env/Lib/site-packages/pip/__init__.py'],
      'x/env',
      'Scripts beside Lib/site-packages'
    ],
    [
      'the shape at the top',
      ['bin/pip', 'lib/python3.12/site-packages/flask/app.py'],
      '.',
      'bin beside lib/python3.12/site-packages'
    ],
    [
      'all at once',
      [
        'env/Lib/orig-prefix.txt',
        'env/pyvenv.cfg',
        'env/azure.env.python-3.6.txt',
        'env/Scripts/',
        'env/Lib/site-packages/'
      ],
      'env',
      'pyvenv.cfg'
    ]
  ])('is found by %s', async (_, names, path, sign) => {
    const cfg = sign === 'pyvenv.cfg' ? `text of ${path === '.' ? '' : `${path}/`}pyvenv.cfg` : undefined
    expect(await find(...names)).toEqual([{ path, sign, cfg }])
  })

  it.each<[string, readonly string[]]>([
    ['nothing', []],
    ['an app', ['app.py', 'env/settings.py', 'lib/x.py', 'bin/start.sh', 'requirements.txt']],
    ['a library alone', ['env/lib/python3.12/site-packages/flask/app.py']],
    ['scripts alone', ['env/bin/activate', 'env/Scripts/activate']],
    ['a library of no version', ['env/bin/x', 'env/lib/site-packages/flask/app.py']],
    ['the library of a system', ['usr/bin/x', 'usr/lib/python3/dist-packages/flask/app.py']],
    ['scripts elsewhere', ['bin/x', 'env/lib/python3.12/site-packages/x.py']],
    ['scripts of the other system', ['env/Scripts/x', 'env/lib/python3.12/site-packages/x.py']],
    [
      'names that only begin alike',
      ['env/binary/x', 'env/lib/python3.12/site-packages-old/x.py', 'env/pyvenv.cfg.bak']
    ],
    ['names in another case', ['env/PYVENV.CFG', 'env/scripts/x', 'env/lib/Site-Packages/x']],
    ['folders called like files', ['env/pyvenv.cfg/', 'env/azure.env.python-3.6.txt/']],
    ['a file called like a folder', ['env/bin', 'env/lib/python3.12/site-packages/x.py']],
    ['orig-prefix.txt elsewhere', ['orig-prefix.txt', 'env/orig-prefix.txt', 'env/lib/orig-prefix.txt']],
    ['the packages of Functions', ['.python_packages/bin/x', '.python_packages/lib/python3.12/site-packages/x.py']]
  ])('is not %s', async (_, names) => {
    expect(await find(...names)).toEqual([])
  })

  it('is found beside others, sorted by path', async () => {
    const names = ['b/pyvenv.cfg', 'pyvenv.cfg', 'a/x/.venv/pyvenv.cfg', 'a/.venv/pyvenv.cfg']
    expect(await pathsOf(...names)).toEqual(['.', 'a/.venv', 'a/x/.venv', 'b'])
  })

  it('is not looked for in the library of another one', async () => {
    const inside = 'antenv/lib/python3.12/site-packages/virtualenv/tests'
    const names = ['antenv/pyvenv.cfg', `${inside}/env/pyvenv.cfg`, `${inside}/bin/x`, 'antenv/Lib/env/pyvenv.cfg']
    expect(await pathsOf(...names)).toEqual(['antenv'])
    expect(await pathsOf(...names.slice(1))).toEqual(['antenv/Lib/env', `${inside}/env`])
  })

  it('may lie in another one, beside its parts', async () => {
    expect(await pathsOf('pyvenv.cfg', 'antenv/pyvenv.cfg', 'bin/x/pyvenv.cfg')).toEqual(['.', 'antenv', 'bin/x'])
  })

  it('is asked for its text only where there is a pyvenv.cfg, and a hundred times at most', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `${String(index)}/pyvenv.cfg`)
    const asked: string[] = []
    const found = await findPackagedEnvironments([...names, 'x/azure.env.python-3.6.txt'], path => {
      asked.push(path)
      return Promise.resolve('')
    })
    expect([found.length, asked.length]).toEqual([301, 100])
  })
})

describe('a recorded environment', () => {
  it.each([...RECORDED.keys()])('%s is one in a package exactly where it is one on a server', async name => {
    const skeleton = recorded(name)
    const names = skeleton.entries.map(entry => `x/antenv/${entry.split(' -> ')[0] ?? ''}`)
    const found = await findPackagedEnvironments(names, path =>
      Promise.resolve(skeleton.texts[path.replace('x/antenv/', '')])
    )
    const site = fakeSite(treeOf(specOf(skeleton, 'antenv')))
    const environment = await readEnvironment(site, child(WWWROOT, 'antenv'), false)
    expect(found.map(({ path }) => path)).toEqual(environment ? ['x/antenv'] : [])
    expect(found[0]?.cfg).toBe(environment?.cfg)
  })
})

describe('any names', () => {
  const part = fc.constantFrom('env', 'lib', 'Lib', 'bin', 'Scripts', 'python3.12', 'site-packages', 'x', '', '..')
  const last = fc.constantFrom('pyvenv.cfg', 'orig-prefix.txt', 'azure.env.python-3.6.txt', 'x', '')
  const path = fc.tuple(fc.array(part, { maxLength: 6 }), last).map(([parts, name]) => [...parts, name].join('/'))
  const names = fc.array(fc.oneof(path, fc.string()), { maxLength: 20 })

  it('give the same environments in any order', async () => {
    const shuffled = names.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))
    )
    await fc.assert(
      fc.asyncProperty(shuffled, async ([one, other]) => {
        expect(await pathsOf(...one)).toEqual(await pathsOf(...other))
      })
    )
  })

  it('never take one away by being added, outside of a library', async () => {
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.array(fc.constantFrom('app.py', 'x/y.txt', 'docs/'), { maxLength: 3 }),
        async (list, more) => {
          expect(await pathsOf(...list, ...more)).toEqual(await pathsOf(...list))
        }
      )
    )
  })
})

describe('what is said of environments in a package', () => {
  const some = (count: number): readonly PackagedEnvironment[] =>
    Array.from({ length: count }, (_, index) => ({ path: `p${String(index)}`, sign: 'pyvenv.cfg', cfg: undefined }))

  it('names the one that there is, and the remedy', () => {
    expect(describePackaged(some(1))).toMatch(
      /contains a virtual environment: p0 \(pyvenv\.cfg\)\. .*leave it out of "package"/
    )
  })

  it('names ten of many, and how many there are', () => {
    const text = describePackaged(some(12))
    expect(text).toContain('12 virtual environments: p0 (pyvenv.cfg), p1')
    expect(text).toContain('p9 (pyvenv.cfg) and 2 more.')
    expect(text).not.toContain('p10')
  })
})

const run = promisify(execFile)
const python = (await findPythons()).at(-1)

describe.skipIf(!python)('an environment that a real Python makes in a package', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'real-venv-'))
    await fillFolder(join(folder, 'app'), { 'app.py': '', 'requirements.txt': 'flask' })
    await run(python?.executable ?? '', [
      '-m',
      'venv',
      '--copies',
      '--without-pip',
      join(folder, 'app', 'backend', '.venv')
    ])
    await run(python?.executable ?? '', ['-m', 'zipfile', '-c', join(folder, 'app.zip'), '.'], {
      cwd: join(folder, 'app')
    })
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(['app', 'app.zip'])('is found in %s', async name => {
    const files = await openPackage(join(folder, name))
    const found = await findPackagedEnvironments(files.names, path => files.text(path, 10_000))
    expect(found).toMatchObject([{ path: 'backend/.venv', sign: 'pyvenv.cfg' }])
    expect(found[0]?.cfg).toContain(`version = ${python?.release ?? ''}`)
  })
})
