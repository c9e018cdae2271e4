// Local apps and sites for one test each, and what is looked at after every sweep.
import { expect, onTestFinished } from 'vitest'
import type { RemoteSite } from '../../src/site.ts'
import type { LocalAppService, LocalAppServiceOptions } from '../../tools/local-appservice/index.ts'
import { startApp } from '../unit/tools/lab.ts'
import { isLeft, laySurroundings, openOn, type Opening, type Surroundings } from './scene.ts'

/** A local app with neighbours around the tree that is to be laid. */
export interface Lab {
  readonly app: LocalAppService
  readonly home: string
  readonly around: Surroundings
  /** Opens a site that is closed after the test. */
  readonly open: (opening?: Opening) => Promise<RemoteSite>
}

/** Starts a local app that is closed after the test. */
export async function startLab(options: LocalAppServiceOptions = {}): Promise<Lab> {
  const app = await startApp(options)
  const around = await laySurroundings(app.home)
  const open = async (opening?: Opening): Promise<RemoteSite> => {
    const site = await openOn(app, opening)
    onTestFinished(() => {
      site.close()
    })
    return site
  }
  return { app, home: app.home, around, open }
}

/** The tree is gone, and nothing else. */
export async function expectAllGone({ home, around }: Lab): Promise<void> {
  expect(isLeft(home)).toBe(false)
  expect(await around.differences()).toEqual([])
}

/** Logins that were tried so far. */
export function loginsOf(app: LocalAppService): number {
  return app.ftp.transcript.filter(({ verb }) => verb === 'PASS').length
}

/** The rungs of the account in one line. */
export function rungsOf(site: RemoteSite): string {
  return site
    .account()
    .rungs.map(({ rung, times }) => `${times}x ${rung}`)
    .join('; ')
}
