// Lost connections over a real server: what is done once more, and what is looked at before.
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSite } from '../../../src/ftp/site.ts'
import { mutable, remotePath, type MutablePath, type RemoteSite } from '../../../src/site.ts'
import { startLocalAppService, type LocalAppService } from '../../../tools/local-appservice/index.ts'
import { targetOf } from '../tools/lab.ts'

let app: LocalAppService
let site: RemoteSite
beforeEach(async () => {
  app = await startLocalAppService()
  await put('site/wwwroot/antenv/pyvenv.cfg')
  await put('site/.azure-python-env/x')
  site = await openSite(targetOf(app), {
    timeoutMs: 5000,
    signal: new AbortController().signal,
    trace: () => undefined,
    connections: 2
  })
})
afterEach(async () => {
  site.close()
  await app.close()
})

async function put(path: string): Promise<void> {
  await mkdir(dirname(join(app.home, path)), { recursive: true })
  await writeFile(join(app.home, path), 'text')
}

const at = (path: string): MutablePath => mutable(remotePath(path))
const FOLDER = at('/site/wwwroot/antenv')
const FILE = at('/site/wwwroot/antenv/pyvenv.cfg')
const COPY = at('/site/.azure-python-env/copy')
const TEXT = 'späte Größe\n'
const there = (path: string): boolean => existsSync(join(app.home, path))

type Trouble = { readonly cut: 'before' | 'after' } | { readonly reply: string }

/** Lets a verb fail so many times, and gives how often it was sent. */
function failing(verb: string, trouble: Trouble, times = 1): () => number {
  let sent = 0
  app.ftp.hook = ({ verb: asked }) => (asked === verb && ++sent <= times ? trouble : undefined)
  return () => sent
}

interface Change {
  readonly name: string
  readonly verb: string
  readonly make: () => Promise<void>
  readonly done: () => boolean
}

const CHANGES: readonly Change[] = [
  {
    name: 'a rename',
    verb: 'RNTO',
    make: () => site.rename(FOLDER, COPY),
    done: () => there(`${COPY}/pyvenv.cfg`) && !there(FOLDER)
  },
  { name: 'the first half of a rename', verb: 'RNFR', make: () => site.rename(FOLDER, COPY), done: () => there(COPY) },
  { name: 'a deletion', verb: 'DELE', make: () => site.removeFile(FILE), done: () => !there(FILE) },
  {
    name: 'the removal of a folder',
    verb: 'RMD',
    make: () => site.removeDirectory(at('/site/wwwroot/empty')),
    done: () => !there('/site/wwwroot/empty')
  },
  { name: 'the making of a folder', verb: 'MKD', make: () => site.makeDirectory(COPY), done: () => there(COPY) },
  {
    name: 'a file that is written',
    verb: 'STOR',
    make: () => site.writeText(COPY, TEXT),
    done: () => there(COPY) && readFileSync(join(app.home, COPY), 'utf8') === TEXT
  }
]

