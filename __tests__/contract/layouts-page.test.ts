// The specification of the layouts is complete, and docs/layouts.md says what it says.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FIXTURES } from '../../tools/layouts/fixtures.ts'
import { drawSite, renderLayouts } from '../../tools/layouts/page.ts'
import { SITES, SITE_KEYS, casesOf } from '../../tools/layouts/specification.ts'
import { shortTree } from '../../tools/layouts/tree.ts'

const isPosix = process.platform !== 'win32'

describe('the specification', () => {
  it('describes each fixture site once', () => {
    expect([...SITE_KEYS].sort()).toEqual(Object.keys(FIXTURES).sort())
  })

  it.each(SITES)('has one row for each case of $key, and no row for anything else', ({ layout, matrices }) => {
    for (const matrix of matrices) {
      const cases = matrix.rows.map(({ wishes, modes, forced }) => wishes.length * modes.length * forced.length)
      expect(casesOf(matrix)).toHaveLength(matrix.wishes.length * 6)
      expect(cases.reduce((sum, count) => sum + count)).toBe(matrix.wishes.length * 6)
    }
    expect(matrices[0]?.outputs.layout).toBe(layout)
  })

  it('refuses a matrix with a gap', () => {
    const [matrix] = SITES[0]?.matrices ?? []
    if (!matrix) throw new Error('no matrix')
    expect(() => casesOf({ ...matrix, rows: matrix.rows.slice(1) })).toThrow('0 rows for same Python, auto, not forced')
    expect(() => casesOf({ ...matrix, rows: [...matrix.rows, ...matrix.rows] })).toThrow('2 rows')
  })
})

describe('the tree of a site', () => {
  const lines = [
    'site/',
    'site/wwwroot/',
    'site/wwwroot/a/',
    'site/wwwroot/a/b/',
    'site/wwwroot/a/b/c',
    'site/wwwroot/d'
  ]

  it('says where something is left out, and gives folders that only lead on no line of their own', () => {
    expect(shortTree(lines, ['site/wwwroot/a/b/c'])).toEqual(['/site/wwwroot/', '  a/b/c', '  …'])
    expect(shortTree(lines, ['site/wwwroot/a', 'site/wwwroot/d'])).toEqual(['/site/wwwroot/', '  a/…', '  d'])
  })

  it('never shows what is not there', () => {
    expect(() => shortTree(lines, ['site/wwwroot/e'])).toThrow('There is no site/wwwroot/e to be shown')
  })

  it.skipIf(!isPosix).each(SITES)('of $key is short', async ({ key, shown }) => {
    expect((await drawSite(key, shown)).length).toBeLessThanOrEqual(20)
  })
})

it.skipIf(!isPosix)('docs/layouts.md is generated from the specification', async () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'layouts.md'), 'utf8')
  expect(await renderLayouts()).toBe(page)
})
