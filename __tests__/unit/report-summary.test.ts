import { describe, expect, it } from 'vitest'
import { postSummaryOf, summaryOf, type Outcome, type PostOutcome } from '../../src/report.ts'
import { snapshotOf } from './fixtures.ts'
import { EVIL, NOTHING, decisionOf, evilDecision, evilSnapshot, outcomeOf, postOf, settlementOf } from './outcomes.ts'

/** Markdown without its code spans and escaped marks (CommonMark 0.31, sections 2.4 and 6.1): all that can act. */
function activeIn(markdown: string): string {
  let active = ''
  for (let rest = markdown; rest !== '';) {
    const escaped = /^\\[!-/:-@[-`{-~]/.exec(rest)?.[0]
    const fence: string = /^`+/.exec(rest)?.[0] ?? ''
    const end = [...rest.slice(fence.length).split('\n', 1).join().matchAll(/`+/g)].find(run => run[0] === fence)
    const span = fence !== '' && end ? rest.slice(0, fence.length + end.index + fence.length) : undefined
    const next = escaped ?? span ?? (fence === '' ? rest.charAt(0) : fence)
    if (escaped === undefined && span === undefined) active += next
    rest = rest.slice(next.length)
  }
  return active
}

describe('the summary', () => {
  it('tells what was found, wanted, decided, why, how, how much and how long', () => {
    const summary = summaryOf(outcomeOf({ warnings: ['careful'] }))
    for (const part of [
      'my-app',
      'staging',
      'venv-tree',
      '3.11',
      '3.12',
      'python-version-changed',
      'detail',
      'rename',
      '7',
      '1.2 s',
      'careful'
    ]) {
      expect(summary).toContain(part)
    }
  })

  it('is written after a failure too', () => {
    const summary = summaryOf(outcomeOf({ ...NOTHING, failure: 'the certificate does not verify' }))
    expect(summary).toContain('the certificate does not verify')
  })

  it.each<[string, Partial<Outcome>, readonly RegExp[]]>([
    ['an environment', {}, [/The Python environment is reset/, /deleted once the deployment has built a new/]],
    [
      'what is left over beside a compressed app',
      { found: snapshotOf({ layout: 'compressed-app' }) },
      [/### An environment that is left over is set aside/, /The app does not use it/]
    ],
    [
      'an archive',
      {
        found: snapshotOf({ layout: 'compressed-app' }),
        decision: { ...decisionOf('stale-archive'), action: 'reset-archive' }
      },
      [/### An archive that is left over is set aside/, /goes back only if/]
    ]
  ])('says what it is that goes: %s', (_, changes, texts) => {
    const summary = summaryOf(outcomeOf({ filesDeleted: 0, ...changes }))
    for (const text of texts) expect(summary).toMatch(text)
  })

  it('says of a dry run that nothing was changed', () => {
    const summary = summaryOf(outcomeOf({ dryRun: true }))
    expect(summary).toMatch(/Dry run: The Python environment would be reset/)
    expect(summary).toMatch(/Nothing was changed/)
  })

  it.each<[string, string]>([
    [
      'main',
      summaryOf(
        outcomeOf({
          found: evilSnapshot,
          decision: evilDecision,
          failure: EVIL,
          warnings: [EVIL],
          app: EVIL,
          slot: EVIL
        })
      )
    ],
    [
      'main, without doubt',
      summaryOf(outcomeOf({ found: { ...evilSnapshot, doubt: undefined }, decision: evilDecision }))
    ],
    [
      'post',
      postSummaryOf(
        postOf({
          settlements: [settlementOf('kept', EVIL), settlementOf('put-back', EVIL)],
          warnings: [EVIL],
          app: EVIL
        })
      )
    ],
    [
      'post, with packages',
      postSummaryOf(
        postOf({
          before: { python: '3.11', packages: [`${EVIL} 1`] },
          after: { python: '3.12', packages: [`x${EVIL} 2`] }
        })
      )
    ]
  ])('of the %s step holds nothing from the server that acts', (_, summary) => {
    const active = activeIn(summary)
    for (const part of ['<img', '::error', '##[', '\u202e', '**b**']) expect(active).not.toContain(part)
    expect(summary).not.toMatch(/##\[|\u202e/)
  })

  it('says what is warned of once, where the reason says it too', () => {
    const warning = 'The environment is kept: a line of a listing cannot be read'
    const decision: Outcome['decision'] = {
      action: 'preserve',
      reasons: [{ code: 'unknown', detail: 'a line of a listing cannot be read' }],
      warning
    }
    const summary = summaryOf(outcomeOf({ result: 'preserved', decision, warnings: ['careful', warning] }))
    expect(summary.match(/cannot be read/g)).toHaveLength(1)
    expect(summary).toMatch(/`unknown`: The environment is kept/)
    expect(summary).toContain('- Warning: careful')
  })

  it('of the post step compares the packages', () => {
    const summary = postSummaryOf(postOf())
    for (const part of [
      '3.11 → 3.12',
      '`2.0` → `3.0`',
      '`numpy`',
      '`gone`',
      '`werkzeug`',
      '`not installed`',
      '12',
      '1.5 s'
    ])
      expect(summary).toContain(part)
    expect(summary).not.toContain('`pip`')
  })

  it.each<[string, Partial<PostOutcome>, RegExp]>([
    [
      'put back',
      { settlements: [settlementOf('put-back', 'nothing took its place')] },
      /^### The previous Python environment was put back\n/
    ],
    ['kept', { settlements: [settlementOf('kept', 'a deployment')] }, /^### Something is still set aside\n/],
    ['rebuilt', {}, /was rebuilt/],
    ['new, in a job that failed', { jobSucceeded: false }, /^### [^\n]*a new one, although the job did not succeed\n/]
  ])('of the post step says first what became of it: %s', (_, changes, words) => {
    expect(postSummaryOf(postOf(changes))).toMatch(words)
  })
})
