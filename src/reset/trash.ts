// What was set aside: how a copy is named, so that any later run knows where it belongs. No state but the names.
import {
  OWN_FOLDER,
  SiteError,
  WWWROOT,
  child,
  entryNamed,
  isBelow,
  mutable,
  nameOf,
  remotePath,
  type MutablePath,
  type ReadableSite,
  type RemoteEntry,
  type RemotePath
} from '../site.ts'

/** Something that was moved into our own folder. */
export interface SetAside {
  readonly copy: MutablePath
  /** Where it lay, and where it goes back to. */
  readonly original: MutablePath
}

/** What lies in our own folder. */
export interface Trash {
  /** Whole copies that can be put back, the newest first. */
  readonly copies: readonly SetAside[]
  /** What a sweep has begun to delete: it only goes on being deleted, and is never put back. */
  readonly doomed: readonly MutablePath[]
  /** Single files that were moved there because they were in use: only to be deleted as well. */
  readonly loose: readonly MutablePath[]
}

/** Whether nothing that is ours lies there. */
export function isEmpty({ copies, doomed, loose }: Trash): boolean {
  return copies.length + doomed.length + loose.length === 0
}

/** Names a fresh copy of a path. */
export type CopyNamer = (original: RemotePath) => MutablePath

/** What the file systems of servers take. */
const MAX_NAME_LENGTH = 255
const MAX_READABLE_LENGTH = 100

const NAME = /^(trash-\d{8}T\d{9}Z-[0-9a-f]{8,})-(.+)$/
const DOOMED_NAME = /^trash-\d{8}T\d{9}Z-[0-9a-f]{8,}$/

/**
 * The path to which `original` is set aside.
 *
 * The name holds the time (so that copies sort by age), something random (a rename onto an empty folder would silently
 * replace it), and the original path below wwwroot, in letters that every file system takes.
 */
export function trashPath(original: RemotePath, now: Date, random: string): MutablePath {
  if (!isBelow(original, WWWROOT)) throw new RangeError(`not below ${WWWROOT}: ${original}`)
  const relative = original.slice(WWWROOT.length + 1)
  const name = `trash-${stampOf(now)}-${random}-${encode(relative)}`
  // A longer one would be refused like a rename that is not allowed, and the environment deleted in place for it.
  if (name.length > MAX_NAME_LENGTH) throw new Error(`The path ${original} is too long to be set aside under a name`)
  return mutable(child(OWN_FOLDER, name))
}

/** A path for something in use that only has to get out of the way: any later run deletes what lies there. */
export function doomedPlace(now: Date, random: string): MutablePath {
  return mutable(child(OWN_FOLDER, `trash-${stampOf(now)}-${random}`))
}

/** Reads a name in our own folder; `undefined`: it is nothing that we set aside. */
export function parseTrashName(name: string): SetAside | undefined {
  const relative = decode(NAME.exec(name)?.[2] ?? '')
  if (!relative) return undefined
  try {
    return { copy: mutable(child(OWN_FOLDER, name)), original: mutable(remotePath(`${WWWROOT}/${relative}`)) }
  } catch {
    // A name that somebody else made, or made up: it leads to no path that is ours to change.
    return undefined
  }
}

/** Lists our own folder and tells what was set aside there, see `listOwnFolder`. */
export async function readTrash(
  site: ReadableSite,
  surroundings: readonly RemoteEntry[],
  expected: boolean
): Promise<Trash> {
  return trashIn((await listOwnFolder(site, surroundings, expected)) ?? [])
}

/** Tells what was set aside from a listing of our own folder; what else lies there is left alone. */
export function trashIn(entries: readonly RemoteEntry[]): Trash {
  const names = entries.map(({ name }) => name)
  const rests = entries.filter(({ name }) => DOOMED_NAME.test(name))
  const pathsOf = (some: readonly RemoteEntry[]): readonly MutablePath[] =>
    some.map(({ name }) => mutable(child(OWN_FOLDER, name)))
  return {
    copies: names
      .sort()
      .reverse()
      .flatMap(name => parseTrashName(name) ?? []),
    doomed: pathsOf(rests.filter(({ kind }) => kind !== 'file')),
    loose: pathsOf(rests.filter(({ kind }) => kind === 'file'))
  }
}

/**
 * Lists our own folder; `undefined`: it is not there. `surroundings` is the listing of `/site`.
 *
 * `expected`: something was moved there, so it is looked for even where the listing does not show our folder, as on
 * servers that hide names with a leading dot.
 */
export async function listOwnFolder(
  site: ReadableSite,
  surroundings: readonly RemoteEntry[],
  expected: boolean
): Promise<readonly RemoteEntry[] | undefined> {
  const shown = hasOwnFolder(surroundings)
  if (!shown && !expected) return undefined
  try {
    return await site.list(OWN_FOLDER)
  } catch (error) {
    if (!shown && error instanceof SiteError && error.kind === 'refused') return undefined
    throw error
  }
}

/**
 * The path that a copy gets before its deletion begins: without the part that says where it belongs, so that a deletion
 * that is cut can never be put back with files missing.
 */
export function doomedPath({ copy }: SetAside): MutablePath {
  const doomed = restOf(copy)
  if (doomed === copy) throw new RangeError(`not the name of a copy: ${copy}`)
  return doomed
}

/** Where the rest of a deletion lies: of a copy, or of what was such a rest already. */
export function restOf(copy: MutablePath): MutablePath {
  return mutable(child(OWN_FOLDER, NAME.exec(nameOf(copy))?.[1] ?? nameOf(copy)))
}

/** Whether our own folder is there already. */
export function hasOwnFolder(surroundings: readonly RemoteEntry[]): boolean {
  const entry = entryNamed(surroundings, nameOf(OWN_FOLDER))
  return entry?.kind === 'directory' || entry?.kind === 'unknown'
}

/**
 * Writes every character but the plainest as `=XX` per UTF-8 byte, so `/` cannot be mistaken for a separator; all of it
 * as base64url after `==`, which no such byte begins with, where that would be long.
 */
function encode(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const readable = [...bytes]
    .map(byte => (/[A-Za-z0-9._-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : hex(byte)))
    .join('')
  return readable.length <= MAX_READABLE_LENGTH ? readable : `==${Buffer.from(bytes).toString('base64url')}`
}

function stampOf(now: Date): string {
  return now.toISOString().replace(/[-:.]/g, '')
}

function hex(byte: number): string {
  return `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

function decode(text: string): string | undefined {
  if (/^==[\w-]+$/.test(text)) return Buffer.from(text.slice(2), 'base64url').toString('utf8')
  if (!/^(?:[A-Za-z0-9._-]|=[0-9A-F]{2})*$/.test(text)) return undefined
  const bytes = (text.match(/=[0-9A-F]{2}|./g) ?? []).map(part =>
    part.startsWith('=') ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0)
  )
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes))
}
