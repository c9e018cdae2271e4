// What a local FTP server is started with, and what a test may change while it runs. Types only.

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
  readonly personality?: 'iis' | 'unix' | undefined
  /** How IIS lists a link to a folder (UNIX shows `name -> target`); `directory` if left out. */
  readonly links?: 'directory' | 'link' | 'hidden' | undefined
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
  /** Destroys the control connection before the command is carried out, or after it was and before its reply. */
  readonly cut?: 'before' | 'after'
}

/** Decides the fate of each command; a hook that throws is answered with 451. */
export type CommandHook = (context: CommandContext) => Fault | undefined | Promise<Fault | undefined>

/** Holds what a test may change while the server runs. */
export interface FtpServerSwitches {
  hook: CommandHook | undefined
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
}
