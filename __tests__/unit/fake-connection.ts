// A site in memory, seen through one control connection. Speaks no FTP: replies are made from what the site answers.
import type { Connection } from '../../src/ftp/connection.ts'
import type { Control, OnReply } from '../../src/ftp/control.ts'
import type { Reply } from '../../src/ftp/replies.ts'
import { SiteError, mutable, remotePath } from '../../src/site.ts'
import { refusal, type FakeSite } from './fake-site.ts'

/** Loses the connection over which a certain command goes; shared by the connections of a pool. */
export interface Cut {
  /** Counts up over all connections. */
  sent: number
  readonly at: number
  /** Whether that command is still carried out; no reply comes in either case. */
  readonly carriedOut: boolean
}

/** The same tree seen through one control connection. */
export function fakeConnection(site: FakeSite, cut?: Cut): Connection {
  let closed = false
  const control = fakeControl(
    site,
    () => closed,
    () => {
      closed = true
    },
    cut
  )
  return {
    attempt: { mode: 'explicit', port: 21 },
    get closed() {
      return closed
    },
    transfers: 0,
    control,
    pipelining: 'allowed',
    listTree: path => Promise.reject(refusal('LIST', path, 'no options')),
    list: path => site.list(path),
    listFully: path => site.listFully(path),
    readText: (path, maxBytes) => site.readText(path, maxBytes),
    writeText: (path, text) => site.writeText(mutable(path), text),
    command: (verb, path) => carryOut(site, verb, path),
    close: () => {
      closed = true
    }
  }
}

function carryOut(site: FakeSite, verb: string, path: string): Promise<void> {
  const place = mutable(remotePath(path))
  if (verb === 'MKD') return site.makeDirectory(place)
  return verb === 'DELE' ? site.removeFile(place) : site.removeDirectory(place)
}

/** Answers one after the other, as a server does. */
function fakeControl(site: FakeSite, isClosed: () => boolean, onLoss: () => void, cut?: Cut): Control {
  const waiting: OnReply[] = []
  let last: Promise<unknown> = Promise.resolve()
  const send = (line: string, onReply: OnReply): void => {
    waiting.push(onReply)
    last = last.then(async () => {
      const isCut = cut !== undefined && ++cut.sent === cut.at
      const isLost = isClosed() || (isCut && !cut.carriedOut)
      const answered = isLost ? undefined : await answer(site, line)
      const reply = isCut ? undefined : answered
      if (!reply) onLoss()
      waiting.shift()
      onReply(reply)
    })
  }
  return {
    get outstanding() {
      return waiting.length
    },
    patienceMs: 30_000,
    endedBySilence: false,
    send,
    flight: lines =>
      Promise.all(
        lines.map(
          line =>
            new Promise<Reply>((resolve, reject) => {
              send(line, reply => {
                if (reply) resolve(reply)
                else reject(new SiteError('lost', 'The connection broke'))
              })
            })
        )
      )
  }
}

/** `undefined`: the connection is lost. */
async function answer(site: FakeSite, line: string): Promise<Reply | undefined> {
  const [, verb = '', path = ''] = /^(\S+) ?(.*)$/.exec(line) ?? []
  if (verb === 'NOOP') return { code: 200, text: '200 ok' }
  // Whatever is asked for here is looked for after it was deleted.
  if (verb === 'RNFR') return { code: 550, text: '550 not found' }
  if (verb === 'PWD') return { code: 257, text: '257 "/"' }
  if (!['DELE', 'RMD', 'MKD'].includes(verb)) return { code: 502, text: '502 not implemented' }
  try {
    await carryOut(site, verb, path)
    return { code: 250, text: '250 done' }
  } catch (error) {
    if (!(error instanceof SiteError)) throw error
    if (error.kind === 'lost') return undefined
    const code = error.replyCode ?? 550
    return { code, text: `${code} ${error.message}` }
  }
}
