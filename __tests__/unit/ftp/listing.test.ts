import { describe, expect, it } from 'vitest'
import { parseListing } from '../../../src/ftp/listing.ts'
import { SiteError, entryNamed, type RemoteEntry } from '../../../src/site.ts'

const NOW = new Date('2026-11-22T12:00:00Z')

/** `kind name size time`, for tables. */
const shown = ({ name, kind, size, modified }: RemoteEntry): string =>
  `${kind} [${name}] ${size} ${modified?.toISOString().slice(0, 16) ?? 'none'}`

const read = (line: string, now = NOW): readonly string[] => parseListing(`${line}\r\n`, now).map(shown)

describe('DOS listings', () => {
  it.each([
    ['03-10-21  11:12AM       <DIR>          antenv', 'directory [antenv] 0 2021-03-10T11:12'],
    ['03-10-21  11:12PM       <DIR>          antenv', 'directory [antenv] 0 2021-03-10T23:12'],
    ['03-10-21  12:00AM                  123 a.txt', 'file [a.txt] 123 2021-03-10T00:00'],
    ['03-10-21  12:30PM                  123 a.txt', 'file [a.txt] 123 2021-03-10T12:30'],
    ['03-10-21  00:05AM                  123 a.txt', 'file [a.txt] 123 2021-03-10T00:05'],
    ['03-10-2021  11:12AM                  0 a.txt', 'file [a.txt] 0 2021-03-10T11:12'],
    ['03-10-2021  23:12       <DIR>          x', 'directory [x] 0 2021-03-10T23:12'],
    ['03-10-21  23:12                      7 x', 'file [x] 7 2021-03-10T23:12'],
    ['12-31-99  11:59PM                    7 x', 'file [x] 7 1999-12-31T23:59'],
    ['01-01-69  01:00AM                    7 x', 'file [x] 7 2069-01-01T01:00'],
    ['03-10-21  11:12AM       <JUNCTION>     lib64', 'link [lib64] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <SYMLINKD>     lib64', 'link [lib64] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <SYMLINK>      python', 'link [python] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <SYMLINKD>     lib64 [D:\\home\\lib]', 'link [lib64] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <JUNCTION>     a b [..\\lib]', 'link [a b] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <SYMLINKD>     lib [1]', 'link [lib [1]] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <DIR>          lib64 [D:\\lib]', 'directory [lib64 [D:\\lib]] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM                    5 x [D:\\lib]', 'file [x [D:\\lib]] 5 2021-03-10T11:12'],
    ['03-10-21  11:12AM           5368709120 big.bin', 'file [big.bin] 5368709120 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <DIR>            two blanks first', 'directory [  two blanks first] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM                    5   leading', 'file [  leading] 5 2021-03-10T11:12'],
    ['03-10-21  11:12AM                    5 trailing ', 'file [trailing ] 5 2021-03-10T11:12'],
    ['03-10-21  11:12AM                    5 a [1] (2) {3}.txt', 'file [a [1] (2) {3}.txt] 5 2021-03-10T11:12'],
    [`03-10-21  11:12AM                    5 it's "quoted" & <DIR>`, `file [it's "quoted" & <DIR>] 5 2021-03-10T11:12`],
    ['03-10-21  11:12AM       <DIR>          grüße-日本-𝄞', 'directory [grüße-日本-𝄞] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <DIR>          03-10-21  11:12AM', 'directory [03-10-21  11:12AM] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM                    5 12 34', 'file [12 34] 5 2021-03-10T11:12'],
    ['03-10-21  11:12AM                    5 x -> y', 'file [x -> y] 5 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <SYMLINKD>     x -> y', 'link [x -> y] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM       <DIR>          -rf', 'directory [-rf] 0 2021-03-10T11:12'],
    ['03-10-21  11:12AM                    5 [a]*?#%"\'', `file [[a]*?#%"'] 5 2021-03-10T11:12`],
    ['03-10-21  11:12AM                    5  ', 'file [ ] 5 2021-03-10T11:12']
  ])('%s', (line, entry) => {
    expect(read(line)).toEqual([entry])
  })
})

