// What makes a sweep careful on a real server: listings that leave out, few connections, lost and silent ones, refusals.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished, vi, type TestContext } from 'vitest'
import { isPlainPath } from '../../src/ftp/stat-listing.ts'
import { OWN_FOLDER, child, mutable, remotePath, type RemoteSite, type Sweep } from '../../src/site.ts'
import { OWNER, type Server, type ServerOptions } from '../../tools/servers/daemon.ts'
import { commandsIn } from './server-logs.ts'
import { WHOLE, expectGone, openOver, proxyBefore, type SweepLab, type Trash } from './sweep-lab.ts'

const run = promisify(execFile)

const GONE: Partial<Sweep> = { refused: [], movedAside: [], unfinished: false }

/** A distance at which a sweep takes long enough to be disturbed. */
const FAR_MS = 40

/** Deletions after which it is disturbed: the window grows with each round trip, so the end comes suddenly. */
const DELETIONS = 20

/** What each server does to a sweep in its own way. */
export function rungs(lab: SweepLab): void {
  describe('a careful sweep', () => {
    listings(lab)
    caps(lab)
    killed(lab)
    held(lab)
    immutable(lab)
  })
}

/** The rungs of an account as one text. */
function rungsOf(site: RemoteSite): string {
  return site
    .account()
    .rungs.map(({ rung }) => rung)
    .join('\n')
}

function listings(lab: SweepLab): void {
  const { name } = lab.software
  it.runIf(name === 'vsftpd')('lists over the control connection where the server lists no tree at once', async () => {
    const server = await lab.serve({ mode: 'explicit' })
    const trash = lab.trash({ files: 2000, seed: 1 })
    const others = await lab.others(trash)
    const site = await openOver(server)
    expect(await site.sweep(trash.path)).toMatchObject({ ...GONE, files: trash.files, directories: trash.folders })
    await expectGone(lab, trash, others)
    site.close()
    await server.idle()
    const commands = commandsIn((await server.log()) ?? '')
    expect(commands.filter(command => command.startsWith('STAT ')).length).toBeGreaterThan(trash.folders / 2)
    // Of names that could be taken for options or patterns it is not asked in that way.
    const listed = commands.flatMap(command => /^LIST (?:-\S+ )?(\/.*)$/.exec(command)?.[1] ?? [])
    expect(listed.filter(path => isPlainPath(remotePath(path))).length).toBeLessThanOrEqual(3)
  })

  it.runIf(name === 'Pure-FTPd')(
    'leaves nothing where the server lists 336 of 2,000 files and says nothing',
    async () => {
      const server = await lab.serve({ mode: 'explicit', listingLimits: { entries: 336, depth: 20 } })
      const trash = lab.trash({ files: 2000, seed: 2 })
      const others = await lab.others(trash)
      const site = await openOver(server)
      expect(await site.sweep(trash.path)).toMatchObject({ ...GONE, files: trash.files, directories: trash.folders })
      await expectGone(lab, trash, others)
      expect(rungsOf(site)).toMatch(/^the recursive listing (left out \d+ folders|was not believed to its end)/)
    }
  )

  it.runIf(name === 'ProFTPD')(
    'keeps at most eight commands under way without TLS, with a marker in each eight',
    async () => {
      const server = await lab.serve({ mode: 'plain' })
      const trash = lab.trash({ files: 2000, seed: 3 })
      const others = await lab.others(trash)
      const site = await openOver(server, { connections: 1 })
      expect(await site.sweep(trash.path)).toMatchObject({ ...GONE, files: trash.files, directories: trash.folders })
      await expectGone(lab, trash, others)
      // The marker behind the last of them comes on top.
      expect(site.account().window).toBeLessThanOrEqual(9)
      expect(site.account().rungs).toEqual([])
      site.close()
      await server.idle()
      const between = commandsIn((await server.log()) ?? '')
        .join('\n')
        .split('PWD')
      const deletions = between.map(part => part.split('\n').filter(line => /^(DELE|RMD) /.test(line)).length)
      expect(Math.max(...deletions)).toBeLessThanOrEqual(8)
    }
  )
}

function caps(lab: SweepLab): void {
  const limits = [1, 2, 3].flatMap((most): readonly Pick<ServerOptions, 'maxConnections' | 'maxSessions'>[] => [
    { maxConnections: most },
    // Beyond this one it hangs up without a word.
    ...(lab.software.name === 'ProFTPD' ? [{ maxSessions: most }] : [])
  ])
  it.for(limits)('makes do with the connections that the server allows: %o', async limit => {
    const server = await lab.serve({ mode: 'explicit', ...WHOLE, ...limit })
    const trash = lab.trash({ files: 400, seed: 4 })
    const others = await lab.others(trash)
    const site = await openOver(server)
    expect(await site.sweep(trash.path)).toMatchObject({ ...GONE, files: trash.files, directories: trash.folders })
    await expectGone(lab, trash, others)
    const { connections, reconnects } = site.account()
    expect(connections).toBeLessThanOrEqual(limit.maxConnections ?? limit.maxSessions ?? 0)
    expect(reconnects).toBe(0)
  })
}

