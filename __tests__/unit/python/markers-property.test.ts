import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  evaluateMarker,
  parseMarker,
  serverEnvironment,
  type MarkerEnvironment,
  type Truth
} from '../../../src/python/markers.ts'

const LINUX = serverEnvironment('linux', '3.11')
const WINDOWS = serverEnvironment('windows', '3.11')

const truthOf = (text: string, environment: MarkerEnvironment, extras: readonly string[]): Truth =>
  evaluateMarker(parseMarker(text), environment, extras)

describe('any marker', () => {
  const variable = fc.constantFrom('python_version', 'python_full_version', 'os.name', 'platform_release', 'extra')
  const quoted = fc.oneof(
    fc.constantFrom('3.11', '3.11.4', '3.*', '', 'nt', 'posix', 'test', '3.11.4rc1', '=3', '9'.repeat(400)),
    fc.string({ maxLength: 6 }).map(text => text.replaceAll(/["\\]/g, ''))
  )
  const operator = fc.constantFrom('==', '!=', '<', '<=', '>', '>=', '~=', '===', 'in', 'not in')
  const comparison = fc
    .tuple(variable, operator, quoted, fc.boolean())
    .map(([name, op, text, turned]) => (turned ? `"${text}" ${op} ${name}` : `${name} ${op} "${text}"`))
  const { marker } = fc.letrec<{ marker: string }>(tie => ({
    marker: fc.oneof(
      { maxDepth: 4 },
      comparison,
      fc.tuple(tie('marker'), fc.constantFrom('and', 'or'), tie('marker')).map(([a, op, b]) => `(${a}) ${op} (${b})`)
    )
  }))
  const places = fc.constantFrom(LINUX, WINDOWS, serverEnvironment('linux', undefined), {})
  const extras = fc.array(fc.constantFrom('test', 'Docs', ''), { maxLength: 3 })

  it('comes to true, false or unknown', () => {
    fc.assert(
      fc.property(marker, places, extras, (text, environment, asked) => {
        expect([true, false, 'unknown']).toContain(truthOf(text, environment, asked))
      }),
      { numRuns: 1000 }
    )
  })

  it('that is decided stays so when more is known', () => {
    const micro = fc.integer({ min: 0, max: 30 })
    fc.assert(
      fc.property(marker, extras, micro, fc.constantFrom('5.15', 'x'), (text, asked, last, release) => {
        const truth = truthOf(text, LINUX, asked)
        const more = { ...LINUX, python_full_version: `3.11.${last}`, platform_release: release }
        if (truth !== 'unknown') expect(truthOf(text, more, asked)).toBe(truth)
      }),
      { numRuns: 1000 }
    )
  })
})

describe('a marker of the greatest length', () => {
  const numbers = Array.from({ length: 280 }, (_, number) => number)
    .join()
    .slice(0, 1024)
  it.each([
    ['numbers', Array.from({ length: 14 }, () => `python_full_version in "${numbers}"`).join(' or ')],
    ['numbers in a full version', `"${numbers}" in python_full_version`],
    ['a long version', `python_full_version == "1${'.1'.repeat(8000)}"`],
    ['a version that ends in zeros', `"1${'.0'.repeat(8000)}" >= python_full_version`],
    ['comparisons', `os_name == "x"${' or python_full_version > "3.1.1"'.repeat(490)}`]
  ])('takes no time: %s', (_, text) => {
    const marker = parseMarker(text)
    const before = process.cpuUsage()
    expect(evaluateMarker(marker, LINUX, [])).not.toBeUndefined()
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(1000)
  })
})
