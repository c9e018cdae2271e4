import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateMarker } from '../../../src/python/markers.ts'
import { parseMetadata, parseRequiresTxt } from '../../../src/python/metadata.ts'
import { EXPECTED, LINUX, readCorpus, textOf } from './metadata-corpus.ts'

const names = Object.keys(EXPECTED)

describe('what a distribution needs', () => {
  it('is known of every one in the corpus, and of none else', async () => {
    expect([...(await readCorpus()).keys()].sort()).toEqual([...names].sort())
    expect(names.length).toBeGreaterThanOrEqual(40)
  })

  it.each(names)('is read from %s', async name => {
    const metadata = (await readCorpus()).get(name)
    const expected = EXPECTED[name]
    expect(metadata?.requires.map(textOf)).toEqual(expected?.requires)
    expect(metadata?.gaps).toHaveLength(expected?.gaps ?? 0)
    for (const gap of metadata?.gaps ?? []) expect(gap.startsWith(name), gap).toBe(true)
  })

  it.each(names)('is decided by extras and markers: %s', async name => {
    const requires = (await readCorpus()).get(name)?.requires ?? []
    for (const [extra, needed] of Object.entries(EXPECTED[name]?.needs ?? {})) {
      const applying = requires.filter(({ marker }) => !marker || evaluateMarker(marker, LINUX, extra ? [extra] : []))
      expect(
        applying.map(requirement => requirement.name),
        extra
      ).toEqual(needed)
    }
  })
})

describe('a gap', () => {
  it('names the file, the requirement and what is wrong', () => {
    expect(parseMetadata('Requires-Dist: alpha beta', 'x-1.dist-info/METADATA').gaps).toEqual([
      expect.stringMatching(/^x-1\.dist-info\/METADATA: "alpha beta" cannot be understood: ./)
    ])
  })

  it('quotes no address', () => {
    const { gaps } = parseMetadata('Requires-Dist: alpha @ https://user:secret@example.org/ and more', 'x')
    expect(gaps).toHaveLength(1)
    expect(gaps.join()).not.toMatch(/secret|example/)
  })

  it('quotes the beginning only of what is long', () => {
    const { gaps } = parseMetadata(`Requires-Dist: ${'alpha '.repeat(5000)}`, 'x')
    expect(gaps.join().length).toBeLessThan(300)
  })
})

describe('the description', () => {
  it('counts for nothing, however long it is', () => {
    const text = `Name: x\nRequires-Dist: alpha\n\n${'Requires-Dist: beta\n'.repeat(100_000)}`
    expect(parseMetadata(text, 'x').requires.map(({ name }) => name)).toEqual(['alpha'])
  })

  it('counts for nothing where it is a header of many lines', () => {
    const text = `Name: x\nDescription: x\n${'        Requires-Dist: beta\n'.repeat(100_000)}Requires-Dist: alpha\n`
    expect(parseMetadata(text, 'x').requires.map(({ name }) => name)).toEqual(['alpha'])
  })
})

const line = fc.oneof(
  fc.string(),
  fc.constantFrom('Requires-Dist: ', 'requires-dist:', ' ', '', 'alpha (>=1)', '[x]', '[:', '; extra == "x"', '[a:b]'),
  fc.string({ unit: 'binary' })
)
const text = fc
  .array(fc.tuple(line, fc.constantFrom('', '\n', '\r\n', '\r')))
  .map(lines => lines.map(parts => parts.join('')).join(''))

it('any text is read, and nothing is thrown', () => {
  fc.assert(
    fc.property(text, any => {
      for (const parse of [parseMetadata, parseRequiresTxt]) {
        const { requires, gaps } = parse(any, 'file')
        for (const { name } of requires) expect(name).toMatch(/^[a-z0-9]/)
        for (const gap of gaps) expect(gap.startsWith('file: ')).toBe(true)
      }
    })
  )
})

it.each([
  ['blanks', `Requires-Dist: a${' '.repeat(200_000)}b`],
  ['brackets', `Requires-Dist: a${'['.repeat(200_000)}`],
  ['brackets below the length of a requirement', `Requires-Dist: a${'('.repeat(900)}`],
  ['line ends', `Requires-Dist: a\n ${'\r'.repeat(200_000)}`],
  ['headers', 'a:\n'.repeat(200_000)],
  ['continuations', `Requires-Dist: a${'\n '.repeat(100_000)}`],
  ['lines that are no headers', 'a\n'.repeat(200_000)],
  ['sections', '[a:b]\n'.repeat(50_000)],
  ['open sections', '[a:'.repeat(100_000)]
])('hostile text does not hold a run up: %s', (_, hostile) => {
  const begun = performance.now()
  parseMetadata(hostile, 'x')
  parseRequiresTxt(hostile, 'x')
  expect(performance.now() - begun).toBeLessThan(2000)
})
