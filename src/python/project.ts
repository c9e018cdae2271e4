// The package that the deploy step will deploy, as a folder or a zip: what it says about Python and about its deployment.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as yauzl from 'yauzl'
import { versionOfRuntime, type PythonVersion } from './version.ts'

/** What the package tells about the deployment. */
export interface Project {
  /** From `runtime.txt`; `undefined`: there is none, or none that Kudu's script would read. */
  readonly pythonRuntime: PythonVersion | undefined
  /** Whether Kudu's Windows script will make the environment, and why not. */
  readonly kuduScript: { readonly runs: boolean; readonly detail: string }
}

/** A package cannot be read; `message` is a whole sentence with the remedy. */
export class ProjectError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProjectError'
  }
}

/** Files at the top of a package; nothing else is looked at. */
interface TopLevel {
  has(name: string): boolean
  /** The text of one of the files that were asked for; `undefined`: there is none. */
  text(name: string): string | undefined
}

const READ = ['runtime.txt', '.deployment']
const LOOKED_FOR = [...READ, 'requirements.txt', '.skipPythonDeployment']

/** These files are a few lines long. */
const MAX_BYTES = 65_536

/** Reads a package, a folder or a `.zip`; throws `ProjectError`. */
export async function readProject(path: string): Promise<Project> {
  const top = (await stat(path)).isDirectory() ? await readFolder(path) : await readZip(path)
  return { pythonRuntime: versionOfRuntime(top.text('runtime.txt') ?? ''), kuduScript: kuduScript(top) }
}

/**
 * Whether Kudu's Windows script will run and get to its Python part: it wants `requirements.txt`, gives way to
 * `.skipPythonDeployment`, and a `command` in `.deployment` takes its place (projectkudu/kudu, the wiki's page on
 * customised deployments).
 */
function kuduScript(top: TopLevel): Project['kuduScript'] {
  if (!top.has('requirements.txt')) return { runs: false, detail: 'the package has no requirements.txt' }
  if (top.has('.skipPythonDeployment')) return { runs: false, detail: 'the package has a .skipPythonDeployment' }
  if (hasCommand(top.text('.deployment') ?? ''))
    return { runs: false, detail: '.deployment names a command of its own' }
  return { runs: true, detail: 'the package has a requirements.txt' }
}

function hasCommand(deployment: string): boolean {
  let section = ''
  for (const line of deployment.split(/\r?\n/)) {
    section = /^\s*\[(.+?)\]\s*$/.exec(line)?.[1]?.trim().toLowerCase() ?? section
    if (section === 'config' && /^\s*command\s*=\s*\S/i.test(line)) return true
  }
  return false
}

async function readFolder(folder: string): Promise<TopLevel> {
  const texts = new Map<string, string>()
  for (const name of LOOKED_FOR) {
    try {
      const { size } = await stat(join(folder, name))
      texts.set(name, READ.includes(name) && size <= MAX_BYTES ? await readFile(join(folder, name), 'utf8') : '')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue
      throw new ProjectError(`"package" cannot be read: ${String(error)}`, { cause: error })
    }
  }
  return { has: name => texts.has(name), text: name => texts.get(name) }
}

async function readZip(path: string): Promise<TopLevel> {
  const texts = new Map<string, string>()
  try {
    const zip = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false, decodeStrings: false })
    try {
      for await (const entry of zip.eachEntry()) {
        // Undecoded names are not validated either: an odd one elsewhere in the archive is the deploy step's affair.
        const name = Buffer.from(entry.fileName).toString('utf8')
        if (!LOOKED_FOR.includes(name)) continue
        texts.set(name, READ.includes(name) && entry.uncompressedSize <= MAX_BYTES ? await readEntry(zip, entry) : '')
      }
    } finally {
      zip.close()
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ProjectError(`"package" is a file, but not a zip that can be read: ${reason}`, { cause: error })
  }
  return { has: name => texts.has(name), text: name => texts.get(name) }
}

async function readEntry(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
