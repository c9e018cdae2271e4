// A Windows of its own, of wine's making: a C: drive with its programs, a D: drive as App Service has it, and cmd.
import { execFile, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PROBE_TIMEOUT_MS = 10_000
const RUN_TIMEOUT_MS = 60_000

/** How a command ended. */
export interface WineRun {
  readonly exitCode: number
  readonly log: string
}

/** A Windows that is there until it is closed. */
export interface Wine {
  /** What `D:` is. */
  readonly drive: string
  /** Runs a command through `cmd /c` in a folder, with variables besides those of Windows. */
  cmd(command: string, folder: string, env: Readonly<Record<string, string>>): Promise<WineRun>
  /** Ends all that runs there, and nothing else. */
  stop(): Promise<void>
  /** Stops, and removes everything. */
  close(): Promise<void>
}

/** Whether wine is installed and runs. */
export async function hasWine(): Promise<boolean> {
  const asked = [run('wine', ['--version'], { timeout: PROBE_TIMEOUT_MS }), run('wineserver', ['--version'])]
  return Promise.all(asked).then(
    () => true,
    () => false
  )
}

/** Makes a Windows in a temporary folder: some 700 MB, in some seconds. */
export async function startWine(): Promise<Wine> {
  const folder = await mkdtemp(join(tmpdir(), 'windows-'))
  const [prefix, drive] = [join(folder, 'prefix'), join(folder, 'drive')]
  await mkdir(drive)
  const surroundings = {
    PATH: process.env['PATH'],
    HOME: folder,
    // Its server leaves its socket's folder behind.
    TMPDIR: folder,
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    // Nobody is asked whether they are to be downloaded.
    WINEDLLOVERRIDES: 'mscoree,mshtml='
  }
  const cmd: Wine['cmd'] = async (command, cwd, env) => {
    const file = join(folder, 'log.txt')
    const output = await open(file, 'w')
    try {
      const stdio: StdioOptions = ['ignore', output.fd, 'ignore']
      const child = spawn('wine', ['cmd', '/c', command], { cwd, env: { ...surroundings, ...env }, stdio })
      const signal = AbortSignal.timeout(RUN_TIMEOUT_MS)
      // Not its output but its end is waited for: what it starts in the background holds the output open.
      const [exitCode] = (await once(child, 'exit', { signal })) as [number]
      return { exitCode, log: await readFile(file, 'latin1') }
    } finally {
      await output.close()
    }
  }
  const server = (...args: readonly string[]): Promise<unknown> =>
    run('wineserver', args, { env: surroundings, timeout: RUN_TIMEOUT_MS })
  const stop = async (): Promise<void> => {
    // It answers 1 where nothing runs.
    await server('-k').catch(() => undefined)
    await server('-w')
  }
  const close = async (): Promise<void> => {
    await stop()
    await rm(folder, { recursive: true })
  }
  try {
    const { exitCode, log } = await cmd('exit 0', folder, {})
    if (exitCode !== 0) throw new Error(`wine cannot run cmd: ${log}`)
    await symlink(drive, join(prefix, 'dosdevices', 'd:'))
    return { drive, cmd, stop, close }
  } catch (error) {
    await close()
    throw error
  }
}
