import { describe, expect, it } from 'vitest'
import { loadCredentials, maskSecrets } from '../../src/credentials.ts'
import { InputError } from '../../src/input-values.ts'
import { loadInputs } from '../../src/inputs.ts'
import { PASSWORD, entryOf, profileOf, readerOf } from './profiles.ts'

type Given = Readonly<Record<string, string>>

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')

/** Every form that the contract names. */
const formsOf = (password: string, userNames: readonly string[]): readonly string[] => [
  password,
  password.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  encodeURIComponent(password),
  ...userNames.map(name => base64(`${name}:${password}`))
]

const URL_LOGIN: Given = { 'ftp-url': 'ftps://host.example', 'ftp-username': '$my-app', 'ftp-password': PASSWORD }

const maskedBy = (given: Given): readonly string[] => {
  const reader = readerOf(given)
  maskSecrets(reader)
  return reader.masked
}

describe('masking', () => {
  it.each<[string, Given, readonly string[]]>([
    ['a profile', { 'publish-profile': profileOf() }, ['my-app\\$my-app', '$my-app']],
    [
      "a slot's profile",
      { 'publish-profile': profileOf({ slot: 'staging' }) },
      ['my-app__staging\\$my-app__staging', '$my-app__staging']
    ],
    [
      'a profile without an entry for Kudu',
      { 'publish-profile': entryOf({ userPWD: 'pa ss' }) },
      ['my-app\\$my-app', '$my-app']
    ],
    ['a URL with the bare name', { ...URL_LOGIN, 'app-name': 'my-app' }, ['my-app\\$my-app', '$my-app']],
    ['a URL with the full name', { ...URL_LOGIN, 'ftp-username': 'my-app\\$my-app' }, ['my-app\\$my-app', '$my-app']],
    [
      "a URL with a slot's name",
      { ...URL_LOGIN, 'app-name': 'my-app', 'slot-name': 'staging' },
      ['my-app__staging\\$my-app__staging', '$my-app__staging']
    ],
    ['a URL with a name of its own', { ...URL_LOGIN, 'ftp-username': 'deployer' }, ['deployer']]
  ])('covers every form of the password of %s, for the FTP and the SCM name', (_, given, names) => {
    const password = given['publish-profile']?.includes('pa ss') ? 'pa ss' : PASSWORD
    const masked = maskedBy(given)
    expect(formsOf(password, names).filter(form => !masked.includes(form))).toEqual([])
  })

  it.each<[string, string]>([
    ['no entry for FTP', entryOf({ publishMethod: 'MSDeploy', userName: '$my-app', userPWD: 'a&amp;b' })],
    ['only a read-only entry', entryOf({ profileName: 'my-app - ReadOnly - FTP', userPWD: 'a&amp;b' })],
    ['an address that is none', entryOf({ publishUrl: 'sftp://x', userPWD: 'a&amp;b' })]
  ])('covers every form also where the profile has %s', (_, xml) => {
    const masked = maskedBy({ 'publish-profile': xml })
    expect(['a&b', 'a&amp;b', 'a%26b'].filter(form => !masked.includes(form))).toEqual([])
  })

  it('covers the passwords of all entries', () => {
    const two = entryOf({ publishMethod: 'MSDeploy', userPWD: 'first&amp;one' }) + entryOf()
    const masked = maskedBy({ 'publish-profile': two.replace('</publishData><publishData>', '') })
    expect(['first&amp;one', 'first&one', 'secret-word'].filter(form => !masked.includes(form))).toEqual([])
  })

  it('covers the raw password of a profile that was cut off', () => {
    const xml = entryOf()
    expect(maskedBy({ 'publish-profile': xml.slice(0, xml.indexOf('<databases')) })).toContain('secret-word')
  })

  it('leaves blanks at the ends of "ftp-password" alone and drops a pasted line end', () => {
    const given = { ...URL_LOGIN, 'ftp-password': ' pass word \r\n' }
    expect(loadCredentials(readerOf(given)).login.password).toBe(' pass word ')
    expect(maskedBy(given)).toContain(' pass word ')
  })

  it('masks nothing empty', () => {
    expect(maskedBy({})).toEqual([])
    expect(maskedBy({ 'publish-profile': entryOf({ userPWD: '' }) })).toEqual([])
  })

  it('does not throw for a password with half a character', () => {
    expect(() => maskedBy({ 'publish-profile': entryOf({ userPWD: 'x&#xD800;y' }) })).not.toThrow()
  })

  it.each<[string, Given]>([
    ['a profile and a wrong choice', { 'publish-profile': profileOf(), tls: 'wrong' }],
    ['a URL and a wrong number', { ...URL_LOGIN, connections: '99' }],
    ['both ways at once', { ...URL_LOGIN, 'publish-profile': profileOf() }],
    ['a URL without a name', { ...URL_LOGIN, 'ftp-username': '' }]
  ])('comes before any error: %s', (_, given) => {
    const reader = readerOf(given)
    expect(() => loadInputs(reader)).toThrow(InputError)
    expect(reader.masked).toContain(PASSWORD)
  })
})

