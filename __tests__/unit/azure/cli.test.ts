// What is asked of az, and what becomes of its answers.
import { describe, expect, it } from 'vitest'
import {
  askForProfile,
  askForSettings,
  configuredPython,
  findResourceGroup,
  ftpRefusal,
  setCommand,
  uselessProfile,
  type Az,
  type AzureApp
} from '../../../src/azure/cli.ts'
import { profileOf } from '../profiles.ts'
import { APP, azThat, failing, messageOf, type Answer } from './answering-az.ts'

const SLOT: AzureApp = { ...APP, slot: 'blue' }

describe('the publish profile', () => {
  it('is asked for by name and resource group, as XML, without warnings', async () => {
    const az = azThat(`${profileOf()}\n`)
    expect(await askForProfile(az, APP)).toBe(profileOf())
    expect(az.commands).toEqual([
      ['az', 'webapp', 'deployment', 'list-publishing-profiles'].concat(
        ['--name', 'my-app', '--resource-group', 'my-group'],
        ['--xml', '--only-show-errors']
      )
    ])
  })

  it('is that of the slot where one is named', async () => {
    const az = azThat(profileOf({ slot: 'blue' }))
    await askForProfile(az, SLOT)
    expect(az.commands[0]?.join(' ')).toContain('--resource-group my-group --slot blue --xml')
  })

  it.each(['production', 'Production', ''])('is that of the app itself for the slot %j', async slot => {
    const az = azThat(profileOf())
    await askForProfile(az, { ...APP, slot })
    expect(az.commands[0]).not.toContain('--slot')
  })

  it('is handed over for masking before anything is made of it, also where az fails', async () => {
    const good = azThat(profileOf())
    await askForProfile(good, APP)
    expect(good.masked.join()).toContain(profileOf())
    const bad = azThat({ exitCode: 1, stdout: profileOf(), stderr: `ERROR: ${profileOf()}` })
    await messageOf(askForProfile(bad, APP))
    expect(bad.masked.join()).toContain(profileOf())
  })

  it.each([
    ['nothing', ''],
    ['JSON', '[{"publishMethod": "FTP"}]'],
    ['a page', '<html><body>Sign in</body></html>']
  ])('is refused where az prints %s', async (_, text) => {
    expect(await messageOf(askForProfile(azThat(text), APP))).toContain(
      'answered something else than the publish profile'
    )
  })
})

describe('the resource group', () => {
  const found = (...groups: readonly string[]): string =>
    JSON.stringify(groups.map(group => ({ name: 'My-App', group })))

  it('is looked up in the whole subscription, whatever the case of the name', async () => {
    const az = azThat(found('my-group'))
    expect(await findResourceGroup(az, 'my-app')).toBe('my-group')
    expect(az.commands[0]?.slice(0, 7)).toEqual([
      'az',
      'resource',
      'list',
      '--name',
      'my-app',
      '--resource-type',
      'Microsoft.Web/sites'
    ])
  })

  it('has to be named where there are several, which are listed', async () => {
    const message = await messageOf(findResourceGroup(azThat(found('first', 'second')), 'my-app'))
    expect(message).toMatch(/"resource-group-name", one of first, second/)
  })

  it.each([
    ['there is no such app', '[]'],
    ['only other apps are told', JSON.stringify([{ name: 'another', group: 'x' }])]
  ])('is an error where %s', async (_, text) => {
    expect(await messageOf(findResourceGroup(azThat(text), 'my-app'))).toContain('There is no sign of the app "my-app"')
  })

  it.each(['', 'null', '{}', '[{', '[{"name":"my-app","group":"--query"}]', '[{"name":"my-app","group":7}]'])(
    'is an error where az answers %j',
    async text => {
      expect(await messageOf(findResourceGroup(azThat(text), 'my-app'))).toContain('answered something else')
    }
  )
})

