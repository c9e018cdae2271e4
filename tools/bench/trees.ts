// Environments of a given number of files: made once from a real one, and copied with hard links before each run.
import { execFile } from 'node:child_process'
import { access, chown, cp, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { OWNER } from '../servers/daemon.ts'
import type { TreeShape } from './floor.ts'

const run = promisify(execFile)

/** A template on disk. */
export interface Template {
  readonly folder: string
  readonly shape: TreeShape
}

/** The least that a real environment with pip has is a little less than this. */
export const FEWEST_FILES = 2000

/** Finds or makes an environment with exactly so many files; throws where the machine's Python can make none. */
export async function template(cache: string, files: number): Promise<Template> {
  const folder = join(cache, String(files))
  if (!(await exists(folder))) {
    const unfinished = `${folder}.unfinished`
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(cache, { recursive: true })
    await make(unfinished, files)
    await rename(unfinished, folder)
  }
  return { folder, shape: await shapeOf(folder) }
}

/** Copies a tree by linking its files, so that the copy costs no more than its names. */
export async function copyTree(from: string, to: string): Promise<void> {
  await run('cp', ['-al', from, to])
}

/** Counts files and links; 0 where there is no such folder. */
export async function countLeft(folder: string): Promise<number> {
  if (!(await exists(folder))) return 0
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => !entry.isDirectory()).length
}

/** The names in `site-packages`, as paths below the tree: what a user who writes a queue of jobs by hand would name. */
export async function packagePaths(folder: string): Promise<readonly string[]> {
  const sitePackages = await findSitePackages(folder)
  return (await readdir(sitePackages)).map(name => join(relative(folder, sitePackages), name))
}

async function make(folder: string, files: number): Promise<void> {
  await run('python3', ['-m', 'venv', '--copies', folder])
  const lib64 = join(folder, 'lib64')
  // Some builds of Python make none, and it is what a sweep has to be careful with.
  if (!(await exists(lib64))) await symlink('lib', lib64)
  const sitePackages = await findSitePackages(folder)
  await run(join(folder, 'bin', 'python3'), ['-m', 'compileall', '-q', sitePackages])
  await fill(sitePackages, files - (await shapeOf(folder)).files)
  await run('chown', ['-hR', `${OWNER.uid}:${OWNER.gid}`, folder])
  await chown(folder, OWNER.uid, OWNER.gid)
}

/** Adds copies of pip's own parts, as packages with their metadata, until there are so many files more. */
async function fill(sitePackages: string, missing: number): Promise<void> {
  if (missing < 0) throw new Error(`The environment alone has ${-missing} files too many`)
  const vendor = join(sitePackages, 'pip', '_vendor')
  const sources = (await readdir(vendor, { withFileTypes: true })).filter(entry => entry.isDirectory())
  const [info] = (await readdir(sitePackages)).filter(name => /^pip-.*\.dist-info$/.test(name))
  if (info === undefined) throw new Error('The environment has no pip')
  let added = 0
  for (let number = 0; added < missing; number++) {
    const source = sources[number % sources.length]
    if (!source) throw new Error('pip brings no packages of its own')
    const name = `${source.name}_x${String(number).padStart(3, '0')}`
    const folders = [join(sitePackages, name), join(sitePackages, `${name}-1.${number}.0.dist-info`)] as const
    await copyTree(join(vendor, source.name), folders[0])
    await mkdir(folders[1])
    for (const file of ['RECORD', 'METADATA', 'WHEEL', 'INSTALLER']) {
      await cp(join(sitePackages, info, file), join(folders[1], file))
    }
    for (const copied of folders) added += await countLeft(copied)
    if (added > missing) await trim(folders, added - missing)
  }
}

/** Removes files from the last package, so that the number is exact. */
async function trim(folders: readonly string[], surplus: number): Promise<void> {
  let left = surplus
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const doomed = entries.filter(entry => entry.isFile()).slice(0, left)
    for (const entry of doomed) await rm(join(entry.parentPath, entry.name))
    left -= doomed.length
  }
}

async function shapeOf(folder: string): Promise<TreeShape> {
  const shape = { files: 0, directories: 1, links: 0, nameBytes: 0, pathBytes: 0, directoryPathBytes: 0 }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = Buffer.byteLength(relative(folder, join(entry.parentPath, entry.name))) + 1
    shape.nameBytes += Buffer.byteLength(entry.name)
    shape.pathBytes += path
    if (entry.isDirectory()) {
      shape.directories++
      shape.directoryPathBytes += path
    } else if (entry.isSymbolicLink()) shape.links++
    else shape.files++
  }
  return shape
}

async function findSitePackages(folder: string): Promise<string> {
  const [version] = (await readdir(join(folder, 'lib'))).filter(name => name.startsWith('python'))
  return join(folder, 'lib', version ?? '', 'site-packages')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  )
}
