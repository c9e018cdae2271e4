// Two main steps on one site at once, and what becomes of it when both have ended.
import type { ChildProcess } from 'node:child_process'
import { afterEach, expect, it } from 'vitest'
import type { StepRun } from '../../tools/github-runner.ts'
import { contents, expectOnlyWarnings } from '../contract/interference.ts'
import { FORCED, LOOKING, playThrough, settle, type Play } from './interleaved.ts'
import { startLab, type Lab } from '../contract/lab.ts'

let lab: Lab
afterEach(() => lab.close())

const deploy = (site: Lab): Promise<boolean> => site.deploy('venv-tree', '3.11')

/** The second run as a whole main step, told to reset or not. */
function second(
  site: Lab,
  inputs: Readonly<Record<string, string>>
): { run: () => Promise<void>; done: () => StepRun } {
  let done: StepRun | undefined
  return {
    run: async () => {
      done = await site.step('main', { with: inputs })
    },
    done() {
      if (!done) throw new Error('the second run has not begun')
      return done
    }
  }
}

const plays: readonly Play[] = [
  {
    title: 'both reset, and both jobs fail',
    begin(site) {
      const other = second(site, FORCED)
      return {
        held: () => site.step('main', { with: FORCED }),
        meanwhile: other.run,
        async afterwards(held) {
          await settle(site, held, 'failure')
          await settle(site, other.done(), 'failure')
        }
      }
    }
  },
  {
    title: 'both reset, the second deploys and the first fails',
    rebuilt: true,
    begin(site) {
      const other = second(site, FORCED)
      return {
        held: () => site.step('main', { with: FORCED }),
        meanwhile: other.run,
        async afterwards(held) {
          await deploy(site)
          await settle(site, other.done(), 'success')
          await settle(site, held, 'failure')
        }
      }
    }
  },
  {
    title: 'the second resets and undoes it while the first is about to reset',
    begin(site) {
      return {
        held: () => site.step('main', { with: FORCED }),
        meanwhile: async () => settle(site, await site.step('main', { with: FORCED }), 'failure'),
        afterwards: held => settle(site, held, 'failure')
      }
    }
  },
  {
    title: 'the second resets and deploys while the first is about to reset',
    rebuilt: true,
    begin(site) {
      return {
        held: () => site.step('main', { with: FORCED }),
        async meanwhile() {
          const main = await site.step('main', { with: FORCED })
          await deploy(site)
          await settle(site, main, 'success')
        },
        afterwards: held => settle(site, held, 'failure')
      }
    }
  },
  {
    title: 'the second only looks while the first resets',
    begin(site) {
      const other = second(site, LOOKING)
      return {
        held: () => site.step('main', { with: FORCED }),
        meanwhile: other.run,
        async afterwards(held) {
          await settle(site, other.done(), 'failure')
          await settle(site, held, 'failure')
        }
      }
    }
  },
  {
    title: 'the second resets while the first only looks',
    sample: { looks: 2, changes: 1 },
    begin(site) {
      const other = second(site, FORCED)
      return {
        held: () => site.step('main', { with: LOOKING }),
        meanwhile: other.run,
        async afterwards(held) {
          await settle(site, held, 'failure')
          await settle(site, other.done(), 'failure')
        }
      }
    }
  },
  {
    title: 'both delete in place',
    inPlace: true,
    sample: { looks: 10, changes: 17 },
    begin(site) {
      const other = second(site, FORCED)
      return {
        held: () => site.step('main', { with: FORCED }),
        meanwhile: other.run,
        async afterwards(held) {
          await settle(site, held, 'failure')
          await settle(site, other.done(), 'failure')
        }
      }
    }
  },
  {
    title: 'the second only looks while the first deletes in place',
    inPlace: true,
    sample: { looks: 10, changes: 23 },
    begin(site) {
      return {
        held: () => site.step('main', { with: FORCED }),
        meanwhile: async () => settle(site, await site.step('main', { with: LOOKING }), 'failure'),
        afterwards: held => settle(site, held, 'failure')
      }
    }
  }
]

it.each(plays)('$title: nothing is lost and nothing is left', { timeout: 120_000 }, async play => {
  const points = await playThrough(play, site => (lab = site))
  expect(points).toBeGreaterThanOrEqual(5)
})

it.each(['before', 'after'] as const)(
  'the first is killed %s its rename, while the second is on its way to its own',
  async cut => {
    lab = await startLab({ layout: 'venv-tree' })
    const before = await contents(lab)
    let child: ChildProcess | undefined
    let first: Promise<StepRun> | undefined
    const session: { second?: number } = {}
    lab.app.ftp.hook = async context => {
      if (context.verb === 'RNFR' && first === undefined) {
        session.second = context.session
        first = lab.step('main', { with: FORCED, onStart: started => (child = started) })
        await first
      } else if (context.verb === 'RNTO' && context.session !== session.second) {
        child?.kill('SIGKILL')
        return { cut }
      }
      return undefined
    }
    const survivor = await lab.step('main', { with: FORCED })
    lab.app.ftp.hook = undefined
    expect((await first)?.exitCode).toBeNull()
    expectOnlyWarnings(await lab.step('post', { state: survivor.state, jobStatus: 'failure' }), survivor.log)
    expect(await contents(lab)).toEqual(before)
    expect(await lab.trash()).toEqual([])
  }
)

it('two whole jobs that race without a referee leave the environment in place', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 4; round++) {
    lab = await startLab({ layout: 'venv-tree' })
    const before = await contents(lab)
    const job = async (): Promise<StepRun> => settle(lab, await lab.step('main', { with: FORCED }), 'failure')
    await Promise.all([job(), job()])
    // A post step that sees the copy of the other main step may have settled it before that step had ended.
    const next = await lab.step('main', { with: LOOKING })
    await settle(lab, next, 'failure')
    expect(await contents(lab)).toEqual(before)
    expect(await lab.trash()).toEqual([])
    await lab.close()
  }
})
