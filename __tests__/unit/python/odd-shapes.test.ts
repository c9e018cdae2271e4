// Shapes of real environments that mislead: Windows with a `bin`, parts behind links, markers without a trace, eggs.
import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import type { Environment } from '../../../src/python/venv.ts'
import { WWWROOT, child } from '../../../src/site.ts'
import { fakeSite, linkTo, treeOf, type Spec } from '../fake-site.ts'
import { without } from '../fixtures.ts'
import { recorded, specOf } from '../recorded.ts'

const env = (name: string): Spec => specOf(recorded(name), 'env')
const read = (spec: Spec): Promise<Environment | undefined> =>
  readEnvironment(fakeSite(treeOf(spec)), child(WWWROOT, 'env'), true)

/** Moves a part out of the environment, and leaves a link to it. */
function linked(name: string, part: string): Spec {
  const moved = Object.entries(env(name)).map(([path, node]): [string, Spec[string]] => {
    const below = path.startsWith(`env/${part}/`) || path === `env/${part}`
    return [below ? path.replace(`env/${part}`, '/data/part') : path, node]
  })
  return { ...Object.fromEntries(moved), [`env/${part}`]: linkTo('/data/part') }
}

describe('an environment made on Windows', () => {
  it.each(['windows-venv-3.12', 'windows-uv', 'windows-virtualenv-20'])(
    'is one although a package put files into its bin: %s',
    async name => {
      expect(await read({ ...env(name), 'env/bin/tool.py': '' })).toMatchObject({ shape: 'windows', missing: [] })
    }
  )

  it('is one without its Scripts, by its Lib', async () => {
    const environment = await read(without(env('windows-venv-3.12'), 'env/Scripts'))
    expect(environment).toMatchObject({ shape: 'windows', missing: ['Scripts/python.exe', 'Scripts/activate'] })
  })

  it('is proven by the trace of an old virtualenv alone', async () => {
    const environment = await read(without(env('windows-virtualenv-16'), 'env/Scripts'))
    expect(environment).toMatchObject({
      creator: 'virtualenv-old',
      missing: ['Scripts/python.exe', 'Scripts/activate']
    })
  })

  it('is none where a folder of the app is called Lib', async () => {
    expect(await read({ 'env/Lib/x.dll': '' })).toBeUndefined()
  })

  it('on Linux stays one of Linux with a Scripts of its own', async () => {
    expect(await read({ ...env('venv-3.12-packages'), 'env/Scripts/x.bat': '' })).toMatchObject({
      shape: 'posix',
      missing: []
    })
  })
})

describe('a part behind a link', () => {
  it.each([
    ['bin', 'bin'],
    ['lib', 'lib'],
    ['lib/python3.12', 'python3.12'],
    ['pyvenv.cfg', 'pyvenv.cfg']
  ])('is evidence that cannot be read, never a part that is missing: %s', async (part, name) => {
    const environment = await read(linked('venv-3.12-packages', part))
    expect(environment).toMatchObject({ missing: [] })
    expect(environment?.gaps.join()).toContain(`${name} is a link`)
  })

  it('says nothing where it is lib64, or a file that creators link', async () => {
    expect(await read(env('venv-3.10-symlinks'))).toMatchObject({ missing: [], gaps: [] })
  })
})

describe('a library that is listed twice, because a link to it is listed as a folder', () => {
  it('holds its packages once', async () => {
    const spec = { ...env('venv-3.12-packages'), 'env/lib/python3': linkTo('python3.12') }
    const site = fakeSite(treeOf(spec), { linksAsDirectories: true })
    const environment = await readEnvironment(site, child(WWWROOT, 'env'), true)
    const names = environment?.distributions.map(({ name }) => name) ?? []
    expect(names).toEqual([...new Set(names)])
    expect(environment?.missing).toEqual([])
  })
})

describe('a server that leaves links out of its listings', () => {
  it.each(['venv-3.10-symlinks', 'uv', 'virtualenv-21'])('makes no environment look broken: %s', async name => {
    const site = fakeSite(treeOf(env(name)), { hidesDangling: true })
    expect(await readEnvironment(site, child(WWWROOT, 'env'), true)).toMatchObject({ missing: [], gaps: [] })
  })

  it('is asked once more only where a part is missing', async () => {
    const site = fakeSite(treeOf(env('venv-3.8-copies')), { hidesDangling: true })
    await readEnvironment(site, child(WWWROOT, 'env'), true)
    expect(new Set(site.log).size).toBe(site.log.length)
  })
})

describe("a marker of Kudu's Windows script", () => {
  it.each([
    ['3.x, for which the script runs venv', 'windows-venv-3.6-marker', 'env/pyvenv.cfg'],
    ['2.7, for which it runs virtualenv', 'windows-virtualenv-16-marker', 'env/Lib/orig-prefix.txt']
  ])('stands beside the trace of a creator: %s', async (_, name, trace) => {
    expect(await read(env(name))).toMatchObject({ missing: [] })
    expect(await read(without(env(name), trace))).toMatchObject({ missing: ['pyvenv.cfg'] })
  })
})

describe('what easy_install has put there', () => {
  it.each(['six-1.15.0-py3.12.egg/six.py', 'six-1.15.0-py3.12.egg', 'lxml-4.9.1-py3.12-linux-x86_64.egg/lxml/x.py'])(
    'is a distribution: %s',
    async path => {
      const spec = { ...env('venv-3.12-packages'), [`env/lib/python3.12/site-packages/${path}`]: '' }
      const names = (await read(spec))?.distributions.map(({ name, version }) => `${name} ${version}`)
      expect(names).toContain(path.startsWith('six') ? 'six 1.15.0' : 'lxml 4.9.1')
    }
  )
})
