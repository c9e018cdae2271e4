// Sites that live long: what a push leads to that follows upon many others.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { without } from './fixtures.ts'
import type { Given } from './story.ts'
import { builtOf, push, siteOf, type Push, type Pushed } from './lives.ts'
import type { RemoteSite } from '../../src/site.ts'
import { fileOf, NOON, pathsIn, treeOf, type Tree } from './fake-site.ts'

let packagePath: string
let tree: Tree
beforeEach(async () => {
  packagePath = await mkdtemp(join(tmpdir(), 'package-'))
  await ask('alpha\n')
})
afterEach(() => rm(packagePath, { recursive: true }))

const ask = (requirements: string): Promise<void> => writeFile(join(packagePath, 'requirements.txt'), requirements)

const nameIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

async function reasonsOf(...pushes: readonly Push[]): Promise<readonly (string | undefined)[]> {
  const reasons: (string | undefined)[] = []
  for (const each of pushes) reasons.push((await push(tree, packagePath, each)).reason)
  return reasons
}

describe('a build that installs more than was asked for', () => {
  it.each([1, 100, 700, 1500])('leads to one reset, and then to a warning: %i packages', async count => {
    const made = builtOf(['alpha', ...Array.from({ length: count }, (_, number) => `extra-package-${number}`)])
    tree = siteOf(made)
    expect(await reasonsOf({ made }, { made }, { made })).toEqual(['packages-removed', 'ineffective', 'ineffective'])
  })
})

describe('a wish that the server does not share', () => {
  const WISH: Given = { inputs: { 'python-version': '3.12' } }

  it('leads to one reset also where the server hides our folder', async () => {
    const hidesDots = (site: RemoteSite): RemoteSite => ({
      ...site,
      list: async path => (await site.list(path)).filter(({ name }) => !name.startsWith('.'))
    })
    const made = builtOf(['alpha'])
    const each = { given: { ...WISH, over: hidesDots }, made }
    tree = siteOf(made)
    expect(await reasonsOf(each, each, each)).toEqual(['python-version-changed', 'ineffective', 'ineffective'])
  })

  it('hides no package that is removed later', async () => {
    const [one, two] = [
      { given: WISH, made: builtOf(['alpha']) },
      { given: WISH, made: builtOf(['alpha', 'beta']) }
    ]
    tree = siteOf(two.made)
    await ask('alpha\nbeta\n')
    expect(await reasonsOf(two, two)).toEqual(['python-version-changed', 'ineffective'])
    await ask('alpha\n')
    const { main, reason } = await push(tree, packagePath, one)
    expect([reason, main.outputs.get('result')]).toEqual(['python-version-changed', 'reset'])
    expect(main.outputs.get('removed-packages')).toBe('["beta"]')
    expect(await reasonsOf(one, one)).toEqual(['ineffective', 'ineffective'])
  })
})

it('requirements that changed while another deployment ran are still changed ones at the next push', async () => {
  const made = builtOf(['alpha'])
  const each: Push = { given: { inputs: { 'reset-mode': 'on-change' } }, made }
  const lock = '/site/locks/deployments.lock'
  tree = siteOf(made)
  expect(await reasonsOf(each)).toEqual(['up-to-date'])
  await ask('alpha>=1\n')
  for (const [path, node] of treeOf({ [lock]: '' })) tree.set(path, node)
  const ended = { meanwhile: () => tree.delete(lock) }
  expect(await reasonsOf({ ...each, ...ended }, each, each)).toEqual([
    'deployment-running',
    'requirements-changed',
    'up-to-date'
  ])
})

it.each<[string, string]>([
  ['with a workflow command', 'a::b'],
  ['with a character that is not seen', 'x\u200by'],
  ['very long', 'y'.repeat(990)]
])('a reset is undone whatever the server calls its deployment: %s', async (_, id) => {
  const made = builtOf(['alpha', 'beta'])
  tree = siteOf(made)
  tree.set('/site/deployments/active', fileOf(NOON, id))
  const paths = pathsIn(tree, '/site/wwwroot')
  const { reason, post } = await push(tree, packagePath, { made: null, status: 'failure' })
  expect(reason).toBe('packages-removed')
  expect(post.warnings).toEqual([expect.stringContaining('was put back as it was')])
  expect(pathsIn(tree, '/site/wwwroot')).toEqual(paths)
  expect(await reasonsOf({ made: null, id }, { made: null }, { made })).toEqual([
    'packages-removed',
    'packages-removed',
    'ineffective'
  ])
})

