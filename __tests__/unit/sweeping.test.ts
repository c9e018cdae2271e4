// Sweeping as both steps see it: what the log says, how much time it gets, and what is left to whom.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RemoteSite, SweepOptions } from '../../src/site.ts'
import { NO_ACCOUNT, pathsIn, treeOf, type Spec, type Tree } from './fake-site.ts'
import { CFG, posixVenv } from './fixtures.ts'
import { storyOf, type Given, type Story } from './story.ts'

const OWN = '/site/.azure-python-env'
const SITE: Spec = { 'app.py': '', 'requirements.txt': '', ...posixVenv('antenv', '3.11', CFG.venv311) }
const NEW: Spec = posixVenv('antenv', '3.11', CFG.venv311, ['pip-24.0', 'flask-3.0'])
const FORCED: Given = { inputs: { 'reset-env': 'true' } }

let packagePath: string
let tree: Tree
let story: Story
beforeEach(async () => {
  packagePath = await mkdtemp(join(tmpdir(), 'package-'))
  tree = treeOf(SITE)
  story = storyOf(tree, packagePath)
})
afterEach(() => rm(packagePath, { recursive: true }))

function deploy(): void {
  for (const [path, node] of treeOf(NEW)) tree.set(path, node)
}

const inOwn = (): readonly string[] => pathsIn(tree, OWN).filter(path => path !== OWN)

/** The time for sweeping is up once so many files are deleted; the deadline itself never passes. */
function upAfter(most: number): Required<Pick<Given, 'after' | 'oddities'>> {
  const late = new AbortController()
  const duringSweep = (_: SweepOptions, files: number): void => {
    if (files >= most) late.abort()
  }
  let first = true
  const after = (): AbortSignal => {
    const signal = first ? new AbortController().signal : late.signal
    first = false
    return signal
  }
  return { after, oddities: { duringSweep } }
}

describe('the time for sweeping', () => {
  it.each([
    ['1', 60_000, 55_000],
    ['', 900_000, 855_000],
    ['360', 21_600_000, 20_520_000]
  ])('ends a little before a deadline of "%s", in both steps', async (deadline, whole, less) => {
    const main = await story.main({ inputs: { 'reset-env': 'true', deadline } })
    deploy()
    const post = await story.post()
    expect(main.deadlinesMs).toEqual([whole, less])
    expect(post.deadlinesMs).toEqual([whole, less])
  })

  it('ends in the post step with a warning, the comparison, and no error; the next run goes on', async () => {
    await story.main(FORCED)
    deploy()
    const post = await story.post(upAfter(4))
    expect(post.warnings).toEqual([
      expect.stringMatching(
        /^4 files were deleted until the time was up, .*trash-\S+ stays in .*: the next run goes on/
      )
    ])
    expect(post.summary).toContain('`flask`')
    expect(inOwn().length).toBeGreaterThan(0)
    await story.main()
    expect((await story.post()).warnings).toEqual([])
    expect(inOwn()).toEqual([])
  })

  it('ends in the main step with a warning, the reset done; its post step goes on', async () => {
    const main = await story.main({ ...upAfter(4), inputs: { 'reset-env': 'true', sweep: 'main' } })
    expect(main.failure).toBeUndefined()
    expect(main.outputs.get('result')).toBe('reset')
    expect(main.outputs.get('files-deleted')).toBe('4')
    expect(main.warnings).toEqual([expect.stringMatching(/^4 files .* the post step goes on. Raise "deadline"/)])
    deploy()
    expect((await story.post()).warnings).toEqual([])
    expect(inOwn()).toEqual([])
  })

  it('does not end a deletion in place, which nothing else would finish before the deployment', async () => {
    const { oddities, after } = upAfter(1)
    const main = await story.main({ ...FORCED, after, oddities: { ...oddities, refuseRenames: true } })
    expect(main.outputs.get('strategy')).toBe('in-place')
    expect(tree.has('/site/wwwroot/antenv')).toBe(false)
  })

  it('is no help where the deadline itself passes, which is told as ever', async () => {
    await story.main(FORCED)
    deploy()
    const deadline = new AbortController()
    const lost = (site: RemoteSite): RemoteSite => ({
      ...site,
      sweep: () => {
        deadline.abort()
        return Promise.reject(new Error('closed'))
      }
    })
    const post = await story.post({ over: lost, after: () => deadline.signal })
    expect(post.failure).toBeUndefined()
    expect(post.warnings).toEqual([
      expect.stringMatching(/is left to the next run: .*longer than its "deadline" of 15 min/)
    ])
  })
})

