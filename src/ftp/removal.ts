// One pass over a tree: in which order files and folders go, and which are entered. Sends commands, and is told entries.
import { OWN_FOLDER, child, mutable, parentOf, type MutablePath, type RemotePath } from '../site.ts'
import type { ListedEntry } from './listing.ts'
import { doubtAbout, newFolder, refuse, type Folder, type Pass } from './pass.ts'
import type { Reply } from './replies.ts'
import { countFile, countFolder, isDone } from './tally.ts'
import { tryBoth, tryToRemoveFrom, type Outcome } from './try-both.ts'

/** Begins with a root: a folder, a file, or a link. */
export function beginWith(pass: Pass, root: MutablePath): void {
  const around = newFolder(parentOf(root), undefined)
  // Nobody but us writes in our own folder, and the root was renamed there.
  Object.assign(around, { isOpen: true, isComplete: true, letsRemove: around.path === OWN_FOLDER })
  meet(pass, around, root, false)
}

/**
 * Tells entries of a folder. `trusted`: the listing is proven to show links as links, so that what it calls a folder is one.
 */
export function tell(pass: Pass, folder: Folder, entries: readonly ListedEntry[], trusted: boolean): void {
  if (folder.isSettled) return
  folder.told += entries.length
  if (!folder.isOpen) {
    folder.held.push({ entries, trusted })
    return
  }
  // The folder must not seem empty between two of them.
  folder.pending++
  for (const entry of entries) takeEntry(pass, folder, entry, trusted)
  folder.pending--
  review(pass, folder)
}

/** Tells that no more entries follow. */
export function tellEnd(pass: Pass, folder: Folder): void {
  folder.isComplete = true
  review(pass, folder)
}

/** Tells that what else is in a folder is not known: another pass has to find out. */
export function tellUnsure(pass: Pass, folder: Folder): void {
  if (!folder.isSettled) doubtAbout(pass, folder)
  tellEnd(pass, folder)
}

/** Gives a folder up that cannot be listed. */
export function giveUp(pass: Pass, folder: Folder, reply: string): void {
  pass.refused.push({ path: folder.path, reply })
  settle(pass, folder, false)
}

function takeEntry(pass: Pass, folder: Folder, entry: ListedEntry, trusted: boolean): void {
  const where = `${folder.path}/${entry.name}`
  const path = entry.kind === 'unknown' ? undefined : pathOf(folder, entry.name)
  if (!path) {
    const reply =
      entry.kind === 'unknown' ? 'Its line in the listing cannot be read' : 'This name cannot be sent safely'
    pass.refused.push({ path: where, reply })
    folder.isBlocked = true
    return
  }
  if (entry.kind === 'directory') {
    meet(pass, folder, path, trusted)
    return
  }
  pass.tally.uncertain.delete(path)
  if (pass.isFirst) pass.tally.listed++
  folder.pending++
  removeFile(pass, folder, path, entry.kind === 'link')
}

