// The package that the deploy step will deploy: what it says about Python and about its deployment.
import { parseDeploymentFile } from '../azure/deployment-file.ts'
import type { Layout } from '../azure/snapshot.ts'
import { ProjectError, openPackage, type PackageFiles } from './package-files.ts'
import { describePackaged, findPackagedEnvironments, type PackagedEnvironment } from './packaged-environments.ts'
import type { ReadText } from './requirement-files.ts'
import { decodeText } from './text-encoding.ts'
import { versionOfRuntime, type PythonVersion } from './version.ts'

/** What the package tells about the deployment. */
export interface Project {
  /** From `runtime.txt`; `undefined`: there is none, or none that Kudu's script would read. */
  readonly pythonRuntime: PythonVersion | undefined
  /** Whether Kudu's Windows script will make the environment, and why not. */
  readonly kuduScript: { readonly runs: boolean; readonly detail: string }
  /** What says which packages are wanted: the file that was chosen, or the first that is there; `undefined`: none. */
  readonly requirementsFile: string | undefined
  /** Rejects with `ProjectError` for a file that is there and cannot be read. */
  readonly readText: ReadText
  readonly packagedEnvironments: readonly PackagedEnvironment[]
  /** What in the package makes deployments fail, or install nothing. */
  readonly remarks: readonly Remark[]
}

/** What is worth knowing before a deployment. */
export interface Remark {
  /** A whole sentence. It may hold text from the package: it is escaped where it is printed. */
  readonly text: string
  /** For the apps of which layouts it matters. */
  readonly layouts: readonly Layout[]
}

/** What a workflow says of its package. */
export interface ProjectWishes {
  /** A path from the top of the package; `undefined`: the first that is there of those with the usual names. */
  readonly requirementsFile: string | undefined
  readonly failOnPackagedVenv: boolean
}

const NO_WISHES: ProjectWishes = { requirementsFile: undefined, failOnPackagedVenv: false }

/** What says which packages are wanted, in this order. */
const REQUIREMENTS_FILES = ['requirements.txt', 'uv.lock', 'poetry.lock']

/** What a build on Linux installs from where there is no `requirements.txt` (microsoft/Oryx, `PythonPlatform`). */
const OTHER_PROJECT_FILES = ['pyproject.toml', 'setup.py', 'environment.yml', 'environment.yaml']

/** `runtime.txt`, `.deployment` and `pyvenv.cfg` are a few lines long. */
const MAX_BYTES = 65_536

/** Lock files of large projects have some megabytes. */
const MAX_REQUIREMENTS_BYTES = 16 * 1024 * 1024

const LINUX_LAYOUTS = ['venv-tree', 'packages-dir', 'compressed-env', 'compressed-app', 'none'] as const
const ALL_LAYOUTS: readonly Layout[] = ['windows-env', ...LINUX_LAYOUTS]

/**
 * Reads a package, a folder or a `.zip`. Throws `ProjectError`, also for what the wishes do not allow.
 */
export async function readProject(path: string, wishes: ProjectWishes = NO_WISHES): Promise<Project> {
  const files = await openPackage(path)
  const packagedEnvironments = await findPackagedEnvironments(files.names, cfg => files.text(cfg, MAX_BYTES))
  if (wishes.failOnPackagedVenv && packagedEnvironments.length > 0) {
    throw new ProjectError(`"fail-on-packaged-venv" is true. ${describePackaged(packagedEnvironments)}`)
  }
  const top = await readTop(files)
  return {
    pythonRuntime: versionOfRuntime((await files.text('runtime.txt', MAX_BYTES)) ?? ''),
    kuduScript: kuduScript(top),
    requirementsFile: await requirementsFile(files, wishes.requirementsFile),
    readText: async wanted => {
      const bytes = await files.bytes(wanted, MAX_REQUIREMENTS_BYTES)
      return bytes && decodeText(bytes)
    },
    packagedEnvironments,
    remarks: remarksOn(top, files, packagedEnvironments)
  }
}

