// Replies on a control connection: bytes in any pieces → whole replies (RFC 959 section 4.2). Knows no commands.

/** A whole reply. */
export interface Reply {
  readonly code: number
  /** All lines, without the line end of the last one. */
  readonly text: string
}

/** Splits what arrives into replies. */
export interface ReplyReader {
  /** Takes the next piece; throws a `RangeError` for what can be no reply. */
  read(piece: string): readonly Reply[]
  /** What has come of a reply that is not whole yet. */
  readonly rest: string
}

/** More than the listing of any folder of an environment takes; a server that sends more is not waited for. */
const MAX_REPLY_LENGTH = 16 * 1024 * 1024

/**
 * Makes a reader for one connection.
 *
 * Lines may end in the middle of any piece. basic-ftp takes an unfinished line for a whole one, which loses or invents
 * replies where many are under way.
 */
export function replyReader(): ReplyReader {
  let rest = ''
  let lines: string[] = []
  let length = 0

  /** The reply that a line completes; `undefined`: more lines follow. */
  const take = (line: string): Reply | undefined => {
    const [first] = lines
    const hasCode = startsWithCode(line)
    if (first === undefined) {
      if (line === '') return undefined
      if (!hasCode) throw new RangeError(`no reply begins like this: ${JSON.stringify(line.slice(0, 80))}`)
      if (line[3] !== '-') return { code: Number(line.slice(0, 3)), text: line }
    }
    lines.push(line)
    length += line.length + 1
    if (length > MAX_REPLY_LENGTH) throw new RangeError('a reply is too long')
    const isEnd = first !== undefined && hasCode && line[3] !== '-' && line.startsWith(first.slice(0, 3))
    if (!isEnd) return undefined
    const text = lines.join('\n')
    lines = []
    length = 0
    return { code: Number(text.slice(0, 3)), text }
  }

  return {
    read(piece) {
      const parts = (rest + piece).split('\n')
      rest = parts.pop() ?? ''
      if (rest.length > MAX_REPLY_LENGTH) throw new RangeError('a line of a reply is too long')
      return parts.flatMap(part => take(part.endsWith('\r') ? part.slice(0, -1) : part) ?? [])
    },
    get rest() {
      return [...lines, rest].join('\n')
    }
  }
}

/** Whether a line begins with three digits, and ends there or goes on with a blank or a hyphen. */
function startsWithCode(line: string): boolean {
  for (let at = 0; at < 3; at++) {
    const unit = line.charCodeAt(at)
    // No number in a line that is too short compares to anything.
    if (!(unit >= 48 && unit <= 57)) return false
  }
  return line.length === 3 || line[3] === ' ' || line[3] === '-'
}
