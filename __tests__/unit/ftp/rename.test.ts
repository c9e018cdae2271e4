// A rename in one flight, and what becomes of one that goes wrong: looked up, and tried once more.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSite, type SiteOptions } from '../../../src/ftp/site.ts'
import { mutable, remotePath, type RemoteSite } from '../../../src/site.ts'
import {
  startLocalAppService,
  type LocalAppService,
  type LocalAppServiceOptions
} from '../../../tools/local-appservice/index.ts'
import { targetOf } from '../tools/lab.ts'

const FOLDER = mutable(remotePath('/site/wwwroot/antenv'))
const COPY = mutable(remotePath('/site/.azure-python-env/copy'))

let app: LocalAppService
let site: RemoteSite
beforeEach(() => open({ personality: 'unix' }))
afterEach(close)

async function open(server: LocalAppServiceOptions, options: Partial<SiteOptions> = {}): Promise<void> {
  app = await startLocalAppService(server)
  for (const path of [`${FOLDER}/pyvenv.cfg`, '/site/.azure-python-env/x']) {
    await mkdir(dirname(join(app.home, path)), { recursive: true })
    await writeFile(join(app.home, path), 'text')
  }
  const signal = new AbortController().signal
  site = await openSite(targetOf(app), { timeoutMs: 5000, signal, trace: () => undefined, connections: 2, ...options })
  app.ftp.clearTranscript()
}

async function close(): Promise<void> {
  site.close()
  await app.close()
}

async function reopen(server: LocalAppServiceOptions, options: Partial<SiteOptions> = {}): Promise<void> {
  await close()
  await open(server, options)
}

const there = (path: string): boolean => existsSync(join(app.home, path))
const isMoved = (): boolean => there(`${COPY}/pyvenv.cfg`) && !there(FOLDER)
/** The commands of renames, with the session that they came on. */
const sent = (): string =>
  app.ftp.transcript.flatMap(({ verb, session }) => (/^RN/.test(verb) ? `${verb}${session}` : [])).join(' ')
const rungs = (): readonly string[] => site.account().rungs.map(({ rung }) => rung)

type Trouble = { readonly cut: 'before' | 'after' } | { readonly reply: string } | { readonly delayMs: number }

function failing(verb: string, trouble: Trouble, times = 1): void {
  let seen = 0
  app.ftp.hook = ({ verb: asked }) => (asked === verb && ++seen <= times ? trouble : undefined)
}

describe('a rename', () => {
  it('is two commands and nothing else', async () => {
    await site.rename(FOLDER, COPY)
    expect([isMoved(), app.ftp.transcript.map(({ verb }) => verb), rungs()]).toEqual([true, ['RNFR', 'RNTO'], []])
    expect(site.account()).toMatchObject({ commands: 2, window: 2 })
  })

  it.each([
    ['server is distrusted', { personality: 'iis' }, {}],
    ['user does not want several at once', { personality: 'unix' }, { pipelining: false }]
  ] as const)('is one command after the other where the %s', async (_, server, options) => {
    await reopen(server, options)
    await site.rename(FOLDER, COPY)
    expect([isMoved(), sent()]).toEqual([true, 'RNFR1 RNTO1'])
    expect(site.account().window).toBe(0)
  })
})

describe('a rename in one flight that the server refuses', () => {
  it.each(['RNFR', 'RNTO'])('is tried once more, and that refusal is the error: %s', async verb => {
    failing(verb, { reply: '550 Access is denied.' }, 2)
    await expect(site.rename(FOLDER, COPY)).rejects.toMatchObject({ kind: 'refused', replyCode: 550 })
    expect(sent()).toBe(verb === 'RNFR' ? 'RNFR1 RNTO1 RNFR1' : 'RNFR1 RNTO1 RNFR1 RNTO1')
    expect([there(FOLDER), there(COPY), rungs()]).toEqual([
      true,
      false,
      [expect.stringMatching(/refused in one flight/)]
    ])
  })

  it.each(['RNFR', 'RNTO'])('is done by the second try where that one is not refused: %s', async verb => {
    failing(verb, { reply: '450 Not now.' })
    await site.rename(FOLDER, COPY)
    expect([isMoved(), sent()]).toEqual([true, 'RNFR1 RNTO1 RNFR1 RNTO1'])
  })

  it('leaves the next rename its flight, because a refusal is no oddity', async () => {
    failing('RNTO', { reply: '550 Access is denied.' }, 2)
    await expect(site.rename(FOLDER, COPY)).rejects.toMatchObject({ kind: 'refused' })
    app.ftp.clearTranscript()
    await site.rename(FOLDER, COPY)
    expect(app.ftp.transcript.map(({ verb }) => verb)).toEqual(['RNFR', 'RNTO'])
    expect(site.account().rungs.map(({ times }) => times)).toEqual([1])
  })
})

