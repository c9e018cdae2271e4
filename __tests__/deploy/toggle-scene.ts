// A deployed app whose environment holds something that nothing asks for, and what is expected of toggling it.
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { git, startToggleLab, type ToggleLab, type Went } from './toggle-lab.ts'

/** Describes tests that need a git server: its hook looks into /proc, and its tools are those of Linux. */
export const describeToggling = describe.skipIf(process.platform !== 'linux')

/** A deployment that made the environment anew. */
export const NEW = { environment: 'created', succeeded: true } as const

/** A lab whose first commit is deployed, with something in the environment that nothing asks for. */
export async function startDeployed(
  files?: Readonly<Record<string, string>>
): Promise<ToggleLab & { readonly first: string }> {
  const lab = await startToggleLab(files)
  const first = await git(lab.origin, 'rev-parse', 'HEAD')
  await lab.deploy(first)
  await writeFile(stale(lab), '')
  return { ...lab, first }
}

/** What is gone with the environment. */
export const stale = ({ server }: ToggleLab): string => join(server.wwwroot, 'env', 'stale.txt')

/** The deployments after the first. */
export const since = ({ server }: ToggleLab): readonly unknown[] => server.deployments().slice(1)

/** Expects the branch to stand on a commit, and a new environment. */
export async function expectToggled(lab: ToggleLab, went: Went, head: string): Promise<void> {
  expect(went.error).toBeUndefined()
  expect(await lab.server.branch()).toBe(head)
  expect(existsSync(stale(lab))).toBe(false)
  expect(went.toggled).toMatchObject({ original: head, finished: true, isShown: true })
}
