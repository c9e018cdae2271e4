// What is said where az gives no answer, and which names are passed on to it at all. The words of az's errors are those that
// public reports quote.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { askForProfile, AzError, type AzureApp } from '../../../src/azure/cli.ts'
import { PASSWORD, profileOf } from '../profiles.ts'
import { APP, azThat, failing, messageOf, type Answer, type Asked } from './answering-az.ts'

describe('an az that gives no answer', () => {
  const NOT_FOUND = /There is no sign of the app "my-app" in the resource group "my-group"/
  const SIGNED_OUT = /not signed in, or its sign-in has expired\. Use azure\/login/
  const FORBIDDEN = /no permission to publish to the app "my-app"\. Give it the role Website Contributor/

  it.each<[string, Answer, RegExp]>([
    ['is missing', { kind: 'missing' }, /is asked for the publish profile, but this runner has none\. Install it/],
    ['cannot be started', { kind: 'failed', detail: 'EACCES' }, /could not be started: EACCES/],
    ['hangs', { kind: 'late' }, /gave no answer within 60 s and was stopped/],
    ['has no account', failing("ERROR: Please run 'az login' to setup account.\n"), SIGNED_OUT],
    ['has no subscription', failing("ERROR: Please run 'az account set' to select active account.\n"), SIGNED_OUT],
    [
      'has an expired token',
      failing('ERROR: AADSTS700082: The refresh token was not found or has expired.\n'),
      SIGNED_OUT
    ],
    ['is refused by Azure', failing('ERROR: (InvalidAuthenticationToken) The access token is invalid.\n'), SIGNED_OUT],
    [
      'has another subscription',
      failing("ERROR: (SubscriptionNotFound) The subscription '0b' could not be found.\n"),
      SIGNED_OUT
    ],
    [
      'may not do it',
      failing(
        'ERROR: (AuthorizationFailed) The client does not have authorization to perform action. If access was recently granted, please refresh your credentials.\n'
      ),
      FORBIDDEN
    ],
    ['may not do it, in short', failing("ERROR: Operation returned an invalid status 'Forbidden'\n"), FORBIDDEN],
    [
      'finds no app',
      failing("ERROR: (ResourceNotFound) The Resource 'Microsoft.Web/sites/my-app' was not found.\n", 3),
      NOT_FOUND
    ],
    ['finds no app, in short', failing("ERROR: Operation returned an invalid status 'Not Found'\n"), NOT_FOUND],
    [
      'finds no group',
      failing("ERROR: (ResourceGroupNotFound) Resource group 'my-group' could not be found.\n", 3),
      NOT_FOUND
    ],
    [
      'says something else',
      failing('WARNING: old\nERROR: Max retries exceeded\nmore\n'),
      /could not tell about the app "my-app" \(Max retries exceeded\)\./
    ],
    [
      'breaks',
      failing('Traceback:\n  x\nModuleNotFoundError: No module named azure\n'),
      /\(ModuleNotFoundError: No module named azure\)/
    ],
    ['says nothing', failing('', 127), /could not tell about the app "my-app"\. Run/]
  ])('%s: one error that says what to do', async (_, answer, words) => {
    const message = await messageOf(askForProfile(azThat(answer), APP))
    expect(message).toMatch(words)
    expect(message.length).toBeLessThan(600)
  })

  it('never has a secret in its error, wherever az wrote it', async () => {
    const words = fc.constantFrom('ERROR: ', '\n', ' ', PASSWORD, profileOf(), `"userPWD": "${PASSWORD}"`, 'az', '\r\n')
    const text = fc.array(words, { maxLength: 8 }).map(parts => parts.join(''))
    await fc.assert(
      fc.asyncProperty(text, text, fc.integer({ min: 1, max: 4 }), async (stdout, stderr, exitCode) => {
        const answer = { exitCode, stdout: `${profileOf()}${stdout}`, stderr }
        expect(await messageOf(askForProfile(azThat(answer), APP))).not.toContain(PASSWORD)
      })
    )
  })

  it.each([
    'ERROR: request failed, Authorization: Bearer abc.def.ghi',
    'ERROR: 401 for eyJhbGciOiJub25lIn0.e30.x',
    "ERROR: boom password='abc.def.ghi'",
    'ERROR: AccountKey=abc.def.ghi',
    'ERROR: Cannot connect to http://me:abc.def.ghi@proxy:8080',
    'ERROR: {"client_secret": "abc.def.ghi"}'
  ])('does not repeat what looks like another secret: %s', async stderr => {
    const message = await messageOf(askForProfile(azThat(failing(stderr)), APP))
    expect(message).toContain('could not tell about the app "my-app"')
    expect(message).not.toMatch(/abc|e30/)
  })

  it('is not read for long where it writes without end', async () => {
    const started = performance.now()
    const message = await messageOf(askForProfile(azThat(failing('x'.repeat(2_000_000))), APP))
    expect(message).toContain('could not tell about the app "my-app"')
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('does not send those away who passed the secret of a profile under a name that does not exist', async () => {
    expect(
      await messageOf(askForProfile(azThat(failing("ERROR: Please run 'az login' to setup account.\n")), APP))
    ).toContain('"publish-profile", which is empty in this run')
  })

  it('cannot act on the log by what it writes', async () => {
    const message = await messageOf(
      askForProfile(azThat(failing('ERROR: x ::set-env name=a::b ##[error]c\u001b[31m')), APP)
    )
    expect(message).not.toMatch(/::|##\[|\p{Cc}/u)
  })
})

describe('names', () => {
  const asked = (site: AzureApp): Promise<Asked> => {
    const az = azThat(profileOf())
    return askForProfile(az, site).then(
      () => az,
      (error: unknown) => {
        expect(error).toBeInstanceOf(AzError)
        return az
      }
    )
  }

  it('are passed on only where az and a shell take them for nothing but names', async () => {
    const name = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom('@file', '--query', '-g', 'a b', 'a"b', '%PATH%', 'ok-1', 'größe')
    )
    await fc.assert(
      fc.asyncProperty(name, name, name, async (app, slot, resourceGroup) => {
        const { commands } = await asked({ app, slot, resourceGroup })
        const values = commands.flat().filter(arg => arg !== '' && [app, slot, resourceGroup].includes(arg))
        for (const value of values) expect(value).toMatch(/^[\p{L}\p{N}_(][\p{L}\p{N}_().-]*$/u)
      })
    )
  })

  it.each<[string, AzureApp]>([
    ['app-name', { ...APP, app: 'my-app.azurewebsites.net' }],
    ['app-name', { ...APP, app: '@/etc/passwd' }],
    ['app-name', { ...APP, app: 'my-app/blue' }],
    ['slot-name', { ...APP, slot: '--xml' }],
    ['resource-group-name', { ...APP, resourceGroup: 'a b' }]
  ])('that are none are an error that names "%s", before az is started', async (input, site) => {
    const az = azThat(profileOf())
    expect(await messageOf(askForProfile(az, site))).toContain(`"${input}" is `)
    expect(az.commands).toEqual([])
  })

  it.each(['rg', 'My_Group.(1)-x', 'gruppe-ü', '(x)'])('of resource groups may be %s', async resourceGroup => {
    expect((await asked({ ...APP, resourceGroup })).commands).toHaveLength(1)
  })
})
