import { describe, expect, it } from 'vitest'
import { expiryIn, findLock, readActiveDeployment, type DeploymentLock } from '../../../src/azure/deployments.ts'
import { SiteError, remotePath } from '../../../src/site.ts'
import {
  fakeSite,
  fileOf,
  linkTo,
  treeOf,
  type FakeNode,
  type FakeSite,
  type Oddities,
  type Spec
} from '../fake-site.ts'
import { without } from '../fixtures.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const minutesAgo = (minutes: number, text = ''): FakeNode => fileOf(new Date(NOW.getTime() - minutes * 60_000), text)
const lockUntil = (time: string): string => JSON.stringify({ operationName: 'x', lockExpiry: time })

const surroundingsOf = (site: FakeSite): ReturnType<FakeSite['list']> => site.list(remotePath('/site'))

async function look(spec: Spec, oddities: Oddities = {}): Promise<DeploymentLock | undefined> {
  const site = fakeSite(treeOf(spec), oddities)
  return findLock(site, await surroundingsOf(site), NOW)
}

describe('the time in a lock', () => {
  it.each([
    ['2026-11-22T12:30:00Z', '2026-11-22T12:30:00.000Z'],
    ['2026-11-22T12:30:00.1234567Z', '2026-11-22T12:30:00.123Z'],
    ['2026-11-22T12:30:00', '2026-11-22T12:30:00.000Z'],
    ['2026-11-22T12:30:00.1234567', '2026-11-22T12:30:00.123Z'],
    ['2026-11-22T12:30:00+02:00', '2026-11-22T10:30:00.000Z'],
    ['2026-11-22T12:30:00.1234567-05:30', '2026-11-22T18:00:00.123Z'],
    ['0001-01-01T00:00:00', '0001-01-01T00:00:00.000Z'],
    ['soon', undefined],
    ['', undefined],
    ['2026-13-45T99:00:00Z', undefined]
  ])('%j is %s', (written, time) => {
    expect(expiryIn(lockUntil(written))?.toISOString()).toBe(time)
  })

  it.each([
    '',
    '{',
    'null',
    '[]',
    '42',
    '"2026-11-22T12:30:00Z"',
    '{}',
    '{"lockExpiry":null}',
    '{"lockExpiry":1790000000}'
  ])('cannot be read from %j', text => {
    expect(expiryIn(text)).toBeUndefined()
  })

  it('may stand behind a byte-order mark', () => {
    expect(expiryIn(`\uFEFF${lockUntil('2026-11-22T12:30:00Z')}`)).toBeDefined()
  })
})

