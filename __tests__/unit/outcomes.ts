// Outcomes for the tests of the report, harmless ones and hostile ones.
import type { Decision, ReasonCode } from '../../src/decide.ts'
import type { Outcome, PostOutcome } from '../../src/report.ts'
import type { Settlement } from '../../src/reset/fates.ts'
import { mutable, remotePath } from '../../src/site.ts'
import { environmentOf, snapshotOf } from './fixtures.ts'

export const decisionOf = (code: ReasonCode, detail = 'detail'): Decision => ({
  action: 'reset',
  reasons: [{ code, detail }],
  warning: undefined
})

export const outcomeOf = (changes: Partial<Outcome> = {}): Outcome => ({
  result: 'reset',
  found: snapshotOf(),
  decision: decisionOf('python-version-changed'),
  wanted: { version: '3.12', source: '"python-version"' },
  strategy: 'rename',
  filesDeleted: 7,
  movedAside: 0,
  durationMs: 1234.6,
  app: 'my-app',
  slot: 'staging',
  dryRun: false,
  failure: undefined,
  warnings: [],
  inventory: undefined,
  requirementsFile: undefined,
  ...changes
})

export const NOTHING: Partial<Outcome> = {
  result: 'failed',
  found: undefined,
  decision: undefined,
  wanted: undefined,
  strategy: 'none',
  filesDeleted: 0,
  app: '',
  slot: ''
}

export const EVIL = '`|<img src=x>\n::error::x##[group]\u202e**b**'
export const evilSnapshot = snapshotOf({
  environment: environmentOf({
    path: remotePath(`/site/wwwroot/${EVIL.replace('\n', '')}`),
    missing: [EVIL],
    versions: [{ source: EVIL, version: '3.11' }]
  }),
  doubt: { detail: EVIL, candidates: [EVIL] },
  lock: { detail: EVIL },
  secondArchive: { stale: undefined, detail: EVIL }
})
export const evilDecision: Decision = {
  action: 'reset',
  reasons: [
    { code: 'broken', detail: EVIL },
    { code: 'mixed-versions', detail: EVIL }
  ],
  warning: EVIL
}
const item = {
  copy: mutable(remotePath('/site/.azure-python-env/trash-x')),
  original: mutable(remotePath('/site/wwwroot/antenv'))
}
export const settlementOf = (fate: Settlement['fate'], detail = '', changes: Partial<Settlement> = {}): Settlement => ({
  item,
  fate,
  detail,
  swept: undefined,
  ...changes
})

export const postOf = (changes: Partial<PostOutcome> = {}): PostOutcome => ({
  app: 'my-app',
  slot: 'production',
  reason: 'broken',
  jobSucceeded: true,
  settlements: [
    settlementOf('swept', '', { swept: { files: 12, directories: 3, refused: [], movedAside: [], unfinished: false } })
  ],
  before: { python: '3.11', packages: ['flask 2.0', 'numpy 1.0', 'pip 24.0'] },
  after: { python: '3.12', packages: ['flask 3.0', 'pip 24.0', 'werkzeug 3.0'] },
  durationMs: 1500,
  warnings: [],
  ...changes
})
