// The words of two servers: IIS, which Azure runs, and vsftpd for everything UNIX. Texts only, no behaviour.

/** Is why a command was refused; IIS tells causes apart, vsftpd only verbs. */
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
  readonly name: 'iis' | 'unix'
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

/** Gives the words of a server by the name used in options. */
export function personalityOf(name: 'iis' | 'unix'): Personality {
  return name === 'iis' ? IIS : UNIX
}
