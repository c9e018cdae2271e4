import { describe, expect, it } from 'vitest'
import { serverEnvironment } from '../../../src/python/markers.ts'
import { readRequirements } from '../../../src/python/requirements.ts'
import { linesOf, requirementsOf, take, type World } from './inventories.ts'

const WEB: World = {
  'web 2.0': ['tools>=1', 'dotenv; extra == "env"', 'win-only; sys_platform == "win32"'],
  'tools 1.5': ['safe'],
  'safe 2.1': [],
  'dotenv 1.0': [],
  'win-only 0.4': []
}

describe('what nothing asks for any more', () => {
  it.each<[string, World, readonly string[], readonly string[]]>([
    ['is nothing where all is asked for', WEB, ['web[env]', 'win-only'], []],
    [
      'is what only dropped requirements needed',
      { ...WEB, 'old 1.0': ['older'], 'older 1.0': [] },
      ['web[env]', 'win-only'],
      ['old', 'older']
    ],
    ['is an extra that is not asked for any more', WEB, ['web', 'win-only'], ['dotenv']],
    ['is what a marker is false for', WEB, ['web[env]'], ['win-only']],
    ['is not what an extra still asks for, by another way', WEB, ['web', 'dotenv', 'win-only'], []],
    ['is not what was asked for by another spelling', { 'zope-interface 1.0': [] }, ['Zope.Interface'], []],
    ['is everything where nothing is asked for', WEB, [], ['dotenv', 'safe', 'tools', 'web', 'win-only']],
    ['is not what one asks for on another platform only', WEB, ['web[env]', 'win-only; os_name == "nt"'], ['win-only']],
    ['is found in circles', { 'a 1': ['b'], 'b 1': ['a'], 'c 1': ['d'], 'd 1': ['c'] }, ['a'], ['c', 'd']],
    [
      'is not what asks for itself with extras',
      { 'a 1': ['a[x]; extra == "all"', 'b; extra == "x"'], 'b 1': [] },
      ['a[all]'],
      []
    ],
    [
      'is not kept by an extra that brings nothing',
      { 'a 1': ['b'], 'b 1': ['a[x]', 'c'], 'c 1': [], 'd 1': [], 'e 1': [] },
      ['a'],
      ['d', 'e']
    ],
    [
      'is not what an extra brings that is asked for late',
      { 'a 1': ['b', 'd; extra == "x"'], 'b 1': ['a[x]'], 'd 1': [], 'e 1': [] },
      ['a'],
      ['e']
    ],
    ['is what needs others, but is needed by nobody', { 'a 1': ['b'], 'b 1': ['c'], 'c 1': [] }, ['b'], ['a']],
    ['is not what the requirements and others both name', { 'a 1': ['b'], 'b 1': [] }, ['a', 'b'], []],
    ['is the same where a version does not suit', { 'a 1': ['b>=5'], 'b 1': [], 'c 1': [] }, ['a>=2'], ['c']],
    ['is not known of an extra that nothing has', { 'a 1': ['b'], 'b 1': [] }, ['a[none]'], []]
  ])('%s', async (_, world, requirements, removed) => {
    const inventory = await take(world, requirements)
    expect(inventory.removed).toEqual(removed)
    expect(inventory.gaps).toEqual([])
  })

  it('never is what installs', async () => {
    const world = {
      'pip 24.0': [],
      'setuptools 65': [],
      'wheel 0.4': [],
      'pkg-resources 0.0.0': [],
      'distribute 0.6': [],
      'uv 0.5': []
    }
    expect((await take(world, [])).removed).toEqual([])
  })

  it('never is what wheel brings, which installs', async () => {
    const world = { 'wheel 0.46': ['packaging>=24'], 'packaging 25.0': [], 'six 1.0': [] }
    expect((await take(world, [])).removed).toEqual(['six'])
  })

  it('takes both of what is installed in two versions', async () => {
    const inventory = await take({ 'a 1.0': [], 'a 2.0': ['c'], 'b 1': [], 'c 1': [] }, ['a'])
    expect(inventory.waves).toEqual([['a', 'a'], ['c']])
    expect(linesOf(inventory)).toEqual(['a 1.0, 2.0 (any): stays', 'b 1: goes', 'c 1: stays'])
  })
})

