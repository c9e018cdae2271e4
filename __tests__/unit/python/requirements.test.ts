import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRequirements, type Requirements } from '../../../src/python/requirements.ts'
import { decodeText, EncodingError } from '../../../src/python/text-encoding.ts'
import { EXPECTED, GROUPS, packageOf, placesOf, readCorpus } from './requirement-corpus.ts'

async function read(text: string, more: Readonly<Record<string, string>> = {}): Promise<Requirements> {
  return readRequirements('requirements.txt', packageOf({ 'requirements.txt': text, ...more }))
}

describe('readRequirements', () => {
  it.each(EXPECTED)('reads %s as the table says', async (file, { asked, gaps = [] }) => {
    const requirements = await readRequirements(file, readCorpus)
    expect(placesOf(requirements.asked, file)).toEqual(asked)
    expect(requirements.gaps).toEqual(gaps.map(gap => expect.stringContaining(gap) as unknown))
    expect(requirements).toMatchObject({ file, isSuperset: false })
  })

  it('quotes no password and no query of a URL in any gap of the corpus', async () => {
    for (const [file] of EXPECTED) {
      expect((await readRequirements(file, readCorpus)).gaps.join()).not.toContain('secret')
    }
  })

  it('keeps extras, specifiers, URLs and markers of what is asked for', async () => {
    const { asked } = await read(
      [
        'alpha[two,One]<2,>=1',
        './beta-1.0-py3-none-any.whl[one]',
        './vendor/zeta-repository-1.0.tar.gz[one]',
        'https://host.invalid/gamma-2.0-py3-none-any.whl ; os_name == "nt"',
        '-e file:///srv/delta[one]#egg=delta',
        '-e file:///srv/epsilon#egg=epsilon[one]'
      ].join('\n')
    )
    const got = asked.map(({ requirement: { name, extras, specifier, url, marker } }) => [
      name,
      extras.join(),
      specifier,
      url,
      marker !== undefined
    ])
    expect(got).toEqual([
      ['alpha', 'one,two', '<2,>=1', undefined, false],
      ['beta', 'one', '==1.0', undefined, false],
      ['zeta-repository', 'one', '==1.0', './vendor/zeta-repository-1.0.tar.gz', false],
      ['gamma', '', '==2.0', 'https://host.invalid/gamma-2.0-py3-none-any.whl', true],
      ['delta', '', '', 'file:///srv/delta[one]#egg=delta', false],
      ['epsilon', 'one', '', 'file:///srv/epsilon#egg=epsilon', false]
    ])
  })

  it('says that the file is not there', async () => {
    const { asked, gaps } = await readRequirements('sub/requirements.txt', packageOf({}))
    expect([asked, gaps]).toEqual([[], ['sub/requirements.txt is not in the package']])
  })

  it('says why the file cannot be read', async () => {
    const { gaps } = await readRequirements('requirements.txt', () =>
      Promise.reject(new EncodingError('is not valid UTF-8'))
    )
    expect(gaps).toEqual(['requirements.txt is not valid UTF-8'])
  })

  it.each([
    ['uv.lock', 'version = 1\npackage = []\n'],
    ['poetry.lock', 'package = []\n[metadata]\nlock-version = "2.1"\n']
  ])('says of %s that a setup.py beside it is installed instead, unless a requirements.txt is', async (file, text) => {
    const gapsBeside = async (...names: readonly string[]): Promise<readonly string[]> => {
      const beside = Object.fromEntries(names.map(name => [name, '']))
      return (await readRequirements(file, packageOf({ [file]: text, ...beside }))).gaps
    }
    const gap = `${file} lies beside a setup.py, which a build on Linux installs from instead`
    expect(await gapsBeside('setup.py')).toEqual([gap])
    expect(await gapsBeside('setup.py', 'requirements.txt')).toEqual([])
    expect(await gapsBeside()).toEqual([])
  })

  it('notices what another encoding leaves behind when it was read as UTF-8', async () => {
    const { asked, gaps } = await read('alpha # caf\uFFFD')
    expect(placesOf(asked, 'requirements.txt')).toEqual(['alpha 1'])
    expect(gaps).toEqual(['requirements.txt is not valid UTF-8'])
  })

  it.each(['pyproject.toml', 'pylock.toml', 'sub/Pipfile', 'Pipfile.lock'])(
    'does not read %s line by line',
    async file => {
      const { gaps } = await readRequirements(file, packageOf({ [file]: 'a\nb\nc =\n' }))
      expect(gaps).toEqual([`${file} is neither a requirements file nor a uv.lock nor a poetry.lock`])
    }
  )

  it('resolves what is included against the file that includes it', async () => {
    const files = { 'sub/requirements.txt': '-r one/a.txt', 'sub/one/a.txt': '-r ../../b.txt', 'b.txt': 'alpha' }
    const { asked, gaps } = await readRequirements('./sub/requirements.txt', packageOf(files))
    expect([placesOf(asked, ''), gaps]).toEqual([['alpha b.txt 1'], []])
  })

  it('follows inclusions to a bounded depth', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`${n}.txt`, `a${n}\n-r ${n + 1}.txt`]))
    const { asked, gaps } = await readRequirements('0.txt', packageOf(files))
    expect(asked).toHaveLength(20)
    expect(gaps).toEqual(['19.txt line 2 includes "20.txt", which is one file too many to be followed'])
  })

  it('follows a bounded number of inclusions', async () => {
    const names = Array.from({ length: 300 }, (_, n) => `${n}.txt`)
    const files = Object.fromEntries(names.map(name => [name, `a${name}`.slice(0, -4)]))
    const { asked, gaps } = await read(names.map(name => `-r ${name}`).join('\n'), files)
    expect(asked).toHaveLength(99)
    expect(gaps).toHaveLength(51)
    expect(gaps.at(-1)).toBe('151 more of the kind')
  })

  it('reads no file that is longer than anybody writes', async () => {
    const { asked, gaps } = await read('alpha\n'.repeat(1_000_000))
    expect([asked, gaps]).toEqual([[], ['requirements.txt is too long to be read']])
  })

  it('takes no longer for lines that are made to keep it busy', async () => {
    const blanks = ' \t'.repeat(100_000)
    const lines = [
      `a${blanks}b`,
      `a @ ${'://'.repeat(100_000)}`,
      `./${'1.'.repeat(100_000)}~.zip`,
      `-${'"a'.repeat(100_000)}`
    ]
    const begun = performance.now()
    const { gaps } = await read([...lines, '-e '.repeat(100_000), `https://${'/'.repeat(100_000)}x`].join('\n'))
    expect(gaps.length).toBeGreaterThan(3)
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})

