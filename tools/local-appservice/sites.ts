// Fixture sites: the folders of an app, packages to deploy, and a look at what lies there.
import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { deploy } from './kudu.ts'
import type { Layout } from './kudu.ts'

export { makePosixVenv, makeWindowsVenv } from './virtual-environments.ts'
export type { VenvOptions } from './virtual-environments.ts'

/** Makes the folders that every app has, all empty. */
export async function makeHome(home: string): Promise<void> {
  for (const folder of ['site/wwwroot', 'site/deployments', 'site/locks', 'LogFiles', 'data']) {
    await mkdir(join(home, folder), { recursive: true })
  }
}

/** Makes a package: a small app, its `requirements.txt`, and extra files by relative path. */
export async function makePackage(
  folder: string,
  requirements: readonly string[],
  extra: Readonly<Record<string, string>> = {}
): Promise<void> {
  const files = {
    'app.py': 'print("hello from App Service")\n',
    'requirements.txt': requirements.map(line => `${line}\n`).join(''),
    ...extra
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

/** Lists everything below a folder, sorted: `/` ends a folder, ` -> target` a link, which is not entered. */
export async function listTree(folder: string): Promise<readonly string[]> {
  const lines: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) {
      const inner = await listTree(join(folder, entry.name))
      lines.push(`${entry.name}/`, ...inner.map(line => `${entry.name}/${line}`))
    } else if (entry.isSymbolicLink()) {
      lines.push(`${entry.name} -> ${await readlink(join(folder, entry.name))}`)
    } else {
      lines.push(entry.name)
    }
  }
  return lines.sort()
}

/** Says which site to make. */
export interface SiteOptions {
  readonly home: string
  readonly packageDir: string
  /** Version that the server builds with, `X.Y`. */
  readonly python: string
  readonly realPython?: boolean
  readonly log?: (line: string) => void
}

/** Makes a home and deploys a package to it once, with success; throws if the package cannot be deployed. */
export async function makeSite(layout: Layout, options: SiteOptions): Promise<void> {
  const { home, packageDir, python, realPython = false, log = () => undefined } = options
  await makeHome(home)
  const { succeeded } = await deploy({
    home,
    packageDir,
    pythonVersion: python,
    layout,
    build: 'good',
    log,
    realPython
  })
  if (!succeeded) throw new Error(`The first deployment of the ${layout} site failed`)
}
