// What is done once more where a connection was lost, and how it is told whether that is needed.
import { SiteError, entryNamed, nameOf, parentOf, type MutablePath, type ReadableSite } from '../site.ts'
import { noteRung, type Account } from './account.ts'
import type { Connection } from './connection.ts'
import { isSpent } from './failures.ts'
import type { Pool } from './pool.ts'

/**
 * Does something once more, over a new connection, where the first one was lost.
 *
 * The lost reply may have been that of a command that was carried out: `isDone` looks before it is sent again.
 */
export async function again<T>(work: () => Promise<T>, isDone?: () => Promise<boolean>): Promise<T> {
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

/** Whether the folder above a path lists it. */
export async function isListed(site: ReadableSite, path: MutablePath): Promise<boolean> {
  return entryNamed(await site.list(parentOf(path)), nameOf(path)) !== undefined
}

/**
 * Transfers something, over a connection that is renewed where it takes no more transfers.
 *
 * Azure's servers answer 425 after about a hundred in one session (microsoft/azure-pipelines-tasks#5929). All connections
 * come to that at about the same time, so another one that has served as long proves nothing when it fails as well; a
 * fresh one does. Each that is given up here has served at least one transfer, so this comes to an end.
 */
export async function transferring<T>(
  pool: Pool,
  account: Account,
  transfer: (connection: Connection) => Promise<T>
): Promise<T> {
  for (;;) {
    let served = 0
    try {
      return await pool.use(connection => {
        served = connection.transfers
        return transfer(connection)
      })
    } catch (error) {
      if (served === 0 || !isSpent(error)) throw error
      noteRung(account, 'a session that took no more transfers was renewed')
    }
  }
}
