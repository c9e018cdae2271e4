// Passive mode against a server that refuses, lies, or announces ports that cannot be reached.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { TLSSocket } from 'node:tls'
import { Client } from 'basic-ftp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { unknownPassiveMode, usePassiveMode, type PassiveMode } from '../../../src/ftp/passive.ts'
import type { LocalAppService } from '../../../tools/local-appservice/index.ts'
import type { PassiveTraps } from '../../../tools/local-appservice/ftp-server-options.ts'
import { logIn, startApp } from '../tools/lab.ts'

const TIMEOUT_MS = 1000

/** Logs in, and gives a function that lists a folder and says by which verbs its data connection was asked for. */
async function trying(
  app: LocalAppService,
  mode: PassiveMode = unknownPassiveMode(),
  secure = true
): Promise<{ readonly client: Client; readonly open: () => Promise<string> }> {
  const client = await logIn(app, secure)
  Object.assign(client.ftp, { timeout: TIMEOUT_MS })
  usePassiveMode(client, mode)
  const open = async (): Promise<string> => {
    app.ftp.clearTranscript()
    await client.list('/site')
    return verbs(app)
  }
  return { client, open }
}

const verbs = (app: LocalAppService): string =>
  app.ftp.transcript.flatMap(({ verb }) => (/^(EPSV|PASV)$/.test(verb) ? verb : [])).join(' ')

/** Answers verbs with the replies given, and carries all others out. */
function answering(app: LocalAppService, replies: Readonly<Record<string, string>>): void {
  app.ftp.hook = ({ verb }) => (replies[verb] === undefined ? undefined : { reply: replies[verb] })
}

const blocked = (EPSV: 'refused' | 'dropped', PASV?: 'refused' | 'dropped'): PassiveTraps => ({
  blocked: PASV === undefined ? { EPSV } : { EPSV, PASV }
})

describe('a data connection', () => {
  it('is asked for by EPSV, each time', async () => {
    const { open } = await trying(await startApp())
    expect([await open(), await open()]).toEqual(['EPSV', 'EPSV'])
  })

  it.each(['500 Unknown command.', '502 Not implemented.', '522 Bad network protocol.', '450 Not now.'])(
    'is asked for by PASV where EPSV is answered with %j, and from then on at once, on other connections too',
    async reply => {
      const app = await startApp()
      answering(app, { EPSV: reply })
      const mode = unknownPassiveMode()
      const { open } = await trying(app, mode)
      expect([await open(), await open()]).toEqual(['EPSV PASV', 'PASV'])
      expect(await (await trying(app, mode)).open()).toBe('PASV')
    }
  )

  it.each([
    '229 Entering Extended Passive Mode',
    '229 Entering Extended Passive Mode (|||0|)',
    '229 Entering Extended Passive Mode (|||65536|)',
    '229 Entering Extended Passive Mode (|1|127.0.0.1|40000|)',
    '229 Entering Extended Passive Mode (|||-5|)'
  ])('is asked for by PASV where EPSV names no port: %j', async reply => {
    const app = await startApp()
    answering(app, { EPSV: reply })
    expect(await (await trying(app)).open()).toBe('EPSV PASV')
  })

  it.each([
    ['EPSV', '227 Entering Passive Mode (127,0,0,1,156,64).'],
    ['EPSV', '250 DELE command successful.'],
    ['PASV', '229 Entering Extended Passive Mode (|||40000|)'],
    ['PASV', '200 Fine']
  ])('is not looked for where the answer to %s can only be that to another command: %j', async (verb, reply) => {
    const app = await startApp()
    answering(app, { EPSV: '500 Unknown command.', [verb]: reply })
    await expect((await trying(app)).open()).rejects.toMatchObject({ kind: 'lost' })
  })

  it.each(['(|||PORT|)', '(!!!PORT!)', '###PORT#', 'in 3 ms (|||PORT|)'])(
    'takes the port of EPSV from %s',
    async form => {
      const app = await startApp()
      const { client, port } = await dataPort(app)
      answering(app, { EPSV: `229 ${form.replace('PORT', String(port))}` })
      await client.prepareTransfer(client.ftp)
      expect(client.ftp.dataSocket?.remotePort).toBe(port)
    }
  )

  it.each(['(127,0,0,1,HI,LO).', '127,0,0,1,HI,LO', '(127, 0, 0, 1, HI, LO)', '=10,0,0,5,HI,LO', '(0,0,0,0,HI,LO)'])(
    'takes the port of PASV from %s',
    async form => {
      const app = await startApp()
      const { client, port } = await dataPort(app)
      const numbers = form.replace('HI', String(port >> 8)).replace('LO', String(port & 255))
      answering(app, { EPSV: '500 no', PASV: `227 Entering Passive Mode ${numbers}` })
      await client.prepareTransfer(client.ftp)
      expect(client.ftp.dataSocket).toMatchObject({ remotePort: port, remoteAddress: '127.0.0.1' })
    }
  )

  it.each(['10,0,0,5', '127,0,0,9', '203,0,113,7', '0,0,0,0', '255,255,255,255'])(
    'goes to the peer of the control connection, never to the address in the reply: %s',
    async address => {
      const app = await startApp()
      app.ftp.passive = { address }
      answering(app, { EPSV: '500 Unknown command.' })
      const { client, open } = await trying(app)
      expect(await open()).toBe('EPSV PASV')
      await client.prepareTransfer(client.ftp)
      expect(client.ftp.dataSocket?.remoteAddress).toBe('127.0.0.1')
    }
  )

  it('offers the session of the control connection, which servers may insist on', async () => {
    const app = await startApp()
    for (const transfers of [0, 2]) {
      const { client, open } = await trying(app)
      for (let transfer = 0; transfer < transfers; transfer++) await open()
      await client.prepareTransfer(client.ftp)
      const socket = client.ftp.dataSocket
      if (!(socket instanceof TLSSocket)) throw new Error('not a TLS connection')
      await once(socket, 'secureConnect')
      expect(socket.isSessionReused()).toBe(true)
    }
  })
})