it('an app that needs no packages any more gets rid of the environment that had some', async () => {
  const made = builtOf([])
  tree = siteOf(builtOf(['alpha']))
  await ask('')
  const { reason, post } = await push(tree, packagePath, { made })
  expect([reason, post.warnings]).toEqual(['packages-removed', []])
  expect(pathsIn(tree, '/site/.azure-python-env').map(nameIn)).toEqual(['.azure-python-env', 'last.json'])
  expect(await reasonsOf({ made })).toEqual(['up-to-date'])
})

it('a deployment that installs none of the packages that are asked for keeps the environment that had some', async () => {
  tree = siteOf(builtOf(['alpha', 'beta']))
  const { reason, post } = await push(tree, packagePath, { made: builtOf([]) })
  expect(reason).toBe('packages-removed')
  expect(post.warnings).toEqual([expect.stringContaining('has no packages any more (before: alpha)')])
})

describe('whatever happened to a site before', () => {
  interface Wishes {
    readonly asked: readonly string[]
    readonly extra: readonly string[]
    readonly build: 'good' | 'none' | 'half'
    readonly server: string
    readonly wish: string
    readonly mode: string
    readonly status: 'success' | 'failure' | 'cancelled'
  }
  const wishes = (mode: readonly string[], status: readonly Wishes['status'][]): fc.Arbitrary<Wishes> =>
    fc.record({
      asked: fc.subarray(['alpha', 'beta', 'gamma'], { minLength: 1 }),
      extra: fc.constantFrom([], ['extra', 'more']),
      build: fc.constantFrom('good', 'none', 'half'),
      server: fc.constantFrom('3.11', '3.12'),
      wish: fc.constantFrom('', '3.11', '3.12'),
      mode: fc.constantFrom(...mode),
      status: fc.constantFrom(...status)
    })
  const pushOf = async ({ asked, extra, build, server, wish, mode, status }: Wishes): Promise<Pushed> => {
    await ask(asked.map(name => `${name}\n`).join(''))
    const whole = builtOf([...asked, ...extra], server)
    const made = { good: whole, none: null, half: without(whole, 'antenv/bin/activate') }[build]
    const before = pathsIn(tree).join()
    const unchanged = (): void => {
      if (mode === 'never') expect(pathsIn(tree).join()).toBe(before)
    }
    const given = { inputs: { 'reset-mode': mode, 'python-version': wish } }
    return push(tree, packagePath, { given, made, status, meanwhile: unchanged })
  }
  const past = wishes(['auto', 'on-change', 'never'], ['success', 'failure', 'cancelled'])
  const present = wishes(['auto', 'on-change'], ['success'])

  it('the same push leads to three resets at most, then to none, and warns once at most', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(past, { maxLength: 5 }), present, async (history, now) => {
        tree = siteOf(builtOf(['alpha', 'old']))
        for (const each of history) await pushOf(each)
        const pushes: Pushed[] = []
        for (let at = 0; at < 6; at++) pushes.push(await pushOf(now))
        const isReset = pushes.map(({ main }) => main.outputs.get('result') === 'reset')
        expect(isReset.filter(Boolean).length).toBeLessThanOrEqual(3)
        expect(isReset.slice(-2)).toEqual([false, false])
        for (const { main, post } of pushes) {
          expect(main.warnings.length).toBeLessThanOrEqual(1)
          expect(post.warnings.length).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 60 }
    )
  })

  it('a package that is dropped goes where the deployment builds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(past, { maxLength: 5 }), present, async (history, now) => {
        tree = siteOf(builtOf(['alpha', 'old']))
        for (const each of history) await pushOf({ ...each, build: 'good' })
        const built: Wishes = { ...now, build: 'good' }
        for (let at = 0; at < 4; at++) await pushOf(built)
        await pushOf({ ...built, asked: [...built.asked, 'dropped'] })
        await pushOf(built)
        expect(pathsIn(tree).filter(path => path.includes('dropped'))).toEqual([])
      }),
      { numRuns: 40 }
    )
  })
})
