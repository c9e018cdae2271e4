import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRequirement, RequirementError } from '../../../src/python/requirement.ts'

/** The parts of a requirement but its marker, in one line. */
function parts(text: string): string {
  const { name, extras, specifier, url } = parseRequirement(text)
  return `${name} [${extras.join()}] ${specifier}${url ?? ''}`.trim()
}

function fault(text: string): string {
  try {
    parseRequirement(text)
    return 'none'
  } catch (error) {
    if (error instanceof RequirementError) return error.message
    throw error
  }
}

describe('a requirement', () => {
  it.each([
    ['Flask', 'flask []'],
    [' zope.Interface ', 'zope-interface []'],
    ['a__b', 'a-b []'],
    ['requests [Security, SOCKS,security] >= 2.8.1', 'requests [security,socks] >=2.8.1'],
    ['foo[]', 'foo []'],
    ['foo (>= 1, < 2)', 'foo [] <2,>=1'],
    ['foo()', 'foo []'],
    ['foo>=1,', 'foo [] >=1'],
    ['foo<2,>=1,<2', 'foo [] <2,>=1'],
    ['foo == V1.0-Alpha.1', 'foo [] ==1.0a1'],
    ['foo==1.0-1', 'foo [] ==1.0.post1'],
    ['foo==01.0.RC', 'foo [] ==1.0rc0'],
    ['foo==1!2.0.dev', 'foo [] ==1!2.0.dev0'],
    ['foo != 1.00.*', 'foo [] !=1.0.*'],
    ['foo==1.0+Ubuntu_001.1E5', 'foo [] ==1.0+ubuntu.1.1e5'],
    ['foo==20231231235959123456', 'foo [] ==20231231235959123456'],
    ['foo === Any/Thing', 'foo [] ===Any/Thing'],
    ['foo===1.0,>=0.5', 'foo [] ===1.0,>=0.5'],
    ['foo===', 'foo [] ==='],
    ['foo @ https://example.com/foo.zip', 'foo [] https://example.com/foo.zip'],
    ['foo[b,a]@ ./Foo.zip ; os_name == "nt"', 'foo [a,b] ./Foo.zip'],
    ['foo @ https://example.com/a;b.zip', 'foo [] https://example.com/a;b.zip']
  ])('%j is %s', (text, expected) => {
    expect(parts(text)).toBe(expected)
  })

  it('is the same in any order and spelling of its extras and versions', () => {
    const one = parseRequirement('Foo_Bar [b,A] >= 1.0, < 2 ; (os_name == "nt")')
    expect(parseRequirement(`foo.bar[a,B](<2,>=1.0);os.name=='nt'`)).toEqual(one)
  })

  it('has a marker where one follows, and none otherwise', () => {
    const nt = {
      kind: 'comparison',
      left: { kind: 'variable', name: 'os_name' },
      operator: '==',
      right: { kind: 'text', text: 'nt' }
    }
    expect(parseRequirement('foo>=1; os_name == "nt"').marker).toEqual(nt)
    expect(parseRequirement('foo>=1').marker).toBeUndefined()
  })
})

describe('what is no requirement', () => {
  it.each([
    ['', 'the name of a distribution was expected (at character 1)'],
    ['-e .', 'the name of a distribution was expected (at character 1)'],
    ['naïve', 'the name of a distribution was expected (at character 1)'],
    [
      'https://example.com/x.zip',
      'a version condition by PEP 440, a semicolon or the end was expected (at character 6)'
    ],
    ['foo==2004d', 'a version condition by PEP 440, a semicolon or the end was expected (at character 10)'],
    ['foo>=abc', 'a version condition by PEP 440, a semicolon or the end was expected (at character 4)'],
    ['foo=1', 'a version condition by PEP 440, a semicolon or the end was expected (at character 4)'],
    ['foo>=1.*', '".*" and "+" go with "==" and "!=" and a plain version only (at character 7)'],
    ['foo>=1+x', '".*" and "+" go with "==" and "!=" and a plain version only (at character 7)'],
    ['foo===1,x', 'a part of the "===" condition is no condition itself (at character 10)'],
    ['foo (>=1', 'a version condition or ")" was expected (at character 9)'],
    ['foo[a b]', 'a comma or "]" was expected after an extra (at character 7)'],
    ['foo[a,]', 'the name of an extra was expected after the comma (at character 7)'],
    ['foo @', 'an address was expected after "@" (at character 6)'],
    [
      'foo @ https://x.y/z; os_name == "nt"',
      'the end, or a semicolon with a blank before it, was expected after the address (at character 22)'
    ],
    ['foo;', 'a variable of markers or a quoted text was expected (at character 5)'],
    ['foo\n', 'it holds a control character'],
    ['foo\u0000', 'it holds a control character']
  ])('%j: %s', (text, message) => {
    expect(fault(text)).toBe(message)
  })

  it('is never quoted, because an address may hold a password', () => {
    expect(fault('foo @ https://user:secret@example.com/ x')).not.toContain('secret')
  })

  it('is what is longer than the limit, or asks for too many extras', () => {
    expect(parts(`foo${' '.repeat(16_381)}`)).toBe('foo []')
    expect(fault(`foo${' '.repeat(16_382)}`)).toBe('it is longer than 16384 characters')
    const extras = (most: number): string => Array.from({ length: most }, (_, index) => `e${index}`).join()
    expect(parseRequirement(`foo[${extras(256)}]`).extras).toHaveLength(256)
    expect(fault(`foo[${extras(257)}]`)).toMatch(/^it asks for more than 256 extras/)
  })
})