describe('the log', () => {
  const busy = (site: RemoteSite): RemoteSite => ({
    ...site,
    account: () => ({ ...NO_ACCOUNT, connections: 3, commands: 70, rungs: [{ rung: 'one at a time', times: 2 }] }),
    sweep: (path, options) => {
      for (const elapsedMs of [1000, 5000, 6000, 10_000]) {
        options?.onProgress?.({ files: elapsedMs / 10, listed: 2000, listingDone: true, elapsedMs })
      }
      return site.sweep(path, options)
    }
  })
  const ACCOUNT = [
    'Connections: 3',
    'Commands: 70 (0 bytes sent, 0 bytes received)',
    'More careful than planned (2 times): one at a time',
    '<'
  ]
  const PROGRESS = [
    'Sweeping: 500 of 2,000 files, 100 files/s, 15 s left',
    'Sweeping: 1,000 of 2,000 files, 100 files/s, 10 s left'
  ]

  it('has progress and an account in the step that sweeps, the account at the end of its group', async () => {
    await story.main(FORCED)
    deploy()
    const { lines } = await story.post({ over: busy })
    expect(lines.filter(line => line.startsWith('Sweeping'))).toEqual(PROGRESS)
    expect(lines.slice(-4)).toEqual(ACCOUNT)
  })

  it('has an account of a reset, too, and progress of a deletion in place', async () => {
    const { lines } = await story.main({ ...FORCED, over: busy, oddities: { refuseRenames: true } })
    expect(lines.filter(line => line.startsWith('Sweeping')).slice(0, 2)).toEqual(PROGRESS)
    const end = lines.lastIndexOf('<')
    expect(lines.slice(end - 3, end + 1)).toEqual(ACCOUNT)
  })

  it('has an account of a reset that failed', async () => {
    const refuse = ['DELE /site/wwwroot/antenv/bin/python']
    const { lines, failure } = await story.main({ ...FORCED, over: busy, oddities: { refuseRenames: true, refuse } })
    expect(String(failure)).toContain('bin/python')
    expect(lines).toContain('Connections: 3')
  })

  it.each<[string, Given]>([
    ['in a run that only looks', {}],
    ['in a dry run', { inputs: { 'reset-env': 'true', 'dry-run': 'true' } }]
  ])('has no account %s', async (_, given) => {
    const { lines } = await story.main({ ...given, over: busy })
    expect(lines.join()).not.toMatch(/Connections|Commands|planned/)
  })

  it('has no account in a post step with nothing to settle', async () => {
    await story.main(FORCED)
    deploy()
    for (const path of inOwn()) tree.delete(path)
    const { lines } = await story.post({ over: busy })
    expect(lines).toEqual(['> After the deployment', '<'])
  })
})

describe('files in use', () => {
  it('are no warning: the log and the summary say that a later run deletes them', async () => {
    await story.main(FORCED)
    deploy()
    const copy = inOwn().find(path => path.endsWith('-antenv')) ?? ''
    const refuse = [`DELE ${copy.slice(0, -'-antenv'.length)}/bin/pip`]
    const post = await story.post({ oddities: { refuse } })
    expect(post.warnings).toEqual([])
    expect(post.lines.join('\n')).toMatch(/1 file is in use and lies in \S+ now, where a later run deletes it: pip/)
    expect(post.summary).toContain('| Files in use, left to a later run | 1 |')
    expect(inOwn()).toHaveLength(1)
    await story.main()
    expect((await story.post()).summary).toContain('| Files swept | 1 |')
    expect(inOwn()).toEqual([])
  })

  it('are waited for in place, and then moved aside, which the main step says', async () => {
    const refuse = ['RENAME /site/wwwroot/antenv', 'DELE /site/wwwroot/antenv/bin/python']
    const main = await story.main({ ...FORCED, oddities: { refuse } })
    expect(main.failure).toBeUndefined()
    expect(main.outputs.get('strategy')).toBe('in-place')
    expect(main.sleptMs).toEqual([1000, 3000])
    expect(main.lines.join('\n')).toContain('1 file is in use and lies in')
    expect(main.summary).toContain('| Files in use, left to a later run | 1 |')
    expect(inOwn()).toHaveLength(1)
  })
})

it.each([
  ['', true],
  ['auto', true],
  ['off', false]
])('"pipelining" "%s" is what both steps connect with: %j', async (pipelining, chosen) => {
  const main = await story.main({ inputs: { 'reset-env': 'true', pipelining } })
  deploy()
  const post = await story.post()
  expect([main.reach?.pipelining, post.reach?.pipelining]).toEqual([chosen, chosen])
})
