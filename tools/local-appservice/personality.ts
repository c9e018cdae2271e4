// The words of three servers: IIS, which Azure runs, vsftpd for everything UNIX, ProFTPD for MLSD. Texts only, no behaviour.
import type { PersonalityName } from './ftp-server-options.ts'
import { FACTS } from './listing-format.ts'

/** Is why a command was refused; IIS and ProFTPD tell causes apart, vsftpd only verbs. */
export type Cause = 'missing' | 'not-empty' | 'in-use' | 'denied' | 'exists' | 'not-a-directory'

/** Holds the replies that do not depend on a file. */
export interface Phrases {
  readonly banner: string
  readonly system: string
  readonly passwordWanted: string
  readonly loggedIn: string
  readonly loginFailed: string
  readonly loginNeeded: string
  readonly tlsStarts: string
  readonly tlsNeeded: string
  readonly tooManyConnections: string
  readonly tooManyLogins: string
  readonly goodbye: string
  readonly unknownCommand: string
  readonly badSequence: string
  readonly renamePending: string
  readonly listStarts: string
  readonly listDone: string
  readonly downloadStarts: string
  readonly uploadStarts: string
  readonly transferDone: string
  readonly noDataConnection: string
}

/** Is how a server speaks. */
export interface Personality {
  readonly name: PersonalityName
  readonly phrases: Phrases
  /** Lines between `211-` and `211 `. */
  readonly features: readonly string[]
  /** Says that a verb was carried out. */
  done(verb: string): string
  /** Says that a verb was not carried out. */
  refuse(verb: string, cause: Cause): string
}

// IIS ends the texts that come from Windows with a blank; clients that compare whole lines should notice.
const IIS_CAUSES: Readonly<Record<Cause, string>> = {
  missing: 'The system cannot find the file specified. ',
  'not-empty': 'The directory is not empty. ',
  'in-use': 'The process cannot access the file because it is being used by another process. ',
  denied: 'Access is denied. ',
  exists: 'Cannot create a file when that file already exists. ',
  'not-a-directory': 'The directory name is invalid. '
}

const IIS: Personality = {
  name: 'iis',
  phrases: {
    banner: '220 Microsoft FTP Service',
    system: '215 Windows_NT',
    passwordWanted: '331 Password required',
    loggedIn: '230 User logged in.',
    loginFailed: '530 User cannot log in.',
    loginNeeded: '530 Please login with USER and PASS.',
    tlsStarts: '234 AUTH command ok. Expecting TLS Negotiation.',
    tlsNeeded: '534 Policy requires SSL.',
    tooManyConnections: '421 Maximum session limit reached, closing control connection.',
    tooManyLogins: '530 User cannot log in.',
    goodbye: '221 Goodbye.',
    unknownCommand: '500 Command not understood.',
    badSequence: '503 Bad sequence of commands.',
    renamePending: '350 Requested file action pending further information.',
    listStarts: '150 Opening ASCII mode data connection.',
    listDone: '226 Transfer complete.',
    downloadStarts: '150 Opening BINARY mode data connection.',
    uploadStarts: '150 Opening BINARY mode data connection.',
    transferDone: '226 Transfer complete.',
    noDataConnection: '425 Cannot open data connection.'
  },
  features: [
    'LANG EN*',
    'UTF8',
    'AUTH TLS;TLS-C;SSL;TLS-P;',
    'PBSZ',
    'PROT C;P;',
    'CCC',
    'HOST',
    'SIZE',
    'MDTM',
    'REST STREAM'
  ],
  done: verb => (verb === 'NOOP' ? '200 noop command successful.' : `250 ${verb} command successful.`),
  refuse: (_verb, cause) => `550 ${IIS_CAUSES[cause]}`
}

const UNIX_DONE: Readonly<Record<string, string>> = {
  CDUP: '250 Directory successfully changed.',
  CWD: '250 Directory successfully changed.',
  DELE: '250 Delete operation successful.',
  NOOP: '200 NOOP ok.',
  RMD: '250 Remove directory operation successful.',
  RNTO: '250 Rename successful.'
}

