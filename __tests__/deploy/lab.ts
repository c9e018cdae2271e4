// A site whose deployments have real parts: kudusync copies, a real Python makes the environment, a real pip fills it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, onTestFinished } from 'vitest'
import { deployWithRealParts, pythonOf, type Deployed, type Recipe } from '../../tools/deploy/deployment.ts'
import { findMaker, importVersions } from '../../tools/deploy/python.ts'
import { makeWheels, MODULES } from '../../tools/deploy/wheels.ts'
import type { StepRun } from '../../tools/github-runner.ts'
import type { Interpreter } from '../../tools/pythons.ts'
import { startLab, type Lab } from '../contract/lab.ts'

/** The ways to build that leave an environment standing, with what the action calls each. */
export const WAYS = [
  { title: 'Oryx', recipe: 'oryx', layout: 'venv-tree', path: '/site/wwwroot/antenv', strategy: 'rename' },
  {
    title: 'the bash script',
    recipe: 'bash-script',
    layout: 'venv-tree',
    path: '/site/wwwroot/antenv',
    strategy: 'rename'
  },
  {
    title: 'the Windows script',
    recipe: 'windows-script',
    layout: 'windows-env',
    path: '/site/wwwroot/env',
    strategy: 'marker'
  }
] as const satisfies readonly { readonly recipe: Recipe; readonly [key: string]: string }[]

/** A job: the main step, a deployment unless that failed, the post step. */
export interface Push {
  readonly main: StepRun
  readonly deployed: Deployed
  readonly post: StepRun
}

/** A site on this machine, and its package. */
export interface Site {
  readonly lab: Lab
  /** Writes the package's `requirements.txt`. */
  ask(...lines: readonly string[]): Promise<void>
  deploy(): Promise<Deployed>
  /** What the app could import: versions by name. */
  imports(): Promise<Readonly<Record<string, string>>>
  /** Runs the job of the README. */
  push(inputs?: Readonly<Record<string, string>>): Promise<Push>
}

const interpreter = process.platform === 'linux' ? await findMaker() : undefined

const MISSING =
  process.platform === 'linux'
    ? 'there is no Python with venv and pip on this machine'
    : 'the deployments need Linux, whose names tell cases apart'

/** Describes tests that deploy; without a Python they are skipped, or fail in continuous integration. */
export function suite(name: string, tests: (python: Interpreter) => void): void {
  describe(name, () => {
    if (interpreter) {
      tests(interpreter)
      return
    }
    it('can be shown', context => {
      if (process.env['CI'] === 'true') throw new Error(MISSING)
      context.skip(MISSING)
    })
  })
}

/** Starts a site without anything deployed, until the end of the test. */
export async function startSite(recipe: Recipe, python: Interpreter): Promise<Site> {
  const lab = await startLab()
  const wheels = await mkdtemp(join(tmpdir(), 'wheels-'))
  onTestFinished(async () => {
    await lab.close()
    await rm(wheels, { recursive: true })
  })
  await makeWheels(wheels)
  const { home } = lab.app
  const deploy = (): Promise<Deployed> =>
    deployWithRealParts(recipe, { home, packageDir: lab.packageDir, interpreter: python, wheels })
  return {
    lab,
    ask: (...lines) => writeFile(join(lab.packageDir, 'requirements.txt'), lines.map(line => `${line}\n`).join('')),
    deploy,
    imports: () => importVersions(pythonOf(recipe, home), MODULES),
    async push(inputs = {}) {
      const main = await lab.step('main', { with: inputs })
      const deployed = main.exitCode === 0 ? await deploy() : { succeeded: false, log: [] }
      const jobStatus = deployed.succeeded ? 'success' : 'failure'
      return { main, deployed, post: await lab.step('post', { with: inputs, state: main.state, jobStatus }) }
    }
  }
}
