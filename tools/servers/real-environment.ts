// A real virtual environment, as big as a small app's, from the machine's own Python. It needs no network.
import { execFile } from 'node:child_process'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runVenv } from '../local-appservice/real-python.ts'
import { pipInstall } from '../local-appservice/site-packages.ts'

const run = promisify(execFile)

/** More files than an environment that anybody deploys could lack. */
const ENOUGH_FILES = 1000

/** Packages of the standard library, which every Python has: newer ones make environments without setuptools. */
const FILLERS = ['encodings', 'unittest', 'asyncio', 'email', 'json', 'multiprocessing', 'ctypes', 'concurrent']

const FACTS = 'import sys, sysconfig; print("%d.%d" % sys.version_info[:2]); print(sysconfig.get_path("stdlib"))'

/**
 * Makes an environment with copies of the interpreter, byte-compiled, with pip and a distribution `alpha 1.0`, and with
 * the link `lib64`. Returns its Python version; throws if the machine has no Python that can make one.
 */
export async function makeRealEnvironment(folder: string): Promise<string> {
  const [version = '', library = ''] = (await run('python3', ['-c', FACTS])).stdout.split('\n')
  await runVenv('python3', folder)
  const sitePackages = join(folder, 'lib', `python${version}`, 'site-packages')
  await pipInstall(sitePackages, [{ name: 'alpha', version: '1.0' }])
  const compile = (): Promise<unknown> => run(join(folder, 'bin', 'python3'), ['-m', 'compileall', '-q', sitePackages])
  await compile()
  for (const name of FILLERS) {
    if ((await countFiles(folder)) > ENOUGH_FILES) break
    await cp(join(library, name), join(sitePackages, name), { recursive: true })
    await compile()
  }
  return version
}

/** Counts what a sweep counts: everything but folders; a link is one, whatever it leads to. */
export async function countFiles(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => !entry.isDirectory()).length
}
