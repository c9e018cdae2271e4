// Recursive listings, as real servers sent them and as none should: what is told of a tree is true, or it is rejected.
import { describe, expect, it } from 'vitest'
import { recursiveListing } from '../../../src/ftp/recursive-listing.ts'
import { remotePath } from '../../../src/site.ts'
import { NOW, recorded, told, TREE } from './recorded-listings.ts'

const SELF = 'drwxr-xr-x 2 1 1 4096 Mar 10  2021 .'
const PARENT = 'drwxr-xr-x 2 1 1 4096 Mar 10  2021 ..'
const folder = (name: string): string => `drwxr-xr-x 2 1 1 4096 Mar 10  2021 ${name}`
const file = (name: string): string => `-rw-r--r-- 1 1 1 7 Mar 10  2021 ${name}`
const link = (name: string, target: string): string => `lrwxrwxrwx 1 1 1 3 Mar 10  2021 ${name} -> ${target}`
const text = (...lines: readonly string[]): readonly string[] => lines.map(line => `${line}\r\n`)
const inTree = (...names: readonly string[]): readonly string[] => names.map(name => `${TREE}/${name}`)

/** Names that hold a line feed; Pure-FTPd does not list them. */
const BROKEN = ['f odd/blank\n\nbin:', 'f odd/fake\ndrwxr-xr-x 2 1 1 4096 Mar 10  2021 lib64', 'f odd/line\nend:']
const VENDOR = 'lib/python3.12/site-packages/pip/_vendor'

