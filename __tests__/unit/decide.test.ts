import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../src/azure/snapshot.ts'
import {
  decide,
  foundPython,
  isDemanded,
  wantedPython,
  type Action,
  type Decision,
  type Expectation,
  type Policy,
  type ReasonCode
} from '../../src/decide.ts'
import { remotePath } from '../../src/site.ts'
import { environmentOf, expectationOf, policyOf, snapshotOf } from './fixtures.ts'

type Facts = readonly [Partial<Snapshot>, Partial<Expectation>, Partial<Policy>]

const judge = (...facts: readonly Facts[]): Decision =>
  decide(
    snapshotOf(Object.assign({}, ...facts.map(([found]) => found)) as Partial<Snapshot>),
    expectationOf(Object.assign({}, ...facts.map(([, expected]) => expected)) as Partial<Expectation>),
    policyOf(Object.assign({}, ...facts.map(([, , policy]) => policy)) as Partial<Policy>)
  )

const ABSENT: Facts = [{ layout: 'none', environment: undefined }, {}, {}]
const DOUBT: Facts = [{ doubt: { detail: 'several', candidates: ['a', 'b'] } }, {}, {}]
const LOCKED: Facts = [{ lock: { detail: 'info.lock' } }, {}, {}]
const ARCHIVES = { stale: remotePath('/site/wwwroot/output.tar.zst'), detail: 'two archives' }
const STALE_ARCHIVE: Facts = [{ layout: 'compressed-app', environment: undefined, secondArchive: ARCHIVES }, {}, {}]
const COMPRESSED: Facts = [{ layout: 'compressed-app', environment: undefined }, {}, {}]
const LEFT_OVER: Facts = [{ layout: 'compressed-app', environment: environmentOf({ missing: ['bin/python'] }) }, {}, {}]
const UNMARKED: Facts = [
  { layout: 'windows-env', environment: environmentOf({ shape: 'windows' }) },
  { kuduScript: { runs: true, detail: 'it runs' } },
  {}
]
const REQUESTED: Facts = [{}, {}, { resetEnv: true }]
const NEVER: Facts = [{}, {}, { mode: 'never' }]
const ALWAYS: Facts = [{}, {}, { mode: 'always' }]
const INEFFECTIVE: Facts = [{}, { ineffective: 'the app has another runtime' }, {}]
const NO_REBUILD: Facts = [{ rebuiltBy: [] }, {}, {}]
const BROKEN: Facts = [{ environment: environmentOf({ missing: ['bin/python'] }) }, {}, {}]
const MIXED: Facts = [
  {
    environment: environmentOf({
      versions: [
        { source: 'lib/python3.11', version: '3.11' },
        { source: 'pyvenv.cfg', version: '3.12' }
      ]
    })
  },
  {},
  {}
]
const TWICE: Facts = [
  {
    environment: environmentOf({
      distributions: [
        { name: 'flask', version: '2.0', entry: 'flask-2.0.dist-info' },
        { name: 'flask', version: '3.0', entry: 'flask-3.0.dist-info' }
      ]
    })
  },
  {},
  {}
]
const BROKEN_AND_MIXED: Facts = [
  { environment: { ...environmentOf({ missing: ['bin/python'] }), versions: MIXED[0].environment?.versions ?? [] } },
  {},
  {}
]
const OTHER_PYTHON: Facts = [{}, { pythonInput: '3.13' }, {}]
const PACKAGED: Facts = [{}, { packagedEnvironment: 'their pyvenv.cfg differ' }, {}]
const REMOVED: Facts = [{}, { removedPackages: ['numpy', 'scipy'] }, {}]
const CHANGED: Facts = [{}, { requirementsChanged: 'flask 2 → 3' }, { mode: 'on-change' }]
const GAP: Facts = [{ environment: environmentOf({ gaps: ['pyvenv.cfg could not be read'] }) }, {}, {}]

const reasonCodes = ({ reasons }: Decision): readonly ReasonCode[] => reasons.map(({ code }) => code)

