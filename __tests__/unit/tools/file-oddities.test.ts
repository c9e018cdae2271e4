// File systems that change their mind: what is refused now and granted later, and what comes while a folder is emptied.
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { logIn, put, replyTo, startApp } from './lab.ts'

describe('a folder', () => {
  it('that is empty is said not to be, as often as told', async () => {
    const app = await startApp()
    await mkdir(join(app.home, 'site/empty'))
    app.ftp.rmdirRefusals.set('/site/empty', 2)
    const client = await logIn(app)
    for (const count of [1, 2]) {
      expect(await replyTo(client, 'RMD /site/empty')).toBe('550 The directory is not empty. ')
      expect(app.ftp.misbehaved.rmdirRefusals).toBe(count)
    }
    expect(await replyTo(client, 'RMD /site/empty')).toMatch(/^250/)
    expect(existsSync(join(app.home, 'site/empty'))).toBe(false)
  })

  it('gets a file, once, behind the deletion that was told', async () => {
    const app = await startApp()
    for (const name of ['1', '2', '3', 'deeper/4']) await put(app, `site/full/${name}`)
    app.ftp.appear = { folder: '/site/full', name: 'new', afterDeletesIn: 2 }
    const client = await logIn(app)
    await client.remove('/site/full/deeper/4')
    await client.remove('/site/full/1')
    expect(await readdir(join(app.home, 'site/full'))).not.toContain('new')
    await client.remove('/site/full/2')
    expect(await readdir(join(app.home, 'site/full'))).toContain('new')
    await client.remove('/site/full/new')
    await client.remove('/site/full/3')
    await client.removeEmptyDir('/site/full/deeper')
    expect(await replyTo(client, 'RMD /site/full')).toMatch(/^250/)
    expect(app.ftp.misbehaved.appear).toBe(1)
  })
})

describe('a file', () => {
  it('is in use for as many attempts as told', async () => {
    const app = await startApp()
    await put(app, 'site/x.pyd')
    app.ftp.lockedFor.set('/site/x.pyd', 2)
    const client = await logIn(app)
    for (const count of [1, 2]) {
      expect(await replyTo(client, 'DELE /site/x.pyd')).toMatch(/^550 .* being used by another process/)
      expect(app.ftp.misbehaved.lockedFor).toBe(count)
    }
    expect(await replyTo(client, 'DELE /site/x.pyd')).toMatch(/^250/)
  })
})
