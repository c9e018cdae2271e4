// Runs each cell of a site's matrices for real (site, main step, deployment, post step) and compares it with what is written.
import { createHash } from 'node:crypto'
import { cp, lstat, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { annotations, runStep, type StepRun } from '../../tools/github-runner.ts'
import { startLocalAppService, type LocalAppService } from '../../tools/local-appservice/index.ts'
import { emptyFolder } from '../../tools/local-appservice/file-trees.ts'
import { listTree } from '../../tools/local-appservice/sites.ts'
import { KEEPSAKE, deployFixture, fixtureOf, makeFixture, type SiteKey } from '../../tools/layouts/fixtures.ts'
import { casesOf, type Case } from '../../tools/layouts/specification.ts'
import type { Ending, Matrix, Site, There } from '../../tools/layouts/vocabulary.ts'

const ENDINGS: readonly Ending[] = ['good', 'failing', 'missing']

/** A site that can be brought back to where it was before or after the main step. */
interface Stage {
  readonly app: LocalAppService
  readonly packageDir: string
  /** Makes the site what it was after its first deployment, or after the main step. */
  restore(from: 'start' | 'main'): Promise<void>
  /** Keeps the site as it is now, as the one after the main step. */
  keep(): Promise<void>
  close(): Promise<void>
}

/** Declares the tests of some sites; links and `tar` are needed to make them. */
export function describeLayouts(sites: readonly Site[]): void {
  const stages = sites.flatMap(site => site.matrices.map(matrix => ({ site, matrix, name: nameOf(site, matrix) })))
  // Side by side, because the steps are processes of their own, and each stage has a server of its own.
  describe.skipIf(process.platform === 'win32').concurrent.each(stages)('$name', ({ site, matrix }) => {
    describeMatrix(site, matrix)
  })
}

function nameOf({ key }: Site, { condition }: Matrix): string {
  return condition === '' ? key : `${key} ${condition}`
}

function describeMatrix(site: Site, matrix: Matrix): void {
  let stage: Stage
  beforeAll(async () => {
    stage = await setStage(site.key, matrix)
  })
  afterAll(() => stage.close())

  for (const oneCase of casesOf(matrix)) {
    const { wish, mode, forced, main, ends } = oneCase
    const title = `${wish}, ${mode}, ${forced ? 'forced' : 'not forced'}: ${main.result} because of ${main.reason}`
    describe(title, { concurrent: false }, () => {
      let step: StepRun
      let before: readonly string[]
      let between: readonly string[]
      beforeAll(async () => {
        await stage.restore('start')
        before = await contents(stage.app.home)
        step = await runStep('main', stepOf(site, matrix, oneCase, stage))
        between = await contents(stage.app.home)
        await stage.keep()
      })

      it('the main step says what is written, and changes nothing but the place that it is about', () => {
        expect(saidBy(step, matrix)).toEqual(written(matrix, oneCase))
        expect(`${step.outputs['reasons']} ${step.log}`).toContain(main.says ?? '')
        expect(beside(site, between)).toEqual(beside(site, before))
      })

      it.each(ENDINGS)('a deployment that is %s leaves what is written', async ending => {
        await stage.restore('main')
        const succeeded = await deployAs(site, ending, oneCase, stage, step)
        const deployed = await contents(stage.app.home)
        const jobStatus = succeeded ? 'success' : 'failure'
        const post = await runStep('post', { ...stepOf(site, matrix, oneCase, stage), state: step.state, jobStatus })
        const now = await contents(stage.app.home)
        const { says = '', ...end } = ends[ending]
        const there = await whatIsThere(site, stage.app.home, before, now)
        expect({ there, ...countedIn(post) }, post.log).toEqual({ ...end, exitCode: 0, errors: 0 })
        expect(post.log).toContain(says)
        expect(beside(site, now)).toEqual(beside(site, deployed))
        expect(now.filter(line => line.includes('/trash-'))).toEqual([])
      })
    })
  }
}

async function setStage(key: SiteKey, { server }: Matrix): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'layout-'))
  const app = await startLocalAppService({ personality: server })
  const packageDir = join(folder, 'package')
  const copies = { start: join(folder, 'start'), main: join(folder, 'main') }
  await makeFixture(key, { home: app.home, packageDir })
  await copyTree(app.home, copies.start)
  return {
    app,
    packageDir,
    async restore(from) {
      await emptyFolder(app.home)
      await copyTree(copies[from], app.home)
    },
    async keep() {
      await rm(copies.main, { recursive: true, force: true })
      await copyTree(app.home, copies.main)
    },
    async close() {
      await app.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** With times, by which archives are told apart, and with links as they are. */
function copyTree(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
}

function stepOf(
  { key }: Site,
  { envPath }: Matrix,
  { mode, forced, wish }: Case,
  { app, packageDir }: Stage
): Parameters<typeof runStep>[1] {
  const inputs = {
    'publish-profile': app.publishProfile(),
    package: packageDir,
    'python-version': versionFor(key, wish),
    'reset-mode': mode,
    'reset-env': forced ? 'true' : '',
    'env-path': envPath
  }
  return { with: inputs, caFile: app.caFile }
}

function versionFor(key: SiteKey, wish: Case['wish']): string {
  const { python, another } = fixtureOf(key)
  return wish === 'same Python' ? python : another
}

function saidBy(step: StepRun, matrix: Matrix): Readonly<Record<string, unknown>> {
  const { result, reason, strategy } = step.outputs
  const named = Object.fromEntries(Object.keys(matrix.outputs).map(name => [name, step.outputs[name]]))
  return { result, reason, strategy, ...named, ...countedIn(step) }
}

function countedIn({ log, exitCode }: StepRun): Readonly<Record<'exitCode' | 'warnings' | 'errors', number | null>> {
  const count = (kind: 'warning' | 'error'): number => annotations(log, kind).length
  return { exitCode, warnings: count('warning'), errors: count('error') }
}

function written(matrix: Matrix, { main }: Case): Readonly<Record<string, unknown>> {
  const { result, reason, strategy, exitCode, warnings } = main
  // What failed gives no advice for the deployment.
  const clean = exitCode === 1 ? { 'recommended-clean': '' } : {}
  return { result, reason, strategy, exitCode, warnings, ...matrix.outputs, ...clean, errors: exitCode }
}

/** Deploys as the job would; `true`: the job goes well until its post steps. */
async function deployAs({ key }: Site, ending: Ending, { wish }: Case, stage: Stage, main: StepRun): Promise<boolean> {
  if (main.exitCode !== 0) return false
  if (ending === 'missing') return true
  const place = { home: stage.app.home, packageDir: stage.packageDir, python: versionFor(key, wish) }
  const clean = main.outputs['recommended-clean'] !== 'false'
  return (await deployFixture(key, place, { good: ending === 'good', clean })).succeeded
}

/** Every path below the FTP root, a file with its digest and a link with its target. */
async function contents(home: string): Promise<readonly string[]> {
  const lines: string[] = []
  for (const line of await listTree(home)) {
    const isFile = !line.endsWith('/') && (await lstat(join(home, line)).catch(() => undefined))?.isFile()
    const text = isFile ? await readFile(join(home, line)) : undefined
    lines.push(text ? `${line} ${createHash('sha256').update(text).digest('hex')}` : line)
  }
  return lines
}

function within({ place }: Site, lines: readonly string[]): readonly string[] {
  return lines.filter(line => line === place || line.startsWith(`${place}/`) || line.startsWith(`${place} `))
}

/** Everything but the place that a site is about, and but our own folder. */
function beside(site: Site, lines: readonly string[]): readonly string[] {
  const place = new Set(within(site, lines))
  return lines.filter(line => !place.has(line) && !line.startsWith('site/.azure-python-env/'))
}

async function whatIsThere(
  site: Site,
  home: string,
  before: readonly string[],
  after: readonly string[]
): Promise<There | 'something else'> {
  const [old, now] = [within(site, before), within(site, after)]
  if (now.join('\n') === old.join('\n')) return 'as it was'
  if (now.length === 0) return 'gone'
  if ((await lstat(join(home, site.place))).isFile()) return 'new'
  const kept = old.some(line => now.includes(line) && (line.includes(KEEPSAKE) || line.includes('.zip ')))
  const deployed = now.some(line => /alpha-2\.0\.dist-info\/$|packagename\.txt /.test(line) && !old.includes(line))
  if (!deployed) return 'something else'
  return kept ? 'updated' : 'new'
}