describe('messages', () => {
  it.each<[string, Given]>([
    ['both ways', { ...URL_LOGIN, 'publish-profile': profileOf() }],
    ['a name that is missing', { ...URL_LOGIN, 'ftp-username': '' }],
    ['another app', { ...URL_LOGIN, 'ftp-username': 'a\\$a', 'app-name': 'b' }],
    ['credentials in the URL', { ...URL_LOGIN, 'ftp-url': `ftps://me:${PASSWORD}@host.example` }],
    ['credentials with a slash in the URL', { ...URL_LOGIN, 'ftp-url': `ftps://me:secret/word@host.example/x` }],
    ['a profile for "ftp-url"', { ...URL_LOGIN, 'ftp-url': profileOf() }],
    ['a line break in the password', { ...URL_LOGIN, 'ftp-password': `${PASSWORD}\r\nDELE x` }],
    ['another slot', { 'publish-profile': profileOf(), 'slot-name': 'x' }]
  ])('never repeat a secret: %s', (_, given) => {
    let message = ''
    try {
      loadInputs(readerOf(given))
    } catch (error) {
      message = String(error)
    }
    expect(message).not.toBe('')
    for (const secret of [PASSWORD, 'secret', 'DELE']) expect(message).not.toContain(secret)
  })
})

describe('direct credentials', () => {
  it.each<[string, Given, readonly [string, string, string]]>([
    ['the app', { 'ftp-username': 'my-app', 'app-name': 'my-app' }, ['my-app\\$my-app', 'my-app', 'production']],
    [
      '$app, in another case',
      { 'ftp-username': '$My-App', 'app-name': 'my-app' },
      ['my-app\\$my-app', 'my-app', 'production']
    ],
    [
      '$app of a slot',
      { 'ftp-username': '$my-app', 'app-name': 'my-app', 'slot-name': 'staging' },
      ['my-app__staging\\$my-app__staging', 'my-app', 'staging']
    ],
    ['a name with a backslash', { 'ftp-username': 'my-app\\me' }, ['my-app\\me', 'my-app', 'production']],
    [
      'a name with a backslash of a slot',
      { 'ftp-username': 'my-app__blue\\$my-app__blue' },
      ['my-app__blue\\$my-app__blue', 'my-app', 'blue']
    ],
    ['another bare name', { 'ftp-username': 'deployer', 'app-name': 'my-app' }, ['deployer', 'my-app', 'production']],
    ['a bare name without "app-name"', { 'ftp-username': '$my-app' }, ['$my-app', '', 'production']]
  ])('log in as %s', (_, given, [userName, app, slot]) => {
    const credentials = loadCredentials(readerOf({ ...URL_LOGIN, ...given }))
    expect([credentials.login.userName, credentials.app, credentials.slot]).toEqual([userName, app, slot])
  })

  it.each<[string, Given]>([
    ['ftp-username', { 'ftp-username': '' }],
    ['ftp-password', { 'ftp-password': '' }],
    ['ftp-url', { 'ftp-url': 'host.example' }],
    ['ftp-url', { 'ftp-url': 'ftps://host.example/other' }],
    ['app-name', { 'ftp-username': 'a\\$a', 'app-name': 'b' }],
    ['slot-name', { 'ftp-username': 'a__x\\$a__x', 'slot-name': 'y' }],
    ['ftp-password', { 'ftp-password': 'x\ny' }]
  ])('are refused with a message that names "%s"', (name, given) => {
    const load = (): unknown => loadCredentials(readerOf({ ...URL_LOGIN, ...given }))
    expect(load).toThrow(InputError)
    expect(load).toThrow(`"${name}"`)
  })
})
