import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProjectError, openPackage, type PackageFiles } from '../../../src/python/package-files.ts'
import { entriesOf, fillFolder, zipBytes, type Files, type ZipEntry } from './packages.ts'

const isWindows = process.platform === 'win32'

let folder = ''
let count = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'package-files-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function inFolder(files: Files, links: Readonly<Record<string, string>> = {}): Promise<PackageFiles> {
  const root = join(folder, `folder-${count++}`, 'app')
  await mkdir(root, { recursive: true })
  await fillFolder(root, files, links)
  return openPackage(root)
}

async function inZip(entries: readonly ZipEntry[]): Promise<PackageFiles> {
  const path = join(folder, `package-${count++}.zip`)
  await writeFile(path, zipBytes(entries))
  return openPackage(path)
}

const namesOf = ({ names }: PackageFiles): readonly string[] => [...names].sort()

/** The names of files: a zip need not name the folders that they lie in. */
const fileNamesOf = (files: PackageFiles): readonly string[] => namesOf(files).filter(name => !name.endsWith('/'))

describe.each([
  ['a folder', inFolder],
  ['a zip', (files: Files) => inZip(entriesOf(files))]
])('in %s', (_, open) => {
  it('every file has its path from the top', async () => {
    const files = await open({ 'app.py': '', 'a/b/c.txt': 'x', 'ä b/☃.txt': '', '.hidden/x': '' })
    expect(fileNamesOf(files)).toEqual(['.hidden/x', 'a/b/c.txt', 'app.py', 'ä b/☃.txt'])
    expect(files.isComplete).toBe(true)
  })

  it('an empty folder is named, with a slash at its end', async () => {
    expect(namesOf(await open({ 'empty/': '' }))).toEqual(['empty/'])
  })

  it('an empty package has no names', async () => {
    expect(await open({})).toMatchObject({ names: [], isComplete: true })
  })

  it('what lies in .git and node_modules is left out, at any depth', async () => {
    const files = await open({
      '.git/config': '',
      'web/node_modules/x/pyvenv.cfg': '',
      'web/a.js': '',
      '.github/x': ''
    })
    expect(fileNamesOf(files)).toEqual(['.github/x', 'web/a.js'])
  })

  it('a file is read by its path', async () => {
    const files = await open({ 'a/b.txt': 'text\r\nand more ☃', 'empty.txt': '' })
    expect(await files.text('a/b.txt', 100)).toBe('text\r\nand more ☃')
    expect(await files.text('empty.txt', 0)).toBe('')
    expect([await files.isFile('a/b.txt'), await files.isFile('empty.txt')]).toEqual([true, true])
  })

  it.each([
    [
      '',
      'a',
      'a/',
      'a/b.txt/',
      'a/c.txt',
      'a/b.txt/c',
      'A/b.txt',
      'b.txt',
      './a/b.txt',
      'a/./b.txt',
      'a//b.txt',
      '/a/b.txt'
    ],
    ['..', '../app/a/b.txt', 'a/../a/b.txt', 'a\\b.txt', 'C:\\a', 'a/b.txt\0', '\n', `a/${'x'.repeat(5000)}`]
  ])('no other path leads to it', async (...paths) => {
    const files = await open({ 'a/b.txt': 'text' })
    for (const path of paths) {
      expect([path, await files.text(path, 100), await files.isFile(path)]).toEqual([path, undefined, false])
    }
  })

  it('a file that has more bytes than asked for is not read', async () => {
    const files = await open({ 'long.txt': 'x'.repeat(101) })
    expect([await files.text('long.txt', 100), await files.isFile('long.txt')]).toEqual([undefined, true])
    expect(await files.text('long.txt', 101)).toHaveLength(101)
  })

  it('folders that lie too deep are not looked at, and that is said', async () => {
    const deep = `${'d/'.repeat(70)}pyvenv.cfg`
    const files = await open({ [deep]: '', [`${'e/'.repeat(60)}pyvenv.cfg`]: '' })
    expect(fileNamesOf(files)).toEqual([`${'e/'.repeat(60)}pyvenv.cfg`])
    expect(files.isComplete).toBe(false)
  })

  it.each<[string, Uint8Array, string]>([
    ['UTF-8', Buffer.from('flask ☃\n'), 'flask ☃\n'],
    ['UTF-8 with a byte-order mark', Buffer.from('\uFEFFflask'), '\uFEFFflask'],
    ['another encoding', Buffer.from([0x66, 0xe9]), 'f\uFFFD']
  ])('%s is read as UTF-8, and its bytes are as they are', async (_, bytes, text) => {
    const files = await open({ 'x.txt': bytes })
    expect(await files.text('x.txt', 1000)).toBe(text)
    expect(await files.bytes('x.txt', 1000)).toEqual(bytes)
  })
})

