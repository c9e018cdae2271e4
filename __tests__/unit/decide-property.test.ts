import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../src/azure/snapshot.ts'
import { decide, type Expectation, type Policy, type ReasonCode } from '../../src/decide.ts'
import { remotePath } from '../../src/site.ts'

const AUTOMATIC: readonly ReasonCode[] = [
  'broken',
  'mixed-versions',
  'python-version-changed',
  'venv-in-package',
  'packages-removed',
  'requirements-changed'
]

const text = fc.string({ maxLength: 12 })
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })
const version = fc.constantFrom('2.7', '3.6', '3.11', '3.12', '3.13')
const path = fc.constantFrom('env', 'antenv', 'x/venv').map(name => remotePath(`/site/wwwroot/${name}`))

const environment = fc.record({
  path,
  shape: fc.constantFrom('posix', 'windows', 'packages'),
  creator: fc.constantFrom('venv', 'uv', 'unknown'),
  missing: fc.array(text, { maxLength: 2 }),
  versions: fc.array(fc.record({ source: text, version }), { maxLength: 3 }),
  markers: fc.array(text, { maxLength: 2 }),
  distributions: fc.array(fc.record({ name: fc.constantFrom('flask', 'numpy', 'pip'), version: text }), {
    maxLength: 4
  }),
  gaps: fc.array(text, { maxLength: 2 })
})

const snapshot = fc.record({
  layout: fc.constantFrom(
    'windows-env',
    'venv-tree',
    'packages-dir',
    'compressed-env',
    'compressed-app',
    'none',
    'unknown'
  ),
  environment: optional(environment),
  doubt: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ detail: text, candidates: fc.array(text, { maxLength: 3 }) }) }
  ),
  lock: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ detail: text }) }
  ),
  secondArchive: optional(fc.record({ stale: optional(path), detail: text })),
  rebuiltBy: fc.array(text, { maxLength: 2 }),
  shippedBy: optional(path)
}) as fc.Arbitrary<Snapshot>

const expectation = fc.record(
  {
    pythonInput: optional(version),
    pythonRuntime: optional(version),
    pythonConfigured: fc.record({ version, setCommand: text }),
    kuduScript: fc.record({ runs: fc.boolean(), detail: text }),
    packagedEnvironment: text,
    removedPackages: fc.array(text, { maxLength: 3 }),
    requirementsChanged: text,
    ineffective: text
  },
  { requiredKeys: ['pythonInput', 'pythonRuntime', 'kuduScript'] }
) as fc.Arbitrary<Expectation>

const policy: fc.Arbitrary<Policy> = fc.record({
  resetEnv: fc.boolean(),
  mode: fc.constantFrom('auto', 'on-change', 'always', 'never')
})

const reversed = <T>(list: readonly T[]): readonly T[] => [...list].reverse()

describe('a decision about anything', () => {
  it('always has an action and a reason', () => {
    fc.assert(
      fc.property(snapshot, expectation, policy, (found, expected, allowed) => {
        const { action, reasons } = decide(found, expected, allowed)
        expect(['none', 'preserve', 'reset', 'reset-archive', 'refuse']).toContain(action)
        expect(reasons.length).toBeGreaterThan(0)
        expect(new Set(reasons.map(({ code }) => code)).size).toBe(reasons.length)
      }),
      { numRuns: 500 }
    )
  })

  it('resets in the mode auto for nothing but an automatic reason, and only where something rebuilds', () => {
    fc.assert(
      fc.property(snapshot, expectation, (found, expected) => {
        const { action, reasons } = decide(found, expected, { resetEnv: false, mode: 'auto' })
        if (action !== 'reset') return
        expect(AUTOMATIC).toContain(reasons[0].code)
        expect(reasons[0].code).not.toBe('requirements-changed')
        expect(found.rebuiltBy).not.toEqual([])
        expect(found.lock ?? found.doubt).toBeUndefined()
      }),
      { numRuns: 1000 }
    )
  })

  it('never resets in the mode never, nor while a deployment runs or where it is in doubt', () => {
    fc.assert(
      fc.property(snapshot, expectation, policy, (found, expected, allowed) => {
        const { action } = decide(found, expected, allowed)
        const forbidden = (allowed.mode === 'never' && !allowed.resetEnv) || found.lock || found.doubt
        if (forbidden) expect(['reset', 'reset-archive']).not.toContain(action)
      }),
      { numRuns: 1000 }
    )
  })

  it('does not depend on the order in which the server lists things', () => {
    fc.assert(
      fc.property(snapshot, expectation, policy, (found, expected, allowed) => {
        const other: Snapshot = {
          ...found,
          rebuiltBy: reversed(found.rebuiltBy),
          environment: found.environment && {
            ...found.environment,
            missing: reversed(found.environment.missing),
            versions: reversed(found.environment.versions),
            markers: reversed(found.environment.markers),
            distributions: reversed(found.environment.distributions),
            gaps: reversed(found.environment.gaps)
          }
        }
        const [one, two] = [decide(found, expected, allowed), decide(other, expected, allowed)]
        expect([two.action, two.reasons[0].code]).toEqual([one.action, one.reasons[0].code])
      }),
      { numRuns: 500 }
    )
  })
})
