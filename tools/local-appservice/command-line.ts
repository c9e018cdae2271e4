// The client's half of the control connection as text: bytes to lines, lines to commands. Carries nothing out.

/** Names the verbs that change the server, or that begin a change (`RNFR`). */
export const MUTATING_VERBS: ReadonlySet<string> = new Set([
  'APPE',
  'DELE',
  'MFMT',
  'MKD',
  'RMD',
  'RNFR',
  'RNTO',
  'SITE',
  'STOR',
  'STOU',
  'XMKD',
  'XRMD'
])

/** Names the verbs that clients send to log in and to set a connection up; the login ends with the first other one. */
export const LOGIN_VERBS: ReadonlySet<string> = new Set([
  'AUTH',
  'FEAT',
  'OPTS',
  'PASS',
  'PBSZ',
  'PROT',
  'STRU',
  'TYPE',
  'USER'
])

/** Is one command: its verb in upper case and the rest of the line as it came. */
export interface CommandLine {
  readonly verb: string
  readonly argument: string
}

/** Splits a line at its first space; blanks in file names survive. */
export function parseCommand(line: string): CommandLine {
  const space = line.indexOf(' ')
  if (space === -1) return { verb: line.toUpperCase(), argument: '' }
  return { verb: line.slice(0, space).toUpperCase(), argument: line.slice(space + 1) }
}

const LINE_FEED = 0x0a

/** Makes a sink for chunks that calls `onLine` once per line, wherever packets were cut, even inside CRLF or a character. */
export function makeLineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  let unfinished = Buffer.alloc(0)
  return chunk => {
    let bytes = Buffer.concat([unfinished, chunk])
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED)) {
      onLine(bytes.toString('utf8', 0, end).replace(/\r$/, ''))
      bytes = bytes.subarray(end + 1)
    }
    unfinished = bytes
  }
}
