// Cuts the connection at every command of a small sweep, one sweep for each, and collects whatever was not as it should be.
import type { LocalAppServiceOptions } from '../../tools/local-appservice/index.ts'
import type { CommandHook, FtpServerSwitches } from '../../tools/local-appservice/ftp-server-options.ts'
import { startLocalAppService } from '../../tools/local-appservice/index.ts'
import { ENTRIES, FOLDERS, TREE, clear, isLeft, laySmallTree, laySurroundings, openOn, type Opening } from './scene.ts'

/** A kind of server, and how it is spoken to. */
export interface Cell {
  readonly name: string
  readonly server: LocalAppServiceOptions
  readonly listings?: FtpServerSwitches['listings']
  /** Its listings show no links as links: what went without a reply may have been a link or an empty folder. */
  readonly isVague?: boolean
}

/** The kinds of listings that a sweep knows, and the ways in which links stand in them. */
export const CELLS: readonly Cell[] = [
  { name: 'unix, one recursive listing', server: { personality: 'unix', recursiveListings: true } },
  { name: 'unix, STAT', server: { personality: 'unix' } },
  { name: 'unix, a listing per folder', server: { personality: 'unix' }, listings: { stat: 'refused' } },
  { name: 'iis, links shown as folders', server: { personality: 'iis', links: 'directory' }, isVague: true },
  { name: 'iis, links shown as links', server: { personality: 'iis', links: 'link' }, isVague: true },
  { name: 'mlsd, links shown as folders', server: { personality: 'mlsd', links: 'directory' } },
  {
    name: 'mlsd, links shown as links',
    server: { personality: 'mlsd', links: 'slink' },
    listings: { stat: 'refused' }
  },
  { name: 'mlsd, one recursive listing', server: { personality: 'mlsd', links: 'slink', recursiveListings: true } }
]

/** How a command is cut, for `cutEach`. */
export interface Cutting {
  readonly opening: Opening
  /** Gives the hook that cuts around the n-th command; counts of commands begin with the sweep. */
  readonly hookFor: (n: number) => CommandHook
  /** Every command, unless only some are to be tried. */
  readonly step?: number
  readonly first?: number
}

/** What came of all the sweeps. */
export interface Outcome {
  readonly sweeps: number
  readonly wrong: readonly string[]
}

/** More commands than a small sweep has. */
const MOST = 400

/** Sweeps once for every command until one is not reached any more. */
export async function cutEach({ server, listings = {}, isVague = false }: Cell, cutting: Cutting): Promise<Outcome> {
  const { step = 1, first = 1 } = cutting
  const app = await startLocalAppService(server)
  app.ftp.listings = listings
  const around = await laySurroundings(app.home)
  const wrong: string[] = []
  for (let n = first; n <= MOST; n += step) {
    await laySmallTree(app.home)
    const site = await openOn(app, cutting.opening)
    app.ftp.clearTranscript()
    const cutsBefore = app.ftp.misbehaved.cut
    const says: string[] = []
    let victim = ''
    const hook = cutting.hookFor(n)
    app.ftp.hook = async context => {
      const fault = await hook(context)
      if (fault?.cut !== undefined) victim = `${fault.cut} ${context.verb} ${context.argument}`
      return fault
    }
    try {
      const { files, directories, refused, unfinished } = await site.sweep(TREE)
      const isCounted = isVague
        ? files + directories <= ENTRIES + FOLDERS
        : files === ENTRIES && directories === FOLDERS
      if (!isCounted) says.push(`${files} files and ${directories} folders`)
      if (refused.length > 0) says.push(`refused ${JSON.stringify(refused)}`)
      if (unfinished) says.push('unfinished')
    } catch (error) {
      says.push(String(error))
    } finally {
      site.close()
      app.ftp.hook = undefined
    }
    const cut = app.ftp.misbehaved.cut > cutsBefore
    const { reconnects, rungs } = site.account()
    // A marker behind the last deletion is asked for no more where it is lost.
    if (cut && reconnects === 0 && rungs.length === 0 && !/ (PWD|NOOP) /.test(victim)) says.push('no word of the loss')
    says.push(...(await around.differences()))
    if (says.length > 0) wrong.push(`command ${n}, ${victim}: ${says.join(', ')}`)
    if (isLeft(app.home)) await clear(app.home)
    if (!cut) return { sweeps: (n - first) / step, wrong }
  }
  throw new Error('The sweep has no end')
}
