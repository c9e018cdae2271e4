// A publish profile: XML → where to log in, and as whom. Pure; no message ever repeats what the profile holds.
import { XMLParser } from 'fast-xml-parser'
import { parseFtpUrl, siteOfUserName, type FtpAddress } from '../ftp/target.ts'

/** What a profile says, as far as it is of use here. */
export interface PublishProfile {
  readonly address: FtpAddress
  /** The full user name, `app\$app` or `app__slot\$app__slot`. */
  readonly userName: string
  readonly password: string
  readonly app: string
  /** `production` for the app itself. */
  readonly slot: string
  /** Every user name in the profile, for masking: Kudu's is `$app`. */
  readonly userNames: readonly string[]
}

/** What is wrong with a profile; `message` is a whole sentence with the remedy. */
export class PublishProfileError extends Error {
  /** What is wrong, as the end of a sentence that begins with the profile; without a remedy. */
  readonly flaw: string

  constructor(flaw: string, remedy: string) {
    super(`"publish-profile" ${flaw}. ${remedy}`)
    this.flaw = flaw
    this.name = 'PublishProfileError'
  }
}

const DOWNLOAD_AGAIN =
  'Download it again (App Service: Overview, "Download publish profile") and store it whole as the secret'

/** A profile is about 3 kB; with connection strings some more. */
const MAX_LENGTH = 1_000_000

/**
 * Reads a publish profile; throws `PublishProfileError`.
 *
 * Of the two FTP nodes the one whose name contains `ReadOnly` leads to a replica that cannot be written
 * (learn.microsoft.com, "Deploy your app by using FTP/S").
 */
export function parsePublishProfile(xml: string): PublishProfile {
  const nodes = nodesOf(xml)
  const ftp = nodes.filter(node => node['publishMethod']?.toUpperCase() === 'FTP')
  const writable = ftp.find(node => !/readonly/i.test(node['profileName'] ?? ''))
  if (ftp.length === 0) {
    throw new PublishProfileError(
      'has no entry for FTP',
      `${DOWNLOAD_AGAIN}, or pass "ftp-url" with "ftp-username" and "ftp-password"`
    )
  }
  if (!writable) {
    throw new PublishProfileError(
      'has only a read-only entry for FTP, through which nothing can be changed',
      DOWNLOAD_AGAIN
    )
  }
  const password = writable['userPWD'] ?? ''
  // Tools that hide secrets write this in its place, and no generated password is as short.
  if (password === '' || password === 'REDACTED') {
    const kind = password === '' ? 'an empty' : 'a blacked-out'
    throw new PublishProfileError(
      `has ${kind} password for FTP, as it has where basic authentication is off for the app`,
      `Switch it on (App Service: Configuration, General settings, "FTP Basic Auth Publishing Credentials"). ${DOWNLOAD_AGAIN}`
    )
  }
  const userName = writable['userName'] ?? ''
  const site = siteOfUserName(userName)
  if (!site) {
    throw new PublishProfileError('has a user name for FTP that is not of the form app\\$app', DOWNLOAD_AGAIN)
  }
  const userNames = [...new Set(nodes.flatMap(node => node['userName'] ?? []))]
  return { address: addressOf(writable['publishUrl'] ?? ''), userName, password, ...site, userNames }
}

/** Where a push deploys to, and who may push. */
export interface GitTarget {
  /** `https://HOST/APP.git`, without credentials. */
  readonly url: string
  /** `$app`, for a slot `$app__slot`. */
  readonly userName: string
  readonly password: string
  readonly app: string
  /** `production` for the app itself. */
  readonly slot: string
}

/**
 * Reads from a publish profile where a push deploys to; throws `PublishProfileError`. It needs no entry for FTP.
 *
 * The repository is called after the app in every slot (projectkudu/kudu, `ServerConfiguration.GitServerRoot`), and the
 * host is taken as it is: it says the cloud, the slot, and sometimes the region.
 */