describe('each reason alone', () => {
  it.each<[ReasonCode, Action, readonly Facts[]]>([
    ['absent', 'none', [ABSENT]],
    ['unknown', 'preserve', [DOUBT]],
    ['deployment-running', 'preserve', [LOCKED]],
    ['stale-archive', 'reset-archive', [STALE_ARCHIVE]],
    ['rebuilt-on-deploy', 'none', [COMPRESSED]],
    ['rebuilt-on-deploy', 'none', [[{ layout: 'compressed-env', environment: undefined }, {}, {}]]],
    ['rebuilt-on-deploy', 'none', [UNMARKED]],
    ['rebuilt-on-deploy', 'none', [LEFT_OVER]],
    ['rebuilt-on-deploy', 'none', [LEFT_OVER, NEVER]],
    ['requested', 'reset', [LEFT_OVER, REQUESTED]],
    ['requested', 'reset', [LEFT_OVER, REQUESTED, NEVER]],
    ['requested', 'reset', [LEFT_OVER, ALWAYS]],
    ['requested', 'reset', [REQUESTED]],
    ['never', 'preserve', [NEVER]],
    ['requested', 'reset', [ALWAYS]],
    ['broken', 'reset', [BROKEN]],
    ['mixed-versions', 'reset', [MIXED]],
    ['mixed-versions', 'reset', [TWICE]],
    ['python-version-changed', 'reset', [OTHER_PYTHON]],
    ['venv-in-package', 'reset', [PACKAGED]],
    ['packages-removed', 'reset', [REMOVED]],
    ['requirements-changed', 'reset', [CHANGED]],
    ['unknown', 'preserve', [GAP]],
    ['up-to-date', 'preserve', []]
  ])('%s leads to %s', (code, action, facts) => {
    const decision = judge(...facts)
    expect([reasonCodes(decision), decision.action]).toEqual([[code], action])
  })

  it.each<[string, readonly Facts[], ReasonCode]>([
    ['no earlier reset is known', [INEFFECTIVE], 'up-to-date'],
    ['nothing rebuilds an environment that is up to date', [NO_REBUILD], 'up-to-date'],
    ['the requirements differ, but the mode is auto', [CHANGED, [{}, {}, { mode: 'auto' }]], 'up-to-date'],
    ['an unmarked env whose script will not run is judged', [UNMARKED, [{}, expectationOf(), {}]], 'up-to-date'],
    [
      'a marked env whose script will run is judged',
      [UNMARKED, [{ environment: environmentOf({ markers: ['m'] }) }, {}, {}]],
      'up-to-date'
    ],
    ['the wanted version is the found one', [[{}, { pythonInput: '3.11' }, {}]], 'up-to-date'],
    ['an empty list of removed packages', [[{}, { removedPackages: [] }, {}]], 'up-to-date']
  ])('is no reason: %s', (_, facts, code) => {
    expect(reasonCodes(judge(...facts))).toEqual([code])
  })
})

