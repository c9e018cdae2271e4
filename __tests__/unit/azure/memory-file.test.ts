// Reading and writing `last.json`: never half of it, and nothing else in our folder is touched.
import { describe, expect, it } from 'vitest'
import { readMemory, writeMemory } from '../../../src/azure/memory-file.ts'
import { memoryText, type Memory } from '../../../src/azure/memory.ts'
import { isEmpty, listOwnFolder, trashIn } from '../../../src/reset/trash.ts'
import { OWN_FOLDER, SITE, type RemoteSite } from '../../../src/site.ts'
import { changesIn, fakeSite, pathsIn, treeOf, type Oddities, type Spec } from '../fake-site.ts'

const MEMORY: Memory = {
  schema: 1,
  time: '2026-11-22T12:00:00.000Z',
  reason: 'broken',
  evidence: [],
  rebuilt: true,
  fingerprint: '',
  found: { layout: 'venv-tree', path: '/site/wwwroot/antenv', python: '3.11' }
}
const TEXT = memoryText(MEMORY) ?? ''
const LAST = `${OWN_FOLDER}/last.json`
const FRESH = `${LAST}.new-feedbeef`
const LEFT = `${LAST}.new-00000000`

async function write(spec: Spec, oddities: Oddities = {}, over = (site: RemoteSite): RemoteSite => site) {
  const tree = treeOf(spec)
  const site = fakeSite(tree, oddities)
  const own = await listOwnFolder(site, await site.list(SITE), false)
  const failure: unknown = await writeMemory(over(site), own, TEXT, 'feedbeef').then(
    () => undefined,
    (error: unknown) => error
  )
  const node = tree.get(LAST)
  return { tree, failure, changes: changesIn(site.log), text: node?.kind === 'file' ? node.text : undefined }
}

/** A server that renames over a file that is there, as those of UNIX do. */
const renamingOver =
  (removed: (path: string) => void) =>
  (site: RemoteSite): RemoteSite => ({
    ...site,
    rename: async (from, to) => {
      removed(to)
      await site.rename(from, to)
    }
  })

describe('writing', () => {
  it('makes the folder where there is none', async () => {
    const { failure, changes, text } = await write({})
    expect(failure).toBeUndefined()
    expect(text).toBe(TEXT)
    expect(changes).toEqual([`MKD ${OWN_FOLDER}`, `STOR ${FRESH}`, `RENAME ${FRESH} => ${LAST}`])
  })

  it('goes on where the folder is there and not listed', async () => {
    const { failure, tree } = await write({}, { refuse: [`MKD ${OWN_FOLDER}`] })
    expect(String(failure)).toContain('no such folder')
    expect(pathsIn(tree, LAST)).toEqual([])
  })

  it('renames the new file over the old one', async () => {
    const tree = treeOf({ [LAST]: 'old' })
    const site = fakeSite(tree)
    const over = renamingOver(path => tree.delete(path))(site)
    await writeMemory(over, await site.list(OWN_FOLDER), TEXT, 'feedbeef')
    expect(changesIn(site.log)).toEqual([`STOR ${FRESH}`, `RENAME ${FRESH} => ${LAST}`])
    expect(tree.get(LAST)).toMatchObject({ text: TEXT })
  })

  it('removes the old file only where the server does not rename over it, and only once the new one is there', async () => {
    const { changes, text } = await write({ [LAST]: 'old' })
    expect(text).toBe(TEXT)
    expect(changes).toEqual([
      `STOR ${FRESH}`,
      `RENAME ${FRESH} => ${LAST}`,
      `DELE ${LAST}`,
      `RENAME ${FRESH} => ${LAST}`
    ])
  })

  it('removes what an earlier write left, and nothing else', async () => {
    const others = [
      `${OWN_FOLDER}/trash-20261122T000000000Z-aaaaaaaa-antenv`,
      `${OWN_FOLDER}/notes`,
      `${LAST}.new-x.old`
    ]
    const { tree } = await write({ [LEFT]: '{', ...Object.fromEntries(others.map(path => [path, ''])) })
    expect(pathsIn(tree, OWN_FOLDER)).toEqual([OWN_FOLDER, LAST, ...others].sort())
  })

  it.each<[string, Oddities]>([
    ['the transfer', { refuse: [`STOR ${FRESH}`] }],
    ['the connection', { lostAfter: 0 }],
    ['the connection, after the transfer', { lostAfter: 1 }],
    ['the renaming and the removal', { refuse: [`DELE ${LAST}`] }]
  ])('leaves the old file whole where this fails: %s', async (_, oddities) => {
    const { failure, text } = await write({ [LAST]: 'old' }, oddities)
    expect(failure).toBeInstanceOf(Error)
    expect(text).toBe('old')
  })
})

describe('reading', () => {
  const read = async (spec: Spec, oddities: Oddities = {}) => {
    const site = fakeSite(treeOf(spec), oddities)
    const own = await listOwnFolder(site, await site.list(SITE), false)
    return { ...(await readMemory(site, own)), reads: site.log.filter(line => line.startsWith('READ')) }
  }

  it('gives what was written', async () => {
    expect(await read({ [LAST]: TEXT })).toEqual({ memory: MEMORY, reads: [`READ ${LAST}`] })
  })

  it.each<[string, Spec]>([
    ['there is no folder', {}],
    ['there is no file', { [`${OWN_FOLDER}/`]: '' }],
    ['it is a folder', { [`${LAST}/`]: '' }],
    ['there is only what a write has left that was cut', { [LEFT]: TEXT }]
  ])('asks for nothing where %s', async (_, spec) => {
    expect(await read(spec)).toEqual({ reads: [] })
  })

  it('does not even ask for a file that is too long', async () => {
    const { memory, oddity, reads } = await read({ [LAST]: ' '.repeat(65_537) })
    expect([memory, reads]).toEqual([undefined, []])
    expect(oddity).toContain('too long')
  })

  it.each<[string, Spec, Oddities]>([
    ['it is not what was written', { [LAST]: '{"schema":1' }, {}],
    ['the server refuses it', { [LAST]: TEXT }, { refuse: [`READ ${LAST}`] }]
  ])('goes on without where %s', async (_, spec, oddities) => {
    const { memory, oddity } = await read(spec, oddities)
    expect(memory).toBeUndefined()
    expect(oddity).not.toBe('')
  })
})

it('is no trash, and neither is what a write leaves', async () => {
  const site = fakeSite(treeOf({ [LAST]: TEXT, [LEFT]: TEXT, [FRESH]: '' }))
  expect(isEmpty(trashIn(await site.list(OWN_FOLDER)))).toBe(true)
})
