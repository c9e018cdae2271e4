// A rename: both its commands in one write, where that goes; else one after the other.
import { SiteError, type MutablePath, type ReadableSite, type RemoteSite } from '../site.ts'
import { noteRung } from './account.ts'
import { again, isListed } from './again.ts'
import type { Connection } from './connection.ts'
import { repliesTo } from './control.ts'
import { distrust, type Learned } from './learned.ts'
import type { Pool } from './pool.ts'
import type { Reply } from './replies.ts'

/** How long both replies are waited for at least; in a second try each of them has the usual limit. */
const PATIENCE_MS = 5000

/** The limit in round trips, for a server that is far away. */
const PATIENCE_ROUND_TRIPS = 20

/**
 * Makes the verb that renames.
 *
 * Whatever goes wrong in one flight, whether it is done is looked up, and if it is not, it is tried once more, one command
 * after the other: that one's error is thrown.
 */
export function renamingOver(
  pool: Pool,
  learned: Learned,
  reading: ReadableSite,
  timeoutMs: number
): RemoteSite['rename'] {
  return async (from, to) => {
    const isDone = async (): Promise<boolean> => !(await isListed(reading, from)) && (await isListed(reading, to))
    const patienceMs = Math.min(timeoutMs, Math.max(PATIENCE_MS, PATIENCE_ROUND_TRIPS * learned.roundTripMs))
    const flight = { wasTried: false }
    const work = async (connection: Connection): Promise<void> => {
      if (flight.wasTried || learned.pipelining !== 'allowed') return renameStepwise(connection, from, to)
      flight.wasTried = true
      return renameAtOnce(connection, learned, patienceMs, from, to)
    }
    try {
      await again(() => pool.use(work), isDone)
    } catch (error) {
      // What was not answered in time may have been carried out since, and then the second try finds nothing to rename.
      const isRefused = error instanceof SiteError && error.kind === 'refused'
      if (!flight.wasTried || !isRefused || !(await isDone())) throw error
    }
  }
}

async function renameStepwise(connection: Connection, from: MutablePath, to: MutablePath): Promise<void> {
  await connection.command('RNFR', from)
  await connection.command('RNTO', to)
}

/** Throws a `SiteError` of kind `lost` whatever goes wrong, and closes the connection where its replies cannot be trusted. */
async function renameAtOnce(
  connection: Connection,
  learned: Learned,
  patienceMs: number,
  from: MutablePath,
  to: MutablePath
): Promise<void> {
  const { control } = connection
  const usualMs = control.patienceMs
  control.patienceMs = patienceMs
  const outcome = judgeRename(await repliesTo(control, [`RNFR ${from}`, `RNTO ${to}`]))
  control.patienceMs = usualMs
  if (outcome === 'done') return
  if (outcome === 'refused') {
    noteRung(learned.account, 'a rename was refused in one flight, so it was tried again one command after the other')
  } else {
    if (outcome === 'odd') distrust(learned, 'the replies to a rename in one flight do not fit its commands')
    connection.close()
  }
  throw new SiteError('lost', 'The rename in one flight was not carried out')
}

/** `lost`: no reply at all came, which says nothing about the server. */
type RenameOutcome = 'done' | 'refused' | 'lost' | 'odd'

function judgeRename([first, second]: readonly (Reply | undefined)[]): RenameOutcome {
  if (!first || first.code === 421) return 'lost'
  if (first.code === 350 && second && second.code >= 200 && second.code < 300) return 'done'
  if (second?.code === 421) return 'lost'
  // After a refusal of the first half the second one comes too early (503), which some refuse like any other.
  const isRefused = first.code === 350 ? second && isPlain(second) : isPlain(first) && second && second.code >= 400
  return isRefused ? 'refused' : 'odd'
}

/** A refusal of the command itself: 500 to 503 say that it was not understood, or came at the wrong time. */
function isPlain({ code }: Reply): boolean {
  return code >= 400 && !(code >= 500 && code <= 503)
}
