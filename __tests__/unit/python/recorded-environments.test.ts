// What real tools leave behind, and what is read from it. The file of each says by which commands it came to be.
import { describe, expect, it } from 'vitest'
import { decide, foundPython, type ReasonCode } from '../../../src/decide.ts'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import type { Creator, Environment } from '../../../src/python/venv.ts'
import { WWWROOT, child } from '../../../src/site.ts'
import { fakeSite, treeOf } from '../fake-site.ts'
import { expectationOf, policyOf, snapshotOf } from '../fixtures.ts'
import { RECORDED, recorded, specOf } from '../recorded.ts'

const read = (name: string, named: boolean): Promise<Environment | undefined> =>
  readEnvironment(fakeSite(treeOf(specOf(recorded(name), 'antenv'))), child(WWWROOT, 'antenv'), named)

const versionsOf = ({ versions }: Environment): readonly string[] =>
  versions.map(({ source, version }) => `${source} ${version}`)

const distributionsOf = ({ distributions }: Environment): string =>
  distributions.map(({ name, version }) => `${name} ${version}`).join(', ')

const reasonFor = (environment: Environment | undefined): ReasonCode | undefined =>
  environment && decide(snapshotOf({ environment }), expectationOf(), policyOf()).reasons[0].code

/** Name, creator, Python by the library and by pyvenv.cfg, and what is installed. */
const POSIX: readonly (readonly [string, Creator, string, string])[] = [
  ['venv-3.6', 'venv', '3.6', 'pip 18.1, setuptools 40.6.2'],
  ['venv-3.7', 'venv', '3.7', 'pip 22.0.4, setuptools 47.1.0'],
  ['venv-3.8-copies', 'venv', '3.8', 'pip 23.0.1, setuptools 56.0.0'],
  ['venv-3.9-system-site-packages', 'venv', '3.9', 'pip 23.0.1, setuptools 58.1.0'],
  ['venv-3.10-symlinks', 'venv', '3.10', 'pip 23.0.1, setuptools 65.5.0'],
  ['venv-3.11-upgrade-deps', 'venv', '3.11', 'pip 26.3, setuptools 84.2.1'],
  ['venv-3.12-without-pip', 'venv', '3.12', ''],
  [
    'venv-3.12-packages',
    'venv',
    '3.12',
    'flask 3.0.3, pip 23.2.1, ruamel-yaml 0.18.6, typing-extensions 4.9.0, zope-interface 6.1'
  ],
  ['venv-3.13', 'venv', '3.13', 'pip 24.2'],
  ['venv-clear', 'venv', '3.11', 'pip 23.2.1, setuptools 65.5.0'],
  ['virtualenv-20.0', 'virtualenv', '3.8', 'pip 20.2.3, setuptools 50.3.1, wheel 0.35.1'],
  ['virtualenv-20.4', 'virtualenv', '3.9', 'pip 21.1.2, setuptools 57.0.0, wheel 0.36.2'],
  ['virtualenv-20.4-python-2.7', 'virtualenv', '2.7', 'pip 20.3.4, setuptools 44.1.1, wheel 0.36.2'],
  ['virtualenv-20.26', 'virtualenv', '3.12', 'pip 24.2'],
  ['virtualenv-21', 'virtualenv', '3.12', 'pip 26.3'],
  ['virtualenv-21-copies', 'virtualenv', '3.13', 'pip 26.3'],
  ['virtualenv-over-venv', 'virtualenv', '3.11', 'pip 26.3, setuptools 84.2.1'],
  ['uv', 'uv', '3.12', ''],
  ['uv-seed', 'uv', '3.13', 'pip 26.3'],
  ['uv-0.1', 'uv', '3.11', ''],
  // An installation that failed leaves what was there: all parts, and nothing but pip in them.
  ['failed-pip', 'venv', '3.8', 'pip 23.0.1, setuptools 56.0.0'],
  // An upgrade of pip that was killed leaves `~ip-23.2.1.dist-info`, which is no distribution.
  ['pip-killed', 'venv', '3.11', 'setuptools 65.5.0']
]

