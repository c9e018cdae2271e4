// A site in memory: a tree, a log of verbs, and the oddities of real servers. Implements the port, speaks no FTP.
import { posix } from 'node:path'
import {
  SiteError,
  remotePath,
  type RemoteEntry,
  type RemotePath,
  type RemoteSite,
  type Sweep,
  type SweepOptions,
  type TransportAccount
} from '../../src/site.ts'

export interface FakeFile {
  readonly kind: 'file'
  readonly text: string
  readonly modified: Date
}
export interface FakeFolder {
  readonly kind: 'directory'
  /** Noon where it does not matter. */
  readonly modified?: Date
}
export type FakeNode = FakeFile | FakeFolder | { readonly kind: 'link'; readonly target: string }

/** Absolute path → node; the folders on the way are there too. */
export type Tree = Map<string, FakeNode>

/** Paths below wwwroot or absolute ones; a path that ends in `/` is a folder, a string is a file's text. */
export type Spec = Readonly<Record<string, string | FakeNode>>

export interface Oddities {
  readonly refuseRenames?: boolean
  /** Verbs that are refused, such as `DELE /site/wwwroot/x`; `* /path` refuses every verb on that path. */
  readonly refuse?: readonly string[]
  /** Lists what is not there as an empty folder, as vsftpd does. */
  readonly emptyForMissing?: boolean
  readonly linksAsDirectories?: boolean
  /** Links that lead nowhere are left out of a listing, and shown only in a full one, as by ProFTPD's MLSD. */
  readonly hidesDangling?: boolean
  /** A listing has this many entries at most, as Pure-FTPd's. */
  readonly longestListing?: number
  /** Paths whose lines in a listing cannot be read. */
  readonly unreadable?: readonly string[]
  /** Verbs that are refused with a 4xx reply, once for each time that they are named here. */
  readonly busy?: readonly string[]
  /** DELE refuses links and RMD removes them; `folders`: links to folders only, as on Windows. */
  readonly linksNeedRmd?: boolean | 'folders'
  /** Verbs that are refused because of a file in use, each as often as is said here. */
  readonly inUse?: Readonly<Record<string, number>>
  /** Called before each thing that a sweep removes, with what the sweep was told and how many files it has removed. */
  readonly duringSweep?: (options: SweepOptions, files: number) => void
  /** The connection is lost when this many changes have been made. */
  readonly lostAfter?: number
}

export interface FakeSite extends RemoteSite {
  /** Each verb with its path, in order. */
  readonly log: string[]
  /** The changes that were carried out, in order. */
  readonly done: string[]
}

/** What a site without a transport says of it. */
export const NO_ACCOUNT: TransportAccount = {
  connections: 0,
  reconnects: 0,
  commands: 0,
  bytesSent: 0,
  bytesReceived: 0,
  window: 0,
  rungs: []
}

export const NOON = new Date('2026-11-22T12:00:00Z')

/** A file of a given time. */
export function fileOf(modified: Date, text = ''): FakeFile {
  return { kind: 'file', text, modified }
}

export function linkTo(target: string): FakeNode {
  return { kind: 'link', target }
}

export function treeOf(...specs: readonly Spec[]): Tree {
  const tree: Tree = new Map([['/', { kind: 'directory' }]])
  for (const spec of [{ '/site/wwwroot/': '' }, ...specs]) {
    for (const [key, value] of Object.entries(spec)) {
      const path = key.startsWith('/') ? key : `/site/wwwroot/${key}`
      const names = path.split('/').slice(1, -1)
      names.forEach((_, index) => {
        const folder = `/${names.slice(0, index + 1).join('/')}`
        if (tree.get(folder)?.kind !== 'directory') tree.set(folder, { kind: 'directory' })
      })
      if (!path.endsWith('/')) tree.set(path, typeof value === 'string' ? fileOf(NOON, value) : value)
      else if (typeof value !== 'string') tree.set(path.slice(0, -1), value)
    }
  }
  return tree
}

