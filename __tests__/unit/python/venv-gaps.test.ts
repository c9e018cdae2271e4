// What an environment is where the server refuses, or sends lines that cannot be read.
import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import type { Environment } from '../../../src/python/venv.ts'
import { WWWROOT, child, remotePath } from '../../../src/site.ts'
import { fakeSite, linkTo, treeOf, type Oddities, type Spec } from '../fake-site.ts'
import { CFG, posixVenv, without } from '../fixtures.ts'

const read = (name: string, spec: Spec, named = false, oddities: Oddities = {}): Promise<Environment | undefined> =>
  readEnvironment(fakeSite(treeOf(spec), oddities), child(WWWROOT, name), named)

describe('what the server does not tell', () => {
  const venv = posixVenv('antenv', '3.11', CFG.venv311)
  const root = '/site/wwwroot/antenv'

  it.each<[string, string]>([
    ['pyvenv.cfg', `READ ${root}/pyvenv.cfg`],
    ['site-packages', `LIST ${root}/lib/python3.11/site-packages`],
    ['bin', `LIST ${root}/bin`],
    ['lib', `LIST ${root}/lib`]
  ])('is named as a gap, and does not count as missing: %s', async (name, refused) => {
    const environment = await read('antenv', venv, true, { refuse: [refused] })
    expect(environment?.gaps.join()).toContain(name)
    expect(environment?.missing).toEqual([])
  })

  it.each(['pyvenv.cfg', 'bin', 'bin/python', 'bin/activate', 'lib', 'lib/python3.11'])(
    'does not count as missing where a line that may stand for it cannot be read: %s',
    async name => {
      const environment = await read('antenv', venv, true, { unreadable: [`${root}/${name}`] })
      expect(environment?.missing).toEqual([])
      expect(environment?.gaps).not.toEqual([])
    }
  )

  it('is named where pyvenv.cfg is longer than any creator writes it', async () => {
    const environment = await read('antenv', { ...venv, 'antenv/pyvenv.cfg': 'x'.repeat(100_000) }, true)
    expect(environment?.gaps.join()).toContain('pyvenv.cfg')
  })

  it('an empty site-packages is there, by the listing of its parent', async () => {
    const spec = { ...without(venv, 'antenv/lib'), 'antenv/lib/python3.11/site-packages/': '' }
    for (const emptyForMissing of [false, true]) {
      expect((await read('antenv', spec, false, { emptyForMissing }))?.missing).toEqual([])
    }
  })

  it('a missing site-packages is missing, whatever the server answers for it', async () => {
    const spec = { ...without(venv, 'antenv/lib'), 'antenv/lib/python3.11/': '' }
    for (const emptyForMissing of [false, true]) {
      expect((await read('antenv', spec, false, { emptyForMissing }))?.missing).toEqual(['site-packages'])
    }
  })

  it('an error of the connection is never taken for an answer', async () => {
    const site = fakeSite(treeOf(venv))
    const cut = { ...site, readText: () => Promise.reject(new Error('cut')) }
    await expect(readEnvironment(cut, remotePath(root), true)).rejects.toThrow('cut')
    await expect(readEnvironment(fakeSite(treeOf()), remotePath(root), true)).rejects.toMatchObject({ kind: 'refused' })
  })

  it('a link is not followed to find out', async () => {
    const site = fakeSite(treeOf({ ...without(venv, 'antenv/bin'), 'antenv/bin': linkTo('/data') }))
    await readEnvironment(site, remotePath(root), true)
    expect(site.log).not.toContain(`LIST ${root}/bin`)
  })
})
