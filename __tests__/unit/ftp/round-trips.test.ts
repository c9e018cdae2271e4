// How often the client has to wait for the server: counted on the way between them, by who speaks after whom.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSite } from '../../../src/ftp/site.ts'
import { mutable, remotePath, type RemoteSite } from '../../../src/site.ts'
import type { LocalAppService, LocalAppServiceOptions } from '../../../tools/local-appservice/index.ts'
import { startApp } from '../tools/lab.ts'

interface CountingProxy {
  readonly port: number
  /** Round trips so far, those of TCP itself included: one for each connection. */
  readonly roundTrips: () => number
}

/** Passes bytes on, and counts a round trip each time the server begins to speak. */
async function startCounting(to: number): Promise<CountingProxy> {
  const sockets: Socket[] = []
  let count = 0
  const server = createServer(client => {
    count++
    let isServersTurn = false
    const upstream = connect(to, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.push(socket)
      socket.setNoDelay(true).on('error', () => undefined)
    }
    client.on('data', data => {
      isServersTurn = false
      upstream.write(data)
    })
    upstream.on('data', data => {
      if (!isServersTurn) count++
      isServersTurn = true
      client.write(data)
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, roundTrips: () => count }
}

const FOLDER = mutable(remotePath('/site/wwwroot/antenv'))
const COPY = mutable(remotePath('/site/.azure-python-env/copy'))

interface Scene {
  readonly app: LocalAppService
  readonly site: RemoteSite
  readonly proxy: CountingProxy
}

async function scene(server: LocalAppServiceOptions, tls: 'explicit' | 'implicit'): Promise<Scene> {
  const app = await startApp(server)
  await mkdir(join(app.home, FOLDER), { recursive: true })
  await mkdir(join(app.home, 'site/.azure-python-env'), { recursive: true })
  await writeFile(join(app.home, FOLDER, 'pyvenv.cfg'), 'text')
  const proxy = await startCounting(tls === 'explicit' ? app.ftp.explicitPort : app.ftp.implicitPort)
  const { userName, password } = app
  const site = await openSite(
    { scheme: 'ftps', host: '127.0.0.1', port: proxy.port, userName, password, tls, verify: false },
    { timeoutMs: 5000, signal: new AbortController().signal, trace: () => undefined, connections: 1 }
  )
  onTestFinished(() => {
    site.close()
  })
  return { app, site, proxy }
}

describe('from the first packet to the end of a rename', () => {
  it.each([
    ['unix', 'explicit', 10],
    ['mlsd', 'explicit', 10],
    ['unix', 'implicit', 10],
    ['mlsd', 'implicit', 10],
    // One command at a time.
    ['iis', 'explicit', 15],
    ['iis', 'implicit', 14]
  ] as const)('a %s server with %s TLS is waited for at most %i times', async (personality, tls, most) => {
    const { app, site, proxy } = await scene({ personality }, tls)
    await site.rename(FOLDER, COPY)
    process.stdout.write(`${personality}, ${tls} TLS, cold: ${String(proxy.roundTrips())} round trips\n`)
    expect(existsSync(join(app.home, COPY, 'pyvenv.cfg'))).toBe(true)
    expect(proxy.roundTrips()).toBeLessThanOrEqual(most)
  })

  it.each([
    ['unix', 1],
    ['iis', 2]
  ] as const)(
    'on a connection that stands a %s server is waited for exactly %i times',
    async (personality, exactly) => {
      const { app, site, proxy } = await scene({ personality }, 'explicit')
      await site.rename(FOLDER, COPY)
      const before = proxy.roundTrips()
      await site.rename(COPY, FOLDER)
      expect(proxy.roundTrips() - before).toBe(exactly)
      expect(existsSync(join(app.home, FOLDER, 'pyvenv.cfg'))).toBe(true)
    }
  )
})