/** Every path at or below one, sorted. */
export function pathsIn(tree: Tree, root = '/'): readonly string[] {
  const below = root === '/' ? '/' : `${root}/`
  return [...tree.keys()].filter(path => path === root || path.startsWith(below)).sort()
}

/** The changes in a log. */
export function changesIn(log: readonly string[]): readonly string[] {
  return log.filter(line => /^(RENAME|MKD|STOR|DELE|RMD) /.test(line))
}

function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

export function refusal(verb: string, path: string, reply: string): SiteError {
  return new SiteError('refused', `The server refused to ${verb} ${path}: "550 ${reply}"`, { replyCode: 550 })
}

export function fakeSite(tree: Tree, oddities: Oddities = {}): FakeSite {
  const log: string[] = []
  const done: string[] = []
  const busy = [...(oddities.busy ?? [])]
  const inUse = new Map(Object.entries(oddities.inUse ?? {}))

  // Follows links on the way, and at the end too if asked, as a server's file system does.
  const resolve = (path: string, last: boolean): string => {
    let at = ''
    const names = path.split('/').slice(1)
    names.forEach((name, index) => {
      at = `${at}/${name}`
      const node = tree.get(at)
      if (node?.kind === 'link' && (last || index < names.length - 1)) {
        at = posix.resolve(parentPath(at), node.target)
      }
    })
    return at
  }
  const childrenOf = (directory: string): readonly string[] =>
    [...tree.keys()].filter(path => path !== '/' && parentPath(path) === directory)

  const begin = (verb: string, path: string, change: boolean): void => {
    log.push(`${verb} ${path}`)
    const lost = change && oddities.lostAfter !== undefined && done.length >= oddities.lostAfter
    if (lost) throw new SiteError('lost', 'The connection broke')
    const [source = ''] = path.split(' => ')
    if (oddities.refuse?.some(line => line === `${verb} ${source}` || line === `* ${source}`)) {
      throw refusal(verb, source, 'in use')
    }
    const locked = inUse.get(`${verb} ${source}`) ?? 0
    if (locked > 0) {
      inUse.set(`${verb} ${source}`, locked - 1)
      throw refusal(verb, source, 'in use')
    }
    if (busy.includes(`${verb} ${source}`)) {
      busy.splice(busy.indexOf(`${verb} ${source}`), 1)
      throw new SiteError('refused', `The server refused to ${verb} ${source}: "450 busy"`, { replyCode: 450 })
    }
  }
  const entryOf = (path: string): RemoteEntry => {
    const node = tree.get(path)
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (oddities.unreadable?.includes(path)) {
      return { name: `?rwx?  ${name}`, kind: 'unknown', size: 0, modified: undefined }
    }
    if (node?.kind === 'file') return { name, kind: 'file', size: node.text.length, modified: node.modified }
    const asDirectory = node?.kind === 'directory' || oddities.linksAsDirectories
    const modified = node?.kind === 'directory' ? (node.modified ?? NOON) : NOON
    return { name, kind: asDirectory ? 'directory' : 'link', size: 0, modified }
  }
  const isDangling = (path: string): boolean => tree.get(path)?.kind === 'link' && !tree.has(resolve(path, true))
  const list = (path: string, fully: boolean): readonly RemoteEntry[] => {
    begin('LIST', path, false)
    const directory = resolve(path, true)
    const there = tree.get(directory)?.kind === 'directory'
    if (!there && !oddities.emptyForMissing) throw refusal('list', path, 'no such directory')
    const shown = childrenOf(directory).filter(path => fully || !oddities.hidesDangling || !isDangling(path))
    return there ? shown.slice(0, oddities.longestListing).map(entryOf) : []
  }
  const needsRmd = (path: string): boolean => {
    const toFolder = tree.get(resolve(path, true))?.kind === 'directory'
    return oddities.linksNeedRmd === 'folders' ? toFolder : oddities.linksNeedRmd === true
  }
  const removeFile = (path: string): void => {
    begin('DELE', path, true)
    const node = tree.get(resolve(path, false))
    const removable = node?.kind === 'file' || (node?.kind === 'link' && !needsRmd(path))
    if (!removable) throw refusal('DELE', path, 'not a file')
    tree.delete(resolve(path, false))
    done.push(`DELE ${path}`)
  }
  const removeDirectory = (path: string): void => {
    begin('RMD', path, true)
    const real = resolve(path, false)
    const node = tree.get(real)
    const removable = node?.kind === 'directory' || (node?.kind === 'link' && needsRmd(path))
    if (!removable) throw refusal('RMD', path, 'not a directory')
    if (childrenOf(real).length > 0) throw refusal('RMD', path, 'not empty')
    tree.delete(real)
    done.push(`RMD ${path}`)
  }
  const rename = (from: string, to: string): void => {
    begin('RENAME', `${from} => ${to}`, true)
    const source = resolve(from, false)
    if (oddities.refuseRenames || !tree.has(source) || tree.has(to) || !tree.has(parentPath(to))) {
      throw refusal('RNTO', to, 'cannot be renamed')
    }
    for (const path of pathsIn(tree, source)) {
      const node = tree.get(path)
      tree.delete(path)
      if (node) tree.set(`${to}${path.slice(source.length)}`, node)
    }
    done.push(`RENAME ${from} => ${to}`)
  }
  const moves = (from: string, to: string): boolean => {
    try {
      rename(from, to)
      return true
    } catch (error) {
      if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
      return false
    }
  }
  const sweep = (root: string, options: SweepOptions): Sweep => {
    log.push(`SWEEP ${root}`)
    const tally = { files: 0, directories: 0, refused: [] as { path: string; reply: string }[] }
    const movedAside: RemotePath[] = []
    for (const path of [...pathsIn(tree, root)].reverse()) {
      oddities.duringSweep?.(options, tally.files)
      if (options.until?.aborted) return { ...tally, movedAside, unfinished: true }
      const node = tree.get(path)
      const isDirectory = node?.kind === 'directory' || (node?.kind === 'link' && needsRmd(path))
      try {
        if (isDirectory) removeDirectory(path)
        else removeFile(path)
        if (node?.kind === 'directory') tally.directories++
        else tally.files++
      } catch (error) {
        if (!(error instanceof SiteError) || error.kind !== 'refused') throw error
        const place = node?.kind === 'file' && path !== root ? options.newPlace?.() : undefined
        if (place && moves(path, place)) movedAside.push(remotePath(path))
        else tally.refused.push({ path, reply: error.message })
      }
    }
    return { ...tally, movedAside, unfinished: false }
  }
  const answer = <T>(work: () => T): Promise<T> => Promise.resolve().then(work)
  return {
    log,
    done,
    list: path => answer(() => list(path, false)),
    listFully: path => answer(() => list(path, true)),
    readText: (path, maxBytes) =>
      answer(() => {
        begin('READ', path, false)
        const node = tree.get(resolve(path, true))
        if (node?.kind !== 'file') throw refusal('read', path, 'no such file')
        if (node.text.length > maxBytes) throw new SiteError('unexpected', 'more bytes than a small file has')
        return node.text
      }),
    rename: (from, to) =>
      answer(() => {
        rename(from, to)
      }),
    makeDirectory: path =>
      answer(() => {
        begin('MKD', path, true)
        if (tree.has(path)) throw refusal('MKD', path, 'exists')
        tree.set(path, { kind: 'directory' })
        done.push(`MKD ${path}`)
      }),
    writeText: (path, text) =>
      answer(() => {
        begin('STOR', path, true)
        if (tree.get(parentPath(path))?.kind !== 'directory') throw refusal('STOR', path, 'no such folder')
        tree.set(path, fileOf(NOON, text))
        done.push(`STOR ${path}`)
      }),
    removeFile: path =>
      answer(() => {
        removeFile(path)
      }),
    removeDirectory: path =>
      answer(() => {
        removeDirectory(path)
      }),
    sweep: (path, options = {}) => answer(() => sweep(path, options)),
    account: () => NO_ACCOUNT,
    close: () => undefined
  }
}