/** `undefined`: a name with a separator or a control character, which no command could mean safely. */
function pathOf(folder: Folder, name: string): MutablePath | undefined {
  try {
    return mutable(child(folder.path, name))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function removeFile(pass: Pass, folder: Folder, path: MutablePath, isLink: boolean): void {
  pass.crew.send(`DELE ${path}`, (reply, isSent) => {
    if (!reply) fileUnsure(pass, folder, path, isSent)
    else if (isDone(reply)) fileGone(pass, folder, path)
    else if (isLink) removeLink(pass, folder, path, reply)
    else keepFile(pass, folder, path, reply)
  })
}

/** Windows removes a link to a folder with RMD; a file refuses RMD. */
function removeLink(pass: Pass, folder: Folder, path: MutablePath, refusal: Reply): void {
  pass.crew.send(`RMD ${path}`, (reply, isSent) => {
    if (!reply) fileUnsure(pass, folder, path, isSent)
    else if (isDone(reply)) fileGone(pass, folder, path)
    else {
      // Not moved aside: a later run could take it for what it leads to.
      refuseFile(pass, folder, path, refusal)
      entrySettled(pass, folder)
    }
  })
}

function fileGone(pass: Pass, folder: Folder, path: RemotePath): void {
  countFile(pass.tally, path)
  folder.letsRemove = true
  entrySettled(pass, folder)
}

function fileUnsure(pass: Pass, folder: Folder, path: MutablePath, isSent: boolean): void {
  if (isSent) pass.tally.uncertain.set(path, 'file')
  doubtAbout(pass, folder)
  entrySettled(pass, folder)
}

function entrySettled(pass: Pass, folder: Folder): void {
  folder.pending--
  pass.onProgress()
  review(pass, folder)
}

/** The server does not delete it: it is moved out of the way where that is allowed, and else reported. */
function keepFile(pass: Pass, folder: Folder, path: MutablePath, refusal: Reply): void {
  const place = pass.newPlace?.()
  if (!place) {
    refuseFile(pass, folder, path, refusal)
    entrySettled(pass, folder)
    return
  }
  pass.crew
    .alone(async connection => {
      await connection.command('RNFR', path)
      await connection.command('RNTO', place)
    })
    .then(
      () => {
        pass.tally.movedAside.push(path)
        folder.letsRemove = true
      },
      () => {
        refuseFile(pass, folder, path, refusal)
      }
    )
    .finally(() => {
      entrySettled(pass, folder)
    })
}

function refuseFile(pass: Pass, folder: Folder, path: RemotePath, refusal: Reply): void {
  folder.isBlocked = true
  pass.mayFareBetter = true
  refuse(pass, path, refusal)
}

/**
 * Meets a folder, or what is listed as one: a listing may show a link as a folder, and entering it would delete what it
 * points to. Only what is proven is entered, or what DELE and RMD both refuse not because of the folder above.
 */
function meet(pass: Pass, above: Folder, path: MutablePath, trusted: boolean): void {
  const folder = newFolder(path, above)
  pass.tally.uncertain.delete(path)
  above.pending++
  pass.folders.set(path, folder)
  if (trusted) open(pass, folder)
  else {
    tryBoth(pass.crew, path, outcome => {
      takeOutcome(pass, above, folder, outcome)
    })
  }
}

function takeOutcome(pass: Pass, above: Folder, folder: Folder, outcome: Outcome): void {
  const { path } = folder
  switch (outcome.what) {
    case 'deleted':
      countFile(pass.tally, path)
      settle(pass, folder, true)
      return
    case 'removed':
      countFolder(pass.tally, path)
      settle(pass, folder, true)
      return
    case 'lost':
      if (outcome.perhaps) pass.tally.uncertain.set(path, outcome.perhaps)
      doubtAbout(pass, folder)
      settle(pass, folder, false)
      return
    case 'stays':
      above.doubtful.push({ folder, reply: outcome.reply.text })
      review(pass, above)
      return
    case 'unanswered':
      pass.mayFareBetter = true
      refuse(pass, path, outcome.reply)
      settle(pass, folder, false)
  }
}

function open(pass: Pass, folder: Folder): void {
  folder.isOpen = true
  const held = folder.held.splice(0)
  folder.told = 0
  // All at once, so that the folder is not taken for an empty one in between.
  folder.pending++
  for (const { entries, trusted } of held) tell(pass, folder, entries, trusted)
  folder.pending--
  pass.onOpen(folder)
  review(pass, folder)
}

/** Does whatever can be done next with a folder. */
function review(pass: Pass, folder: Folder): void {
  if (!folder.isOpen || folder.isSettled) return
  if (folder.doubtful.length > 0) {
    reviewDoubtful(pass, folder)
    return
  }
  if (!folder.isComplete || folder.pending > 0) return
  if (folder.above) removeFolder(pass, folder)
  else endPass(pass, folder)
}

function endPass(pass: Pass, around: Folder): void {
  around.isSettled = true
  pass.onEnd(around.isGone)
}

function reviewDoubtful(pass: Pass, folder: Folder): void {
  const { doubtful } = folder
  const onlyDoubtful = folder.isComplete && folder.pending === doubtful.length
  if (folder.letsRemove) {
    // `lib64` links to `lib` in every environment made on Linux: once its target is gone even a server that refuses to
    // delete links lists it as empty.
    const isLast = ({ folder: { path } }: { folder: Folder }): boolean => path.endsWith('/lib64')
    // Nothing else is left to wait for, whatever a listing names twice.
    const waits = onlyDoubtful && doubtful.every(isLast) ? (): boolean => false : isLast
    const ready = doubtful.filter(item => !waits(item))
    doubtful.splice(0, doubtful.length, ...doubtful.filter(waits))
    for (const item of ready) open(pass, item.folder)
  } else if (onlyDoubtful && !folder.isProbed) {
    folder.isProbed = true
    probe(pass, folder)
  }
}

function probe(pass: Pass, folder: Folder): void {
  tryToRemoveFrom(pass.crew, folder.path, removed => {
    if (removed && isDone(removed)) {
      folder.letsRemove = true
      review(pass, folder)
      return
    }
    for (const { folder: stuck, reply } of folder.doubtful.splice(0)) {
      if (removed) refuse(pass, stuck.path, { code: 550, text: reply })
      else doubtAbout(pass, stuck)
      settle(pass, stuck, false)
    }
  })
}

/** Removes a folder whose content is gone, or as good as that. */
function removeFolder(pass: Pass, folder: Folder): void {
  // Another pass comes anyway.
  if (folder.isUnsure) {
    settle(pass, folder, false)
    return
  }
  folder.pending++
  pass.crew.send(
    `RMD ${folder.path}`,
    (reply, isSent) => {
      if (reply && isDone(reply)) countFolder(pass.tally, folder.path)
      else if (reply) {
        pass.mayFareBetter ||= !folder.isBlocked
        refuse(pass, folder.path, reply)
      } else {
        if (isSent) pass.tally.uncertain.set(folder.path, 'directory')
        doubtAbout(pass, folder)
      }
      settle(pass, folder, reply !== undefined && isDone(reply))
    },
    true
  )
}

function settle(pass: Pass, folder: Folder, isGone: boolean): void {
  const { above } = folder
  if (folder.isSettled || !above) return
  folder.isSettled = true
  folder.isGone = isGone
  folder.held = []
  if (!above.above) above.isGone = isGone
  pass.folders.delete(folder.path)
  if (isGone) above.letsRemove = true
  else if (folder.isUnsure) above.isUnsure = true
  else above.isBlocked = true
  above.pending--
  pass.onProgress()
  review(pass, above)
}
