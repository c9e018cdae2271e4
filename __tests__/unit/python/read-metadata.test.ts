import { describe, expect, it } from 'vitest'
import { distributionsIn, type Distribution } from '../../../src/python/distributions.ts'
import type { Metadata } from '../../../src/python/metadata.ts'
import { READING_LIMITS, metadataReader, type ReadingLimits } from '../../../src/python/read-metadata.ts'
import { SiteError, WWWROOT, remotePath, type ReadableSite } from '../../../src/site.ts'
import { fakeSite, treeOf, type FakeSite, type Oddities, type Spec } from '../fake-site.ts'

const PACKAGES = remotePath('/site/wwwroot/env/lib/python3.12/site-packages')
const NEEDS = 'Metadata-Version: 2.1\nName: x\nRequires-Dist: alpha\n'

function siteWith(files: Readonly<Record<string, string>>, oddities: Oddities = {}): FakeSite {
  const spec: Spec = Object.fromEntries(Object.entries(files).map(([path, text]) => [`${PACKAGES}/${path}`, text]))
  return fakeSite(treeOf({ [`${PACKAGES}/`]: '' }, spec), oddities)
}

const named = (...entries: readonly string[]): readonly Distribution[] =>
  distributionsIn(entries.map(name => ({ name, kind: 'directory', size: 0, modified: undefined })))

/** What is needed by the only one, or what is wrong. */
async function only(site: ReadableSite, entry: string, limits?: ReadingLimits): Promise<readonly string[]> {
  const distributions = named(entry)
  const found = await metadataReader(site, PACKAGES, limits)(distributions)
  expect([...found.keys()]).toEqual(distributions.map(({ name }) => name))
  const [{ requires, gaps }] = [...found.values()] as [Metadata]
  return gaps.length > 0 ? gaps : requires.map(({ name }) => name)
}

describe('the metadata of a distribution', () => {
  const EGG = { 'x-1.egg-info/PKG-INFO': NEEDS, 'x-1.egg-info/requires.txt': 'beta\n' }
  it.each<[string, string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    [
      'lies in METADATA',
      'x-1.dist-info',
      { 'x-1.dist-info/METADATA': NEEDS },
      ['alpha'],
      ['READ x-1.dist-info/METADATA']
    ],
    ['lies in requires.txt of an egg', 'x-1.egg-info', EGG, ['beta'], ['READ x-1.egg-info/requires.txt']],
    [
      'is nothing for an egg whose listing has no requires.txt',
      'x-1.egg-info',
      { 'x-1.egg-info/PKG-INFO': NEEDS },
      [],
      ['READ x-1.egg-info/requires.txt', 'LIST x-1.egg-info']
    ],
    [
      'lies in the single file of distutils',
      'x-1-py2.7.egg-info',
      { 'x-1-py2.7.egg-info': NEEDS },
      ['alpha'],
      ['READ x-1-py2.7.egg-info/requires.txt', 'LIST x-1-py2.7.egg-info', 'READ x-1-py2.7.egg-info']
    ],
    [
      'lies in a folder of an egg that easy_install made',
      'x-1-py2.7.egg',
      { 'x-1-py2.7.egg/EGG-INFO/PKG-INFO': '', 'x-1-py2.7.egg/EGG-INFO/requires.txt': 'beta' },
      ['beta'],
      ['READ x-1-py2.7.egg/EGG-INFO/requires.txt']
    ],
    [
      'is nothing for such an egg without the file',
      'x-1-py2.7.egg',
      { 'x-1-py2.7.egg/EGG-INFO/PKG-INFO': '' },
      [],
      ['READ x-1-py2.7.egg/EGG-INFO/requires.txt', 'LIST x-1-py2.7.egg/EGG-INFO']
    ]
  ])('%s', async (_, entry, files, needed, log) => {
    for (const oddities of [{}, { emptyForMissing: true }]) {
      const site = siteWith(files, oddities)
      expect(await only(site, entry)).toEqual(needed)
      expect(site.log.map(line => line.replace(`${PACKAGES}/`, ''))).toEqual(log)
    }
  })

  it.each<[string, string, Readonly<Record<string, string>>, Oddities, RegExp]>([
    ['METADATA is not there', 'x-1.dist-info', {}, {}, /^x-1\.dist-info\/METADATA could not be read: /],
    [
      'METADATA is refused',
      'x-1.dist-info',
      { 'x-1.dist-info/METADATA': NEEDS },
      { refuse: [`READ ${PACKAGES}/x-1.dist-info/METADATA`] },
      /^x-1\.dist-info\/METADATA could not be read: /
    ],
    [
      'requires.txt is refused, and listed',
      'x-1.egg-info',
      { 'x-1.egg-info/PKG-INFO': NEEDS, 'x-1.egg-info/requires.txt': '' },
      { refuse: [`READ ${PACKAGES}/x-1.egg-info/requires.txt`] },
      /^x-1\.egg-info\/requires\.txt could not be read: /
    ],
    [
      'a line of the listing cannot be read, and may be requires.txt',
      'x-1.egg-info',
      { 'x-1.egg-info/PKG-INFO': NEEDS, 'x-1.egg-info/requires.txt': '' },
      {
        refuse: [`READ ${PACKAGES}/x-1.egg-info/requires.txt`],
        unreadable: [`${PACKAGES}/x-1.egg-info/requires.txt`]
      },
      /^x-1\.egg-info\/requires\.txt could not be read: /
    ],
    [
      'the egg cannot be listed',
      'x-1.egg-info',
      { 'x-1.egg-info/PKG-INFO': NEEDS },
      { refuse: [`LIST ${PACKAGES}/x-1.egg-info`] },
      /^x-1\.egg-info could not be read: /
    ],
    ['the egg is not there', 'x-1.egg-info', {}, {}, /^x-1\.egg-info could not be read: /],
    ['the egg is a zip', 'x-1-py2.7.egg', { 'x-1-py2.7.egg': 'PK' }, {}, /^x-1-py2\.7\.egg is a zip, or /]
  ])('is a gap where %s', async (_, entry, files, oddities, gap) => {
    expect(await only(siteWith(files, oddities), entry)).toEqual([expect.stringMatching(gap)])
  })

  it('is a gap where it is longer than any tool writes', async () => {
    const long = siteWith({ 'x-1.dist-info/METADATA': NEEDS + 'x'.repeat(READING_LIMITS.maxBytes) })
    expect(await only(long, 'x-1.dist-info')).toEqual([expect.stringMatching(/could not be read: more bytes/)])
    const requires = siteWith({ 'x-1.egg-info/requires.txt': 'x'.repeat(READING_LIMITS.maxBytes + 1) })
    expect(await only(requires, 'x-1.egg-info')).toEqual([expect.stringMatching(/could not be read: more bytes/)])
  })

  it('is a gap where a listing gives a name that leads elsewhere', async () => {
    const site = siteWith({})
    expect(await only(site, 'x\\..\\x-1.dist-info')).toEqual([expect.stringMatching(/none that can be asked for/)])
    expect(site.log).toEqual([])
  })

  it('is that of both where two versions are installed', async () => {
    const site = siteWith({
      'x-1.dist-info/METADATA': 'Requires-Dist: alpha',
      'x-2.dist-info/METADATA': 'Requires-Dist: beta'
    })
    const found = await metadataReader(site, PACKAGES)(named('x-1.dist-info', 'x-2.dist-info', 'x-3.dist-info'))
    expect(found.get('x')?.requires.map(({ name }) => name)).toEqual(['alpha', 'beta'])
    expect(found.get('x')?.gaps).toHaveLength(1)
  })
})

