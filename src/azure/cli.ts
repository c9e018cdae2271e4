// What the signed-in `az` knows of an app: the commands that ask for it, what their answers mean, and what is wrong where
// there is none. Starts nothing itself, and repeats nothing of what az wrote to its standard output.
import { listed, plain } from '../escape.ts'
import { isSameSlot } from '../ftp/target.ts'
import type { ProgramLimits, RunProgram } from '../ports.ts'
import { leadingVersion, type PythonVersion } from '../python/version.ts'
import { secretsIn } from './publish-profile.ts'

/** What is wrong with az or with its answer; `message` holds no secret, and consists of the problem and its remedy. */
export class AzError extends Error {
  readonly problem: string
  constructor(problem: string, remedy?: string) {
    super(remedy === undefined ? problem : `${problem}. ${remedy}`)
    this.name = 'AzError'
    this.problem = problem
  }
}

/** An app of which az is asked. */
export interface AzureApp {
  readonly app: string
  /** `production` or empty for the app itself. */
  readonly slot: string
  /** Empty: not known. */
  readonly resourceGroup: string
}

/** How az is reached. */
export interface Az {
  readonly run: RunProgram
  readonly limits: ProgramLimits
  /** Receives all that az wrote before anything is made of it, so that the secrets in it can be masked. */
  readonly mask: (written: string) => void
}

/** What the app's own settings say, as far as az told. */
export interface AppSettings {
  /** From `linuxFxVersion`; `undefined` for anything but a Python on Linux. */
  readonly python: PythonVersion | undefined
  /** `false` only where az said so. */
  readonly ftp: boolean
  /** `false` only where az said so. */
  readonly ftpBasicAuth: boolean
  /** What could not be asked for, and why: these are no reason to stop. */
  readonly gaps: readonly string[]
}

