// Which command lists a folder, over a real server that does not keep what it promises.
import { describe, expect, it } from 'vitest'
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { listDirectory, listWithAll, type ListChoice } from '../../../src/ftp/list-command.ts'
import { remotePath } from '../../../src/site.ts'
import type { LocalAppService, LocalAppServiceOptions } from '../../../tools/local-appservice/index.ts'
import { logIn, put, startApp } from '../tools/lab.ts'

const NO_COMMAND = '500 Command not understood'

interface Lister {
  readonly app: LocalAppService
  readonly choice: ListChoice
  /** Lists, and gives the names and the verbs with their options. */
  readonly list: (path: string) => Promise<{ readonly names: readonly string[]; readonly sent: readonly string[] }>
}

/** What the last listing was asked for with: the verbs with their options. */
let sent: readonly string[] = []

async function lister(options: LocalAppServiceOptions): Promise<Lister> {
  const app = await startApp(options)
  await put(app, 'site/wwwroot/.dot')
  await put(app, 'site/wwwroot/app.py')
  await mkdir(join(app.home, 'site/empty'))
  const client = await logIn(app)
  const commands = client.availableListCommands
  const choice: ListChoice = { command: undefined }
  const record = (path: string): void => {
    sent = app.ftp.transcript.flatMap(({ verb, argument }) =>
      /^(LIST|MLSD)$/.test(verb) ? `${verb} ${argument}`.replace(path, '').trim() : []
    )
  }
  return {
    app,
    choice,
    async list(path) {
      app.ftp.clearTranscript()
      const entries = await listDirectory(client, commands, choice, remotePath(path)).finally(() => {
        record(path)
      })
      return { names: entries.map(({ name }) => name).sort(), sent }
    }
  }
}

const WWWROOT = ['.dot', 'app.py']

describe('a folder', () => {
  it.each<[LocalAppServiceOptions, string]>([
    [{ personality: 'iis' }, 'LIST -a'],
    [{ personality: 'unix' }, 'LIST -a'],
    [{ personality: 'mlsd' }, 'MLSD']
  ])('is listed by one command on a server of its kind: %o', async (options, command) => {
    const { list } = await lister(options)
    expect(await list('/site/wwwroot')).toEqual({ names: WWWROOT, sent: [command] })
    expect(await list('/site/empty')).toEqual({ names: [], sent: [command] })
  })

  it.each(['500 no', '502 no', '504 no', '550 no'])(
    'is listed by LIST where MLSD is answered with %j, and from then on at once',
    async reply => {
      const { app, list } = await lister({ personality: 'mlsd' })
      app.ftp.hook = ({ verb }) => (verb === 'MLSD' ? { reply } : undefined)
      expect(await list('/site/wwwroot')).toEqual({ names: WWWROOT, sent: ['MLSD', 'LIST -a'] })
      expect(await list('/site/wwwroot')).toEqual({ names: WWWROOT, sent: ['LIST -a'] })
    }
  )

  it('is listed by LIST where FEAT is refused', async () => {
    const options = { personality: 'mlsd' } as const
    const { app } = await lister(options)
    app.ftp.hook = ({ verb }) => (verb === 'FEAT' ? { reply: NO_COMMAND } : undefined)
    const client = await logIn(app)
    expect(client.availableListCommands).toEqual(['LIST -a', 'LIST'])
  })
})