describe('UNIX listings', () => {
  it.each([
    ['drwxr-xr-x    2 1000     1000         4096 Nov 22 10:46 bin', 'directory [bin] 0 2026-11-22T10:46'],
    ['-rw-r--r--    1 ftp      ftp           123 Mar 10 11:12 pyvenv.cfg', 'file [pyvenv.cfg] 123 2026-03-10T11:12'],
    ['-rw-r--r--    1 ftp      ftp           123 Mar 10  9:05 a', 'file [a] 123 2026-03-10T09:05'],
    ['drwxr-xr-x    2 ftp      ftp          4096 Nov 22 0:00 b', 'directory [b] 0 2026-11-22T00:00'],
    ['-rw-r--r--    1 ftp      ftp           123 Mar 10  2021 a', 'file [a] 123 2021-03-10T00:00'],
    ['lrwxrwxrwx    1 ftp      ftp             3 Nov 22 10:46 lib64 -> lib', 'link [lib64] 0 2026-11-22T10:46'],
    ['lrwxrwxrwx    1 ftp      ftp             3 Nov  2 10:46 a b -> /x y', 'link [a b] 0 2026-11-02T10:46'],
    ['-rw-r--r--    1 ftp      ftp             3 Nov 22 10:46 a -> b', 'file [a -> b] 3 2026-11-22T10:46'],
    ['drwxrwsr-t+   9 www data domain users 4096 Jan 01 00:00 x', 'directory [x] 0 2026-01-01T00:00'],
    ['drwxrwxrwx   1 owner    group               0 Nov  2 10:46 App Data', 'directory [App Data] 0 2026-11-02T10:46'],
    ['-rwxrwxrwx   1 owner    group      1703936000 Nov 22  2020 x.bin', 'file [x.bin] 1703936000 2020-11-22T00:00'],
    ['-rw-r--r--   1 root     root          12 2021-03-10 11:12 iso', 'file [iso] 12 2021-03-10T11:12'],
    ['-rw-r--r--    1 ftp      ftp             3 Nov 22 10:46   two blanks', 'file [  two blanks] 3 2026-11-22T10:46'],
    [
      '-rw-r--r--    1 ftp      ftp             3 Nov 22 10:46 5 Jan 01 10:00 x',
      'file [5 Jan 01 10:00 x] 3 2026-11-22T10:46'
    ],
    ['-rw-r--r--    1 ftp      ftp             3 Okt 22 10:46 fremd', 'file [fremd] 3 none'],
    ['prw-r--r--    1 ftp      ftp             0 Nov 22 10:46 pipe', 'file [pipe] 0 2026-11-22T10:46'],
    ['-rw-r--r--    1 ftp      ftp             3 Nov 22 10:46 x -> y -> z', 'file [x -> y -> z] 3 2026-11-22T10:46'],
    ['drwxr-xr-x    2 ftp      ftp          4096 Nov 22 10:46 x -> y', 'directory [x -> y] 0 2026-11-22T10:46'],
    ['-rw-r--r--    1 ftp      ftp             3 Nov 22 10:46 trailing  ', 'file [trailing  ] 3 2026-11-22T10:46'],
    ['-rw-r--r--    1 ftp      ftp             3 Nov 22 10:46 -rf', 'file [-rf] 3 2026-11-22T10:46'],
    ['-rw-r--r--    1 ftp      ftp             3 Nov 22 10:46 [a]*?#%"\'', `file [[a]*?#%"'] 3 2026-11-22T10:46`],
    ['lrwxrwxrwx    1 ftp      ftp             3 Nov 22 10:46 a->b -> c', 'link [a->b] 0 2026-11-22T10:46'],
    ['lrwxrwxrwx    1 ftp      ftp             3 Nov 22 10:46  a  -> b', 'link [ a ] 0 2026-11-22T10:46']
  ])('%s', (line, entry) => {
    expect(read(line)).toEqual([entry])
  })

  it('skips the line with the total', () => {
    expect(parseListing('total 8\r\n-rw-r--r-- 1 a b 1 Nov 22 10:46 x\r\n', NOW)).toHaveLength(1)
  })

  it.each([
    ['last year, where the day is still to come', 'Dec 31 23:59', '2027-01-01T00:10:00Z', '2026-12-31T23:59'],
    ['this year, on its first day', 'Jan  1 00:05', '2027-01-01T00:10:00Z', '2027-01-01T00:05'],
    ['this year, within a day of clocks that differ', 'Nov 23 08:00', '2026-11-22T12:00:00Z', '2026-11-23T08:00'],
    ['last year, for tomorrow but one', 'Nov 24 13:00', '2026-11-22T12:00:00Z', '2025-11-24T13:00'],
    [
      'next year, where the server is a little ahead at its end',
      'Jan  1 00:30',
      '2026-12-31T23:50:00Z',
      '2027-01-01T00:30'
    ],
    ['the last leap day', 'Feb 29 10:00', '2025-01-15T12:00:00Z', '2024-02-29T10:00']
  ])('supply the year: %s', (_, time, now, expected) => {
    const [entry] = parseListing(`-rw-r--r-- 1 ftp ftp 3 ${time} x`, new Date(now))
    expect(entry?.modified?.toISOString().slice(0, 16)).toBe(expected)
  })
})