describe('a marker that cannot be decided', () => {
  const windows = serverEnvironment('windows', undefined)

  it('asks for its distribution, perhaps, and is no gap', async () => {
    const world = {
      'a 1': ['b; platform_machine == "AMD64"', 'c; python_version < "3"'],
      'b 1': [],
      'c 1': [],
      'd 1': []
    }
    const inventory = await take(world, ['a; python_version > "3"'], windows)
    expect(inventory).toMatchObject({ removed: ['d'], gaps: [] })
  })

  it('announces nothing that is not there', async () => {
    expect(
      linesOf(await take({ 'a 1': [] }, ['a>=2; python_version > "3"', 'b; python_version > "3"'], windows))
    ).toEqual(['a 1 (>=2): stays'])
  })
})

describe('metadata', () => {
  const asked = async (...parameters: Parameters<typeof take>): Promise<unknown> => (await take(...parameters)).waves

  it('is not asked for where all that is installed is asked for by name, or installs', async () => {
    expect(await asked({ 'a 1': undefined, 'pip 1': undefined, 'uv 1': undefined }, ['a', 'not-there'])).toEqual([])
  })

  it('is not asked for where nothing is installed', async () => {
    expect(await asked({}, ['a'])).toEqual([])
  })

  it('is asked for wave by wave, once for each, and never of what cannot be reached', async () => {
    const world = { 'a 1': ['c', 'd'], 'b 1': ['d'], 'c 1': ['e'], 'd 1': ['a'], 'e 1': [], 'x 1': ['y'], 'y 1': [] }
    expect(await asked(world, ['b', 'a', 'not-there'])).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  })

  it('is not asked for any more as soon as everything is known to be asked for', async () => {
    expect(await asked({ 'a 1': ['b', 'c'], 'b 1': undefined, 'c 1': undefined }, ['a'])).toEqual([['a']])
  })

  it('is not asked for where a lock names everything that may be there', async () => {
    const lock = requirementsOf(['a==1.0'], { file: 'uv.lock', isSuperset: true })
    expect(await take({ 'a 1': undefined, 'b 1': undefined }, lock)).toMatchObject({
      waves: [],
      removed: ['b'],
      gaps: []
    })
  })

  it('is asked for of the tool that a deployment installs a lock with, and of what that brings', async () => {
    const lock = requirementsOf(['a==1.0'], { file: 'poetry.lock', isSuperset: true })
    const world = { 'a 1': ['b'], 'b 1': [], 'poetry 1.8': ['cleo-like'], 'cleo-like 2': [] }
    expect(await take(world, lock)).toMatchObject({ waves: [['poetry'], ['cleo-like']], removed: ['b'] })
    expect((await take(world, ['a'])).removed).toEqual(['cleo-like', 'poetry'])
    const naming = requirementsOf(['a==1.0', 'poetry'], { file: 'poetry.lock', isSuperset: true })
    expect((await take(world, naming)).removed).toEqual(['b'])
  })
})

describe('a gap', () => {
  it('is metadata of something reachable that could not be read', async () => {
    const inventory = await take({ 'a 1': undefined, 'b 1': [] }, ['a'])
    expect(inventory).toMatchObject({ removed: ['b'], gaps: ['the metadata of a could not be read'] })
    expect(linesOf(inventory)).toEqual(['a 1 (any): stays', 'b 1: stays'])
  })

  it('is a requirement of something reachable that could not be understood', async () => {
    const { gaps } = await take({ 'a 1': ['b c d'], 'b 1': [] }, ['a'])
    expect(gaps).toEqual([expect.stringContaining('cannot be understood')])
  })

  it('is none in what cannot be reached', async () => {
    expect(await take({ 'a 1': [], 'b 1': undefined, 'c 1': ['b', '?'] }, ['a'])).toMatchObject({
      removed: ['b', 'c'],
      gaps: []
    })
  })

  it('is one in the requirements', async () => {
    const requirements = requirementsOf(['a'], { gaps: ['requirements.txt line 3 is strange'] })
    const inventory = await take({ 'a 1': [], 'b 1': [] }, requirements)
    expect(inventory.gaps).toEqual(['requirements.txt line 3 is strange'])
    expect(linesOf(inventory)).toEqual(['a 1 (any): stays', 'b 1: stays'])
  })

  it('is an address that brings what is called otherwise, where anything is left over', async () => {
    const asks = ['a @ https://user:secret@example.org/a.zip', 'b']
    const { gaps, removed } = await take({ 'b 1': [], 'real-name 1': [] }, asks)
    expect(removed).toEqual(['real-name'])
    expect(gaps).toEqual([expect.stringContaining('requirements.txt, line 1: nothing that is installed is called a,')])
    expect((await take({ 'b 1': [] }, asks)).gaps).toEqual([])
    expect((await take({ 'a 1': [], 'b 1': [], 'c 1': [] }, asks)).gaps).toEqual([])
  })

  it('is an archive of the package whose file is called otherwise than what it brings', async () => {
    const text = './vendor/the-repository-1.0.tar.gz\n'
    const asks = await readRequirements('requirements.txt', () => Promise.resolve(text))
    const { gaps } = await take({ 'real-name 1': ['needed'], 'needed 1': [] }, asks)
    expect(gaps).toEqual([expect.stringContaining('nothing that is installed is called the-repository,')])
  })

  it('is said once, and of many only some are named', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `n${String(at)} 1`)
    const world = { ...Object.fromEntries(names.map(name => [name, undefined])), 'left 1': [] }
    const { gaps } = await take(
      world,
      names.map(name => name.replace(' 1', ''))
    )
    expect(gaps).toHaveLength(6)
    expect(gaps.at(-1)).toBe('and 15 more like these')
  })
})

