// The proxy before an FTP server: what comes through it, what it counts, and how it cuts. It needs a second loopback address.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, connect as connectPlain, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { Client, FTPError } from 'basic-ftp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listenOnFreePort } from '../../../tools/local-appservice/free-port.ts'
import type { LocalAppService } from '../../../tools/local-appservice/index.ts'
import { recordReader } from '../../../tools/proxy/client-records.ts'
import { startProxy, type FtpProxy } from '../../../tools/proxy/proxy.ts'
import { download, logIn, put, replyTo, startApp } from './lab.ts'

/** A local app behind a proxy that is stopped after the test. */
async function startBehind(delayMs = 0): Promise<{ readonly app: LocalAppService; readonly proxy: FtpProxy }> {
  const app = await startApp()
  const proxy = await startProxy({ controlPorts: [app.ftp.explicitPort, app.ftp.implicitPort], delayMs })
  onTestFinished(() => proxy.stop())
  app.ftp.passive = { announce: port => proxy.forward(port) }
  return { app, proxy }
}

const onLinux = describe.skipIf(process.platform !== 'linux')

onLinux('a proxy', () => {
  it.each([false, true, 'implicit'] as const)('lets everything through, data connections too: %s', async secure => {
    const { app, proxy } = await startBehind()
    const bytes = randomBytes(300_000).toString('hex')
    await put(app, 'site/file', bytes)
    const client = await logIn(app, secure, proxy.address)
    expect(await download(client, '/site/file')).toBe(bytes)
    expect((await client.list('/site')).map(({ name }) => name)).toContain('file')
    expect(proxy.records()).toHaveLength(1)
  })

  it('carries tens of megabytes in a second, both ways, past a slow reader', async () => {
    const bytes = randomBytes(40_000_000)
    const echo = createServer(socket => socket.pipe(socket))
    const port = await listenOnFreePort(echo)
    const proxy = await startProxy({ controlPorts: [], dataPorts: { first: port, last: port }, delayMs: 2 })
    onTestFinished(async () => {
      await proxy.stop()
      await new Promise(resolve => echo.close(resolve))
    })
    const socket = connectPlain(port, proxy.address)
    socket.end(bytes)
    await once(socket, 'readable')
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
  })

  it('makes each round trip take as long as it was told, and opens connections in two', async () => {
    const { app, proxy } = await startBehind(40)
    const opened = performance.now()
    const client = new Client()
    onTestFinished(() => {
      client.close()
    })
    await client.connect(proxy.address, app.ftp.explicitPort)
    expect(performance.now() - opened).toBeGreaterThan(78)
    const asked = performance.now()
    await client.send('NOOP')
    expect(performance.now() - asked).toBeGreaterThan(38)
    expect(proxy.turns()).toEqual([1])
  })

  it('does not add delays up where commands do not wait for replies', async () => {
    const { app, proxy } = await startBehind(100)
    const socket = open(app, proxy)
    const seen = collect(socket)
    await seen(/^220 /m)
    const started = performance.now()
    for (let count = 0; count < 50; count++) socket.write('NOOP\r\n')
    await seen(/(530 [^\n]*\n|200 [^\n]*\n){50}/)
    expect(performance.now() - started).toBeLessThan(1500)
    expect(proxy.turns()).toEqual([1])
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('counts commands as records, and round trips: %s', async version => {
    const { app, proxy } = await startBehind(10)
    const ca = await readFile(app.caFile, 'utf8')
    const socket = secure(app, proxy, { ca, minVersion: version, maxVersion: version })
    const seen = collect(socket)
    await seen(/^220 /m)
    expect(proxy.records()).toEqual([0])
    const before = proxy.turns()[0] ?? 0
    for (const [at, verb] of ['USER x', 'NOOP', 'NOOP'].entries()) {
      socket.write(`${verb}\r\n`)
      await seen(new RegExp(`^([^\\n]*\\n){${at + 2}}`))
      expect(proxy.records()).toEqual([at + 1])
    }
    expect((proxy.turns()[0] ?? 0) - before).toBe(3)
  })

  it('says no to a cut behind nothing', async () => {
    const { proxy } = await startBehind()
    expect(() => {
      proxy.cut({ afterClientRecords: 0, how: 'fin' })
    }).toThrow(RangeError)
  })
})

/** Opens a bare connection through the proxy, which is closed after the test. */
function open(app: LocalAppService, proxy: FtpProxy): Socket {
  const socket = connectPlain(app.ftp.explicitPort, proxy.address).on('error', () => undefined)
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

function secure(app: LocalAppService, proxy: FtpProxy, options: ConnectionOptions): Socket {
  const socket = connectTls({ host: proxy.address, port: app.ftp.implicitPort, ...options }).on(
    'error',
    () => undefined
  )
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

/** Waits until all that has come fits. */
function collect(socket: Socket): (pattern: RegExp) => Promise<void> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return async pattern => {
    await expect.poll(() => text, { interval: 2, timeout: 5000 }).toMatch(pattern)
  }
}

onLinux.each([
  ['plain text', false],
  ['TLS', 'implicit']
] as const)('a cut in %s', (_name, tls) => {
  it.each([
    ['fin', 'Server sent FIN packet unexpectedly'],
    ['rst', 'ECONNRESET']
  ] as const)('comes behind the command, which is carried out, and before its reply: %s', async (how, message) => {
    const { app, proxy } = await startBehind()
    for (const name of ['1', '2', '3']) await put(app, `site/${name}`)
    const client = await logIn(app, tls, proxy.address)
    proxy.cut({ afterClientRecords: 2, how })
    expect(await replyTo(client, 'DELE /site/1')).toMatch(/^250/)
    const error: unknown = await client.remove('/site/2').catch((reason: unknown) => reason)
    expect(error).not.toBeInstanceOf(FTPError)
    expect(String(error)).toContain(message)
    await expect.poll(() => existsSync(join(app.home, 'site/2'))).toBe(false)
    expect(proxy.cuts).toBe(1)
    // Others come and go as before.
    await (await logIn(app, tls, proxy.address)).remove('/site/3')
  })

  it('in silence leaves the connection open, and nothing comes any more', async () => {
    const { app, proxy } = await startBehind()
    await put(app, 'site/1')
    const client = await logIn(app, tls, proxy.address)
    proxy.cut({ afterClientRecords: 1, how: 'silence' })
    let isSettled = false
    const removal = client.remove('/site/1').finally(() => {
      isSettled = true
    })
    await expect.poll(() => existsSync(join(app.home, 'site/1'))).toBe(false)
    // A whole login takes longer than a reply that is on its way.
    await logIn(app, tls, proxy.address)
    expect([isSettled, client.closed]).toEqual([false, false])
    client.close()
    await expect(removal).rejects.toThrow('User closed client')
  })

  it('hits the connection that it was ordered for', async () => {
    const { app, proxy } = await startBehind()
    const first = await logIn(app, tls, proxy.address)
    const second = await logIn(app, tls, proxy.address)
    proxy.cut({ afterClientRecords: 2, how: 'fin', connection: 2 })
    for (let count = 0; count < 5; count++) await first.send('NOOP')
    await second.send('NOOP')
    await expect(second.send('NOOP')).rejects.toThrow()
    await first.send('NOOP')
    expect(proxy.cuts).toBe(1)
  })
})

describe('records of TLS', () => {
  it('end where they end, wherever the bytes are cut', () => {
    const record = (type: number, length: number): Buffer =>
      Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 255]), Buffer.alloc(length)])
    // A handshake, a change of ciphers, the end of the handshake in disguise, and two commands with an alert between.
    const stream = Buffer.concat([
      record(22, 300),
      record(20, 1),
      record(23, 50),
      record(23, 0),
      record(21, 2),
      record(23, 700)
    ])
    const whole = recordReader().ends(stream)
    expect(whole).toEqual([stream.length - 705 - 7, stream.length])
    for (let cut = 1; cut < stream.length; cut++) {
      const reader = recordReader()
      const ends = [...reader.ends(stream.subarray(0, cut)), ...reader.ends(stream.subarray(cut)).map(end => end + cut)]
      expect(ends).toEqual(whole)
    }
  })
})
