// Where the entries of a tree come from while it is removed: a recursive listing, listings over the control connection,
// or one per folder, and what of them is believed.
import { SiteError, type MutablePath, type RemotePath } from '../site.ts'
import { noteRung, type Account } from './account.ts'
import type { Crew } from './crew.ts'
import { messageOf } from './failures.ts'
import type { ListingsLearned } from './learned.ts'
import type { ListedEntry } from './listing.ts'
import { recursiveListing, type RecursiveListing, type Section } from './recursive-listing.ts'
import type { Folder, Pass } from './pass.ts'
import { giveUp, tell, tellEnd, tellUnsure } from './removal.ts'
import { STAT_FORMS, agrees, isPlainPath, readStat, statCommand, type StatForm } from './stat-listing.ts'

/** What a pass is fed with. */
export interface Feeding {
  /** The folders that may be entered have to be told of here. */
  open(folder: Folder): void
  /** Something was settled, so there may be room for another listing. */
  pump(): void
}

interface State {
  readonly crew: Crew
  readonly account: Account
  readonly learned: ListingsLearned
  readonly pass: () => Pass
  /** Ask with every command that there is: what one of them leaves out keeps a folder from going. */
  readonly fully: boolean
  recursive: 'wanted' | 'running' | 'over'
  /** The last one first: so a tree is walked to its leaves before its next branch is looked at. */
  readonly toList: Folder[]
  listing: number
  isAskingForStat: boolean
}

/** Listings that are under way over the control connections at a time. */
const MOST_STATS = 64
/** With as many folders waiting for data connections of their own, further logins are worth their time. */
const MANY_FOLDERS = 8
/** With more commands than this waiting no further folder is listed. */
const LOW_WATER = 256
/** Tries of a listing whose connection is lost, or has had its share of transfers. */
const TRIES = 3

/** Makes the feeding of one pass. `recursive`: one listing for all, as far as the server can. */
export function makeFeeding(
  crew: Crew,
  account: Account,
  learned: ListingsLearned,
  how: { readonly recursive: boolean; readonly fully: boolean },
  pass: () => Pass
): Feeding {
  const state: State = {
    crew,
    account,
    learned,
    pass,
    fully: how.fully,
    recursive: how.recursive && learned.recursion !== 'no' ? 'wanted' : 'over',
    toList: [],
    listing: 0,
    isAskingForStat: false
  }
  return {
    open(folder) {
      if (state.recursive === 'wanted' && isPlainPath(folder.path)) {
        state.recursive = 'running'
        void listAll(state, folder.path as MutablePath)
        return
      }
      if (state.recursive === 'running' || folder.isComplete) return
      state.toList.push(folder)
      pump(state)
    },
    pump() {
      pump(state)
    }
  }
}

/** Feeds the pass with one listing of the whole tree; what it does not tell is listed by itself. */
async function listAll(state: State, root: MutablePath): Promise<void> {
  const { crew, learned } = state
  const pass = state.pass()
  crew.grow()
  let listing: RecursiveListing | undefined
  try {
    await crew.alone(async connection => {
      const reading = recursiveListing(root, new Date(), section => {
        hear(pass, section, reading.showsLinks)
      })
      listing = reading
      await connection.listTree(root, text => {
        reading.push(text)
        return crew.room()
      })
      reading.end()
    })
  } catch (error) {
    // Many servers have none, and a sweep that is told to stop ends it itself.
    const isExpected = error instanceof SiteError && ['refused', 'interrupted'].includes(error.kind)
    if (!isExpected) noteRung(state.account, `the recursive listing broke off: ${messageOf(error)}`)
  }
  judge(state, listing)
  state.recursive = 'over'
  for (const folder of [...pass.folders.values()]) {
    if (folder.isComplete || folder.isSettled) continue
    // What was told of it already is being deleted, and must not be told again.
    if (folder.told > 0 || folder.held.length > 0) tellUnsure(pass, folder)
    else if (folder.isOpen) state.toList.push(folder)
  }
  learned.recursion = learned.recursion === 'unknown' ? 'no' : learned.recursion
  pump(state)
}