describe('the order of the reasons', () => {
  it.each<[ReasonCode, ReasonCode, Action, readonly Facts[]]>([
    ['absent', 'unknown', 'none', [DOUBT, ABSENT]],
    ['unknown', 'deployment-running', 'preserve', [DOUBT, LOCKED]],
    ['deployment-running', 'stale-archive', 'preserve', [STALE_ARCHIVE, LOCKED]],
    ['stale-archive', 'rebuilt-on-deploy', 'reset-archive', [STALE_ARCHIVE]],
    ['stale-archive', 'requested', 'reset-archive', [STALE_ARCHIVE, REQUESTED]],
    ['rebuilt-on-deploy', 'requested', 'none', [COMPRESSED, REQUESTED]],
    ['rebuilt-on-deploy', 'requested', 'none', [UNMARKED, ALWAYS]],
    ['stale-archive', 'requested', 'reset-archive', [STALE_ARCHIVE, LEFT_OVER, REQUESTED]],
    ['requested', 'never', 'reset', [REQUESTED, NEVER]],
    ['never', 'broken', 'preserve', [NEVER, BROKEN]],
    ['never', 'ineffective', 'preserve', [NEVER, BROKEN, INEFFECTIVE]],
    ['requested', 'ineffective', 'reset', [ALWAYS, BROKEN, INEFFECTIVE]],
    ['requested', 'no-rebuild', 'reset', [REQUESTED, BROKEN, NO_REBUILD]],
    ['requested', 'no-rebuild', 'reset', [ALWAYS, BROKEN, NO_REBUILD]],
    ['ineffective', 'no-rebuild', 'preserve', [BROKEN, INEFFECTIVE, NO_REBUILD]],
    ['no-rebuild', 'broken', 'preserve', [BROKEN, NO_REBUILD]],
    ['broken', 'mixed-versions', 'reset', [BROKEN_AND_MIXED]],
    ['mixed-versions', 'python-version-changed', 'reset', [MIXED, OTHER_PYTHON]],
    ['python-version-changed', 'venv-in-package', 'reset', [OTHER_PYTHON, PACKAGED]],
    ['venv-in-package', 'packages-removed', 'reset', [PACKAGED, REMOVED]],
    ['packages-removed', 'requirements-changed', 'reset', [REMOVED, CHANGED]],
    ['requirements-changed', 'unknown', 'reset', [CHANGED, GAP]],
    ['unknown', 'up-to-date', 'preserve', [GAP]]
  ])('%s leads before %s', (first, second, action, facts) => {
    const decision = judge(...facts)
    expect([decision.reasons[0].code, decision.action]).toEqual([first, action])
    expect(first).not.toBe(second)
  })

  it('tells every automatic reason that holds, in the order of the contract', () => {
    const codes = reasonCodes(judge(BROKEN_AND_MIXED, OTHER_PYTHON, PACKAGED, REMOVED, CHANGED))
    expect(codes).toEqual([
      'broken',
      'mixed-versions',
      'python-version-changed',
      'venv-in-package',
      'packages-removed',
      'requirements-changed'
    ])
  })

  it.each<[string, readonly Facts[]]>([
    ['broken', [BROKEN]],
    ['mixed-versions', [MIXED]],
    ['python-version-changed', [OTHER_PYTHON]],
    ['venv-in-package', [PACKAGED]],
    ['packages-removed', [REMOVED]],
    ['requirements-changed', [CHANGED]]
  ])('%s does not reset where nothing rebuilds, nor where it was ineffective before', (code, facts) => {
    const stuck = judge(...facts, NO_REBUILD)
    const again = judge(...facts, INEFFECTIVE)
    expect([stuck.action, stuck.reasons[0].code, again.action, again.reasons[0].code]).toEqual([
      'preserve',
      'no-rebuild',
      'preserve',
      'ineffective'
    ])
    expect(stuck.warning).toContain(code)
    expect(again.warning).toContain('the app has another runtime')
  })
})

describe('a demanded reset', () => {
  it.each<[string, readonly Facts[]]>([
    ['reset-env, unknown', [REQUESTED, DOUBT]],
    ['always, unknown', [ALWAYS, DOUBT]],
    ['reset-env with never, unknown', [REQUESTED, NEVER, DOUBT]],
    ['reset-env, a deployment running', [REQUESTED, LOCKED]],
    ['always, a deployment running', [ALWAYS, LOCKED]]
  ])('is refused, not dropped: %s', (_, facts) => {
    expect(judge(...facts).action).toBe('refuse')
  })

  it('names the candidates when it is refused', () => {
    expect(judge(REQUESTED, DOUBT).reasons[0].detail).toContain('(a, b)')
  })

  it('is refused in any mode where the user has to correct an input', () => {
    const wrong: Facts = [{ doubt: { detail: 'not proven', candidates: [], remedy: 'correct it' } }, {}, NEVER[2]]
    expect(judge(wrong).action).toBe('refuse')
  })

  it.each<[Partial<Policy>, boolean]>([
    [{}, false],
    [{ resetEnv: true }, true],
    [{ mode: 'always' }, true],
    [{ mode: 'never' }, false],
    [{ mode: 'on-change' }, false]
  ])('%j: demanded is %s', (policy, demanded) => {
    expect(isDemanded(policyOf(policy))).toBe(demanded)
  })
})

