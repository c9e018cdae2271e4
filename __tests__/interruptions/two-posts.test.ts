// A post step on a site where another run is at work: its main step, its post step, or its deployment.
import { afterEach, expect, it } from 'vitest'
import { FORCED, LOOKING, playThrough, settle, type Play } from './interleaved.ts'
import type { Lab } from '../contract/lab.ts'

let lab: Lab
afterEach(() => lab.close())

const deploy = (site: Lab): Promise<boolean> => site.deploy('venv-tree', '3.11')

const plays: readonly Play[] = [
  {
    title: 'it puts back while another run resets',
    async begin(site) {
      const first = await site.step('main', { with: FORCED })
      let settleOther = (): Promise<unknown> => Promise.reject(new Error('the other run has not begun'))
      return {
        held: () => settle(site, first, 'failure'),
        async meanwhile() {
          const other = await site.step('main', { with: FORCED })
          settleOther = () => settle(site, other, 'failure')
        },
        afterwards: () => settleOther()
      }
    }
  },
  {
    title: 'it puts back while another run is about to reset',
    sample: { looks: 1, changes: 1 },
    async begin(site) {
      const first = await site.step('main', { with: FORCED })
      return {
        held: () => site.step('main', { with: FORCED }),
        meanwhile: () => settle(site, first, 'failure'),
        afterwards: held => settle(site, held, 'failure')
      }
    }
  },
  {
    title: 'two put the same copy back',
    async begin(site) {
      const first = await site.step('main', { with: FORCED })
      const other = await site.step('main', { with: LOOKING })
      return {
        held: () => settle(site, first, 'failure'),
        meanwhile: () => settle(site, other, 'failure'),
        afterwards: () => Promise.resolve()
      }
    }
  },
  {
    title: 'two sweep the same copy',
    rebuilt: true,
    sample: { looks: 5, changes: 13 },
    async begin(site) {
      const first = await site.step('main', { with: FORCED })
      const other = await site.step('main', { with: LOOKING })
      await deploy(site)
      return {
        held: () => settle(site, first, 'success'),
        meanwhile: () => settle(site, other, 'success'),
        afterwards: () => Promise.resolve()
      }
    }
  },
  {
    title: 'it puts back while a deployment builds',
    rebuilt: true,
    async begin(site) {
      const first = await site.step('main', { with: FORCED })
      return {
        held: () => settle(site, first, 'failure'),
        meanwhile: () => deploy(site),
        afterwards: () => Promise.resolve()
      }
    }
  },
  {
    title: 'it sweeps while another run resets the new environment, whose job fails',
    rebuilt: true,
    sample: { looks: 1, changes: 13 },
    async begin(site) {
      const first = await site.step('main', { with: FORCED })
      await deploy(site)
      let settleOther = (): Promise<unknown> => Promise.reject(new Error('the other run has not begun'))
      return {
        held: () => settle(site, first, 'success'),
        async meanwhile() {
          const other = await site.step('main', { with: FORCED })
          settleOther = () => settle(site, other, 'failure')
        },
        afterwards: () => settleOther()
      }
    }
  }
]

it.each(plays)('$title: nothing is lost and nothing is left', { timeout: 120_000 }, async play => {
  const points = await playThrough(play, site => (lab = site))
  expect(points).toBeGreaterThan(3)
})
