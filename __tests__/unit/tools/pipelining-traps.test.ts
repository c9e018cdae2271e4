// Servers that cannot take several commands at a time: what the local server does then, seen on a bare connection.
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LocalAppService } from '../../../tools/local-appservice/index.ts'
import type { PipeliningTraps } from '../../../tools/local-appservice/misbehaviour.ts'
import { logIn, openLoggedInWire, openWire, put, startApp } from './lab.ts'

/** Says NOOP or another verb, whose replies tell the commands apart: 200, 257, 215. */
const REPLIES: Readonly<Record<string, string>> = { NOOP: '200', PWD: '257', SYST: '215' }

async function trapped(pipelining: PipeliningTraps): Promise<{
  readonly app: LocalAppService
  /** Sends commands in one packet; gives the codes of that many replies in all. */
  readonly say: (commands: readonly string[], count: number) => Promise<readonly string[]>
}> {
  const app = await startApp()
  const wire = await openLoggedInWire(app)
  app.ftp.pipelining = pipelining
  return {
    app,
    async say(commands, count) {
      wire.socket.write(commands.map(command => `${command}\r\n`).join(''))
      return (await wire.lines(3 + count)).slice(3).map(line => line.slice(0, 3))
    }
  }
}

const codes = (commands: readonly string[]): readonly string[] => commands.map(command => REPLIES[command] ?? '')

describe('a server that takes one command per packet', () => {
  it('drops the others', async () => {
    const { app, say } = await trapped({ oneAtATime: 'drops' })
    await say(['PWD', 'NOOP', 'SYST'], 1)
    expect(await say(['SYST'], 2)).toEqual(['257', '215'])
    expect(app.ftp.transcript.map(({ verb }) => verb)).toEqual(['USER', 'PASS', 'PWD', 'SYST'])
    expect(app.ftp.misbehaved.oneAtATime).toBe(1)
  })

  it('refuses the others without carrying them out', async () => {
    const { app, say } = await trapped({ oneAtATime: 'refuses' })
    await put(app, 'site/file')
    expect(await say(['PWD', 'DELE /site/file', 'NOOP'], 3)).toEqual(['257', '500', '500'])
    expect(existsSync(join(app.home, 'site/file'))).toBe(true)
    expect(await say(['NOOP'], 4)).toHaveLength(4)
  })

  it('has never heard of a password that came with the name', async () => {
    const app = await startApp()
    app.ftp.pipelining = { oneAtATime: 'refuses' }
    const wire = openWire(app)
    wire.socket.write(`USER ${app.userName}\r\nPASS ${app.password}\r\n`)
    expect((await wire.lines(3)).slice(1)).toEqual(['331 Password required', '500 Command not understood.'])
    expect((await logIn(app)).closed).toBe(false)
  })
})

describe('a server that merges commands', () => {
  it('gives one refusal for two, and carries out neither', async () => {
    const { app, say } = await trapped({ merge: 2 })
    for (const name of ['1', '2', '3', '4']) await put(app, `site/${name}`)
    const commands = ['1', '2', '3', '4'].map(name => `DELE /site/${name}`)
    expect(await say(commands, 3)).toEqual(['250', '550', '250'])
    expect(['1', '2', '3', '4'].filter(name => existsSync(join(app.home, 'site', name)))).toEqual(['2', '3'])
    expect(app.ftp.misbehaved.merge).toBe(1)
    // Never where one command at a time is under way.
    for (let count = 4; count < 10; count++) expect(await say(['PWD'], count)).toHaveLength(count)
    expect(app.ftp.misbehaved.merge).toBe(1)
  })
})