describe('never', () => {
  it('warns where the environment is stale', () => {
    expect(judge(NEVER, OTHER_PYTHON).warning).toContain('python-version-changed')
  })

  it('is silent where the environment is up to date', () => {
    expect(judge(NEVER).warning).toBeUndefined()
  })

  it('names what could not be seen on the server, and not what the package leaves open at each push', () => {
    const open: Facts = [{}, { gaps: ['requirements.txt line 2 has no name'] }, {}]
    expect(judge(open)).toMatchObject({ reasons: [{ code: 'unknown' }], warning: undefined })
    expect(judge(open, GAP)).toMatchObject({
      reasons: [{ detail: 'pyvenv.cfg could not be read; requirements.txt line 2 has no name' }],
      warning: 'The environment is kept: pyvenv.cfg could not be read'
    })
  })

  it('leaves a stale archive, and warns of it', () => {
    const decision = judge(NEVER, STALE_ARCHIVE)
    expect([decision.action, decision.reasons[0].code]).toEqual(['none', 'rebuilt-on-deploy'])
    expect(decision.warning).toContain('two archives')
  })

  it('sets a stale archive aside with reset-env', () => {
    expect(judge(NEVER, REQUESTED, STALE_ARCHIVE).action).toBe('reset-archive')
  })
})

describe('packages-dir', () => {
  const stale = judge.bind(undefined, BROKEN_AND_MIXED, OTHER_PYTHON, PACKAGED, [{ layout: 'packages-dir' }, {}, {}])

  it('is not judged by what only an environment has', () => {
    expect(reasonCodes(stale())).toEqual(['up-to-date'])
  })

  it.each<[ReasonCode, Facts]>([
    ['requested', REQUESTED],
    ['packages-removed', REMOVED],
    ['requirements-changed', CHANGED]
  ])('is reset because of %s', (code, facts) => {
    expect([stale(facts).reasons[0].code, stale(facts).action]).toEqual([code, 'reset'])
  })
})

describe('versions', () => {
  it.each<[string, Snapshot['layout'], Partial<Expectation>, string | undefined]>([
    ['the input, on any layout', 'venv-tree', { pythonInput: '3.12', pythonRuntime: '3.6' }, '3.12'],
    ['the input before runtime.txt', 'windows-env', { pythonInput: '3.12', pythonRuntime: '3.6' }, '3.12'],
    ['runtime.txt on windows-env', 'windows-env', { pythonRuntime: '3.6' }, '3.6'],
    ['not runtime.txt elsewhere', 'venv-tree', { pythonRuntime: '3.6' }, undefined],
    ['nothing', 'windows-env', {}, undefined]
  ])('wants %s', (_, layout, expected, version) => {
    expect(wantedPython(layout, expectationOf(expected))?.version).toBe(version)
  })

  it('takes the most trustworthy evidence for the found version', () => {
    expect(foundPython(MIXED[0].environment)).toBe('3.11')
    expect(foundPython(undefined)).toBeUndefined()
  })

  it('cannot tell where a version is wanted and nothing names one', () => {
    const bare: Facts = [{ environment: environmentOf({ versions: [] }) }, { pythonInput: '3.12' }, {}]
    expect([judge(bare).action, judge(bare).reasons[0].code]).toEqual(['preserve', 'unknown'])
  })
})

describe('an environment that came with a package', () => {
  const SHIPPED: Facts = [{ shippedBy: remotePath('/site/deployments/abc/manifest') }, {}, {}]

  it.each<[string, readonly Facts[]]>([
    ['that is asked for', [SHIPPED, REQUESTED]],
    ['because of its Python', [SHIPPED, OTHER_PYTHON]]
  ])('comes back after a reset %s, which is said', (_, facts) => {
    expect(judge(...facts)).toMatchObject({
      action: 'reset',
      warning: expect.stringMatching(/antenv came with the package.*leave it out of the package/) as string
    })
  })

  it('is no matter where nothing is reset', () => {
    expect(judge(SHIPPED)).toMatchObject({ action: 'preserve', warning: undefined })
  })
})

it('names the place where only one was looked at, and nothing is there', () => {
  const absence = '"env-path" names /site/wwwroot/venv, which is not there'
  expect(judge(ABSENT, [{ absence }, {}, {}]).reasons).toEqual([{ code: 'absent', detail: absence }])
})

describe('a left-over beside a compressed app', () => {
  it('is named, with what removes it', () => {
    expect(judge(LEFT_OVER).reasons[0].detail).toMatch(/antenv is left over.*a reset that is asked for removes it/)
  })
})