/** The same for what wrote no pyvenv.cfg: the library alone names the version. */
const OLD: readonly (readonly [string, string, string])[] = [
  ['virtualenv-1.11', '2.7', 'pip 1.5.6, setuptools 3.6'],
  ['virtualenv-16-python-2.7', '2.7', 'pip 19.3.1, setuptools 42.0.2, wheel 0.33.6'],
  ['virtualenv-16-python-3.6', '3.6', 'pip 19.3.1, setuptools 42.0.2, wheel 0.33.6'],
  ['virtualenv-16-system-site-packages', '2.7', 'pip 19.3.1, setuptools 42.0.2, wheel 0.33.6']
]

const WINDOWS: readonly (readonly [string, Creator, readonly string[], string])[] = [
  [
    'windows-venv-3.6-marker',
    'venv',
    ['azure.env.python-3.6.txt 3.6', 'pyvenv.cfg 3.6'],
    'pip 9.0.1, setuptools 28.8.0'
  ],
  ['windows-venv-3.12', 'venv', ['pyvenv.cfg 3.12'], 'pip 23.2.1'],
  [
    'windows-virtualenv-16-marker',
    'virtualenv-old',
    ['azure.env.python-2.7.txt 2.7'],
    'pip 19.3.1, setuptools 42.0.2, wheel 0.33.6'
  ],
  ['windows-virtualenv-16', 'virtualenv-old', [], 'pip 19.3.1, setuptools 42.0.2, wheel 0.33.6'],
  ['windows-virtualenv-20', 'virtualenv', ['pyvenv.cfg 3.12'], 'pip 24.2'],
  ['windows-uv', 'uv', ['pyvenv.cfg 3.12'], '']
]

/** Name, who wrote the last pyvenv.cfg, everything that names a version, and what makes it mixed. */
const MIXED: readonly (readonly [string, Creator, readonly string[], RegExp])[] = [
  ['venv-3.8-over-3.11', 'venv', ['lib/python3.11 3.11', 'lib/python3.8 3.8', 'pyvenv.cfg 3.8'], /3\.11.*3\.8/],
  ['venv-3.11-over-3.8', 'venv', ['lib/python3.11 3.11', 'lib/python3.8 3.8', 'pyvenv.cfg 3.11'], /3\.11.*3\.8/],
  ['venv-upgrade', 'venv', ['lib/python3.11 3.11', 'lib/python3.8 3.8', 'pyvenv.cfg 3.11'], /3\.11.*3\.8/],
  [
    'virtualenv-over-older-venv',
    'virtualenv',
    ['lib/python3.12 3.12', 'lib/python3.8 3.8', 'pyvenv.cfg 3.12'],
    /3\.12.*3\.8/
  ],
  ['uv-over-venv', 'uv', ['lib/python3.12 3.12', 'lib/python3.8 3.8', 'pyvenv.cfg 3.12'], /3\.12.*3\.8/],
  [
    'virtualenv-16-over-newer-venv',
    'venv',
    ['lib/python2.7 2.7', 'lib/python3.11 3.11', 'pyvenv.cfg 3.11'],
    /2\.7.*3\.11/
  ],
  ['virtualenv-16-over-venv', 'venv', ['lib/python3.6 3.6', 'pyvenv.cfg 3.6'], /two versions: pip, setuptools$/],
  ['newer-build-copied-over', 'venv', ['lib/python3.11 3.11', 'pyvenv.cfg 3.11'], /two versions: flask$/]
]