describe('a server that mixes replies up', () => {
  const SIX = ['PWD', 'NOOP', 'SYST', 'PWD', 'NOOP', 'SYST']

  it('loses every n-th', async () => {
    const { app, say } = await trapped({ lose: 2 })
    expect(await say(SIX, 4)).toEqual(codes(['PWD', 'SYST', 'NOOP', 'SYST']))
    expect(app.ftp.misbehaved.lose).toBe(2)
    expect(app.ftp.transcript.filter(({ reply }) => reply === '')).toHaveLength(2)
  })

  it('invents one after every n-th, even where one command at a time is under way', async () => {
    const { app, say } = await trapped({ invent: 3 })
    expect(await say(SIX, 8)).toEqual(['257', '200', '215', '250', '257', '200', '215', '250'])
    for (const [at, command] of ['PWD', 'NOOP'].entries()) await say([command], 9 + at)
    expect((await say(['SYST'], 12)).slice(8)).toEqual(['257', '200', '215', '250'])
    expect(app.ftp.misbehaved.invent).toBe(3)
  })

  it('sends every n-th after the one behind it', async () => {
    const { app, say } = await trapped({ swap: 2 })
    expect(await say(SIX, 6)).toEqual(codes(['PWD', 'SYST', 'NOOP', 'PWD', 'SYST', 'NOOP']))
    expect(app.ftp.misbehaved.swap).toBe(2)
  })

  it('holds one back, and those behind it with it or not', async () => {
    const patient = await trapped({ late: { every: 2, ms: 60 } })
    const started = performance.now()
    expect(await patient.say(['PWD', 'NOOP', 'SYST'], 3)).toEqual(['257', '200', '215'])
    expect(performance.now() - started).toBeGreaterThan(55)
    expect(patient.app.ftp.misbehaved.late).toBe(1)
    const hasty = await trapped({ late: { every: 2, ms: 60, overtaken: true } })
    expect(await hasty.say(['PWD', 'NOOP', 'SYST'], 3)).toEqual(['257', '215', '200'])
  })
})

describe('a server that stalls', () => {
  it('serves nothing more on that connection, and everything on another one', async () => {
    const { app, say } = await trapped({ stallAfter: 4 })
    expect(await say(['PWD', 'NOOP', 'SYST', 'PWD'], 2)).toEqual(['257', '200'])
    await say(['NOOP'], 2)
    expect(await (await logIn(app)).pwd()).toBe('/')
    expect(app.ftp.transcript.filter(({ session }) => session === 1)).toHaveLength(4)
    expect(app.ftp.misbehaved.stallAfter).toBe(1)
  })

  it('never stalls where one command at a time is under way', async () => {
    const { app, say } = await trapped({ stallAfter: 4 })
    for (let count = 1; count < 9; count++) await say(['PWD'], count)
    expect(app.ftp.misbehaved.stallAfter).toBe(0)
  })
})

describe('replies in pieces', () => {
  it('are whole in the end over TLS too', async () => {
    const app = await startApp()
    app.ftp.splitReplies = true
    const socket = connect({ port: app.ftp.implicitPort, ca: await readFile(app.caFile, 'utf8') })
    onTestFinished(() => {
      socket.destroy()
    })
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.write(`USER ${app.userName}\r\nPASS ${app.password}\r\nPWD\r\nQUIT\r\n`)
    await once(socket, 'close')
    expect(text.match(/^\d{3} /gm)?.map(Number)).toEqual([220, 331, 230, 257, 221])
  })

  it('begin only where the login does, if that is asked for', async () => {
    const app = await startApp()
    app.ftp.splitReplies = 'from USER on'
    const wire = openWire(app)
    const pieces: string[] = []
    wire.socket.on('data', chunk => pieces.push(chunk.toString('utf8')))
    await wire.lines(1)
    wire.socket.write(`USER ${app.userName}\r\n`)
    await wire.lines(2)
    expect(pieces[0]).toBe('220 Microsoft FTP Service\r\n')
    expect(pieces.length).toBeGreaterThan(5)
  })

  it('have three bytes at most', async () => {
    const app = await startApp()
    const wire = await openLoggedInWire(app)
    app.ftp.splitReplies = true
    const pieces: number[] = []
    wire.socket.on('data', chunk => pieces.push(chunk.length))
    wire.socket.write('PWD\r\n')
    await wire.lines(4)
    // The system may put some of them together again on the way.
    expect(pieces.length).toBeGreaterThan(5)
  })
})
