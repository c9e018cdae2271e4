import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyNamer } from '../../../src/reset/over-ftp.ts'
import { doomedPath, hasOwnFolder, parseTrashName, readTrash, trashPath } from '../../../src/reset/trash.ts'
import { WWWROOT, child, mutable, nameOf, remotePath, type RemotePath } from '../../../src/site.ts'
import { fakeSite, linkTo, treeOf, type Spec } from '../fake-site.ts'

const NOW = new Date('2026-11-22T12:34:56.789Z')
const OWN = '/site/.azure-python-env'
const below = (path: string): RemotePath => path.split('/').reduce<RemotePath>((at, name) => child(at, name), WWWROOT)

// eslint-disable-next-line no-control-regex -- control characters are what no path may hold
const FORBIDDEN = /[/\\\u0000-\u001f\u007f]/
const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 12 })
  .filter(text => !FORBIDDEN.test(text) && text !== '.' && text !== '..')

describe('the name of a copy', () => {
  it('holds the time, something random and the path', () => {
    const copy = trashPath(below('app/my env'), NOW, '0123456789ab')
    expect(copy).toBe(`${OWN}/trash-20261122T123456789Z-0123456789ab-app=2Fmy=20env`)
  })

  it('leads back to where it lay', () => {
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 3 }),
        fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true }),
        (names, now) => {
          const original = names.reduce<RemotePath>((at, part) => child(at, part), WWWROOT)
          const copy = trashPath(original, now, 'deadbeef')
          expect(parseTrashName(nameOf(copy))).toEqual({ copy, original })
        }
      ),
      { numRuns: 500 }
    )
  })

  it('leads back where the path is long, and is no longer than file systems take', () => {
    const original = below('проекты/виртуальное-окружение/сервер-приложений/env')
    const copy = trashPath(original, NOW, '0123456789ab')
    expect(parseTrashName(nameOf(copy))).toEqual({ copy, original })
    expect(nameOf(copy).length).toBeLessThanOrEqual(255)
    expect(() => trashPath(below('я'.repeat(120)), NOW, '0123456789ab')).toThrow(/too long to be set aside/)
  })

  it.each(['\uFEFFenv', 'env\uFEFF', 'env=2F', '=', 'ü', '日本', '-', 'trash-x', '%2F', ' '])(
    'leads back to %j',
    text => {
      const original = below(text)
      expect(parseTrashName(nameOf(trashPath(original, NOW, 'deadbeef')))?.original).toBe(original)
    }
  )

  it('is of letters that every file system takes', () => {
    fc.assert(
      fc.property(name, part => {
        expect(nameOf(trashPath(child(WWWROOT, part), NOW, 'deadbeef'))).toMatch(/^[A-Za-z0-9._=-]+$/)
      })
    )
  })

  it('never collides for two paths of one run', () => {
    fc.assert(
      fc.property(name, name, (one, two) => {
        const namer = copyNamer(NOW, () => 'deadbeef')
        expect(namer(child(WWWROOT, one)) === namer(child(WWWROOT, two))).toBe(one === two)
      })
    )
  })

  it('holds something random of its own, so that two copies of one path differ', () => {
    let count = 0xdeadbeef
    const namer = copyNamer(NOW, () => (count++).toString(16))
    expect(namer(below('antenv'))).not.toBe(namer(below('antenv')))
  })

  it('is made for nothing outside wwwroot', () => {
    for (const path of ['/site/wwwroot', '/site/repository/env', '/data/x', '/site/wwwroot-x/env']) {
      expect(() => trashPath(remotePath(path), NOW, 'deadbeef')).toThrow(RangeError)
    }
  })
})

const STAMP = 'trash-20261122T123456789Z-deadbeef'
const FOREIGN = [
  `${STAMP}-=2F..=2F..=2Fetc`,
  `${STAMP}-..`,
  `${STAMP}-.`,
  `${STAMP}-..=2F..=2Frepository`,
  `${STAMP}-antenv=2F..=2F..=2Frepository`,
  `${STAMP}-=2Fetc`,
  `${STAMP}-antenv=2F`,
  `${STAMP}-a=2F=2Fb`,
  `${STAMP}-a=5Cb`,
  `${STAMP}-a=00`,
  `${STAMP}-a=0D=0ADELE`,
  `${STAMP}-a=0`,
  `${STAMP}-a=zz`,
  `${STAMP}-a=2f`,
  `${STAMP}-a b`,
  `${STAMP}-ü`,
  `${STAMP}-`,
  STAMP,
  'trash-20261122T123456789Z-xyz-antenv',
  'trash-2026-deadbeef-antenv',
  'trash-antenv',
  'xtrash-20261122T123456789Z-deadbeef-antenv',
  'last.json',
  'antenv',
  ''
]

