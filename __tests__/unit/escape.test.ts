import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { code, listed, plain, prose } from '../../src/escape.ts'

const HOSTILE = [
  '`',
  '``',
  '|',
  '\\',
  '\\|',
  '<img src=x>',
  '[a](b)',
  '**',
  '@user',
  '#1',
  '::',
  '##[',
  '\n',
  '\r',
  '\u0000',
  '\u001b[31m',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\u2029',
  '\u0085',
  '𝄞',
  '\ud800',
  'a',
  ' ',
  '&amp;',
  '~~',
  'https://x.y'
]
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 12 }).map(parts => parts.join(''))
)

/** The cells of a table row as GitHub's parser cuts them: a pipe ends a cell unless a backslash stands directly before it. */
function cellsOf(row: string): readonly string[] {
  return row.replace(/^\||\|$/g, '').split(/(?<!\\)\|/)
}

/** The text of the one code span that a text is (CommonMark 0.31, section 6.1); `undefined` where it is anything else. */
function spanIn(text: string): string | undefined {
  const fence = /^`+/.exec(text)?.[0] ?? ''
  const runs = [...text.matchAll(/`+/g)].filter(run => run[0] === fence)
  const [, end] = runs
  return fence !== '' && runs.length === 2 && end?.index === text.length - fence.length
    ? text.slice(fence.length, -fence.length)
    : undefined
}

describe('plain text', () => {
  it.each([
    ['antenv', 'antenv'],
    ['grüße 日本 𝄞', 'grüße 日本 𝄞'],
    ['::error::x', ':\\u{3a}error:\\u{3a}x'],
    ['a##[group]b', 'a##\\u{5b}group]b'],
    ['a\nb\rc', 'a\\u{a}b\\u{d}c'],
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['a\u202eb\u2066c', 'a\\u{202e}b\\u{2066}c'],
    ['a\u2028b\u2029c\u0085d', 'a\\u{2028}b\\u{2029}c\\u{85}d'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['half \ud800', 'half \\u{d800}'],
    ['C:\\x', 'C:\\x']
  ])('shows %j as %j', (text, shown) => {
    expect(plain(text)).toBe(shown)
  })

  it('never holds a control, formatting or line-breaking character, nor the opening of a command', () => {
    fc.assert(
      fc.property(hostile, text => {
        const shown = plain(text)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u)
        expect(shown).not.toMatch(/::|##\[/)
      }),
      { numRuns: 1000 }
    )
  })

  it('never holds half a character, wherever it is cut', () => {
    for (let length = 1; length < 12; length++) {
      expect(plain('a𝄞b𝄞𝄞c𝄞', length)).not.toMatch(/\p{Cs}/u)
    }
  })

  it('is cut where it is too long', () => {
    expect(plain('x'.repeat(300))).toBe(`${'x'.repeat(200)}…`)
    expect(plain('x'.repeat(200))).toHaveLength(200)
    expect(plain('xyz', 2)).toBe('xy…')
  })
})

describe('a code span', () => {
  it.each([
    ['antenv', '`antenv`'],
    ['a`b', '``a`b``'],
    ['a``b`c', '```a``b`c```'],
    ['`', '`` ` ``'],
    ['`x', '`` `x ``'],
    ['x`', '`` x` ``'],
    ['a|b', '`a\\|b`'],
    ['', '']
  ])('shows %j as %s', (text, markdown) => {
    expect(code(text)).toBe(markdown)
  })

  it('is one code span and nothing else, whatever it holds', () => {
    fc.assert(
      fc.property(hostile, fc.nat(250), (text, length) => {
        const markdown = code(text, length)
        if (markdown !== '') expect(spanIn(markdown)).toBeDefined()
        expect(markdown).not.toMatch(/[\r\n]/)
      }),
      { numRuns: 1000 }
    )
  })

  it('stays in its cell of a table', () => {
    fc.assert(
      fc.property(hostile, hostile, (one, two) => {
        const cells = cellsOf(`| ${code(one)} | ${code(two)} |`).map(cell => cell.trim())
        expect(cells).toHaveLength(2)
        for (const cell of cells) if (cell !== '') expect(spanIn(cell)).toBeDefined()
      }),
      { numRuns: 1000 }
    )
  })
})

describe('running text', () => {
  it.each([
    ['nothing to mark', 'nothing to mark'],
    ['a <b>', 'a \\<b\\>'],
    ['[a](b)', '\\[a\\]\\(b\\)'],
    ['me@host', 'me`@`host'],
    ['', '']
  ])('shows %j as %s', (text, markdown) => {
    expect(prose(text)).toBe(markdown)
  })

  it('holds no mark that acts, and stays in one cell of a table', () => {
    fc.assert(
      fc.property(hostile, text => {
        const markdown = prose(text)
        expect(markdown.replace(/\\[!-/:-@[-`{-~]/g, '').replaceAll('`@`', '')).not.toMatch(/[!-/:-@[-`{-~]/)
        expect(markdown).not.toMatch(/[\r\n]/)
        expect(cellsOf(`| ${markdown} |`)).toHaveLength(1)
      }),
      { numRuns: 1000 }
    )
  })
})

describe('a list of names', () => {
  it.each<[readonly string[], string]>([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b\n'], 'a, b\\u{a}'],
    [['a', 'b', 'c', 'd'], 'a, b, c and 1 more']
  ])('%j is %s', (names, text) => {
    expect(listed(names, 3)).toBe(text)
  })
})
