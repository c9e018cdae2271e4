// Prints a publish profile as Azure does. Knows nothing of servers.

/** Says what a profile is for. */
export interface PublishProfileOptions {
  readonly app: string
  readonly slot?: string | undefined
  /** FTP user; `app\$app` or `app__slot\$app__slot` if left out. */
  readonly userName?: string | undefined
  readonly password: string
  readonly host: string
  readonly explicitPort: number
  readonly implicitPort: number
  readonly tls: 'implicit' | 'explicit'
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;'
}

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => ENTITIES[character] ?? character)
}

/** Gives the name under which Kudu and FTP know an app or one of its slots. */
export function siteName(app: string, slot?: string): string {
  return slot === undefined ? app : `${app}__${slot}`
}

/** Gives the FTP user of an app or one of its slots. */
export function ftpUserName(app: string, slot?: string): string {
  const site = siteName(app, slot)
  return `${site}\\$${site}`
}

type Attributes = readonly (readonly [string, string])[]

function printNode(attributes: Attributes): string {
  const printed = attributes.map(([name, value]) => `${name}="${escapeXml(value)}"`).join(' ')
  return `<publishProfile ${printed}><databases /></publishProfile>`
}

/** Prints the XML of `az webapp deployment list-publishing-profiles --xml`: MSDeploy, FTP, Zip Deploy and the read-only FTP that clients must skip. */
export function publishProfile(options: PublishProfileOptions): string {
  const site = siteName(options.app, options.slot)
  const domain = options.slot === undefined ? options.app : `${options.app}-${options.slot}`
  const scm = `${domain}.scm.azurewebsites.net:443`
  const [scheme, port] = options.tls === 'implicit' ? ['ftps', options.implicitPort] : ['ftp', options.explicitPort]
  const ftpUser = options.userName ?? ftpUserName(options.app, options.slot)
  const common: Attributes = [
    ['userPWD', options.password],
    ['destinationAppUrl', `http://${domain}.azurewebsites.net`],
    ['SQLServerDBConnectionString', ''],
    ['mySQLDBConnectionString', ''],
    ['hostingProviderForumLink', ''],
    ['controlPanelLink', 'https://portal.azure.com'],
    ['webSystem', 'WebSites']
  ]
  const node = (label: string, method: string, url: string, own: Attributes): string =>
    printNode([
      ['profileName', `${domain} - ${label}`],
      ['publishMethod', method],
      ['publishUrl', url],
      ...own,
      ...common
    ])
  const ftp = (userName: string): Attributes => [
    ['ftpPassiveMode', 'True'],
    ['userName', userName]
  ]
  const nodes = [
    node('Web Deploy', 'MSDeploy', scm, [
      ['msdeploySite', site],
      ['userName', `$${site}`]
    ]),
    node('FTP', 'FTP', `${scheme}://${options.host}:${port}/site/wwwroot`, ftp(ftpUser)),
    // RFC 2606: a name that never resolves, so a client that picks the wrong node fails loudly.
    node('ReadOnly - FTP', 'FTP', `${scheme}://readonly-dr.ftp.invalid/site/wwwroot`, ftp(ftpUser)),
    node('Zip Deploy', 'ZipDeploy', scm, [['userName', `$${site}`]])
  ]
  return `<publishData>${nodes.join('')}</publishData>`
}
