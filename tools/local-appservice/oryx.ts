// Oryx's builds of a Python app: a tree copied over wwwroot, with its packages in three shapes, or one archive that is the app.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { copyOver } from './file-trees.ts'
import { installPackages, installRequirements, makeEnvironment } from './build-steps.ts'
import type { Deployment } from './deployment.ts'

const run = promisify(execFile)
const ENVIRONMENT = 'antenv'
const PACKAGES = '__oryx_packages__'

type Shape = 'venv-tree' | 'packages-dir' | 'compressed-env' | 'compressed-app'

/** Names where the packages of each shape are, in the manifest's own keys. */
const PLACES: Readonly<Record<Shape, Readonly<Record<string, string>>>> = {
  'venv-tree': { virtualEnvName: ENVIRONMENT },
  'packages-dir': { packagedir: PACKAGES },
  'compressed-env': { virtualEnvName: ENVIRONMENT, compressedVirtualEnvFile: `${ENVIRONMENT}.tar.gz` },
  'compressed-app': { virtualEnvName: ENVIRONMENT }
}

/** The text of `oryx-manifest.toml` after a build for Python `X.Y` in a folder. */
export function manifestText(pythonVersion: string, buildFolder: string, shape: Shape): string {
  const keys = {
    PythonVersion: `${pythonVersion}.0`,
    ...PLACES[shape],
    OperationId: randomUUID().replaceAll('-', ''),
    SourceDirectoryInBuildContainer: buildFolder,
    PlatformName: 'python',
    CompressDestinationDir: String(shape === 'compressed-app')
  }
  return Object.entries(keys)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('')
}

/** Builds package and environment from nothing beside the site, and copies them over wwwroot or packs them into it. */
export async function buildWithOryx(
  deployment: Deployment & { readonly layout: Shape },
  wwwroot: string
): Promise<boolean> {
  const { packageDir, pythonVersion, layout, build, log } = deployment
  const folder = await mkdtemp(join(tmpdir(), 'oryx-'))
  try {
    log(`Using Python version ${pythonVersion}`)
    await copyOver(packageDir, folder)
    const environment = join(folder, ENVIRONMENT)
    if (layout !== 'packages-dir') await makeEnvironment(deployment, environment)
    if (build === 'failing') {
      log('ERROR: pip install failed; nothing was copied.')
      return false
    }
    if (layout === 'packages-dir') await installPackages(deployment, join(folder, PACKAGES))
    else await installRequirements(deployment, environment)
    if (layout === 'compressed-env') await packEnvironment(folder)
    if (layout === 'compressed-app') await run('tar', ['-czf', join(wwwroot, 'output.tar.gz'), '-C', folder, '.'])
    else await copyOver(folder, wwwroot)
    await writeFile(join(wwwroot, 'oryx-manifest.toml'), manifestText(pythonVersion, folder, layout))
    if (layout === 'compressed-app') await writeFile(join(wwwroot, '.ostype'), 'DEBIAN|BOOKWORM')
    log(layout === 'compressed-app' ? 'Compressed the app into output.tar.gz.' : 'Copied the build over wwwroot.')
    return true
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Packs what the environment holds, without its folder: start-up unpacks it into `/antenv`. */
async function packEnvironment(folder: string): Promise<void> {
  const environment = join(folder, ENVIRONMENT)
  await run('tar', ['-czf', `${environment}.tar.gz`, '-C', environment, '.'])
  await rm(environment, { recursive: true })
}
