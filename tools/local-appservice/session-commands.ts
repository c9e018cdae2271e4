// Commands about the connection itself: login, TLS, settings, working directory. They touch no file.
import { stat } from 'node:fs/promises'
import { FACTS } from './listing-format.ts'
import { secureControl, sendReply } from './ftp-session.ts'
import type { Command, Session } from './ftp-session.ts'
import { followedPath, ftpPath } from './virtual-paths.ts'

const auth: Command = async (session, argument) => {
  const { words, switches } = session.shared
  if (switches.refuseTls) return '502 Command not implemented.'
  if (session.tls) return '503 Already using TLS.'
  if (!/^(TLS|TLS-C|SSL|TLS-P)$/i.test(argument)) return '504 Unknown AUTH type.'
  // The reply has to be out in plain text before the handle is given to TLS.
  session.control.pause()
  sendReply(session, words.phrases.tlsStarts)
  await session.outbox.drained()
  secureControl(session)
  return undefined
}

const user: Command = (session, argument) => {
  const { phrases } = session.shared.words
  if (session.shared.switches.requireTls && !session.tls) return phrases.tlsNeeded
  session.userName = argument
  session.loggedIn = false
  return phrases.passwordWanted
}

const pass: Command = (session, argument) => {
  const { options, switches, words } = session.shared
  if (switches.refuseLogin === 'close') {
    session.leaving = true
    return undefined
  }
  if (switches.refuseLogin !== undefined) return switches.refuseLogin
  if (session.userName !== options.userName || argument !== options.password) return words.phrases.loginFailed
  if (session.turnedAway !== undefined) return turnAway(session)
  session.loggedIn = true
  return words.phrases.loggedIn
}

/** Tells one connection too many that it is one, as ProFTPD does instead of the login, or right behind it. */
function turnAway(session: Session): string {
  const { phrases } = session.shared.words
  session.leaving = true
  if (session.turnedAway === '530') return phrases.tooManyLogins
  sendReply(session, phrases.loggedIn)
  return phrases.tooManyConnections
}

const features: Command = ({ shared }) =>
  ['211-Extended features supported:', ...shared.words.features.map(feature => ` ${feature}`), '211 END'].join('\r\n')

const options: Command = (session, argument) => {
  if (/^UTF-?8( ON)?$/i.test(argument)) return '200 OPTS UTF8 command successful - UTF8 encoding now ON.'
  // RFC 3659 section 7.9: facts that are not known are left out without a word.
  if (session.shared.words.name === 'mlsd' && /^MLST /i.test(argument)) return `200 MLST OPTS ${FACTS.join('')}`
  return '501 Option not known.'
}

const type: Command = (_session, argument) =>
  /^[AI]\b/i.test(argument) ? `200 Type set to ${argument.slice(0, 1).toUpperCase()}.` : '504 Type not implemented.'

const structure: Command = (_session, argument) => (/^F$/i.test(argument) ? '200 Structure set to F.' : '504 Bad STRU.')

const mode: Command = (_session, argument) => (/^S$/i.test(argument) ? '200 Mode set to S.' : '504 Bad MODE.')

const bufferSize: Command = session => (session.tls ? '200 PBSZ set to 0.' : '503 AUTH comes first.')

const protection: Command = (session, argument) => {
  if (!session.tls) return '503 AUTH comes first.'
  if (!/^[CP]$/i.test(argument)) return '536 PROT not supported.'
  session.protectData = argument.toUpperCase() === 'P'
  return `200 PROT now ${session.protectData ? 'Private' : 'Clear'}.`
}

const changeDirectory: Command = async (session, argument, verb) => {
  const path = ftpPath(session.workingDirectory, verb === 'CDUP' ? '..' : argument)
  const found = await stat(await followedPath(session.shared.root, path))
  if (!found.isDirectory()) return session.shared.words.refuse(verb, 'not-a-directory')
  session.workingDirectory = path
  return session.shared.words.done(verb)
}

const quit: Command = session => {
  session.leaving = true
  return session.shared.words.phrases.goodbye
}

/** Maps verbs to what they do. */
export const SESSION_COMMANDS: readonly (readonly [string, Command])[] = [
  ['AUTH', auth],
  ['USER', user],
  ['PASS', pass],
  ['FEAT', features],
  ['OPTS', options],
  ['TYPE', type],
  ['STRU', structure],
  ['MODE', mode],
  ['PBSZ', bufferSize],
  ['PROT', protection],
  ['SYST', ({ shared }) => shared.words.phrases.system],
  ['NOOP', ({ shared }) => shared.words.done('NOOP')],
  ['HELP', () => '214 No help here.'],
  ['PWD', session => `257 "${session.workingDirectory.replaceAll('"', '""')}" is current directory.`],
  ['CWD', changeDirectory],
  ['CDUP', changeDirectory],
  ['QUIT', quit]
]