describe('a change whose connection is lost', () => {
  beforeEach(() => mkdir(join(app.home, 'site/wwwroot/empty')))

  it.each(CHANGES)('before it was carried out is made over a new connection: $name', async ({ verb, make, done }) => {
    const sent = failing(verb, { cut: 'before' })
    await make()
    expect([done(), sent()]).toEqual([true, 2])
  })

  it.each(CHANGES.filter(({ verb }) => verb !== 'RNFR' && verb !== 'STOR'))(
    'after it was carried out is not made again: $name',
    async ({ verb, make, done }) => {
      const sent = failing(verb, { cut: 'after' })
      await make()
      expect([done(), sent()]).toEqual([true, 1])
    }
  )

  it('after it was carried out is made again, because it may be half of it: a file that is written', async () => {
    const sent = failing('STOR', { cut: 'after' })
    await site.writeText(COPY, TEXT)
    expect([readFileSync(join(app.home, COPY), 'utf8'), sent()]).toEqual([TEXT, 2])
  })

  it.each(CHANGES)('by a 421 reply is made over a new connection: $name', async ({ verb, make, done }) => {
    const sent = failing(verb, { reply: '421 Timeout.' })
    await make()
    expect([done(), sent()]).toEqual([true, 2])
  })

  it.each(CHANGES)('twice is an error: $name', async ({ verb, make, done }) => {
    const sent = failing(verb, { cut: 'before' }, 2)
    await expect(make()).rejects.toMatchObject({ kind: 'lost' })
    expect([done(), sent()]).toEqual([false, 2])
  })

  it.each(CHANGES)(
    'is not mistaken for one that is refused, which is never repeated: $name',
    async ({ verb, make, done }) => {
      const sent = failing(verb, { reply: '550 Access is denied.' })
      await expect(make()).rejects.toMatchObject({ kind: 'refused', replyCode: 550 })
      expect([done(), sent()]).toEqual([false, 1])
    }
  )
})

describe('a look whose connection is lost', () => {
  const LOOKS: readonly (readonly [string, string, () => Promise<unknown>])[] = [
    ['a listing', 'LIST', async () => (await site.list(FOLDER)).map(({ name }) => name)],
    ['a reading', 'RETR', () => site.readText(FILE, 100)]
  ]
  it.each(LOOKS)('is done once more over a new connection: %s', async (_, verb, look) => {
    const before = await look()
    const sent = failing(verb, { cut: 'before' })
    expect([await look(), sent()]).toEqual([before, 2])
  })

  it.each(LOOKS)('twice is an error: %s', async (_, verb, look) => {
    const sent = failing(verb, { cut: 'before' }, 2)
    await expect(look()).rejects.toMatchObject({ kind: 'lost' })
    expect(sent()).toBe(2)
  })

  it.each(
    LOOKS.flatMap(([name, verb, look]) =>
      ['421 Timeout.', '425 No data connection.', '426 Aborted.'].map(reply => [name, reply, verb, look] as const)
    )
  )('or answered as if it were: %s, %s', async (_, reply, verb, look) => {
    const before = await look()
    const sessions = new Set<number>()
    let sent = 0
    app.ftp.hook = ({ verb: asked, session }) => {
      if (asked !== verb) return undefined
      sessions.add(session)
      return ++sent === 1 ? { reply } : undefined
    }
    expect([await look(), sent, sessions.size]).toEqual([before, 2, 2])
  })

  it('is an error of its own where the server refuses it', async () => {
    // Only the first listing of a connection tries several forms of the command.
    await site.list(FOLDER)
    const sent = failing('LIST', { reply: '550 Access is denied.' })
    await expect(site.list(FOLDER)).rejects.toMatchObject({ kind: 'refused', replyCode: 550 })
    expect(sent()).toBe(1)
  })
})

it('a site that was closed opens no further connection', async () => {
  await site.list(FOLDER)
  site.close()
  let commands = 0
  app.ftp.hook = () => (commands++, undefined)
  await expect(site.list(FOLDER)).rejects.toMatchObject({ kind: 'interrupted' })
  expect(commands).toBe(0)
})

it('a sweep goes on over a new connection where one is lost, and leaves no command behind it', async () => {
  for (let file = 0; file < 40; file++) await put(`site/.azure-python-env/copy/f${file % 4}/x${file}`)
  let lost = false
  app.ftp.hook = ({ verb, count }) =>
    verb === 'DELE' && count > 20 && !lost ? ((lost = true), { cut: 'before' }) : undefined
  expect(await site.sweep(COPY)).toMatchObject({ files: 40, directories: 5, refused: [], unfinished: false })
  expect([lost, there(COPY)]).toEqual([true, false])
  const commands = app.ftp.commandsAfterLogin()
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(app.ftp.commandsAfterLogin()).toBe(commands)
  expect(site.account()).toMatchObject({ reconnects: 1 })
})
