// The two steps that all builds share: make an environment, install what requirements.txt asks for.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Deployment } from './deployment.ts'
import { findPython, runVenv } from './real-python.ts'
import { pipInstall, pipInstallTarget, readRequirements } from './site-packages.ts'
import { makePosixVenv } from './virtual-environments.ts'

/** Runs venv over a folder, new or old, with the machine's Python if it was asked for and found. */
export async function makeEnvironment(deployment: Deployment, folder: string): Promise<void> {
  const { pythonVersion, realPython = false, log } = deployment
  const python = realPython ? await findPython(pythonVersion) : undefined
  if (python !== undefined) {
    await runVenv(python, folder)
    return
  }
  if (realPython) log(`No Python ${pythonVersion} with venv and pip on this machine; the environment is synthetic.`)
  await makePosixVenv(folder, { python: pythonVersion })
}

/** Installs the package's requirements into an environment, POSIX or Windows. */
export async function installRequirements(deployment: Deployment, environment: string): Promise<void> {
  const { packageDir, pythonVersion, log } = deployment
  log('Pip install requirements.')
  const windows = (await readdir(environment)).includes('Scripts')
  const library = windows ? 'Lib' : join('lib', `python${pythonVersion}`)
  const wanted = await readRequirements(join(packageDir, 'requirements.txt'))
  await pipInstall(join(environment, library, 'site-packages'), wanted)
}

/** Installs the package's requirements into a folder that is no environment, as `pip install --target`. */
export async function installPackages({ packageDir, log }: Deployment, folder: string): Promise<void> {
  log('Pip install requirements into a folder.')
  await pipInstallTarget(folder, await readRequirements(join(packageDir, 'requirements.txt')))
}
