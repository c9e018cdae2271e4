// Tells a link from a folder where a listing cannot: by what DELE and RMD do to it. Sends commands.
import { PROBE_NAME, child, mutable, type MutablePath, type RemotePath } from '../site.ts'
import type { Crew } from './crew.ts'
import type { Reply } from './replies.ts'
import { isDone } from './tally.ts'

/**
 * What became of what is listed as a folder.
 *
 * `stays`: both commands refuse it, as a folder that holds something does; so does a link where nothing can be removed
 * from the folder above. `unanswered`: a server that is busy, or did not understand, has said nothing of what it is.
 * `lost`: a reply never came; `perhaps` tells which command may have been carried out, `undefined` that none was sent.
 */
export type Outcome =
  | { readonly what: 'deleted' | 'removed' }
  | { readonly what: 'stays' | 'unanswered'; readonly reply: Reply }
  | { readonly what: 'lost'; readonly perhaps: 'file' | 'directory' | undefined }

/**
 * Tries to delete a path, and then to remove it as a folder.
 *
 * DELE removes a link and refuses a folder; where DELE refuses links too (Windows), RMD removes the link and refuses a
 * folder that is not empty. First DELE: where it removes a link, RMD would remove it as well, and it would count as a
 * folder.
 */
export function tryBoth(crew: Pick<Crew, 'send'>, path: MutablePath, onOutcome: (outcome: Outcome) => void): void {
  crew.send(`DELE ${path}`, (deleted, isSent) => {
    if (!deleted) onOutcome({ what: 'lost', perhaps: isSent ? 'file' : undefined })
    else if (isDone(deleted)) onOutcome({ what: 'deleted' })
    else {
      crew.send(`RMD ${path}`, removed => {
        if (!removed) onOutcome({ what: 'lost', perhaps: 'directory' })
        else if (isDone(removed)) onOutcome({ what: 'removed' })
        else {
          const isToldOfIt = isAboutThePath(deleted) && isAboutThePath(removed)
          onOutcome({ what: isToldOfIt ? 'stays' : 'unanswered', reply: removed })
        }
      })
    }
  })
}

/**
 * Makes something in a folder and removes it again, to see whether anything can be removed there; tells the reply to the
 * removal, `undefined` where it never came.
 */
export function tryToRemoveFrom(
  crew: Pick<Crew, 'send'>,
  folder: RemotePath,
  onReply: (removed: Reply | undefined) => void
): void {
  const path = mutable(child(folder, PROBE_NAME))
  // One that was left by a run that was killed tells as much: what is made of the first reply does not matter.
  crew.send(`MKD ${path}`, () => {
    crew.send(`RMD ${path}`, onReply)
  })
}

/** Whether a refusal is about the file and not about the moment or the command (RFC 959 section 4.2: 55x). */
function isAboutThePath({ code }: Reply): boolean {
  return code >= 550 && code <= 559
}
