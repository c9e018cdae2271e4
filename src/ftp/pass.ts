// What is known of a tree while one pass goes over it, and how some of it is noted. Sends nothing.
import type { MutablePath, RemotePath } from '../site.ts'
import type { Crew } from './crew.ts'
import type { ListedEntry } from './listing.ts'
import type { Reply } from './replies.ts'
import type { Tally } from './tally.ts'

/** A folder that is on its way out. */
export interface Folder {
  readonly path: RemotePath
  readonly above: Folder | undefined
  /** Entries that were told and are neither gone nor given up. */
  pending: number
  /** Entries that were told at all. */
  told: number
  /** All of its entries were told. */
  isComplete: boolean
  /** It is a folder and no link, so what is in it may be deleted. */
  isOpen: boolean
  /** It is gone, or given up in this pass. */
  isSettled: boolean
  /** It is gone; of what lies around the root: the root is. */
  isGone: boolean
  /** Something was removed from it: then what the server refuses to remove there is no link. */
  letsRemove: boolean
  /** It is being asked, or was, whether anything can be removed from it. */
  isProbed: boolean
  /** Something in it stays in this pass for reasons that only another listing can tell. */
  isUnsure: boolean
  /** Something in it stays in this pass, and it is on record why. */
  isBlocked: boolean
  /** Told before it was known to be a folder. */
  held: { readonly entries: readonly ListedEntry[]; readonly trusted: boolean }[]
  /** Folders in it that neither DELE nor RMD removed, and that are not entered yet. */
  readonly doubtful: { readonly folder: Folder; readonly reply: string }[]
}

/** A pass that is under way. */
export interface Pass {
  readonly crew: Crew
  readonly tally: Tally
  readonly isFirst: boolean
  /** What the server refused to delete in this pass, with its reply, the causes before their parents. */
  readonly refused: { readonly path: string; readonly reply: string }[]
  /** Folders that are not settled. */
  readonly folders: Map<RemotePath, Folder>
  /** What nobody knows whether it went, or what is in it. */
  unsure: number
  /** Something was refused that may be deleted later: a file in use, or a folder that is not empty only for a moment. */
  mayFareBetter: boolean
  /** Where a file may be moved that cannot be deleted; `undefined`: nowhere. */
  readonly newPlace: (() => MutablePath) | undefined
  /** Told when a folder may be entered: its entries have to be told, and that they are complete. */
  readonly onOpen: (folder: Folder) => void
  /** Told whenever something is settled. */
  readonly onProgress: () => void
  readonly onEnd: (isGone: boolean) => void
}

/** Makes a folder of which nothing is known yet; `above`: the one that it lies in, `undefined` around the root. */
export function newFolder(path: RemotePath, above: Folder | undefined): Folder {
  return {
    path,
    above,
    pending: 0,
    told: 0,
    isComplete: false,
    isOpen: false,
    isSettled: false,
    isGone: false,
    letsRemove: false,
    isProbed: false,
    isUnsure: false,
    isBlocked: false,
    held: [],
    doubtful: []
  }
}

/** Notes that what is in a folder, or whether it went, is not known: another pass has to find out. */
export function doubtAbout(pass: Pass, folder: Folder): void {
  pass.unsure++
  folder.isUnsure = true
}

/** Notes what the server refused to delete, in its own words. */
export function refuse(pass: Pass, path: RemotePath, { text }: Reply): void {
  pass.refused.push({ path, reply: `The server refused to delete ${path}: "${text.replace(/\s+/g, ' ').trim()}"` })
}
