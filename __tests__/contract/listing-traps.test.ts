// Servers whose listings and data connections mislead: what the step keeps, resets, sweeps and says all the same.
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import type { CommandHook } from '../../tools/local-appservice/ftp-server.ts'
import type { ListingTraps, PassiveTraps } from '../../tools/local-appservice/ftp-server-options.ts'
import type { LocalAppServiceOptions } from '../../tools/local-appservice/index.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

const forced = { 'reset-env': 'true' }
const environment = (): Promise<readonly string[]> => lab.below('wwwroot/antenv/')

interface Server {
  readonly name: string
  readonly options: LocalAppServiceOptions
  readonly listings?: ListingTraps
  readonly passive?: PassiveTraps
  readonly replies?: Readonly<Record<string, string>>
  /** Something looks there, or not there, that is not so: what a deletion must not be led by. */
  readonly misleading?: true
}

/** Answers verbs with the replies given, and carries all others out. */
function answering(replies: Readonly<Record<string, string>>): CommandHook {
  return ({ verb }) => (replies[verb] === undefined ? undefined : { reply: replies[verb] })
}

async function start({ options, listings, passive, replies }: Server): Promise<void> {
  lab = await startLab({ layout: 'venv-tree' }, options)
  lab.app.ftp.listings = listings ?? {}
  lab.app.ftp.passive = passive ?? {}
  lab.app.ftp.hook = replies && answering(replies)
}

const IIS: LocalAppServiceOptions = { personality: 'iis' }
const UNIX: LocalAppServiceOptions = { personality: 'unix' }
const MLSD: LocalAppServiceOptions = { personality: 'mlsd' }

const SERVERS: readonly Server[] = [
  { name: 'MLSD, links shown as folders', options: { ...MLSD, links: 'directory' }, misleading: true },
  { name: 'MLSD, links shown as links', options: { ...MLSD, links: 'link' } },
  { name: 'MLSD, links shown with their targets', options: { ...MLSD, links: 'slink' } },
  { name: 'MLSD that is promised and refused', options: MLSD, replies: { MLSD: '502 Command not implemented.' } },
  { name: 'MLSD that is promised and shows nothing', options: MLSD, listings: { mute: ['MLSD'] }, misleading: true },
  { name: 'FEAT refused', options: MLSD, replies: { FEAT: '500 Command not understood.' } },
  { name: 'UNIX listings with totals', options: UNIX, listings: { totals: true } },
  { name: 'bare line feeds', options: UNIX, listings: { lineEnd: '\n' } },
  { name: 'no end of the last line', options: IIS, listings: { unfinished: true } },
  { name: '-a taken for a name that is not there', options: IIS, listings: { optionsAreNames: true } },
  {
    name: '-a taken for an empty folder',
    options: IIS,
    listings: { optionsAreNames: true, missing: 'empty' },
    misleading: true
  },
  {
    name: 'a missing folder listed as an empty one by IIS',
    options: IIS,
    listings: { missing: 'empty' },
    misleading: true
  },
  {
    name: 'a missing folder listed as an empty one by MLSD',
    options: MLSD,
    listings: { missing: 'empty' },
    misleading: true
  },
  { name: 'a missing folder refused by a UNIX server', options: UNIX, listings: { missing: 'refused' } },
  { name: 'dot files hidden from LIST -a', options: UNIX, listings: { hideDots: true } },
  { name: 'dot files hidden from MLSD', options: MLSD, listings: { hideDots: true } },
  { name: 'patterns in the arguments of LIST', options: UNIX, listings: { globs: true } },
  { name: 'EPSV unknown', options: IIS, replies: { EPSV: '500 Command not understood.' } },
  { name: 'EPSV not implemented', options: UNIX, replies: { EPSV: '502 Command not implemented.' } },
  { name: 'EPSV for another protocol', options: MLSD, replies: { EPSV: '522 Network protocol not supported.' } },
  { name: 'a port of EPSV that refuses', options: IIS, passive: { blocked: { EPSV: 'refused' } } },
  {
    name: 'PASV with an address of another network',
    options: IIS,
    passive: { address: '10,0,0,5' },
    replies: { EPSV: '500 no' }
  },
  {
    name: 'PASV with another address of this machine',
    options: UNIX,
    passive: { address: '127,0,0,9' },
    replies: { EPSV: '500 no' }
  }
]

