// Kudu's own copying: npm's kudusync, called as Kudu's scripts call it. Knows nothing of what is built from the copy.
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const PROGRAM = require.resolve('kudusync/bin/kudusync')

/** Says what is copied where, and by which manifests what is gone from the source is told from what was never in it. */
export interface Sync {
  readonly from: string
  readonly to: string
  /** File that names what the last deployment copied; it has to exist. */
  readonly previousManifest: string
  /** File that is written: what this one copied. */
  readonly nextManifest: string
  /** Names that are neither copied nor removed. */
  readonly ignore: readonly string[]
}

/** Copies what has changed, and removes what only the last manifest knows; throws with kudusync's own words. */
export async function kuduSync({ from, to, previousManifest, nextManifest, ignore }: Sync): Promise<void> {
  const places = ['-f', from, '-t', to, '-n', nextManifest, '-p', previousManifest, '-i', ignore.join(';')]
  await run(process.execPath, [PROGRAM, '-v', '50', ...places]).catch((error: unknown) => {
    // It tells its errors on standard output.
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : ''
    throw new Error(`KuduSync failed: ${said === '' ? String(error) : said}`, { cause: error })
  })
}