/** Names as Azure allows them; none of them is an option, or `@file`, which az would read, or means something to cmd.exe. */
const NAMES = { site: /^[\p{L}\p{N}][\p{L}\p{N}-]{0,59}$/u, group: /^[\p{L}\p{N}_(][\p{L}\p{N}_().-]{0,89}$/u }

/** The secret may well have been passed, under a name that does not exist: the runner makes an empty text of that. */
const BY_HAND = 'or pass the publish profile in "publish-profile", which is empty in this run'

/** What az says of an error is short. More is not looked at: it could take long. */
const MAX_STDERR = 20_000

/** What tells of a secret that is not in a profile: a token, or a value with such a name. */
const TELLING = /userPWD|publishProfile|\bbearer\b|\beyJ|(?:password|passwd|pwd|secret|token|key|sig)\W{0,3}[=:]/i

/** Finds the resource group of an app in the subscription that az is signed in to. */
export async function findResourceGroup(az: Az, app: string): Promise<string> {
  const site = { app, slot: '', resourceGroup: '' }
  const filter = ['--name', app, '--resource-type', 'Microsoft.Web/sites']
  const query = ['--query', '[].{name:name,group:resourceGroup}', '--output', 'json']
  const found = jsonOf(await ask(az, site, ['resource', 'list', ...filter, ...query]))
  if (!Array.isArray(found)) throw unreadable('the list of apps')
  const groups = found.flatMap((item: unknown) =>
    textIn(item, 'name').toLowerCase() === app.toLowerCase() ? [textIn(item, 'group')] : []
  )
  const [group, ...others] = groups
  if (group === undefined) throw notFound(site)
  if (others.length > 0) {
    throw new AzError(
      `There is more than one app "${app}" in the subscription that az is signed in to: name the resource group in ` +
        `"resource-group-name", one of ${listed(groups)}`
    )
  }
  if (!NAMES.group.test(group)) throw unreadable('the list of apps')
  return group
}

/** Asks for the publish profile: XML that holds passwords. */
export async function askForProfile(az: Az, site: AzureApp): Promise<string> {
  const command = ['webapp', 'deployment', 'list-publishing-profiles', ...named(site), '--xml']
  const xml = (await ask(az, site, command)).replace(/^\uFEFF/, '').trim()
  if (!/<publishData\b/.test(xml)) throw unreadable('the publish profile')
  return xml
}

/** Asks for the settings that decide whether FTP works and which Python a deployment builds with. Only an abort rejects. */
export async function askForSettings(az: Az, site: AzureApp): Promise<AppSettings> {
  const { app, slot, resourceGroup } = site
  const parent = isSameSlot(slot, '') ? `sites/${app}` : `sites/${app}/slots/${slot}`
  const policy = ['--namespace', 'Microsoft.Web', '--resource-type', 'basicPublishingCredentialsPolicies']
  const json = (query: string): readonly string[] => ['--query', query, '--output', 'json']
  const gaps: string[] = []
  const tryTo = async (what: string, command: readonly string[]): Promise<unknown> => {
    try {
      return jsonOf(await ask(az, site, command))
    } catch (error) {
      if (!(error instanceof AzError)) throw error
      gaps.push(`az did not tell ${what}: ${error.problem}`)
      return undefined
    }
  }
  const configuration = await tryTo('the configuration of the app', [
    ...['webapp', 'config', 'show', ...named(site)],
    ...json('{runtime:linuxFxVersion,ftps:ftpsState}')
  ])
  const allowed = await tryTo('whether basic authentication is on for FTP', [
    ...['resource', 'show', '--resource-group', resourceGroup, ...policy, '--parent', parent, '--name', 'ftp'],
    ...json('properties.allow')
  ])
  return {
    python: configuredPython(textIn(configuration, 'runtime')),
    ftp: textIn(configuration, 'ftps').toLowerCase() !== 'disabled',
    ftpBasicAuth: allowed !== false,
    gaps
  }
}

/** The Python of a `linuxFxVersion` such as `PYTHON|3.12`; `undefined` for another language, a container, or Windows. */
export function configuredPython(linuxFxVersion: string): PythonVersion | undefined {
  const version = /^PYTHON\|(.*)$/i.exec(linuxFxVersion.trim())?.[1]
  return version === undefined ? undefined : leadingVersion(version)
}

/** The command that sets a setting of an app; what is to be set follows it. */
export function setCommand(site: AzureApp): string {
  return ['az webapp config set', ...named(site)].join(' ')
}

/** What is wrong where a login over FTP cannot succeed, with the command that changes it; `undefined`: nothing is. */
export function ftpRefusal(
  site: AzureApp,
  { ftp, ftpBasicAuth }: Pick<AppSettings, 'ftp' | 'ftpBasicAuth'>
): AzError | undefined {
  if (!ftpBasicAuth) {
    const parent = isSameSlot(site.slot, '') ? `sites/${site.app}` : `sites/${site.app}/slots/${site.slot}`
    return new AzError(
      `Basic authentication is off for FTP in ${theApp(site)}, so no password would be taken. Switch it on (App Service: ` +
        'Configuration, General settings, "FTP Basic Auth Publishing Credentials"), or run: az resource update ' +
        `--resource-group ${site.resourceGroup} --namespace Microsoft.Web --resource-type basicPublishingCredentialsPolicies ` +
        `--parent ${parent} --name ftp --set properties.allow=true`
    )
  }
  if (ftp) return undefined
  return new AzError(
    `FTP is switched off for ${theApp(site)}. Switch it on (App Service: Configuration, General settings, "FTP state"), ` +
      `or run: ${setCommand(site)} --ftps-state FtpsOnly`
  )
}

/** What is wrong where az gave a profile that cannot be used; `flaw` continues a sentence about the profile. */
export function uselessProfile(site: AzureApp, flaw: string): AzError {
  return new AzError(
    `The publish profile that az gave for ${theApp(site)} ${flaw}. Check that basic authentication is on for FTP (App ` +
      'Service: Configuration, General settings) and that the identity that az is signed in with may publish (role Website ' +
      `Contributor), ${BY_HAND}`
  )
}

function named({ app, slot, resourceGroup }: AzureApp): readonly string[] {
  return ['--name', app, '--resource-group', resourceGroup, ...(isSameSlot(slot, '') ? [] : ['--slot', slot])]
}

function theApp({ app, slot }: AzureApp): string {
  return isSameSlot(slot, '') ? `the app "${app}"` : `the slot "${slot}" of the app "${app}"`
}

function checkNames({ app, slot, resourceGroup }: AzureApp): void {
  for (const [input, name, isAllowed] of [
    ['app-name', app, NAMES.site.test(app)],
    ['slot-name', slot, slot === '' || NAMES.site.test(slot)],
    ['resource-group-name', resourceGroup, resourceGroup === '' || NAMES.group.test(resourceGroup)]
  ] as const) {
    if (isAllowed) continue
    throw new AzError(
      `"${input}" is ${JSON.stringify(name.slice(0, 60))}: write the name as the portal shows it, without its address. A slot has ` +
        'an input of its own, "slot-name"'
    )
  }
}

/** Runs one command of az; throws `AzError` for anything but success. */
async function ask(az: Az, site: AzureApp, command: readonly string[]): Promise<string> {
  checkNames(site)
  const result = await az.run('az', [...command, '--only-show-errors'], az.limits)
  if (result.kind === 'missing') {
    throw new AzError(
      'Only "app-name" is given, so the Azure CLI (az) is asked for the publish profile, but this runner has none. Install ' +
        `it, and sign in with azure/login in a step before this one, ${BY_HAND}`
    )
  }
  if (result.kind === 'failed') {
    throw new AzError(
      `The Azure CLI (az) could not be started: ${plain(result.detail, 300)}`,
      `Install it anew, ${BY_HAND}`
    )
  }
  if (result.kind === 'late') {
    throw new AzError(
      `The Azure CLI (az) gave no answer within ${az.limits.timeoutMs / 1000} s and was stopped`,
      `Run again, raise "timeout" above that, ${BY_HAND}`
    )
  }
  az.mask(`${result.stdout}\n${result.stderr}`)
  if (result.exitCode === 0) return result.stdout
  throw refusalOf(site, command, { ...result, stderr: result.stderr.slice(0, MAX_STDERR) })
}

interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

function refusalOf(site: AzureApp, command: readonly string[], { exitCode, stdout, stderr }: Ended): AzError {
  // What is refused for want of a role also says to refresh the credentials, so this comes first.
  if (/AuthorizationFailed|does not have authorization|\bForbidden\b/.test(stderr)) {
    const wish = command.includes('list-publishing-profiles') ? 'publish to' : 'read the settings of'
    return new AzError(
      `The identity that az is signed in with has no permission to ${wish} ${theApp(site)}`,
      `Give it the role Website Contributor on the app, ${BY_HAND}`
    )
  }
  if (
    /az login|az account set|AADSTS\d|No subscriptions? found|AuthenticationToken|SubscriptionNotFound/i.test(stderr)
  ) {
    return new AzError(
      'The Azure CLI (az) is not signed in, or its sign-in has expired',
      'Use azure/login in a step before this one (az login, and az account set for the right subscription), ' + BY_HAND
    )
  }
  // az ends with 3 where something does not exist.
  if (exitCode === 3 || /Resource(Group)?NotFound|\bNot Found\b|was not found|could not be found/.test(stderr)) {
    return notFound(site)
  }
  const line = firstError(stdout, stderr)
  const words = command
    .slice(
      0,
      command.findIndex(word => word.startsWith('-'))
    )
    .join(' ')
  return new AzError(
    `The Azure CLI (az) could not tell about ${theApp(site)}${line === '' ? '' : ` (${line})`}`,
    `Run "az ${words}" by hand to see why, ${BY_HAND}`
  )
}

function notFound(site: AzureApp): AzError {
  const where =
    site.resourceGroup === ''
      ? 'the subscription that az is signed in to'
      : `the resource group "${site.resourceGroup}" of the subscription that az is signed in to`
  return new AzError(
    `There is no sign of ${theApp(site)} in ${where}`,
    'Correct "app-name", "slot-name" or "resource-group-name", choose the subscription with az account set, and check ' +
      'that the identity may see the app'
  )
}

function unreadable(what: string): AzError {
  return new AzError(`The Azure CLI (az) answered something else than ${what}`, `Bring it up to date, ${BY_HAND}`)
}

/** The line of az that names the error, if nothing in it looks like a secret. */
function firstError(stdout: string, stderr: string): string {
  const lines = stderr.split(/\r?\n/).filter(line => line.trim() !== '')
  const line = lines.find(each => each.startsWith('ERROR:')) ?? lines.at(-1) ?? ''
  const secrets = secretsIn(`${stdout}\n${stderr}`)
  const isTelling = TELLING.test(line) || secrets.some(secret => line.includes(secret))
  // An address may hold a password, as that of a proxy does.
  return isTelling ? '' : plain(line.replace(/^ERROR:\s*/, '').replace(/:\/\/[^/\s]*@/g, '://…@'), 300)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw unreadable('JSON')
  }
}

/** A member of a JSON object; empty for what is no text. */
function textIn(value: unknown, name: string): string {
  const member =
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
  return typeof member === 'string' ? member : ''
}