describe('an empty answer, or one that is no listing,', () => {
  it.each([
    ['unix', 'refused'],
    ['unix', 'empty'],
    ['iis', 'refused'],
    ['iis', 'empty'],
    ['unix', 'said']
  ] as const)(
    'to a command whose option is taken for a name is never believed: %s, a missing folder is %s',
    async (personality, missing) => {
      const { app, choice, list } = await lister({ personality })
      app.ftp.listings = { optionsAreNames: true, missing }
      const names = personality === 'iis' ? WWWROOT : ['app.py']
      expect(await list('/site/wwwroot')).toEqual({ names, sent: ['LIST -a', 'LIST'] })
      expect(choice.command).toBe('LIST')
      expect((await list('/site/wwwroot')).sent).toEqual(['LIST'])
    }
  )

  it('to a promise of MLSD that is not kept is not believed either', async () => {
    const { app, list } = await lister({ personality: 'mlsd' })
    app.ftp.listings = { mute: ['MLSD'] }
    expect(await list('/site/wwwroot')).toEqual({ names: WWWROOT, sent: ['MLSD', 'LIST -a'] })
    expect((await list('/site/wwwroot')).sent).toEqual(['LIST -a'])
  })

  it('is what counts where every command gives it, or is refused before', async () => {
    const { app, list } = await lister({ personality: 'mlsd' })
    app.ftp.listings = { mute: ['MLSD', 'LIST'] }
    expect(await list('/site/wwwroot')).toEqual({ names: [], sent: ['MLSD', 'LIST -a', 'LIST'] })
    app.ftp.hook = ({ verb }) => (verb === 'MLSD' ? { reply: NO_COMMAND } : undefined)
    expect(await list('/site/wwwroot')).toEqual({ names: [], sent: ['MLSD', 'LIST -a', 'LIST'] })
  })

  it('settles nothing as long as no command has shown anything', async () => {
    const { choice, list } = await lister({ personality: 'iis' })
    expect(await list('/site/empty')).toEqual({ names: [], sent: ['LIST -a', 'LIST'] })
    expect(choice.command).toBeUndefined()
    expect(await list('/site/wwwroot')).toEqual({ names: WWWROOT, sent: ['LIST -a'] })
    expect(await list('/site/empty')).toEqual({ names: [], sent: ['LIST -a'] })
  })

  it('is what a folder with nothing but itself in it is not', async () => {
    const { list } = await lister({ personality: 'unix' })
    expect(await list('/site/empty')).toEqual({ names: [], sent: ['LIST -a'] })
  })
})

describe('a refusal', () => {
  it('is the answer where the last command is refused', async () => {
    const { choice, list } = await lister({ personality: 'iis' })
    await expect(list('/site/missing')).rejects.toMatchObject({ code: 550 })
    expect([sent, choice.command]).toEqual([['LIST -a', 'LIST'], undefined])
  })

  it('is final once a command has shown something', async () => {
    const { list } = await lister({ personality: 'mlsd' })
    await list('/site/wwwroot')
    await expect(list('/site/missing')).rejects.toMatchObject({ code: 550 })
    expect(sent).toEqual(['MLSD'])
  })

  it('for the moment does not give up the command that shows dot files', async () => {
    const { app, list } = await lister({ personality: 'unix' })
    let asked = 0
    app.ftp.hook = ({ verb }) => (verb === 'LIST' && ++asked === 1 ? { reply: '450 Busy.' } : undefined)
    expect(await list('/site/wwwroot')).toEqual({ names: ['app.py'], sent: ['LIST -a', 'LIST'] })
    expect(await list('/site/wwwroot')).toEqual({ names: WWWROOT, sent: ['LIST -a'] })
  })

  it.each(['421 Timeout.', '425 No data connection.', '426 Aborted.'])(
    'that ends the session, or its transfers, is not followed by another command: %s',
    async reply => {
      const { app, list } = await lister({ personality: 'unix' })
      app.ftp.hook = ({ verb }) => (verb === 'LIST' ? { reply } : undefined)
      await expect(list('/site/wwwroot')).rejects.toMatchObject({ code: Number(reply.slice(0, 3)) })
      expect(sent).toEqual(['LIST -a'])
    }
  )
})

describe('all commands together', () => {
  it.skipIf(process.platform === 'win32')('tell a link from the folder that one of them shows', async () => {
    const app = await startApp({ personality: 'mlsd', links: 'directory' })
    await put(app, 'site/target/file')
    await symlink('../target', join(app.home, 'site/wwwroot/link'))
    const client = await logIn(app)
    const commands = client.availableListCommands
    const entries = await listWithAll(client, commands, remotePath('/site/wwwroot'))
    expect((await listDirectory(client, commands, { command: 'MLSD' }, remotePath('/site/wwwroot')))[0]?.kind).toBe(
      'directory'
    )
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([['link', 'link']])
  })

  it('are an error only where each of them is refused', async () => {
    const app = await startApp({ personality: 'mlsd' })
    await put(app, 'site/wwwroot/app.py')
    const client = await logIn(app)
    const refuse = (verbs: RegExp): void => {
      app.ftp.hook = ({ verb }) => (verbs.test(verb) ? { reply: NO_COMMAND } : undefined)
    }
    refuse(/^MLSD$/)
    const path = remotePath('/site/wwwroot')
    expect(await listWithAll(client, client.availableListCommands, path)).toMatchObject([{ name: 'app.py' }])
    refuse(/^(MLSD|LIST)$/)
    await expect(listWithAll(client, ['MLSD', 'LIST -a', 'LIST'], path)).rejects.toThrow()
  })
})
