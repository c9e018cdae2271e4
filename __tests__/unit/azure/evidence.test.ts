// The same evidence, told from new evidence, and what a deployment leaves of it.
import { describe, expect, it } from 'vitest'
import { evidenceAfter, evidenceOf, whyIneffective } from '../../../src/azure/evidence.ts'
import type { Evidence, Memory, RememberedEvidence } from '../../../src/azure/memory.ts'
import type { Snapshot } from '../../../src/azure/snapshot.ts'
import { decide, type Expectation, type Policy } from '../../../src/decide.ts'
import { remotePath } from '../../../src/site.ts'
import { environmentOf, expectationOf, policyOf, snapshotOf } from '../fixtures.ts'

type Code = Evidence['code']

const evidence = (code: Code, ...particulars: readonly string[]): Evidence => ({ code, particulars })
const known = (item: Evidence, outlived = true, resets = 1): RememberedEvidence => ({ ...item, outlived, resets })
const memoryOf = (...list: readonly RememberedEvidence[]): Memory => ({
  schema: 1,
  time: '2026-11-22T12:00:00.000Z',
  reason: 'broken',
  evidence: list,
  rebuilt: true,
  fingerprint: '',
  found: { layout: 'venv-tree', path: '/site/wwwroot/antenv', python: '3.11' }
})

const PYTHON = evidence('python-version-changed', '3.11 instead of 3.12')
const BETA = evidence('packages-removed', 'beta')
const BOTH = evidence('packages-removed', 'beta', 'gamma')
const TWO_PYTHONS = [
  { source: 'pyvenv.cfg', version: '3.12' },
  { source: 'lib/python3.11', version: '3.11' }
] as const
const TWICE = [
  { name: 'flask', version: '2', entry: 'flask-2.dist-info' },
  { name: 'flask', version: '3', entry: 'flask-3.dist-info' }
]

describe('the evidence in a decision', () => {
  const seen = (
    found: Partial<Snapshot>,
    expected: Partial<Expectation> = {},
    policy: Partial<Policy> = {}
  ): readonly Evidence[] => {
    const [snapshot, expectation] = [snapshotOf(found), expectationOf(expected)]
    return evidenceOf(decide(snapshot, expectation, policyOf(policy)), snapshot, expectation, 'f'.repeat(64))
  }

  it.each<[string, readonly Evidence[], readonly Evidence[]]>([
    ['nothing', seen({}), []],
    [
      'what is missing',
      seen({ environment: environmentOf({ missing: ['bin/python'] }) }),
      [evidence('broken', 'bin/python')]
    ],
    [
      'the versions, whatever tells them',
      seen({ environment: environmentOf({ versions: TWO_PYTHONS }) }),
      [evidence('mixed-versions', '3.11', '3.12')]
    ],
    [
      'the packages that are there twice',
      seen({ environment: environmentOf({ distributions: TWICE }) }),
      [evidence('mixed-versions', 'flask')]
    ],
    ['the found and the wanted version', seen({}, { pythonInput: '3.12' }), [PYTHON]],
    [
      'how the environments differ',
      seen({}, { packagedEnvironment: 'differs' }),
      [evidence('venv-in-package', 'differs')]
    ],
    ['the names of the packages', seen({}, { removedPackages: ['beta', 'gamma'] }), [BOTH]],
    [
      'the fingerprint',
      seen({}, { requirementsChanged: 'they differ' }, { mode: 'on-change' }),
      [evidence('requirements-changed', 'f'.repeat(64))]
    ],
    ['every reason', seen({}, { pythonInput: '3.12', removedPackages: ['beta'] }), [PYTHON, BETA]],
    ['also behind a reset that is asked for', seen({}, { pythonInput: '3.12' }, { resetEnv: true }), [PYTHON]],
    ['also where nothing rebuilds', seen({ rebuiltBy: [] }, { pythonInput: '3.12' }), [PYTHON]],
    ['not of what is not judged', seen({ layout: 'none', environment: undefined }, { removedPackages: ['beta'] }), []]
  ])('is %s', (_, found, wanted) => {
    expect(found).toEqual(wanted)
  })

  it('is harmless text', () => {
    const [item] = seen({ environment: environmentOf({ missing: ['a\n::error::x'] }) })
    expect(item?.particulars).toEqual(['a\\u{a}:\\u{3a}error:\\u{3a}x'])
  })
})