describe('an environment on a server with', () => {
  it.each(SERVERS)('$name is kept, and when it is reset its copy is swept, without a warning', async server => {
    await start(server)
    const before = await lab.tree()
    const kept = await lab.step('main', { with: { 'python-version': '3.11' } })
    expect(kept.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date', layout: 'venv-tree' })
    expect([...annotations(kept.log, 'warning'), ...annotations(kept.log, 'error')]).toEqual([])
    expect(await lab.tree()).toEqual(before)

    const { main, post } = await lab.job('venv-tree', { with: { 'python-version': '3.12' } })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename', 'python-version-found': '3.11' })
    expect(main.exitCode).toBe(0)
    expect(annotations(post.log, 'warning')).toEqual([])
    expect(await lab.trash()).toEqual([])
    expect(await environment()).toContain('wwwroot/antenv/lib/python3.12/')
  })

  it.each(SERVERS.filter(({ misleading }) => misleading))(
    '$name is put back after a failed deployment, and deleted in place where a rename is refused',
    async server => {
      await start(server)
      const before = await environment()
      const main = await lab.step('main', { with: forced })
      expect(await environment()).toEqual([])
      const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
      expect(post.log).toContain('Put back')
      expect(await environment()).toEqual(before)
      expect(await lab.trash()).toEqual([])

      lab.app.ftp.refuseRename = () => true
      const run = await lab.step('main', { with: forced })
      expect(run.outputs).toMatchObject({ result: 'reset', strategy: 'in-place' })
      expect(await environment()).toEqual([])
    }
  )
})

describe('our own folder, on a server that hides names with a leading dot', () => {
  it.each([UNIX, MLSD])('is found again by the next reset, and by an undo: %o', async options => {
    await start({ name: '', options, listings: { hideDots: true } })
    await lab.job('venv-tree', { with: forced, serverPython: '3.11' })
    const before = await environment()
    const { main, post } = await lab.job('venv-tree', { with: forced, build: 'failing' })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename' })
    expect(post.log).toContain('Put back')
    expect(await environment()).toEqual(before)
    expect(await lab.trash()).toEqual([])
  })
})

/** One error annotation, the result of a failure, and nothing that was changed. */
function expectFailure(run: StepRun, message: RegExp): void {
  expect(annotations(run.log, 'error')).toEqual([expect.stringMatching(message)])
  expect([run.exitCode, run.outputs['result']]).toEqual([1, 'failed'])
  expect(lab.app.ftp.transcript.filter(({ verb }) => /^(DELE|RMD|RN|STOR|MKD)/.test(verb))).toEqual([])
}

describe('listings that show nothing', () => {
  it.each([IIS, UNIX, MLSD])('are an error, never an environment that is absent: %o', async options => {
    await start({ name: '', options, listings: { mute: ['LIST', 'MLSD'] } })
    expectFailure(await lab.step('main'), /no \/site\/wwwroot on the server/)
  })
})

describe('data connections that cannot be opened', () => {
  const passive: PassiveTraps = { blocked: { EPSV: 'dropped', PASV: 'dropped' } }
  const reason = /does not let a data connection be opened.*10001 to 10300.*allow these/

  // Windows refuses where other systems drop.
  it.skipIf(process.platform === 'win32')('are one warning after one timeout, and one error for a reset', async () => {
    await start({ name: '', options: IIS, passive })
    const started = Date.now()
    const run = await lab.step('main', { with: { timeout: '2' } })
    expect(Date.now() - started).toBeLessThan(4000)
    expect([run.exitCode, run.outputs['result']]).toEqual([0, 'unreachable'])
    expect(annotations(run.log, 'warning')).toEqual([expect.stringMatching(reason)])
    expectFailure(await lab.step('main', { with: { ...forced, timeout: '1' } }), reason)
  })

  it('are an error at once where they are refused', async () => {
    await start({ name: '', options: UNIX, passive: { blocked: { EPSV: 'refused', PASV: 'refused' } } })
    expectFailure(await lab.step('main', { with: forced }), reason)
  })

  it.each(['227 Entering Passive Mode', '227 Entering Passive Mode (127,0,0,1,0,0).', '502 Not implemented.'])(
    'are an error that quotes the answer: %s',
    async PASV => {
      await start({ name: '', options: IIS, replies: { EPSV: '502 no', PASV } })
      const run = await lab.step('main', { with: forced })
      expectFailure(run, reason)
      expect(annotations(run.log, 'error')[0]).toContain(`PASV "${PASV}"`)
    }
  )
})

// Windows makes no links without a privilege, and has no such names.
describe.skipIf(process.platform === 'win32')('links to what lies outside of the environment', () => {
  // The other ways in which links are shown are those of the unit tests.
  const STYLES: readonly LocalAppServiceOptions[] = [
    { ...IIS, links: 'directory' },
    UNIX,
    { ...MLSD, links: 'directory' },
    { ...MLSD, links: 'slink' }
  ]
  it.each(STYLES.flatMap(options => [true, false].map(renames => ({ options, renames }))))(
    'go, and what they point to stays: $options, renames: $renames',
    async ({ options, renames }) => {
      await start({ name: '', options })
      const outside = join(lab.app.home, 'data', 'precious')
      await mkdir(outside, { recursive: true })
      await writeFile(join(outside, 'file'), 'precious')
      await symlink(outside, join(lab.wwwroot, 'antenv', 'lib', 'python3.11', 'site-packages', 'data'))
      await symlink(outside, join(lab.wwwroot, 'antenv', 'share'))
      lab.app.ftp.refuseRename = () => !renames
      const { main } = await lab.job('venv-tree', { with: forced })
      expect(main.outputs).toMatchObject({ result: 'reset', strategy: renames ? 'rename' : 'in-place' })
      expect(await readFile(join(outside, 'file'), 'utf8')).toBe('precious')
      expect(await lab.trash()).toEqual([])
    }
  )

  it('with an arrow in their names cannot be told for certain: they are named, and everything else goes', async () => {
    await start({ name: '', options: UNIX })
    await symlink('lib', join(lab.wwwroot, 'antenv', 'lib', 'x -> y'))
    const { main, post } = await lab.job('venv-tree', { with: forced })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename' })
    expect(post.exitCode).toBe(0)
    expect(annotations(post.log, 'warning')).toEqual([expect.stringMatching(/lrwxrwxrwx.* x, lib, .*cannot be read/)])
    expect((await lab.trash()).filter(line => !line.endsWith('/'))).toEqual([expect.stringMatching(/x -> y -> lib$/)])
  })
})

describe('names that are no UTF-8', () => {
  it.each([IIS, UNIX, MLSD])('are named and left, and everything else goes: %o', async options => {
    await start({ name: '', options })
    await writeFile(join(lab.wwwroot, 'antenv', 'lib', 'python3.11', 'caf\u00E9.txt'), '')
    lab.app.ftp.listings = { encoding: 'latin1' }
    const { main, post } = await lab.job('venv-tree', { with: forced })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename' })
    expect(post.exitCode).toBe(0)
    expect(annotations(post.log, 'warning')).toHaveLength(1)
    expect((await lab.trash()).filter(line => !line.endsWith('/'))).toEqual([expect.stringMatching(/caf\u00E9\.txt$/)])
    const sent = lab.app.ftp.transcript.filter(({ argument }) => argument.includes('caf'))
    expect(sent).toEqual([])
  })

  it('beside the environment change nothing', async () => {
    await start({ name: '', options: UNIX, listings: { encoding: 'latin1' } })
    await mkdir(join(lab.wwwroot, 'caf\u00E9'))
    const run = await lab.step('main', { with: { 'python-version': '3.11' } })
    expect(run.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date' })
    expect(annotations(run.log, 'warning')).toEqual([])
  })
})
