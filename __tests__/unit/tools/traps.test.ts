// The ways in which the local server can be told to mislead: each one does what its name says, and nothing else.
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDeafPort } from '../../../tools/local-appservice/deaf-port.ts'
import type { ListingTraps } from '../../../tools/local-appservice/ftp-server-options.ts'
import type { LocalAppServiceOptions } from '../../../tools/local-appservice/index.ts'
import { logIn, put, rawList, replyTo, startApp } from './lab.ts'

type Personality = NonNullable<LocalAppServiceOptions['personality']>

/** What a command answers about wwwroot, or about another folder. */
async function listed(
  personality: Personality,
  traps: ListingTraps,
  command: string,
  path = '/site/wwwroot'
): Promise<string> {
  const app = await startApp({ personality })
  app.ftp.listings = traps
  await put(app, 'site/wwwroot/.dot')
  await put(app, 'site/wwwroot/caf\u00E9')
  await mkdir(join(app.home, 'site/wwwroot/a'))
  const client = await logIn(app)
  client.availableListCommands = [command]
  return rawList(client, path)
}

describe('listings', () => {
  it.each([
    ['iis', 'LIST -a'],
    ['unix', 'LIST -a'],
    ['mlsd', 'LIST -a'],
    ['mlsd', 'MLSD']
  ] as const)('hide dot files, and those only: %s, %s', async (personality, command) => {
    expect(await listed(personality, {}, command)).toContain('.dot')
    const text = await listed(personality, { hideDots: true }, command)
    expect(text).not.toContain('.dot')
    expect(text).toContain('caf\u00E9')
  })

  it.each([
    ['iis', 'LIST'],
    ['unix', 'LIST'],
    ['mlsd', 'LIST'],
    ['mlsd', 'MLSD']
  ] as const)('of a missing folder are refused or empty, as told: %s, %s', async (personality, command) => {
    const missing = '/site/missing'
    await expect(listed(personality, { missing: 'refused' }, command, missing)).rejects.toThrow(/^(450|550) /)
    expect(await listed(personality, { missing: 'empty' }, command, missing)).toBe('')
    expect(await listed(personality, { missing: 'said' }, command, missing)).toBe('ls: No such file or directory\r\n')
  })

  it('of a missing folder are empty on the control connection too', async () => {
    const app = await startApp({ personality: 'unix' })
    const client = await logIn(app)
    expect(await replyTo(client, 'STAT /site/missing')).toBe('213-Status follows:\n213 End of status')
    app.ftp.listings = { missing: 'refused' }
    expect(await replyTo(client, 'STAT /site/missing')).toMatch(/^550/)
  })

  it('are empty for the verbs that are mute', async () => {
    expect(await listed('mlsd', { mute: ['MLSD'] }, 'MLSD')).toBe('')
    expect(await listed('mlsd', { mute: ['MLSD'] }, 'LIST')).not.toBe('')
  })

  it('look for a name with the options in it', async () => {
    await expect(listed('iis', { optionsAreNames: true }, 'LIST -a')).rejects.toThrow('550')
    expect(await listed('unix', { optionsAreNames: true }, 'LIST -a')).toBe('')
    expect(await listed('unix', { optionsAreNames: true }, 'LIST')).toContain('caf\u00E9')
  })

  it('take the last name for a pattern', async () => {
    const app = await startApp({ personality: 'unix' })
    app.ftp.listings = { globs: true }
    await put(app, 'site/wwwroot/a/in-a')
    await put(app, 'site/wwwroot/[ab]/in-brackets')
    const client = await logIn(app)
    expect(await rawList(client, '/site/wwwroot/[ab]')).toContain('in-a')
    expect(await rawList(client, '/site/wwwroot/[cd]')).not.toContain('in-brackets')
    app.ftp.listings = {}
    expect(await rawList(client, '/site/wwwroot/[ab]')).toContain('in-brackets')
  })

  it('begin with a total, in the UNIX style', async () => {
    expect(await listed('unix', { totals: true }, 'LIST')).toMatch(/^total \d+\r\n/)
    expect(await listed('iis', { totals: true }, 'LIST')).not.toContain('total')
  })

  it('end their lines as told', async () => {
    expect(await listed('iis', { lineEnd: '\n' }, 'LIST')).toMatch(/^[^\r]*\n$/)
    expect(await listed('iis', { unfinished: true }, 'LIST')).toMatch(/\r\n.*caf\u00E9$/)
  })

  it('have names in another encoding', async () => {
    expect(await listed('unix', { encoding: 'latin1' }, 'LIST')).toMatch(/caf\uFFFD\r\n/)
  })
})

describe('passive mode', () => {
  it('names another address with the right port', async () => {
    const app = await startApp()
    app.ftp.passive = { address: '10,0,0,5' }
    const reply = await replyTo(await logIn(app), 'PASV')
    const [, high, low] = /^227 [^(]*\(10,0,0,5,(\d+),(\d+)\)/.exec(reply) ?? []
    const socket = connect(Number(high) * 256 + Number(low), '127.0.0.1')
    onTestFinished(() => {
      socket.destroy()
    })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  })

  it('announces a port that refuses, for the verbs that are told so', async () => {
    const app = await startApp()
    app.ftp.passive = { blocked: { EPSV: 'refused' } }
    const client = await logIn(app)
    const port = /\|\|\|(\d+)\|/.exec(await replyTo(client, 'EPSV'))?.[1]
    const socket = connect(Number(port), '127.0.0.1')
    await expect(new Promise((resolve, reject) => socket.on('connect', resolve).on('error', reject))).rejects.toThrow(
      'ECONNREFUSED'
    )
    expect(await replyTo(client, 'LIST')).toMatch(/^425/)
    expect(await replyTo(client, 'PASV')).toMatch(/^227/)
  })

  // Windows refuses where other systems drop.
  it.skipIf(process.platform === 'win32')('has a port that neither takes nor refuses a connection', async () => {
    const deaf = await openDeafPort()
    const socket = connect(deaf.port, '127.0.0.1')
    socket.setTimeout(300)
    expect(
      await Promise.race(['connect', 'error', 'timeout'].map(event => once(socket, event).then(() => event)))
    ).toBe('timeout')
    expect(socket.connecting).toBe(true)
    socket.destroy()
    await deaf.close()
  })
})
