// The port: what may be asked of a site's files, and which paths may be named at all. Knows nothing of FTP.

/** An absolute, normalised path on the server: no `.`, no `..`, no backslash, no control character. */
export type RemotePath = string & { readonly remote: unique symbol }

/** A path that may be changed: strictly below `/site/wwwroot`, or our own folder and what lies in it. */
export type MutablePath = RemotePath & { readonly mutable: unique symbol }

/** One line of a directory listing. */
export interface RemoteEntry {
  readonly name: string
  /**
   * `link` only where the listing says so: some servers list a link as what it points to. `unknown`: the line cannot be
   * read, and `name` is the whole of it; it may stand for anything whose name it ends with.
   */
  readonly kind: 'file' | 'directory' | 'link' | 'unknown'
  /** Bytes; 0 for folders and where the listing has none. */
  readonly size: number
  /** UTC; `undefined` where the listing has no readable time. DOS listings have minutes only. */
  readonly modified: Date | undefined
}

/** How a tree is removed. */
export interface SweepOptions {
  /** Each connection waits for each reply before it sends more: where what is deleted may still be needed. */
  readonly oneAtATime?: boolean
  /** A fresh path in our own folder for a file that is in use, so that its folder can go. Absent: it stays where it is. */
  readonly newPlace?: () => MutablePath
  /** Told every few seconds how far it is. */
  readonly onProgress?: (progress: SweepProgress) => void
  /** Aborts when the time is up: what is under way is waited for, and the rest stays. */
  readonly until?: AbortSignal
}

/** How far a sweep is. */
export interface SweepProgress {
  /** Files and links that are gone. */
  readonly files: number
  /** Files and links that were seen so far. */
  readonly listed: number
  /** Whether all there is was seen, so that `listed` is the whole. */
  readonly listingDone: boolean
  readonly elapsedMs: number
}

/** What is left of a tree, and what went, after `RemoteSite.sweep`. */
export interface Sweep {
  /** Files and links that were deleted. */
  readonly files: number
  readonly directories: number
  /** What the server refused to delete, with its reply, the causes before their parents. Empty: the tree is gone. */
  readonly refused: readonly { readonly path: string; readonly reply: string }[]
  /** Files that were in use, where they lay: they were moved into our own folder, so that the tree could go without them. */
  readonly movedAside: readonly RemotePath[]
  /** The time was up before all was gone. */
  readonly unfinished: boolean
}

/** What the transport did, for the log. */
export interface TransportAccount {
  /** Connections that were opened, and how many of them took the place of a lost one. */
  readonly connections: number
  readonly reconnects: number
  /** Commands after the login. */
  readonly commands: number
  /** On control connections, before encryption. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** The most commands that were under way on one connection. */
  readonly window: number
  /** What was done more carefully than planned, why, and how often. */
  readonly rungs: readonly { readonly rung: string; readonly times: number }[]
}

/** The verbs that change nothing: all that a dry run gets. */
export interface ReadableSite {
  /**
   * Lists a directory.
   *
   * Throws for a directory that is not there. Some servers answer an empty listing instead, so only a listing of the
   * parent tells whether an empty directory exists.
   */
  list(directory: RemotePath): Promise<readonly RemoteEntry[]>
  /**
   * Lists a directory with every command that the server has for it, and puts the answers together.
   *
   * One command alone may leave things out: ProFTPD's MLSD knows no links that lead nowhere, its LIST none that lead up,
   * and Pure-FTPd cuts long listings. Throws as `list` does, where all of them are refused.
   */
  listFully(directory: RemotePath): Promise<readonly RemoteEntry[]>
  /** Reads a small UTF-8 file; throws `SiteError` of kind `unexpected` when it is longer than `maxBytes`. */
  readText(file: RemotePath, maxBytes: number): Promise<string>
  /** What the transport has done so far. */
  account(): TransportAccount
  close(): void
}

/** A site whose files may be changed. */
export interface RemoteSite extends ReadableSite {
  /** Moves a file or a folder with all that is in it; the target must not exist. */
  rename(from: MutablePath, to: MutablePath): Promise<void>
  makeDirectory(directory: MutablePath): Promise<void>
  /** Writes a small file as UTF-8, over one that is there. A transfer that is cut may leave a part of it. */
  writeText(file: MutablePath, text: string): Promise<void>
  readonly removeFile: (file: MutablePath) => Promise<void>
  /** Removes an empty directory. */
  readonly removeDirectory: (directory: MutablePath) => Promise<void>
  /**
   * Removes a directory with all that is in it, or a single file; links go, what they point to stays.
   *
   * Goes on after a refusal, and over a new connection after a loss; throws `SiteError` where no connection is left.
   */
  sweep(directory: MutablePath, options?: SweepOptions): Promise<Sweep>
}

/**
 * Why the server, or the way to it, did not do what was asked.
 *
 * - `unreachable`: no connection, no answer, or not an FTP server
 * - `login`: the server refused the login
 * - `certificate`: the server's certificate does not verify
 * - `tls`: the server does not speak TLS where TLS was asked for
 * - `lost`: a connection that stood was cut or went silent
 * - `refused`: a command was answered with a 4xx or 5xx reply, see `replyCode`
 * - `unexpected`: an answer that cannot be understood, or that is too large
 * - `interrupted`: the run was told to stop
 */
