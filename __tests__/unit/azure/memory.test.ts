// What `last.json` may hold, and that anything else is no memory.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryText, parseMemory, rememberingIn, type Evidence, type Memory } from '../../../src/azure/memory.ts'
import { plain } from '../../../src/escape.ts'

const MEMORY: Memory = {
  schema: 1,
  time: '2026-11-22T12:00:00.000Z',
  reason: 'python-version-changed',
  evidence: [
    { code: 'python-version-changed', particulars: ['3.11 instead of 3.12'], outlived: true, resets: 1 },
    { code: 'packages-removed', particulars: ['beta', 'gamma'], outlived: false, resets: 2 }
  ],
  rebuilt: true,
  fingerprint: 'ab'.repeat(32),
  found: { layout: 'venv-tree', path: '/site/wwwroot/antenv', python: '3.11', distributions: 4 }
}

/** The text of a memory with one field changed, by its path. */
function changed(path: string, value: unknown): string {
  const memory = structuredClone(MEMORY) as unknown as Record<string, unknown>
  const names = path.split('.')
  const last = names.pop() ?? ''
  const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, memory)
  parent[last] = value
  return JSON.stringify(memory)
}

describe('a memory', () => {
  it.each<[string, Memory]>([
    ['of a reset', MEMORY],
    ['of no reset yet', { ...MEMORY, reason: '', evidence: [] }],
    ['without a fingerprint', { ...MEMORY, fingerprint: '' }],
    ['without a count', { ...MEMORY, found: { layout: 'packages-dir', path: '/site/wwwroot/a b/c', python: '' } }]
  ])('comes back as it was written: %s', (_, memory) => {
    expect(parseMemory(memoryText(memory) ?? '')).toEqual(memory)
  })

  it('comes back without the fields that nobody knows', () => {
    expect(parseMemory(changed('found.colour', { deep: [1] }))).toEqual(MEMORY)
    expect(parseMemory(changed('later', '<b>'))).toEqual(MEMORY)
  })

  it('may begin with a byte-order mark and end with blank lines', () => {
    expect(parseMemory(`\uFEFF${memoryText(MEMORY) ?? ''}\r\n\n`)).toEqual(MEMORY)
  })

  it('is not written where it could not be read back', () => {
    const particulars = Array.from({ length: 1000 }, (_, at) => `package-${at}`.padEnd(200, 'x'))
    const evidence = [{ code: 'packages-removed', particulars, outlived: true, resets: 1 }] as const
    expect(memoryText({ ...MEMORY, evidence })).toBeUndefined()
    expect(memoryText({ ...MEMORY, found: { ...MEMORY.found, layout: 'other' } })).toBeUndefined()
  })

  it('comes back whatever the names in it are', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 }).map(name => plain(name))
    const evidence = fc.record({
      code: fc.constantFrom<Evidence['code']>('broken', 'mixed-versions', 'packages-removed', 'venv-in-package'),
      particulars: fc.array(text, { maxLength: 5 }),
      outlived: fc.boolean(),
      resets: fc.integer({ min: 1, max: 3 })
    })
    fc.assert(
      fc.property(fc.array(evidence, { maxLength: 5 }), list => {
        const memory = { ...MEMORY, evidence: list }
        expect(parseMemory(memoryText(memory) ?? '')).toEqual(memory)
      }),
      { numRuns: 300 }
    )
  })
})

const describeValue = (value: unknown): string =>
  value === undefined ? 'left out' : JSON.stringify(value).slice(0, 60)