const PIECES = [
  ...[
    'foo',
    'Foo_',
    '[',
    ']',
    '(',
    ')',
    ',',
    ';',
    '@',
    ' ',
    '\t',
    '>=',
    '==',
    '===',
    '~=',
    '!=',
    '<',
    '1.0',
    '.*',
    '+l'
  ],
  ...[
    'and',
    'or',
    'not',
    'in',
    'extra',
    'python_version',
    'os.name',
    '"',
    "'",
    '"3.8"',
    '\\',
    'a1',
    '-1',
    '1!',
    'v',
    'é'
  ],
  ...['\u00a0', '\ufeff', '\u2028', '\ud800', '𝄞', '\n', '\u0000', '*', '#', 'https://x.y/z', 'ſ', '9'.repeat(400)]
]
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map(pieces => pieces.join(''))
)

describe('any text', () => {
  it('is parsed or refused with an error of its own', () => {
    fc.assert(
      fc.property(hostile, text => {
        expect(typeof fault(text)).toBe('string')
      }),
      { numRuns: 2000 }
    )
  })

  it('that is parsed gives a name and extras that are normalised, and versions that mean the same when read again', () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,8}[a-zA-Z0-9])?$/)
    const version = fc.stringMatching(
      /^(1!)?[0-9]{1,3}(\.[0-9]{1,2}){0,3}([-_.]?(a|beta|RC)[-_.]?[0-9]?)?([-_.]?post[0-9]?|-[0-9])?(\.?dev[0-9]?)?$/
    )
    const condition = fc.tuple(fc.constantFrom('>=', '==', '!=', '<', '>', '<=', '==='), version)
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 4 }), fc.array(condition, { maxLength: 4 }), (own, extras, all) => {
        const once = parseRequirement(`${own}[${extras.join()}]${all.map(([op, text]) => `${op} ${text}`).join(' , ')}`)
        expect(once.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
        expect(parseRequirement(`${once.name}[${once.extras.join()}]${once.specifier}`)).toEqual(once)
        const turned = [...all].reverse().map(([op, text]) => op + text)
        expect(parseRequirement(`${own}[${[...extras].reverse().join()}](${turned.join()})`)).toEqual(once)
      })
    )
  })
})

describe('a text of the greatest length that is made to be slow', () => {
  const LENGTH = 16_300
  const filled = (...units: readonly string[]): string => {
    const [unit = ''] = units.slice(-1)
    return units.slice(0, -1).join('') + unit.repeat(Math.floor((LENGTH - 50) / unit.length))
  }
  it.each([
    ['digits', `${filled('foo==', '1')}x`],
    ['release segments', `${filled('foo==1', '.1')}x`],
    ['release zeros', filled('foo==1', '.0')],
    ['epochs', filled('foo==', '1!')],
    ['local segments', `${filled('foo==1+a', '.0')}!`],
    ['zeros of a local segment', `${filled('foo==1+', '0')}a`],
    ['blanks after ===', `${filled('foo===', ' ')}x y`],
    ['blanks after a name', `${filled('foo', ' ')}x`],
    ['dashes of a name', filled('foo', '-')],
    ['dots and letters of a name', `${filled('foo', '.a-')}é`],
    ['commas', filled('foo===', ',')],
    ['conditions', filled('foo>=1', ',>=1')],
    ['brackets', filled('foo', '[')],
    ['parentheses', filled('foo;', '(')],
    ['quotes', filled('foo;', '"')],
    ['an open quote', filled('foo;os_name=="', 'a')],
    ['ands', filled('foo;os_name=="nt"', ' and os_name=="nt"')],
    ['nots', filled('foo;os_name ', 'not ')],
    ['letters of another script', filled('foo;os_name', 'é')]
  ])('takes no time: %s', (_, text) => {
    const before = process.cpuUsage()
    fault(text)
    const { user, system } = process.cpuUsage(before)
    // What is linear takes some milliseconds; what is not takes seconds and more.
    expect((user + system) / 1000).toBeLessThan(400)
  })
})