const throwing = (kind: SiteError['kind']): ReadableSite => ({
  ...siteWith({}),
  readText: () => Promise.reject(new SiteError(kind, 'as it happens'))
})

describe('a site', () => {
  it.each(['unreachable', 'login', 'interrupted', 'tls', 'certificate'] as const)(
    'that is not there any more (%s) ends the reading',
    async kind => {
      await expect(only(throwing(kind), 'x-1.dist-info')).rejects.toMatchObject({ kind })
    }
  )

  it.each(['lost', 'unexpected', 'refused'] as const)('that fails with one file (%s) leaves a gap', async kind => {
    expect(await only(throwing(kind), 'x-1.dist-info')).toEqual([
      'x-1.dist-info/METADATA could not be read: as it happens'
    ])
  })
})

const many = (count: number): readonly Distribution[] =>
  named(...Array.from({ length: count }, (_, at) => `p${String(at)}-1.dist-info`))

/** Answers when it is told to, and counts what is under way. */
function slowSite(): ReadableSite & {
  readonly most: () => number
  readonly asked: () => number
  readonly goOn: () => void
} {
  const waiting: (() => void)[] = []
  let [underWay, most, asked, isOpen] = [0, 0, 0, false]
  const readText = async (): Promise<string> => {
    asked++
    most = Math.max(most, ++underWay)
    if (!isOpen) await new Promise<void>(resolve => waiting.push(resolve))
    underWay--
    return NEEDS
  }
  const goOn = (): void => {
    isOpen = true
    for (const one of waiting.splice(0)) one()
  }
  return { ...siteWith({}), readText, most: () => most, asked: () => asked, goOn }
}

describe('reading', () => {
  it.each([
    [1, 1],
    [4, 1],
    [5, 2],
    [20, 5],
    [100, 8]
  ])('of %i files is done %i at a time', async (count, lanes) => {
    const site = slowSite()
    const reading = metadataReader(site, WWWROOT)(many(count))
    site.goOn()
    const found = await reading
    expect(found.size).toBe(count)
    expect(site.most()).toBe(lanes)
    expect([...found.values()].every(({ gaps }) => gaps.length === 0)).toBe(true)
  })

  it('of more files than are good for a run is not begun', async () => {
    const site = slowSite()
    site.goOn()
    const read = metadataReader(site, WWWROOT, { ...READING_LIMITS, maxFiles: 10 })
    expect([...(await read(many(6))).values()].flatMap(({ gaps }) => gaps)).toEqual([])
    const rest = await read(many(5))
    expect(new Set([...rest.values()].flatMap(({ gaps }) => gaps))).toEqual(
      new Set(['more than 10 files would have to be read'])
    )
    expect([rest.size, site.asked()]).toEqual([5, 6])
  })

  it('that takes too long is given up, and asks for nothing afterwards', async () => {
    const site = slowSite()
    const read = metadataReader(site, WWWROOT, { ...READING_LIMITS, maxMs: 20 })
    const found = await read(many(20))
    const late = 'reading took more than 0.02 s'
    expect([...found.values()].map(({ gaps }) => gaps)).toEqual(Array.from({ length: 20 }, () => [late]))
    const asked = site.asked()
    site.goOn()
    expect([...(await read(many(20))).values()].every(({ gaps }) => gaps.join() === late)).toBe(true)
    expect(site.asked()).toBe(asked)
  })
})
