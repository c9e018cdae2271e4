// The port over FTP: one connection to look with, a few more to sweep with.
import type { MutablePath, ReadableSite, RemoteSite } from '../site.ts'
import { noteRung, readAccount, type Account } from './account.ts'
import { again, isListed, transferring } from './again.ts'
import { connect, type Connection } from './connection.ts'
import { messageOf } from './failures.ts'
import type { ConnectionOptions } from './greeting.ts'
import { nothingLearned, type Learned } from './learned.ts'
import { makePool, type Pool } from './pool.ts'
import { renamingOver } from './rename.ts'
import { PATIENCE, sweepTree } from './sweep.ts'
import type { FtpTarget } from './target.ts'

/** What holds for a whole site. */
export interface SiteOptions extends ConnectionOptions {
  /** The most connections that stand at once. */
  readonly connections: number
  /** Whether commands may leave before the replies to those before them have come; they may if left out. */
  readonly pipelining?: boolean
}

/** Connects and logs in; throws `SiteError`. The caller closes the site. */
export async function openSite(target: FtpTarget, options: SiteOptions): Promise<RemoteSite> {
  const { pool, learned } = await openPool(target, options)
  const reading = readingOver(pool, learned.account)
  const command = (verb: string, path: MutablePath): Promise<void> =>
    pool.use(connection => connection.command(verb, path))
  return {
    ...reading,
    rename: renamingOver(pool, learned, reading, options.timeoutMs),
    makeDirectory: directory =>
      again(
        () => command('MKD', directory),
        () => isListed(reading, directory)
      ),
    // What the first try may have left of it is written over.
    writeText: (file, text) => again(() => pool.use(connection => connection.writeText(file, text))),
    removeFile: file =>
      again(
        () => command('DELE', file),
        async () => !(await isListed(reading, file))
      ),
    removeDirectory: directory =>
      again(
        () => command('RMD', directory),
        async () => !(await isListed(reading, directory))
      ),
    sweep: (directory, how) => {
      const { account, listings } = learned
      const { connections, signal } = options
      const pipelining = learned.pipelining !== 'off'
      return sweepTree({ pool, account, listings, connections, pipelining, signal, ...PATIENCE }, directory, how)
    }
  }
}

/** Connects for looking only: the site that it returns has no verb that could change anything. */
export async function openReadOnly(target: FtpTarget, options: SiteOptions): Promise<ReadableSite> {
  const { pool, learned } = await openPool(target, options)
  return readingOver(pool, learned.account)
}

async function openPool(
  target: FtpTarget,
  options: SiteOptions
): Promise<{ readonly pool: Pool; readonly learned: Learned }> {
  const learned = nothingLearned(options.pipelining)
  const first = await connect(target, options, learned)
  const open = (closing: AbortSignal): Promise<Connection> => {
    const signal = AbortSignal.any([options.signal, closing])
    return connect(target, { ...options, signal }, learned, first.attempt).catch((error: unknown) => {
      if (!signal.aborted) noteRung(learned.account, `a further connection could not be opened: ${messageOf(error)}`)
      throw error
    })
  }
  const pool = makePool(first, open, options.connections)
  return { pool, learned }
}

function readingOver(pool: Pool, account: Account): ReadableSite {
  return {
    list: directory => again(() => transferring(pool, account, connection => connection.list(directory))),
    listFully: directory => again(() => transferring(pool, account, connection => connection.listFully(directory))),
    readText: (file, maxBytes) =>
      again(() => transferring(pool, account, connection => connection.readText(file, maxBytes))),
    account: () => readAccount(account),
    close: () => {
      pool.close()
    }
  }
}
