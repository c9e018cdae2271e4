import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PublishProfileError, parsePublishProfile, secretForms, secretsIn } from '../../../src/azure/publish-profile.ts'
import { PASSWORD, entryOf, profileOf } from '../profiles.ts'

function messageFor(xml: string): string {
  try {
    parsePublishProfile(xml)
  } catch (error) {
    expect(error).toBeInstanceOf(PublishProfileError)
    return error instanceof Error ? error.message : ''
  }
  throw new Error('nothing was thrown')
}

const nodesIn = (xml: string): readonly string[] => xml.match(/<publishProfile .*?<\/publishProfile>/g) ?? []

describe('a profile as Azure prints it', () => {
  it('tells where to log in, and as whom', () => {
    expect(parsePublishProfile(profileOf())).toEqual({
      address: { scheme: 'ftps', host: 'waws-prod-mwh-007.ftp.azurewebsites.windows.net', port: 990 },
      userName: 'my-app\\$my-app',
      password: PASSWORD,
      app: 'my-app',
      slot: 'production',
      userNames: ['$my-app', 'my-app\\$my-app']
    })
  })

  it("tells the slot from the user's name", () => {
    expect(parsePublishProfile(profileOf({ slot: 'blue' }))).toMatchObject({ app: 'my-app', slot: 'blue' })
  })

  it('means the same in any order of its entries', () => {
    const nodes = nodesIn(profileOf())
    const expected = parsePublishProfile(profileOf())
    fc.assert(
      fc.property(fc.shuffledSubarray([...nodes], { minLength: nodes.length }), shuffled => {
        const { userNames, ...rest } = parsePublishProfile(`<publishData>${shuffled.join('')}</publishData>`)
        expect({ ...rest, userNames: [...userNames].sort() }).toEqual({
          ...expected,
          userNames: [...expected.userNames].sort()
        })
      })
    )
  })

  it.each([
    ['a byte-order mark', `\uFEFF${entryOf()}`],
    ['a declaration', `<?xml version="1.0" encoding="utf-8"?>\r\n${entryOf()}`],
    ['blanks and line ends around it', `\n  ${entryOf().replaceAll('" ', '"\n    ')}\n\n`],
    ['single quotes', entryOf().replaceAll('"', "'")],
    ['a comment', entryOf().replace('<databases', '<!-- x --><databases')],
    [
      'a connection string',
      entryOf().replace('<databases />', '<databases><add name="x" connectionString="y" /></databases>')
    ],
    ['a method in lower case', entryOf({ publishMethod: 'ftp' })]
  ])('may have %s', (_, xml) => {
    expect(parsePublishProfile(xml)).toMatchObject({ userName: 'my-app\\$my-app', password: 'secret-word' })
  })

  it('skips the read-only entry also where it comes first, whatever its case', () => {
    const readOnly = entryOf({ profileName: 'my-app - READONLY - FTP', userPWD: 'other' }).replace('</publishData>', '')
    expect(parsePublishProfile(readOnly + entryOf().replace('<publishData>', '')).password).toBe('secret-word')
  })

  it.each([
    ['&amp;&lt;&gt;&quot;&apos;', `&<>"'`],
    ['&amp;lt;', '&lt;'],
    ['&amp;amp;quot;', '&amp;quot;'],
    ['a&#39;b&#x26;c', `a'b&c`],
    [' with blanks ', ' with blanks '],
    ['0123456789', '0123456789'],
    ['1e5', '1e5'],
    ['true', 'true'],
    ['täßt€𝄞', 'täßt€𝄞'],
    ['%41+$', '%41+$']
  ])('decodes the password %s once', (written, password) => {
    expect(parsePublishProfile(entryOf({ userPWD: written })).password).toBe(password)
  })

  it('gives every password back that it was made with', () => {
    const letters = fc.string({
      unit: fc.constantFrom(...'a Z 0 9 & < > " ; # % + / \\ = ä ß €'.split(' '), "'", ' '),
      minLength: 1,
      maxLength: 20
    })
    fc.assert(
      fc.property(letters, password => {
        expect(parsePublishProfile(profileOf({ password })).password).toBe(password)
      })
    )
  })
})

