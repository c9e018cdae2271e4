// What surrounds a sweep in both steps: how it is watched, when it has to stop, and what the log says of it.
import type { Limits, Ports } from './ports.ts'
import { discard } from './reset/over-ftp.ts'
import { doomedPlace, restOf, type SetAside } from './reset/trash.ts'
import { SiteError, type ReadableSite, type RemotePath, type RemoteSite, type SweepOptions } from './site.ts'
import { accountLines, lateWarnings, progressTeller, refusedWarnings, sweptLines } from './sweep-report.ts'

/** Makes options for one sweep after the other: each is told of in the log, and may move aside what is in use. */
export function sweepingOf({ core, now, random }: Ports, until?: AbortSignal): () => SweepOptions {
  return () => ({
    newPlace: () => doomedPlace(now(), random()),
    onProgress: progressTeller(line => {
      core.info(line)
    }),
    ...(until ? { until } : {})
  })
}

/** What a sweep in the main step did. */
export interface SweptNow {
  readonly files: number
  readonly movedAside: number
  readonly warnings: readonly string[]
}

/**
 * Sweeps at once what was set aside. What is refused, cut or too late is a warning: the reset is done, and what is left of
 * the trash is the post step's. Throws where the run was told to stop.
 */
export async function sweepNow(
  ports: Ports,
  { until }: Limits,
  site: RemoteSite,
  moved: readonly SetAside[]
): Promise<SweptNow> {
  const sweeping = sweepingOf(ports, until)
  const warnings: string[] = []
  const rests: RemotePath[] = []
  let [files, movedAside] = [0, 0]
  try {
    for (const item of moved) {
      if (until.aborted) {
        rests.push(item.copy)
        continue
      }
      const swept = await discard(site, item, sweeping())
      files += swept.files
      movedAside += swept.movedAside.length
      for (const line of sweptLines(item.copy, swept)) ports.core.info(line)
      warnings.push(...refusedWarnings(restOf(item.copy), swept))
      if (swept.unfinished) rests.push(restOf(item.copy))
    }
  } catch (error) {
    if (!(error instanceof SiteError) || error.kind === 'interrupted') throw error
    warnings.push(`What was set aside could not be deleted at once, so the post step does it: ${error.message}`)
  }
  warnings.push(...lateWarnings(files, rests, 'the post step'))
  return { files, movedAside, warnings }
}

/** Does something that changes the site, and tells at its end, good or bad, what the transport did for it. */
export async function accountedFor<T>({ core }: Ports, site: ReadableSite, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    for (const line of accountLines(site.account())) core.info(line)
  }
}
