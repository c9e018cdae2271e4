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
  constructor(message: string) {
    super(message)
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
      `"publish-profile" has no entry for FTP. ${DOWNLOAD_AGAIN}, or pass "ftp-url" with "ftp-username" and "ftp-password"`
    )
  }
  if (!writable) {
    throw new PublishProfileError(
      `"publish-profile" has only a read-only entry for FTP, through which nothing can be changed. ${DOWNLOAD_AGAIN}`
    )
  }
  const password = writable['userPWD'] ?? ''
  if (password === '') {
    throw new PublishProfileError(
      '"publish-profile" has an empty password for FTP, as it has where basic authentication is off for the app. Switch it ' +
        `on (App Service: Configuration, General settings, "FTP Basic Auth Publishing Credentials"). ${DOWNLOAD_AGAIN}`
    )
  }
  const userName = writable['userName'] ?? ''
  const site = siteOfUserName(userName)
  if (!site) {
    throw new PublishProfileError(
      `"publish-profile" has a user name for FTP that is not of the form app\\$app. ${DOWNLOAD_AGAIN}`
    )
  }
  const userNames = [...new Set(nodes.flatMap(node => node['userName'] ?? []))]
  return { address: addressOf(writable['publishUrl'] ?? ''), userName, password, ...site, userNames }
}

function addressOf(publishUrl: string): FtpAddress {
  try {
    return parseFtpUrl(publishUrl)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new PublishProfileError(`The address for FTP in "publish-profile" ${error.message}. ${DOWNLOAD_AGAIN}`)
  }
}

type Attributes = Readonly<Record<string, string>>

function nodesOf(xml: string): readonly Attributes[] {
  const text = xml.replace(/^\uFEFF/, '').trim()
  const notXml = new PublishProfileError(`"publish-profile" is not XML, or was cut off. ${DOWNLOAD_AGAIN}`)
  if (text.length > MAX_LENGTH || !text.startsWith('<')) throw notXml
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    trimValues: false,
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
    encodeURIComponent(password),
    encodeURI(password),
    new URLSearchParams({ p: password }).toString().slice(2),
    JSON.stringify(password).slice(1, -1),
    base64(password),
    ...userNames.map(name => base64(`${name}:${password}`))
  ]
  return [...new Set(forms)]
}

/** The raw values of `userPWD`, taken without parsing, so that they can be masked before anything can fail. */
export function rawPasswords(xml: string): readonly string[] {
  return [...xml.slice(0, MAX_LENGTH).matchAll(/\buserPWD\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)]
    .map(match => match[1] ?? match[2] ?? '')
    .filter(value => value !== '')
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
