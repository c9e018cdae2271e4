// The least that a sweep over FTP can take: round trips that cannot overlap, slow start, and the server's own `rm -rf`. Pure.

/** What of a tree decides how many bytes are listed and sent. */
export interface TreeShape {
  readonly files: number
  readonly directories: number
  readonly links: number
  /** Bytes of all names, folders included. */
  readonly nameBytes: number
  /** Bytes of all paths below the tree's own folder, those of folders once more for each heading in a listing. */
  readonly pathBytes: number
  readonly directoryPathBytes: number
}

/** One part of the floor. */
export interface Term {
  readonly what: string
  readonly roundTrips: number
  readonly seconds: number
}

/** The floor and what it is made of. */
export interface Floor {
  readonly seconds: number
  readonly terms: readonly Term[]
}

/** What of a cell decides its floor. */
export interface FloorSetting {
  readonly shape: TreeShape
  readonly rttMs: number
  readonly tls: boolean
  /** What `rm -rf` took on the server, in the same run. */
  readonly removeSeconds: number
  /** Length of the path that all the tree's paths begin with. */
  readonly rootBytes: number
}

/** An Ethernet frame without its headers and TCP's time stamps. */
const SEGMENT_BYTES = 1448

/** RFC 6928, and what Linux does. */
const INITIAL_WINDOW = 10

/** Rights, links, owner, size and time of a line of `LIST`, its blanks and its line end. */
const LISTING_LINE_BYTES = 57

/** Round trips until the last byte is there, where the window doubles with each: ten segments, twenty, forty. */
export function slowStartRounds(bytes: number): number {
  const segments = Math.max(1, Math.ceil(bytes / SEGMENT_BYTES))
  return Math.ceil(Math.log2(segments / INITIAL_WINDOW + 1))
}

/** Bytes of one recursive listing: a line for each entry, and a heading for each folder. */
export function listingBytes(shape: TreeShape): number {
  const entries = shape.files + shape.links + shape.directories
  return entries * LISTING_LINE_BYTES + shape.nameBytes + shape.directoryPathBytes + shape.directories * 5
}

/** Bytes of a `DELE` for each file and link, and of an `RMD` for each folder, with absolute paths. */
export function commandBytes(shape: TreeShape, rootBytes: number): number {
  const leaves = shape.files + shape.links
  return (
    leaves * ('DELE '.length + 2) +
    shape.directories * ('RMD '.length + 2) +
    shape.pathBytes +
    rootBytes * entries(shape)
  )
}

function entries(shape: TreeShape): number {
  return shape.files + shape.links + shape.directories
}

/** Computes the floor of a cell for one connection, with nothing but the replies that have to be waited for. */
export function computeFloor({ shape, rttMs, tls, removeSeconds, rootBytes }: FloorSetting): Floor {
  const term = (what: string, roundTrips: number): Term => ({ what, roundTrips, seconds: (roundTrips * rttMs) / 1000 })
  const terms = [
    term(
      tls ? 'login: TCP, greeting, AUTH, TLS, one flight from USER to FEAT' : 'login: TCP, greeting, one flight',
      tls ? 5 : 3
    ),
    term(tls ? 'data connection: EPSV, TCP, TLS' : 'data connection: EPSV, TCP', tls ? 3 : 2),
    term(`slow start, ${kilobytes(listingBytes(shape))} of listing`, slowStartRounds(listingBytes(shape))),
    term(
      `slow start, ${kilobytes(commandBytes(shape, rootBytes))} of commands`,
      slowStartRounds(commandBytes(shape, rootBytes))
    ),
    { what: "the server's own `rm -rf`", roundTrips: 0, seconds: removeSeconds }
  ]
  return { seconds: terms.reduce((sum, { seconds }) => sum + seconds, 0), terms }
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`
}
