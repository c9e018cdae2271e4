// Servers that take only so many transfers in a session: which sessions are given up, and when that is an error.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openReadOnly } from '../../../src/ftp/site.ts'
import { WWWROOT, child, type ReadableSite } from '../../../src/site.ts'
import { startLocalAppService, type LocalAppService } from '../../../tools/local-appservice/index.ts'

const FILES = 60
const RENEWED = 'a session that took no more transfers was renewed'

let app: LocalAppService
let site: ReadableSite | undefined
beforeEach(async () => {
  app = await startLocalAppService()
  await mkdir(join(app.home, WWWROOT), { recursive: true })
  for (let at = 0; at < FILES; at++) await writeFile(join(app.home, WWWROOT, `${String(at)}.txt`), String(at))
})
afterEach(async () => {
  site?.close()
  await app.close()
})

async function open(tls: 'explicit' | 'off', connections: number): Promise<ReadableSite> {
  const { userName, password } = app
  site = await openReadOnly(
    { scheme: 'ftp', host: '127.0.0.1', port: app.ftp.explicitPort, userName, password, tls, verify: false },
    { timeoutMs: 5000, signal: new AbortController().signal, trace: () => undefined, connections }
  )
  return site
}

const readAll = (from: ReadableSite): Promise<readonly string[]> =>
  Promise.all(Array.from({ length: FILES }, (_, at) => from.readText(child(WWWROOT, `${String(at)}.txt`), 100)))

const CONTENTS = Array.from({ length: FILES }, (_, at) => String(at))

it.each(
  (['explicit', 'off'] as const).flatMap(tls =>
    [1, 4, 8].flatMap(connections => [1, 3, 6].map(transfers => ({ tls, connections, transfers })))
  )
)('$transfers transfers a session are enough, over $connections connections, TLS $tls', async options => {
  const { tls, connections, transfers } = options
  app.ftp.transfersPerSession = transfers
  const from = await open(tls, connections)
  expect(await readAll(from)).toEqual(CONTENTS)
  expect(app.ftp.misbehaved.transfersPerSession).toBeGreaterThan(0)
  const rung = from.account().rungs.find(one => one.rung === RENEWED)
  expect(rung?.times).toBeGreaterThan(0)
  // No file is asked for twice but where the session had to be renewed for it.
  expect(rung?.times).toBe(app.ftp.misbehaved.transfersPerSession)
})

it('listings are renewed as files are', async () => {
  app.ftp.transfersPerSession = 2
  const from = await open('explicit', 3)
  const listings = await Promise.all(Array.from({ length: 20 }, () => from.list(WWWROOT)))
  for (const listing of listings) expect(listing).toHaveLength(FILES)
})

it('sessions that all came to their end together are renewed one after the other', async () => {
  const from = await open('explicit', 8)
  expect(await readAll(from)).toEqual(CONTENTS)
  app.ftp.transfersPerSession = 1
  expect(await from.readText(child(WWWROOT, '7.txt'), 100)).toBe('7')
})

it('a server that takes no transfer at all is an error after the second fresh session', async () => {
  app.ftp.transfersPerSession = 0
  const from = await open('explicit', 4)
  await expect(from.readText(child(WWWROOT, '7.txt'), 100)).rejects.toMatchObject({
    kind: 'lost',
    message: expect.stringContaining('A second connection fared no better') as string
  })
  expect(app.ftp.misbehaved.transfersPerSession).toBe(2)
})