describe('MLSD listings', () => {
  it.each([
    ['type=dir;modify=20261122104600; bin', 'directory [bin] 0 2026-11-22T10:46'],
    ['Type=file;Size=123;Modify=20210310111213.456;Perm=adfr; a b', 'file [a b] 123 2021-03-10T11:12'],
    ['modify=20210310111213;perm=flcdmpe;type=dir;unique=FD0;UNIX.mode=0755; x', 'directory [x] 0 2021-03-10T11:12'],
    ['type=OS.unix=slink:/antenv;modify=20210310111213; antenv', 'link [antenv] 0 2021-03-10T11:12'],
    ['type=OS.unix=symlink;size=3;modify=20210310111213; lib64', 'link [lib64] 0 2021-03-10T11:12'],
    ['type=file;size=1; no time', 'file [no time] 1 none'],
    ['type=file;size=1;modify=20210310111213;   blanks', 'file [  blanks] 1 2021-03-10T11:12'],
    ['type=file;size=1;modify=20210310111213; a; b=c; d', 'file [a; b=c; d] 1 2021-03-10T11:12'],
    ['type=file;size=1;modify=20210310111213; trailing  ', 'file [trailing  ] 1 2021-03-10T11:12'],
    ['type=file;size=1;modify=20210310111213;  ', 'file [ ] 1 2021-03-10T11:12'],
    ['type=file;size=1;modify=20210310111213; x -> y', 'file [x -> y] 1 2021-03-10T11:12'],
    ['type=dir;modify=20210310111213; -rf', 'directory [-rf] 0 2021-03-10T11:12'],
    [`type=file;size=1;modify=20210310111213; [a]*?#%"'`, `file [[a]*?#%"'] 1 2021-03-10T11:12`],
    ['type=OS.unix=symlink;modify=20210310111213; x -> y', 'link [x -> y] 0 2021-03-10T11:12'],
    ['type=OS.unix=symlink;modify=20210310111213; a; b', 'link [a; b] 0 2021-03-10T11:12'],
    ['type=OS.unix=slink:/a b;modify=20210310111213; x -> y', 'link [x -> y] 0 2021-03-10T11:12'],
    ['type=OS.unix=slink:;modify=20210310111213; x', 'link [x] 0 2021-03-10T11:12']
  ])('%s', (line, entry) => {
    expect(read(line)).toEqual([entry])
  })

  it('skip the folder itself and its parent, whatever they are called there', () => {
    expect(read('type=cdir;modify=20210310111213; /site/wwwroot')).toEqual([])
    expect(read('type=pdir;modify=20210310111213; /site')).toEqual([])
  })
})

describe('a name that cannot be told for certain', () => {
  const AMBIGUOUS = [
    'type=OS.unix=slink:/a; b;modify=20210310111213; x',
    'modify=20210310111213;type=OS.unix=slink:/a; antenv; x',
    '-rw-r--r-- 1 a b 1 Nov 22 10:46 caf\uFFFD',
    'drwxr-xr-x 1 a b 1 Nov 22 10:46 \uFFFD\uFFFD',
    'type=dir;modify=20210310111213; caf\uFFFD',
    '03-10-21  11:12AM       <DIR>          caf\uFFFD'
  ]
  it.each(AMBIGUOUS)('makes an entry that is taken for nothing else: %j', line => {
    expect(read(line)).toEqual([`unknown [${line}] 0 none`])
  })

  it.each([
    'lrwxrwxrwx 1 a b 1 Nov 22 10:46 antenv -> a -> b',
    'lrwxrwxrwx 1 a b 1 Nov 22 10:46 antenv -> a -> b -> c',
    'lrwxrwxrwx 1 a b 1 Nov 22 10:46 \uFFFD antenv -> lib'
  ])('may be that before the first arrow, so that what is looked for is not proven absent: %j', line => {
    const entries = parseListing(line, NOW)
    expect(entries.map(({ kind }) => kind)).toEqual(['unknown'])
    expect(entryNamed(entries, 'antenv')).toBe(entries[0])
    for (const target of ['a', 'b', 'c', 'lib']) expect(entryNamed(entries, target)).toBeUndefined()
  })

  it('is the last one where MLSD names a target, and that is not proven absent either', () => {
    const entries = parseListing('type=OS.unix=slink:/a; b;modify=20210310111213; antenv', NOW)
    expect(entryNamed(entries, 'antenv')?.kind).toBe('unknown')
  })

  it.each([
    ['lrwxrwxrwx 1 a b 1 Nov 22 10:46 lib64 -> caf\uFFFD', 'link [lib64] 0 2026-11-22T10:46'],
    ['drwxr-xr-x 2 w Dom\uFFFDnen-Benutzer 0 Nov 22 10:46 lib', 'directory [lib] 0 2026-11-22T10:46'],
    ['type=dir;unix.groupname=Dom\uFFFDnen; lib', 'directory [lib] 0 none']
  ])('is not one beside which something else is no UTF-8: %j', (line, entry) => {
    expect(read(line)).toEqual([entry])
  })

  it('is not the reason for refusing a whole listing', () => {
    expect(parseListing(AMBIGUOUS.join('\n'), NOW)).toHaveLength(AMBIGUOUS.length)
  })

  it.each(['grüße', 'gru\u0308ße', '日本', '𝄞', '\uFEFFx', '\u00A0x\u00A0', '\u2028'])(
    'is never one of proper UTF-8, which stays as it was written: %j',
    name => {
      expect(read(`-rw-r--r-- 1 a b 1 Nov 22 10:46 ${name}`)[0]).toContain(`file [${name}]`)
      expect(read(`type=file;size=1; ${name}`)[0]).toContain(`file [${name}]`)
      expect(read(`03-10-21  11:12AM                    5 ${name}`)[0]).toContain(`file [${name}]`)
    }
  )
})