/** What at the top of a package decides over its deployment. */
interface Top {
  readonly hasRequirements: boolean
  readonly hasOtherProjectFile: boolean
  readonly isSkipped: boolean
  readonly hasCommand: boolean
}

async function readTop(files: PackageFiles): Promise<Top> {
  const others = await Promise.all(OTHER_PROJECT_FILES.map(name => files.isFile(name)))
  return {
    hasRequirements: await files.isFile('requirements.txt'),
    hasOtherProjectFile: others.includes(true),
    isSkipped: await files.isFile('.skipPythonDeployment'),
    hasCommand: parseDeploymentFile((await files.text('.deployment', MAX_BYTES)) ?? '').command !== undefined
  }
}

/**
 * Whether Kudu's Windows script will run and get to its Python part: it wants `requirements.txt`, gives way to
 * `.skipPythonDeployment`, and a `command` in `.deployment` takes its place (projectkudu/kudu, the wiki's page on
 * customised deployments).
 */
function kuduScript({ hasRequirements, isSkipped, hasCommand }: Top): Project['kuduScript'] {
  if (!hasRequirements) return { runs: false, detail: 'the package has no requirements.txt' }
  if (isSkipped) return { runs: false, detail: 'the package has a .skipPythonDeployment' }
  if (hasCommand) return { runs: false, detail: '.deployment names a command of its own' }
  return { runs: true, detail: 'the package has a requirements.txt' }
}

async function requirementsFile(files: PackageFiles, chosen: string | undefined): Promise<string | undefined> {
  if (chosen === undefined) {
    for (const name of REQUIREMENTS_FILES) if (await files.isFile(name)) return name
    return undefined
  }
  const named = `"requirements-file" names ${JSON.stringify(chosen)}`
  if (!(await files.isFile(chosen))) {
    throw new ProjectError(`${named}, which is not in the package. Write its path from the top of "package"`)
  }
  if ((await files.text(chosen, MAX_REQUIREMENTS_BYTES)) === undefined) {
    throw new ProjectError(
      `${named}, which is a link that leads out of the package, or has more than ${MAX_REQUIREMENTS_BYTES} bytes. ` +
        'Put the file itself into the package'
    )
  }
  return chosen
}

function remarksOn(
  top: Top,
  files: PackageFiles,
  packagedEnvironments: readonly PackagedEnvironment[]
): readonly Remark[] {
  const remarks: Remark[] = []
  if (!top.hasRequirements) {
    // Oryx knows other files, and what the package brings along need not be built. Kudu's Windows script wants this one.
    const hasSubstitute = top.hasOtherProjectFile || packagedEnvironments.length > 0
    const elsewhere = files.names.find(name => name.endsWith('/requirements.txt') && !name.includes('site-packages/'))
    const hint = elsewhere === undefined ? '' : `, only ${elsewhere}`
    const text =
      `The package has no requirements.txt at its top${hint}, so a deployment that builds on the server installs ` +
      'nothing. Check that "package" is what the deploy step deploys'
    remarks.push({ text, layouts: hasSubstitute ? ['windows-env'] : ALL_LAYOUTS })
  }
  if (top.isSkipped) {
    const text = 'The package has a .skipPythonDeployment, so the deployment neither makes an environment nor installs'
    remarks.push({ text, layouts: ['windows-env'] })
  }
  if (top.hasCommand) {
    const text = '.deployment in the package names a command of its own, which builds in place of App Service'
    remarks.push({ text, layouts: ALL_LAYOUTS })
  }
  if (!files.isComplete) {
    const text =
      'Not all of the package was searched for virtual environments: it has too many files, too deep folders, or one ' +
      'that cannot be listed'
    remarks.push({ text, layouts: [...ALL_LAYOUTS, 'unknown'] })
  }
  return remarks
}
