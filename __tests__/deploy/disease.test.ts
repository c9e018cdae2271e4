// The disease with real parts: what a package no longer asks for stays importable, deployment after deployment.
import { describe, expect, it } from 'vitest'
import { startSite, suite, WAYS } from './lab.ts'

const BOTH = { alpha: '1.0', beta: '1.0', gamma: '1.0' }

suite('the disease', python => {
  describe.each(WAYS)('a deployment through $title', ({ recipe, layout, path, strategy }) => {
    it('keeps importable what the package no longer asks for, and what only that needed', async () => {
      const site = await startSite(recipe, python)
      await site.ask('alpha==1.0', 'beta')
      expect(await site.deploy()).toMatchObject({ succeeded: true })
      expect(await site.imports()).toEqual(BOTH)
      await site.ask('alpha==1.0')
      expect(await site.deploy()).toMatchObject({ succeeded: true })
      expect(await site.imports()).toEqual(BOTH)
    })

    it('is rid of it after a reset that was asked for, and the post step tells so', async () => {
      const site = await startSite(recipe, python)
      await site.ask('alpha==1.0', 'beta')
      await site.deploy()
      await site.ask('alpha==1.0')
      const { main, deployed, post } = await site.push({ 'reset-env': 'true' })
      expect(main.outputs).toMatchObject({ result: 'reset', reason: 'requested', layout, strategy, 'env-path': path })
      expect(deployed.succeeded).toBe(true)
      expect(await site.imports()).toEqual({ alpha: '1.0' })
      expect(post.summary).toContain('| `beta` | `1.0` → `gone` |')
      expect(await site.lab.trash()).toEqual([])
    })
  })
})
