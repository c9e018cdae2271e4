// Replies to STAT, as real servers gave them: which are listings, and when they are believed.
import { describe, expect, it } from 'vitest'
import { parseListing } from '../../../src/ftp/listing.ts'
import { recursiveListing } from '../../../src/ftp/recursive-listing.ts'
import {
  agrees,
  isPlainPath,
  readStat,
  STAT_FORMS,
  statCommand,
  type StatListing
} from '../../../src/ftp/stat-listing.ts'
import { remotePath } from '../../../src/site.ts'
import { NOW, recorded, TREE } from './recorded-listings.ts'

const SERVERS = ['vsftpd', 'proftpd', 'pure-ftpd']
const LIB = remotePath('/site/tree/lib')

async function asked(server: string, command: string, showsItself?: boolean): Promise<StatListing | undefined> {
  const { stat } = await recorded(server)
  const text = stat[command]?.join('\n') ?? ''
  const path = command.replace(/^STAT (?:-a )?/, '')
  return readStat(
    { code: Number(text.slice(0, 3)), text },
    path.startsWith('/') ? remotePath(path) : TREE,
    NOW,
    showsItself
  )
}

/** The root's entries as `LIST -Ra` told them. */
async function rootOf(server: string): Promise<StatListing['entries']> {
  const { list } = await recorded(server)
  const entries: StatListing['entries'][number][] = []
  const listing = recursiveListing(TREE, NOW, section => {
    if (section.path === TREE) entries.push(...section.entries)
  })
  listing.push(list.join('\r\n'))
  return entries
}

function read(...lines: readonly string[]): StatListing | undefined {
  return readStat({ code: 213, text: ['213-Status:', ...lines, '213 End'].join('\n') }, LIB, NOW)
}

const file = (name: string): string => `-rw-r--r-- 1 1 1 7 Mar 10  2021 ${name}`

describe.each(SERVERS)('%s', server => {
  it('lists a folder over the control connection as it does over a data connection', async () => {
    const found = await asked(server, `STAT -a ${TREE}`, true)
    expect(found).toMatchObject({ showsItself: true, showsLinks: true })
    expect(found?.entries).toEqual(await rootOf(server))
    expect(found && agrees(found, await rootOf(server))).toBe(true)
  })

  it('lists an empty folder with its own line, and one that may not be read or is not there without', async () => {
    expect(await asked(server, `STAT -a ${TREE}/empty`, true)).toMatchObject({ entries: [], showsItself: true })
    expect(await asked(server, `STAT -a ${TREE}/locked`, true)).toBeUndefined()
    expect(await asked(server, `STAT -a ${TREE}/nowhere`, true)).toBeUndefined()
  })

  it('answers neither for a file nor about itself with what is taken for a listing', async () => {
    for (const form of STAT_FORMS) expect(await asked(server, `${form} ${TREE}/pyvenv.cfg`)).toBeUndefined()
    expect(await asked(server, 'STAT')).toBeUndefined()
  })
})

it('Pure-FTPd hides what begins with a dot without -a, and is not trusted so', async () => {
  const found = await asked('pure-ftpd', `STAT ${TREE}`)
  expect(found?.entries.map(({ name }) => name)).not.toContain('.hidden')
  expect(found && agrees(found, await rootOf('pure-ftpd'))).toBe(false)
})

describe('a reply', () => {
  it.each([
    [450, '450 No such file'],
    [550, '550-No\nsuch file\n550 End'],
    [250, `250-Status:\n${file('a')}\n250 End`],
    [213, '213 1234'],
    [211, '211 https://www.pureftpd.org/'],
    [211, '211-Status:\n Connected from somewhere\n TYPE: ASCII\n211 End'],
    [213, '213-Status:\nls: cannot open directory: Permission denied\n213 End']
  ])('is no listing: %i %j', (code, text) => {
    expect(readStat({ code, text }, LIB, NOW)).toBeUndefined()
  })

  it.each(['', ' ', '    '])('may have lines that are padded with %j', padding => {
    for (const line of ['drwxr-xr-x 2 1 1 4096 Mar 10  2021  a ', '03-10-21  11:12AM       <DIR>           a ']) {
      expect(read(padding + line)?.entries).toMatchObject([{ name: ' a ', kind: 'directory' }])
    }
  })

  it('is not that of a folder where it is the line of the folder itself', () => {
    const self = 'drwx------ 3 0 0 4096 Mar 10  2021 lib'
    expect(read(self)).toBeUndefined()
    // Beside the line of the folder that is listed it is a folder of the same name in it.
    expect(read('drwx------ 3 0 0 4096 Mar 10  2021 .', self)?.entries).toHaveLength(1)
  })

  it('is not that of one folder where it has headers, names with paths, or one name twice', () => {
    expect(read(file('a'), '/site/tree/odd:', file('b'))).toBeUndefined()
    expect(read('/site/tree/lib:', file('b'))).toBeUndefined()
    expect(read(file('/site/tree/lib/a'))).toBeUndefined()
    expect(
      read('lrwxrwxrwx 1 1 1 3 Mar 10  2021 a -> /elsewhere', 'drwxr-xr-x 2 1 1 4096 Mar 10  2021 a')
    ).toBeUndefined()
  })

  it('keeps a line that cannot be read as an entry of an unknown kind', () => {
    expect(read(file('a'), 'what is this')?.entries.map(({ kind }) => kind)).toEqual(['file', 'unknown'])
  })

  it('without a line says nothing where the folder itself is never shown', () => {
    expect(read()).toEqual({ entries: [], showsItself: false, showsLinks: false })
  })
})

describe('a reply is trusted', () => {
  const listed = parseListing(`${file('a')}\r\n${file('b')}\r\n`, NOW)
  const trusted = (...lines: readonly string[]): boolean => {
    const found = read(...lines)
    return found !== undefined && agrees(found, listed)
  }

  it('where it has the same names as a listing, in any order', () => {
    expect(trusted(file('b'), file('a'))).toBe(true)
  })

  it.each([
    ['lacks one', [file('a')]],
    ['has one more', [file('a'), file('b'), file('c')]],
    ['has another', [file('a'), file('c')]],
    ['has none', []],
    ['has one that cannot be read', [file('a'), file('b'), 'what is this']]
  ])('not where it %s', (_, lines) => {
    expect(trusted(...lines)).toBe(false)
  })

  it('not where both are empty, which proves nothing', () => {
    const found = read()
    expect(found && agrees(found, [])).toBe(false)
  })
})

describe('a path', () => {
  it.each(['/site/wwwroot/antenv', '/site/.azure-python-env/trash-1/lib/python3.12', "/a-b_c.d+e=f,g'h$i@j#k%l"])(
    'that every server takes as it is follows options: %s',
    path => {
      expect(isPlainPath(remotePath(path))).toBe(true)
      expect(STAT_FORMS.map(form => statCommand(form, remotePath(path)))).toEqual([`STAT -a ${path}`, `STAT ${path}`])
    }
  )

  it.each(['/a b', '/ a', '/a ', '/*', '/a?', '/[a]', '/{a,b}', '/~', '/a\u00a0b'])(
    'that some would split or take for a pattern does not: %j',
    path => {
      expect(isPlainPath(remotePath(path))).toBe(false)
      expect(statCommand('STAT', remotePath(path))).toBeUndefined()
    }
  )
})
