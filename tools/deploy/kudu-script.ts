// The deployment script that npm's kuduscript generates, which is the one that Kudu itself uses on Windows.
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const PROGRAM = require.resolve('kuduscript/bin/kuduscript')

/** Writes `deploy.cmd` and the `.deployment` that names it into a folder; throws with kuduscript's own words. */
export async function generateKuduScript(folder: string, options: readonly string[] = []): Promise<void> {
  await run(process.execPath, [PROGRAM, '-y', '--python', '-o', '.', ...options], { cwd: folder })
}