const UNIX_REFUSED: Readonly<Record<string, string>> = {
  APPE: '553 Could not create file.',
  CDUP: '550 Failed to change directory.',
  CWD: '550 Failed to change directory.',
  DELE: '550 Delete operation failed.',
  MDTM: '550 Could not get file modification time.',
  MKD: '550 Create directory operation failed.',
  RETR: '550 Failed to open file.',
  RMD: '550 Remove directory operation failed.',
  RNFR: '550 RNFR command failed.',
  RNTO: '550 Rename failed.',
  SIZE: '550 Could not get file size.',
  STOR: '553 Could not create file.'
}

const UNIX: Personality = {
  name: 'unix',
  phrases: {
    banner: '220 (vsFTPd 3.0.5)',
    system: '215 UNIX Type: L8',
    passwordWanted: '331 Please specify the password.',
    loggedIn: '230 Login successful.',
    loginFailed: '530 Login incorrect.',
    loginNeeded: '530 Please login with USER and PASS.',
    tlsStarts: '234 Proceed with negotiation.',
    tlsNeeded: '530 Non-anonymous sessions must use encryption.',
    tooManyConnections: '421 There are too many connections from your internet address.',
    tooManyLogins: '530 Sorry, the maximum number of allowed clients is already connected.',
    goodbye: '221 Goodbye.',
    unknownCommand: '500 Unknown command.',
    badSequence: '503 RNFR required first.',
    renamePending: '350 Ready for RNTO.',
    listStarts: '150 Here comes the directory listing.',
    listDone: '226 Directory send OK.',
    downloadStarts: '150 Opening BINARY mode data connection.',
    uploadStarts: '150 Ok to send data.',
    transferDone: '226 Transfer complete.',
    noDataConnection: '425 Use PORT or PASV first.'
  },
  features: ['AUTH TLS', 'EPSV', 'MDTM', 'PASV', 'PBSZ', 'PROT', 'REST STREAM', 'SIZE', 'TVFS', 'UTF8'],
  done: verb => UNIX_DONE[verb] ?? `250 ${verb} ok.`,
  refuse: verb => UNIX_REFUSED[verb] ?? '550 Permission denied.'
}

const MLSD_CAUSES: Readonly<Record<Cause, string>> = {
  missing: 'No such file or directory',
  'not-empty': 'Directory not empty',
  'in-use': 'Text file busy',
  denied: 'Operation not permitted',
  exists: 'File exists',
  'not-a-directory': 'Not a directory'
}

const MLSD: Personality = {
  name: 'mlsd',
  phrases: {
    banner: '220 ProFTPD Server (lab) [127.0.0.1]',
    system: '215 UNIX Type: L8',
    passwordWanted: '331 Password required',
    loggedIn: '230 User logged in',
    loginFailed: '530 Login incorrect.',
    loginNeeded: '530 Please login with USER and PASS',
    tlsStarts: '234 AUTH TLS successful',
    tlsNeeded: '550 SSL/TLS required on the control channel',
    tooManyConnections: '421 Too many connections, try again later',
    tooManyLogins: '530 Sorry, the maximum number of clients from your host are already connected.',
    goodbye: '221 Goodbye.',
    unknownCommand: '500 Command not understood',
    badSequence: '503 Bad sequence of commands',
    renamePending: '350 File or directory exists, ready for destination name',
    listStarts: '150 Opening BINARY mode data connection for the listing',
    listDone: '226 Transfer complete',
    downloadStarts: '150 Opening BINARY mode data connection',
    uploadStarts: '150 Opening BINARY mode data connection',
    transferDone: '226 Transfer complete',
    noDataConnection: '425 Unable to build data connection: Invalid argument'
  },
  features: [
    'MDTM',
    'SIZE',
    'REST STREAM',
    'AUTH TLS',
    'PBSZ',
    'PROT',
    'EPSV',
    'UTF8',
    // A star marks a fact that is listed unless OPTS says otherwise.
    `MLST ${FACTS.map(fact => fact.replace(';', '*;')).join('')}`
  ],
  done: verb => (verb === 'NOOP' ? '200 NOOP command successful' : `250 ${verb} command successful`),
  // Only a listing of what is not there is answered with a code of its own.
  refuse: (verb, cause) => `${/^(LIST|NLST|STAT)$/.test(verb) ? 450 : 550} ${MLSD_CAUSES[cause]}`
}

/** Gives the words of a server by the name used in options. */
export function personalityOf(name: PersonalityName): Personality {
  return { iis: IIS, unix: UNIX, mlsd: MLSD }[name]
}
