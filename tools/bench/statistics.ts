// Medians, ratios and what a run that was stopped would have taken. Pure.

/** What one run of one contender came to. */
export interface Run {
  readonly seconds: number
  /** Files and links that were gone at the end. */
  readonly done: number
  /** Whether all of them were, and it said so. */
  readonly finished: boolean
  /** Whether it was ended at the bound; otherwise, where it did not finish, it gave up. */
  readonly stopped: boolean
}

/** What several runs come to together. */
export interface Summary {
  /** `undefined`: every run gave up, or was stopped before it had removed anything. */
  readonly seconds: number | undefined
  /** The runs were stopped, and the time was computed from the files that were gone by then. */
  readonly extrapolated: boolean
}

/** The middle value, or the mean of the two middle ones; `undefined` for none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/** The median of the runs that finished; where none did, what those that were stopped would have taken at their pace. */
export function summarise(runs: readonly Run[], total: number): Summary {
  const finished = runs.filter(run => run.finished)
  if (finished.length > 0) return { seconds: median(finished.map(run => run.seconds)), extrapolated: false }
  const paced = runs.filter(run => run.stopped && run.done > 0).map(run => (run.seconds * total) / run.done)
  return { seconds: median(paced), extrapolated: paced.length > 0 }
}

/** A duration as people read it: three digits while it is short, whole minutes and hours when it is not. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${(seconds * 1000).toFixed(0)} ms`
  if (seconds < 10) return `${seconds.toFixed(2)} s`
  if (seconds < 100) return `${seconds.toFixed(1)} s`
  if (seconds < 600) return `${seconds.toFixed(0)} s`
  return seconds < 7200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** A ratio with two digits that matter. */
export function ratio(value: number): string {
  if (value < 1) return value.toFixed(2)
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}
