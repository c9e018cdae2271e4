// Two runs on one site: a step of the first is held at a command until the second has done its part; then the site is judged.
import { expect } from 'vitest'
import type { StepRun } from '../../tools/github-runner.ts'
import { MUTATING_VERBS } from '../../tools/local-appservice/ftp-server.ts'
import { contents, expectOnlyWarnings, heldAt } from '../contract/interference.ts'
import { startLab, type Lab } from '../contract/lab.ts'

/** One connection for each run, so that its commands come in one order; and patience, because one of them is held. */
export const LOOKING = { 'python-version': '3.11', connections: '1', timeout: '30' }
export const FORCED = { ...LOOKING, 'reset-env': 'true' }

/** Two runs, as functions on the site: a fresh one for each command at which the first is held. */
export interface Play {
  readonly title: string
  /** What happened before; returns the step that is held, and what goes on meanwhile and afterwards. */
  readonly begin: (lab: Lab) => Act | Promise<Act>
  /** Holds at each n-th command that only looks (no EPSV), and at each m-th that changes something; 4 and 1 if left out. */
  readonly sample?: { readonly looks: number; readonly changes: number }
  /** Something was built meanwhile, so the environment has the same files and need not have the same bytes. */
  readonly rebuilt?: true
  /** A server that renames nothing has no undo: the environment is there again after a deployment only. */
  readonly inPlace?: true
}

export interface Act {
  readonly held: () => Promise<StepRun>
  readonly meanwhile: () => Promise<unknown>
  readonly afterwards: (held: StepRun) => Promise<unknown>
}

/** Plays it through with the first run held at one command after the other. Returns how many those were. */
export async function playThrough(play: Play, use: (lab: Lab) => void): Promise<number> {
  const commands = await holdingPoints(play, use)
  for (const at of commands) {
    const lab = await startSite(play, use)
    const before = await contents(lab)
    const act = await play.begin(lab)
    let seen = 0
    let what = ''
    lab.app.ftp.hook = heldAt(({ verb, argument }) => {
      what = `${play.title}, held at ${verb} ${argument}`
      return ++seen === at
    }, act.meanwhile)
    const held = await act.held()
    lab.app.ftp.hook = undefined
    await act.afterwards(held)
    await judge(lab, play, before, what)
    await lab.close()
  }
  return commands.length
}

async function startSite(play: Play, use: (lab: Lab) => void): Promise<Lab> {
  const lab = await startLab({ layout: 'venv-tree' })
  use(lab)
  if (play.inPlace) lab.app.ftp.refuseRename = () => true
  return lab
}

/** The numbers of the commands to hold at, found by a run that nobody disturbs. */
async function holdingPoints(play: Play, use: (lab: Lab) => void): Promise<readonly number[]> {
  const lab = await startSite(play, use)
  const { held } = await play.begin(lab)
  lab.app.ftp.clearTranscript()
  await held()
  const { looks, changes } = play.sample ?? { looks: 4, changes: 1 }
  const seen = { looks: 0, changes: 0 }
  const points = lab.app.ftp.transcript.flatMap(({ verb, afterLogin }, index) => {
    if (MUTATING_VERBS.has(verb) || verb === 'RNFR') return seen.changes++ % changes === 0 ? [index + 1] : []
    return afterLogin && verb !== 'EPSV' && seen.looks++ % looks === 0 ? [index + 1] : []
  })
  await lab.close()
  return points
}

/** What has to hold whatever the order was: nothing is lost, nothing else is touched, and one more run leaves no trace. */
async function judge(lab: Lab, play: Play, before: ReadonlyMap<string, string>, what: string): Promise<void> {
  const own = ([line]: readonly [string, string]): boolean => line.startsWith('wwwroot/antenv/')
  const neighbours = (all: ReadonlyMap<string, string>): unknown =>
    [...all].filter(entry => !own(entry) && !isBuilt(entry))
  const now = await contents(lab)
  expect(neighbours(now), `neighbours: ${what}`).toEqual(neighbours(before))
  if (play.inPlace) await lab.deploy('venv-tree', '3.11')
  else if (play.rebuilt) expect([...now.keys()], what).toEqual([...before.keys()])
  else expect(now, what).toEqual(before)

  const settled = await contents(lab)
  const main = await lab.step('main', { with: LOOKING })
  expect(main.exitCode, `next run: ${what}: ${main.log}`).toBe(0)
  expectOnlyWarnings(await lab.step('post', { state: main.state, jobStatus: 'failure' }), what)
  expect(await contents(lab), `next run: ${what}`).toEqual(settled)
  expect([...settled.keys()], `next run: ${what}`).toEqual([...before.keys()])
  expect(await lab.trash(), `next run: ${what}`).toEqual([])
}

/** What a deployment writes anew beside the environment. */
function isBuilt([line]: readonly [string, string]): boolean {
  return line === 'wwwroot/oryx-manifest.toml'
}

/** A post step, which never fails a job. */
export async function settle(lab: Lab, main: StepRun, jobStatus: 'success' | 'failure'): Promise<StepRun> {
  const post = await lab.step('post', { state: main.state, jobStatus })
  expectOnlyWarnings(post, post.log)
  return post
}
