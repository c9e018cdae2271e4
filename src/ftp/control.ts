// Commands on one control connection, several of them under way at a time. Matches replies; means nothing by either.
import type { Socket } from 'node:net'
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
  /** The connection was closed because the server had been silent for too long. */
  readonly endedBySilence: boolean
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

/** The commands of a login, which the account does not count, and the end of a session, which nobody waits for. */
const UNCOUNTED = /^(AUTH|FEAT|OPTS|PASS|PBSZ|PROT|QUIT|TYPE|USER)\b/

/**
 * Takes over the reading of a client's control connection; what basic-ftp asks for itself it still hears.
 *
 * A reply that nobody waits for closes the connection: what comes next could be taken for the answer to another command.
 * `onUnasked` hears of it first, but not of a 421, by which servers end idle sessions.
 */
export function controlOver(
  client: Client,
  account: Account,
  onUnasked: (reply: Reply) => void = () => undefined
): Control {
  const { ftp } = client
  let reader = replyReader()
  let heardOn = ftp.socket
  const expected: OnReply[] = []
  const lines: string[] = []
  let writing = false
  let patienceMs = ftp.timeout
  let endedBySilence = false
  let quick: Socket | undefined

  const watch = (): void => {
    ftp.socket.setTimeout(expected.length > 0 ? patienceMs : 0)
  }
  const end = (): void => {
    lines.length = 0
    for (const onReply of expected.splice(0)) onReply(undefined)
  }
  const take = (reply: Reply): void => {
    // What else came in the same piece as the one that closed it.
    if (ftp.closed) return
    // A mark on the way (1xx) is followed by the reply proper.
    if (reply.code < 200 && expected.length > 0) return
    // What is still to be written cannot have been answered.
    const onReply = expected.length > lines.length ? expected.shift() : undefined
    if (!onReply) {
      if (expected.length === 0 && Reflect.get(ftp, '_task') !== undefined) hearLibrary(reply)
      else refuse(reply)
      return
    }
    ftp.log(`< ${reply.text}`)
    if (expected.length === 0) watch()
    onReply(reply)
  }
  const refuse = (reply: Reply): void => {
    ftp.log(`< ${reply.text}`)
    if (reply.code !== 421) onUnasked(reply)
    ftp.closeWithError(new Error(`The server said what nobody had asked for: ${reply.text.replace(/\s+/g, ' ')}`))
  }
  const pump = (): void => {
    if (writing || lines.length === 0 || ftp.closed) return
    // Else a small piece waits until the one before has been acknowledged (RFC 896), a round trip for each.
    if (quick !== ftp.socket) ftp.socket.setNoDelay(true)
    quick = ftp.socket
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
  const sendLibrary = ftp.send.bind(ftp)
  Object.defineProperties(ftp, {
    _onControlSocketData: {
      value: (chunk: string) => {
        if (ftp.closed) return
        // What was left over in the clear is no beginning of what comes under TLS (RFC 4217 section 15.1.1).
        if (heardOn !== ftp.socket) reader = replyReader()
        heardOn = ftp.socket
        account.bytesReceived += Buffer.byteLength(chunk)
        try {
          for (const reply of reader.read(chunk)) take(reply)
        } catch (error) {
          ftp.closeWithError(error instanceof Error ? error : new Error(String(error)))
        }
      }
    },
    send: {
      value: (line: string) => {
        sendLibrary(line)
        if (UNCOUNTED.test(line)) return
        account.commands++
        account.bytesSent += Buffer.byteLength(line) + 2
      }
    },
    closeWithError: {
      value: (error: Error) => {
        endedBySilence ||= expected.length > 0 && error.message.startsWith('Timeout')
        closeWithError(error)
        end()
      }
    }
  })

  const send = (line: string, onReply: OnReply): void => {
    checkCommand(line)
    if (ftp.closed) {
      queueMicrotask(() => {
        onReply(undefined)
      })
      return
    }
    ftp.log(`> ${shown(line)}`)
    expected.push(onReply)
    if (!UNCOUNTED.test(line)) {
      account.commands++
      account.window = Math.max(account.window, expected.length)
    }
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
    get endedBySilence() {
      return endedBySilence
    },
    send,
    async flight(commands) {
      const replies = await repliesTo({ send }, commands)
      return replies.map(reply => {
        if (!reply) throw new SiteError('lost', 'The connection broke before all replies had come')
        return reply
      })
    }
  }
}

/**
 * Sends commands in one write, and waits for what comes; `undefined` for each whose reply did not.
 *
 * Throws a `RangeError` before anything is sent where one of them has a control character.
 */
export async function repliesTo(
  { send }: Pick<Control, 'send'>,
  commands: readonly string[]
): Promise<readonly (Reply | undefined)[]> {
  for (const command of commands) checkCommand(command)
  return Promise.all(
    commands.map(
      command =>
        new Promise<Reply | undefined>(resolve => {
          send(command, resolve)
        })
    )
  )
}

/** Throws a `RangeError`, without the password, for what is not one command. */
function checkCommand(line: string): void {
  // eslint-disable-next-line no-control-regex -- a line end would begin another command
  if (/[\u0000-\u001f\u007f]/.test(line)) throw new RangeError(`not a command: ${JSON.stringify(shown(line))}`)
}

/** A command as it may be shown to anybody. */
function shown(line: string): string {
  return /^PASS\b/i.test(line) ? 'PASS ###' : line
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