describe('the settings', () => {
  it('tell the Python that the app is set to, and whether FTP takes a password', async () => {
    const az = azThat('{"runtime": "PYTHON|3.12", "ftps": "FtpsOnly"}', 'true')
    expect(await askForSettings(az, APP)).toEqual({ python: '3.12', ftp: true, ftpBasicAuth: true, gaps: [] })
    expect(az.commands[1]?.join(' ')).toContain('--parent sites/my-app --name ftp')
  })

  it('are those of the slot where one is named', async () => {
    const az = azThat('{}', 'true')
    await askForSettings(az, SLOT)
    expect(az.commands.map(command => command.join(' '))).toEqual([
      expect.stringContaining('--slot blue') as string,
      expect.stringContaining('--parent sites/my-app/slots/blue') as string
    ])
  })

  it.each([
    ['{"runtime": "PYTHON|3.12", "ftps": "Disabled"}', 'true', { ftp: false, ftpBasicAuth: true }],
    ['{"runtime": "", "ftps": "AllAllowed"}', 'false', { python: undefined, ftp: true, ftpBasicAuth: false }],
    ['{"runtime": null, "ftps": null}', 'null', { python: undefined, ftp: true, ftpBasicAuth: true }]
  ])('are read from %s and %s', async (configuration, allowed, expected) => {
    expect(await askForSettings(azThat(configuration, allowed), APP)).toMatchObject(expected)
  })

  it.each<[string, Answer]>([
    ['it may not be asked', failing('ERROR: (AuthorizationFailed) The client does not have authorization', 1)],
    ['its answer cannot be read', '<html>'],
    ['it gives none', { kind: 'late' }]
  ])('stay open where %s: that is told, and no reason to stop', async (_, answer) => {
    const { gaps, ...settings } = await askForSettings(azThat(answer), APP)
    expect(settings).toEqual({ python: undefined, ftp: true, ftpBasicAuth: true })
    expect(gaps).toHaveLength(2)
  })

  it('are not called a lack of permission to publish where they may not be read', async () => {
    const forbidden = failing(
      'ERROR: (AuthorizationFailed) The client does not have authorization to perform action.\n'
    )
    const { gaps } = await askForSettings(azThat(forbidden), APP)
    expect(gaps[0]).toMatch(/configuration of the app: .*no permission to read the settings of the app "my-app"$/)
  })

  it('are not waited for when the run is told to stop', async () => {
    const az: Az = { ...azThat(''), run: () => Promise.reject(new Error('told to stop')) }
    await expect(askForSettings(az, APP)).rejects.toThrow('told to stop')
  })

  it.each([
    ['PYTHON|3.12', '3.12'],
    ['python|3.9', '3.9'],
    ['PYTHON|3.10 ', '3.10'],
    ['PYTHON|3.13-preview', '3.13'],
    ['PYTHON|', undefined],
    ['PYTHON', undefined],
    ['NODE|18-lts', undefined],
    ['DOCKER|python:3.12', undefined],
    ['', undefined]
  ])('mean by %j the Python %s', (text, version) => {
    expect(configuredPython(text)).toBe(version)
  })
})

describe('what is switched off', () => {
  it('is no matter where all is on', () => {
    expect(ftpRefusal(APP, { ftp: true, ftpBasicAuth: true })).toBeUndefined()
  })

  it('is told with the command that switches it on', () => {
    expect(ftpRefusal(APP, { ftp: true, ftpBasicAuth: false })?.message).toMatch(
      /Basic authentication is off for FTP in the app "my-app".*az resource update --resource-group my-group .* --parent sites\/my-app --name ftp --set properties\.allow=true$/
    )
    expect(ftpRefusal(SLOT, { ftp: false, ftpBasicAuth: false })?.message).toContain('--parent sites/my-app/slots/blue')
    expect(ftpRefusal(SLOT, { ftp: false, ftpBasicAuth: true })?.message).toMatch(
      /FTP is switched off for the slot "blue" of the app "my-app".*az webapp config set --name my-app --resource-group my-group --slot blue --ftps-state FtpsOnly$/
    )
  })

  it('is the likely cause where the profile is of no use', () => {
    expect(uselessProfile(APP, 'has an empty password').message).toMatch(
      /that az gave for the app "my-app" has an empty password\./
    )
    expect(setCommand(APP)).toBe('az webapp config set --name my-app --resource-group my-group')
  })
})