function hear(pass: Pass, { path, entries, ending }: Section, trusted: boolean): void {
  // Folders that turned out to be links are gone, and so is what they seemed to hold.
  const folder = pass.folders.get(path)
  if (!folder) return
  tell(pass, folder, entries, trusted)
  if (ending === 'ended') tellEnd(pass, folder)
}

/** What the listing proved about the server. */
function judge({ learned, account }: State, listing: RecursiveListing | undefined): void {
  if (!listing?.hasRoot) return
  const { rejected, missing } = listing
  learned.recursion = rejected === undefined && missing.length === 0 ? 'works' : 'cut'
  if (rejected !== undefined) noteRung(account, `the recursive listing was not believed to its end: ${rejected}`)
  else if (missing.length > 0) {
    noteRung(account, `the recursive listing left out ${missing.length} folders, which were listed by themselves`)
  }
}

function pump(state: State): void {
  const { crew, toList } = state
  while (!isHeldUp(state)) {
    const byStat = !state.fully && isForm(state.learned.stat)
    const most = byStat ? MOST_STATS : crew.size
    if (toList.length === 0) state.pass().tally.isListed ||= state.listing === 0
    if (toList.length === 0 || state.listing >= Math.max(1, most) || crew.waiting > LOW_WATER) return
    const folder = toList.pop()
    if (!folder || folder.isSettled) continue
    crew.grow(!byStat && toList.length >= MANY_FOLDERS)
    state.listing++
    void listOne(state, folder).finally(() => {
      state.listing--
      pump(state)
    })
  }
}

/** What is still to come may tell of all folders at once, or how they are listed best. */
function isHeldUp({ recursive, isAskingForStat }: State): boolean {
  return recursive === 'running' || isAskingForStat
}

function isForm(stat: ListingsLearned['stat']): stat is StatForm {
  return stat !== 'unknown' && stat !== 'no'
}

async function listOne(state: State, folder: Folder): Promise<void> {
  const { learned } = state
  const pass = state.pass()
  if (!state.fully && isForm(learned.stat)) {
    const answer = await askByStat(state, learned.stat, folder.path)
    if (answer) {
      // A line feed in a name looks like the end of a line here, and what follows it like another entry: nothing is proven.
      tell(pass, folder, answer.entries, false)
      tellEnd(pass, folder)
      return
    }
  }
  const asking = !state.fully && learned.stat === 'unknown' && isPlainPath(folder.path)
  if (asking) state.isAskingForStat = true
  try {
    const entries = await listByTransfer(state, folder.path)
    // The first folder is listed both ways, before anything in it is deleted.
    if (asking && entries.length > 0) await compareStat(state, folder.path, entries)
    tell(pass, folder, entries, false)
    tellEnd(pass, folder)
  } catch (error) {
    if (!(error instanceof SiteError)) throw error
    if (error.kind === 'refused' || error.kind === 'unexpected') giveUp(pass, folder, error.message)
    else tellUnsure(pass, folder)
  } finally {
    if (asking) state.isAskingForStat = false
  }
}

/** `undefined`: the reply is no listing that can be believed. */
async function askByStat(
  { crew, learned }: State,
  form: StatForm,
  path: RemotePath
): Promise<ReturnType<typeof readStat>> {
  const command = statCommand(form, path)
  if (command === undefined) return undefined
  const reply = await new Promise<Parameters<typeof readStat>[0] | undefined>(resolve => {
    crew.send(command, resolve, true)
  })
  return reply && readStat(reply, path, new Date(), learned.statShowsItself)
}

async function compareStat(state: State, path: RemotePath, listed: readonly ListedEntry[]): Promise<void> {
  const { learned } = state
  for (const form of STAT_FORMS) {
    const answer = await askByStat(state, form, path)
    if (!answer || !agrees(answer, listed)) continue
    learned.stat = form
    learned.statShowsItself = answer.showsItself
    return
  }
  learned.stat = 'no'
}

async function listByTransfer({ crew, account, fully }: State, path: RemotePath): Promise<readonly ListedEntry[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await crew.alone(connection => (fully ? connection.listFully(path) : connection.list(path)))
    } catch (error) {
      if (!(error instanceof SiteError) || error.kind !== 'lost' || attempt === TRIES) throw error
      noteRung(account, `a folder was listed again over another connection: ${error.replyCode ?? 'no reply'}`)
    }
  }
}
