import { describe, expect, it } from 'vitest'
import { chooseRuntimes, KUDU_RUNTIMES, ToggleError, type RuntimeWishes } from '../../../src/reset/toggle-version.ts'

const NONE: RuntimeWishes = { wanted: undefined, via: undefined, runtimeText: undefined }
const choose = (wishes: Partial<RuntimeWishes>): unknown => chooseRuntimes({ ...NONE, ...wishes })

describe('the runtime that is put in between', () => {
  it.each([
    ['2.7', '3.4'],
    ['3.4', '2.7'],
    ['3.6', '3.4']
  ] as const)('is a neighbour of %s', (version, via) => {
    expect(choose({ runtimeText: `python-${version}` })).toEqual({ via, after: version, warnings: [] })
    expect(choose({ wanted: version })).toMatchObject({ via, after: version })
  })

  it('is one that the portal does not offer where only the portal knows', () => {
    expect(choose({})).toEqual({ via: '3.6', after: undefined, warnings: [] })
  })

  it('is the one that is asked for, and another than that of the commit, for any pair', () => {
    for (const via of KUDU_RUNTIMES) {
      for (const version of KUDU_RUNTIMES.filter(other => other !== via)) {
        expect(choose({ via, runtimeText: `python-${version}.1\r\n` })).toMatchObject({ via, after: version })
      }
    }
  })

  it('follows what the commit says and not what the workflow wishes, and says so', () => {
    const chosen = choose({ wanted: '3.4', runtimeText: 'Python-3.6\n' })
    expect(chosen).toMatchObject({ via: '3.4', after: '3.6', warnings: [/runtime.txt in the commit says 3.6/] })
  })

  it('is warned of where a wish is nowhere committed', () => {
    expect(choose({ wanted: '3.4' })).toMatchObject({
      warnings: [/"python-version" is 3.4, but the commit has no runtime.txt/]
    })
  })

  it.each<[string, Partial<RuntimeWishes>, RegExp]>([
    ['is not known to the script', { via: '3.5' }, /"toggle-version" is 3.5/],
    [
      'is that of the commit',
      { via: '3.4', runtimeText: 'python-3.4' },
      /which is the version that the app has anyway/
    ],
    ['is that of the workflow', { via: '3.4', wanted: '3.4' }, /which is the version that the app has anyway/],
    ['would be for an app of another kind', { wanted: '3.12' }, /"python-version" is 3.12/],
    ['comes before a runtime that is not known', { runtimeText: 'python-3.8.2' }, /names Python 3.8/],
    ['comes before a runtime with a blank before it', { runtimeText: ' python-3.4' }, /without anything before it/],
    [
      'comes before a runtime with a byte-order mark',
      { runtimeText: '\uFEFFpython-3.4' },
      /without anything before it/
    ],
    ['comes before an empty file', { runtimeText: '' }, /without anything before it/]
  ])('is refused where it %s', (_, wishes, message) => {
    expect(() => choose(wishes)).toThrow(ToggleError)
    expect(() => choose(wishes)).toThrow(message)
  })
})