const HOSTILE: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['no JSON', '{"schema": 1'],
  ['a binary', '\u0000\u0001\u0002'],
  ['null', 'null'],
  ['a number', '1'],
  ['a text', '"schema"'],
  ['a list', '[]'],
  ['an empty object', '{}'],
  ['very deep lists', '['.repeat(60_000)],
  ['very deep objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['more than 64 kB', `${JSON.stringify(MEMORY)}${' '.repeat(65_536)}`],
  ['more than 64 kB in one field', changed('later', 'x'.repeat(65_536))],
  ['only what it inherits', JSON.stringify({ ['__proto__']: MEMORY })],
  ['a prototype of its own', `{"__proto__":${JSON.stringify(MEMORY)},"schema":1}`],
  ['an inherited list', changed('evidence', { ['__proto__']: [], length: 0 })],
  ...(
    [
      ['schema', [undefined, 0, 2, '1', true, null, [1]]],
      [
        'time',
        [undefined, 5, '', 'yesterday', '2026-11-22', '2026-13-45T99:99:99Z', '2026-11-22T12:00:00Z\n::error::x']
      ],
      ['reason', [undefined, null, 5, {}, 'x'.repeat(41), '::error::x', '<img src=x>', 'Upper']],
      [
        'evidence',
        [undefined, null, 'x', {}, [null], [[]], ['broken'], Array.from({ length: 21 }, () => MEMORY.evidence[0])]
      ],
      ['evidence.0', [{}, { code: 'broken' }, { ...MEMORY.evidence[0], outlived: 'true' }]],
      ['evidence.0.code', [undefined, 'requested', 'toString', '__proto__', 1]],
      [
        'evidence.0.particulars',
        [undefined, 'x', { 0: 'x' }, [1], [null], [['x']], Array.from({ length: 1001 }, () => 'x')]
      ],
      [
        'evidence.0.particulars.0',
        ['x'.repeat(251), 'a\nb', '\u001b[31m', '\u202e', '::error::x', '##[group]', '\ud800']
      ],
      ['evidence.0.outlived', [undefined, 1, 'yes']],
      ['evidence.0.resets', [undefined, '1', 0, -1, 1.5, 1e9, null]],
      ['rebuilt', [undefined, 'true', 1]],
      ['fingerprint', [undefined, null, 'x', 'AB'.repeat(32), 'ab'.repeat(33), `${'ab'.repeat(32)}\n`]],
      ['found', [undefined, null, [], 'x']],
      ['found.layout', [undefined, '', 'windows', '::error::x', 1]],
      [
        'found.path',
        [
          undefined,
          '',
          'antenv',
          '/etc',
          '/site/wwwroot',
          '/site/wwwroot/../x',
          '/site/wwwroot/a\nb',
          '/site/wwwroot/a::b'
        ]
      ],
      ['found.python', [undefined, 3.12, '3', '3.12.1', 'PYTHON|3.12', '3.12\n']],
      ['found.distributions', [null, '4', -1, 1.5, 1e12]]
    ] as const
  ).flatMap(([path, values]) =>
    values.map(value => [`${path}: ${describeValue(value)}`, changed(path, value)] as const)
  )
]

describe('anything else in last.json', () => {
  it.each(HOSTILE)('is no memory: %s', (_, text) => {
    expect(() => parseMemory(text)).toThrow()
  })

  it('does not change what other objects are', () => {
    for (const [, text] of HOSTILE) expect(() => parseMemory(text)).toThrow()
    expect({}).not.toHaveProperty('schema')
    expect([]).not.toHaveProperty('evidence')
  })

  it('throws nothing but errors, and never returns what was not checked', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        expect(() => parseMemory(text)).toThrow(Error)
      }),
      { numRuns: 300 }
    )
  })
})

describe('what is handed over to remember', () => {
  const GIVEN = {
    fingerprint: '',
    evidence: [{ code: 'broken', particulars: ['bin/python'] }],
    before: MEMORY,
    deployment: '/site/deployments/a/manifest',
    alone: false
  }

  it.each<[string, object]>([
    ['with everything', GIVEN],
    ['with nothing known', { fingerprint: '', evidence: [], before: undefined, deployment: '', alone: true }]
  ])('comes back as it was: %s', (_, given) => {
    expect(rememberingIn(JSON.parse(JSON.stringify(given)))).toEqual(given)
  })

  it.each<[string, unknown]>([
    ['fingerprint', 1],
    ['evidence', [{ code: 'requested', particulars: [] }]],
    ['before', null],
    ['before', { ...MEMORY, schema: 2 }],
    ['deployment', 'a\nb']
  ])('is refused where it is damaged: %s = %j', (name, value) => {
    expect(() => rememberingIn({ ...GIVEN, [name]: value })).toThrow(/is not as it should be/)
  })
})