describe('whole environments are read as their creators made them', () => {
  it.each(POSIX)('%s', async (name, creator, python, distributions) => {
    const environment = await read(name, false)
    if (!environment) expect.fail('it is not proven')
    expect(environment).toMatchObject({ shape: 'posix', proven: true, creator, missing: [], gaps: [], markers: [] })
    expect(versionsOf(environment)).toEqual([`lib/python${python} ${python}`, `pyvenv.cfg ${python}`])
    expect(distributionsOf(environment)).toBe(distributions)
    expect(reasonFor(environment)).toBe('up-to-date')
  })

  it.each(OLD)('%s', async (name, python, distributions) => {
    const environment = await read(name, false)
    if (!environment) expect.fail('it is not proven')
    expect(environment).toMatchObject({ shape: 'posix', creator: 'virtualenv-old', missing: [], gaps: [] })
    expect(versionsOf(environment)).toEqual([`lib/python${python} ${python}`])
    expect(distributionsOf(environment)).toBe(distributions)
    expect(reasonFor(environment)).toBe('up-to-date')
  })

  it.each(WINDOWS)('%s', async (name, creator, versions, distributions) => {
    const environment = await read(name, false)
    if (!environment) expect.fail('it is not proven')
    expect(environment).toMatchObject({ shape: 'windows', proven: true, creator, missing: [], gaps: [] })
    expect(versionsOf(environment)).toEqual(versions)
    expect(distributionsOf(environment)).toBe(distributions)
    expect(reasonFor(environment)).toBe('up-to-date')
  })

  it('easy-install', async () => {
    const environment = await read('easy-install', false)
    expect(environment).toMatchObject({ creator: 'virtualenv-old', missing: [], gaps: [] })
    expect(foundPython(environment)).toBe('2.7')
  })

  it('virtualenv before 20 on Windows names no version, so that a wish cannot be compared', async () => {
    const environment = await read('windows-virtualenv-16', false)
    const wish = expectationOf({ pythonInput: '2.7' })
    const { action, reasons } = decide(snapshotOf({ environment }), wish, policyOf())
    expect([action, reasons[0].code]).toEqual(['preserve', 'unknown'])
  })
})

describe('mixed environments have all their parts, and name each version', () => {
  it.each(MIXED)('%s', async (name, creator, versions, particulars) => {
    const environment = await read(name, false)
    if (!environment) expect.fail('it is not proven')
    expect(environment).toMatchObject({ shape: 'posix', creator, missing: [], gaps: [] })
    expect(versionsOf(environment)).toEqual(versions)
    const { action, reasons } = decide(snapshotOf({ environment }), expectationOf(), policyOf())
    expect([action, reasons[0].code]).toEqual(['reset', 'mixed-versions'])
    expect(reasons[0].detail).toMatch(particulars)
  })
})

describe('what is no whole environment', () => {
  it('venv-killed has an interpreter, and nothing to activate it with', async () => {
    const environment = await read('venv-killed', false)
    expect(environment).toMatchObject({ creator: 'venv', missing: ['bin/activate'], gaps: [] })
    expect(reasonFor(environment)).toBe('broken')
  })

  it.each(['conda', 'conda-pack', 'pip-prefix'])(
    '%s is kept, because nothing tells what it consists of',
    async name => {
      for (const named of [false, true]) {
        const environment = await read(name, named)
        expect(environment).toMatchObject({ proven: true, creator: 'unknown', missing: [] })
        expect(environment?.gaps).toHaveLength(1)
        expect(reasonFor(environment)).toBe('unknown')
      }
    }
  )

  it('pip-target is a folder of packages, whatever names it the environment', async () => {
    expect(await read('pip-target', false)).toBeUndefined()
    expect(await read('pip-target', true)).toBeUndefined()
  })
})

describe('the recorded environments', () => {
  it('are each judged here', () => {
    const judged = [...POSIX, ...OLD, ...WINDOWS, ...MIXED].map(([name]) => name)
    const others = ['conda', 'conda-pack', 'easy-install', 'pip-prefix', 'pip-target', 'venv-killed']
    expect([...judged, ...others].sort()).toEqual([...RECORDED.keys()].sort())
  })

  it.each([...RECORDED])('%s says where it comes from', (_, { origin, entries, texts }) => {
    // Made by commands, or written by hand from public sources: never neither, never both.
    expect(origin.commands.length > 0).toBe(origin.sources === undefined)
    expect([origin.tool, origin.python, origin.system].every(text => text.length > 0)).toBe(true)
    expect(origin.recorded).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    expect(Object.keys(texts).filter(path => !entries.includes(path))).toEqual([])
    expect(JSON.stringify([origin, entries, texts])).not.toMatch(/\/(root|tmp|Users|home\/(?!site\/))/)
  })
})