describe.skipIf(isWindows)('links in a folder', () => {
  it('are named, and not followed', async () => {
    const files = await inFolder({ 'a/b.txt': '' }, { 'a/link': '../a', 'file-link': 'a/b.txt', nowhere: 'gone' })
    expect(namesOf(files)).toEqual(['a/', 'a/b.txt', 'a/link', 'file-link', 'nowhere'])
    expect(files.isComplete).toBe(true)
  })

  it('may form cycles', async () => {
    const files = await inFolder({ 'a/b/': '' }, { 'a/b/up': '..', 'a/b/top': '../..', self: 'self', x: 'y', y: 'x' })
    expect(namesOf(files)).toEqual(['a/', 'a/b/', 'a/b/top', 'a/b/up', 'self', 'x', 'y'])
    expect(await files.text('self', 100)).toBeUndefined()
    expect([await files.isFile('x'), await files.isFile('a/b/up')]).toEqual([false, false])
  })

  it('that stay inside lead to text', async () => {
    const files = await inFolder({ 'a/b.txt': 'text' }, { 'b.txt': 'a/b.txt', up: 'a/..' })
    expect(await files.text('b.txt', 100)).toBe('text')
    expect(await files.text('up/a/b.txt', 100)).toBe('text')
    expect(await files.isFile('b.txt')).toBe(true)
  })

  it.each(['../outside.txt', '../app-beside/x.txt', '/etc/passwd'])(
    'that lead out, to %s, lead to none',
    async target => {
      const root = join(folder, `folder-${count++}`)
      await fillFolder(root, { 'outside.txt': 'secret', 'app-beside/x.txt': 'secret', 'app/x.txt': '' }, {})
      await fillFolder(join(root, 'app'), {}, { link: target, folder: '..' })
      const files = await openPackage(join(root, 'app'))
      expect([await files.text('link', 10_000), await files.isFile('link')]).toEqual([undefined, true])
      expect(await files.text('folder/outside.txt', 10_000)).toBeUndefined()
    }
  )

  it('the package itself may be one', async () => {
    const root = join(folder, `folder-${count++}`)
    await fillFolder(root, { 'real/x.txt': 'text' }, { app: 'real' })
    const files = await openPackage(join(root, 'app'))
    expect([files.names, await files.text('x.txt', 100)]).toEqual([['x.txt'], 'text'])
  })
})

describe('a folder', () => {
  it('that is not there is an error that names the input', async () => {
    const opening = openPackage(join(folder, 'nowhere'))
    await expect(opening).rejects.toThrow(ProjectError)
    await expect(opening).rejects.toThrow(/^"package" cannot be read: /)
  })

  it.skipIf(isWindows)('with something that is no ordinary file is not read from it', async () => {
    const files = await inFolder({}, { device: '/dev/zero' })
    expect([await files.text('device', 100), await files.isFile('device')]).toEqual([undefined, false])
  })

  it.skipIf(isWindows)('with names that no path can be made of is listed without them', async () => {
    const files = await inFolder({ 'a\\b.txt': '', 'line\nbreak': '', 'x.txt': '' })
    expect(files.names).toEqual(['x.txt'])
  })

  it.skipIf(isWindows || process.getuid?.() === 0)(
    'in it that refuses to be listed is no error, and that is said',
    async () => {
      const root = join(folder, `folder-${count++}`)
      await fillFolder(root, { 'x.txt': '', 'locked/y.txt': '' })
      await mkdir(join(root, 'closed'), { mode: 0 })
      expect(await openPackage(root)).toMatchObject({ isComplete: false })
    }
  )
})

