// The stream of a recursive listing: whole however long and however slowly it is read, and stopped where it has to be.
import { mkdir } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import { Client } from 'basic-ftp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openAccount } from '../../../src/ftp/account.ts'
import { controlOver } from '../../../src/ftp/control.ts'
import { unknownPassiveMode, usePassiveMode } from '../../../src/ftp/passive.ts'
import { listTree } from '../../../src/ftp/tree-transfer.ts'
import { remotePath } from '../../../src/site.ts'
import { listenOnFreePort } from '../../../tools/local-appservice/free-port.ts'
import type { LocalAppService } from '../../../tools/local-appservice/index.ts'
import { logIn, put, startApp } from '../tools/lab.ts'
import { told } from './recorded-listings.ts'

const ROOT = remotePath('/site/tree')
const TIMEOUT_MS = 300

/** A server with a small tree, and a client that opens data connections as the sweep's do. */
async function open(secure: boolean): Promise<{ readonly app: LocalAppService; readonly client: Client }> {
  const app = await startApp({ personality: 'unix', recursiveListings: true })
  await put(app, 'site/tree/lib/naïve-日本-🐍')
  await mkdir(join(app.home, 'site/tree/empty'))
  await put(app, 'site/tree/.dot')
  const client = await logIn(app, secure)
  usePassiveMode(client, unknownPassiveMode())
  return { app, client }
}

async function read(client: Client): Promise<readonly string[]> {
  const pieces: string[] = []
  await listTree(client, ROOT, piece => {
    pieces.push(piece)
  })
  return pieces
}

const TREE_TOLD = ['d empty', 'd lib', 'f .dot', 'f lib/naïve-日本-🐍']

describe.each([true, false])('over a data connection (TLS: %s)', secure => {
  it('the whole tree comes with one command, and the connection serves the next', async () => {
    const { app, client } = await open(secure)
    app.ftp.clearTranscript()
    for (let time = 1; time <= 2; time++) {
      const { listing, tree } = told(await read(client), ROOT)
      expect(listing).toMatchObject({ rejected: undefined, missing: [], hasRoot: true })
      expect(tree).toEqual(TREE_TOLD)
    }
    expect(app.ftp.transcript.map(({ verb, argument }) => `${verb} ${argument}`.trim())).toEqual([
      ...['EPSV', `LIST -Ra ${ROOT}`],
      ...['EPSV', `LIST -Ra ${ROOT}`]
    ])
    expect((await client.list('/site')).map(({ name }) => name)).toContain('tree')
  })

  it('it comes where replies are read by another reader', async () => {
    const { client } = await open(secure)
    const control = controlOver(client, openAccount())
    expect(told(await read(client), ROOT).tree).toEqual(TREE_TOLD)
    expect(await control.flight(['PWD', 'NOOP'])).toMatchObject([{ code: 257 }, { code: 200 }])
  })

  it('a refusal is told, and the connection serves the next', async () => {
    const { app, client } = await open(secure)
    app.ftp.hook = ({ verb }) => (verb === 'LIST' ? { reply: '550 Not here.' } : undefined)
    await expect(read(client)).rejects.toMatchObject({ code: 550 })
    app.ftp.hook = undefined
    expect(told(await read(client), ROOT).tree).toEqual(TREE_TOLD)
  })

  it('a reader that fails closes the connection, and its error is what is thrown', async () => {
    const { client } = await open(secure)
    await expect(
      listTree(client, ROOT, () => {
        throw new RangeError('enough')
      })
    ).rejects.toThrow('enough')
    expect(client.closed).toBe(true)
  })
})

