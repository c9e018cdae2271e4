// Commands on one control connection, several of them under way at a time. Matches replies; means nothing by either.
import type { Client } from 'basic-ftp'
import { SiteError } from '../site.ts'
import type { Account } from './account.ts'
import { replyReader, type Reply } from './replies.ts'

/** Takes the final reply to a command; `undefined`: the connection ended before it came. */
export type OnReply = (reply: Reply | undefined) => void

/** What sends commands without waiting for the replies to those before. */
export interface Control {
  /** Commands whose reply has not come. */
  readonly outstanding: number
  /** How long the server may send nothing while something is outstanding; then the connection is closed. */
  patienceMs: number
  /** Sends a command; throws a `RangeError` for one with a control character. Replies are matched by their order alone. */
  send(line: string, onReply: OnReply): void
  /** Sends commands in one write, and waits for all replies. Throws `SiteError` of kind `lost`. */
  flight(lines: readonly string[]): Promise<readonly Reply[]>
}

/**
 * Bytes that are written at once.
 *
 * ProFTPD and Pure-FTPd read about 4 KB of a TLS record and then wait at the socket, with the rest in OpenSSL's hands;
 * and ProFTPD takes two commands for one where a read ends between CR and LF (proftpd/proftpd#2020). So each write, which
 * becomes one record, holds whole lines and stays below that.
 */
const MAX_WRITE_BYTES = 2000

/** Takes over the reading of a client's control connection; what basic-ftp asks for itself it still hears. */
export function controlOver(client: Client, account: Account): Control {
  const { ftp } = client
  const reader = replyReader()
  const expected: OnReply[] = []
  const lines: string[] = []
  let writing = false
  let patienceMs = ftp.timeout

  const watch = (): void => {
    ftp.socket.setTimeout(expected.length > 0 ? patienceMs : 0)
  }
  const end = (): void => {
    lines.length = 0
    for (const onReply of expected.splice(0)) onReply(undefined)
  }
  const take = (reply: Reply): void => {
    // A mark on the way (1xx) is followed by the reply proper.
    if (reply.code < 200 && expected.length > 0) return
    const onReply = expected.shift()
    if (!onReply) {
      hearLibrary(reply)
      return
    }
    ftp.log(`< ${reply.text}`)
    if (expected.length === 0) watch()
    onReply(reply)
  }
  const pump = (): void => {
    if (writing || lines.length === 0 || ftp.closed) return
    const chunk = nextWrite(lines)
    account.bytesSent += Buffer.byteLength(chunk)
    writing = true
    // Node puts writes that wait for each other into one record, so the next one has to wait for this one's end.
    ftp.socket.write(chunk, () => {
      writing = false
      pump()
    })
  }

  const hear = Reflect.get(ftp, '_onControlSocketData') as (chunk: string) => void
  const hearLibrary = (reply: Reply): void => {
    hear.call(ftp, `${reply.text}\r\n`)
  }
  const closeWithError = ftp.closeWithError.bind(ftp)
  Object.defineProperties(ftp, {
    _onControlSocketData: {
      value: (chunk: string) => {
        account.bytesReceived += Buffer.byteLength(chunk)
        try {
          for (const reply of reader.read(chunk)) take(reply)
        } catch (error) {
          ftp.closeWithError(error instanceof Error ? error : new Error(String(error)))
        }
      }
    },
    closeWithError: {
      value: (error: Error) => {
        closeWithError(error)
        end()
      }
    }
  })

  const send = (line: string, onReply: OnReply): void => {
    // eslint-disable-next-line no-control-regex -- a line end would begin another command
    if (/[\u0000-\u001f\u007f]/.test(line)) throw new RangeError(`not a command: ${JSON.stringify(line)}`)
    if (ftp.closed) {
      queueMicrotask(() => {
        onReply(undefined)
      })
      return
    }
    ftp.log(`> ${line.startsWith('PASS ') ? 'PASS ###' : line}`)
    account.commands++
    expected.push(onReply)
    account.window = Math.max(account.window, expected.length)
    if (expected.length === 1) watch()
    lines.push(line)
    if (lines.length === 1) queueMicrotask(pump)
  }

  return {
    get outstanding() {
      return expected.length
    },
    get patienceMs() {
      return patienceMs
    },
    set patienceMs(value) {
      patienceMs = value
      watch()
    },
    send,
    async flight(commands) {
      const replies = commands.map(
        command =>
          new Promise<Reply>((resolve, reject) => {
            send(command, reply => {
              if (reply) resolve(reply)
              else reject(new SiteError('lost', 'The connection broke before all replies had come'))
            })
          })
      )
      return Promise.all(replies)
    }
  }
}

/** Takes whole lines off the queue, as many as go into one write, and at least one. */
function nextWrite(lines: string[]): string {
  let chunk = ''
  let bytes = 0
  while (lines.length > 0) {
    const line = `${lines[0] ?? ''}\r\n`
    bytes += Buffer.byteLength(line)
    if (chunk !== '' && bytes > MAX_WRITE_BYTES) break
    chunk += line
    lines.shift()
  }
  return chunk
}
