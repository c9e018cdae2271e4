// Where the FTP server is, who logs in, and which way of TLS is tried in which order. Opens nothing. Pure.

/** The choices of the input `tls`. */
export type TlsChoice = 'auto' | 'explicit' | 'implicit' | 'off'

/** One way of connecting. */
export interface Attempt {
  readonly mode: 'implicit' | 'explicit' | 'plain'
  readonly port: number
}

/** An FTP address without credentials. */
export interface FtpAddress {
  readonly scheme: 'ftp' | 'ftps'
  readonly host: string
  /** `undefined`: the standard port of whichever way of TLS is tried. */
  readonly port: number | undefined
}

/** All that is needed to log in. */
export interface FtpTarget extends FtpAddress {
  readonly userName: string
  readonly password: string
  readonly tls: TlsChoice
  /** Whether the server's certificate has to verify. */
  readonly verify: boolean
}

/** Reads an FTP address; throws a `RangeError` whose message continues a sentence and never repeats credentials. */
export function parseFtpUrl(text: string): FtpAddress {
  const match = /^(ftps?):\/\/([^/?#\s]+)([^?#\s]*)$/i.exec(text)
  if (!match) throw new RangeError('is not of the form ftps://HOST or ftp://HOST')
  const [, scheme = '', authority = '', path = ''] = match
  if (authority.includes('@')) throw new RangeError('holds credentials: pass them as "ftp-username" and "ftp-password"')
  if (!['', '/', '/site/wwwroot', '/site/wwwroot/'].includes(path)) {
    throw new RangeError('has a path other than /site/wwwroot: leave the path out')
  }
  const hostAndPort = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(authority)
  const port = hostAndPort?.[2] === undefined ? undefined : Number(hostAndPort[2])
  if (!hostAndPort?.[1] || port === 0 || (port ?? 0) > 65535) throw new RangeError('has no valid host and port')
  const host = hostAndPort[1].replace(/^\[|\]$/g, '')
  return { scheme: scheme.toLowerCase() === 'ftps' ? 'ftps' : 'ftp', host, port }
}

/**
 * The full FTP user name of an app or a slot.
 *
 * App Service's servers serve many apps, so a bare name is not enough: `app\$app`, for a slot `app__slot\$app__slot`
 * (learn.microsoft.com, "Deploy your app by using FTP/S"). A name with a backslash, or of anybody else, is used as it is.
 */
export function fullUserName(name: string, app: string, slot: string): string {
  if (name.includes('\\') || app === '') return name
  const site = isProduction(slot) ? app : `${app}__${slot}`
  const bare = name.startsWith('$') ? name.slice(1) : name
  const ours = [app, site].some(own => own.toLowerCase() === bare.toLowerCase())
  return ours ? `${site}\\$${site}` : name
}

/** The app and the slot that a full user name belongs to; `undefined` for a bare one. */
export function siteOfUserName(userName: string): { readonly app: string; readonly slot: string } | undefined {
  const site = /^([^\\]+)\\./.exec(userName)?.[1]
  if (site === undefined) return undefined
  const [app = '', slot = 'production'] = site.split('__')
  return { app, slot }
}

/** Whether two names mean the same slot: whatever the case, and with nothing for `production`. */
export function isSameSlot(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase() || (isProduction(a) && isProduction(b))
}

/** Whether a slot's name means the app itself. */
function isProduction(slot: string): boolean {
  return slot === '' || slot.toLowerCase() === 'production'
}

/**
 * The ways to connect, in the order in which they are tried. Never a plain one unless `off` was written.
 *
 * Azure's profiles say `ftps://` for implicit TLS on 990, and still `ftp://` where only explicit TLS is allowed.
 */
export function attempts(target: Pick<FtpTarget, 'scheme' | 'port' | 'tls'>): readonly Attempt[] {
  const implicit: Attempt = { mode: 'implicit', port: target.port ?? 990 }
  const explicit: Attempt = { mode: 'explicit', port: target.port ?? 21 }
  switch (target.tls) {
    case 'implicit':
      return [implicit]
    case 'explicit':
      return [explicit]
    case 'off':
      return [{ mode: 'plain', port: target.port ?? 21 }]
    case 'auto':
      return target.scheme === 'ftps' ? [implicit, explicit] : [explicit]
  }
}
