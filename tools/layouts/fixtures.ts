// The fixture sites: a first deployment of the kind that makes such a site, then what start-up or users leave there.
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deploy, type Deployment } from '../local-appservice/kudu.ts'
import { pipInstall, readRequirements } from '../local-appservice/site-packages.ts'
import { listTree, makeHome, makePackage, makePosixVenv } from '../local-appservice/sites.ts'

/** Is where a fixture site is made, and what goes into it. */
export interface Place {
  /** The FTP root, new or empty. */
  readonly home: string
  /** Folder of the package that is deployed. */
  readonly packageDir: string
  /** Version that the server builds with, `X.Y`; the site's own if left out. */
  readonly python?: string
  /** Whether to use the machine's Python where it has the version. */
  readonly realPython?: boolean
  readonly log?: (line: string) => void
}

/** Is a fixture site: how it is made, and how its app is deployed from then on. */
export interface Fixture {
  /** Version that its environment has. */
  readonly python: string
  /** Another version that a workflow may ask for. */
  readonly another: string
  readonly deployments: Pick<Deployment, 'layout' | 'build' | 'environment'>
  /** Makes the package of the first deployment, or of the one after it; the requirements and two apps if left out. */
  readonly pack?: (packageDir: string, requirements: readonly string[], python: string) => Promise<void>
  /** Makes what was on the site before its first deployment. */
  readonly before?: (place: Place) => Promise<void>
  /** Makes what start-up or users left there since. */
  readonly since?: (place: Place) => Promise<void>
}

const LINUX = { python: '3.11', another: '3.12' }
const ORYX: Fixture = { ...LINUX, deployments: { layout: 'venv-tree', build: 'good' } }
const COMPRESSED: Fixture = { ...LINUX, deployments: { layout: 'compressed-app', build: 'good' } }
const WINDOWS: Fixture = { python: '3.4', another: '3.6', deployments: { layout: 'windows-env', build: 'good' } }

const wwwroot = (home: string, ...path: readonly string[]): string => join(home, 'site', 'wwwroot', ...path)

/** The fixture sites by their keys, which the specification describes. */
export const FIXTURES = {
  'windows-env': WINDOWS,
  'windows-env-unmarked': {
    ...WINDOWS,
    since: ({ home }) => rm(wwwroot(home, 'env', 'azure.env.python-3.4.txt'))
  },
  'venv-tree': ORYX,
  'venv-tree-script': { ...LINUX, deployments: { layout: 'venv-tree-script', build: 'good' } },
  'packages-dir': { ...LINUX, deployments: { layout: 'packages-dir', build: 'good' } },
  'compressed-env': {
    ...LINUX,
    deployments: { layout: 'compressed-env', build: 'good' },
    async since(place) {
      await makePosixVenv(wwwroot(place.home, '_del_antenv'), { python: '3.10', packages: { alpha: '0.9' } })
      // Start-up unpacks the archive outside of wwwroot, where FTP does not reach.
      await symlink('/antenv', wwwroot(place.home, 'antenv'))
    }
  },
  'compressed-app': COMPRESSED,
  'compressed-app-left-over': {
    ...COMPRESSED,
    before: place => deployOnce(place, { layout: 'venv-tree', build: 'good' }, '3.10')
  },
  'compressed-app-stale-archive': {
    ...COMPRESSED,
    async since({ home }) {
      await writeFile(wwwroot(home, 'output.tar.zst'), 'the archive of an earlier build')
      const twoHoursAgo = new Date(Date.now() - 7_200_000)
      await utimes(wwwroot(home, 'output.tar.zst'), twoHoursAgo, twoHoursAgo)
    }
  },
  'run-from-package': {
    ...LINUX,
    deployments: { layout: 'run-from-package', build: 'none' },
    before: ({ home }) => writeFile(wwwroot(home, 'hostingstart.html'), '<title>Your web app is running</title>\n')
  },
  shipped: { ...LINUX, deployments: { layout: 'shipped', build: 'none' }, pack: packWithEnvironment },
  linked: {
    ...ORYX,
    async since({ home }) {
      await mkdir(join(home, 'envs'))
      await rename(wwwroot(home, 'antenv'), join(home, 'envs', 'antenv'))
      await symlink('../../envs/antenv', wwwroot(home, 'antenv'))
    }
  },
  several: {
    ...LINUX,
    deployments: { layout: 'venv-tree-script', build: 'good', environment: 'venv' },
    before: place => deployOnce(place, { layout: 'venv-tree-script', build: 'good', environment: '.venv' }, '3.10')
  },
  broken: {
    ...ORYX,
    async since({ home, python = LINUX.python }) {
      for (const name of ['python', 'python3', `python${python}`])
        await rm(wwwroot(home, 'antenv', 'bin', name), { force: true })
    }
  },
  mixed: {
    ...ORYX,
    before: place => deployOnce(place, ORYX.deployments, place.python === '3.10' ? '3.9' : '3.10')
  },
  none: ORYX
} as const satisfies Readonly<Record<string, Fixture>>