export function parseGitTarget(xml: string): GitTarget {
  const nodes = nodesOf(xml)
  const ofMethod = (method: string): Attributes | undefined =>
    nodes.find(node => node['publishMethod']?.toUpperCase() === method)
  const node = ofMethod('MSDEPLOY') ?? ofMethod('ZIPDEPLOY')
  if (!node) {
    throw new PublishProfileError(
      'has no entry for Web Deploy or Zip Deploy, which names the host that a push deploys to',
      DOWNLOAD_AGAIN
    )
  }
  const password = node['userPWD'] ?? ''
  if (password === '' || password === 'REDACTED') {
    const kind = password === '' ? 'an empty' : 'a blacked-out'
    throw new PublishProfileError(
      `has ${kind} password for Web Deploy, as it has where basic authentication is off for SCM`,
      `Switch it on (App Service: Configuration, General settings, "SCM Basic Auth Publishing Credentials"). ${DOWNLOAD_AGAIN}`
    )
  }
  const userName = node['userName'] ?? ''
  const [, app, slot = 'production'] = /^\$([^$\\/:@\s]+?)(?:__([^$\\/:@\s]+))?$/.exec(userName) ?? []
  if (app === undefined) {
    throw new PublishProfileError('has a user name for Web Deploy that is not of the form $app', DOWNLOAD_AGAIN)
  }
  const url = `https://${scmHostOf(node['publishUrl'] ?? '')}/${encodeURIComponent(app)}.git`
  return { url, userName, password, app, slot }
}

/** Profiles write `HOST:443`, and some `https://HOST/msdeploy.axd?…`. */
function scmHostOf(publishUrl: string): string {
  const match = /^(?:https:\/\/)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,5}))?(?:\/[^\s@]*)?$/i.exec(publishUrl)
  if (match?.[1] === undefined) {
    throw new PublishProfileError('has an address for Web Deploy that is not of the form HOST:443', DOWNLOAD_AGAIN)
  }
  const [, host, port = '443'] = match
  return port === '443' ? host.toLowerCase() : `${host.toLowerCase()}:${port}`
}

function addressOf(publishUrl: string): FtpAddress {
  try {
    return parseFtpUrl(publishUrl)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new PublishProfileError(`has an address for FTP that ${error.message}`, DOWNLOAD_AGAIN)
  }
}

type Attributes = Readonly<Record<string, string>>

function nodesOf(xml: string): readonly Attributes[] {
  const text = xml.replace(/^\uFEFF/, '').trim()
  const notXml = new PublishProfileError('is not XML, or was cut off', DOWNLOAD_AGAIN)
  if (text.length > MAX_LENGTH || !text.startsWith('<')) throw notXml
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    trimValues: false,
    htmlEntities: true,
    isArray: name => name === 'publishProfile'
  })
  let root: unknown
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor is a package with six dependencies more
    root = parser.parse(text, true)
  } catch {
    // Not well-formed; the parser also refuses entities that expand without bound, and nesting without end.
    throw notXml
  }
  const publishData = property(root, 'publishData')
  const profiles = property(publishData, 'publishProfile')
  return Array.isArray(profiles) ? profiles.map(attributesOf) : []
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function attributesOf(node: unknown): Attributes {
  if (typeof node !== 'object' || node === null) return {}
  return Object.fromEntries(
    Object.entries(node).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  )
}

/**
 * Every form in which the secrets of a login can appear in a log: as they are, XML-escaped, URL-encoded, and in the
 * headers of basic authentication.
 */
export function secretForms(password: string, userNames: readonly string[]): readonly string[] {
  if (password === '') return []
  const escaped = password
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
  const forms = [
    password,
    escaped,
    escaped.replaceAll("'", '&apos;'),
    escaped.replaceAll("'", '&#39;'),
    encodeURIComponent(password.toWellFormed()),
    encodeURI(password.toWellFormed()),
    new URLSearchParams({ p: password }).toString().slice(2),
    JSON.stringify(password).slice(1, -1),
    base64(password),
    ...userNames.map(name => base64(`${name}:${password}`))
  ]
  return [...new Set(forms)]
}

/**
 * Every form of every secret in a profile, taken without parsing it: they have to be masked before anything can fail.
 *
 * The names for basic authentication are those in the profile, and Kudu's `$app` for each `app\\$app`.
 */
export function secretsIn(xml: string): readonly string[] {
  const names = attributeValues(xml, 'userName').map(decodeEntities)
  const userNames = [...new Set(names.flatMap(name => [name, name.slice(name.lastIndexOf('\\') + 1)]))]
  const passwords = attributeValues(xml, 'userPWD')
  const forms = passwords.flatMap(raw => [raw, ...secretForms(decodeEntities(raw), userNames)])
  return [...new Set(forms)].filter(form => form !== '')
}

function attributeValues(xml: string, name: string): readonly string[] {
  const pattern = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'gi')
  return [...xml.slice(0, MAX_LENGTH).matchAll(pattern)].map(match => match[1] ?? match[2] ?? '')
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return ENTITIES[name.toLowerCase()] ?? whole
    const point = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