/** A server that sends the bytes given as any listing, in these pieces, and its last word; an empty one: there is no end. */
async function sending(pieces: readonly Buffer[], lastWord = '226 Done'): Promise<Client> {
  const sessions = new Set<Socket>()
  const data = createServer(socket => {
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece)
        // Only what is read alone is a piece to the client.
        await turn()
      }
      if (lastWord === '') return
      socket.end()
      for (const session of sessions) session.write(`${lastWord}\r\n`)
    })()
  })
  const dataPort = await listenOnFreePort(data)
  const sockets = new Set<Socket>()
  const control = createServer(socket => {
    sockets.add(socket)
    sessions.add(socket)
    socket.write('220 Ready\r\n')
    socket.on('data', (chunk: Buffer) => {
      const verb = chunk.toString().split(/[ \r]/)[0] ?? ''
      const replies: Readonly<Record<string, string>> = {
        EPSV: `229 (|||${dataPort}|)`,
        LIST: '150 Here it comes'
      }
      socket.write(`${replies[verb] ?? '200 Fine'}\r\n`)
    })
  })
  data.on('connection', socket => sockets.add(socket))
  const port = await listenOnFreePort(control)
  const client = new Client(TIMEOUT_MS)
  onTestFinished(() => {
    client.close()
    for (const socket of sockets) socket.destroy()
    data.close()
    control.close()
  })
  await client.connect('127.0.0.1', port)
  usePassiveMode(client, unknownPassiveMode())
  return client
}

describe('the text', () => {
  it('is what was sent where pieces end within a character', async () => {
    const text = 'naïve-日本-🐍\r\n\uFEFFmark\r\n'
    const bytes = Buffer.from(text)
    const client = await sending(Array.from(bytes, byte => Buffer.from([byte])))
    const pieces = await read(client)
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.join('')).toBe(text)
  })

  it('has a sign of its own for bytes that are no UTF-8, at its end too', async () => {
    const client = await sending([Buffer.from('latin\xe9\r\nhalf\xe6\x97', 'latin1')])
    expect((await read(client)).join('')).toBe('latin\uFFFD\r\nhalf\uFFFD')
  })

  it('may be longer than any other listing may be', async () => {
    const line = Buffer.from(`${'x'.repeat(998)}\r\n`)
    const client = await sending(
      Array.from({ length: 30 }, () => Buffer.concat(Array.from({ length: 100 }, () => line)))
    )
    let length = 0
    await listTree(client, ROOT, piece => {
      length += piece.length
    })
    expect(length).toBe(3_000_000)
  })

  it('comes to a slow reader one piece after the other, and the server is not taken for a silent one', async () => {
    // More than what sockets hold, so that the server has to wait too.
    const pieces = Array.from({ length: 200 }, () => Buffer.alloc(65_536, 'x'))
    const client = await sending(pieces)
    let [length, calls, reading] = [0, 0, 0]
    await listTree(client, ROOT, async piece => {
      expect(++reading).toBe(1)
      length += piece.length
      if (++calls <= 2) await pause(TIMEOUT_MS * 3)
      reading--
    })
    expect(length).toBe(200 * 65_536)
  })

  it('is waited for where the reader is slow with the last piece, and the connection serves the next', async () => {
    const client = await sending([Buffer.from('all of it')])
    for (let time = 1; time <= 2; time++) {
      let read = ''
      await listTree(client, ROOT, async piece => {
        await pause(TIMEOUT_MS * 2)
        read += piece
      })
      expect(read).toBe('all of it')
    }
  })

  it('may be empty', async () => {
    expect(await read(await sending([]))).toEqual([])
  })

  it.each([426, 451, 550])('that the server says it could not finish is an error: %i', async code => {
    const client = await sending([Buffer.from('half')], `${code} Not all of it`)
    await expect(read(client)).rejects.toMatchObject({ code })
    expect(client.closed).toBe(false)
  })

  it('that is left when the server has given up is handed on to nobody', async () => {
    const pieces = Array.from({ length: 50 }, () => Buffer.from('more'))
    const client = await sending(pieces, '426 Not all of it')
    const gate = Promise.withResolvers<undefined>()
    let calls = 0
    const listing = listTree(client, ROOT, async () => {
      calls++
      await gate.promise
    })
    await expect(listing).rejects.toMatchObject({ code: 426 })
    gate.resolve(undefined)
    for (let turns = 0; turns < 100; turns++) await turn()
    expect(calls).toBe(1)
  })

  it('that does not end within the time is an error', async () => {
    const client = await sending([Buffer.from('half')], '')
    await expect(read(client)).rejects.toThrow(/timeout/i)
    expect(client.closed).toBe(true)
  })
})
