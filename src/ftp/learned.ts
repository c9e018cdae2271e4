// What was learned of a server on the way, by one connection for all of them. Asks nothing.
import { noteRung, openAccount, type Account } from './account.ts'
import type { ListChoice } from './list-command.ts'
import type { Pipelining } from './login.ts'
import { unknownPassiveMode, type PassiveMode } from './passive.ts'
import type { StatForm } from './stat-listing.ts'

/** What was learned of a server's listings; shared by all sweeps of a run. */
export interface ListingsLearned {
  /** `no`: it takes the option for something else. `cut`: what it leaves out has to be asked for each time. */
  recursion: 'unknown' | 'works' | 'cut' | 'no'
  /** The form that gave what LIST did; `no`: none. */
  stat: StatForm | 'unknown' | 'no'
  /** A reply to it showed the folder's own line: one without is no listing. */
  statShowsItself: boolean
}

/** What is known of listings before the first sweep. */
export function noListingsLearned(): ListingsLearned {
  return { recursion: 'unknown', stat: 'unknown', statShowsItself: false }
}

/** What is known of a server; shared by all connections to it, so that each lesson is paid for once. */
export interface Learned {
  readonly account: Account
  readonly passive: PassiveMode
  readonly listing: ListChoice
  readonly listings: ListingsLearned
  pipelining: Pipelining
  /** How long a packet takes there and back; 0: not measured. */
  roundTripMs: number
}

/** What is known of a server before the first connection; `pipelining`: whether the user wants it. */
export function nothingLearned(pipelining = true): Learned {
  return {
    account: openAccount(),
    passive: unknownPassiveMode(),
    listing: { command: undefined },
    listings: noListingsLearned(),
    pipelining: pipelining ? 'allowed' : 'off',
    roundTripMs: 0
  }
}

/** Gives up sending several commands at once, and notes why. */
export function distrust(learned: Learned, why: string): void {
  if (learned.pipelining !== 'allowed') return
  learned.pipelining = 'distrusted'
  noteRung(learned.account, `logins and renames wait for each reply, because ${why}`)
}
