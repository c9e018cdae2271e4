// What is done once more where a connection was lost, and how it is told whether that is needed.
import { SiteError, entryNamed, nameOf, parentOf, type MutablePath, type ReadableSite } from '../site.ts'

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
