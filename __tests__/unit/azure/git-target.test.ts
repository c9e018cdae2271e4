import { describe, expect, it } from 'vitest'
import { PublishProfileError, parseGitTarget } from '../../../src/azure/publish-profile.ts'
import { PASSWORD, entryOf, profileOf } from '../profiles.ts'

const WEB_DEPLOY = { publishMethod: 'MSDeploy', publishUrl: 'my-app.scm.azurewebsites.net:443', userName: '$my-app' }

describe('where a push deploys to', () => {
  it('is told by a profile as Azure prints it', () => {
    expect(parseGitTarget(profileOf())).toEqual({
      url: 'https://my-app.scm.azurewebsites.net/my-app.git',
      userName: '$my-app',
      password: PASSWORD,
      app: 'my-app',
      slot: 'production'
    })
  })

  it('is the host of the slot and the name of the app for a slot', () => {
    expect(parseGitTarget(profileOf({ slot: 'blue' }))).toMatchObject({
      url: 'https://my-app-blue.scm.azurewebsites.net/my-app.git',
      userName: '$my-app__blue',
      app: 'my-app',
      slot: 'blue'
    })
  })

  it('needs no entry for FTP', () => {
    expect(parseGitTarget(entryOf(WEB_DEPLOY)).url).toBe('https://my-app.scm.azurewebsites.net/my-app.git')
  })

  it.each([
    ['my-app.scm.azurewebsites.us:443', 'my-app.scm.azurewebsites.us'],
    ['my-app.scm.chinacloudsites.cn:443', 'my-app.scm.chinacloudsites.cn'],
    ['my-app.scm.my-ase.p.azurewebsites.net:443', 'my-app.scm.my-ase.p.azurewebsites.net'],
    [
      'my-app-d5hgdhhwa0gnehg9.scm.westeurope-01.azurewebsites.net:443',
      'my-app-d5hgdhhwa0gnehg9.scm.westeurope-01.azurewebsites.net'
    ],
    ['My-App.scm.azurewebsites.net', 'my-app.scm.azurewebsites.net'],
    ['localhost:8443', 'localhost:8443'],
    ['https://my-app.scm.azurewebsites.net:443/msdeploy.axd?site=my-app', 'my-app.scm.azurewebsites.net']
  ])('keeps the host of %s', (publishUrl, host) => {
    expect(parseGitTarget(entryOf({ ...WEB_DEPLOY, publishUrl })).url).toBe(`https://${host}/my-app.git`)
  })

  it('is also told by an entry for Zip Deploy alone, whatever its case', () => {
    const xml = entryOf({ ...WEB_DEPLOY, publishMethod: 'zipdeploy' })
    expect(parseGitTarget(xml).userName).toBe('$my-app')
  })

  it.each([
    ['no such entry', entryOf(), /no entry for Web Deploy or Zip Deploy/],
    ['an empty password', entryOf({ ...WEB_DEPLOY, userPWD: '' }), /empty password.*SCM Basic Auth/],
    ['a blacked-out password', entryOf({ ...WEB_DEPLOY, userPWD: 'REDACTED' }), /blacked-out password/],
    ['the user name of FTP', entryOf({ ...WEB_DEPLOY, userName: 'my-app\\$my-app' }), /form \$app/],
    ['no user name', entryOf({ ...WEB_DEPLOY, userName: '' }), /form \$app/],
    ['plain HTTP', entryOf({ ...WEB_DEPLOY, publishUrl: 'http://my-app.example/' }), /form HOST:443/],
    [
      'credentials in the address',
      entryOf({ ...WEB_DEPLOY, publishUrl: 'https://a:b@host.example/' }),
      /form HOST:443/
    ],
    ['an option as its host', entryOf({ ...WEB_DEPLOY, publishUrl: '--upload-pack=x' }), /form HOST:443/],
    ['no XML', 'secret-word', /not XML/]
  ])('is refused where the profile has %s, without repeating the profile', (_, xml, message) => {
    const target = (): unknown => parseGitTarget(xml)
    expect(target).toThrow(PublishProfileError)
    expect(target).toThrow(message)
    expect(target).not.toThrow(/secret-word|a:b/)
  })
})
