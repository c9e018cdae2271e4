import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { download, logIn, put, rawList, replyTo, startApp } from './lab.ts'

const MODES = [
  ['plain text', false],
  ['explicit TLS', true],
  ['implicit TLS', 'implicit']
] as const

describe.each(MODES)('the FTP server over %s', (_name, secure) => {
  it('uploads, lists, downloads, renames and deletes', async () => {
    const app = await startApp()
    const client = await logIn(app, secure)
    await client.uploadFrom(Readable.from(['hello']), '/site/wwwroot/a b é.txt')
    expect(await readFile(join(app.home, 'site/wwwroot/a b é.txt'), 'utf8')).toBe('hello')
    expect(await download(client, '/site/wwwroot/a b é.txt')).toBe('hello')
    await client.rename('/site/wwwroot/a b é.txt', '/site/c.txt')
    expect((await client.list('/site')).map(entry => entry.name)).toContain('c.txt')
    expect(await client.size('/site/c.txt')).toBe(5)
    await client.remove('/site/c.txt')
    expect(existsSync(join(app.home, 'site/c.txt'))).toBe(false)
  })
})

describe('listings', () => {
  it('have DOS lines with minutes in UTC for IIS, names that begin with a dot included', async () => {
    const app = await startApp()
    const time = new Date('2021-03-10T23:12:59Z')
    await utimes(await put(app, 'site/wwwroot/.ostype', '12345'), time, time)
    await mkdir(join(app.home, 'site/wwwroot/env'))
    await utimes(join(app.home, 'site/wwwroot/env'), time, new Date('2021-03-10T00:05:00Z'))
    const text = await rawList(await logIn(app), '/site/wwwroot')
    expect(text).toBe(
      '03-10-21  11:12PM                    5 .ostype\r\n03-10-21  12:05AM       <DIR>          env\r\n'
    )
  })

  it.each([
    ['directory', /<DIR> +lib64\r\n/],
    ['link', /<SYMLINKD> +lib64\r\n/],
    ['hidden', /^[^\n]*<DIR> +lib\r\n$/]
  ] as const)('show a link to a folder as "%s" if IIS is told to', async (links, expected) => {
    const app = await startApp({ links })
    await mkdir(join(app.home, 'site/wwwroot/lib'))
    await symlink('lib', join(app.home, 'site/wwwroot/lib64'))
    expect(await rawList(await logIn(app), '/site/wwwroot')).toMatch(expected)
  })

  it('show links and hide dots as ls does for UNIX', async () => {
    const app = await startApp({ personality: 'unix' })
    await put(app, 'site/wwwroot/.hidden')
    await mkdir(join(app.home, 'site/wwwroot/lib'))
    await symlink('lib', join(app.home, 'site/wwwroot/lib64'))
    const client = await logIn(app)
    client.availableListCommands = ['LIST']
    const text = await rawList(client, '/site/wwwroot')
    expect(text).toMatch(/^drwxr-xr-x .* lib\r\nlrwxrwxrwx .* lib64 -> lib\r\n$/)
    client.availableListCommands = ['LIST -a']
    expect(await rawList(client, '/site/wwwroot')).toMatch(/ \.\r\n.* \.\.\r\n.* \.hidden\r\n/)
  })

  it('descend on UNIX if that was switched on, and print one block per folder', async () => {
    const app = await startApp({ personality: 'unix', recursiveListings: true })
    await put(app, 'site/wwwroot/a/b/c.txt')
    const client = await logIn(app)
    client.availableListCommands = ['LIST -Ra']
    const text = await rawList(client, '/site/wwwroot')
    expect(text.match(/^\S*:\r$/gm)?.map(line => line.trim())).toEqual([
      '/site/wwwroot:',
      '/site/wwwroot/a:',
      '/site/wwwroot/a/b:'
    ])
  })

  it('of a missing folder fail on IIS and are empty on UNIX', async () => {
    const iis = await logIn(await startApp())
    await expect(iis.list('/site/missing')).rejects.toThrow('550 The system cannot find the file specified.')
    const unix = await logIn(await startApp({ personality: 'unix' }))
    expect(await unix.list('/site/missing')).toEqual([])
  })

  it('come over the control connection on UNIX only', async () => {
    const iis = await logIn(await startApp())
    expect(await replyTo(iis, 'STAT /site')).toMatch(/^502/)
    const unix = await logIn(await startApp({ personality: 'unix' }))
    expect(await replyTo(unix, 'STAT /site')).toMatch(/^213-[^]*wwwroot[^]*213 End/)
  })
})

