import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Client, FTPError } from 'basic-ftp'
import { describe, expect, it } from 'vitest'
import { logIn, openLoggedInWire, openWire, put, startApp } from './lab.ts'

describe('logging in', () => {
  it('fails with a wrong password', async () => {
    const app = await startApp()
    await expect(logIn({ ...app, password: 'wrong' })).rejects.toThrow('530 User cannot log in.')
  })

  it('fails with the reply that was set, or with silence', async () => {
    const app = await startApp()
    app.ftp.refuseLogin = '530 User cannot log in.'
    await expect(logIn(app)).rejects.toThrow(FTPError)
    app.ftp.refuseLogin = 'close'
    const error: unknown = await logIn(app).catch((reason: unknown) => reason)
    expect(error).not.toBeInstanceOf(FTPError)
    expect(app.ftp.transcript.at(-1)).toMatchObject({ verb: 'PASS', reply: '' })
  })

  it('can insist on TLS or do without it', async () => {
    const app = await startApp()
    app.ftp.requireTls = true
    await expect(logIn(app, false)).rejects.toThrow('534')
    await logIn(app, true)
    app.ftp.refuseTls = true
    await expect(logIn(app, true)).rejects.toThrow('502')
  })

  it('is needed before any file is touched', async () => {
    const wire = openWire(await startApp())
    wire.socket.write('DELE /x\r\n')
    expect((await wire.lines(2))[1]).toMatch(/^530/)
  })

  it('is turned away with 421 above the cap, until a connection is free again', async () => {
    const app = await startApp({ maxConnections: 1 })
    const first = await logIn(app)
    await expect(logIn(app)).rejects.toThrow('421')
    await expect(logIn(app, true)).rejects.toThrow('421')
    first.close()
    await expect.poll(() => logIn(app).then(() => 'in')).toBe('in')
  })

  it('verifies against the right authority only', async () => {
    const app = await startApp()
    const client = new Client()
    const access = client.access({ host: 'localhost', port: app.ftp.implicitPort, secure: 'implicit' })
    await expect(access).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    await logIn(app)
  })
})

describe('the transcript', () => {
  it('hides the password and counts commands after the login', async () => {
    const app = await startApp()
    const client = await logIn(app, true)
    expect(app.ftp.commandsAfterLogin()).toBe(0)
    await client.send('NOOP')
    await client.sendIgnoringError('DELE /missing')
    expect(app.ftp.commandsAfterLogin()).toBe(2)
    expect(app.ftp.transcript.find(line => line.verb === 'PASS')?.argument).toBe('***')
    expect(JSON.stringify(app.ftp.transcript)).not.toContain(app.password)
    expect(app.ftp.transcript.at(-1)).toEqual({
      session: 1,
      verb: 'DELE',
      argument: '/missing',
      reply: '550 The system cannot find the file specified. ',
      afterLogin: true
    })
    app.ftp.clearTranscript()
    expect([app.ftp.transcript.length, app.ftp.commandsAfterLogin()]).toEqual([0, 0])
  })

  it('takes settings after the login for work', async () => {
    const app = await startApp()
    const client = await logIn(app)
    await client.send('NOOP')
    await client.send('TYPE I')
    expect(app.ftp.commandsAfterLogin()).toBe(2)
  })
})