describe('what a real server sends', () => {
  it.each([
    ['vsftpd', [], ['locked']],
    // It lists no link that leads to a folder above it.
    ['proftpd', ['l bin/up', 'l self'], ['locked']],
    ['pure-ftpd-unlimited', BROKEN, ['locked']],
    // Its limit: deeper folders have a header and not a line.
    ['pure-ftpd', [...BROKEN, `d ${VENDOR}/rich`, `f ${VENDOR}/rich/text.py`], [VENDOR, 'locked']]
  ])('is the whole tree, but for what is named as missing: %s', async (name, lacking, missing) => {
    const { list, tree } = await recorded(name)
    const { listing, tree: found } = told([list.join('\r\n')])
    expect(listing.rejected).toBeUndefined()
    expect(listing.missing).toEqual(inTree(...missing))
    expect(listing).toMatchObject({ hasRoot: true, showsLinks: true })
    // The one name that is no UTF-8 is in a line that stands for nothing else.
    expect(found.filter(line => line.startsWith('?'))).toEqual([expect.stringMatching(/^\? odd\/-rw.* latin\uFFFD$/)])
    const unreadable = ['d locked/inside', 'f odd/latin\uFFFD', ...lacking]
    expect(found.filter(line => !line.startsWith('?'))).toEqual(tree.filter(line => !unreadable.includes(line)))
  })

  it('is cut in silence by the limit of Pure-FTPd, and what is beyond it is named as missing', async () => {
    const { list, tree } = await recorded('pure-ftpd-40-entries')
    const { listing, tree: found, ended } = told([list.join('\r\n')])
    expect(listing).toMatchObject({ rejected: undefined, hasRoot: true, missing: inTree('locked', 'odd') })
    // Nothing tells that the last folder that fitted lacks a file, so only its removal proves that it was whole.
    const last = tree.filter(line => line.includes('/rich/'))
    expect(ended).toContain(`${TREE}/${VENDOR}/rich`)
    expect(found).toEqual(tree.filter(line => !/^. (locked|odd)\//.test(line) && !last.includes(line)))
  })

  it('is one folder where the server ignores -R, and all folders in it are missing', async () => {
    const { list } = await recorded('vsftpd-without-recursion')
    const { listing, sections } = told([list.join('\r\n')])
    expect(sections.map(({ path, ending }) => [path, ending])).toEqual([[TREE, 'ended']])
    expect(listing.missing).toEqual(inTree('.hidden', 'bin', 'empty', 'lib', 'locked', 'odd'))
  })

  it('is the same in pieces of any length', async () => {
    const { list } = await recorded('vsftpd')
    const whole = list.join('\r\n')
    const { tree } = told([whole])
    for (const length of [1, 2, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(whole.length / length) }, (_, at) =>
        whole.slice(at * length, (at + 1) * length)
      )
      expect(told(pieces).tree).toEqual(tree)
    }
  })
})

describe('a header', () => {
  it.each([
    ['/site/tree:', '/site/tree/a:', '/site/tree/a/b:'],
    ['.:', './a:', './a/b:'],
    ['', './a:', './a/b:'],
    ['', 'a:', 'a/b:']
  ])('may be %j, %j and %j', (root, a, b) => {
    const first = root === '' ? [] : [root]
    const lines = [
      ...first,
      SELF,
      PARENT,
      folder('a'),
      '',
      a,
      SELF,
      PARENT,
      folder('b'),
      '',
      b,
      SELF,
      PARENT,
      file('f')
    ]
    const { listing, tree } = told(text(...lines))
    expect(listing).toMatchObject({ rejected: undefined, missing: [] })
    expect(tree).toEqual(['d a', 'd a/b', 'f a/b/f'])
  })

  it('may be followed by the sum of blocks, or by a blank line', () => {
    const lines = [
      '/site/tree:',
      'total 4',
      SELF,
      PARENT,
      folder('a'),
      '',
      '',
      '/site/tree/a:',
      '',
      SELF,
      PARENT,
      file('f')
    ]
    expect(told(text(...lines)).tree).toEqual(['d a', 'f a/f'])
  })

  it.each([
    ['names a folder that was not named', '/site/tree/b:'],
    ['names a folder elsewhere', '/site/wwwroot:'],
    ['climbs', '/site/tree/a/../b:'],
    ['has another form than the one before', './b:'],
    ['names a folder whose section has come', '/site/tree/a:'],
    ['names the root again', '/site/tree:'],
    ['names a file', '/site/tree/f:'],
    ['names a link', '/site/tree/l:'],
    ['is none', folder('b')],
    ['is an error', 'ls: cannot open directory: Permission denied']
  ])('that %s rejects the listing from there on', (_, header) => {
    const lines = [SELF, PARENT, folder('a'), file('f'), link('l', 'a'), '', '/site/tree/a:', SELF, PARENT, file('g')]
    const { listing, tree, ended } = told(text(...lines, '', header, SELF, PARENT, file('h')))
    expect(listing.rejected).toContain('a section for no folder that it named')
    expect(tree).toEqual(['d a', 'f a/g', 'f f', 'l l'])
    // What was listed before the doubt is true, but whether its last section ended is not sure.
    expect(ended).toEqual([TREE])
    expect(listing.missing).toEqual(inTree('a'))
  })

  it.each(['/site:', '/site/tree/a:', './tree:'])(
    'of another folder at the beginning rejects all of it: %s',
    header => {
      const { listing, tree } = told(text(header, SELF, PARENT, file('f')))
      expect(listing).toMatchObject({ missing: [TREE], hasRoot: false })
      expect(listing.rejected).toBeDefined()
      expect(tree.filter(line => !line.startsWith('?'))).toEqual([])
    }
  )

  it('is not what a line says that follows no blank line', () => {
    const { listing, tree } = told(text('/site/tree:', SELF, PARENT, folder('a'), '/site/tree/a:', file('f')))
    expect(listing.missing).toEqual(inTree('a'))
    expect(tree).toEqual(['? /site/tree/a:', 'd a', 'f f'])
  })
})

describe('a section', () => {
  it('comes in parts where the folder has many entries', () => {
    const names = Array.from({ length: 1200 }, (_, number) => `f${number}`)
    const { sections } = told(text(SELF, PARENT, ...names.map(file)))
    expect(sections.map(({ entries, ending }) => [entries.length, ending])).toEqual([
      [500, 'more'],
      [500, 'more'],
      [200, 'ended']
    ])
  })

  it('without the lines of the folder itself is missing where others have them', () => {
    const lines = [SELF, PARENT, folder('a'), folder('b'), '', './a:', file('f'), '', './b:', SELF, PARENT]
    const { listing, sections } = told(text(...lines))
    expect(sections.map(({ path, ending }) => [path, ending])).toEqual([
      [TREE, 'ended'],
      [`${TREE}/a`, 'cut'],
      [`${TREE}/b`, 'ended']
    ])
    expect(listing).toMatchObject({ rejected: undefined, missing: inTree('a') })
  })

  it('may be empty where no folder shows itself', () => {
    const { listing } = told(text(folder('a'), '', './a:'))
    expect(listing).toMatchObject({ rejected: undefined, missing: [], hasRoot: true })
  })

  it('of words is missing where no folder shows itself', () => {
    const { listing } = told(text(folder('a'), '', './a:', 'Permission denied'))
    expect(listing).toMatchObject({ rejected: undefined, missing: inTree('a') })
  })
})

describe('nothing is taken for gone, whole or true', () => {
  it.each([
    ['an empty answer', []],
    ['blank lines', ['', '']],
    ['the mere name of the root', ['/site/tree:']],
    ['words', ['ls: cannot access /site/tree: No such file or directory']],
    ['one file', ['-rw-r--r-- 1 1 1 7 Mar 10  2021 /site/tree']]
  ])('by %s', (_, lines) => {
    const { listing, ended } = told(text(...lines))
    expect(listing).toMatchObject({ hasRoot: false, missing: [TREE] })
    expect(ended).toEqual([])
  })

  it('where the last line has no end', () => {
    const { listing, tree } = told([...text(SELF, PARENT, file('a')), file('half a na')])
    expect(listing.rejected).toContain('breaks off')
    expect(listing).toMatchObject({ missing: [TREE], hasRoot: false })
    expect(tree).toEqual(['f a'])
  })

  it('before the end', () => {
    const listing = recursiveListing(TREE, NOW, () => undefined)
    for (const piece of text(SELF, PARENT, folder('a'), folder('b'), '', './a:', SELF, PARENT, file('f')))
      listing.push(piece)
    expect(listing).toMatchObject({ rejected: undefined, hasRoot: true, missing: inTree('a', 'b') })
  })

  it('where a line has no end at all', () => {
    const { listing } = told([...text(SELF), 'x'.repeat(20_000)])
    expect(listing.rejected).toContain('without an end')
  })

  it('where a tree never ends, because a link that leads up is listed as a folder', () => {
    const lines = [SELF, PARENT, folder('a')]
    for (let depth = 1; depth < 100; depth++) lines.push('', `.${'/a'.repeat(depth)}:`, SELF, PARENT, folder('a'))
    const { listing, ended } = told(text(...lines))
    expect(listing.rejected).toContain('too deep')
    expect(ended).toHaveLength(64)
  })

  it.each([
    ['a link and a folder', link('a', '/elsewhere'), folder('a')],
    ['a folder and a link', folder('a'), link('a', '/elsewhere')],
    ['a folder and a file', folder('a'), file('a')],
    ['two folders', folder('a'), folder('a')]
  ])('where one name is %s', (_, first, second) => {
    const lines = [SELF, PARENT, file('b'), first, second, '', './a:', SELF, PARENT, file('precious')]
    const { listing, tree } = told(text(...lines))
    expect(listing.rejected).toContain('names one thing twice')
    expect(listing.hasRoot).toBe(false)
    // Whoever lists what is missing by other means is not led through the link.
    expect(listing.missing).toEqual([TREE])
    expect(tree).toEqual(['f b'])
  })

  it('where a folder has a name that no path can be made of', () => {
    const { listing } = told(text(SELF, PARENT, folder('a\\b'), folder('c'), '', './a\\b:', SELF, PARENT, file('f')))
    expect(listing.rejected).toBeDefined()
    expect(listing.missing).toEqual([TREE, ...inTree('c')])
  })

  it('where a name holds a line feed and lines end with both characters', () => {
    const { listing, tree } = told(text(SELF, PARENT, folder('bin'), file('x\n\nbin:'), '', './bin:', SELF, PARENT))
    expect(listing).toMatchObject({ rejected: undefined, missing: [] })
    expect(tree).toEqual(['d bin', 'f x\n\nbin:'])
  })
})

describe('that links are shown as links', () => {
  const shows = (...lines: readonly string[]): boolean => told(text(SELF, PARENT, ...lines)).listing.showsLinks

  it('is proven by a link beside the folder that it leads to, in any order', () => {
    expect(shows(folder('lib'), link('lib64', 'lib'))).toBe(true)
    expect(shows(link('a', 'lib'), folder('lib'))).toBe(true)
    expect(shows(folder('a'), '', './a:', SELF, PARENT, folder('lib'), link('lib64', './lib/'))).toBe(true)
  })

  it.each([
    ['leads nowhere', link('a', 'gone')],
    ['leads to a file', link('a', 'f')],
    ['leads elsewhere', link('a', '/site/tree/lib')],
    ['leads up', link('a', '..')],
    ['leads into another folder', link('a', 'lib/deep')]
  ])('is not proven by one that %s', (_, line) => {
    expect(shows(folder('lib'), file('f'), line)).toBe(false)
  })

  it('is not proven by one in another folder', () => {
    expect(shows(folder('a'), folder('lib'), '', './a:', SELF, PARENT, link('lib64', 'lib'))).toBe(false)
  })
})

it('starts at any folder', () => {
  const root = remotePath('/site/.azure-python-env/trash-1')
  const { tree } = told(text(`${root}:`, SELF, PARENT, folder('a'), '', `${root}/a:`, SELF, PARENT, file('f')), root)
  expect(tree).toEqual(['d a', 'f a/f'])
})