const UNREADABLE = [
  'ls: cannot open directory: Permission denied',
  '550 Access is denied.',
  '03-10-21  11:12AM       <DIR>',
  '03-10-21  11:12AM                  123',
  '10/03/2021  11:12       <DIR>          x',
  'drwxr-xr-x    2 1000     1000         4096 Nov 22 10:46',
  'drwxr-xr-x    2 1000     1000         4096 22 Nov 10:46 x',
  'name-only.txt',
  'type=dir;modify=20210310111213;nospace',
  'size=12;modify=20210310111213; without a type',
  '03-10-21  11:12AM       <DIR>          a/b',
  '03-10-21  11:12AM                    5 ../../etc/passwd',
  '-rw-r--r-- 1 a b 1 Nov 22 10:46 /etc/passwd',
  'type=file;size=1; /etc/passwd',
  'type=file;size=1; a\0b',
  '03-10-21  11:12AM                    5 a\0b'
]

describe('every listing', () => {
  it.each([
    '03-10-21  11:12AM       <DIR>          .',
    '03-10-21  11:12AM       <DIR>          ..',
    'drwxr-xr-x    2 1000     1000         4096 Nov 22 10:46 .',
    'drwxr-xr-x    2 1000     1000         4096 Nov 22 10:46 ..',
    'type=dir;modify=20210310111213; ..',
    '',
    '   '
  ])('has no entry for %j', line => {
    expect(read(line)).toEqual([])
  })

  it.each(UNREADABLE)('keeps %j as an entry of an unknown kind, and all others as they are', line => {
    const entries = parseListing(`03-10-21  11:12AM                    5 fine.txt\r\n${line}\r\n`, NOW)
    expect(entries.map(({ kind, name }) => [kind, name])).toEqual([
      ['file', 'fine.txt'],
      ['unknown', line]
    ])
    expect(entries[1]).toMatchObject({ size: 0, modified: undefined })
  })

  it('keeps a link with a separator in its name as an entry of an unknown kind, without its target', () => {
    const link = 'lrwxrwxrwx 1 a b 1 Nov 22 10:46 a/b -> c'
    expect(parseListing(`type=dir; x\n${link}`, NOW)[1]).toMatchObject({ kind: 'unknown', name: link.slice(0, -5) })
  })

  it.each(UNREADABLE)('is refused where no line can be read: %j', line => {
    for (const text of [line, `${line}\r\n${line}\r\n`, `total 8\r\n${line}\r\n`]) {
      expect(() => parseListing(text, NOW)).toThrow(SiteError)
      expect(() => parseListing(text, NOW)).toThrow(expect.objectContaining({ kind: 'unexpected' }))
    }
  })

  it('is readable where only the folder itself is', () => {
    const text = 'drwxr-xr-x    2 1000     1000         4096 Nov 22 10:46 .\r\nname-only.txt\r\n'
    expect(parseListing(text, NOW).map(({ kind }) => kind)).toEqual(['unknown'])
  })

  it.each([
    ['a month and day that are none', '-rw-r--r-- 1 a b 1 2021-13-45 99:99 x'],
    ['an hour that is none', '-rw-r--r-- 1 a b 1 2021-03-10 25:00 x']
  ])('has no time where it cannot be read: %s', (_, line) => {
    expect(parseListing(line, NOW)[0]?.modified).toBeUndefined()
  })

  it('may be empty, may end lines with a bare line feed, and may leave out the last end', () => {
    expect(parseListing('', NOW)).toEqual([])
    expect(parseListing('total 0', NOW)).toEqual([])
    expect(parseListing('type=dir; a\r\ntype=dir; b', NOW).map(({ name }) => name)).toEqual(['a', 'b'])
    expect(parseListing('type=dir; a\ntype=dir; b\n', NOW).map(({ name }) => name)).toEqual(['a', 'b'])
  })
})
