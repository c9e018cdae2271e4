// Runs that are killed at the worst moment, and who finishes them.
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { git } from './toggle-lab.ts'
import { describeToggling, expectToggled, since, stale, startDeployed } from './toggle-scene.ts'

describeToggling('a run that died', () => {
  it('between both pushes is finished by the next one', async () => {
    const lab = await startDeployed()
    const died = await lab.toggle(await lab.checkOut(1), { killAt: { stage: 'returning' } })
    expect(died.signal).toBe('SIGKILL')
    const left = died.saved[0]?.toggled
    expect(await lab.server.branch()).toBe(left)
    const went = await lab.toggle(await lab.checkOut(1), { request: { run: '1-2' } })
    await expectToggled(lab, went, lab.first)
    expect(went.lines.join('\n')).toMatch(/left on the toggled commit of the run 1-1, which was interrupted/)
  })

  it('is finished by the next one under the same name, too', async () => {
    const lab = await startDeployed()
    await lab.toggle(await lab.checkOut(), { killAt: { stage: 'returning' } })
    const went = await lab.toggle(await lab.checkOut())
    await expectToggled(lab, went, lab.first)
    expect(since(lab)).toHaveLength(3)
  })

  it('is finished by the next one with a commit of today', async () => {
    const lab = await startDeployed()
    await lab.toggle(await lab.checkOut(), { killAt: { stage: 'returning' } })
    const head = await lab.commit({ 'app.py': 'print(2)\n' })
    await expectToggled(lab, await lab.toggle(await lab.checkOut()), head)
  })

  it('is finished by the post step, which needs no workspace', async () => {
    const lab = await startDeployed()
    const died = await lab.toggle(await lab.checkOut(), { killAt: { stage: 'returning' } })
    const went = await lab.finish(died.saved[0]?.toggled)
    expect(went).toMatchObject({ error: undefined, finished: { kind: 'finished', original: lab.first, run: '1-1' } })
    expect(await lab.server.branch()).toBe(lab.first)
    expect(existsSync(stale(lab))).toBe(false)
    expect(await lab.finish(undefined)).toMatchObject({ error: undefined, finished: { kind: 'nothing' } })
  })

  it('while the first deployment is under way is finished when that has ended', async () => {
    const lab = await startDeployed()
    await lab.server.behave({ holds: true })
    const died = await lab.toggle(await lab.checkOut(), { killAt: { line: 'Running deployment command...' } })
    expect(died.signal).toBe('SIGKILL')
    const left = died.saved[0]?.toggled
    expect(await lab.server.branch()).toBe(left)
    const finishing = lab.finish(left)
    await expect
      .poll(() => lab.server.requests.some(line => line.endsWith('receive-pack 409')), { timeout: 20_000 })
      .toBe(true)
    await lab.server.release()
    const went = await finishing
    expect(went).toMatchObject({ error: undefined, finished: { kind: 'finished' } })
    expect(went.sleeps).toBeGreaterThan(0)
    expect(await lab.server.branch()).toBe(lab.first)
  })

  it('before its first push has left nothing to finish', async () => {
    const lab = await startDeployed()
    const died = await lab.toggle(await lab.checkOut(), { killAt: { stage: 'toggling' } })
    expect(died.signal).toBe('SIGKILL')
    expect((await lab.finish(died.saved[0]?.toggled)).finished).toEqual({ kind: 'nothing' })
    expect(since(lab)).toEqual([])
  })

  it('has its original put back where HEAD does not follow that', async () => {
    const lab = await startDeployed()
    await lab.toggle(await lab.checkOut(), { killAt: { stage: 'returning' } })
    await git(lab.origin, 'checkout', '--quiet', '--orphan', 'other')
    await lab.commit({ 'app.py': 'print("other")\n' })
    const went = await lab.toggle(await lab.checkOut())
    expect(went.error).toMatch(/not in the history/)
    expect(await lab.server.branch()).toBe(lab.first)
  })

  it("is not taken for one by a commit of the user's that only looks like it", async () => {
    const lab = await startDeployed()
    const parent = lab.first
    await lab.commit({ 'runtime.txt': 'python-3.4\n', 'app.py': 'print(2)\n' })
    const message = `x\n\nAzure-Python-Env-Original: ${parent}\nAzure-Python-Env-Run: 1`
    await git(lab.origin, 'commit', '--quiet', '--amend', '--message', message)
    const looksLikeIt = await git(lab.origin, 'rev-parse', 'HEAD')
    await lab.deploy(looksLikeIt)
    expect((await lab.finish(undefined)).finished).toEqual({ kind: 'nothing' })
    await git(lab.origin, 'reset', '--quiet', '--hard', parent)
    expect((await lab.toggle(await lab.checkOut())).error).toMatch(/not in the history/)
    expect(await lab.server.branch()).toBe(looksLikeIt)
  })
})