/** Sweeps over a long way, and does something after the first deletions. */
async function disturbed(
  server: Server,
  trash: Trash,
  disturb: (site: RemoteSite) => Promise<void>
): Promise<{ readonly site: RemoteSite; readonly swept: Sweep }> {
  const proxy = await proxyBefore(server, { delayMs: FAR_MS })
  let deletions = 0
  let disturbance: Promise<void> | undefined
  const site = await openOver(server, {
    host: proxy.address,
    connections: 4,
    timeoutMs: 3000,
    trace: line => {
      if (disturbance || !line.startsWith('< 250') || ++deletions < DELETIONS) return
      disturbance = disturb(site)
      disturbance.catch(() => undefined)
    }
  })
  const swept = await site.sweep(trash.path)
  await disturbance
  expect(disturbance).toBeDefined()
  return { site, swept }
}

function killed(lab: SweepLab): void {
  it.for(['plain', 'explicit'] as const)('goes on when the server loses a session: %s', async mode => {
    const server = await lab.serve({ mode, ...WHOLE })
    const trash = lab.trash({ files: 2000, seed: 5 })
    const others = await lab.others(trash)
    const { site, swept } = await disturbed(server, trash, async () => {
      const victim = (await server.sessions()).at(-1) ?? []
      expect(victim).not.toEqual([])
      for (const pid of victim) process.kill(pid, 'SIGKILL')
    })
    expect(swept).toMatchObject(GONE)
    await expectGone(lab, trash, others)
    expect(rungsOf(site)).toMatch(/a connection was lost|closed by the server/)
  })
}

function held(lab: SweepLab): void {
  it('waits for a server that says nothing, and goes on more carefully when it speaks again', async () => {
    const server = await lab.serve({ mode: 'explicit', ...WHOLE })
    const trash = lab.trash({ files: 600, seed: 6 })
    const others = await lab.others(trash)
    const { site, swept } = await disturbed(server, trash, async over => {
      await server.signal('SIGSTOP')
      await vi
        .waitUntil(() => rungsOf(over).includes('went silent'), { timeout: 20_000 })
        .finally(() => server.signal('SIGCONT'))
    })
    expect(swept).toMatchObject(GONE)
    await expectGone(lab, trash, others)
    // All connections were silent for the same reason, which is one doubt and not several.
    expect(rungsOf(site).match(/the server went silent, so at most/g)).toHaveLength(1)
  })
}

/** Makes a file that nobody can delete or rename until the end of the test; skips the test where that does not go. */
async function placeImmutable(context: TestContext, { folder }: Trash): Promise<string> {
  const file = join(folder, 'lib', 'in use.so')
  await writeFile(file, 'immutable')
  await chown(file, OWNER.uid, OWNER.gid)
  await run('chattr', ['+i', file]).catch(() => {
    context.skip('the file system knows no immutable files')
  })
  onTestFinished(async () => {
    await run('chattr', ['-i', file])
  })
  return file
}

function immutable(lab: SweepLab): void {
  it.for(lab.software.name === 'vsftpd' ? [false, true] : [true])(
    'names what can be neither deleted nor moved, and deletes the rest: moving %s',
    async (moves, context) => {
      const server = await lab.serve({ mode: 'explicit', ...WHOLE })
      const trash = lab.trash({ files: 400, seed: 7 })
      const others = await lab.others(trash)
      const file = await placeImmutable(context, trash)
      const site = await openOver(server)
      const aside = mutable(child(OWN_FOLDER, 'aside'))
      const swept = await site.sweep(trash.path, moves ? { newPlace: () => aside } : {})
      expect(swept).toMatchObject({
        files: trash.files,
        directories: trash.folders - 2,
        movedAside: [],
        unfinished: false
      })
      const paths = [`${trash.path}/lib/in use.so`, `${trash.path}/lib`, trash.path]
      expect(swept.refused.map(({ path }) => path)).toEqual(paths)
      expect(swept.refused[0]?.reply).toMatch(/"550 /)
      expect(existsSync(file)).toBe(true)
      expect(await lab.others(trash)).toEqual(others)
    }
  )

  it.runIf(lab.software.name === 'vsftpd')('sweeps again after the server has ended the idle sessions', async () => {
    const server = await lab.serve({ mode: 'explicit', ...WHOLE, idleS: 1 })
    const trees = [8, 9].map(seed => lab.trash({ files: 400, seed }))
    const site = await openOver(server)
    for (const trash of trees) {
      const others = await lab.others(trash)
      expect(await site.sweep(trash.path)).toMatchObject({ ...GONE, files: trash.files, directories: trash.folders })
      await expectGone(lab, trash, others)
      await server.idle()
    }
  })
}
