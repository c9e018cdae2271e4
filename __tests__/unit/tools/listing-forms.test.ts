// Recursive listings, and listings on the control connection, in the forms of the servers that give them.
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from 'basic-ftp'
import { describe, expect, it } from 'vitest'
import type { LocalAppService, LocalAppServiceOptions } from '../../../tools/local-appservice/index.ts'
import { logIn, put, rawList, replyTo, startApp } from './lab.ts'

async function startTree(options: LocalAppServiceOptions): Promise<{ app: LocalAppService; client: Client }> {
  const app = await startApp(options)
  await put(app, 'site/t/a/b/c.txt')
  await put(app, 'site/t/.dot')
  await mkdir(join(app.home, 'site/t/empty'))
  await mkdir(join(app.home, 'site/t/lib'))
  await symlink('lib', join(app.home, 'site/t/lib64'))
  return { app, client: await logIn(app) }
}

/** A listing without what stands before the names. */
async function recursive(client: Client, path = '/site/t'): Promise<readonly string[]> {
  client.availableListCommands = ['LIST -Ra']
  const lines = (await rawList(client, path)).split('\r\n')
  return lines.map(line => line.replace(/^([dl-])[-rwx]{9} .* \d\d:\d\d /, '$1 ')).slice(0, -1)
}

const ROOT_ENTRIES = ['d .', 'd ..', '- .dot', 'd a', 'd empty', 'd lib', 'l lib64 -> lib']
const BELOW = [
  ...['', '/site/t/a:', 'd .', 'd ..', 'd b'],
  ...['', '/site/t/a/b:', 'd .', 'd ..', '- c.txt'],
  ...['', '/site/t/empty:', 'd .', 'd ..'],
  ...['', '/site/t/lib:', 'd .', 'd ..']
]

describe('a recursive listing', () => {
  it('has a header above every folder on vsftpd, and above all but the first on ProFTPD', async () => {
    const unix = await startTree({ personality: 'unix', recursiveListings: true })
    expect(await recursive(unix.client)).toEqual(['/site/t:', ...ROOT_ENTRIES, ...BELOW])
    const mlsd = await startTree({ personality: 'mlsd', recursiveListings: true })
    expect(await recursive(mlsd.client)).toEqual([...ROOT_ENTRIES, ...BELOW])
  })

  it('is switched on and off while the server runs, and IIS takes its option for a name', async () => {
    const { app, client } = await startTree({ personality: 'unix' })
    expect(await recursive(client)).toEqual(ROOT_ENTRIES)
    app.ftp.listings = { recursive: {} }
    expect(await recursive(client)).toHaveLength(1 + ROOT_ENTRIES.length + BELOW.length)
    app.ftp.listings = { recursive: { ignored: true } }
    expect(await recursive(client)).toEqual(ROOT_ENTRIES)
    const iis = await startTree({})
    iis.app.ftp.listings = { recursive: {} }
    await expect(recursive(iis.client)).rejects.toThrow('550')
  })

  it('ends early without a word', async () => {
    const { app, client } = await startTree({ personality: 'unix' })
    app.ftp.listings = { recursive: { cutAfter: 10 } }
    expect(await recursive(client)).toEqual(['/site/t:', ...ROOT_ENTRIES, ...BELOW].slice(0, 10))
    expect(app.ftp.transcript.at(-1)?.reply).toMatch(/^226 /)
    expect(app.ftp.misbehaved.cutAfter).toBe(1)
  })

  it('of a missing folder is empty or refused, and vsftpd heads it with the folder above', async () => {
    const unix = await startTree({ personality: 'unix', recursiveListings: true })
    expect(await recursive(unix.client, '/site/missing')).toEqual(['/site:'])
    const mlsd = await startTree({ personality: 'mlsd', recursiveListings: true })
    await expect(recursive(mlsd.client, '/site/missing')).rejects.toThrow('450')
  })

  it('leaves out links to the folder itself and the one above, on ProFTPD alone, and MLSD has them', async () => {
    for (const personality of ['unix', 'mlsd'] as const) {
      const { app, client } = await startTree({ personality, recursiveListings: true })
      for (const [name, target] of Object.entries({ self: '.', up: '..', round: '../t' })) {
        await symlink(target, join(app.home, 'site/t/empty', name))
      }
      const links = ['l round -> ../t', ...(personality === 'unix' ? ['l self -> .', 'l up -> ..'] : [])]
      expect((await recursive(client)).filter(line => /^l (self|up|round)/.test(line))).toEqual(links)
      client.availableListCommands = ['MLSD']
      if (personality === 'mlsd') expect(await client.list('/site/t/empty')).toHaveLength(3)
    }
  })

  it('follows links where it is told to, and one that leads to its own folder until the system has had enough', async () => {
    const { app, client } = await startTree({ personality: 'unix' })
    app.ftp.listings = { recursive: { followLinks: true } }
    const text = (await recursive(client)).join('\n')
    expect(text).toContain('d lib64')
    expect(text).toContain('\n/site/t/lib64:\n')
    await symlink('.', join(app.home, 'site/t/empty/loop'))
    const headers = (await recursive(client)).filter(line => line.endsWith('/loop:'))
    expect(headers).toContain('/site/t/empty/loop/loop:')
    expect(headers.length).toBeGreaterThan(30)
    expect(headers.length).toBeLessThan(64)
  })
})

