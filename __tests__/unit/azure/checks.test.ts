import { describe, expect, it } from 'vitest'
import { checkServer } from '../../../src/azure/checks.ts'
import { SiteError, remotePath } from '../../../src/site.ts'
import { fakeSite, fileOf, treeOf, type FakeNode, type FakeSite, type Oddities, type Spec } from '../fake-site.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const at = (minutesAgo: number): Date => new Date(NOW.getTime() - minutesAgo * 60_000)
const file = (minutesAgo: number, text = ''): FakeNode => fileOf(at(minutesAgo), text)
const folder = (minutesAgo: number): FakeNode => ({ kind: 'directory', modified: at(minutesAgo) })

type Found = Parameters<typeof checkServer>[2]
const TREE: Found = { layout: 'venv-tree', lock: undefined, isReset: true }

async function check(
  site: FakeSite,
  found: Found = TREE
): Promise<{ readonly lines: readonly string[]; readonly asked: readonly string[] }> {
  const siteEntries = await site.list(remotePath('/site'))
  site.log.length = 0
  const lines = await checkServer(site, siteEntries, found, NOW)
  return { lines, asked: site.log }
}

const linesFor = async (spec: Spec, oddities: Oddities = {}, found: Found = TREE): Promise<readonly string[]> =>
  (await check(fakeSite(treeOf(spec), oddities), found)).lines

const WINDOWS_LOCK = '/site/locks/deployments.lock'
const LINUX_LOCK = '/site/locks/deployment/'
const PENDING = '/site/deployments/pending'
const ACTIVE = '/site/deployments/active'
const PACKAGE = '/data/SitePackages/packagename.txt'

describe('a lock that was left behind', () => {
  it.each<[string, Spec, RegExp]>([
    ['of Windows', { [WINDOWS_LOCK]: file(61) }, /^\/site\/locks\/deployments\.lock is 61 min old: .*409/],
    ['of hours ago', { [WINDOWS_LOCK]: file(5 * 60 + 59) }, /deployments\.lock is 5 h old/],
    ['of days ago', { [WINDOWS_LOCK]: file(60 * 24 * 9) }, /deployments\.lock is 9 days old/],
    ['of Linux', { [LINUX_LOCK]: folder(180), [`${LINUX_LOCK}info.lock`]: '' }, /^\/site\/locks\/deployment is 3 h old/]
  ])('%s is named with its age', async (_, spec, line) => {
    expect(await linesFor(spec)).toEqual([expect.stringMatching(line)])
  })

  it.each<[string, Spec]>([
    ['no folder of locks', {}],
    ['a file called locks', { '/site/locks': '' }],
    ['no lock', { '/site/locks/': '' }],
    ['other locks', { '/site/locks/hooks.lock': file(600), '/site/locks/ssh/': folder(600) }],
    ['a fresh lock', { [WINDOWS_LOCK]: file(59), [LINUX_LOCK]: folder(59) }],
    ['a lock of a time to come', { [WINDOWS_LOCK]: file(-600) }]
  ])('is none with %s', async (_, spec) => {
    expect(await linesFor(spec)).toEqual([])
  })

  it('is not looked for where there is no environment', async () => {
    const site = fakeSite(treeOf({ [WINDOWS_LOCK]: file(600) }))
    expect(await check(site, { ...TREE, layout: 'none', isReset: false })).toEqual({ lines: [], asked: [] })
  })

  it('is not looked for while a deployment is running', async () => {
    const site = fakeSite(treeOf({ [WINDOWS_LOCK]: file(600), [PENDING]: file(5), [ACTIVE]: file(60) }))
    const { lines, asked } = await check(site, { ...TREE, lock: { detail: 'held' } })
    expect([lines, asked]).toEqual([[], [`READ ${PACKAGE}`]])
  })
})

