import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  PythonVersionError,
  leadingVersion,
  parseWantedVersion,
  versionOfLibrary,
  versionOfMarker,
  versionOfRuntime
} from '../../../src/python/version.ts'

describe('the wanted version', () => {
  it.each([
    ['3.12', '3.12'],
    ['3.12.4', '3.12'],
    ['3.10', '3.10'],
    ['3.9', '3.9'],
    ['2.7', '2.7'],
    ['2.7.18', '2.7'],
    ['python-3.4.1', '3.4'],
    ['python-3.11', '3.11'],
    ['Python-3.6', '3.6']
  ])('%s is %s', (text, version) => {
    expect(parseWantedVersion(text)).toBe(version)
  })

  it.each([
    ['3.1', "'3.10'"],
    ['3.x', 'wildcard'],
    ['3.X', 'wildcard'],
    ['3.12.x', 'wildcard'],
    ['>=3.9', 'range'],
    ['>=3.9 <3.12', 'range'],
    ['~3.9', 'range'],
    ['^3.9', 'range'],
    ['==3.9', 'range'],
    ['3.9 - 3.11', 'range'],
    ['3.9 || 3.10', 'range'],
    ['3.9,3.10', 'range'],
    ['3.*', 'range'],
    ['3.13-dev', 'pre-release'],
    ['3.14.0a2', 'pre-release'],
    ['3.14.0b1', 'pre-release'],
    ['3.14.0rc1', 'pre-release'],
    ['3.13t', 'special build'],
    ['pypy3.10', 'CPython'],
    ['pypy-3.10-v7.3', 'CPython'],
    ['graalpy-24', 'CPython'],
    ['3', 'X.Y'],
    ['4.0', 'no version that Python has had'],
    ['1.5', 'no version that Python has had'],
    ['3.12.4.1', 'X.Y'],
    ['latest', 'X.Y'],
    ['-3.12', 'X.Y'],
    ['3,12', 'range']
  ])('%s is an error that says %s', (text, word) => {
    expect(() => parseWantedVersion(text)).toThrow(PythonVersionError)
    expect(() => parseWantedVersion(text)).toThrow(word)
  })
})

describe('runtime.txt', () => {
  it.each([
    ['python-3.4.1', '3.4'],
    ['python-3.4', '3.4'],
    ['Python-2.7.18\r\n', '2.7'],
    ['python-3.10.2\nsecond line', '3.10'],
    ['python-3.6  ', '3.6'],
    [' python-3.4', undefined],
    ['\uFEFFpython-3.4', undefined],
    ['\npython-3.4', undefined],
    ['3.4', undefined],
    ['python-3', undefined],
    ['python-3.4.1-foo', undefined],
    ['', undefined]
  ])('%j says %s', (text, version) => {
    expect(versionOfRuntime(text)).toBe(version)
  })
})

describe('names and values', () => {
  it.each([
    ['3.12.4', '3.12'],
    ['3.8.6.final.0', '3.8'],
    ['3.13.0rc1', '3.13'],
    ['  3.7', '3.7'],
    ['3.14+', '3.14'],
    ['3', undefined],
    ['v3.7', undefined],
    ['3.1234', undefined],
    ['', undefined]
  ])('the version at the start of %j is %s', (text, version) => {
    expect(leadingVersion(text)).toBe(version)
  })

  it.each([
    ['python3.12', '3.12'],
    ['python2.7', '2.7'],
    ['python3.13t', undefined],
    ['pypy3.10', undefined],
    ['python3', undefined],
    ['xpython3.12', undefined]
  ])('the folder %s is for %s', (name, version) => {
    expect(versionOfLibrary(name)).toBe(version)
  })

  it.each([
    ['azure.env.python-3.4.txt', '3.4'],
    ['AZURE.ENV.PYTHON-2.7.TXT', '2.7'],
    ['azure.env.python-3.6.8.txt', '3.6'],
    ['azure.env.python-.txt', undefined],
    ['azure.env.python-3.4.txt.bak', undefined],
    ['azureXenv.python-3.4.txt', undefined]
  ])('the file %s marks %s', (name, version) => {
    expect(versionOfMarker(name)).toBe(version)
  })

  it('come back from everything that is made of them', () => {
    fc.assert(
      fc.property(fc.constantFrom(2, 3), fc.integer({ min: 2, max: 99 }), fc.nat(40), (major, minor, micro) => {
        const version = `${major}.${minor}`
        expect([
          parseWantedVersion(version),
          parseWantedVersion(`python-${version}.${micro}`),
          versionOfRuntime(`python-${version}.${micro}\r\n`),
          versionOfLibrary(`python${version}`),
          versionOfMarker(`azure.env.python-${version}.txt`),
          leadingVersion(`${version}.${micro}.final.0`)
        ]).toEqual(Array.from({ length: 6 }, () => version))
      })
    )
  })

  it('are never invented, and nothing but a PythonVersionError is thrown', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        try {
          expect(text).toContain(parseWantedVersion(text).split('.')[0])
        } catch (error) {
          expect(error).toBeInstanceOf(PythonVersionError)
        }
      })
    )
  })
})
