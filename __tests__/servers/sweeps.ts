// Sweeps of many trees over every number of connections, whole and cut: what is in the tree goes, and nothing else does.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sweep, TransportAccount } from '../../src/site.ts'
import { startServer, type Mode, type Server } from '../../tools/servers/daemon.ts'
import type { CutStyle } from '../../tools/proxy/tunnel.ts'
import { commandsIn, repliesIn } from './server-logs.ts'
import { WHOLE, expectGone, openOver, proxyBefore, type SweepLab } from './sweep-lab.ts'
import { randomNumbers, type Tree } from './trees.ts'

interface Plan {
  readonly seed: number
  readonly files: number
  readonly connections: number
  readonly pipelining: boolean
  readonly cut?: { readonly afterClientRecords: number; readonly how: CutStyle } | undefined
}

/** Longer than any server here needs for an answer. */
const TIMEOUT_MS = 20_000
/** Where a cut leaves a connection that says nothing any more. */
const SILENCE_MS = 2000

/** The same plans in each run, so that a failure can be had again. */
function plans({ software }: SweepLab, mode: Mode, count: number): readonly Plan[] {
  const random = randomNumbers(software.firstPassivePort + { plain: 1, explicit: 2, implicit: 3 }[mode])
  return Array.from({ length: count }, (_, at) => {
    const seed = at + 1
    const isLarge = at % 4 === 0
    const pipelining = random(3) > 0
    // One write holds twenty commands or so where several may leave at once.
    const records = pipelining ? (isLarge ? 60 : 10) : isLarge ? 1500 : 150
    const how = at % 15 === 2 ? 'silence' : random(2) === 0 ? 'rst' : 'fin'
    const order = { afterClientRecords: 1 + random(records), how } as const
    return {
      seed,
      files: isLarge ? 2000 : 60 + random(300),
      connections: 1 + random(8),
      pipelining,
      cut: at % 3 === 2 ? order : undefined
    }
  })
}

/** Sweeps `count` trees over one server in one mode. */
export function sweeps(lab: SweepLab, mode: Mode, count: number): void {
  describe(`sweeps of many trees, ${mode}`, () => {
    let server: Server | undefined
    beforeAll(async () => {
      server = await startServer(lab.software, { home: lab.home, mode, ...WHOLE })
    })
    afterAll(() => server?.stop())

    it.for(plans(lab, mode, count))(
      '$seed: $files files over $connections connections, pipelining $pipelining, cut by $cut.how',
      async plan => {
        if (!server) throw new Error('the server was not started')
        await sweepAsPlanned(lab, server, plan)
      }
    )
  })
}

async function sweepAsPlanned(lab: SweepLab, server: Server, plan: Plan): Promise<void> {
  const { connections, pipelining, cut } = plan
  const trash = lab.trash(plan)
  const others = await lab.others(trash)
  const logged = (await server.log())?.length
  const proxy = cut ? await proxyBefore(server) : undefined
  const timeoutMs = cut?.how === 'silence' ? SILENCE_MS : TIMEOUT_MS
  const site = await openOver(server, {
    ...(proxy ? { host: proxy.address } : {}),
    connections,
    pipelining,
    timeoutMs
  })
  if (cut) proxy?.cut(cut)
  const swept = await site.sweep(trash.path)
  // Before the end, which breaks off what is still logging in.
  const account = site.account()
  site.close()
  const isCut = (proxy?.cuts ?? 0) > 0
  await proxy?.stop()
  await expectGone(lab, trash, others)
  expect(swept).toMatchObject({ refused: [], movedAside: [], unfinished: false })
  await server.idle()
  const log = (await server.log())?.slice(logged)
  if (isCut) expectNoMore(account, swept, trash, log)
  else expectExact(account, swept, trash, log)
}

/** Nothing was counted that did not happen, nothing sent that was not carried out, and nothing done in doubt. */
function expectExact(
  account: TransportAccount,
  swept: Sweep,
  { files, folders }: Pick<Tree, 'files' | 'folders'>,
  log: string | undefined
): void {
  expect(swept).toMatchObject({ files, directories: folders })
  expect(account.rungs).toEqual([])
  expect(account.reconnects).toBe(0)
  if (log === undefined) return
  const commands = commandsIn(log)
  expect(commands).toHaveLength(account.commands)
  const deletions = commands.filter(command => /^(DELE|RMD) /.test(command))
  expect(new Set(deletions.filter(command => command.startsWith('DELE'))).size).toBeGreaterThanOrEqual(files)
  const replies = repliesIn(log)
  if (!replies) return
  const [done, refused] = [250, 550].map(code => replies.filter(reply => reply === code).length)
  expect(done).toBe(files + folders)
  expect((done ?? 0) + (refused ?? 0)).toBe(deletions.length)
}

/** What was on its way when the line was cut may have got lost, but nothing can come from nowhere. */
function expectNoMore(
  account: TransportAccount,
  swept: Sweep,
  { files, folders }: Pick<Tree, 'files' | 'folders'>,
  log: string | undefined
): void {
  expect(swept.files).toBeLessThanOrEqual(files)
  expect(swept.directories).toBeLessThanOrEqual(folders)
  if (log !== undefined) expect(commandsIn(log).length).toBeLessThanOrEqual(account.commands)
}