describe('the fingerprint', () => {
  const fingerprintOf = async (file: string): Promise<string> => (await readRequirements(file, readCorpus)).fingerprint

  it.each(GROUPS)('is the same for %s and its equals', async (first, ...others) => {
    const expected = await fingerprintOf(first)
    expect(expected).toMatch(/^[0-9a-f]{64}$/)
    for (const other of others) expect([other, await fingerprintOf(other)]).toEqual([other, expected])
  })

  it('differs from group to group', async () => {
    const firsts = await Promise.all(GROUPS.map(([first = '']) => fingerprintOf(first)))
    expect(new Set(firsts).size).toBe(GROUPS.length)
  })
})

const NAMES = ['alpha', 'Beta', 'gamma_delta', 'epsilon.zeta', 'eta-theta']
const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...NAMES),
      fc.constantFrom('', '==1.0', ' >= 1 , <2', '[one,Two]', ' ; os_name == "nt"', ' @ https://host.invalid/x.zip')
    )
    .map(([name, rest]) => name + rest),
  fc.constantFrom(
    '--pre',
    '-c constraints.txt',
    '-r more.txt',
    '-r gone.txt',
    '--hash',
    'not understood',
    '# only this',
    '',
    '-e .'
  )
)
const MORE = { 'constraints.txt': 'alpha<2\n-r more.txt', 'more.txt': 'iota\nkappa==1' }

describe('readRequirements, whatever it is given', () => {
  it('asks for the same with the same fingerprint in whatever order the lines stand', () =>
    fc.assert(
      fc.asyncProperty(
        fc
          .array(line, { maxLength: 12 })
          .chain(lines => fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length }))),
        async ([lines, shuffled]) => {
          const [one, other] = [await read(lines.join('\n'), MORE), await read(shuffled.join('\n'), MORE)]
          const namesOf = ({ asked }: Requirements): readonly string[] =>
            asked.map(({ requirement }) => requirement.name).sort()
          expect(namesOf(other)).toEqual(namesOf(one))
          expect(other.fingerprint).toBe(one.fingerprint)
          expect(other.gaps).toHaveLength(one.gaps.length)
        }
      )
    ))

  it('keeps the fingerprint when comments, blank lines, line ends and blanks around lines come and go', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(line, fc.constantFrom('', '  ', '\t'), fc.constantFrom('', ' # why', '  ')), {
          maxLength: 12
        }),
        fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\n  # more\n'),
        async (lines, end) => {
          const plain = await read(lines.map(([text]) => text).join('\n'), MORE)
          const edited = await read(lines.map(([text, before, after]) => before + text + after).join(end), MORE)
          expect(edited.fingerprint).toBe(plain.fingerprint)
        }
      )
    ))

  it('never throws for arbitrary bytes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('requirements.txt', 'uv.lock', 'poetry.lock'),
        async (bytes, file) => {
          const requirements = await readRequirements(file, path =>
            path === file ? Promise.resolve().then(() => decodeText(bytes)) : Promise.resolve(undefined)
          )
          expect(requirements.fingerprint).toHaveLength(64)
        }
      ),
      { numRuns: 1000 }
    ))

  it('never throws for pieces of what such files are made of', () => {
    const piece = fc.constantFrom(
      ...[
        '-r ',
        '-c',
        '-e ',
        '--hash=',
        'sha256:',
        '\\',
        '\n',
        '"',
        "'",
        ' #',
        '${X}',
        '@',
        'https://',
        'git+',
        '[',
        ']',
        ';'
      ],
      ...[
        '.whl',
        '.zip',
        '-1.0',
        'alpha',
        ' ',
        '\t',
        '../',
        '/',
        'requirements.txt',
        '==',
        'os_name',
        '#egg=',
        '%',
        '\u2028',
        ',',
        '--'
      ]
    )
    return fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async pieces => {
        const { asked, gaps, fingerprint } = await read(pieces.join(''))
        expect(fingerprint).toHaveLength(64)
        for (const { requirement } of asked) expect(requirement.name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
        for (const gap of gaps) expect(gap).toMatch(/^(requirements\.txt |\d+ more)/)
      }),
      { numRuns: 2000 }
    )
  })
})
