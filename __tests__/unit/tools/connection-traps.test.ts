// Connections that are refused, cut or grown idle, and a server that is far away: each switch does what it says.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FTPError, type Client } from 'basic-ftp'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LocalAppService } from '../../../tools/local-appservice/index.ts'
import type { ConnectionCap } from '../../../tools/local-appservice/misbehaviour.ts'
import { download, logIn, openLoggedInWire, openWire, put, replyTo, startApp } from './lab.ts'

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error
  )
}

describe('a connection too many', () => {
  it.each(['421', '530'] as const)('is told so, instead of a greeting or of a login: %s', async how => {
    for (const tls of [false, true, 'implicit'] as const) {
      const app = await startApp({ personality: 'mlsd' })
      app.ftp.connectionCap = { most: 2, how }
      await logIn(app, tls)
      await logIn(app, tls)
      await expect(logIn(app, tls)).rejects.toThrow(how)
      expect(app.ftp.misbehaved.connectionCap).toBe(1)
    }
  })

  it('is logged in and told then, in this order', async () => {
    const app = await startApp()
    app.ftp.connectionCap = { most: 0, how: '421 after login' }
    const wire = await openLoggedInWire(app)
    expect((await wire.closed()).slice(2)).toEqual([
      '230 User logged in.',
      '421 Maximum session limit reached, closing control connection.'
    ])
  })

  it.each([false, true, 'implicit'] as const)('is closed without a word: %s', async tls => {
    const app = await startApp()
    app.ftp.connectionCap = { most: 0, how: 'hang-up' }
    const reason = await reasonOf(logIn(app, tls))
    expect(reason).toBeInstanceOf(Error)
    expect(reason).not.toBeInstanceOf(FTPError)
    expect(app.ftp.transcript).toEqual([])
  })

  it('is never greeted, and does not hear anything until it goes', async () => {
    const app = await startApp()
    app.ftp.connectionCap = { most: 1, how: 'silence' }
    const first = await logIn(app)
    const wire = openWire(app)
    wire.socket.write('NOOP\r\n')
    await expect.poll(() => app.ftp.misbehaved.connectionCap).toBe(1)
    expect(await first.pwd()).toBe('/')
    expect(await wire.lines(0)).toEqual([])
    wire.socket.end()
    await wire.closed()
  })

  it('is welcome as soon as the cap is raised, or somebody else has gone', async () => {
    const app = await startApp()
    const cap: ConnectionCap = { most: 1, how: '421' }
    app.ftp.connectionCap = cap
    const first = await logIn(app)
    await expect(logIn(app)).rejects.toThrow('421')
    app.ftp.connectionCap = { ...cap, most: 2 }
    await logIn(app)
    first.close()
    await expect.poll(() => logIn(app).then(() => 'in')).toBe('in')
  })
})

describe('a session', () => {
  it('has so many transfers and no more', async () => {
    const app = await startApp()
    app.ftp.transfersPerSession = 2
    await put(app, 'site/file', 'text')
    const client = await logIn(app)
    await client.list('/site')
    expect(await download(client, '/site/file')).toBe('text')
    await expect(client.list('/site')).rejects.toThrow('425 Cannot open data connection.')
    expect(await client.pwd()).toBe('/')
    expect(app.ftp.misbehaved.transfersPerSession).toBe(1)
    expect(await (await logIn(app)).list('/site')).toHaveLength(4)
  })

  it('that sends nothing for a while is told so and closed, and one that does is not', async () => {
    const app = await startApp()
    app.ftp.idleMs = 700
    const idle = await openLoggedInWire(app)
    const busy = await logIn(app)
    const ended = idle.closed()
    const isOver = ended.then(() => true)
    while (!(await Promise.race([isOver, busy.send('NOOP').then(() => false)])));
    expect((await ended).slice(3)).toEqual(['421 Timeout.'])
    expect(app.ftp.misbehaved.idleMs).toBe(1)
  })

  it('is not idle while a command is carried out', async () => {
    const app = await startApp()
    const client = await logIn(app)
    app.ftp.idleMs = 50
    app.ftp.hook = ({ verb }) => (verb === 'PWD' ? { delayMs: 200 } : undefined)
    expect(await client.pwd()).toBe('/')
    expect(app.ftp.misbehaved.idleMs).toBe(0)
    await expect.poll(() => app.ftp.misbehaved.idleMs).toBe(1)
  })
})

