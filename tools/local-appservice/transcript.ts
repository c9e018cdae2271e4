// What clients said and what they were told. Knows nothing of sockets, and never keeps a password.
import type { CommandLine } from './command-line.ts'

/** Is one command that arrived, and the first line of the last reply to it. */
export interface TranscriptLine {
  /** Number of the control connection, from 1. */
  readonly session: number
  readonly verb: string
  /** The argument as it came; `***` for PASS. */
  readonly argument: string
  /** First line of the last reply, without its line end; empty if none was sent. */
  readonly reply: string
  /** Whether the session's login was complete when the command came. */
  readonly afterLogin: boolean
}

/** Is a line whose reply is still to come. */
export type OpenLine = { -readonly [Key in keyof TranscriptLine]: TranscriptLine[Key] }

/** Records commands in the order in which the server took them up. */
export interface Transcript {
  readonly lines: readonly TranscriptLine[]
  /** Adds a line; the caller fills in the reply. */
  readonly open: (session: number, command: CommandLine, afterLogin: boolean) => OpenLine
  /** Counts the commands after a login since the start or the last `clear`. */
  readonly countAfterLogin: () => number
  readonly clear: () => void
}

/** Makes an empty transcript. */
export function makeTranscript(): Transcript {
  const lines: OpenLine[] = []
  let afterLoginCount = 0
  return {
    lines,
    open(session, { verb, argument }, afterLogin) {
      const line = { session, verb, argument: verb === 'PASS' ? '***' : argument, reply: '', afterLogin }
      lines.push(line)
      if (afterLogin) afterLoginCount++
      return line
    },
    countAfterLogin: () => afterLoginCount,
    clear() {
      lines.length = 0
      afterLoginCount = 0
    }
  }
}
