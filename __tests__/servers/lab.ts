// A real server before a home folder with a real environment, and the steps of the committed dist/ that are run against it.
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest'
import { runStep, type StepOptions, type StepRun } from '../../tools/github-runner.ts'
import { deploy } from '../../tools/local-appservice/kudu.ts'
import { publishProfile } from '../../tools/local-appservice/publish-profile.ts'
import { makePackage, makeSite } from '../../tools/local-appservice/sites.ts'
import {
  LOGIN,
  OWNER,
  startServer,
  type Mode,
  type Server,
  type ServerOptions,
  type Software
} from '../../tools/servers/daemon.ts'
import { fingerprint } from './fingerprint.ts'

const run = promisify(execFile)

/** Where everything lies on the disk. */
export interface Site {
  readonly home: string
  readonly wwwroot: string
  readonly environment: string
  /** The environment's `site-packages`. */
  readonly sitePackages: string
  /** Version of the machine's Python, which the environment is made with. */
  readonly python: string
}

/** What the tests of one server in one mode share; each of them finds the site freshly laid. */
export interface Lab {
  readonly software: Software
  readonly mode: Mode
  readonly server: Server
  readonly site: Site
  /** Starts another server before the same home, until the end of the test. */
  serve(options: Partial<Omit<ServerOptions, 'home'>>): Promise<Server>
  /** Runs a step with the credentials of the server, or of another one. */
  step(step: 'main' | 'post', options?: Partial<StepOptions> & { readonly server?: Server }): Promise<StepRun>
  /** Lays another site, without the real environment. */
  layCompressed(): Promise<void>
  /** Gives everything in the home to the user of the server. */
  handOver(): Promise<void>
  /** What a deployment does: builds a whole environment where there is none. */
  rebuild(): Promise<void>
  /** Everything in the home but the environment and our own folder. */
  others(): Promise<readonly string[]>
  /** Names in our own folder; empty where there is none. */
  trash(): Promise<readonly string[]>
}

/** Keeps a server for the suite that this is called in, and lays the site anew before each of its tests. */
export function useLab(software: Software, mode: Mode): Lab {
  const folders = { home: '', packageDir: '' }
  const further: Server[] = []
  let server: Server | undefined
  beforeAll(async () => {
    folders.home = await mkdtemp(join(tmpdir(), 'home-'))
    folders.packageDir = await mkdtemp(join(tmpdir(), 'package-'))
    await chmod(folders.home, 0o755)
    await makePackage(folders.packageDir, ['alpha==1.0'])
    server = await startServer(software, { home: folders.home, mode })
  })
  beforeEach(() => layEnvironment(folders))
  afterEach(async () => {
    for (const started of further.splice(0)) await started.stop()
  })
  afterAll(async () => {
    await server?.stop()
    for (const folder of Object.values(folders)) await rm(folder, { recursive: true, force: true })
  })
  const own = (): Server => {
    if (!server) throw new Error('The server is started with the first test')
    return server
  }
  return {
    software,
    mode,
    get server() {
      return own()
    },
    get site() {
      return siteIn(folders.home)
    },
    async serve(options) {
      const started = await startServer(software, { home: folders.home, mode, ...options })
      further.push(started)
      return started
    },
    step: (step, { server = own(), ...options } = {}) =>
      runStep(step, {
        caFile: server.caFile,
        ...options,
        with: { ...credentials(server), package: folders.packageDir, ...options.with }
      }),
    ...diskIn(folders)
  }
}

/** What is done to the home, and seen of it, past the server. */
function diskIn(folders: Folders): Pick<Lab, 'layCompressed' | 'handOver' | 'rebuild' | 'others' | 'trash'> {
  return {
    layCompressed: () => lay('compressed-app', folders),
    handOver: () => handOver(folders.home),
    async rebuild() {
      const { home, packageDir } = folders
      const pythonVersion = inject('template').python
      const log = (): void => undefined
      await deploy({ home, packageDir, pythonVersion, layout: 'venv-tree', build: 'good', log })
      await handOver(home)
    },
    others: () => fingerprint(folders.home, name => /^site\/(wwwroot\/antenv|\.azure-python-env)(\/|$)/.test(name)),
    trash: async () => {
      const names = await readdir(join(folders.home, 'site/.azure-python-env')).catch(() => [])
      return names.filter(name => !name.startsWith('last.json'))
    }
  }
}

type Folders = Readonly<Record<'home' | 'packageDir', string>>

function siteIn(home: string): Site {
  const { python } = inject('template')
  const wwwroot = join(home, 'site/wwwroot')
  const environment = join(wwwroot, 'antenv')
  return {
    home,
    wwwroot,
    environment,
    sitePackages: join(environment, 'lib', `python${python}`, 'site-packages'),
    python
  }
}

/** A profile where there is TLS, as most workflows have it; a URL and a user name where there is none. */
function credentials({ mode, port }: Server): Readonly<Record<string, string>> {
  const { app, userName, password } = LOGIN
  if (mode === 'plain') {
    return {
      tls: 'off',
      'ftp-url': `ftp://localhost:${port}`,
      'ftp-username': userName,
      'ftp-password': password,
      'app-name': app
    }
  }
  const profile = publishProfile({
    app,
    password,
    host: 'localhost',
    explicitPort: port,
    implicitPort: port,
    tls: mode
  })
  return { tls: mode, 'publish-profile': profile }
}

async function lay(layout: 'venv-tree' | 'compressed-app', { home, packageDir }: Folders): Promise<void> {
  for (const name of await readdir(home)) await rm(join(home, name), { recursive: true })
  await makeSite(layout, { home, packageDir, python: inject('template').python })
  const neighbours = {
    'site/wwwroot/uploads/a photo.jpg': 'uploaded',
    'site/wwwroot/.hidden': 'hidden',
    'site/wwwroot/antenv.txt': 'no environment',
    'outside/kept.txt': 'outside'
  }
  for (const [path, text] of Object.entries(neighbours)) {
    await mkdir(join(home, path, '..'), { recursive: true })
    await writeFile(join(home, path), text)
  }
  await handOver(home)
}

async function layEnvironment(folders: Folders): Promise<void> {
  await lay('venv-tree', folders)
  const environment = join(folders.home, 'site/wwwroot/antenv')
  await rm(environment, { recursive: true })
  // Hard links: nothing writes into the files, and copying their bytes for each test would take longer than the test.
  await run('cp', ['-al', inject('template').folder, environment])
}

async function handOver(home: string): Promise<void> {
  await run('chown', ['-Rh', `${OWNER.uid}:${OWNER.gid}`, home])
}