describe.each([
  ['plain text', false],
  ['TLS', 'implicit']
] as const)('a cut in %s', (_name, tls) => {
  it.each([
    ['before', 'fin', 'Server sent FIN packet unexpectedly'],
    ['after', 'fin', 'Server sent FIN packet unexpectedly'],
    ['before', 'rst', 'ECONNRESET'],
    ['after', 'rst', 'ECONNRESET']
  ] as const)('%s a command comes as %s', async (cut, how, message) => {
    const app = await startApp()
    await put(app, 'site/file')
    app.ftp.hook = ({ verb }) => (verb === 'DELE' ? { cut, how } : undefined)
    const client = await logIn(app, tls)
    expect(String(await reasonOf(client.remove('/site/file')))).toContain(message)
    expect(existsSync(join(app.home, 'site/file'))).toBe(cut === 'before')
    expect(app.ftp.misbehaved.cut).toBe(1)
  })

  it('in silence leaves the connection open and deaf', async () => {
    const app = await startApp()
    app.ftp.hook = ({ verb }) => (verb === 'NOOP' ? { cut: 'after', how: 'silence' } : undefined)
    const client = await logIn(app, tls)
    let isSettled = false
    const silence = reasonOf(client.send('NOOP')).finally(() => {
      isSettled = true
    })
    await expect.poll(() => app.ftp.misbehaved.cut).toBe(1)
    // A whole login takes longer than a reply that is on its way.
    await logIn(app, tls)
    expect([isSettled, client.closed]).toEqual([false, false])
    client.close()
    expect(await silence).toBeInstanceOf(Error)
  })
})

describe('a server that is far away', () => {
  async function farAway(latencyMs: number): Promise<{ app: LocalAppService; client: Client }> {
    const app = await startApp()
    await put(app, 'site/file', 'text')
    const client = await logIn(app)
    app.ftp.latencyMs = latencyMs
    return { app, client }
  }

  it('takes a round trip for each command that waits for the one before', async () => {
    const { client } = await farAway(30)
    const started = performance.now()
    for (let count = 0; count < 4; count++) await client.send('NOOP')
    expect(performance.now() - started).toBeGreaterThan(110)
  })

  it('takes one for many that do not, and keeps their order', async () => {
    const app = await startApp()
    const wire = await openLoggedInWire(app)
    app.ftp.latencyMs = 100
    const started = performance.now()
    wire.socket.write('NOOP\r\nPWD\r\nSYST\r\n'.repeat(50))
    const lines = await wire.lines(3 + 150)
    const took = performance.now() - started
    expect(took).toBeGreaterThan(95)
    expect(took).toBeLessThan(1500)
    expect(lines.slice(3).map(line => line.slice(0, 3))).toEqual(Array(50).fill(['200', '257', '215']).flat())
  })

  it('makes transfers wait for their connection too', async () => {
    const { client } = await farAway(30)
    const started = performance.now()
    expect(await download(client, '/site/file')).toBe('text')
    // EPSV, then a connection with TLS, the command and the first byte.
    expect(performance.now() - started).toBeGreaterThan(110)
  })

  it.each([false, true, 'implicit'] as const)('can be logged in to all the same: %s', async tls => {
    const app = await startApp()
    app.ftp.latencyMs = 5
    expect(await (await logIn(app, tls)).list('/site')).toHaveLength(3)
    const client = await logIn(app, tls)
    onTestFinished(() => {
      client.close()
    })
    expect(await replyTo(client, 'QUIT')).toMatch(/^221/)
  })
})