/** Names a fixture site. */
export type SiteKey = keyof typeof FIXTURES

/** Gives a fixture site by its key. */
export function fixtureOf(key: SiteKey): Fixture {
  return FIXTURES[key]
}

const FIRST = ['alpha==1.0', 'beta==2.0']
const NEXT = ['alpha==2.0', 'beta==2.0']

/** Is a file beside each installed `alpha/__init__.py` that no deployment brings: what is built from nothing does not have it. */
export const KEEPSAKE = 'alpha/local_settings.py'

/** Makes a fixture site and the package of its next deployment, which has another version of one distribution. */
export async function makeFixture(key: SiteKey, place: Place): Promise<void> {
  const { python, deployments, pack = packPlain, before, since }: Fixture = FIXTURES[key]
  const version = place.python ?? python
  await makeHome(place.home)
  await pack(place.packageDir, FIRST, version)
  if (key === 'none') {
    await writeFile(wwwroot(place.home, 'hostingstart.html'), '<title>Your web app is running</title>\n')
  } else {
    await before?.({ ...place, python: version })
    await deployOnce(place, deployments, version)
    await leaveKeepsakes(place.home)
    await since?.({ ...place, python: version })
  }
  await rm(place.packageDir, { recursive: true })
  await pack(place.packageDir, NEXT, version)
}

/** Says how a deployment to a fixture site goes. */
export interface Outcome {
  readonly good: boolean
  /** Whether the deploy API is told to empty wwwroot; has a meaning without a build on the server only. */
  readonly clean: boolean
  /** For a good one that builds nothing, although the app's deployments do. */
  readonly build?: 'none'
}

/** Deploys to a fixture site as its app is deployed; `succeeded` is false after a failing deployment. */
export function deployFixture(key: SiteKey, place: Place, outcome: Outcome): Promise<{ readonly succeeded: boolean }> {
  const { deployments, python }: Fixture = FIXTURES[key]
  const { home, packageDir, realPython = false, log = () => undefined } = place
  const { good, clean, build = deployments.build } = outcome
  const how = { ...deployments, build: good ? build : 'failing', clean }
  return deploy({ home, packageDir, realPython, log, pythonVersion: place.python ?? python, ...how })
}

async function deployOnce(place: Place, how: Fixture['deployments'], python: string): Promise<void> {
  const { home, packageDir, realPython = false, log = () => undefined } = place
  const at = new Date('2026-11-20T10:15:00Z')
  const { succeeded } = await deploy({ home, packageDir, realPython, log, pythonVersion: python, at, ...how })
  if (!succeeded) throw new Error(`The first deployment of the ${how.layout} site failed`)
}

function packPlain(folder: string, requirements: readonly string[]): Promise<void> {
  return makePackage(folder, requirements)
}

async function packWithEnvironment(folder: string, requirements: readonly string[], python: string): Promise<void> {
  await makePackage(folder, requirements)
  const environment = join(folder, 'env')
  await makePosixVenv(environment, { python })
  await pipInstall(
    join(environment, 'lib', `python${python}`, 'site-packages'),
    await readRequirements(join(folder, 'requirements.txt'))
  )
}

async function leaveKeepsakes(home: string): Promise<void> {
  const module = /alpha\/__init__\.py$/
  for (const path of await listTree(wwwroot(home))) {
    if (module.test(path)) await writeFile(wwwroot(home, path.replace(module, KEEPSAKE)), 'DEBUG = False\n')
  }
}
