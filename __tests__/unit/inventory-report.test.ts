// What is said of packages, held against what is known and what is done.
import { describe, expect, it } from 'vitest'
import { decide } from '../../src/decide.ts'
import { comparedLines, inventorySection } from '../../src/inventory-report.ts'
import type { Inventory } from '../../src/python/closure.ts'
import { environmentOf, snapshotOf } from './fixtures.ts'

const row = (name: string, fate: Inventory['rows'][number]['fate']): Inventory['rows'][number] => ({
  name,
  installed: fate === 'comes' ? undefined : '1.0',
  asked: fate === 'goes' ? undefined : '==2.0',
  fate
})
const one: Inventory = { removed: ['beta'], gaps: [], rows: [row('alpha', 'stays'), row('beta', 'goes')] }

describe('the comparison of packages', () => {
  it('says that a package goes only where the environment is reset', () => {
    expect(inventorySection(one, true).join()).toContain('nothing asks for it: goes')
    const kept = inventorySection(one, false).join()
    expect(kept).toContain('nothing asks for it: stays')
    expect(kept).not.toContain('goes')
  })

  it('counts one package as one', () => {
    expect(inventorySection(one, true).join()).toContain('1 package.')
    expect(inventorySection({ ...one, removed: [], rows: [row('alpha', 'stays')] }, false).join()).toContain(
      '1 package.'
    )
  })

  it('names in the summary what is in doubt, and calls it neither needed nor gone', () => {
    const doubtful: Inventory = {
      removed: ['beta'],
      gaps: ['requirements.txt line 2 is not understood'],
      rows: [row('alpha', 'stays'), { ...row('beta', 'goes'), fate: 'stays' }]
    }
    expect(inventorySection(doubtful, false).join()).toContain('`beta` | `1.0`, perhaps nothing asks for it: stays')
    expect(comparedLines(doubtful, undefined)[0]).toBe('Installed against asked for: 1 needed, 1 in doubt')
  })

  it('counts all that it does not name', () => {
    const removed = Array.from({ length: 2000 }, (_, index) => `package-${index}`)
    const lines = comparedLines({ removed, gaps: ['a gap'], rows: [] }, undefined)
    expect(lines.find(line => line.startsWith('Nothing is known to ask for'))).toMatch(/and 1990 more$/)
    const found = snapshotOf({ environment: environmentOf(), rebuiltBy: ['oryx-manifest.toml'] })
    const nothing = { pythonInput: undefined, pythonRuntime: undefined, kuduScript: { runs: true, detail: '' } }
    const { reasons } = decide(found, { ...nothing, removedPackages: removed }, { resetEnv: false, mode: 'auto' })
    expect(reasons[0]).toMatchObject({
      code: 'packages-removed',
      detail: expect.stringMatching(/and 1990 more$/) as string
    })
  })
})
