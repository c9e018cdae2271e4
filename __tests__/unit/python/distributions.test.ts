import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distributionsIn, installedTwice, normalizeName, type Distribution } from '../../../src/python/distributions.ts'
import type { RemoteEntry } from '../../../src/site.ts'

const entries = (names: readonly string[]): readonly RemoteEntry[] =>
  names.map(name => ({ name, kind: 'directory', size: 0, modified: undefined }))

const read = (...names: readonly string[]): readonly string[] =>
  distributionsIn(entries(names)).map(({ name, version }) => `${name} ${version}`)

const installed = (...versions: readonly string[]): readonly Distribution[] =>
  versions.map(version => ({ name: 'a', version, entry: '' }))

describe('the distributions in site-packages', () => {
  it.each([
    ['Flask-3.0.0.dist-info', 'flask 3.0.0'],
    ['typing_extensions-4.9.0.dist-info', 'typing-extensions 4.9.0'],
    ['zope.interface-6.1.dist-info', 'zope-interface 6.1'],
    ['ruamel.yaml.clib-0.2.8.dist-info', 'ruamel-yaml-clib 0.2.8'],
    ['numpy-1.26.4+local.1.dist-info', 'numpy 1.26.4+local.1'],
    ['pkg-1!2.0rc1.post1.dev3.dist-info', 'pkg 1!2.0rc1.post1.dev3'],
    ['some-thing-1.0.dist-info', 'some-thing 1.0'],
    ['setuptools-41.2.0-py3.7.egg-info', 'setuptools 41.2.0'],
    ['PyYAML-5.1-py2.7.egg-info', 'pyyaml 5.1'],
    ['legacy-1.0.egg-info', 'legacy 1.0']
  ])('%s is %s', (entry, distribution) => {
    expect(read(entry)).toEqual([distribution])
  })

  it.each([
    '~lask-3.0.0.dist-info',
    '~-lask-3.0.0.dist-info',
    '~~ask-3.0.0.dist-info',
    '-lask-3.0.0.dist-info',
    '-lask-3.0.0-py3.7.egg-info',
    'flask',
    'flask.py',
    '.dist-info',
    'noversion.dist-info',
    '__pycache__',
    'flask-3.0.0.data'
  ])('%s is none', entry => {
    expect(read(entry)).toEqual([])
  })

  it('are sorted by name and told once', () => {
    expect(read('b-1.dist-info', 'A-1.dist-info', 'a-1-py3.7.egg-info')).toEqual(['a 1', 'b 1'])
  })

  it('are the same in any order of the listing', () => {
    const names = ['b-1.dist-info', 'A-1.dist-info', 'c_d-2.egg-info', 'x.py']
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), shuffled => {
        expect(read(...shuffled)).toEqual(read(...names))
      })
    )
  })
})

describe('a name', () => {
  it.each([
    ['A.b_C-d', 'a-b-c-d'],
    ['a--__..b', 'a-b'],
    ['plain', 'plain']
  ])('%s is normalised to %s', (name, normal) => {
    expect(normalizeName(name)).toBe(normal)
  })

  it('is the same when it is normalised again', () => {
    fc.assert(
      fc.property(fc.string(), name => {
        expect(normalizeName(normalizeName(name))).toBe(normalizeName(name))
      })
    )
  })
})

it('a distribution in two versions is told once, also when it is spelt in two ways', () => {
  const twice = distributionsIn(entries(['a_b-1.dist-info', 'A.B-2.dist-info', 'a-b-3.dist-info', 'c-1.dist-info']))
  expect(installedTwice(twice)).toEqual(['a-b'])
  expect(installedTwice(distributionsIn(entries(['a-1.dist-info', 'a-1.egg-info'])))).toEqual([])
})

it.each([
  ['1.0', '1.0.0'],
  ['1.0', '1'],
  ['1.0a1', '1.0.alpha.1'],
  ['1.0.post1', '1.0-1'],
  ['1!2.0', '1!2'],
  ['1.0+Ubuntu.1', '1.0+ubuntu_1']
])('%s and %s are one version, by PEP 440', (one, other) => {
  expect(installedTwice(installed(one, other))).toEqual([])
})

it.each([
  ['1.0', '1.0.1'],
  ['1.0', '1.0+local'],
  ['1.0', '1!1.0'],
  ['1.0rc1', '1.0'],
  ['1.0', 'strange'],
  ['strange', 'stranger']
])('%s and %s are two versions', (one, other) => {
  expect(installedTwice(installed(one, other))).toEqual(['a'])
  expect(installedTwice(installed(other, one))).toEqual(['a'])
})

it('nothing is thrown by a version, whatever it is', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(installedTwice(installed(one, other))).toEqual(installedTwice(installed(other, one)))
    })
  )
})

it.each([
  [['a-1.dist-info'], ['a-1.dist-info']],
  [['A_b-1.0-py3.7.egg-info'], ['A_b-1.0-py3.7.egg-info']],
  [['a-1.egg-info', 'a-1.dist-info', 'a-1-py2.7.egg'], ['a-1.dist-info']],
  [['a-1-py2.7.egg', 'a-1-py2.7.egg-info'], ['a-1-py2.7.egg-info']],
  [['a_b-1.dist-info', 'a.b-1.dist-info'], ['a.b-1.dist-info']],
  [
    ['a-2.dist-info', 'a-1.dist-info'],
    ['a-1.dist-info', 'a-2.dist-info']
  ]
])('of %s the metadata lies in %s', (names, chosen) => {
  for (const order of [names, [...names].reverse()]) {
    expect(distributionsIn(entries(order)).map(({ entry }) => entry)).toEqual(chosen)
  }
})
