// What the transport has done, as it goes: counted by whoever does it, told in the log at the end.
import type { TransportAccount } from '../site.ts'

/** An account that is still being written. */
export interface Account {
  connections: number
  reconnects: number
  commands: number
  bytesSent: number
  bytesReceived: number
  window: number
  readonly rungs: Map<string, number>
}

/** An account of nothing yet. */
export function openAccount(): Account {
  return { connections: 0, reconnects: 0, commands: 0, bytesSent: 0, bytesReceived: 0, window: 0, rungs: new Map() }
}

/** Notes that something was done more carefully than planned, and why. */
export function noteRung(account: Account, rung: string): void {
  account.rungs.set(rung, (account.rungs.get(rung) ?? 0) + 1)
}

/** The account as it stands. */
export function readAccount({ rungs, ...counts }: Account): TransportAccount {
  return { ...counts, rungs: [...rungs].map(([rung, times]) => ({ rung, times })) }
}
