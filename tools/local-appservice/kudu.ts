// Kudu's deployment as functions on the app's folder: the lock, the build of each layout, the records.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installRequirements, makeEnvironment } from './build-steps.ts'
import type { Deployment } from './deployment.ts'
import { mountPackage, recordSuccess, syncPackage, takeLock } from './deployment-records.ts'
import { emptyFolder, exists } from './file-trees.ts'
import { buildWithOryx } from './oryx.ts'
import { makeWindowsVenv, markerName } from './virtual-environments.ts'

export { findPython } from './real-python.ts'
export type { Build, Deployment, Layout } from './deployment.ts'

/** Deploys a package; `succeeded` is false after a failing build, which leaves behind what a real one leaves. */
export async function deploy(deployment: Deployment): Promise<{ readonly succeeded: boolean }> {
  const { home, packageDir, layout } = deployment
  const platform = layout === 'windows-env' ? 'windows' : 'linux'
  const release = await takeLock(home, platform)
  try {
    const succeeded = await carryOut(deployment, join(home, 'site', 'wwwroot'))
    if (succeeded) await recordSuccess(home, packageDir, platform)
    deployment.log(succeeded ? 'Deployment successful.' : 'Deployment failed.')
    return { succeeded }
  } finally {
    await release()
  }
}

async function carryOut(deployment: Deployment, wwwroot: string): Promise<boolean> {
  // Kudu on Linux does this before it knows how the deployment will end.
  if (deployment.layout !== 'windows-env') await rm(join(wwwroot, 'oryx-manifest.toml'), { force: true })
  if (deployment.layout === 'run-from-package') return mount(deployment)
  if (deployment.build === 'none') return copyOnly(deployment, wwwroot)
  switch (deployment.layout) {
    case 'venv-tree':
    case 'packages-dir':
    case 'compressed-env':
    case 'compressed-app':
      return buildWithOryx({ ...deployment, layout: deployment.layout }, wwwroot)
    case 'shipped':
      return sync(deployment)
    case 'venv-tree-script':
      return runBashScript(deployment, wwwroot)
    case 'windows-env':
      return runBatchScript(deployment, wwwroot)
  }
}

async function copyOnly({ home, packageDir, clean = true, log }: Deployment, wwwroot: string): Promise<boolean> {
  if (clean) await emptyFolder(wwwroot)
  log(clean ? 'Clean deployment: removed everything in wwwroot.' : 'Copying over wwwroot.')
  await syncPackage(home, packageDir)
  return true
}

/** Without app files in wwwroot: it is the mounted package that is seen there. */
async function mount({ home, packageDir, build, at = new Date(), log }: Deployment): Promise<boolean> {
  if (build === 'failing') {
    log('An error has occurred during the upload of the package.')
    return false
  }
  log(`Mounting ${await mountPackage(home, packageDir, at)}.`)
  return true
}

/** Runs KuduScript's bash script: venv again over whatever lies there, with no look at its version. */
async function runBashScript(deployment: Deployment, wwwroot: string): Promise<boolean> {
  if (!(await sync(deployment))) return false
  const environment = join(wwwroot, deployment.environment ?? 'antenv')
  deployment.log(`Creating python${deployment.pythonVersion} virtual environment.`)
  await makeEnvironment(deployment, environment)
  await installRequirements(deployment, environment)
  return true
}

/** Runs Kudu's Windows script: an environment with the right marker stays, any other is made anew. */
async function runBatchScript(deployment: Deployment, wwwroot: string): Promise<boolean> {
  if (!(await sync(deployment))) return false
  const { pythonVersion, log } = deployment
  const wanted = await exists(join(wwwroot, 'requirements.txt'))
  if (!wanted || (await exists(join(wwwroot, '.skipPythonDeployment')))) return true
  log('Detected requirements.txt. You can skip Python specific steps with a .skipPythonDeployment file.')
  const environment = join(wwwroot, 'env')
  const marker = join(environment, markerName(pythonVersion))
  if (await exists(marker)) {
    log('Found compatible virtual environment.')
  } else {
    if (await exists(environment)) {
      log('Deleting incompatible virtual environment.')
      await rm(environment, { recursive: true })
    }
    log(`Creating python-${pythonVersion} virtual environment.`)
    // The script calls virtualenv for 2.7, which has no venv in its library.
    const creator = pythonVersion === '2.7' ? 'virtualenv-old' : 'venv'
    await makeWindowsVenv(environment, { python: pythonVersion, creator })
    // Before pip runs: after a failed pip the environment looks compatible.
    await writeFile(marker, '')
  }
  await installRequirements(deployment, environment)
  return true
}

async function sync({ home, packageDir, build, log }: Deployment): Promise<boolean> {
  log('KuduSync.')
  if (build === 'failing') {
    log('An error has occurred during web site deployment: KuduSync failed.')
    return false
  }
  await syncPackage(home, packageDir)
  return true
}
