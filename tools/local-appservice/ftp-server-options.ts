// What a local FTP server is started with, and what a test may change while it runs. Types only.
import type { Appearance, ConnectionCap, PipeliningTraps } from './misbehaviour.ts'

/** Names whose words a server speaks: IIS, vsftpd (`unix`), or ProFTPD (`mlsd`), which alone has MLSD. */
export type PersonalityName = 'iis' | 'unix' | 'mlsd'

/**
 * Is how a link is shown: as the folder or file it points to (IIS, pyftpdlib), as a link, as a link with its target
 * (`slink`, MLSD only), or not at all where it points to a folder.
 */
export type LinkStyle = 'directory' | 'link' | 'slink' | 'hidden'

/** Configures a server for its whole life. */
export interface FtpServerOptions {
  /** Folder that is the FTP root: the app's home, with `site/wwwroot` in it. */
  readonly root: string
  readonly userName: string
  readonly password: string
  /** Private key, PEM. */
  readonly key: string
  /** Certificate, PEM. */
  readonly cert: string
  /** Whose words and listings; `iis` if left out. */
  readonly personality?: PersonalityName | undefined
  /** How DOS listings and MLSD show a link (UNIX listings have `name -> target`); `directory` if left out. */
  readonly links?: LinkStyle | undefined
  /** Whether UNIX obeys `LIST -R`; false, as in vsftpd, if left out. */
  readonly recursiveListings?: boolean | undefined
  /** Control connections at a time; one more gets 421 and is closed. No cap if left out. */
  readonly maxConnections?: number | undefined
  /** First line the server says, with its code. */
  readonly banner?: string | undefined
}

/** Describes a command that is about to be carried out. */
export interface CommandContext {
  /** Number of the control connection, from 1. */
  readonly session: number
  /** The verb in upper case. */
  readonly verb: string
  readonly argument: string
  /** Number of the command after the login over all sessions, from 1; 0 for commands of a login. */
  readonly count: number
  /** Whether the verb is one of `MUTATING_VERBS`. */
  readonly mutating: boolean
}

/** Is what happens to a command instead of, or beside, being carried out. */
export interface Fault {
  /** Waits this long before anything else. */
  readonly delayMs?: number
  /** Is sent instead of carrying the command out, e.g. `550 Access is denied.` */
  readonly reply?: string
  /** Ends the control connection before the command is carried out, or after it was and before its reply. */
  readonly cut?: 'before' | 'after'
  /** How it ends: with FIN, with RST, or in silence, the connection left open; destroyed, which is either, if left out. */
  readonly how?: CutStyle
}

/** Is how a connection ends: in good order, with a reset, or without anybody being told. */
export type CutStyle = 'fin' | 'rst' | 'silence'

/** Decides the fate of each command; a hook that throws is answered with 451. */
export type CommandHook = (context: CommandContext) => Fault | undefined | Promise<Fault | undefined>

/** Says what is odd about listings; nothing is where it is empty. */
export interface ListingTraps {
  /** Leaves out names that begin with a dot, whatever is asked for. */
  readonly hideDots?: boolean
  /** How a missing folder is answered; vsftpd lists it as an empty one, the others refuse. `said`: the listing says so. */
  readonly missing?: 'refused' | 'empty' | 'said'
  /** Verbs that are answered with success and not a single line, whatever there is to list. */
  readonly mute?: readonly ('LIST' | 'MLSD')[]
  /** Takes `-a` for a part of the name. */
  readonly optionsAreNames?: boolean
  /** Takes the last name of a path for a pattern, as Pure-FTPd does. */
  readonly globs?: boolean
  /** Prints `total N` above UNIX listings. */
  readonly totals?: boolean
  /** Ends lines with this; CRLF if left out. */
  readonly lineEnd?: '\n'
  /** Leaves out the end of the last line. */
  readonly unfinished?: boolean
  /** Prints names in another encoding than UTF-8. */
  readonly encoding?: 'latin1'
  /**
   * How STAT with a path is answered: with a listing (what all but IIS do), with 502 (what IIS does, as far as is known),
   * or with the status of the server.
   */
  readonly stat?: 'served' | 'refused' | 'status'
  /** Whether UNIX and ProFTPD obey `LIST -R`, and how; as the server was started if left out. */
  readonly recursive?: RecursiveTraps
}

/** Says how `LIST -R` is obeyed: as it should be where this is empty. */
export interface RecursiveTraps {
  /** Ends each listing after that many lines, with an ordinary 226, as Pure-FTPd does. */
  readonly cutAfter?: number
  /** Lists one folder, as if there were no `R` among the options. */
  readonly ignored?: boolean
  /** Shows links to folders as folders, and enters them. */
  readonly followLinks?: boolean
}

/** Says what is odd about passive mode; nothing is where it is empty. */
export interface PassiveTraps {
  /** Four numbers with commas that PASV names instead of the address that the server listens on. */
  readonly address?: string
  /** Announces ports that cannot be reached: nobody listens there, or packets are lost on the way. */
  readonly blocked?: Readonly<Partial<Record<'EPSV' | 'PASV', 'refused' | 'dropped'>>>
  /** Is told each port before the client is, so that a proxy can open its own. */
  readonly announce?: (port: number) => Promise<void>
}

/** Holds what a test may change while the server runs. */
export interface FtpServerSwitches {
  hook: CommandHook | undefined
  listings: ListingTraps
  passive: PassiveTraps
  /** Refuses a rename by its two FTP paths. */
  refuseRename: ((from: string, to: string) => boolean) | undefined
  /** FTP paths of files in use: they cannot be deleted, their folders can be neither removed nor renamed, they themselves can be renamed. */
  readonly lockedFiles: Set<string>
  /** The reply to every PASS, or `close` for a connection that ends without a word, as with FTP state Disabled. */
  refuseLogin: `530 ${string}` | 'close' | undefined
  /** Whether USER before AUTH is refused on the explicit port. */
  requireTls: boolean
  /** Whether AUTH is answered with 502. */
  refuseTls: boolean
  pipelining: PipeliningTraps
  /** Whether replies come in pieces of one to three bytes; basic-ftp's own reader loses some of them, the greeting included. */
  splitReplies: boolean | 'from USER on'
  /** Sends each reply this much later than its command came; commands that come meanwhile lose no time by that. */
  latencyMs: number
  connectionCap: ConnectionCap | undefined
  /** Answers further transfers of a session with 425. */
  transfersPerSession: number
  /** Says 421 to a session that sends nothing for so long, and hangs up; counted from its next command on. */
  idleMs: number | undefined
  /** How many more times a folder is said not to be empty, by its FTP path. */
  readonly rmdirRefusals: Map<string, number>
  /** How many more times a file is in use when it is to be deleted, by its FTP path. */
  readonly lockedFor: Map<string, number>
  appear: Appearance | undefined
}
