// What the package asks for, held against what lies on the server: reads no more of either than the decision needs.
import { usedEnvironment, type Snapshot } from './azure/snapshot.ts'
import { decide, type Expectation, type Policy } from './decide.ts'
import { listed } from './escape.ts'
import type { Choices } from './inputs.ts'
import { takeInventory, type Inventory } from './python/closure.ts'
import { serverEnvironment } from './python/markers.ts'
import { compareWithPackaged, describePackaged, type Landing } from './python/packaged-environments.ts'
import { readProject, type Project } from './python/project.ts'
import { metadataReader } from './python/read-metadata.ts'
import { readRequirements, type Requirements } from './python/requirements.ts'
import type { Environment } from './python/venv.ts'
import type { ReadableSite } from './site.ts'
import { foundPython, wantedPython } from './wanted-python.ts'

/** What the workflow asks for, as far as it is known without the server. */
export interface Wishes {
  readonly project: Project
  /** `undefined`: the package has no file that says which packages are wanted. */
  readonly requirements: Requirements | undefined
  readonly expected: Expectation
  readonly warnings: readonly string[]
}

/** What the server has of it. */
export interface Compared {
  readonly expected: Expectation
  /** `undefined`: nothing was compared, because something else decides already. */
  readonly inventory: Inventory | undefined
  /** The package's own environment beside the server's; `undefined`: it brings none to that place. */
  readonly landing: Landing | undefined
}

/** Reads the package; throws `ProjectError`. `told`: what is known of the app from elsewhere. */
export async function readWishes(inputs: Choices, told: Partial<Expectation>): Promise<Wishes> {
  const project = await readProject(inputs.packagePath, inputs)
  const { requirementsFile, readText, packagedEnvironments, pythonRuntime, kuduScript } = project
  const requirements = requirementsFile === undefined ? undefined : await readRequirements(requirementsFile, readText)
  return {
    project,
    requirements,
    expected: { pythonInput: inputs.python, pythonRuntime, kuduScript, ...told },
    warnings: packagedEnvironments.length > 0 ? [describePackaged(packagedEnvironments)] : []
  }
}

/** Compares what is installed with what is asked for, where the decision could depend on it. */
export async function compare(
  site: ReadableSite,
  found: Snapshot,
  { project, requirements, expected }: Wishes,
  policy: Policy
): Promise<Compared> {
  const environment = usedEnvironment(found)
  if (!environment) return { expected, inventory: undefined, landing: undefined }
  const landing = compareWithPackaged(environment, project.packagedEnvironments)
  const known: Expectation =
    landing?.verdict === 'differs' ? { ...expected, packagedEnvironment: landing.detail } : expected
  const [{ code }] = decide(found, known, policy).reasons
  const isOpen = code === 'up-to-date' || code === 'never'
  if (!isOpen) return { expected: known, inventory: undefined, landing }
  return { ...(await compareInstalled(site, found, { requirements, expected: known })), landing }
}

/** Compares what is installed with what is asked for, whatever is known besides. */
export async function compareInstalled(
  site: ReadableSite,
  found: Snapshot,
  { requirements, expected }: Pick<Wishes, 'requirements' | 'expected'>
): Promise<Omit<Compared, 'landing'>> {
  const environment = usedEnvironment(found)
  if (!environment || !requirements) return { expected, inventory: undefined }
  const inventory = await inventoryOf(site, found, environment, requirements, expected)
  // What is not known can only be a reason to keep something: where nothing is left over, nothing is in doubt.
  const isDoubtful = inventory.removed.length > 0 && inventory.gaps.length > 0
  const told = isDoubtful ? { gaps: [doubtIn(inventory)] } : { removedPackages: inventory.removed }
  return { expected: { ...expected, ...told }, inventory }
}

/** What is in doubt, and why; the annotation points at the file where most of it can be put right. */
function doubtIn({ removed, gaps }: Inventory): string {
  return `it is not known whether anything asks for ${listed(removed)}, because ${gaps.join('; ')}`
}

function inventoryOf(
  site: ReadableSite,
  found: Snapshot,
  environment: Environment,
  requirements: Requirements,
  expected: Expectation
): Promise<Inventory> {
  const isWindows = found.layout === 'windows-env' || environment.shape === 'windows'
  const python = wantedPython(found.layout, expected)?.version ?? foundPython(environment)
  const { sitePackages, distributions } = environment
  const server = serverEnvironment(isWindows ? 'windows' : 'linux', python)
  const read = sitePackages ? metadataReader(site, sitePackages) : () => Promise.resolve(new Map<string, never>())
  return takeInventory(distributions, requirements, server, read)
}
