import { describe, expect, it } from 'vitest'
import type { Layout } from '../../src/azure/snapshot.ts'
import { decide, type Expectation } from '../../src/decide.ts'
import { pythonDisagreement, wantedPython } from '../../src/wanted-python.ts'
import { environmentOf, expectationOf, policyOf, snapshotOf } from './fixtures.ts'

const set = (version: '3.11' | '3.12' | '3.13'): Pick<Expectation, 'pythonConfigured'> => ({
  pythonConfigured: { version, setCommand: 'az webapp config set --name my-app --resource-group my-group' }
})
const LINUX: readonly Layout[] = ['venv-tree', 'packages-dir', 'compressed-env', 'compressed-app', 'none', 'unknown']

describe("the app's own setting", () => {
  it.each(LINUX)('is the wanted version where the workflow names none: %s', layout => {
    expect(wantedPython(layout, expectationOf(set('3.12')))).toEqual({
      version: '3.12',
      source: "the app's own setting"
    })
  })

  it.each(LINUX)('decides where the workflow names another version: %s', layout => {
    const expected = expectationOf({ ...set('3.12'), pythonInput: '3.11' })
    expect(wantedPython(layout, expected)?.version).toBe('3.12')
  })

  it('says nothing about what Kudu makes on Windows', () => {
    expect(wantedPython('windows-env', expectationOf(set('3.12')))).toBeUndefined()
    expect(wantedPython('windows-env', expectationOf({ ...set('3.12'), pythonRuntime: '3.6' }))?.version).toBe('3.6')
    expect(wantedPython('windows-env', expectationOf({ ...set('3.12'), pythonInput: '3.4' }))?.version).toBe('3.4')
    expect(pythonDisagreement('windows-env', expectationOf({ ...set('3.12'), pythonInput: '3.4' }))).toBeUndefined()
  })

  it('keeps an environment of its version, whatever the workflow asks for: a reset would bring the same back', () => {
    const decision = decide(snapshotOf(), expectationOf({ ...set('3.11'), pythonInput: '3.12' }), policyOf())
    expect([decision.action, decision.reasons[0].code]).toEqual(['preserve', 'up-to-date'])
  })

  it('resets an environment of another version, and is named as the reason', () => {
    const found = snapshotOf({ environment: environmentOf() })
    const decision = decide(found, expectationOf(set('3.13')), policyOf())
    expect(decision).toMatchObject({
      action: 'reset',
      reasons: [
        {
          code: 'python-version-changed',
          detail: "the environment has Python 3.11, the app's own setting asks for 3.13"
        }
      ]
    })
  })
})

describe('a disagreement', () => {
  it('is a warning that names both versions and the command that ends it', () => {
    const warning = pythonDisagreement('venv-tree', expectationOf({ ...set('3.11'), pythonInput: '3.12' }))
    expect(warning).toContain('"python-version" is 3.12, but the app is set to Python 3.11')
    expect(warning).toContain(
      'az webapp config set --name my-app --resource-group my-group --linux-fx-version "PYTHON|3.12"'
    )
  })

  it.each<[string, Partial<Expectation>]>([
    ['both are the same', { ...set('3.12'), pythonInput: '3.12' }],
    ['the workflow names none', set('3.12')],
    ['az was not asked', { pythonInput: '3.12' }]
  ])('is none where %s', (_, expected) => {
    expect(pythonDisagreement('venv-tree', expectationOf(expected))).toBeUndefined()
  })
})