describe('the hook', () => {
  it('sees verb, argument, number and whether the command changes anything', async () => {
    const app = await startApp()
    const seen: unknown[] = []
    app.ftp.hook = ({ verb, argument, count, mutating }) => {
      if (count > 0) seen.push([count, verb, argument, mutating])
      return undefined
    }
    const client = await logIn(app)
    await client.send('NOOP')
    await client.sendIgnoringError('dele /x y')
    expect(seen).toEqual([
      [1, 'NOOP', '', false],
      [2, 'DELE', '/x y', true]
    ])
  })

  it('replaces a command by a reply', async () => {
    const app = await startApp()
    const file = await put(app, 'site/file')
    app.ftp.hook = ({ verb }) => (verb === 'DELE' ? { reply: '550 Access is denied.' } : undefined)
    await expect((await logIn(app)).remove('/site/file')).rejects.toThrow('550 Access is denied.')
    expect(existsSync(file)).toBe(true)
  })

  it.each([
    ['before', true],
    ['after', false]
  ] as const)('cuts the connection %s a command', async (cut, survives) => {
    const app = await startApp()
    const file = await put(app, 'site/file')
    app.ftp.hook = ({ verb }) => (verb === 'DELE' ? { cut } : undefined)
    const client = await logIn(app)
    await expect(client.remove('/site/file')).rejects.not.toBeInstanceOf(FTPError)
    expect(client.closed).toBe(true)
    expect(existsSync(file)).toBe(survives)
    expect(app.ftp.transcript.at(-1)?.reply).toBe('')
  })

  it('delays a command, and a client that leaves in the meantime harms nobody', async () => {
    const app = await startApp()
    app.ftp.hook = ({ verb }) => (verb === 'NOOP' ? { delayMs: 50 } : verb === 'PWD' ? { delayMs: 60_000 } : undefined)
    const client = await logIn(app)
    const started = performance.now()
    await client.send('NOOP')
    expect(performance.now() - started).toBeGreaterThan(45)
    const waiting = client.send('PWD').catch(() => 'closed')
    client.close()
    expect(await waiting).toBe('closed')
    expect((await (await logIn(app)).send('NOOP')).code).toBe(200)
  })

  it('that throws is answered with 451', async () => {
    const app = await startApp()
    const client = await logIn(app)
    app.ftp.hook = () => {
      throw new Error('a mistake in the test')
    }
    await expect(client.send('NOOP')).rejects.toThrow('451 a mistake in the test')
  })
})

describe('the control connection', () => {
  it('answers commands of one packet in order', async () => {
    const app = await startApp()
    await put(app, 'site/d/1')
    const wire = await openLoggedInWire(app)
    wire.socket.write('NOOP\r\nDELE /site/d/1\r\nRMD /site/d\r\nRMD /site/d\r\nRNFR /site/wwwroot\r\nRNTO /site/w\r\n')
    const codes = (await wire.lines(9)).slice(3).map(line => line.slice(0, 3))
    expect(codes).toEqual(['200', '250', '250', '550', '350', '250'])
  })

  it('reads commands that are cut at any byte', async () => {
    const app = await startApp()
    await put(app, 'site/é.txt', '1234567')
    const wire = await openLoggedInWire(app)
    const bytes = Buffer.from('NOOP\r\nSIZE /site/é.txt\r\n')
    for (let cut = 1; cut < bytes.length; cut++) {
      wire.socket.write(bytes.subarray(0, cut))
      await new Promise(resolve => setTimeout(resolve, 1))
      wire.socket.write(bytes.subarray(cut))
    }
    const lines = await wire.lines(3 + 2 * (bytes.length - 1))
    expect(new Set(lines.slice(3))).toEqual(new Set(['200 noop command successful.', '213 7']))
  })

  it('forgets what was sent in plain text behind AUTH', async () => {
    const app = await startApp()
    const wire = openWire(app)
    wire.socket.write('AUTH TLS\r\nNOOP\r\n')
    expect((await wire.lines(2))[1]).toMatch(/^234/)
    wire.socket.end()
    await wire.closed()
    expect(app.ftp.transcript.map(line => line.verb)).toEqual(['AUTH'])
  })

  it('says 500 to unknown verbs and goodbye to QUIT', async () => {
    const wire = await openLoggedInWire(await startApp())
    wire.socket.write('MLSD /\r\nQUIT\r\nNOOP\r\n')
    const lines = await wire.closed()
    expect(lines.slice(3)).toEqual(['500 Command not understood.', '221 Goodbye.'])
  })

  it('says 425 to a transfer without a data connection', async () => {
    const wire = await openLoggedInWire(await startApp())
    wire.socket.write('LIST /\r\n')
    expect((await wire.lines(4))[3]).toMatch(/^425/)
  })

  it('survives a client that vanishes in the middle of an upload', async () => {
    const app = await startApp()
    const client = await logIn(app)
    const endless = new Readable({ read: () => endless.push(Buffer.alloc(1000)) })
    const upload = client.uploadFrom(endless, '/site/big').catch(() => 'broken')
    await expect.poll(() => existsSync(join(app.home, 'site/big'))).toBe(true)
    client.close()
    expect(await upload).toBe('broken')
    endless.destroy()
    await logIn(app)
  })

  it('is ended when the server closes', async () => {
    const app = await startApp()
    const wire = await openLoggedInWire(app)
    await app.ftp.close()
    await wire.closed()
    expect(existsSync(app.home)).toBe(true)
    await app.close()
    expect(existsSync(app.home)).toBe(false)
  })
})