describe('deleting', () => {
  it('refuses a folder with DELE, a full folder with RMD and a missing name with both', async () => {
    const app = await startApp()
    await put(app, 'site/wwwroot/env/file')
    const client = await logIn(app)
    expect(await replyTo(client, 'DELE /site/wwwroot/env')).toBe('550 Access is denied. ')
    expect(await replyTo(client, 'RMD /site/wwwroot/env')).toBe('550 The directory is not empty. ')
    expect(await replyTo(client, 'RMD /site/x')).toBe('550 The system cannot find the file specified. ')
    expect(await replyTo(client, 'DELE /site/x')).toBe('550 The system cannot find the file specified. ')
    expect(await replyTo(client, 'DELE /site/wwwroot/env/file')).toMatch(/^250/)
    expect(await replyTo(client, 'RMD /site/wwwroot/env')).toMatch(/^250/)
  })

  it.each(['DELE', 'RMD'])('of a link to a folder with %s leaves the target alone', async verb => {
    const app = await startApp()
    const kept = await put(app, 'site/wwwroot/lib/kept')
    await symlink('lib', join(app.home, 'site/wwwroot/lib64'))
    expect(await replyTo(await logIn(app), `${verb} /site/wwwroot/lib64`)).toMatch(/^250/)
    expect(await readdir(join(app.home, 'site/wwwroot'))).toEqual(['lib'])
    expect(existsSync(kept)).toBe(true)
  })

  it("through a link deletes the target's file, as a real server does", async () => {
    const app = await startApp()
    const lost = await put(app, 'site/wwwroot/lib/lost')
    await symlink('lib', join(app.home, 'site/wwwroot/lib64'))
    expect(await replyTo(await logIn(app), 'DELE /site/wwwroot/lib64/lost')).toMatch(/^250/)
    expect(existsSync(lost)).toBe(false)
  })

  it('never leaves the lab, neither by dots nor by links', async () => {
    const app = await startApp()
    await symlink('/', join(app.home, 'out'))
    const client = await logIn(app)
    expect(await replyTo(client, 'DELE /../ca.pem')).toMatch(/^550/)
    expect(existsSync(app.caFile)).toBe(true)
    expect(await replyTo(client, 'CWD /out')).toBe('550 Access is denied. ')
    expect(await replyTo(client, 'SIZE /out/etc/passwd')).toBe('550 Access is denied. ')
    expect(await replyTo(client, 'RMD /')).toBe('550 Access is denied. ')
  })

  it('of a file in use fails, and renaming it works and keeps it in use', async () => {
    const app = await startApp()
    await put(app, 'site/wwwroot/env/x.pyd')
    app.ftp.lockedFiles.add('/site/wwwroot/env/x.pyd')
    const client = await logIn(app)
    await expect(client.remove('/site/wwwroot/env/x.pyd')).rejects.toThrow(/550 .* being used by another process/)
    await expect(client.rename('/site/wwwroot/env', '/site/env')).rejects.toThrow('550 Access is denied.')
    await client.rename('/site/wwwroot/env/x.pyd', '/site/x.pyd')
    expect([...app.ftp.lockedFiles]).toEqual(['/site/x.pyd'])
    await expect(client.remove('/site/x.pyd')).rejects.toThrow('550')
  })
})

describe('renaming', () => {
  it('replaces an empty folder silently and refuses a full one', async () => {
    const app = await startApp()
    await put(app, 'site/a/file')
    await put(app, 'site/full/other')
    await mkdir(join(app.home, 'site/empty'))
    const client = await logIn(app)
    await expect(client.rename('/site/a', '/site/full')).rejects.toThrow('550')
    await client.rename('/site/a', '/site/empty')
    expect(await readdir(join(app.home, 'site/empty'))).toEqual(['file'])
  })

  it('is refused where a test says so', async () => {
    const app = await startApp()
    await put(app, 'site/a/file')
    app.ftp.refuseRename = (from, to) => from === '/site/a' && to.startsWith('/site/trash')
    const client = await logIn(app)
    await expect(client.rename('/site/a', '/site/trash')).rejects.toThrow('550 Access is denied.')
    await client.rename('/site/a', '/site/b')
  })

  it('needs RNFR first', async () => {
    const client = await logIn(await startApp())
    expect(await replyTo(client, 'RNTO /site/x')).toMatch(/^503/)
  })
})
