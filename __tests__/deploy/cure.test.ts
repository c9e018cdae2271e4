// The cure with real parts: in `auto` the action finds what nothing asks for any more, and resets for nothing less.
import { describe, expect, it } from 'vitest'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Interpreter } from '../../tools/pythons.ts'
import { startSite, suite, WAYS, type Site } from './lab.ts'

type Way = (typeof WAYS)[number]

async function startDeployed(way: Way, python: Interpreter, requirements: readonly string[]): Promise<Site> {
  const site = await startSite(way.recipe, python)
  await site.ask(...requirements)
  expect(await site.deploy()).toMatchObject({ succeeded: true })
  return site
}

suite('the cure', python => {
  describe.each(WAYS)('before a deployment through $title', way => {
    const removed = { result: 'reset', reason: 'packages-removed', layout: way.layout, strategy: way.strategy }

    it('resets for a dropped package, names it and what only it needed, and the deployment is rid of them', async () => {
      const site = await startDeployed(way, python, ['alpha==1.0', 'beta'])
      await site.ask('alpha==1.0')
      const { main, deployed, post } = await site.push()
      expect(main.exitCode).toBe(0)
      expect(main.outputs).toMatchObject({ ...removed, 'env-path': way.path })
      expect(JSON.parse(main.outputs['removed-packages'] ?? '')).toEqual(['beta', 'gamma'])
      expect(deployed.succeeded).toBe(true)
      expect(await site.imports()).toEqual({ alpha: '1.0' })
      expect(post.exitCode).toBe(0)
      for (const name of ['beta', 'gamma']) expect(post.summary).toContain(`| \`${name}\` | \`1.0\` → \`gone\` |`)
      expect(await site.lab.trash()).not.toContainEqual(expect.stringContaining('trash-'))
      // What was cured once is well.
      const again = await site.lab.step('main')
      expect(again.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date', 'removed-packages': '[]' })
    })

    it('resets for an extra that is no longer asked for, and names only what the extra had brought', async () => {
      const site = await startDeployed(way, python, ['delta[fast]'])
      expect(await site.imports()).toEqual({ delta: '1.0', epsilon: '1.0' })
      await site.ask('delta')
      const { main } = await site.push()
      expect(main.outputs).toMatchObject({ ...removed, 'removed-packages': '["epsilon"]' })
      expect(await site.imports()).toEqual({ delta: '1.0' })
    })

    it('judges a marker for the server, and not for the machine that the workflow runs on', async () => {
      const site = await startDeployed(way, python, ['alpha==1.0', 'gamma'])
      await site.ask('alpha==1.0', 'gamma; sys_platform == "win32"')
      const { outputs } = await site.lab.step('main', { with: { 'dry-run': 'true' } })
      expect(outputs['reason']).toBe(way.layout === 'windows-env' ? 'up-to-date' : 'packages-removed')
    })

    it('resets for a package whose marker has become false on the server', async () => {
      const site = await startDeployed(way, python, ['alpha==1.0', 'gamma'])
      await site.ask('alpha==1.0', 'gamma; python_version < "3"')
      const { main } = await site.push()
      expect(main.outputs).toMatchObject({ ...removed, 'removed-packages': '["gamma"]' })
      expect(await site.imports()).toEqual({ alpha: '1.0' })
    })
  })
})

/** Requirements that ask for the same as `alpha==1.0`, `beta` and `delta[fast]` do. */
const EDITS: readonly (readonly [string, string])[] = [
  ['nothing at all', 'alpha==1.0\nbeta\ndelta[fast]\n'],
  ['a comment', '# what the app needs\nalpha==1.0  # pinned\nbeta\n\ndelta[fast]\n'],
  ['the order', 'delta[fast]\nbeta\nalpha==1.0\n'],
  ['upper and lower case', 'Alpha==1.0\nBETA\ndelta[FAST]\n'],
  ['whitespace', '  alpha == 1.0\nbeta   \n\n\ndelta [ fast ]'],
  ['line ends and a byte-order mark', '\uFEFFalpha==1.0\r\nbeta\r\ndelta[fast]\r\n'],
  ['a line that goes on in the next', 'alpha\\\n==1.0\nbeta\ndelta[fast]\n'],
  ['a package by name that another one needs anyway', 'alpha==1.0\nbeta\ngamma\ndelta[fast]\nepsilon>=1\n'],
  ['a requirement whose marker is false on the server', 'alpha==1.0\nbeta\ndelta[fast]\nzeta; python_version < "3"\n'],
  ['a requirement for Windows only', 'alpha==1.0\nbeta\ndelta[fast]\nzeta; sys_platform == "win32"\n'],
  ['a marker that is true on the server', 'alpha==1.0\nbeta; python_version >= "3"\ndelta[fast]\n']
]

suite('what is no cause for a reset', python => {
  it.each(WAYS)('is an edit that asks for the same, before a deployment through $title', async way => {
    const site = await startDeployed(way, python, ['alpha==1.0', 'beta', 'delta[fast]'])
    const everything = { alpha: '1.0', beta: '1.0', gamma: '1.0', delta: '1.0', epsilon: '1.0' }
    expect(await site.imports()).toEqual(everything)
    const found: Record<string, unknown> = {}
    for (const [edit, text] of EDITS) {
      await writeFile(join(site.lab.packageDir, 'requirements.txt'), text)
      const { outputs, exitCode } = await site.lab.step('main')
      found[edit] = { exitCode, reason: outputs['reason'], removed: outputs['removed-packages'] }
    }
    const upToDate = { exitCode: 0, reason: 'up-to-date', removed: '[]' }
    expect(found).toEqual(Object.fromEntries(EDITS.map(([edit]) => [edit, upToDate])))
  })

  it.each(WAYS)('is a requirement in another file of the package, before a deployment through $title', async way => {
    const site = await startDeployed(way, python, ['alpha==1.0', 'beta'])
    await writeFile(join(site.lab.packageDir, 'base.txt'), 'beta\n')
    await site.ask('-r base.txt', 'alpha==1.0')
    const { main, deployed } = await site.push()
    expect(main.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date' })
    expect(deployed.succeeded).toBe(true)
  })
})

suite('evidence with a gap', python => {
  it.each(WAYS)('keeps the environment and says which, before a deployment through $title', async way => {
    const site = await startDeployed(way, python, ['alpha==1.0', 'beta'])
    await site.ask('alpha==1.0', 'https://example.invalid/archive.tar.gz')
    const { outputs } = await site.lab.step('main')
    expect(outputs).toMatchObject({ result: 'preserved', reason: 'unknown', 'removed-packages': '[]' })
    expect(outputs['reasons']).toContain('requirements.txt')
  })
})