describe('evidence', () => {
  const judge = (now: readonly Evidence[], memory: Memory | undefined): boolean =>
    whyIneffective(now, memory, snapshotOf()) !== undefined

  it.each<[string, boolean, readonly Evidence[], Memory | undefined]>([
    ['nothing is remembered', false, [PYTHON], undefined],
    ['nothing speaks for a reset', false, [], memoryOf(known(PYTHON))],
    ['it outlived a reset', true, [PYTHON], memoryOf(known(PYTHON))],
    ['it was gone after the reset', false, [PYTHON], memoryOf(known(PYTHON, false))],
    ['it was gone after three resets in a row', true, [PYTHON], memoryOf(known(PYTHON, false, 3))],
    ['another version was found', false, [evidence(PYTHON.code, '3.10 instead of 3.12')], memoryOf(known(PYTHON))],
    ['another version is wanted', false, [evidence(PYTHON.code, '3.11 instead of 3.13')], memoryOf(known(PYTHON))],
    [
      'the versions are the other way round',
      false,
      [evidence(PYTHON.code, '3.12 instead of 3.11')],
      memoryOf(known(PYTHON))
    ],
    ['some of the packages outlived a reset', true, [BETA], memoryOf(known(BOTH))],
    ['one more package is not asked for', false, [BOTH], memoryOf(known(BETA))],
    ['the same words stand under another reason', false, [evidence('broken', 'beta')], memoryOf(known(BETA))],
    ['one reason outlived a reset, another is new', false, [PYTHON, BETA], memoryOf(known(PYTHON))],
    ['both outlived a reset', true, [PYTHON, BETA], memoryOf(known(BETA), known(PYTHON))],
    ['changed requirements are always new', false, [evidence('requirements-changed', 'f')], memoryOf(known(PYTHON))]
  ])('where %s: in vain is %s', (_, vain, now, memory) => {
    expect(judge(now, memory)).toBe(vain)
  })

  it.each<[string, Evidence, Partial<Snapshot>, RegExp]>([
    ['the runtime', PYTHON, {}, /made Python 3\.11 instead of 3\.12,.*--linux-fx-version "PYTHON\|3\.12"/],
    ['runtime.txt', PYTHON, { layout: 'windows-env' }, /runtime\.txt/],
    [
      'the package, without a server build',
      PYTHON,
      { shippedBy: remotePath('/site/deployments/a/manifest') },
      /the package, which brings its environment along/
    ],
    ['a build that installs more', BOTH, {}, /the server's build installed beta, gamma again, although nothing asks/],
    [
      'a package that brings more',
      BETA,
      { shippedBy: remotePath('/site/deployments/a/manifest') },
      /package brings beta along/
    ],
    ['a build that is not whole', evidence('broken', 'bin/activate'), {}, /lacks bin\/activate as well/],
    ['a build that is mixed', evidence('mixed-versions', '3.11', '3.12'), {}, /mixed as well \(3\.11, 3\.12\)/],
    ['an environment in the package', evidence('venv-in-package', 'x'), {}, /no server build makes one/]
  ])('that came back names what disagrees: %s', (_, item, found, words) => {
    const why = whyIneffective([item], memoryOf(known(item)), snapshotOf(found))
    expect(why).toMatch(words)
    expect(why).toContain('"reset-env: true"')
  })

  it('names a server that builds nothing', () => {
    const memory = { ...memoryOf(known(PYTHON), known(BETA)), rebuilt: false }
    expect(whyIneffective([PYTHON, BETA], memory, snapshotOf())).toMatch(
      /^the deployment.*SCM_DO_BUILD_DURING_DEPLOYMENT/
    )
  })

  it('names what comes back although each reset does away with it', () => {
    expect(whyIneffective([BETA], memoryOf(known(BETA, false, 3)), snapshotOf())).toMatch(/beta.*start-up command/)
  })
})

describe('after a reset and a deployment', () => {
  const after = (
    asked: readonly Evidence[],
    environment: Parameters<typeof environmentOf>[0],
    {
      wanted = '',
      layout = 'venv-tree',
      before
    }: { wanted?: string; layout?: Snapshot['layout']; before?: Memory } = {}
  ): readonly RememberedEvidence[] =>
    evidenceAfter(asked, { layout, environment: environmentOf(environment) }, wanted, before)
  const withPackages = (...names: readonly string[]): Parameters<typeof environmentOf>[0] => ({
    distributions: names.map(name => ({ name, version: '1', entry: `${name}-1.dist-info` }))
  })

  it.each<[string, readonly RememberedEvidence[], readonly RememberedEvidence[]]>([
    ['nothing is left', after([], {}), []],
    ['the version is still another', after([PYTHON], {}, { wanted: '3.12' }), [known(PYTHON)]],
    [
      'the version is the wanted one',
      after([PYTHON], { versions: [{ source: 'x', version: '3.12' }] }, { wanted: '3.12' }),
      [known(PYTHON, false)]
    ],
    [
      'the version is a third one, which is what comes back',
      after([PYTHON], { versions: [{ source: 'x', version: '3.10' }] }, { wanted: '3.12' }),
      [known(evidence(PYTHON.code, '3.10 instead of 3.12'))]
    ],
    ['the version was not what led to the reset', after([BETA], {}, { wanted: '3.12' }), [known(BETA, false)]],
    [
      'one of two packages came back',
      after([BOTH], withPackages('beta')),
      [known(BETA), known(evidence('packages-removed', 'gamma'), false)]
    ],
    ['the same is missing', after([evidence('broken', 'a')], { missing: ['a'] }), [known(evidence('broken', 'a'))]],
    [
      'something else is missing',
      after([evidence('broken', 'a')], { missing: ['b'] }),
      [known(evidence('broken', 'b')), known(evidence('broken', 'a'), false)]
    ],
    [
      'it is mixed',
      after([evidence('mixed-versions', 'flask', '3.12')], { versions: TWO_PYTHONS }),
      [known(evidence('mixed-versions', '3.11', '3.12')), known(evidence('mixed-versions', 'flask'), false)]
    ],
    [
      'the package is asked for the same again',
      after([evidence('venv-in-package', 'x')], {}),
      [known(evidence('venv-in-package', 'x'))]
    ],
    ['requirements are what they are', after([evidence('requirements-changed', 'f')], {}), []],
    [
      'packages without an environment are judged by themselves',
      after(
        [BETA],
        { ...withPackages('beta'), missing: ['a'], versions: TWO_PYTHONS },
        { layout: 'packages-dir', wanted: '3.13' }
      ),
      [known(BETA)]
    ]
  ])('%s', (_, left, expected) => {
    expect(left).toEqual(expected)
  })

  it('counts the resets that each did away with it', () => {
    let before: Memory | undefined
    const counts = Array.from({ length: 4 }, () => {
      const left = after([BETA], {}, before ? { before } : {})
      before = memoryOf(...left)
      return left[0]?.resets
    })
    expect(counts).toEqual([1, 2, 3, 3])
  })
})
