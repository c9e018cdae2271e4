import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attempts, fullUserName, isSameSlot, parseFtpUrl, siteOfUserName } from '../../../src/ftp/target.ts'

describe('an FTP address', () => {
  it.each([
    ['ftps://host.example', { scheme: 'ftps', host: 'host.example', port: undefined }],
    ['FTPS://Host.Example/', { scheme: 'ftps', host: 'Host.Example', port: undefined }],
    ['ftp://host.example:2121', { scheme: 'ftp', host: 'host.example', port: 2121 }],
    ['ftps://host.example:990/site/wwwroot', { scheme: 'ftps', host: 'host.example', port: 990 }],
    ['ftp://127.0.0.1:1', { scheme: 'ftp', host: '127.0.0.1', port: 1 }],
    ['ftps://[::1]:65535/', { scheme: 'ftps', host: '::1', port: 65535 }],
    [
      'ftps://waws-prod_x.ftp.p.azurewebsites.windows.net',
      { scheme: 'ftps', host: 'waws-prod_x.ftp.p.azurewebsites.windows.net', port: undefined }
    ]
  ])('%s is read', (text, address) => {
    expect(parseFtpUrl(text)).toEqual(address)
  })

  it.each([
    '',
    'host.example',
    'https://host.example',
    'sftp://host.example',
    'ftps:/host.example',
    'ftps://',
    'ftps:///site/wwwroot',
    'ftps://host.example/site',
    'ftps://host.example/site/wwwroot/env',
    'ftps://host.example//',
    'ftps://host.example/../x',
    'ftps://host.example?x',
    'ftps://host.example#x',
    'ftps://host.example:0',
    'ftps://host.example:65536',
    'ftps://host.example:port',
    'ftps://host example',
    'ftps://host.example\r\nQUIT',
    'ftps://user:word@host.example',
    'ftps://user@host.example'
  ])('%j is refused', text => {
    expect(() => parseFtpUrl(text)).toThrow(RangeError)
  })

  it('never repeats what it was given when it refuses', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{8,12}$/), fc.constantFrom('', '/', '?', ' ', '@'), (secret, mark) => {
        for (const text of [
          `ftps://u:${secret}${mark}@host.example`,
          `ftps://${secret}${mark}x:y@h/z`,
          `${secret}${mark}`
        ]) {
          try {
            parseFtpUrl(text)
          } catch (error) {
            expect(String(error)).not.toContain(secret)
          }
        }
      })
    )
  })
})

describe('the ways to connect', () => {
  it.each([
    ['ftps', undefined, 'auto', ['implicit 990', 'explicit 21']],
    ['ftps', 2121, 'auto', ['implicit 2121', 'explicit 2121']],
    ['ftp', undefined, 'auto', ['explicit 21']],
    ['ftp', 2121, 'auto', ['explicit 2121']],
    ['ftps', undefined, 'explicit', ['explicit 21']],
    ['ftp', undefined, 'implicit', ['implicit 990']],
    ['ftp', 2121, 'implicit', ['implicit 2121']],
    ['ftp', undefined, 'off', ['plain 21']],
    ['ftp', 2121, 'off', ['plain 2121']]
  ] as const)('%s with port %s and tls %s: %j', (scheme, port, tls, ways) => {
    expect(attempts({ scheme, port, tls }).map(way => `${way.mode} ${way.port}`)).toEqual(ways)
  })

  it('are never plain unless "off" was written', () => {
    for (const tls of ['auto', 'explicit', 'implicit'] as const) {
      for (const scheme of ['ftp', 'ftps'] as const) {
        expect(attempts({ scheme, port: undefined, tls }).map(({ mode }) => mode)).not.toContain('plain')
      }
    }
  })
})

describe('user names', () => {
  it.each([
    ['my-app', 'my-app', '', 'my-app\\$my-app'],
    ['$my-app', 'my-app', 'production', 'my-app\\$my-app'],
    ['$MY-APP', 'my-app', 'Production', 'my-app\\$my-app'],
    ['my-app', 'my-app', 'blue', 'my-app__blue\\$my-app__blue'],
    ['my-app\\$my-app', 'my-app', 'blue', 'my-app\\$my-app'],
    ['deployer', 'my-app', '', 'deployer'],
    ['$other', 'my-app', '', '$other'],
    ['$my-app', '', '', '$my-app'],
    ['', 'my-app', '', '']
  ])('%j of app %j and slot %j is %s', (name, app, slot, full) => {
    expect(fullUserName(name, app, slot)).toBe(full)
  })

  it.each([
    ['my-app\\$my-app', { app: 'my-app', slot: 'production' }],
    ['my-app__blue\\$my-app__blue', { app: 'my-app', slot: 'blue' }],
    ['my-app\\me', { app: 'my-app', slot: 'production' }],
    ['$my-app', undefined],
    ['\\x', undefined],
    ['my-app\\', undefined],
    ['', undefined]
  ])('%j is of %j', (name, site) => {
    expect(siteOfUserName(name)).toEqual(site)
  })

  it('come back to the app and slot that they were made of', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{1,10}$/)
    fc.assert(
      fc.property(word, fc.option(word, { nil: 'production' }), (app, slot) => {
        expect(siteOfUserName(fullUserName(app, app, slot))).toEqual({ app, slot })
      })
    )
  })

  it.each([
    ['', 'Production', true],
    ['production', '', true],
    ['Staging', 'staging', true],
    ['staging', 'production', false],
    ['', 'staging', false]
  ])('the slots %j and %j are the same: %s', (one, two, expected) => {
    expect(isSameSlot(one, two)).toBe(expected)
  })
})
