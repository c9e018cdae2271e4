// A deployment with real parts, in the steps and the order of Kudu's scripts and of Oryx: lock, copy, environment, pip, record.
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { takeLock } from '../local-appservice/deployment-records.ts'
import { copyOver, exists } from '../local-appservice/file-trees.ts'
import { manifestText } from '../local-appservice/oryx.ts'
import { runVenv } from '../local-appservice/real-python.ts'
import { markerName } from '../local-appservice/virtual-environments.ts'
import type { Interpreter } from '../pythons.ts'
import { kuduSync } from './kudu-sync.ts'
import { makeWindowsLookalike, pipInstall } from './python.ts'

/** Names who builds: Oryx without compressing, KuduScript's bash script, or Kudu's Windows script. */
export type Recipe = 'oryx' | 'bash-script' | 'windows-script'

/** Describes one deployment. */
export interface RealDeployment {
  /** The FTP root. */
  readonly home: string
  readonly packageDir: string
  readonly interpreter: Interpreter
  /** Folder with everything that can be installed. */
  readonly wheels: string
}

/** How a deployment ended. */
export interface Deployed {
  readonly succeeded: boolean
  readonly log: readonly string[]
}

/** A deployment that is under way. */
interface Running extends RealDeployment {
  readonly wwwroot: string
  /** `/site/deployments`. */
  readonly records: string
  readonly id: string
  readonly say: (line: string) => void
}

const BUILDS: Readonly<Record<Recipe, (deployment: Running) => Promise<boolean>>> = {
  oryx: buildWithOryx,
  'bash-script': runBashScript,
  'windows-script': runWindowsScript
}

/** Where the environment's Python lies, from wwwroot. */
const PYTHONS: Readonly<Record<Recipe, string>> = {
  oryx: 'antenv/bin/python',
  'bash-script': 'antenv/bin/python',
  'windows-script': 'env/Scripts/python.exe'
}

/** Gives the path on disk of the Python that the app runs with. */
export function pythonOf(recipe: Recipe, home: string): string {
  return join(home, 'site', 'wwwroot', PYTHONS[recipe])
}

/** Deploys a package; `succeeded` is false where the build ends with an error, which leaves behind what it has made. */
export async function deployWithRealParts(recipe: Recipe, deployment: RealDeployment): Promise<Deployed> {
  const { home } = deployment
  const records = join(home, 'site', 'deployments')
  const id = randomUUID().replaceAll('-', '')
  const log: string[] = []
  const say = (line: string): void => {
    log.push(line)
  }
  const release = await takeLock(home, recipe === 'windows-script' ? 'windows' : 'linux')
  try {
    await mkdir(join(records, id), { recursive: true })
    const succeeded = await BUILDS[recipe]({ ...deployment, wwwroot: join(home, 'site', 'wwwroot'), records, id, say })
    if (succeeded) {
      await writeFile(join(records, 'active'), id)
      await rm(firstManifest(home), { force: true })
    }
    say(succeeded ? 'Deployment successful.' : 'Deployment failed.')
    return { succeeded, log }
  } finally {
    await release()
  }
}

/** Where Kudu looks for a list of what was there before its first deployment. */
function firstManifest(home: string): string {
  return join(home, 'site', 'firstDeploymentManifest')
}

async function sync({ home, packageDir, wwwroot, records, id, say }: Running, script: string): Promise<void> {
  const active = (await readFile(join(records, 'active'), 'utf8').catch(() => '')).trim()
  const previousManifest = active === '' ? firstManifest(home) : join(records, active, 'manifest')
  // A new app has this page and nothing else, and the first deployment is to remove it.
  if (active === '') await writeFile(previousManifest, 'hostingstart.html\n')
  say('KuduSync.')
  const ignore = ['.git', '.hg', '.deployment', script]
  await kuduSync({
    from: packageDir,
    to: wwwroot,
    previousManifest,
    nextManifest: join(records, id, 'manifest'),
    ignore
  })
}

/** Builds beside the site from nothing, and copies the result over wwwroot without deleting anything there. */
async function buildWithOryx(deployment: Running): Promise<boolean> {
  const { packageDir, wwwroot, interpreter } = deployment
  // Kudu does this before it knows how the deployment will end.
  await rm(join(wwwroot, 'oryx-manifest.toml'), { force: true })
  await sync(deployment, '.deploy.sh')
  const folder = await mkdtemp(join(tmpdir(), 'oryx-'))
  try {
    await copyOver(packageDir, folder)
    await runVenv(interpreter.executable, join(folder, 'antenv'))
    if (!(await install(deployment, join(folder, 'antenv', 'bin', 'python'), folder))) return false
    await copyOver(folder, wwwroot)
    await writeFile(join(wwwroot, 'oryx-manifest.toml'), manifestText(interpreter.version, folder, 'venv-tree'))
    return true
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Runs venv over whatever lies there, and then pip, at whose end it does not look. */
async function runBashScript(deployment: Running): Promise<boolean> {
  const { wwwroot, interpreter } = deployment
  await sync(deployment, 'deploy.sh')
  if (!(await exists(join(wwwroot, 'requirements.txt')))) return true
  await runVenv(interpreter.executable, join(wwwroot, 'antenv'))
  await install(deployment, pythonOf('bash-script', deployment.home), wwwroot)
  return true
}

/** Keeps an environment with the marker of the wanted runtime, and makes any other anew. */
async function runWindowsScript(deployment: Running): Promise<boolean> {
  const { wwwroot, interpreter, say } = deployment
  await sync(deployment, 'deploy.cmd')
  const isWanted = await exists(join(wwwroot, 'requirements.txt'))
  if (!isWanted || (await exists(join(wwwroot, '.skipPythonDeployment')))) return true
  const environment = join(wwwroot, 'env')
  const marker = join(environment, markerName(interpreter.version))
  if (await exists(marker)) {
    say('Found compatible virtual environment.')
  } else {
    if (await exists(environment)) {
      say('Deleting incompatible virtual environment.')
      await rm(environment, { recursive: true })
    }
    say(`Creating python-${interpreter.version} virtual environment.`)
    await makeWindowsLookalike(interpreter.executable, environment)
    // Before pip runs: after a failed pip the environment looks compatible.
    await writeFile(marker, '')
  }
  return install(deployment, pythonOf('windows-script', deployment.home), wwwroot)
}

async function install({ wheels, say }: Running, python: string, folder: string): Promise<boolean> {
  if (!(await exists(join(folder, 'requirements.txt')))) return true
  say('Pip install requirements.')
  const { succeeded, log } = await pipInstall(python, folder, wheels)
  say(log)
  return succeeded
}
