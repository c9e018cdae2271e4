// Answers as az does, for the few commands that are asked of it: arguments, exit codes, streams and wording.
// Arguments: the file with the world, then those of az.
import { appendFileSync, readFileSync, writeSync } from 'node:fs'
import type { AzWorld, AzureSite } from './world.ts'

const [file = '', ...args] = process.argv.slice(2)
const world = JSON.parse(readFileSync(file, 'utf8')) as AzWorld
appendFileSync(`${file}.calls`, `${JSON.stringify({ pid: process.pid, args })}\n`)

/** knack's exit codes: 1 for errors, 2 for arguments that cannot be parsed, 3 for what does not exist. */
function fail(message: string, exitCode = 1): never {
  writeSync(2, `ERROR: ${message}\n`)
  process.exit(exitCode)
}

const COMMANDS: Readonly<Record<string, { readonly needs: readonly string[]; readonly takes: readonly string[] }>> = {
  'webapp deployment list-publishing-profiles': { needs: ['name', 'resource-group'], takes: ['slot', 'xml'] },
  'webapp config show': { needs: ['name', 'resource-group'], takes: ['slot'] },
  'resource list': { needs: [], takes: ['name', 'resource-group', 'resource-type', 'namespace'] },
  'resource show': { needs: ['name', 'resource-group', 'resource-type'], takes: ['namespace', 'parent'] }
}
const EVERYWHERE = ['query', 'output', 'only-show-errors']
const SWITCHES = ['xml', 'only-show-errors']

const wordsEnd = args.findIndex(arg => arg.startsWith('-'))
const command = args.slice(0, wordsEnd === -1 ? args.length : wordsEnd).join(' ')
const options = new Map<string, string>()
const misfortune = world.misfortunes.find(each => each.command === command)

function readOptions(): void {
  const known = COMMANDS[command]
  if (!known) fail(`'${args[0] ?? ''}' is misspelled or not recognized by the system.`, 2)
  for (let at = wordsEnd; at >= 0 && at < args.length; at++) {
    const name = (args[at] ?? '').replace(/^--/, '')
    if (![...known.needs, ...known.takes, ...EVERYWHERE].includes(name))
      fail(`unrecognized arguments: ${args[at] ?? ''}`, 2)
    const value = SWITCHES.includes(name) ? 'True' : args[++at]
    if (value === undefined || value.startsWith('-')) fail(`argument --${name}: expected one argument`, 2)
    if (value.startsWith('@')) fail(`Failed to open file '${value.slice(1)}'`, 2)
    options.set(name, value)
  }
  const missing = known.needs.filter(name => !options.has(name)).map(name => `--${name}`)
  if (missing.length > 0) fail(`the following arguments are required: ${missing.join(', ')}`, 2)
}

const option = (name: string): string => options.get(name) ?? ''
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

function demand(action: string, scope: string): void {
  if (!world.forbidden.includes(action)) return
  fail(
    `(AuthorizationFailed) The client '0a' with object id '0a' does not have authorization to perform action '${action}' over ` +
      `scope '/subscriptions/0b/${scope}' or the scope is invalid. If access was recently granted, please refresh your ` +
      'credentials.\nCode: AuthorizationFailed'
  )
}

function siteNamed(name: string, slot: string): AzureSite {
  const group = option('resource-group')
  const groups = world.sites.filter(site => same(site.resourceGroup, group))
  if (groups.length === 0) {
    fail(`(ResourceGroupNotFound) Resource group '${group}' could not be found.\nCode: ResourceGroupNotFound`, 3)
  }
  const site = groups.find(each => same(each.name, name) && same(each.slot ?? '', slot))
  const path = slot === '' ? `sites/${name}` : `sites/${name}/slots/${slot}`
  return (
    site ??
    fail(
      `(ResourceNotFound) The Resource 'Microsoft.Web/${path}' under resource group '${group}' was not found.\nCode: ResourceNotFound`,
      3
    )
  )
}

function answer(): unknown {
  if (command === 'resource list') {
    const isApp = same(option('resource-type'), 'Microsoft.Web/sites')
    const apps = world.sites.filter(({ name, slot }) => isApp && slot === undefined && same(name, option('name')))
    return apps.map(({ name, resourceGroup }) => ({
      name,
      resourceGroup,
      type: 'Microsoft.Web/sites',
      location: 'westeurope'
    }))
  }
  if (command === 'resource show') {
    const [, name = '', , slot = ''] = option('parent').split('/')
    demand('Microsoft.Web/sites/basicPublishingCredentialsPolicies/read', `sites/${name}`)
    return { name: option('name'), properties: { allow: siteNamed(name, slot).ftpBasicAuth } }
  }
  const site = siteNamed(option('name'), option('slot'))
  if (command === 'webapp config show') {
    demand('Microsoft.Web/sites/config/read', `sites/${site.name}`)
    return { linuxFxVersion: site.linuxFxVersion, ftpsState: site.ftpsState, appSettings: null }
  }
  demand('Microsoft.Web/sites/publishxml/action', `sites/${site.name}`)
  return site.profile
}

/** The queries that are asked, without a language for them. */
function queried(value: unknown): unknown {
  const record = value as Readonly<Record<string, unknown>>
  switch (option('query')) {
    case '':
      return value
    case '[].{name:name,group:resourceGroup}':
      return (value as readonly { name: string; resourceGroup: string }[]).map(({ name, resourceGroup }) => ({
        name,
        group: resourceGroup
      }))
    case '{runtime:linuxFxVersion,ftps:ftpsState}':
      return { runtime: record['linuxFxVersion'], ftps: record['ftpsState'] }
    case 'properties.allow':
      return (record['properties'] as Readonly<Record<string, unknown>>)['allow']
    default:
      return fail(`argument --query: invalid jmespath_type value: '${option('query')}'`, 2)
  }
}

if (misfortune) {
  process.stdout.write(misfortune.stdout ?? '')
  process.stderr.write(misfortune.stderr ?? '')
  if (misfortune.hangs) setInterval(() => undefined, 1000)
  else process.exitCode = misfortune.exitCode ?? 1
} else {
  readOptions()
  if (!world.signedIn) fail("Please run 'az login' to setup account.")
  const value = queried(answer())
  if (!options.has('only-show-errors')) process.stderr.write('WARNING: This command has been tried too seldom.\n')
  process.stdout.write(options.has('xml') ? `${String(value)}\n` : `${JSON.stringify(value, undefined, 2)}\n`)
}
