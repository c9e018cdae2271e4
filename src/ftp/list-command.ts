// Which command lists a folder (MLSD, LIST -a or LIST), and when an empty answer to it is believed.
import { FTPError, type Client } from 'basic-ftp'
import { SiteError, type RemoteEntry, type RemotePath } from '../site.ts'
import { parseListing } from './listing.ts'

/** The command that a server was found to understand; shared by all connections to it. */
export interface ListChoice {
  /** `undefined`: none has shown anything yet. */
  command: string | undefined
}

/**
 * Lists a folder with the first of the commands that shows anything, and from then on with that one only.
 *
 * A server that takes `-a` for a name may answer with an empty listing, and then everything would look absent; so may
 * one that promises MLSD and does not keep it. Until a command has shown something its empty answer is therefore
 * compared with the next one's. The last one's counts, for every server knows plain LIST. In a usual run the first
 * listing settles that: `/site` is never empty.
 */
export async function listDirectory(
  client: Client,
  commands: readonly string[],
  choice: ListChoice,
  directory: RemotePath
): Promise<readonly RemoteEntry[]> {
  if (choice.command !== undefined) return (await ask(client, choice.command, directory)).entries
  let refusal: unknown
  let isPassing = false
  for (const command of commands) {
    try {
      const { entries, isEmpty } = await ask(client, command, directory)
      refusal = undefined
      if (isEmpty) continue
      // What the server refuses for the moment only (4xx) may be its best command, such as the one that shows dot files.
      if (!isPassing) choice.command = command
      return entries
    } catch (error) {
      if (!isAnswer(error)) throw error
      refusal = error
      isPassing ||= error instanceof FTPError && error.code < 500
    }
  }
  if (refusal !== undefined) throw refusal as Error
  return []
}

/** Lists a folder with each of the commands, and puts the answers together. */
export async function listWithAll(
  client: Client,
  commands: readonly string[],
  directory: RemotePath
): Promise<readonly RemoteEntry[]> {
  const found = new Map<string, RemoteEntry>()
  const refusals: unknown[] = []
  for (const command of commands) {
    try {
      for (const entry of (await ask(client, command, directory)).entries) {
        // Where they differ, the link is the truth: a listing that follows it shows what it leads to.
        if (entry.kind === 'link' || !found.has(entry.name)) found.set(entry.name, entry)
      }
    } catch (error) {
      if (!isAnswer(error)) throw error
      refusals.push(error)
    }
  }
  if (refusals.length === commands.length) throw refusals[0] as Error
  // A line that one command has made unreadable stands for a name that another one has told.
  const told = [...found.values()].filter(({ kind }) => kind !== 'unknown')
  const isTold = (line: string): boolean => told.some(({ name }) => ` ${line}`.endsWith(` ${name}`))
  return [...found.values()].filter(({ name, kind }) => kind !== 'unknown' || !isTold(name))
}

/** `isEmpty`: not even a line for the folder itself, which would show that the command was understood. */
async function ask(
  client: Client,
  command: string,
  directory: RemotePath
): Promise<{ readonly entries: readonly RemoteEntry[]; readonly isEmpty: boolean }> {
  let answer = { entries: [] as readonly RemoteEntry[], isEmpty: true }
  client.parseList = text => {
    answer = { entries: parseListing(text, new Date()), isEmpty: text.trim() === '' }
    return []
  }
  client.availableListCommands = [command]
  await client.list(directory)
  return answer
}

/** Whether the server answered at all, if only with a refusal, or with words where a listing should be. */
function isAnswer(error: unknown): boolean {
  if (error instanceof FTPError) return ![421, 425, 426].includes(error.code)
  return error instanceof SiteError && error.kind === 'unexpected'
}
