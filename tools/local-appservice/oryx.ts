// Oryx's two builds of a Python app: a tree copied over wwwroot, or one archive that is the app.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { copyOver } from './file-trees.ts'
import { installRequirements, makeEnvironment } from './build-steps.ts'
import type { Deployment } from './deployment.ts'

const run = promisify(execFile)
const ENVIRONMENT = 'antenv'

function manifestText(pythonVersion: string, buildFolder: string, compressed: boolean): string {
  const keys = {
    PythonVersion: `${pythonVersion}.0`,
    virtualEnvName: ENVIRONMENT,
    OperationId: randomUUID().replaceAll('-', ''),
    SourceDirectoryInBuildContainer: buildFolder,
    PlatformName: 'python',
    CompressDestinationDir: String(compressed)
  }
  return Object.entries(keys)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('')
}

/** Builds package and environment from nothing beside the site, and copies them over wwwroot or packs them into it. */
export async function buildWithOryx(deployment: Deployment, wwwroot: string, compressed: boolean): Promise<boolean> {
  const { packageDir, pythonVersion, build, log } = deployment
  const folder = await mkdtemp(join(tmpdir(), 'oryx-'))
  try {
    log(`Using Python version ${pythonVersion}`)
    await copyOver(packageDir, folder)
    const environment = join(folder, ENVIRONMENT)
    await makeEnvironment(deployment, environment)
    if (build === 'failing') {
      log('ERROR: pip install failed; nothing was copied.')
      return false
    }
    await installRequirements(deployment, environment)
    if (compressed) await run('tar', ['-czf', join(wwwroot, 'output.tar.gz'), '-C', folder, '.'])
    else await copyOver(folder, wwwroot)
    await writeFile(join(wwwroot, 'oryx-manifest.toml'), manifestText(pythonVersion, folder, compressed))
    if (compressed) await writeFile(join(wwwroot, '.ostype'), 'DEBIAN|BOOKWORM')
    log(compressed ? 'Compressed the app into output.tar.gz.' : 'Copied the build over wwwroot.')
    return true
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
