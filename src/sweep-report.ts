// What is said of a sweep: how far it is, what it left and why, and what the transport did. Pure; foreign text is escaped here.
import { listed, plain } from './escape.ts'
import { OWN_FOLDER, nameOf, type RemotePath, type Sweep, type SweepProgress, type TransportAccount } from './site.ts'

/** How long the log is quiet in between, and how much earlier a timer may fire for all that. */
const BETWEEN_LINES_MS = 5000
const EARLY_MS = 100

/** Over how many lines the speed is taken: a sweep that has slowed down is not told at the speed of its start. */
const RECENT_LINES = 3

const START: SweepProgress = { files: 0, listed: 0, listingDone: false, elapsedMs: 0 }

/**
 * Makes what listens to one sweep and tells of it, a line every five seconds.
 *
 * A sweep that is over earlier is not told of. One listener is for one sweep, because the next begins at zero again.
 */
export function progressTeller(say: (line: string) => void): (progress: SweepProgress) => void {
  let told: readonly SweepProgress[] = [START]
  return progress => {
    const last = told.at(-1) ?? START
    if (progress.elapsedMs - last.elapsedMs < BETWEEN_LINES_MS - EARLY_MS) return
    say(progressLine(progress, told[0] ?? START))
    told = [...told, progress].slice(-RECENT_LINES)
  }
}

/** How far a sweep is; its speed is that since an `earlier` moment. */
export function progressLine(now: SweepProgress, earlier: SweepProgress): string {
  const perSecond = (1000 * (now.files - earlier.files)) / Math.max(1, now.elapsedMs - earlier.elapsedMs)
  // What was listed again after a loss may be less than what is gone already.
  const whole = Math.max(now.listed, now.files)
  const of = now.listingDone ? count(whole) : `at least ${count(whole)}`
  const left =
    now.listingDone && perSecond > 0 && whole > now.files ? `, ${duration((whole - now.files) / perSecond)} left` : ''
  return `Sweeping: ${count(now.files)} of ${of} files, ${rate(perSecond)} files/s${left}`
}

/** What the transport did for a step, and what it did more carefully than planned. */
export function accountLines(account: TransportAccount): readonly string[] {
  const { connections, reconnects, commands, bytesSent, bytesReceived, window, rungs } = account
  const lost = reconnects > 0 ? `, ${count(reconnects)} of them in the place of a lost one` : ''
  const together = window > 1 ? `, up to ${count(window)} of them under way on one connection` : ''
  return [
    `Connections: ${count(connections)}${lost}`,
    `Commands: ${count(commands)}${together} (${bytes(bytesSent)} sent, ${bytes(bytesReceived)} received)`,
    ...rungs.map(({ rung, times }) => {
      const often = times > 1 ? ` (${count(times)} times)` : ''
      return `More careful than planned${often}: ${plain(rung, 300)}`
    })
  ]
}

/** What a sweep did, for the log. */
export function sweptLines(copy: RemotePath, { files, refused, movedAside, unfinished }: Sweep): readonly string[] {
  const left = refused.length > 0 ? `, ${refused.length} could not be deleted` : ''
  const late = unfinished ? ', and the time was up' : ''
  return [`Swept: ${plain(copy)} (${files} files${left}${late})`, ...movedAsideLines(movedAside)]
}

/** Tells of files in use. No warning: they are out of the way, and cost nothing but their place. */
export function movedAsideLines(movedAside: readonly RemotePath[]): readonly string[] {
  if (movedAside.length === 0) return []
  const names = listed(movedAside.map(nameOf))
  const place = `in ${OWN_FOLDER} now, where a later run deletes`
  if (movedAside.length === 1) return [`1 file is in use and lies ${place} it: ${names}`]
  return [`${count(movedAside.length)} files are in use and lie ${place} them: ${names}`]
}

/** Warns of what the server refuses to delete; nothing where a sweep has not come to its end, and tells later. */
export function refusedWarnings(rest: RemotePath, { refused, unfinished }: Sweep): readonly string[] {
  const [first] = refused
  if (!first || unfinished) return []
  const names = listed(refused.map(({ path }) => nameOf(path as RemotePath)))
  return [
    `${refused.length} files and folders could not be deleted and stay in ${rest} for the next run (${names}): ${first.reply}`
  ]
}

/** Warns of what there was no time for; nothing where there is no rest. */
export function lateWarnings(files: number, rests: readonly RemotePath[], next: string): readonly string[] {
  if (rests.length === 0) return []
  const names = listed(rests.map(nameOf))
  return [
    `${count(files)} files were deleted until the time was up, and the rest of ${names} stays in ${OWN_FOLDER}: ${next} ` +
      'goes on. Raise "deadline" if that happens often'
  ]
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}

function rate(perSecond: number): string {
  return perSecond >= 10 || perSecond === 0 ? count(Math.round(perSecond)) : perSecond.toFixed(1)
}

function duration(seconds: number): string {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${count(Math.ceil(seconds / 60))} min`
}

function bytes(number: number): string {
  if (number < 1000) return `${number} bytes`
  return number < 1_000_000 ? `${(number / 1000).toFixed(1)} kB` : `${(number / 1_000_000).toFixed(1)} MB`
}
