// What the logs of the servers say: which commands they were sent after the login, and what they answered.

/** Commands of a login, which the transport does not count either; ProFTPD writes `OPTS_UTF8 ON`. */
const LOGIN_COMMANDS = /^(AUTH|FEAT|OPTS|PASS|PBSZ|PROT|QUIT|TYPE|USER)(_|\b)/

const VSFTPD_COMMAND = /FTP command: Client "[^"]*"(?:, "(.*)")?$/
const VSFTPD_REPLY = /FTP response: Client "[^"]*", "(\d{3})[ "]/

/** The commands in a log of vsftpd or ProFTPD, those of logins left out. */
export function commandsIn(log: string): readonly string[] {
  const lines = log.split('\n').filter(Boolean)
  const isVsftpd = lines.some(line => line.includes(': Client "'))
  const commands = isVsftpd ? lines.flatMap(line => VSFTPD_COMMAND.exec(line)?.[1] ?? []) : lines
  return commands.filter(command => !LOGIN_COMMANDS.test(command))
}

/** The codes of the replies in a log; `undefined`: it holds none, as ProFTPD's. */
export function repliesIn(log: string): readonly number[] | undefined {
  const codes = log.split('\n').flatMap(line => VSFTPD_REPLY.exec(line)?.[1] ?? [])
  return codes.length > 0 ? codes.map(Number) : undefined
}
