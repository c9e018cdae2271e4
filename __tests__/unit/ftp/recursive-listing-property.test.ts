// Any tree, printed as any of the servers prints it and in any pieces, is that tree; cut anywhere, it never looks whole.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { told, TREE } from './recorded-listings.ts'

interface Folder {
  readonly files: readonly string[]
  readonly links: readonly string[]
  readonly folders: Readonly<Record<string, Folder>>
}

/** How a server prints a tree. */
interface Style {
  readonly lineEnd: '\r\n' | '\n'
  readonly rootHeader: boolean
  readonly header: (path: string) => string
  /** Lines before and after a header. */
  readonly around: readonly [readonly string[], readonly string[]]
  readonly total: boolean
}

const absolute = (path: string): string => (path === '' ? `${TREE}:` : `${TREE}/${path}:`)
const dotted = (path: string): string => (path === '' ? '.:' : `./${path}:`)
const STYLES: Readonly<Record<string, Style>> = {
  vsftpd: { lineEnd: '\r\n', rootHeader: true, header: absolute, around: [[''], []], total: false },
  ProFTPD: { lineEnd: '\r\n', rootHeader: false, header: absolute, around: [[''], []], total: false },
  'Pure-FTPd': { lineEnd: '\r\n', rootHeader: false, header: absolute, around: [['', ''], ['']], total: false },
  ls: { lineEnd: '\n', rootHeader: true, header: dotted, around: [[''], []], total: true }
}

/** Anything that a file system takes, a path can hold, and a listing can tell for certain. */
const name = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
    fc.constantFrom(
      'lib:',
      'total 1',
      './a',
      ' a',
      'a ',
      'a -> ',
      '[a]',
      'drwxr-xr-x 2 1 1 0 Mar 10  2021 a',
      ':',
      '.a:'
    )
  )
  // eslint-disable-next-line no-control-regex -- what no path can hold
  .filter(text => !/[/\\\u0000-\u001f\u007f\uFFFD]|^\.{1,2}$| -> /.test(text) && text.trim() !== '')

const folderOf: fc.Memo<Folder> = fc.memo(depth =>
  fc
    .record({
      files: fc.array(name, { maxLength: 4 }),
      links: fc.array(name, { maxLength: 2 }),
      folders: depth > 1 ? fc.dictionary(name, folderOf(), { maxKeys: 3 }) : fc.constant({})
    })
    .map(({ files, links, folders }) => {
      const taken = new Set(Object.keys(folders))
      const free = (text: string): boolean => !taken.has(text) && taken.add(text).size > 0
      return { files: files.filter(free), links: links.filter(free), folders }
    })
)
const tree = folderOf(4)

const LINE = ' 2 1 1 4096 Mar 10  2021 '

function print(folder: Folder, style: Style, path = ''): readonly string[] {
  const { files, links, folders } = folder
  const [before, after] = style.around
  const header = path === '' && !style.rootHeader ? [] : [...(path === '' ? [] : before), style.header(path), ...after]
  return [
    ...header,
    ...(style.total ? ['total 4'] : []),
    ...['.', '..', ...Object.keys(folders)].map(text => `drwxr-xr-x${LINE}${text}`),
    ...files.map(text => `-rw-r--r--${LINE}${text}`),
    ...links.map(text => `lrwxrwxrwx${LINE}${text} -> /elsewhere`),
    ...Object.entries(folders).flatMap(([text, inner]) => print(inner, style, path === '' ? text : `${path}/${text}`))
  ]
}

function paths({ files, links, folders }: Folder, above = ''): readonly string[] {
  return [
    ...files.map(text => `f ${above}${text}`),
    ...links.map(text => `l ${above}${text}`),
    ...Object.entries(folders).flatMap(([text, inner]) => [`d ${above}${text}`, ...paths(inner, `${above}${text}/`)])
  ]
}

describe.each(Object.entries(STYLES))('as %s prints it', (_, style) => {
  it('a tree is what is read, in pieces of any length', () => {
    fc.assert(
      fc.property(tree, fc.array(fc.nat(40), { maxLength: 20 }), (folder, lengths) => {
        let rest = print(folder, style)
          .map(line => line + style.lineEnd)
          .join('')
        const pieces = lengths.map(length => {
          const piece = rest.slice(0, length)
          rest = rest.slice(length)
          return piece
        })
        const { listing, tree: found, ended } = told([...pieces, rest])
        expect(listing).toMatchObject({ rejected: undefined, missing: [], hasRoot: true })
        expect(found).toEqual([...paths(folder)].sort())
        expect(new Set(ended).size).toBe(found.filter(line => line.startsWith('d ')).length + 1)
      }),
      { numRuns: 200 }
    )
  })

  it('a tree that is cut at any place never has a path that is not there, and lacks none beyond the last section', () => {
    const cut = fc.record({ atLineEnd: fc.boolean(), seed: fc.nat() })
    fc.assert(
      fc.property(tree, cut, (folder, { atLineEnd, seed }) => {
        const lines = print(folder, style).map(line => line + style.lineEnd)
        const text = lines.slice(0, atLineEnd ? seed % lines.length : lines.length).join('')
        const { listing, tree: found, sections, ended } = told([atLineEnd ? text : text.slice(0, seed % text.length)])
        const whole = paths(folder)
        expect(whole).toEqual(expect.arrayContaining([...found]))
        if (listing.rejected === undefined && listing.missing.length === 0) {
          // What is lost lies in the folder that was listed last, and to remove that one fails then.
          const last = sections.at(-1)?.path ?? ''
          const lost = whole.filter(line => !found.includes(line)).map(line => `${TREE}/${line.slice(2)}`)
          expect(lost.filter(path => !path.startsWith(`${last}/`))).toEqual([])
        }
        const unknown = new Set(listing.missing.map(String))
        expect(ended.filter(path => unknown.has(path))).toEqual([])
      }),
      { numRuns: 400 }
    )
  })
})

it('no text whatever names a path outside of what it was asked about, or a name with a line end in a path', () => {
  const line = fc.oneof(
    name.map(text => `drwxr-xr-x${LINE}${text}`),
    name.map(text => `-rw-r--r--${LINE}${text}`),
    fc.constantFrom('', '', '/site/tree:', '/site/wwwroot:', './a:', './a/..:', '../a:', '/:', ':', './', '.:'),
    name.map(text => `${TREE}/${text}:`),
    fc.string({ unit: 'binary' })
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), lines => {
      const { listing, sections } = told(lines.map(text => `${text}\r\n`))
      const named = new Set<string>([TREE])
      for (const { path, entries } of sections) {
        // Each was named before, by a section that came before.
        expect(named.has(path)).toBe(true)
        for (const entry of entries) if (entry.kind === 'directory') named.add(`${path}/${entry.name}`)
      }
      for (const path of listing.missing) expect(named.has(path)).toBe(true)
    }),
    { numRuns: 500 }
  )
})