describe('a lock', () => {
  const INFO = '/site/locks/deployment/info.lock'
  const FOLDER = '/site/locks/deployment'
  const folderOf = (minutes: number): FakeNode => ({
    kind: 'directory',
    modified: new Date(NOW.getTime() - minutes * 60_000)
  })
  it.each<[string, Spec, boolean]>([
    ['no folder of locks', {}, false],
    ['an empty folder of locks', { '/site/locks/': '' }, false],
    ['a file called locks', { '/site/locks': '' }, false],
    ['other locks', { '/site/locks/hooks.lock': '', '/site/locks/ssh/info.lock': '' }, false],
    ['a folder without info.lock', { '/site/locks/deployment/': '' }, false],
    ['an expiry to come', { [INFO]: lockUntil('2026-11-22T12:01:00Z') }, true],
    ['an expiry that has passed', { [INFO]: lockUntil('2026-11-22T11:59:00Z') }, false],
    [
      'an expiry that has passed by seconds, without a zone',
      { [INFO]: lockUntil('2026-11-22T11:59:59.9999999') },
      false
    ],
    ['no readable expiry, young', { [INFO]: minutesAgo(59, '{') }, true],
    ['no readable expiry, old', { [INFO]: minutesAgo(61, '{') }, false],
    ['no readable expiry, of the future', { [INFO]: minutesAgo(-5, '') }, true],
    ['a Windows file of 59 minutes', { '/site/locks/deployments.lock': minutesAgo(59) }, true],
    ['a Windows file of 60 minutes', { '/site/locks/deployments.lock': minutesAgo(60) }, true],
    ['a Windows file of 61 minutes', { '/site/locks/deployments.lock': minutesAgo(61) }, false],
    [
      'both, the Windows one held',
      { [INFO]: lockUntil('2026-11-22T11:00:00Z'), '/site/locks/deployments.lock': minutesAgo(1) },
      true
    ]
  ])('%s: held is %s', async (_, spec, held) => {
    expect((await look(spec)) !== undefined).toBe(held)
  })

  it('is named with its time', async () => {
    expect((await look({ [INFO]: lockUntil('2026-11-22T12:30:00Z') }))?.detail).toBe(
      `${INFO}, held until 2026-11-22T12:30:00.000Z`
    )
    expect((await look({ '/site/locks/deployments.lock': minutesAgo(5) }))?.detail).toContain('deployments.lock')
  })

  it('is read without a listing of its folder', async () => {
    const site = fakeSite(treeOf({ [INFO]: lockUntil('2026-11-22T12:30:00Z') }))
    expect(await findLock(site, await surroundingsOf(site), NOW)).toBeDefined()
    expect(site.log).toEqual(['LIST /site', 'LIST /site/locks', `READ ${INFO}`])
  })

  it.each<[string, number, number, readonly string[], boolean]>([
    ['neither read nor listed, and young', 59, 59, [`READ ${INFO}`, `LIST ${FOLDER}`], true],
    ['neither read nor listed, and old', 61, 61, [`READ ${INFO}`, `LIST ${FOLDER}`], false],
    ['listed but not read, and young', 59, 59, [`READ ${INFO}`], true],
    ['listed but not read, and old', 61, 61, [`READ ${INFO}`], false],
    ['listed but not read, young in an old folder', 600, 5, [`READ ${INFO}`], true]
  ])('that cannot be read is held until it is an hour old: %s', async (_, folder, file, refuse, held) => {
    const spec = { [`${FOLDER}/`]: folderOf(folder), [INFO]: minutesAgo(file, lockUntil('2026-11-22T11:00:00Z')) }
    for (const emptyForMissing of [false, true]) {
      expect((await look(spec, { refuse, emptyForMissing })) !== undefined).toBe(held)
    }
  })

  it.each<[string, number, number, boolean]>([
    ['young', 59, 59, true],
    ['an hour old', 60, 60, true],
    ['old', 61, 61, false],
    ['young in an old folder', 600, 1, true]
  ])('that says nothing readable is held until it is an hour old: %s', async (_, folder, file, held) => {
    for (const text of ['', '{', '{"lockExpiry":null}']) {
      const spec = { [`${FOLDER}/`]: folderOf(folder), [INFO]: minutesAgo(file, text) }
      expect((await look(spec)) !== undefined).toBe(held)
    }
  })

  it('is free where it was released between two looks', async () => {
    const site = fakeSite(treeOf({ [INFO]: '' }))
    const surroundings = await surroundingsOf(site)
    let looks = 0
    const racing: FakeSite = {
      ...site,
      list: async path => (path === '/site/locks' && looks++ > 0 ? [] : site.list(path)),
      readText: () => Promise.reject(new SiteError('refused', '550'))
    }
    expect(await findLock(racing, surroundings, NOW)).toBeUndefined()
  })

  it('is free where it was released between its listing and its reading', async () => {
    const tree = treeOf({ [INFO]: lockUntil('2026-11-22T12:30:00Z') })
    const site = fakeSite(tree)
    const racing: FakeSite = {
      ...site,
      readText: (path, maxBytes) => {
        tree.delete(INFO)
        tree.delete('/site/locks/deployment')
        return site.readText(path, maxBytes)
      }
    }
    expect(await findLock(racing, await surroundingsOf(site), NOW)).toBeUndefined()
  })

  it('is free where its file was released while its folder stays', async () => {
    const tree = treeOf({ [INFO]: lockUntil('2026-11-22T12:30:00Z') })
    const site = fakeSite(tree)
    const racing: FakeSite = {
      ...site,
      readText: (path, maxBytes) => {
        tree.delete(INFO)
        return site.readText(path, maxBytes)
      }
    }
    expect(await findLock(racing, await surroundingsOf(site), NOW)).toBeUndefined()
  })

  it.each(['/site/locks', FOLDER, '/site/locks/deployments.lock', INFO])(
    'is held where a line that may stand for it cannot be read: %s',
    async unreadable => {
      const spec = { [INFO]: minutesAgo(1, '{'), '/site/locks/deployments.lock': minutesAgo(1) }
      const only =
        unreadable === '/site/locks/deployments.lock'
          ? without(spec, INFO)
          : without(spec, '/site/locks/deployments.lock')
      expect(await look({ '/site/locks/x': '', ...only }, { unreadable: [unreadable] })).toBeDefined()
    }
  )

  it('is never taken for free because the connection was lost while it was read', async () => {
    const site = fakeSite(treeOf({ [INFO]: '' }))
    const cut: FakeSite = { ...site, readText: () => Promise.reject(new SiteError('lost', 'cut')) }
    await expect(findLock(cut, await surroundingsOf(site), NOW)).rejects.toMatchObject({ kind: 'lost' })
  })

  it('is never taken for free because the connection was lost', async () => {
    const site = fakeSite(treeOf({ [INFO]: '' }))
    const cut: FakeSite = { ...site, list: () => Promise.reject(new SiteError('lost', 'cut')) }
    await expect(findLock(cut, await surroundingsOf(site), NOW)).rejects.toMatchObject({ kind: 'lost' })
  })
})

