// Which cells are measured with whom: the whole plan, its quick form, or what was selected. Pure.
import { CONTENDERS } from './contenders.ts'
import type { CellKey } from './results.ts'

/** One cell and who is measured in it, by their names. */
export interface Planned extends CellKey {
  readonly contenders: readonly string[]
}

/** What the command line selects; what it leaves out is taken from the default. */
export interface Selection {
  readonly files?: readonly number[]
  readonly rttMs?: readonly number[]
  readonly tls?: readonly boolean[]
  readonly servers?: readonly string[]
  readonly contenders?: readonly string[]
}

const ALL = CONTENDERS.map(({ name }) => name)

/** Those whose time says something on every server. */
const MAIN = ['ours', 'rename', 'basic-ftp', 'rclone', 'rm']

/** What docs/performance.md is made from: enough for each row of "Must reach", and each server once. */
const WHOLE: readonly Planned[] = [
  on('vsftpd', 2000, 80, ALL),
  on('vsftpd', 2000, 20, ALL),
  on('vsftpd', 2000, 0, ALL),
  on('vsftpd', 10_000, 80, MAIN),
  on('vsftpd', 10_000, 0, ALL),
  on('vsftpd', 40_000, 80, ['ours', 'rename', 'rm']),
  on('vsftpd', 40_000, 0, ['ours', 'rename', 'basic-ftp', 'rm']),
  { ...on('vsftpd', 2000, 80, MAIN), tls: false },
  on('proftpd', 2000, 80, MAIN),
  on('pure-ftpd', 2000, 80, MAIN),
  on('appservice', 2000, 80, MAIN),
  on('appservice-one-at-a-time', 2000, 80, MAIN),
  // Nothing can be moved aside there.
  on('appservice-no-renames', 2000, 80, ['in-place', ...MAIN.filter(name => name !== 'rename')])
]

/** What takes three minutes at most. */
const QUICK: readonly Planned[] = [on('vsftpd', 2000, 20, ['ours', 'rename', 'basic-ftp', 'rm'])]

/** The cells to measure: the whole plan where nothing is selected, else every combination of what is. */
export function plan(selection: Selection, quick: boolean): readonly Planned[] {
  const { files, rttMs, tls, servers, contenders } = selection
  const whole = quick ? QUICK : WHOLE
  if (files === undefined && rttMs === undefined && tls === undefined && servers === undefined) {
    return contenders ? whole.map(cell => ({ ...cell, contenders })) : whole
  }
  return (servers ?? ['vsftpd']).flatMap(server =>
    (files ?? [2000]).flatMap(count =>
      (rttMs ?? [80]).flatMap(rtt =>
        (tls ?? [true]).map(encrypted => ({ ...on(server, count, rtt, contenders ?? ALL), tls: encrypted }))
      )
    )
  )
}

function on(server: string, files: number, rttMs: number, contenders: readonly string[]): Planned {
  return { server, tls: true, files, rttMs, contenders }
}