describe('a deployment that was asked for and never came', () => {
  it('is named with both times', async () => {
    const [line, ...others] = await linesFor({ [PENDING]: file(5), [ACTIVE]: file(60) })
    expect(others).toEqual([])
    expect(line).toMatch(/pending is of 2026-11-22T11:55:00\.000Z, .*succeeded of 2026-11-22T11:00:00\.000Z: .*409/)
  })

  it.each<[string, Spec]>([
    ['the file that Kudu makes when it starts', { [PENDING]: file(600), [ACTIVE]: file(60) }],
    ['times that may be the same', { [PENDING]: file(58), [ACTIVE]: file(60) }],
    ['no deployment yet', { [PENDING]: file(5) }],
    ['no such file', { [ACTIVE]: file(5) }],
    ['a folder without anything', { '/site/deployments/': '' }],
    ['no folder of deployments', {}]
  ])('is none with %s', async (_, spec) => {
    expect(await linesFor(spec)).toEqual([])
  })
})

it.each<[string, Spec, number]>([
  ['nothing', { [PENDING]: file(5), [ACTIVE]: file(60) }, 0],
  [
    'a stale lock, which makes the rest worth asking for',
    { [PENDING]: file(5), [ACTIVE]: file(60), [WINDOWS_LOCK]: file(90) },
    2
  ]
])(
  'where nothing is reset, what was asked for and never came is not looked for but beside a stale lock: %s',
  async (_, spec, count) => {
    expect(await linesFor(spec, {}, { ...TREE, isReset: false })).toHaveLength(count)
  }
)

describe('an app that runs from a package', () => {
  it('is named, with what a reset is worth then', async () => {
    const [line] = await linesFor({ [PACKAGE]: '20261122.zip\r\n' })
    expect(line).toMatch(/packagename\.txt names 20261122\.zip: if WEBSITE_RUN_FROM_PACKAGE is 1/)
  })

  it('is not named where the file is empty, or too long', async () => {
    expect(await linesFor({ [PACKAGE]: ' \n' })).toEqual([])
    expect(await linesFor({ [PACKAGE]: 'x'.repeat(5000) })).toEqual([])
  })

  it('is not named where that is the reason to do nothing', async () => {
    expect(await linesFor({ [PACKAGE]: 'x.zip' }, {}, { ...TREE, layout: 'unknown' })).toEqual([])
  })

  it('is not looked for where nothing is reset', async () => {
    const { lines, asked } = await check(fakeSite(treeOf({ [PACKAGE]: 'x.zip' })), { ...TREE, isReset: false })
    expect([lines, asked]).toEqual([[], []])
  })
})

const ALL: Spec = { [WINDOWS_LOCK]: file(90), [PENDING]: file(5), [ACTIVE]: file(60), [PACKAGE]: 'x.zip' }

it('each check asks for one thing', async () => {
  const { lines, asked } = await check(fakeSite(treeOf(ALL)))
  expect(lines).toHaveLength(3)
  expect(asked).toEqual(['LIST /site/locks', 'LIST /site/deployments', `READ ${PACKAGE}`])
})

it('nothing is asked for where it is known not to be there', async () => {
  expect((await check(fakeSite(treeOf({})))).asked).toEqual([`READ ${PACKAGE}`])
})

it.each([
  ['LIST /site/locks', 2],
  ['LIST /site/deployments', 2],
  [`READ ${PACKAGE}`, 2]
])('%s may be refused, and the others are still made', async (verb, count) => {
  expect(await linesFor(ALL, { refuse: [verb] })).toHaveLength(count)
})

it.each(['lost', 'unexpected', 'unreachable'] as const)('a connection that is %s ends none of them', async kind => {
  const site = fakeSite(treeOf(ALL))
  const siteEntries = await site.list(remotePath('/site'))
  const broken = { ...site, list: () => Promise.reject(new SiteError(kind, 'gone')) }
  expect(await checkServer(broken, siteEntries, TREE, NOW)).toHaveLength(1)
})

it('a run that is told to stop stops', async () => {
  const site = fakeSite(treeOf(ALL))
  const siteEntries = await site.list(remotePath('/site'))
  const stopped = { ...site, list: () => Promise.reject(new SiteError('interrupted', 'stop')) }
  await expect(checkServer(stopped, siteEntries, TREE, NOW)).rejects.toThrow('stop')
})