describe('the summary', () => {
  it('shows what stays, goes, comes and changes', async () => {
    const world = { 'pip 24.0': [], 'alpha 1.0': ['needed'], 'needed 3': [], 'beta 1.0': [], 'gone 1.0': [] }
    expect(linesOf(await take(world, ['alpha>=1', 'beta==2.0', 'new-one~=3.1', 'never; os_name == "nt"']))).toEqual([
      'alpha 1.0 (>=1): stays',
      'beta 1.0 (==2.0): changes',
      'gone 1.0: goes',
      'needed 3: stays',
      'new-one - (~=3.1): comes',
      'pip 24.0: stays'
    ])
  })

  it.each([
    ['1.0', 'a==1.0.0', 'stays'],
    ['1.0', 'a!=1.0', 'changes'],
    ['1.10', 'a==1.1.*', 'changes'],
    ['1.1.5', 'a==1.1.*', 'stays'],
    ['1.10', 'a~=1.1.0', 'changes'],
    ['2.0rc1', 'a>=1.0', 'stays'],
    ['2.0rc1', 'a>=2.0', 'changes'],
    ['1.0+local.1', 'a==1.0', 'stays'],
    ['1.0', 'a==1.0+local.1', 'changes'],
    ['1.0.post1', 'a>1.0', 'changes'],
    ['1.0-custom', 'a===1.0-custom', 'stays'],
    ['not-a-version', 'a>=1', 'stays'],
    ['1.0', 'a @ https://example.org/a.zip', 'stays'],
    ['1.0', 'a', 'stays']
  ])('judges the version %s by what %s allows: it %s', async (version, asked, fate) => {
    const { rows } = await take({ [`a ${version}`]: [] }, [asked])
    expect(rows[0]?.fate).toBe(fate)
  })

  it('takes every line that counts', async () => {
    expect(linesOf(await take({ 'a 1.0': [] }, ['a>=1', 'a<1.0', 'a==7; os_name == "nt"']))).toEqual([
      'a 1.0 (<1.0, >=1): changes'
    ])
  })

  it('takes one of several that a lock has, and announces nothing that it names for others', async () => {
    const lock = (...lines: readonly string[]): ReturnType<typeof requirementsOf> =>
      requirementsOf(lines, { isSuperset: true })
    expect(linesOf(await take({ 'a 1.0': [] }, lock('a==2.0', 'a==1.0', 'b==1')))).toEqual([
      'a 1.0 (==1.0 or ==2.0): stays'
    ])
    expect(linesOf(await take({ 'a 1.5': [] }, lock('a==2.0', 'a==1.0')))).toEqual(['a 1.5 (==1.0 or ==2.0): changes'])
  })

  it('shows no address, which may hold a password', async () => {
    const inventory = await take({ 'a 1.0': [] }, [
      'a @ https://user:secret@example.org/a.zip',
      'b @ https://u:secret@h/'
    ])
    expect(JSON.stringify(inventory)).not.toContain('secret')
    expect(linesOf(inventory)).toEqual(['a 1.0 (an address): stays', 'b - (an address): comes'])
  })
})
