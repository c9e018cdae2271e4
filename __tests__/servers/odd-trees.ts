// Environments that hold what no environment should: links to elsewhere, names that break listings, what cannot be deleted.
import { existsSync } from 'node:fs'
import { chown, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import { countFiles } from '../../tools/servers/real-environment.ts'
import type { Lab } from './lab.ts'

const forced = { 'reset-env': 'true' }

/** Names that listings, commands or shells could take for something else. */
export const ODD_NAMES: readonly string[] = [
  ' leading blank',
  '  two leading blanks',
  'trailing blank ',
  'two  inner blanks',
  'naïve-日本語-🐍',
  'e\u0301 decomposed',
  '[brackets]',
  '{braces}',
  '#hash',
  '"quotes"',
  "it's",
  '*',
  '?',
  '-rf',
  '--all',
  '~',
  '%41%0A',
  '%s%n',
  '-> x',
  'a -> b',
  'semi;colon',
  'size=1;type=dir; x',
  '$HOME',
  '`x`',
  '.dot',
  '...',
  'total 12',
  'drwxr-xr-x',
  'line\u2028separator',
  'ÿ'
]

/** What lies in the environment goes, and nothing else does. */
export function oddTrees(lab: Lab): void {
  links(lab)
  dangling(lab)
  names(lab)
  locked(lab)
}

/** Takes out the bulk of the environment, whose number of files plays no part here. */
async function shrink({ site }: Lab): Promise<void> {
  for (const name of ['pip', 'setuptools']) await rm(join(site.sitePackages, name), { recursive: true, force: true })
}

/** Resets, builds anew, and sweeps. */
async function sweep(lab: Lab): Promise<StepRun> {
  await lab.handOver()
  const main = await lab.step('main', { with: forced })
  expect(main.outputs['strategy']).toBe('rename')
  await lab.rebuild()
  return lab.step('post', { state: main.state })
}

function links(lab: Lab): void {
  it('deletes a link to a folder outside of the environment as a link', async () => {
    // As deep below our own folder as below wwwroot, so that it leads there from both places.
    await symlink('../../../../../../outside', join(lab.site.sitePackages, 'link'))
    expect(existsSync(join(lab.site.sitePackages, 'link/kept.txt'))).toBe(true)
    const files = await countFiles(lab.site.environment)
    const others = await lab.others()
    const post = await sweep(lab)
    expect(post.log).toContain(`(${files} files)`)
    expect(await lab.trash()).toEqual([])
    expect((await lab.others()).filter(line => line.startsWith('outside'))).toEqual(
      others.filter(line => line.startsWith('outside'))
    )
    expect(existsSync(join(lab.site.home, 'outside/kept.txt'))).toBe(true)
  })
}

/** ProFTPD's MLSD knows no link that leads nowhere, as one to an interpreter outside of the server's root does. */
function dangling(lab: Lab): void {
  const bin = (name: string): string => join(lab.site.environment, 'bin', name)

  it('takes an environment whose interpreter is a link for whole', async () => {
    const longest = `python${lab.site.python}`
    for (const [name, target] of [
      ['python3', '/usr/bin/python3'],
      ['python', 'python3'],
      [longest, 'python3']
    ] as const) {
      await rm(bin(name), { force: true })
      await symlink(target, bin(name))
    }
    await lab.handOver()
    const run = await lab.step('main', { with: { 'python-version': lab.site.python } })
    expect(run.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date' })
  })

  it('deletes links that lead nowhere, up, and to themselves', async () => {
    await shrink(lab)
    for (const [name, target] of [
      ['nowhere', 'no/such/file'],
      ['absolute', '/usr/lib/python3'],
      ['up', '..'],
      ['loop', 'loop']
    ] as const) {
      await symlink(target, join(lab.site.sitePackages, name))
    }
    const files = await countFiles(lab.site.environment)
    const post = await sweep(lab)
    expect(annotations(post.log, 'warning')).toEqual([])
    expect(post.log).toContain(`(${files} files)`)
    expect(await lab.trash()).toEqual([])
  })
}

function names(lab: Lab): void {
  it('deletes files and folders of every name that can be sent', async () => {
    await shrink(lab)
    const folder = join(lab.site.sitePackages, 'odd')
    for (const name of ODD_NAMES) {
      await mkdir(join(folder, 'folders', name), { recursive: true })
      await writeFile(join(folder, 'folders', name, name), '')
      await writeFile(join(folder, name), '')
    }
    const files = await countFiles(lab.site.environment)
    const post = await sweep(lab)
    expect(annotations(post.log, 'warning')).toEqual([])
    expect(post.log).toContain(`(${files} files)`)
    expect(await lab.trash()).toEqual([])
  })

  it('reports a name with a backslash, which means something else to other servers, and deletes the rest', async () => {
    await shrink(lab)
    await writeFile(join(lab.site.sitePackages, 'back\\slash'), '')
    const files = await countFiles(lab.site.environment)
    const post = await sweep(lab)
    // The file, and the four folders that it keeps from being empty.
    expect(post.log).toContain(`(${files - 1} files, 5 could not be deleted)`)
    expect(annotations(post.log, 'warning')).toEqual([expect.stringContaining('(back\\slash, site-packages, ')])
    const [rest = ''] = await lab.trash()
    expect(await countFiles(join(lab.site.home, 'site/.azure-python-env', rest))).toBe(1)
  })
}

function locked(lab: Lab): void {
  it('reports what the server refuses to delete, deletes the rest, and finishes when it can', async () => {
    await shrink(lab)
    const folder = join(lab.site.sitePackages, 'locked')
    await mkdir(folder)
    await writeFile(join(folder, 'file.so'), '')
    const files = await countFiles(lab.site.environment)
    await lab.handOver()
    const main = await lab.step('main', { with: forced })
    const [copy = ''] = await lab.trash()
    await lab.rebuild()
    const trash = join(lab.site.home, 'site/.azure-python-env')
    const inTrash = join(trash, copy, 'lib', `python${lab.site.python}`, 'site-packages/locked')
    await chown(inTrash, 0, 0)

    const post = await lab.step('post', { state: main.state })
    expect(post.exitCode).toBe(0)
    expect(post.log).toContain(`(${files - 1} files, 6 could not be deleted)`)
    expect(annotations(post.log, 'warning')).toEqual([expect.stringMatching(/\(file\.so, locked, .*"550 /)])
    const [rest = ''] = await lab.trash()
    expect(await countFiles(join(trash, rest))).toBe(1)

    await lab.handOver()
    const next = await lab.step('main')
    const swept = await lab.step('post', { state: next.state })
    expect(swept.log).toContain('(1 files)')
    expect(await lab.trash()).toEqual([])
  })
}