describe('a profile that cannot be used', () => {
  const BROKEN: readonly (readonly [string, string, RegExp])[] = [
    ['nothing', '', /not XML/],
    ['a word', 'see the vault', /not XML/],
    ['JSON', '{"publishData": 1}', /not XML/],
    ['a file that was cut off', entryOf().slice(0, 150), /not XML/],
    ['a file without its end', entryOf().replace('</publishData>', ''), /not XML/],
    ['a page that is no XML', '<!DOCTYPE html><html><body><p>Sign in<br></body></html>', /not XML|no entry for FTP/],
    ['a page that is XML', '<html><body><p>Sign in</p></body></html>', /no entry for FTP/],
    ['no entries', '<publishData></publishData>', /no entry for FTP/],
    ['no entry for FTP', entryOf({ publishMethod: 'MSDeploy' }), /no entry for FTP/],
    ['only the read-only entry', entryOf({ profileName: 'my-app - ReadOnly - FTP' }), /read-only/],
    ['an empty password', entryOf({ userPWD: '' }), /empty password/],
    ['no password', entryOf().replace(/userPWD="[^"]*"/, ''), /empty password/],
    ['a bare user name', entryOf({ userName: '$my-app' }), /user name/],
    ['no user name', entryOf({ userName: '' }), /user name/],
    ['no address', entryOf({ publishUrl: '' }), /address/],
    ['an address of another kind', entryOf({ publishUrl: 'https://host.example' }), /address/]
  ]

  it.each(BROKEN)('is told from others: %s', (_, xml, words) => {
    expect(messageFor(xml)).toMatch(words)
  })

  it.each(BROKEN)('is told with the remedy and without what it holds: %s', (_, xml) => {
    const message = messageFor(xml)
    expect(message).toContain('"publish-profile"')
    expect(message).toMatch(/Download it again/)
    for (const content of ['secret-word', '$my-app', 'host.example', 'Sign in', 'vault'])
      expect(message).not.toContain(content)
  })

  it.each([
    [
      'nested entities',
      Array.from({ length: 12 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join(''),
      '&l12;'
    ],
    ['one long entity, many times', `<!ENTITY l1 "${'x'.repeat(9000)}">`, '&l1;'.repeat(90_000)]
  ])('does not grow beyond what was given: %s', (_, entities, userPWD) => {
    const xml = `<!DOCTYPE x [<!ENTITY l0 "laugh">${entities}]>${entryOf({ userPWD })}`
    let password = ''
    try {
      password = parsePublishProfile(xml).password
    } catch (error) {
      expect(error).toBeInstanceOf(PublishProfileError)
    }
    expect(password.length).toBeLessThan(xml.length)
  })

  it('does not read a file that an entity names', () => {
    const xml = `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>${entryOf({ userPWD: '&f;' })}`
    let password = ''
    try {
      password = parsePublishProfile(xml).password
    } catch (error) {
      expect(error).toBeInstanceOf(PublishProfileError)
    }
    expect(password).not.toContain('root')
  })

  it.each([
    ['nested without end', '<a>'.repeat(200_000)],
    ['nested and closed', `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`],
    ['5 MB of entries', `<publishData>${'<publishProfile userPWD="x" />'.repeat(180_000)}</publishData>`],
    ['5 MB of one password', entryOf({ userPWD: 'x'.repeat(5_000_000) })],
    ['5 MB of half an attribute', `<x ${'userPWD= '.repeat(600_000)}`],
    ['5 MB of quotes', `<x ${`userPWD="'`.repeat(500_000)}`]
  ])('is refused before it costs anything: %s', { timeout: 5000 }, (_, xml) => {
    secretsIn(xml)
    messageFor(xml)
  })
})

describe('the forms of a secret', () => {
  it('are raw, XML-escaped, URL-encoded and those of basic authentication', () => {
    const forms = secretForms(`a&b"c'd e`, ['$my-app'])
    expect(forms).toEqual(
      expect.arrayContaining([
        `a&b"c'd e`,
        `a&amp;b&quot;c'd e`,
        'a&amp;b&quot;c&apos;d e',
        `a%26b%22c'd%20e`,
        'a%26b%22c%27d+e',
        Buffer.from(`$my-app:a&b"c'd e`).toString('base64')
      ])
    )
  })

  it('are none where there is no password', () => {
    expect(secretForms('', ['me'])).toEqual([])
  })

  it('are never empty and never repeat', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.array(fc.string()), (password, names) => {
        const forms = secretForms(password, names)
        expect(forms).toContain(password)
        expect(forms).not.toContain('')
        expect(new Set(forms).size).toBe(forms.length)
      })
    )
  })

  it('are found in a text that is no XML', () => {
    const forms = secretsIn(`x userPWD = "o&amp;e" y\nuserpwd='two' userPWD="" userName="a\\$a"`)
    const basic = (name: string, password: string): string => Buffer.from(`${name}:${password}`).toString('base64')
    expect(forms).toEqual(
      expect.arrayContaining([
        'o&amp;e',
        'o&e',
        'o%26e',
        'two',
        basic('a\\$a', 'o&e'),
        basic('$a', 'o&e'),
        basic('$a', 'two')
      ])
    )
    expect(forms).not.toContain('')
  })
})
