import { mkdir, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Client } from 'basic-ftp'
import type { LocalAppService, LocalAppServiceOptions } from '../../../tools/local-appservice/index.ts'
import { logIn, put, rawList, replyTo, startApp } from './lab.ts'

const FEATURES = 'MLST type*;size*;modify*;unique*;UNIX.mode*;'

async function start(links?: LocalAppServiceOptions['links']): Promise<{ app: LocalAppService; client: Client }> {
  const app = await startApp({ personality: 'mlsd', links })
  return { app, client: await logIn(app) }
}

/** The lines of a listing without `unique`, which no test can know. */
async function lines(client: Client, path: string): Promise<readonly string[]> {
  const text = await rawList(client, path)
  return text
    .replaceAll(/unique=\w+;/g, '')
    .split('\r\n')
    .slice(0, -1)
}

const uniqueOf = (text: string, name: string): string | undefined =>
  text
    .split('\r\n')
    .find(line => line.endsWith(`; ${name}`))
    ?.match(/unique=(\w+);/)?.[1]

describe('MLSD', () => {
  it('is promised by the features and chosen by clients', async () => {
    const { client } = await start()
    expect(await replyTo(client, 'FEAT')).toContain(` ${FEATURES}\n`)
    expect(client.availableListCommands[0]).toBe('MLSD')
    expect(await replyTo(client, 'OPTS MLST type;modify;')).toBe('200 MLST OPTS type;size;modify;unique;UNIX.mode;')
  })

  it('lists the folder, the one above and all entries, in UTC, with one blank before the name', async () => {
    const { app, client } = await start()
    const time = new Date('2021-03-10T23:12:59Z')
    await utimes(await put(app, 'site/wwwroot/.ostype', '12345'), time, time)
    await put(app, 'site/wwwroot/ b ')
    await mkdir(join(app.home, 'site/wwwroot/env'))
    const [here, above, ...entries] = await lines(client, '/site/wwwroot')
    expect(here).toMatch(/^type=cdir;modify=\d{14};UNIX\.mode=0755; \.$/)
    expect(above).toMatch(/^type=pdir;modify=\d{14};UNIX\.mode=0755; \.\.$/)
    expect(entries).toEqual([
      expect.stringMatching(/^type=file;size=4;modify=\d{14};UNIX\.mode=0644; {2}b $/),
      'type=file;size=5;modify=20210310231259;UNIX.mode=0644; .ostype',
      expect.stringMatching(/^type=dir;modify=\d{14};UNIX\.mode=0755; env$/)
    ])
  })

  it.each([
    ['directory', 'type=dir;'],
    ['link', 'type=OS.unix=symlink;'],
    ['slink', 'type=OS.unix=slink:lib;']
  ] as const)('shows a link as "%s", under the number of what it points to', async (links, type) => {
    const { app, client } = await start(links)
    await mkdir(join(app.home, 'site/wwwroot/lib'))
    await mkdir(join(app.home, 'site/wwwroot/other'))
    await symlink('lib', join(app.home, 'site/wwwroot/lib64'))
    const text = await rawList(client, '/site/wwwroot')
    expect(text.split('\r\n').find(line => line.endsWith(' lib64'))).toContain(type)
    expect(uniqueOf(text, 'lib64')).toBe(uniqueOf(text, 'lib'))
    expect(uniqueOf(text, 'other')).not.toBe(uniqueOf(text, 'lib'))
    expect(uniqueOf(await rawList(client, '/site/wwwroot/lib64'), '.')).toBe(uniqueOf(text, 'lib'))
  })

  it('shows links as links in LIST whatever MLSD does', async () => {
    const { app, client } = await start('directory')
    await mkdir(join(app.home, 'site/wwwroot/lib'))
    await symlink('lib', join(app.home, 'site/wwwroot/lib64'))
    client.availableListCommands = ['LIST']
    expect(await rawList(client, '/site/wwwroot')).toMatch(/\r\nlrwxrwxrwx .* lib64 -> lib\r\n$/)
  })

  it('refuses a file and what is not there; LIST and STAT have a code of their own for the latter', async () => {
    const { app, client } = await start()
    await put(app, 'site/wwwroot/file')
    client.availableListCommands = ['MLSD']
    await expect(rawList(client, '/site/wwwroot/file')).rejects.toThrow('550')
    await expect(rawList(client, '/site/missing')).rejects.toThrow('550 No such file or directory')
    client.availableListCommands = ['LIST']
    await expect(rawList(client, '/site/missing')).rejects.toThrow('450 No such file or directory')
    expect(await replyTo(client, 'STAT /site/missing')).toMatch(/^450/)
  })

  it('is unknown to the other servers', async () => {
    for (const personality of ['iis', 'unix'] as const) {
      const client = await logIn(await startApp({ personality }))
      expect(client.availableListCommands).toEqual(['LIST -a', 'LIST'])
      expect(await replyTo(client, 'MLSD /site')).toMatch(/^500/)
      expect(await replyTo(client, 'MLST /site')).toMatch(/^500/)
      expect(await replyTo(client, 'OPTS MLST type;')).toMatch(/^501/)
    }
  })
})

describe('MLST', () => {
  it('describes one file, one folder, or the root, on the control connection', async () => {
    const { app, client } = await start('slink')
    await put(app, 'site/wwwroot/a b', '12345')
    await symlink('a b', join(app.home, 'site/wwwroot/link'))
    expect(await replyTo(client, 'MLST /site/wwwroot/a b')).toMatch(
      /^250-[^\n]*\n type=file;size=5;[^ ]* \/site\/wwwroot\/a b\n250 End of list$/
    )
    expect(await replyTo(client, 'MLST /site/wwwroot')).toMatch(/\n type=dir;[^ ]* \/site\/wwwroot\n/)
    expect(await replyTo(client, 'MLST')).toMatch(/\n type=dir;[^ ]* \/\n/)
    expect(await replyTo(client, 'MLST /site/wwwroot/link')).toMatch(/\n type=OS\.unix=slink:a b;/)
    expect(await replyTo(client, 'MLST /site/missing')).toMatch(/^550/)
  })
})

describe('the words of ProFTPD', () => {
  it('name the cause of a refusal, and a link to a folder is no folder to RMD', async () => {
    const { app, client } = await start()
    await put(app, 'site/wwwroot/env/file')
    await symlink('env', join(app.home, 'site/wwwroot/link'))
    expect(await replyTo(client, 'DELE /site/wwwroot/env')).toBe('550 Operation not permitted')
    expect(await replyTo(client, 'RMD /site/wwwroot/env')).toBe('550 Directory not empty')
    expect(await replyTo(client, 'RMD /site/wwwroot/link')).toBe('550 Not a directory')
    expect(await replyTo(client, 'DELE /site/wwwroot/link')).toBe('250 DELE command successful')
    expect(await replyTo(client, 'DELE /site/wwwroot/link')).toBe('550 No such file or directory')
  })
})
