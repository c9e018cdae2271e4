// What is measured, as it is kept in docs/performance.json. Types, and a look at one cell. Pure.
import type { Floor, TreeShape } from './floor.ts'

/** What a contender came to in a cell. */
export interface Row {
  readonly contender: string
  /** Of the runs, in their order; those that were stopped are as long as the bound. */
  readonly runs: readonly number[]
  /** The median; where the runs were stopped, what they would have taken. `null`: nobody can tell. */
  readonly seconds: number | null
  readonly extrapolated: boolean
  /** For a rename: the same over a connection that stands. */
  readonly warmSeconds?: number
  /** The most memory of all runs; of this action only. */
  readonly maxRssBytes?: number
  /** Why it has no time. */
  readonly note?: string
}

/** What is measured together: one server, one size, one line. */
export interface Cell {
  readonly server: string
  readonly tls: boolean
  readonly files: number
  readonly rttMs: number
  readonly measuredRttMs: number
  readonly how: 'none' | 'tun' | 'proxy'
  readonly boundSeconds: number
  readonly shape: TreeShape
  readonly floor: Floor
  readonly rows: readonly Row[]
}

/** What one process took for trees of two sizes. */
export interface MemoryFinding {
  readonly server: string
  readonly small: { readonly files: number; readonly maxRssBytes: number }
  readonly large: { readonly files: number; readonly maxRssBytes: number }
}

/** What became of many sweeps of one server. */
export interface CorrectnessFinding {
  readonly server: string
  readonly sweeps: number
  readonly files: number
  /** Files and links of the tree that were left, over all sweeps. */
  readonly left: number
  /** Files outside of the tree that were changed or gone. */
  readonly touched: number
  /** Sweeps that failed, or that said something else than what had happened. */
  readonly wrong: number
  /** Commands after the login, and their replies, counted over all connections. */
  readonly commands: number
  readonly replies: number
}

/** The machine's shape. */
export interface Machine {
  readonly system: string
  readonly cores: number
  readonly node: string
  /** Versions by name. */
  readonly versions: Readonly<Record<string, string>>
}

/** Everything that was measured. */
export interface Results {
  readonly machine: Machine
  readonly cells: readonly Cell[]
  readonly memory: readonly MemoryFinding[]
  readonly correctness: readonly CorrectnessFinding[]
}

/** What a cell is found by. */
export type CellKey = Pick<Cell, 'server' | 'tls' | 'files' | 'rttMs'>

/** Whether two cells are the same measurement. */
export function sameCell(a: CellKey, b: CellKey): boolean {
  return a.server === b.server && a.tls === b.tls && a.files === b.files && a.rttMs === b.rttMs
}

/** The time of a contender in a cell; `undefined` where it was not measured or nobody can tell. */
export function secondsOf(cell: Pick<Cell, 'rows'> | undefined, contender: string): number | undefined {
  return cell?.rows.find(row => row.contender === contender)?.seconds ?? undefined
}
