// What is said of a reset over FTP that was carried out. Pure; foreign text is escaped here.
import type { Snapshot } from './azure/snapshot.ts'
import { plain } from './escape.ts'
import type { ResetDone } from './reset/over-ftp.ts'
import { movedAsideLines } from './sweep-report.ts'

/** What a reset did over FTP, for the log. */
export function doneLines({ moved, filesDeleted, movedAside }: ResetDone): readonly string[] {
  const inPlace = `Deleted in place, because the server refused to move it: ${filesDeleted} files`
  return [
    ...moved.map(({ original, copy }) => `Set aside: ${plain(original)} as ${plain(copy)}`),
    ...(filesDeleted > 0 ? [inPlace] : []),
    ...movedAsideLines(movedAside),
    'A listing proves that it is out of the way'
  ]
}

const NO_WAY_BACK =
  'The server refused to move the environment aside, so it was deleted where it lay, and there is no way back: the ' +
  'deployment has to build a new one'

const NO_MARKER_BACK =
  'The server refused to move the marker aside, so it was deleted, and cannot be put back: the next deployment that runs ' +
  "Kudu's script makes a new environment"

/** What cannot be put back, for a warning. */
export function warningsAbout({ strategy, filesDeleted }: ResetDone, { layout }: Snapshot): readonly string[] {
  if (strategy === 'marker' && filesDeleted > 0) return [NO_MARKER_BACK]
  // Nobody misses what is left over beside a compressed app.
  return strategy === 'in-place' && layout !== 'compressed-app' ? [NO_WAY_BACK] : []
}
