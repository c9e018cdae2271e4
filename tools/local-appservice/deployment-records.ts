// What Kudu keeps about deployments: the lock, the manifests, and which one is active.
import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rm, rmdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copyOver, relativePaths } from './file-trees.ts'
import { zipFolder } from './zip-archive.ts'

const LOCK_LIFETIME_MS = 1500 * 1000

/** Takes the deployment lock and returns the function that releases it. */
export async function takeLock(home: string, platform: 'windows' | 'linux'): Promise<() => Promise<void>> {
  const lock = join(home, 'site', 'locks', platform === 'windows' ? 'deployments.lock' : 'deployment')
  if (platform === 'windows') {
    await writeFile(lock, '')
  } else {
    const lockExpiry = new Date(Date.now() + LOCK_LIFETIME_MS).toISOString()
    await mkdir(lock, { recursive: true })
    await writeFile(join(lock, 'info.lock'), JSON.stringify({ lockExpiry, heldByOp: 'PushDeploymentController' }))
  }
  return () => rm(lock, { recursive: true, force: true })
}

async function readActiveManifest(home: string): Promise<readonly string[]> {
  const deployments = join(home, 'site', 'deployments')
  // A site without an active deployment has no manifest, and KuduSync then removes nothing.
  const id = await readFile(join(deployments, 'active'), 'utf8').catch(() => '')
  const text = await readFile(join(deployments, id.trim(), 'manifest'), 'utf8').catch(() => '')
  return text.split(/\r?\n/).filter(line => line !== '')
}

async function removeKnown(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isDirectory()) await unlink(path)
  else if ((await readdir(path)).length === 0) await rmdir(path)
}

/** Copies a package into wwwroot as KuduSync does: files that only the last manifest knows are removed, unknown ones stay. */
export async function syncPackage(home: string, packageDir: string): Promise<void> {
  const wwwroot = join(home, 'site', 'wwwroot')
  const current = new Set(await relativePaths(packageDir, '/'))
  const known = (await readActiveManifest(home)).map(line => line.replaceAll('\\', '/'))
  // Backwards, because a folder is listed before its contents.
  for (const path of known.toReversed()) if (!current.has(path)) await removeKnown(join(wwwroot, path))
  await copyOver(packageDir, wwwroot)
}

/** Records a deployment that succeeded: its manifest, one relative path per line, and its id as the active one. */
export async function recordSuccess(home: string, packageDir: string, platform: 'windows' | 'linux'): Promise<void> {
  const id = randomUUID().replaceAll('-', '')
  const [separator, lineEnd] = platform === 'windows' ? ['\\', '\r\n'] : ['/', '\n']
  const paths = await relativePaths(packageDir, separator)
  const deployments = join(home, 'site', 'deployments')
  await mkdir(join(deployments, id), { recursive: true })
  await writeFile(join(deployments, id, 'manifest'), paths.map(path => path + lineEnd).join(''))
  await writeFile(join(deployments, 'active'), id)
}

/** Puts a package beside the earlier ones as a zip, names it as the one to mount, and gives its name. */
export async function mountPackage(home: string, packageDir: string, at: Date): Promise<string> {
  const folder = join(home, 'data', 'SitePackages')
  const name = `${at.toISOString().replaceAll(/\D/g, '').slice(0, 14)}.zip`
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, name), await zipFolder(packageDir))
  await writeFile(join(folder, 'packagename.txt'), name)
  return name
}