describe('no data connection', () => {
  const kinds = { kind: 'unreachable', message: expect.stringMatching(/10001 to 10300/) as string }

  it.skipIf(process.platform === 'win32')('is an error after one timeout where packets are dropped', async () => {
    const app = await startApp()
    app.ftp.passive = blocked('dropped', 'dropped')
    const { open } = await trying(app)
    const started = Date.now()
    await expect(open()).rejects.toMatchObject(kinds)
    expect(Date.now() - started).toBeLessThan(2 * TIMEOUT_MS)
    expect(verbs(app)).toBe('EPSV')
  })

  it.skipIf(process.platform === 'win32')(
    'but the one of PASV comes about without TLS, where a firewall can read that reply',
    async () => {
      const app = await startApp()
      app.ftp.passive = blocked('dropped')
      const { open } = await trying(app, unknownPassiveMode(), false)
      expect([await open(), await open()]).toEqual(['EPSV PASV', 'PASV'])
    }
  )

  it('but the one of PASV comes about at once where that of EPSV is refused', async () => {
    const app = await startApp()
    app.ftp.passive = blocked('refused')
    const { open } = await trying(app)
    expect([await open(), await open()]).toEqual(['EPSV PASV', 'PASV'])
  })

  it('is an error at once where both are refused, and neither is taken for one that works', async () => {
    const app = await startApp()
    app.ftp.passive = blocked('refused', 'refused')
    const mode = unknownPassiveMode()
    const { open } = await trying(app, mode)
    await expect(open()).rejects.toMatchObject({ ...kinds, message: expect.stringContaining('ECONNREFUSED') as string })
    expect(mode).toEqual({ verb: 'EPSV', proven: false })
    app.ftp.passive = {}
    expect(await open()).toBe('EPSV')
  })

  it('is that of EPSV where PASV is not served', async () => {
    const app = await startApp()
    app.ftp.passive = blocked('refused')
    answering(app, { PASV: '502 Not implemented.' })
    const { open } = await trying(app)
    await expect(open()).rejects.toMatchObject({ ...kinds, message: expect.stringContaining('ECONNREFUSED') as string })
    expect(verbs(app)).toBe('EPSV PASV')
  })

  it.each([
    ['502 Not implemented.', '502 Not implemented.'],
    ['229 Entering (|||0|)', '227 Entering Passive Mode (127,0,0,1,0,0).'],
    ['500 no', '227 Entering Passive Mode (127,0,0,1,256,1).'],
    ['500 no', '227 Entering Passive Mode (127,0,0,1).'],
    ['500 no', '227 Entering Passive Mode (1,127,0,0,1,4,5).'],
    ['500 no', '227 somewhere'],
    ['500 no', '550 Access is denied.']
  ])('is an error that quotes both answers: %j and %j', async (EPSV, PASV) => {
    const app = await startApp()
    answering(app, { EPSV, PASV })
    const message = expect.stringContaining(`it answered EPSV "${EPSV}" and PASV "${PASV}"`) as string
    await expect((await trying(app)).open()).rejects.toMatchObject({ kind: 'unreachable', message })
  })

  it.each([
    ['EPSV', '421 Timeout.'],
    ['PASV', '421 Timeout.'],
    ['PASV', '425 Cannot open data connection.']
  ])('is told apart from a session that has ended: %s answered with %j', async (verb, reply) => {
    const app = await startApp()
    answering(app, { EPSV: '500 no', [verb]: reply })
    await expect((await trying(app)).open()).rejects.toMatchObject({ code: Number(reply.slice(0, 3)) })
  })

  it('after others went through is no matter of the network any more', async () => {
    const app = await startApp()
    const { open } = await trying(app)
    await open()
    app.ftp.passive = blocked('refused', 'refused')
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(verbs(app)).toBe('EPSV')
  })
})

/** A port that takes connections, and a client without TLS that may be told of it. */
async function dataPort(app: LocalAppService): Promise<{ readonly client: Client; readonly port: number }> {
  const { client } = await trying(app, unknownPassiveMode(), false)
  const port = await listen(createServer(), '127.0.0.1')
  return { client, port }
}

async function listen(server: Server, host: string): Promise<number> {
  const sockets: Socket[] = []
  server.on('connection', socket => sockets.push(socket.on('error', () => undefined)))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a port')
  return address.port
}

const hasIpv6 = Object.values(networkInterfaces()).some(found => found?.some(({ address }) => address === '::1'))

it.skipIf(!hasIpv6).each(['EPSV', 'PASV'])('a peer with an IPv6 address is dialled there, by %s too', async verb => {
  const port = await listen(createServer(), '::1')
  const control = createServer(socket => {
    socket.write('220 ready\r\n')
    socket.on('data', data => {
      const asked = data.toString().trim()
      const answer = asked === 'EPSV' ? `229 (|||${port}|)` : `227 (10,0,0,5,${port >> 8},${port & 255})`
      socket.write(asked === verb ? `${answer}\r\n` : '500 no\r\n')
    })
  })
  const controlPort = await listen(control, '::1')
  const client = new Client(TIMEOUT_MS)
  onTestFinished(() => {
    client.close()
  })
  await client.connect('::1', controlPort)
  usePassiveMode(client, unknownPassiveMode())
  await client.prepareTransfer(client.ftp)
  expect(client.ftp.dataSocket).toMatchObject({ remoteAddress: '::1', remotePort: port })
})
