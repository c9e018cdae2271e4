// Starts a server over a temporary folder and connects real clients to it; everything is gone after each test.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { Client } from 'basic-ftp'
import { onTestFinished } from 'vitest'
import type { FtpTarget } from '../../../src/ftp/target.ts'
import { startLocalAppService } from '../../../tools/local-appservice/index.ts'
import type { LocalAppService, LocalAppServiceOptions } from '../../../tools/local-appservice/index.ts'

const TIMEOUT_MS = 5000

/** Makes a folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'local-appservice-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Starts a local app that is closed after the test. */
export async function startApp(options: LocalAppServiceOptions = {}): Promise<LocalAppService> {
  const app = await startLocalAppService(options)
  onTestFinished(() => app.close())
  return app
}

/** The address of a local app with its credentials, without a look at the certificate. */
export function targetOf(app: LocalAppService, tls: FtpTarget['tls'] = 'explicit'): FtpTarget {
  const { userName, password } = app
  return { scheme: 'ftp', host: '127.0.0.1', port: app.ftp.explicitPort, userName, password, tls, verify: false }
}

/** Logs a verifying client in, which is closed after the test. */
export async function logIn(
  app: LocalAppService,
  secure: boolean | 'implicit' = 'implicit',
  host = 'localhost'
): Promise<Client> {
  const client = new Client(TIMEOUT_MS)
  onTestFinished(() => {
    client.close()
  })
  await client.access({
    host,
    port: secure === 'implicit' ? app.ftp.implicitPort : app.ftp.explicitPort,
    user: app.userName,
    password: app.password,
    secure,
    secureOptions: { ca: await readFile(app.caFile, 'utf8') }
  })
  return client
}

/** Puts a file below the app's home, with its folders, and gives its path on disk. */
export async function put(app: LocalAppService, path: string, text = 'text'): Promise<string> {
  const disk = join(app.home, path)
  await mkdir(dirname(disk), { recursive: true })
  await writeFile(disk, text)
  return disk
}

/** Sends one command and gives the reply, whatever its code. */
export async function replyTo(client: Client, command: string): Promise<string> {
  return (await client.sendIgnoringError(command)).message
}

/** Downloads the raw text of a listing, without a library's idea of its meaning. */
export async function rawList(client: Client, path: string): Promise<string> {
  let text = ''
  const parse = client.parseList
  client.parseList = raw => {
    text = raw
    return []
  }
  await client.list(path)
  client.parseList = parse
  return text
}

/** Downloads a file as text. */
export async function download(client: Client, path: string): Promise<string> {
  const chunks: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    }
  })
  await client.downloadTo(sink, path)
  return Buffer.concat(chunks).toString('utf8')
}

/** Is a bare connection to the explicit port. */
export interface Wire {
  readonly socket: Socket
  /** Waits until this many reply lines came in all, and gives all of them. */
  lines(count: number): Promise<readonly string[]>
  /** Waits until the server closed, and gives all reply lines. */
  closed(): Promise<readonly string[]>
}

/** Opens a bare connection without TLS, which is closed after the test. */
export function openWire(app: LocalAppService): Wire {
  const socket = connectPlain(app.ftp.explicitPort, '127.0.0.1')
  socket.setNoDelay(true)
  let text = ''
  const finished = Promise.withResolvers<undefined>()
  socket.on('data', chunk => (text += chunk.toString('utf8')))
  socket.on('error', () => undefined)
  socket.on('close', () => {
    finished.resolve(undefined)
  })
  onTestFinished(() => {
    socket.destroy()
  })
  const complete = (): readonly string[] => text.split('\r\n').slice(0, -1)
  return {
    socket,
    async lines(count) {
      const deadline = Date.now() + TIMEOUT_MS
      while (complete().length < count) {
        if (Date.now() > deadline) throw new Error(`Only these came: ${text}`)
        await new Promise(resolve => setTimeout(resolve, 2))
      }
      return complete()
    },
    async closed() {
      await finished.promise
      return complete()
    }
  }
}

/** Logs a bare connection in; three reply lines have been read then. */
export async function openLoggedInWire(app: LocalAppService): Promise<Wire> {
  const wire = openWire(app)
  wire.socket.write(`USER ${app.userName}\r\nPASS ${app.password}\r\n`)
  await wire.lines(3)
  return wire
}
