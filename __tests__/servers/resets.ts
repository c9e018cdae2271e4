// What becomes of an environment on a server that allows everything: kept, set aside, swept, put back.
import { existsSync } from 'node:fs'
import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { annotations } from '../../tools/github-runner.ts'
import { countFiles } from '../../tools/servers/real-environment.ts'
import { fingerprint } from './fingerprint.ts'
import type { Lab } from './lab.ts'

const forced = { 'reset-env': 'true' }

/** Everything with which a server can disappoint a reset that it does not refuse. */
export function resets(lab: Lab): void {
  looking(lab)
  transaction(lab)
  sweeps(lab)
  archives(lab)
}

function looking(lab: Lab): void {
  it('is asked about a real environment of more than 1,000 files with its link lib64', async () => {
    expect(await countFiles(lab.site.environment)).toBeGreaterThan(1000)
    expect(await fingerprint(lab.site.environment)).toContain('lib64 -> lib')
  })

  it('keeps a good environment, and nothing is changed', async () => {
    const before = await fingerprint(lab.site.home)
    const main = await lab.step('main', { with: { 'python-version': lab.site.python } })
    expect(main.outputs).toMatchObject({
      result: 'preserved',
      reason: 'up-to-date',
      layout: 'venv-tree',
      'env-path': '/site/wwwroot/antenv',
      'python-version-found': lab.site.python
    })
    expect(main.exitCode).toBe(0)
    expect(annotations(main.log, 'error')).toEqual([])
    // Without TLS each run says so.
    expect(annotations(main.log, 'warning')).toHaveLength(lab.mode === 'plain' ? 1 : 0)
    expect(main.state['run']).toBeUndefined()
    expect(await fingerprint(lab.site.home)).toEqual(before)
  })

  it('finds that there is no environment', async () => {
    await rm(lab.site.environment, { recursive: true })
    const before = await fingerprint(lab.site.home)
    const main = await lab.step('main', { with: forced })
    expect(main.outputs).toMatchObject({ result: 'absent', reason: 'absent', layout: 'none', strategy: 'none' })
    expect(await fingerprint(lab.site.home)).toEqual(before)
  })

  it('changes nothing in a dry run of a forced reset', async () => {
    const before = await fingerprint(lab.site.home)
    const main = await lab.step('main', { with: { ...forced, 'dry-run': 'true' } })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename', 'files-deleted': '0', 'dry-run': 'true' })
    expect(main.log).toContain('Would set aside: /site/wwwroot/antenv')
    const post = await lab.step('post', { state: main.state })
    expect(post).toMatchObject({ exitCode: 0, log: '' })
    expect(await fingerprint(lab.site.home)).toEqual(before)
  })
}

function transaction(lab: Lab): void {
  it('sets the environment aside, and sweeps every file of it once there is a new one', async () => {
    const files = await countFiles(lab.site.environment)
    const whole = await fingerprint(lab.site.environment)
    const others = await lab.others()
    const main = await lab.step('main', { with: forced })
    expect(main.outputs).toMatchObject({
      result: 'reset',
      reason: 'requested',
      strategy: 'rename',
      'files-deleted': '0'
    })
    expect(existsSync(lab.site.environment)).toBe(false)
    const [copy = '', ...more] = await lab.trash()
    expect(more).toEqual([])
    expect(await fingerprint(join(lab.site.home, 'site/.azure-python-env', copy))).toEqual(whole)
    expect(await lab.others()).toEqual(others)

    await lab.rebuild()
    const rebuilt = await fingerprint(lab.site.environment)
    const after = await lab.others()
    const post = await lab.step('post', { state: main.state })
    expect(post.exitCode).toBe(0)
    expect(post.log).toContain(`Swept: /site/.azure-python-env/${copy} (${files} files)`)
    expect(annotations(post.log, 'warning')).toEqual([])
    expect(await lab.trash()).toEqual([])
    expect(await fingerprint(lab.site.environment)).toEqual(rebuilt)
    expect(await lab.others()).toEqual(after)
  })

  it('puts it back, byte for byte, where nothing was deployed', async () => {
    const before = await fingerprint(lab.site.home)
    const main = await lab.step('main', { with: forced })
    expect(existsSync(lab.site.environment)).toBe(false)
    const post = await lab.step('post', { state: main.state, jobStatus: 'failure' })
    expect(post.exitCode).toBe(0)
    expect(post.log).toContain('Put back: /site/wwwroot/antenv')
    expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('was put back as it was')])
    expect((await fingerprint(lab.site.home)).filter(line => line !== 'site/.azure-python-env/')).toEqual(before)
  })
}

function sweeps(lab: Lab): void {
  it('counts the files that "sweep: main" deletes at once', async () => {
    const files = await countFiles(lab.site.environment)
    const others = await lab.others()
    const main = await lab.step('main', { with: { ...forced, sweep: 'main' } })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'rename', 'files-deleted': String(files) })
    expect(existsSync(lab.site.environment)).toBe(false)
    expect(await lab.trash()).toEqual([])
    expect(await lab.others()).toEqual(others)
  })

  it('goes on with two connections where the server allows no more, and eight are asked for', async () => {
    const files = await countFiles(lab.site.environment)
    const server = await lab.serve({ maxConnections: 2 })
    const inputs = { ...forced, connections: '8' }
    const main = await lab.step('main', { with: inputs, server })
    expect(main.outputs['strategy']).toBe('rename')
    await lab.rebuild()
    const post = await lab.step('post', { with: inputs, state: main.state, server })
    expect(annotations(post.log, 'warning')).toEqual([])
    expect(post.log).toContain(`(${files} files)`)
    expect(await lab.trash()).toEqual([])
  })
}

function archives(lab: Lab): void {
  describe('of two archives of a compressed app', () => {
    const archive = (name: string): string => join(lab.site.wwwroot, name)

    it('only the stale one goes', async () => {
      await lab.layCompressed()
      const current = await readFile(archive('output.tar.gz'))
      await writeFile(archive('output.tar.zst'), 'of an earlier build')
      await lab.handOver()
      const earlier = new Date(Date.now() - 3_600_000)
      await utimes(archive('output.tar.zst'), earlier, earlier)
      const others = await lab.others()

      const main = await lab.step('main')
      expect(main.outputs).toMatchObject({ result: 'reset', reason: 'stale-archive', strategy: 'archive' })
      expect(await lab.trash()).toHaveLength(1)
      const post = await lab.step('post', { state: main.state })
      expect(post.log).toContain('(1 files)')
      expect(await lab.trash()).toEqual([])
      expect(await readFile(archive('output.tar.gz'))).toEqual(current)
      expect(await lab.others()).toEqual(others.filter(line => !line.includes('output.tar.zst')))
    })

    it('both stay where they are of the same time', async () => {
      await lab.layCompressed()
      await writeFile(archive('output.tar.zst'), 'of the same build?')
      const before = await fingerprint(lab.site.home)
      const main = await lab.step('main', { with: forced })
      expect(main.outputs).toMatchObject({ result: 'rebuilt-on-deploy', strategy: 'none' })
      expect(await fingerprint(lab.site.home)).toEqual(before)
    })
  })
}