describe('a zip', () => {
  const NAMES = [
    'back\\slash.txt',
    'C:\\a.txt',
    '/absolute.txt',
    '../climbing.txt',
    'a/../../b.txt',
    './dot.txt',
    'a//b.txt',
    '\0'
  ]
  it.each(NAMES)('with an entry called %j is listed without it, and does not read it', async name => {
    const files = await inZip([
      { name, content: 'secret' },
      { name: 'x.txt', content: 'text' }
    ])
    expect(files.names).toEqual(['x.txt'])
    expect([await files.text(name, 100), await files.isFile(name)]).toEqual([undefined, false])
    expect(await files.text('x.txt', 100)).toBe('text')
  })

  it('with two entries of one name has the last one, as an extraction would', async () => {
    const files = await inZip([
      { name: 'x.txt', content: 'first' },
      { name: 'x.txt', content: 'second' }
    ])
    expect(await files.text('x.txt', 100)).toBe('second')
  })

  it('with a link does not follow it', async () => {
    const files = await inZip([
      { name: 'x.txt', content: 'text' },
      { name: 'link', content: 'x.txt', mode: 0o120777 },
      { name: 'plain', content: 'x.txt', mode: 0o100644 }
    ])
    expect(files.names).toEqual(['x.txt', 'link', 'plain'])
    expect([await files.text('link', 100), await files.text('plain', 100)]).toEqual([undefined, 'x.txt'])
  })

  it.each<[string, Partial<ZipEntry>, RegExp]>([
    ['is encrypted', { isEncrypted: true }, /encrypted.*without a password/],
    ['has another checksum', { checksum: 1 }, /checksum/],
    ['has an unknown method', { method: 99, data: Buffer.from('x') }, /method/],
    ['is no deflated data', { data: Buffer.from('\xff\xff\xff\xff') }, /./],
    ['is longer than it says', { size: 3 }, /bytes/],
    ['is shorter than it says', { size: 30 }, /bytes/]
  ])('an entry that %s is an error that names it, and no other one is', async (_, change, reason) => {
    const files = await inZip([
      { name: 'a/bad.txt', content: 'a text', ...change },
      { name: 'good.txt', content: 'good' }
    ])
    const reading = files.text('a/bad.txt', 100)
    await expect(reading).rejects.toThrow(ProjectError)
    await expect(reading).rejects.toThrow('"a/bad.txt" of "package"')
    await expect(reading).rejects.toThrow(reason)
    expect(await files.text('good.txt', 100)).toBe('good')
    expect(namesOf(files)).toEqual(['a/bad.txt', 'good.txt'])
  })

  it('that would unpack to more than it says is given up early', async () => {
    const bomb = { name: 'bomb.txt', content: Buffer.alloc(50_000_000), size: 100 }
    await expect((await inZip([bomb])).text('bomb.txt', 100)).rejects.toThrow('"bomb.txt"')
  })

  it('whose directory is broken is an error that names the last entry that could be read', async () => {
    const bytes = zipBytes([{ name: 'first.txt' }, { name: 'second.txt' }])
    bytes.write('XX', bytes.lastIndexOf(Buffer.from('PK\x01\x02')))
    const path = join(folder, `package-${count++}.zip`)
    await writeFile(path, bytes)
    await expect(openPackage(path)).rejects.toThrow(/not a zip that can be read, after the entry "first.txt"/)
  })

  it.each([
    ['is empty', Buffer.alloc(0)],
    ['is too short', Buffer.from('PK')],
    ['is something else', Buffer.from('not a zip, though long enough to be one')]
  ])('that %s is an error', async (_, bytes) => {
    const path = join(folder, `package-${count++}.zip`)
    await writeFile(path, bytes)
    await expect(openPackage(path)).rejects.toThrow(/"package" is a file, but not a zip/)
  })

  it('that is cut anywhere is an error, and nothing else', async () => {
    const bytes = zipBytes(entriesOf({ 'a.txt': 'a text', 'b/c.txt': 'another' }))
    const path = join(folder, `package-${count++}.zip`)
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length))
      await expect(openPackage(path), `cut at ${String(length)}`).rejects.toThrow(ProjectError)
    }
  })

  it('that is removed after it was listed gives an error when it is read', async () => {
    const path = join(folder, `package-${count++}.zip`)
    await writeFile(path, zipBytes([{ name: 'x.txt', content: 'text' }]))
    const files = await openPackage(path)
    await rm(path)
    await expect(files.text('x.txt', 100)).rejects.toThrow(ProjectError)
  })

  it('with more entries than are looked at names only so many, and yet all at its top', async () => {
    const many = Array.from({ length: 200_050 }, (_, index) => ({ name: `a/${index.toString(36)}.txt` }))
    const files = await inZip([...many, { name: 'b/late.txt' }, { name: 'requirements.txt', content: 'flask' }])
    expect([files.names.length, files.names.at(-1), files.isComplete]).toEqual([200_001, 'requirements.txt', false])
    expect(await files.text('requirements.txt', 100)).toBe('flask')
  }, 60_000)
})
