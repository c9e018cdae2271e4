// The port over FTP: one connection to look with, a few more to sweep with.
import {
  SiteError,
  entryNamed,
  nameOf,
  parentOf,
  type MutablePath,
  type ReadableSite,
  type RemoteSite
} from '../site.ts'
import { noteRung, readAccount, type Account } from './account.ts'
import { connect, nothingLearned, type Connection, type ConnectionOptions } from './connection.ts'
import { makePool, type Pool } from './pool.ts'
import { sweepTree } from './sweep.ts'
import type { FtpTarget } from './target.ts'

/** What holds for a whole site. */
export interface SiteOptions extends ConnectionOptions {
  /** The most connections that stand at once. */
  readonly connections: number
}

/** Connects and logs in; throws `SiteError`. The caller closes the site. */
export async function openSite(target: FtpTarget, options: SiteOptions): Promise<RemoteSite> {
  const { pool, account } = await openPool(target, options)
  const reading = readingOver(pool, account)
  const command = (verb: string, path: MutablePath): Promise<void> =>
    pool.use(connection => connection.command(verb, path))
  return {
    ...reading,
    rename: (from, to) =>
      again(
        () =>
          pool.use(async connection => {
            await connection.command('RNFR', from)
            await connection.command('RNTO', to)
          }),
        async () => !(await isListed(reading, from)) && (await isListed(reading, to))
      ),
    makeDirectory: directory =>
      again(
        () => command('MKD', directory),
        () => isListed(reading, directory)
      ),
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
    sweep: directory => sweepTree(pool, directory)
  }
}

/** Connects for looking only: the site that it returns has no verb that could change anything. */
export async function openReadOnly(target: FtpTarget, options: SiteOptions): Promise<ReadableSite> {
  const { pool, account } = await openPool(target, options)
  return readingOver(pool, account)
}

async function openPool(
  target: FtpTarget,
  options: SiteOptions
): Promise<{ readonly pool: Pool; readonly account: Account }> {
  const learned = nothingLearned()
  const first = await connect(target, options, learned)
  const open = (): Promise<Connection> =>
    connect(target, options, learned, first.attempt).catch((error: unknown) => {
      noteRung(learned.account, 'a further connection could not be opened, so fewer do the work')
      throw error
    })
  const pool = makePool(first, open, options.connections)
  return { pool, account: learned.account }
}

function readingOver(pool: Pool, account: Account): ReadableSite {
  return {
    list: directory => again(() => pool.use(connection => connection.list(directory))),
    listFully: directory => again(() => pool.use(connection => connection.listFully(directory))),
    readText: (file, maxBytes) => again(() => pool.use(connection => connection.readText(file, maxBytes))),
    account: () => readAccount(account),
    close: () => {
      pool.close()
    }
  }
}

/**
 * Does something once more, over a new connection, where the first one was lost.
 *
 * The lost reply may have been that of a command that was carried out: `isDone` looks before it is sent again.
 */
async function again<T>(work: () => Promise<T>, isDone?: () => Promise<boolean>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind !== 'lost') throw error
    if (isDone && (await isDone())) return undefined as T
    return work().catch((second: unknown) => {
      throw second instanceof SiteError && second.kind === 'lost' ? twice(second) : second
    })
  }
}

function twice(error: SiteError): SiteError {
  const message = `${error.message} A second connection fared no better: run the workflow again`
  return new SiteError('lost', message, { cause: error })
}

async function isListed(site: ReadableSite, path: MutablePath): Promise<boolean> {
  return entryNamed(await site.list(parentOf(path)), nameOf(path)) !== undefined
}