/** The reply to a command without what stands before the names. */
async function status(client: Client, command: string): Promise<readonly string[]> {
  return (await replyTo(client, command))
    .split('\n')
    .map(line => line.replace(/^( ?[dl-])[-rwx]{9} .* \d\d:\d\d /, '$1 '))
}

describe('STAT with a path', () => {
  it.each(['STAT', 'STAT -a'])('lists everything, as vsftpd and ProFTPD do: %s', async command => {
    const unix = await startTree({ personality: 'unix' })
    const served = ['213-Status follows:', ...ROOT_ENTRIES, '213 End of status']
    expect(await status(unix.client, `${command} /site/t`)).toEqual(served)
    const mlsd = await startTree({ personality: 'mlsd' })
    const indented = ROOT_ENTRIES.map(line => ` ${line}`)
    const folder = ['212-Status of /site/t:', ...indented, '212 End of status']
    expect(await status(mlsd.client, `${command} /site/t`)).toEqual(folder)
    const file = ['213-Status of /site/t/.dot:', ' - /site/t/.dot', '213 End of status']
    expect(await status(mlsd.client, `${command} /site/t/.dot`)).toEqual(file)
  })

  it.each(['STAT', 'STAT -a'])('of a missing folder is empty on vsftpd and refused by ProFTPD: %s', async command => {
    const unix = await startTree({ personality: 'unix' })
    expect(await replyTo(unix.client, `${command} /missing`)).toBe('213-Status follows:\n213 End of status')
    const mlsd = await startTree({ personality: 'mlsd' })
    expect(await replyTo(mlsd.client, `${command} /missing`)).toMatch(/^450 /)
    mlsd.app.ftp.listings = { missing: 'empty' }
    expect(await status(mlsd.client, `${command} /missing`)).toEqual(['212-Status of /missing:', '212 End of status'])
  })

  it.each(['iis', 'unix', 'mlsd'] as const)('is served, refused or misunderstood, as told: %s', async personality => {
    const { app, client } = await startTree({ personality })
    app.ftp.listings = { stat: 'served' }
    expect(await replyTo(client, 'STAT -a /site/t')).toMatch(/^21[23]-[^]*lib64[^]*\n21[23] End of status$/)
    app.ftp.listings = { stat: 'refused' }
    expect(await replyTo(client, 'STAT -a /site/t')).toMatch(/^502 /)
    app.ftp.listings = { stat: 'status' }
    expect(await replyTo(client, 'STAT -a /site/t')).toMatch(/^211-[^]*Logged in as [^]*\n211 End of status$/)
  })

  it('is refused by IIS unless it is told otherwise', async () => {
    const { client } = await startTree({})
    expect(await replyTo(client, 'STAT /site/t')).toMatch(/^502 /)
  })
})
