// What becomes of an environment that cannot be set aside: it is deleted where it lies, or what is left of it is finished.
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { annotations, type StepOptions } from '../../tools/github-runner.ts'
import { countFiles } from '../../tools/servers/real-environment.ts'
import type { Lab } from './lab.ts'

const forced = { 'reset-env': 'true' }

/** How many deletions a run that is killed has asked for: past the interpreter, and far from the end. */
const DELETIONS = 300

/** Deletions in place, whole and cut. */
export function inPlace(lab: Lab): void {
  it('deletes in place where the server refuses every rename', async () => {
    const server = await lab.serve({ refusesRenames: true })
    // Nothing of what these lead to may go with them.
    await symlink('../../../../../../outside', join(lab.site.sitePackages, 'link'))
    await symlink('../../../outside', join(lab.site.environment, 'link'))
    await lab.handOver()
    const files = await countFiles(lab.site.environment)
    const others = await lab.others()
    const main = await lab.step('main', { with: forced, server })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'in-place', 'files-deleted': String(files) })
    expect(annotations(main.log, 'warning')).toContainEqual(expect.stringContaining('there is no way back'))
    expect(existsSync(lab.site.environment)).toBe(false)
    expect(await lab.others()).toEqual(others)
    await lab.rebuild()
    const post = await lab.step('post', { state: main.state, server })
    expect(annotations(post.log, 'warning')).toEqual([])
    expect(await lab.trash()).toEqual([])
  })

  ownFolder(lab)
  killed(lab)
}

function ownFolder(lab: Lab): void {
  /** Makes our own folder so that the server's user can put nothing there. */
  const lockOwnFolder = async (): Promise<void> => {
    const folder = join(lab.site.home, 'site/.azure-python-env')
    await mkdir(folder)
    await chown(folder, 0, 0)
    await chmod(folder, 0o755)
  }

  it('deletes in place where only our own folder takes nothing', async () => {
    await lockOwnFolder()
    const files = await countFiles(lab.site.environment)
    const others = await lab.others()
    const main = await lab.step('main', { with: forced })
    expect(main.outputs).toMatchObject({ result: 'reset', strategy: 'in-place', 'files-deleted': String(files) })
    expect(existsSync(lab.site.environment)).toBe(false)
    expect(await lab.others()).toEqual(others)
  })
}

function killed(lab: Lab): void {
  it('is killed in the middle of that, and the next run finishes it without being asked', async () => {
    const server = await lab.serve({ refusesRenames: true })
    const files = await countFiles(lab.site.environment)
    const others = await lab.others()
    const main = await lab.step('main', { with: forced, server, env: { RUNNER_DEBUG: '1' }, onStart: killAtDeletion })
    expect(main.exitCode).toBe(null)
    // What was on its way when it was killed is still carried out.
    await server.idle()
    const left = await countFiles(lab.site.environment)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(files)
    expect(existsSync(join(lab.site.environment, 'bin/python'))).toBe(false)
    expect(existsSync(join(lab.site.environment, 'bin/activate'))).toBe(true)
    const post = await lab.step('post', { state: main.state, jobStatus: 'failure', server })
    expect(post.exitCode).toBe(0)
    expect(await countFiles(lab.site.environment)).toBe(left)

    const next = await lab.step('main', { with: { 'python-version': lab.site.python }, server })
    expect(next.outputs).toMatchObject({
      result: 'reset',
      reason: 'broken',
      strategy: 'in-place',
      'files-deleted': String(left)
    })
    expect(existsSync(lab.site.environment)).toBe(false)
    expect(await lab.others()).toEqual(others)
  })
}

/** Counts the deletions in the log of step debugging. */
function killAtDeletion(child: Parameters<NonNullable<StepOptions['onStart']>>[0]): void {
  let seen = 0
  child.stdout?.on('data', (chunk: Buffer | string) => {
    seen += chunk.toString().split('> DELE ').length - 1
    if (seen >= DELETIONS) child.kill('SIGKILL')
  })
}
