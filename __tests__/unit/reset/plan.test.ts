import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../../src/azure/snapshot.ts'
import type { Action, Decision, Expectation } from '../../../src/decide.ts'
import { copyNamer, planReset } from '../../../src/reset/over-ftp.ts'
import { remotePath } from '../../../src/site.ts'
import { environmentOf, expectationOf, snapshotOf } from '../fixtures.ts'

const NAMER = copyNamer(new Date('2026-11-22T12:00:00Z'), () => 'deadbeef')
const decided = (action: Action): Decision => ({
  action,
  reasons: [{ code: 'requested', detail: '' }],
  warning: undefined
})
const RUNS: Partial<Expectation> = { kuduScript: { runs: true, detail: '' } }
const MARKED = environmentOf({
  path: remotePath('/site/wwwroot/env'),
  shape: 'windows',
  markers: ['azure.env.python-2.7.txt', 'azure.env.python-3.6.txt']
})
const STALE: Partial<Snapshot> = {
  layout: 'compressed-app',
  environment: undefined,
  secondArchive: { stale: remotePath('/site/wwwroot/output.tar.gz'), detail: '' }
}

describe('a plan', () => {
  it.each<[string, Action, Partial<Snapshot>, Partial<Expectation>, string | undefined, readonly string[]]>([
    ['renames an environment', 'reset', {}, {}, 'rename', ['/site/wwwroot/antenv']],
    ['renames also where the script runs, on another layout', 'reset', {}, RUNS, 'rename', ['/site/wwwroot/antenv']],
    [
      'takes the markers where the script runs',
      'reset',
      { layout: 'windows-env', environment: MARKED },
      RUNS,
      'marker',
      MARKED.markers.map(name => `/site/wwwroot/env/${name}`)
    ],
    [
      'renames where the script does not run',
      'reset',
      { layout: 'windows-env', environment: MARKED },
      {},
      'rename',
      ['/site/wwwroot/env']
    ],
    ['takes the stale archive', 'reset-archive', STALE, {}, 'archive', ['/site/wwwroot/output.tar.gz']],
    ['is none to preserve', 'preserve', {}, {}, undefined, []],
    ['is none for none', 'none', {}, {}, undefined, []],
    ['is none to refuse', 'refuse', {}, {}, undefined, []],
    ['is none without an environment', 'reset', { environment: undefined }, {}, undefined, []],
    [
      'is none without a certain archive',
      'reset-archive',
      { ...STALE, secondArchive: { stale: undefined, detail: '' } },
      {},
      undefined,
      []
    ]
  ])('%s', (_, action, found, expected, strategy, originals) => {
    const plan = planReset(decided(action), snapshotOf(found), expectationOf(expected), NAMER)
    expect([plan?.strategy, plan?.moves.map(({ original }) => original) ?? []]).toEqual([strategy, originals])
  })
})
