import { describe, expect, it } from 'vitest'
import type { Layout } from '../../src/azure/snapshot.ts'
import type { Decision } from '../../src/decide.ts'
import {
  decisionLines,
  foundLines,
  outputsOf,
  packageLines,
  resultLine,
  settlementLines,
  type Outcome,
  type Result
} from '../../src/report.ts'
import { snapshotOf } from './fixtures.ts'
import { EVIL, NOTHING, decisionOf, evilDecision, evilSnapshot, outcomeOf, settlementOf } from './outcomes.ts'

describe('what is left over beside a compressed app', () => {
  const found = snapshotOf({ layout: 'compressed-app' })

  it('is named by its path, and says nothing of the Python of the app', () => {
    expect(outputsOf(outcomeOf({ found }))).toMatchObject({
      'env-path': '/site/wwwroot/antenv',
      'python-version-found': ''
    })
    expect(foundLines(found)).toEqual(['Layout: compressed-app', 'Left over from another build: /site/wwwroot/antenv'])
  })
})

describe('outputs', () => {
  it('are all that the contract names, with the values of the run', () => {
    expect(outputsOf(outcomeOf())).toEqual({
      result: 'reset',
      reason: 'python-version-changed',
      reasons: '[{"code":"python-version-changed","detail":"detail"}]',
      layout: 'venv-tree',
      strategy: 'rename',
      'env-path': '/site/wwwroot/antenv',
      'python-version-found': '3.11',
      'python-version-wanted': '3.12',
      'removed-packages': '[]',
      'files-deleted': '7',
      'duration-ms': '1235',
      'recommended-clean': 'false',
      'app-name': 'my-app',
      'slot-name': 'staging',
      'dry-run': 'false'
    })
  })

  it('are all set after a failure before the decision', () => {
    const outputs = outputsOf(outcomeOf(NOTHING))
    expect(Object.keys(outputs)).toEqual(Object.keys(outputsOf(outcomeOf())))
    expect(outputs).toMatchObject({
      result: 'failed',
      reason: '',
      reasons: '[]',
      layout: 'unknown',
      strategy: 'none',
      'env-path': '',
      'python-version-found': '',
      'python-version-wanted': '',
      'recommended-clean': '',
      'slot-name': 'production'
    })
  })

  it('say of a dry run what would have happened, with nothing deleted', () => {
    expect(outputsOf(outcomeOf({ dryRun: true }))).toMatchObject({
      result: 'reset',
      strategy: 'rename',
      'files-deleted': '0',
      'dry-run': 'true'
    })
  })

  it.each<[Result, Layout, string]>([
    ['reset', 'windows-env', 'false'],
    ['reset', 'venv-tree', 'false'],
    ['preserved', 'venv-tree', 'false'],
    ['preserved', 'packages-dir', 'false'],
    ['preserved', 'unknown', 'false'],
    ['rebuilt-on-deploy', 'windows-env', 'false'],
    ['rebuilt-on-deploy', 'compressed-app', ''],
    ['rebuilt-on-deploy', 'compressed-env', ''],
    ['reset', 'compressed-app', ''],
    ['absent', 'none', ''],
    ['unreachable', 'unknown', ''],
    ['failed', 'venv-tree', ''],
    ['failed', 'unknown', '']
  ])('recommend for %s and %s the clean %j', (result, layout, clean) => {
    expect(outputsOf(outcomeOf({ result, found: snapshotOf({ layout }) }))['recommended-clean']).toBe(clean)
  })

  it('name all reasons, the leading one first', () => {
    const decision: Decision = {
      ...decisionOf('broken', 'a'),
      reasons: [
        { code: 'broken', detail: 'a' },
        { code: 'mixed-versions', detail: 'b' }
      ]
    }
    const { reason, reasons = '' } = outputsOf(outcomeOf({ decision }))
    expect(reason).toBe('broken')
    expect(JSON.parse(reasons)).toEqual(decision.reasons)
  })

  it('hold nothing from the server that could act in a log', () => {
    const { reasons } = outputsOf(
      outcomeOf({ decision: decisionOf('mixed-versions', 'a##[error]b\u202ec\u2028::stop-commands::x') })
    )
    expect(reasons).not.toMatch(/##\[|\u202e|\u2028|::/)
  })
})

describe('the log', () => {
  it('holds each thing in one line, and nothing that acts', () => {
    const lines = [
      ...foundLines(evilSnapshot),
      ...decisionLines(evilDecision),
      resultLine(outcomeOf({ decision: evilDecision })),
      ...settlementLines(settlementOf('put-back', EVIL)),
      ...settlementLines(settlementOf('kept', EVIL))
    ]
    expect(lines.length).toBeGreaterThan(8)
    for (const line of lines) expect(line).not.toMatch(/[\n\r\u202e]|::|##\[/)
  })

  it.each<[string, Partial<Outcome>, RegExp]>([
    ['of a reset', {}, /: reset \(python-version-changed: detail\)$/],
    ['of a dry run', { dryRun: true }, /: would be reset/],
    ['of a run without a decision', { ...NOTHING, result: 'unreachable' }, /: unreachable$/]
  ])('ends with the result %s', (_, changes, line) => {
    expect(resultLine(outcomeOf(changes))).toMatch(line)
  })

  it('tells what was found', () => {
    expect(foundLines(snapshotOf()).join('\n')).toMatch(/venv-tree[^]*antenv[^]*3\.11[^]*Packages: 1/)
  })

  it('counts what a sweep deleted and what it could not', () => {
    const refused = [{ path: 'x', reply: 'y' }]
    const swept = { files: 5, directories: 1, refused, movedAside: [], unfinished: false }
    expect(settlementLines(settlementOf('swept', '', { swept })).join()).toMatch(/5 files, 1 could not/)
  })
})

it('packages are handed over as name and version', () => {
  expect(packageLines([{ name: 'flask', version: '3.0', entry: 'flask-3.0.dist-info' }])).toEqual(['flask 3.0'])
})