describe('the active deployment', () => {
  const RECORD = '/site/deployments/abc/manifest'
  const active = async (spec: Spec, oddities: Oddities = {}): ReturnType<typeof readActiveDeployment> => {
    const site = fakeSite(treeOf(spec), oddities)
    return readActiveDeployment(site, await surroundingsOf(site))
  }

  it.each<[string, Spec, string | undefined]>([
    ['no folder of deployments', {}, undefined],
    ['no active one', { [RECORD]: '' }, undefined],
    ['an active one', { '/site/deployments/active': 'abc' }, RECORD],
    ['an id with a line end', { '/site/deployments/active': 'abc\r\n' }, RECORD],
    ['an id that climbs', { '/site/deployments/active': '../../data' }, undefined],
    ['an empty id', { '/site/deployments/active': '' }, undefined],
    ['a folder called active', { '/site/deployments/active/x': '' }, undefined],
    ['a link called deployments', { '/site/deployments': linkTo('/data') }, undefined]
  ])('%s: %s', async (_, spec, record) => {
    expect((await active(spec))?.record).toBe(record)
  })

  it.each<[string, string, string, boolean]>([
    ['a line at the folder', 'app.py\nenv\n', 'env', true],
    ['a line below it', 'app.py\nenv/pyvenv.cfg\n', 'env', true],
    ["Windows' separators, line ends and case", 'App.py\r\nENV\\Scripts\\python.exe\r\n', 'env', true],
    ['a longer name', 'env2/pyvenv.cfg\n', 'env', false],
    ['the name further down', 'app/env/pyvenv.cfg\n', 'env', false],
    ['a nested one', 'app/env/pyvenv.cfg\n', 'app/env', true],
    ['an empty record', '', 'env', false],
    ['a record of tens of thousands of lines', 'env/lib/x.py\n'.repeat(40_000), 'env', true]
  ])('has brought an environment: %s', async (_, text, name, expected) => {
    const found = await active({ '/site/deployments/active': 'abc', [RECORD]: text })
    expect(found?.brought(remotePath(`/site/wwwroot/${name}`))).toBe(expected)
  })

  it.each<[string, Oddities]>([
    ['is not there', {}],
    ['cannot be read', { refuse: [`READ ${RECORD}`] }]
  ])('has brought nothing that is known where its record %s', async (_, oddities) => {
    const found = await active({ '/site/deployments/active': 'abc' }, oddities)
    expect(found?.brought(remotePath('/site/wwwroot/env'))).toBe(false)
  })

  it('is never taken for none because the connection was lost', async () => {
    const site = fakeSite(treeOf({ '/site/deployments/active': 'abc' }))
    const cut: FakeSite = { ...site, readText: () => Promise.reject(new SiteError('lost', 'cut')) }
    await expect(readActiveDeployment(cut, await surroundingsOf(site))).rejects.toMatchObject({ kind: 'lost' })
  })
})
