// A job on localhost: a site, the main step from the committed dist/, a deployment, the post step.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runStep, type StepOptions, type StepRun } from '../../tools/github-runner.ts'
import {
  startLocalAppService,
  type LocalAppService,
  type LocalAppServiceOptions
} from '../../tools/local-appservice/index.ts'
import { deploy, type Build, type Layout } from '../../tools/local-appservice/kudu.ts'
import { listTree, makePackage, makeSite } from '../../tools/local-appservice/sites.ts'

export interface Job {
  readonly main: StepRun
  readonly post: StepRun
  readonly deployed: boolean
}

export interface JobOptions {
  readonly with?: Readonly<Record<string, string>>
  readonly build?: Build
  /** What the server builds with; the wanted version if left out. */
  readonly serverPython?: string
  readonly env?: Readonly<Record<string, string>>
  readonly onStart?: StepOptions['onStart']
}

/** A site with its package, and the steps of a job around it. */
export interface Lab {
  readonly app: LocalAppService
  readonly packageDir: string
  readonly wwwroot: string
  /** Runs one step with the profile, the package and whatever is given. */
  step(step: 'main' | 'post', options?: Partial<StepOptions>): Promise<StepRun>
  deploy(layout: Layout, pythonVersion: string, build?: Build, clean?: boolean): Promise<boolean>
  /** Main step, deployment if it succeeded, post step: as the job of the README. */
  job(layout: Layout, options?: JobOptions): Promise<Job>
  /** Every path below `/site`, without the records of deployments. */
  tree(): Promise<readonly string[]>
  /** What lies below a folder, whose path begins at `/site` and ends with a slash. */
  below(folder: string): Promise<readonly string[]>
  /** What lies in our own folder, but for what is remembered there; empty where there is none. */
  trash(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Starts a site; `layout` is deployed once with `python`, and nothing is deployed where it is left out. */
export async function startLab(
  site: { readonly layout?: Layout; readonly python?: string; readonly requirements?: readonly string[] } = {},
  options: LocalAppServiceOptions = {}
): Promise<Lab> {
  const packageDir = await mkdtemp(join(tmpdir(), 'package-'))
  const app = await startLocalAppService(options)
  await makePackage(packageDir, site.requirements ?? ['alpha==1.0'])
  if (site.layout) {
    await makeSite(site.layout, { home: app.home, packageDir, python: site.python ?? '3.11' })
  }
  const tree = async (): Promise<readonly string[]> =>
    (await listTree(join(app.home, 'site'))).filter(line => !line.startsWith('deployments/'))
  const lab: Lab = {
    app,
    packageDir,
    wwwroot: join(app.home, 'site', 'wwwroot'),
    step: (step, options = {}) =>
      runStep(step, {
        caFile: app.caFile,
        ...options,
        with: { 'publish-profile': app.publishProfile(), package: packageDir, timeout: '5', ...options.with }
      }),
    async deploy(layout, pythonVersion, build = 'good', clean = false) {
      const { succeeded } = await deploy({
        home: app.home,
        packageDir,
        pythonVersion,
        layout,
        build,
        clean,
        log: () => undefined
      })
      return succeeded
    },
    async job(layout, options = {}) {
      const step = {
        ...(options.with ? { with: options.with } : {}),
        ...(options.env ? { env: options.env } : {}),
        ...(options.onStart ? { onStart: options.onStart } : {})
      }
      const main = await lab.step('main', step)
      const python = options.serverPython ?? (main.outputs['python-version-wanted'] || '3.11')
      const clean = main.outputs['recommended-clean'] !== 'false'
      const deployed = main.exitCode === 0 && (await lab.deploy(layout, python, options.build, clean))
      const post = await lab.step('post', { ...step, state: main.state, jobStatus: deployed ? 'success' : 'failure' })
      return { main, post, deployed }
    },
    tree,
    below: async folder => (await tree()).filter(line => line.startsWith(folder)),
    async trash() {
      const prefix = '.azure-python-env/'
      return (await tree()).flatMap(line =>
        line.startsWith(prefix) && line !== prefix && !line.startsWith(`${prefix}last.json`)
          ? [line.slice(prefix.length)]
          : []
      )
    },
    async close() {
      await app.close()
      await rm(packageDir, { recursive: true, force: true })
    }
  }
  return lab
}
