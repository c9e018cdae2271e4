import fc from 'fast-check'
import { expect, it } from 'vitest'
import { linesOf, requirementsOf, take, type World } from './inventories.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'wheel', 'pip']
const EXTRAS = ['x', 'y']

const named = fc
  .tuple(fc.constantFrom(...NAMES), fc.subarray(EXTRAS))
  .map(([name, extras]) => (extras.length > 0 ? `${name}[${extras.join()}]` : name))
const marker = fc.constantFrom(
  '',
  '; extra == "x"',
  '; extra == "y"',
  '; extra != "x"',
  '; extra == "x" and extra == "y"',
  '; os_name == "nt"',
  '; platform_machine == "AMD64"',
  '; nonsense'
)
const requirement = fc.tuple(named, marker).map(parts => parts.join(' '))
const root = fc.tuple(named, fc.constantFrom('', '>=2', '==1.0')).map(parts => parts.join(''))
const roots = fc.array(root, { maxLength: 4 })
const world: fc.Arbitrary<World> = fc
  .uniqueArray(fc.constantFrom(...NAMES))
  .chain(names =>
    fc
      .tuple(...names.map(() => fc.option(fc.array(requirement, { maxLength: 3 }), { nil: undefined, freq: 8 })))
      .map(needs => Object.fromEntries(names.map((name, at) => [`${name} 1.0`, needs[at]])))
  )
// Where the machine is not known, some markers cannot be decided.
const environment = fc.constantFrom({ os_name: 'posix' }, { os_name: 'posix', platform_machine: 'x86_64' })

const shuffled = <T>(list: readonly T[]): fc.Arbitrary<readonly T[]> =>
  fc.shuffledSubarray([...list], { minLength: list.length })

it('the order of what is installed, and of what is asked for, changes nothing', () =>
  fc.assert(
    fc.asyncProperty(
      fc
        .tuple(world, roots, environment)
        .chain(([one, asked, where]) =>
          fc.tuple(fc.constant([one, asked, where] as const), shuffled(Object.entries(one)), shuffled(asked))
        ),
      async ([[one, asked, where], entries, otherwise]) => {
        const { waves, ...inventory } = await take(one, asked, where)
        const { waves: others, ...same } = await take(Object.fromEntries(entries), otherwise, where)
        expect(same).toEqual(inventory)
        expect(others.map(wave => [...wave].sort())).toEqual(waves.map(wave => [...wave].sort()))
      }
    )
  ))

it('asking for more never adds to what nothing asks for', () =>
  fc.assert(
    fc.asyncProperty(world, roots, root, environment, fc.boolean(), async (one, asked, more, where, isSuperset) => {
      const before = await take(one, requirementsOf(asked, { isSuperset }), where)
      const after = await take(one, requirementsOf([...asked, more], { isSuperset }), where)
      expect(before.removed).toEqual(expect.arrayContaining([...after.removed]))
    })
  ))

it('a gap only ever hides that something is asked for', () =>
  fc.assert(
    fc.asyncProperty(world, roots, environment, async (one, asked, where) => {
      const blind = Object.fromEntries(Object.keys(one).map(name => [name, undefined]))
      const [seen, unseen] = [await take(one, asked, where), await take(blind, asked, where)]
      expect(unseen.removed).toEqual(expect.arrayContaining([...seen.removed]))
      if (unseen.removed.length === 0) expect(seen).toMatchObject({ removed: [], gaps: [] })
    })
  ))

it('everything that is installed is shown once, and goes only where nothing asks for it and all is known', () =>
  fc.assert(
    fc.asyncProperty(world, roots, environment, async (one, asked, where) => {
      const { rows, removed, gaps, waves } = await take(one, asked, where)
      const installed = rows.filter(row => row.installed !== undefined).map(({ name }) => name)
      expect(installed).toEqual(
        Object.keys(one)
          .map(line => line.split(' ')[0])
          .sort()
      )
      const goes = rows.filter(({ fate }) => fate === 'goes').map(({ name }) => name)
      expect(goes).toEqual(gaps.length === 0 ? removed : [])
      expect(new Set(waves.flat()).size).toBe(waves.flat().length)
      expect(linesOf({ rows, removed, gaps })).toHaveLength(rows.length)
    })
  ))