describe('a rename in one flight whose connection is lost', () => {
  it.each(['RNFR', 'RNTO'])('before it was carried out is made over a new one: %s', async verb => {
    failing(verb, { cut: 'before' })
    await site.rename(FOLDER, COPY)
    expect([isMoved(), sent()]).toEqual([true, `${verb === 'RNFR' ? 'RNFR1' : 'RNFR1 RNTO1'} RNFR2 RNTO2`])
  })

  it('after it was carried out is not made again', async () => {
    failing('RNTO', { cut: 'after' })
    await site.rename(FOLDER, COPY)
    expect([isMoved(), sent()]).toEqual([true, 'RNFR1 RNTO1'])
  })

  it.each(['RNFR', 'RNTO'])('twice is an error: %s', async verb => {
    failing(verb, { cut: 'before' }, 2)
    await expect(site.rename(FOLDER, COPY)).rejects.toMatchObject({ kind: 'lost' })
    expect([there(FOLDER), there(COPY)]).toEqual([true, false])
  })

  it.each(['RNFR', 'RNTO'])('by a 421 reply is made over a new one: %s', async verb => {
    failing(verb, { reply: '421 Timeout.' })
    await site.rename(FOLDER, COPY)
    expect([isMoved(), sent()]).toEqual([true, 'RNFR1 RNTO1 RNFR2 RNTO2'])
  })
})

describe('a rename in one flight whose replies do not fit', () => {
  const ODDITIES: readonly (readonly [string, string, Trouble])[] = [
    ['RNFR is not understood', 'RNFR', { reply: '500 What?' }],
    ['RNFR is done', 'RNFR', { reply: '250 Done.' }],
    ['RNTO comes too early', 'RNTO', { reply: '503 RNFR first.' }],
    ['RNTO waits for more', 'RNTO', { reply: '350 Go on.' }],
    ['RNTO is never answered', 'RNTO', { delayMs: 600_000 }]
  ]

  it.each(ODDITIES)('ends that connection, and is made one after the other: %s', async (_, verb, trouble) => {
    await reopen({ personality: 'unix' }, { timeoutMs: 500 })
    // Where a reply lies, the rename itself may have been made: here it was not.
    let seen = 0
    app.ftp.hook = ({ verb: asked, session }) => {
      if (session > 1) return undefined
      if (asked === verb && ++seen === 1) return trouble
      return asked === 'RNTO' ? { reply: '550 No.' } : undefined
    }
    await site.rename(FOLDER, COPY)
    expect([isMoved(), sent()]).toEqual([true, 'RNFR1 RNTO1 RNFR2 RNTO2'])
    expect(rungs()).toEqual([expect.stringMatching(/rename in one flight do not fit/)])
    // The lesson is paid for once.
    app.ftp.clearTranscript()
    await site.rename(COPY, FOLDER)
    expect(sent()).toBe('RNFR2 RNTO2')
  })

  it('is waited for no longer than 5 s, however long a command may take', { timeout: 20_000 }, async () => {
    await reopen({ personality: 'unix' }, { timeoutMs: 600_000 })
    failing('RNTO', { delayMs: 600_000 })
    await site.rename(FOLDER, COPY)
    expect([isMoved(), sent()]).toEqual([true, 'RNFR1 RNTO1 RNFR2 RNTO2'])
  })

  it('is done where it turns out to be, though the second try finds nothing to rename', async () => {
    await reopen({ personality: 'unix' }, { timeoutMs: 500 })
    const second = Promise.withResolvers<undefined>()
    app.ftp.hook = async ({ verb, session }) => {
      if (verb !== 'RNTO') return undefined
      if (session === 1) await second.promise
      else {
        second.resolve(undefined)
        while (there(FOLDER)) await new Promise(resolve => setImmediate(resolve))
      }
      return undefined
    }
    await site.rename(FOLDER, COPY)
    expect([isMoved(), sent()]).toEqual([true, 'RNFR1 RNTO1 RNFR2 RNTO2'])
  })

  it('ends with the run where that was told to stop', async () => {
    const stop = new AbortController()
    await reopen({ personality: 'unix' }, { signal: stop.signal })
    app.ftp.hook = ({ verb }) => {
      if (verb === 'RNTO') stop.abort()
      return verb === 'RNTO' ? { delayMs: 600_000 } : undefined
    }
    await expect(site.rename(FOLDER, COPY)).rejects.toMatchObject({ kind: 'interrupted' })
    expect(sent()).toBe('RNFR1 RNTO1')
  })
})
