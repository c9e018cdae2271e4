// STAT: a listing on the control connection, or the status of the server.
import { stat } from 'node:fs/promises'
import type { Command, Session } from './ftp-session.ts'
import { linesFor, linesOrMissing } from './listed-lines.ts'
import { parseListArgument } from './listing.ts'
import { followedPath, ftpPath } from './virtual-paths.ts'

const status: Command = async (session, argument, verb) => {
  const { style, switches } = session.shared
  const answer = switches.listings.stat ?? (style.personality === 'iis' ? 'refused' : 'served')
  if (argument === '' || answer === 'status') return serverStatus(session)
  if (answer === 'refused') return '502 Command not implemented.'
  const asked = parseListArgument(argument, style, switches.listings)
  // vsftpd and ProFTPD show everything here, whether it was asked for or not.
  const request = { ...asked, all: switches.listings.hideDots !== true, recurse: false }
  const lines = await linesOrMissing(session, () => linesFor(session, verb, request))
  if (style.personality !== 'mlsd') return ['213-Status follows:', ...lines, '213 End of status'].join('\r\n')
  const code = (await isFolder(session, request.path)) ? 212 : 213
  return [`${code}-Status of ${request.path}:`, ...lines.map(line => ` ${line}`), `${code} End of status`].join('\r\n')
}

function serverStatus({ userName }: Session): string {
  const lines = [
    'Connected to 127.0.0.1',
    `Logged in as ${userName}`,
    'TYPE: ASCII',
    'Session timeout in seconds is 300'
  ]
  return ['211-FTP server status:', ...lines.map(line => `     ${line}`), '211 End of status'].join('\r\n')
}

/** What is missing counts as one: it is listed as an empty folder, where it is not refused. */
async function isFolder(session: Session, path: string): Promise<boolean> {
  const disk = await followedPath(session.shared.root, ftpPath(session.workingDirectory, path)).catch(() => undefined)
  return disk === undefined || (await stat(disk)).isDirectory()
}

/** Maps the verb to what it does. */
export const STATUS_COMMAND: readonly (readonly [string, Command])[] = [['STAT', status]]