describe('a name that nobody of ours made', () => {
  it.each(FOREIGN)('%j is nothing that was set aside', text => {
    expect(parseTrashName(text)).toBeUndefined()
  })

  it('never leads outside wwwroot', () => {
    const tail = fc.array(fc.constantFrom('=2F', '..', '.', '=2E', 'a', '=5C', '=00', '=FF', '=EF=BB=BF', '-'), {
      maxLength: 8
    })
    fc.assert(
      fc.property(tail, parts => {
        const found = parseTrashName(`${STAMP}-${parts.join('')}`)
        if (!found) return
        expect(found.original.startsWith('/site/wwwroot/')).toBe(true)
        expect(
          found.original
            .split('/')
            .slice(1)
            .filter(part => ['', '.', '..'].includes(part))
        ).toEqual([])
        expect(found.copy.startsWith(`${OWN}/trash-`)).toBe(true)
      }),
      { numRuns: 1000 }
    )
  })
})

describe('the name of a copy that is being deleted', () => {
  it('is that of the copy without the path, and parses as no copy', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), names => {
        const original = mutable(names.reduce<RemotePath>((at, part) => child(at, part), WWWROOT))
        const doomed = doomedPath({ copy: trashPath(original, NOW, 'deadbeef'), original })
        expect(doomed).toBe(`${OWN}/${STAMP}`)
        expect(parseTrashName(nameOf(doomed))).toBeUndefined()
      })
    )
  })

  it.each(['last.json', STAMP, 'antenv'])('is made for no %j, which is no copy', text => {
    const copy = mutable(remotePath(`${OWN}/${text}`))
    expect(() => doomedPath({ copy, original: mutable(below('antenv')) })).toThrow(RangeError)
  })
})

describe('the trash', () => {
  const SPEC: Spec = {
    [`${OWN}/trash-20261120T000000000Z-aaaaaaaa-antenv/bin/python`]: '',
    [`${OWN}/trash-20261122T000000000Z-bbbbbbbb-env=2Fx.txt`]: '',
    [`${OWN}/trash-20261121T235959999Z-ffffffff-antenv/x`]: '',
    [`${OWN}/last.json`]: '{}',
    [`${OWN}/notes/x`]: '',
    ...Object.fromEntries(FOREIGN.filter(text => text.startsWith('trash-')).map(text => [`${OWN}/${text}`, '']))
  }

  it('is read newest first, without what is not ours', async () => {
    const site = fakeSite(treeOf(SPEC))
    const trash = await readTrash(site, await site.list(remotePath('/site')), false)
    expect(trash.copies.map(({ copy }) => nameOf(copy).slice(6, 14))).toEqual(['20261122', '20261121', '20261120'])
    expect(trash.copies.map(({ original }) => original)).toEqual([
      '/site/wwwroot/env/x.txt',
      '/site/wwwroot/antenv',
      '/site/wwwroot/antenv'
    ])
  })

  it('tells rests of deletions, and single files that were in use, from copies', async () => {
    const site = fakeSite(treeOf(SPEC, { [`${OWN}/trash-20261119T000000000Z-aaaaaaaa/lib/x`]: '' }))
    const { doomed, loose } = await readTrash(site, await site.list(remotePath('/site')), false)
    expect(doomed).toEqual([`${OWN}/trash-20261119T000000000Z-aaaaaaaa`])
    expect(loose).toEqual([`${OWN}/${STAMP}`])
  })

  it('has nothing of ours in a line that cannot be read', async () => {
    const [copy, rest] = [`${OWN}/trash-20261120T000000000Z-aaaaaaaa-antenv`, `${OWN}/${STAMP}`]
    const site = fakeSite(treeOf({ [`${copy}/x`]: '', [`${rest}/x`]: '' }), { unreadable: [copy, rest] })
    expect(await readTrash(site, await site.list(remotePath('/site')), false)).toEqual({
      copies: [],
      doomed: [],
      loose: []
    })
  })

  it('is not asked for where it is not there', async () => {
    const site = fakeSite(treeOf(), { emptyForMissing: true })
    expect(await readTrash(site, await site.list(remotePath('/site')), false)).toEqual({
      copies: [],
      doomed: [],
      loose: []
    })
    expect(site.log).toEqual(['LIST /site'])
  })

  it.each<[string, Spec, boolean]>([
    ['a folder', { [`${OWN}/`]: '' }, true],
    ['a file', { [OWN]: '' }, false],
    ['a link', { [OWN]: linkTo('/data') }, false]
  ])('is %s: ours is %s', async (_, spec, ours) => {
    expect(hasOwnFolder(await fakeSite(treeOf(spec)).list(remotePath('/site')))).toBe(ours)
  })
})
