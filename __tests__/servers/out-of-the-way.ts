// How often a real server is waited for until an environment is out of the way: counted by a proxy before it.
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OWN_FOLDER, WWWROOT, child, mutable } from '../../src/site.ts'
import type { Mode, Server } from '../../tools/servers/daemon.ts'
import { commandsIn } from './server-logs.ts'
import { openOver, proxyBefore, type SweepLab } from './sweep-lab.ts'

/** So far away that what belongs together arrives together. */
const FAR_MS = 40

/** From the first packet to the reply to the rename, the opening of the connection included. */
const MOST_ROUND_TRIPS = 10

const FROM = mutable(child(WWWROOT, 'antenv'))
const TO = mutable(child(OWN_FOLDER, 'copy'))

interface Waits {
  readonly cold: number
  /** For one more rename on a connection that stands. */
  readonly warm: number
}

/** Logs in and renames, in each mode with TLS that the server has. */
export function outOfTheWay(lab: SweepLab): void {
  const modes: readonly Mode[] = lab.software.hasImplicitTls ? ['explicit', 'implicit'] : ['explicit']
  describe.for(modes)('out of the way, %s', mode => {
    it('takes at most ten round trips for the first rename, and one for the next', async () => {
      const server = await lab.serve({ mode })
      const { cold, warm } = await renamed(lab, server, 200)
      process.stdout.write(`${lab.software.name}, ${mode} TLS: ${cold} round trips for a cold rename\n`)
      expect(cold).toBeLessThanOrEqual(MOST_ROUND_TRIPS)
      expect(warm).toBe(1)
      await server.idle()
      const log = await server.log()
      if (log === undefined) return
      expect(commandsIn(log)).toEqual([`RNFR ${FROM}`, `RNTO ${TO}`, `RNFR ${TO}`, `RNTO ${FROM}`])
    })

    it.runIf(mode === 'explicit')('takes no more for 40,000 files than for 200', async () => {
      const server = await lab.serve({ mode })
      const few = await renamed(lab, server, 200)
      const many = await renamed(lab, server, 40_000)
      expect(many).toEqual(few)
    })
  })
}

/** Renames an environment of so many files there and back again, over a connection that is opened for it. */
async function renamed(lab: SweepLab, server: Server, files: number): Promise<Waits> {
  const trash = lab.trash({ files, seed: 11 })
  const [from, to] = [FROM, TO].map(path => join(lab.home, path)) as [string, string]
  await rename(trash.folder, from)
  const proxy = await proxyBefore(server, { delayMs: FAR_MS })
  const site = await openOver(server, { host: proxy.address, connections: 1 })
  await site.rename(FROM, TO)
  expect([existsSync(from), existsSync(to)]).toEqual([false, true])
  const [cold = 0] = proxy.turns()
  await site.rename(TO, FROM)
  expect([existsSync(from), existsSync(to)]).toEqual([true, false])
  const [both = 0] = proxy.turns()
  expect(proxy.turns()).toHaveLength(1)
  expect(site.account().rungs).toEqual([])
  site.close()
  await proxy.stop()
  await rm(from, { recursive: true })
  // A turn is what the client says and what the server answers; TCP's own round trip comes before.
  return { cold: cold + 1, warm: both - cold }
}
