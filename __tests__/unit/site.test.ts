import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  SITE,
  SiteError,
  WWWROOT,
  child,
  entryNamed,
  findEntry,
  isBelow,
  isFileName,
  mutable,
  nameOf,
  parentOf,
  remotePath,
  type RemoteEntry
} from '../../src/site.ts'
import { fakeSite, linkTo, treeOf, type Oddities } from './fake-site.ts'

const BAD_NAMES = ['', '.', '..', 'a/b', '/', 'a\\b', '..\\x', 'a\r', 'a\nDELE b', 'a\0', 'a\u007f', '\t']

describe('a path', () => {
  it.each(['/', '/site', '/site/wwwroot/a b/ü', '/site/wwwroot/...', '/site/wwwroot/ .'])('may be %j', text => {
    expect(remotePath(text)).toBe(text)
  })

  it.each([
    '',
    'site',
    './site',
    '/site/',
    '//',
    '/site//x',
    '/site/../x',
    '/site/./x',
    '/..',
    ...BAD_NAMES.slice(4).map(name => `/site/${name}`)
  ])('may not be %j', text => {
    expect(() => remotePath(text)).toThrow(RangeError)
  })

  it.each(BAD_NAMES)('has no child %j', name => {
    expect(() => child(WWWROOT, name)).toThrow(RangeError)
  })

  it.each(BAD_NAMES)('has no part %j', name => {
    expect(isFileName(name)).toBe(false)
  })

  it('has every name as a part that it may have as a child', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), name => {
        const isChild = (): string => child(WWWROOT, name)
        if (isFileName(name)) expect(isChild()).toBe(`${WWWROOT}/${name}`)
        else expect(isChild).toThrow(RangeError)
      })
    )
  })

  it('is taken apart into what it was made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), name => {
        let path
        try {
          path = child(WWWROOT, name)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
          return
        }
        expect([parentOf(path), nameOf(path), remotePath(path)]).toEqual([WWWROOT, name, path])
        expect(isBelow(path, WWWROOT)).toBe(true)
      })
    )
  })

  it('has a parent unless it is the root', () => {
    expect(parentOf(remotePath('/site'))).toBe('/')
    expect(child(remotePath('/'), 'site')).toBe('/site')
    expect(() => parentOf(remotePath('/'))).toThrow(RangeError)
  })
})

describe('a path that may be changed', () => {
  it.each(['/site/wwwroot/x', '/site/wwwroot/a/b', '/site/.azure-python-env', '/site/.azure-python-env/trash-x'])(
    'is %s',
    text => {
      expect(mutable(remotePath(text))).toBe(text)
    }
  )

  it.each([
    '/',
    '/site',
    '/site/wwwroot',
    '/site/wwwrootx/y',
    '/site/.azure-python-envx/y',
    '/site/locks/deployment',
    '/site/deployments/active',
    '/site/repository/x',
    '/data/SitePackages/packagename.txt',
    '/wwwroot/x'
  ])('is not %s', text => {
    expect(() => mutable(remotePath(text))).toThrow(RangeError)
  })

  it('is checked again, even if it is only said to be a path', () => {
    expect(() => mutable('/site/wwwroot/../repository' as ReturnType<typeof remotePath>)).toThrow(RangeError)
  })
})

describe('looking an entry up', () => {
  const spec = { 'app/venv/pyvenv.cfg': '', 'app/link': linkTo('venv'), file: '' }
  it.each<[string, 'file' | 'directory' | 'link' | undefined]>([
    ['/site/wwwroot/file', 'file'],
    ['/site/wwwroot/app', 'directory'],
    ['/site/wwwroot/app/venv', 'directory'],
    ['/site/wwwroot/app/link', 'link'],
    ['/site/wwwroot/gone', undefined],
    ['/site/wwwroot/gone/venv', undefined],
    ['/site/wwwroot/file/x', undefined]
  ])('%s is %s, whatever the server answers for what is missing', async (path, kind) => {
    for (const emptyForMissing of [false, true]) {
      const site = fakeSite(treeOf(spec), { emptyForMissing })
      expect((await findEntry(site, remotePath(path)))?.kind).toBe(kind)
    }
  })

  it('does not list again what is known', async () => {
    const site = fakeSite(treeOf(spec))
    const wwwroot = await site.list(WWWROOT)
    await findEntry(site, remotePath('/site/wwwroot/app/venv'), wwwroot)
    expect(site.log).toEqual(['LIST /site/wwwroot', 'LIST /site/wwwroot/app'])
  })

  it.each<[string, 'link' | 'unknown', Oddities]>([
    ['/site/wwwroot/app/link/pyvenv.cfg', 'link', {}],
    ['/site/wwwroot/app/link/deep/er', 'link', {}],
    ['/site/wwwroot/app/venv', 'unknown', { unreadable: ['/site/wwwroot/app/venv'] }],
    ['/site/wwwroot/app/venv', 'unknown', { unreadable: ['/site/wwwroot/app'] }],
    ['/site/wwwroot/app/venv/bin/python', 'unknown', { unreadable: ['/site/wwwroot/app'] }]
  ])('%s ends at what stands on the way and is not followed: a %s', async (path, kind, oddities) => {
    const site = fakeSite(treeOf(spec), oddities)
    expect((await findEntry(site, remotePath(path)))?.kind).toBe(kind)
    expect(site.log.join()).not.toMatch(/LIST [^,]*(link|venv)/)
  })

  it('never takes a refusal for an absence', async () => {
    const site = fakeSite(treeOf(spec), { refuse: ['LIST /site/wwwroot'] })
    await expect(findEntry(site, remotePath('/site/wwwroot/app'))).rejects.toBeInstanceOf(SiteError)
  })

  it('is for what lies below wwwroot only', async () => {
    await expect(findEntry(fakeSite(treeOf(spec)), remotePath('/site/locks'))).rejects.toBeInstanceOf(RangeError)
  })
})

describe('a name in a listing', () => {
  const entry = (name: string, kind: RemoteEntry['kind']): RemoteEntry => ({ name, kind, size: 0, modified: undefined })
  const unreadable = entry('d????????? ? ? ? ? my antenv', 'unknown')
  it.each<[string, readonly RemoteEntry[], RemoteEntry['kind'] | undefined]>([
    ['is found', [entry('x', 'file'), entry('antenv', 'directory')], 'directory'],
    ['is found before a line that ends with it', [unreadable, entry('antenv', 'link')], 'link'],
    ['may be a line that ends with it and cannot be read', [entry('x', 'file'), unreadable], 'unknown'],
    ['may be a line that is nothing but it', [entry('antenv', 'unknown')], 'unknown'],
    ['is no readable name that ends with it', [entry('my antenv', 'directory')], undefined],
    ['is no line that only holds it', [entry('antenv ???', 'unknown')], undefined],
    ['is not there in an empty one', [], undefined]
  ])('%s', (_, entries, kind) => {
    expect(entryNamed(entries, 'antenv')?.kind).toBe(kind)
  })
})

it('what holds wwwroot is no path that may be changed', () => {
  expect(parentOf(WWWROOT)).toBe(SITE)
  expect(() => mutable(SITE)).toThrow(RangeError)
})