export type SiteErrorKind =
  'unreachable' | 'login' | 'certificate' | 'tls' | 'lost' | 'refused' | 'unexpected' | 'interrupted'

/** The only error that the port throws; `message` is a sentence for the user. */
export class SiteError extends Error {
  readonly kind: SiteErrorKind
  /** The FTP reply code (RFC 959 section 4.2); `undefined` where no reply came. */
  readonly replyCode: number | undefined

  constructor(kind: SiteErrorKind, message: string, options: ErrorOptions & { replyCode?: number } = {}) {
    super(message, options)
    this.name = 'SiteError'
    this.kind = kind
    this.replyCode = options.replyCode
  }
}

/** What holds wwwroot, the records of deployments, and our own folder. */
export const SITE = remotePath('/site')

/** The folder that App Service runs the app from; what `/home/site/wwwroot` is on the server itself. */
export const WWWROOT = remotePath('/site/wwwroot')

/** Our own folder: outside wwwroot, so that no deployment sees or cleans it. */
export const OWN_FOLDER = remotePath('/site/.azure-python-env')

/** What is made and removed again in a folder, to see whether the server lets anything be removed there. */
export const PROBE_NAME = '.azure-python-env-probe'

/** Checks an absolute path; throws a `RangeError` for one that is not normalised or could be read as another. */
export function remotePath(text: string): RemotePath {
  const parts = text.split('/')
  const normal = parts.length > 1 && parts[0] === '' && (text === '/' || parts.slice(1).every(isFileName))
  if (!normal) throw new RangeError(`not an absolute, normalised path: ${JSON.stringify(text)}`)
  return text as RemotePath
}

/** Appends one name; throws a `RangeError` for a name that is empty, `.`, `..`, or holds a separator or a control character. */
export function child(directory: RemotePath, name: string): RemotePath {
  if (!isFileName(name)) throw new RangeError(`not a file name: ${JSON.stringify(name)}`)
  return (directory === '/' ? `/${name}` : `${directory}/${name}`) as RemotePath
}

/** Follows a relative path down from a directory; `undefined`: it climbs, is empty, or is not relative. */
export function pathBelow(directory: RemotePath, relative: string): RemotePath | undefined {
  const names = relative.replace(/^(\.\/)+|\/+$/g, '').split('/')
  return names.every(isFileName) ? names.reduce(child, directory) : undefined
}

/** The path of the folder that `path` lies in; throws a `RangeError` for `/`. */
export function parentOf(path: RemotePath): RemotePath {
  if (path === '/') throw new RangeError('the root has no parent')
  return remotePath(path.slice(0, path.lastIndexOf('/')) || '/')
}

/** The last component of a path. */
export function nameOf(path: RemotePath): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Whether `path` lies strictly below `directory`. */
export function isBelow(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`)
}

/**
 * Looks a path below wwwroot up by listing each folder on the way; `undefined`: it is proven not to be there.
 *
 * A link on the way is what is found, because it is not followed to see what lies below it. So is a line that cannot be
 * read and that may stand for the name.
 * `wwwroot` is its listing where that is known already.
 */
export async function findEntry(
  site: ReadableSite,
  path: RemotePath,
  wwwroot?: readonly RemoteEntry[]
): Promise<RemoteEntry | undefined> {
  if (!isBelow(path, WWWROOT)) throw new RangeError(`not below ${WWWROOT}: ${path}`)
  const parent = parentOf(path)
  const above = parent === WWWROOT ? undefined : await findEntry(site, parent, wwwroot)
  if (above && above.kind !== 'directory' && above.kind !== 'file') return above
  if (parent !== WWWROOT && above?.kind !== 'directory') return undefined
  const siblings = parent === WWWROOT && wwwroot ? wwwroot : await site.list(parent)
  return entryNamed(siblings, nameOf(path))
}

/** Finds a name in a listing; a line that cannot be read counts as the name that it ends with, after a blank. */
export function entryNamed(entries: readonly RemoteEntry[], name: string): RemoteEntry | undefined {
  const exact = entries.find(entry => entry.name === name && entry.kind !== 'unknown')
  return exact ?? entries.find(entry => entry.kind === 'unknown' && ` ${entry.name}`.endsWith(` ${name}`))
}

/** Lets a path through to the verbs that change something; throws a `RangeError` for any place that is not ours to change. */
export function mutable(path: RemotePath): MutablePath {
  remotePath(path)
  if (isBelow(path, WWWROOT) || path === OWN_FOLDER || isBelow(path, OWN_FOLDER)) return path as MutablePath
  throw new RangeError(`refused to change ${path}: it lies neither below ${WWWROOT} nor in ${OWN_FOLDER}`)
}

/** Whether a name can be part of a path: it is not `.` or `..`, and holds no separator and no control character. */
export function isFileName(name: string): boolean {
  // A backslash is a separator to a Windows server, so `..\x` would climb; CR and LF would end the command.
  // eslint-disable-next-line no-control-regex -- control characters are what this refuses
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\u0000-\u001f\u007f]/.test(name)
}
