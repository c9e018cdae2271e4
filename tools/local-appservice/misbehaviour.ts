// What a local FTP server can be told to do wrong while it runs, and the count of what it did. Types and one counter.

/** Makes a packet with several commands go wrong; nothing goes wrong where it is empty. Counts are those of one connection. */
export interface PipeliningTraps {
  /** Serves the first command of a packet only; the others are dropped, or answered with 500. */
  readonly oneAtATime?: 'drops' | 'refuses'
  /** Takes every n-th command that has another behind it for one with that one: one reply comes for two. */
  readonly merge?: number
  /** Never sends every n-th reply that has a command waiting behind it. */
  readonly lose?: number
  /** Sends every n-th reply that has a command waiting behind it after the reply to that command. */
  readonly swap?: number
  /** Sends a 250 that nobody asked for after every n-th reply. */
  readonly invent?: number
  /** Holds every n-th reply back; `overtaken`: those that follow do not wait for it, against the rules. */
  readonly late?: { readonly every: number; readonly ms: number; readonly overtaken?: boolean }
  /** Serves nothing more on a connection once it has given this many replies and two commands wait. */
  readonly stallAfter?: number
}

/** Says how many connections there may be, and what becomes of one more. */
export interface ConnectionCap {
  readonly most: number
  /**
   * `421`: instead of the greeting. `530`: instead of the login. `silence`: it is taken and never greeted. `hang-up`: it
   * is closed without a word. `421 after login`: it logs in, and is told then.
   */
  readonly how: '421' | '530' | 'silence' | 'hang-up' | '421 after login'
}

/** Makes a file appear in a folder by its FTP path, once, when the n-th file directly in it has just been deleted. */
export interface Appearance {
  readonly folder: string
  readonly name: string
  readonly afterDeletesIn: number
}

const TRAPS = [
  'appear',
  'connectionCap',
  'cut',
  'cutAfter',
  'idleMs',
  'invent',
  'late',
  'lockedFor',
  'lose',
  'merge',
  'oneAtATime',
  'rmdirRefusals',
  'splitReplies',
  'stallAfter',
  'swap',
  'transfersPerSession'
] as const

/** Names what was done wrong: a switch, or the `cut` of a hook's fault. */
export type Trap = (typeof TRAPS)[number]

/** Counts how often each trap was sprung, over all sessions. */
export type Misbehaved = Record<Trap, number>

/** Makes a count of nothing yet. */
export function noMisbehaviour(): Misbehaved {
  return Object.fromEntries(TRAPS.map(trap => [trap, 0])) as Misbehaved
}
