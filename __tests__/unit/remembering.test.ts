// Whole jobs, one after the other, upon a site in memory: what one remembers for the next.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseMemory, type Memory } from '../../src/azure/memory.ts'
import { SiteError, type RemoteSite } from '../../src/site.ts'
import { changesIn, fileOf, NOON, pathsIn, treeOf, type Spec, type Tree } from './fake-site.ts'
import { CFG, posixVenv, without } from './fixtures.ts'
import { storyOf, type Given, type Told } from './story.ts'

const OWN = '/site/.azure-python-env'
const LAST = `${OWN}/last.json`
/** What a build with a Python leaves. */
const builtWith = (python: string): Spec => ({
  'oryx-manifest.toml': `PythonVersion = "${python}.4"\nvirtualEnvName = "antenv"\n`,
  ...posixVenv('antenv', python, CFG.venv311.replace('3.11.4', `${python}.4`), ['pip-24.0', 'alpha-1.0'])
})
const VENV = builtWith('3.11')
const SITE: Spec = { 'app.py': '', '/site/deployments/active': 'first', ...VENV }
const OTHER: Given = { inputs: { 'python-version': '3.12' } }
const ON_CHANGE: Given = { inputs: { 'reset-mode': 'on-change' } }

let packagePath: string
let tree: Tree
beforeEach(async () => {
  packagePath = await mkdtemp(join(tmpdir(), 'package-'))
  await writeFile(join(packagePath, 'requirements.txt'), 'alpha\n')
  tree = treeOf(SITE)
})
afterEach(() => rm(packagePath, { recursive: true }))

/** What the deployment leaves: an environment, or what was there. */
function build(made: Spec | null, id = 'second'): void {
  tree.set('/site/deployments/active', fileOf(NOON, id))
  if (!made) return
  for (const path of pathsIn(tree, '/site/wwwroot/antenv')) tree.delete(path)
  for (const [path, node] of treeOf(made)) tree.set(path, node)
}

interface Push {
  readonly given?: Given
  /** For the post step only. */
  readonly after?: Given
  /** `null`: nothing is built. */
  readonly made?: Spec | null
  readonly failed?: boolean
}

async function push({ given = OTHER, after = given, made = VENV, failed = false }: Push = {}): Promise<{
  readonly main: Told
  readonly post: Told
  readonly reason: string | undefined
}> {
  const story = storyOf(tree, packagePath)
  const main = await story.main(given)
  if (!failed) build(made, `${Math.random()}`)
  const status = failed ? 'failure' : 'success'
  const post = await story.post({ ...after, inputs: { ...after.inputs, 'job-status': status } })
  return { main, post, reason: main.outputs.get('reason') }
}

function memory(): Memory | undefined {
  const node = tree.get(LAST)
  return node?.kind === 'file' ? parseMemory(node.text) : undefined
}

describe('a wish that the server does not share', () => {
  it('leads to one reset, and then to a warning that names what decides', async () => {
    expect((await push()).reason).toBe('python-version-changed')
    const { main, reason } = await push()
    expect(reason).toBe('ineffective')
    expect(main.outputs.get('result')).toBe('preserved')
    expect(main.warnings).toEqual([expect.stringContaining('az webapp config set --linux-fx-version "PYTHON|3.12"')])
    expect((await push()).reason).toBe('ineffective')
  })

  it('is tried again after a job that failed', async () => {
    expect((await push({ failed: true })).reason).toBe('python-version-changed')
    expect(memory()).toBeUndefined()
    expect((await push()).reason).toBe('python-version-changed')
    expect((await push()).reason).toBe('ineffective')
  })

  it('is tried again once it is another', async () => {
    await push()
    expect((await push({ given: { inputs: { 'python-version': '3.13' } } })).reason).toBe('python-version-changed')
  })

  it('is tried again on demand, which is remembered as well', async () => {
    const forced = { inputs: { ...OTHER.inputs, 'reset-env': 'true' } }
    expect((await push({ given: forced })).reason).toBe('requested')
    expect((await push()).reason).toBe('ineffective')
    expect((await push({ given: forced })).reason).toBe('requested')
  })

  it('is forgotten where the deployment did what was wished, so that later evidence counts', async () => {
    await push({ made: builtWith('3.12') })
    build(VENV)
    expect((await push()).reason).toBe('python-version-changed')
  })

  it('is said to be in vain where the deployment built nothing', async () => {
    const { post } = await push({ made: null, after: { ...OTHER } })
    expect(post.warnings.join()).toContain('was put back')
    const { main, reason } = await push({ made: null })
    expect(reason).toBe('ineffective')
    expect(main.warnings).toEqual([expect.stringContaining('SCM_DO_BUILD_DURING_DEPLOYMENT')])
  })

  it('is not said to be in vain after a job that deployed nothing', async () => {
    const story = storyOf(tree, packagePath)
    await story.main(OTHER)
    const post = await story.post({ inputs: { ...OTHER.inputs, 'job-status': 'success' } })
    expect(post.warnings.join()).toContain('was put back')
    expect(memory()).toBeUndefined()
    expect((await push()).reason).toBe('python-version-changed')
  })

  it('never leads to a reset again once a deployment has succeeded after one, whatever failed before', async () => {
    const outcome = fc.constantFrom<Push>({ failed: true }, {}, { made: null })
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, { maxLength: 6 }), async pushes => {
        tree = treeOf(SITE)
        let tried = false
        for (const each of pushes) {
          const { reason } = await push(each)
          expect(reason).toBe(tried ? 'ineffective' : 'python-version-changed')
          tried ||= each.failed !== true
        }
      }),
      { numRuns: 40 }
    )
  })

  it('cannot lead to a reset at each push, even where the environment changes behind everybody', async () => {
    const half = without(VENV, 'antenv/bin/python')
    const reasons: (string | undefined)[] = []
    for (let at = 0; at < 5; at++) {
      build(half)
      reasons.push((await push()).reason)
    }
    expect(reasons.filter(reason => reason === 'broken').length).toBeLessThanOrEqual(3)
    expect(reasons.at(-1)).toBe('ineffective')
  })
})

describe('"reset-mode: on-change"', () => {
  const reasons = async (...texts: readonly string[]): Promise<readonly (string | undefined)[]> => {
    const told: (string | undefined)[] = []
    for (const text of texts) {
      await writeFile(join(packagePath, 'requirements.txt'), text)
      told.push((await push({ given: ON_CHANGE })).reason)
    }
    return told
  }

  it('remembers in the first run, and compares in the next ones', async () => {
    expect(await reasons('alpha\n', 'alpha\n', 'alpha\nbeta\n', 'alpha\nbeta\n', 'alpha\n')).toEqual([
      'up-to-date',
      'up-to-date',
      'requirements-changed',
      'up-to-date',
      'requirements-changed'
    ])
  })

  it('says that it has nothing to compare with', async () => {
    const first = await push({ given: ON_CHANGE })
    expect(first.main.lines.join('\n')).toContain('none are remembered of an earlier run')
    await rm(join(packagePath, 'requirements.txt'))
    const second = await push({ given: ON_CHANGE })
    expect(second.main.lines.join('\n')).toContain('those of the package are not known')
    expect(second.reason).toBe('up-to-date')
  })

  it('does not remember a job that failed', async () => {
    await push({ given: ON_CHANGE })
    await writeFile(join(packagePath, 'requirements.txt'), 'alpha\nbeta\n')
    expect((await push({ given: ON_CHANGE, failed: true })).reason).toBe('requirements-changed')
    expect((await push({ given: ON_CHANGE })).reason).toBe('requirements-changed')
    expect((await push({ given: ON_CHANGE })).reason).toBe('up-to-date')
  })

  it('remembers the first deployment of a site without an environment', async () => {
    tree = treeOf({ 'app.py': '' })
    expect((await push({ given: ON_CHANGE })).reason).toBe('absent')
    expect(memory()).toMatchObject({ reason: '', evidence: [], found: { python: '3.11', distributions: 2 } })
  })

  it('keeps what is remembered of an earlier reset', async () => {
    await push()
    await writeFile(join(packagePath, 'requirements.txt'), 'alpha\nbeta\n')
    await push()
    expect(memory()?.evidence).toEqual([
      { code: 'python-version-changed', particulars: ['3.11 instead of 3.12'], outlived: true, resets: 1 }
    ])
    expect((await push()).reason).toBe('ineffective')
  })

  it('changes nothing in a dry run', async () => {
    const given = { inputs: { ...ON_CHANGE.inputs, 'dry-run': 'true' } }
    const before = [...tree.keys()]
    const story = storyOf(tree, packagePath)
    await story.main(given)
    const post = await story.post(given)
    expect([...tree.keys()]).toEqual(before)
    expect(post).toMatchObject({ lines: [], reach: undefined, summary: '' })
  })
})

describe('the post step', () => {
  it('does not connect where nothing is left to do but to remember what is remembered already', async () => {
    await push({ given: ON_CHANGE })
    expect((await push({ given: ON_CHANGE })).post.reach).toBeUndefined()
  })

  it('does not connect after a job that failed where it would only remember', async () => {
    expect((await push({ given: ON_CHANGE, failed: true })).post.reach).toBeUndefined()
    expect(memory()).toBeUndefined()
  })

  it('is silent where a deployment still runs and it would only remember', async () => {
    const story = storyOf(tree, packagePath)
    await story.main(ON_CHANGE)
    tree.set('/site/locks', { kind: 'directory' })
    tree.set('/site/locks/deployments.lock', fileOf(NOON))
    const post = await story.post({ inputs: { ...ON_CHANGE.inputs, 'job-status': 'success' } })
    expect(post.warnings).toEqual([])
    expect(memory()).toBeUndefined()
  })

  it('only says in the log that it cannot reach the server where it would only remember', async () => {
    const unreachable = (site: RemoteSite): RemoteSite => ({
      ...site,
      list: () => Promise.reject(new SiteError('lost', 'The connection broke'))
    })
    const { post } = await push({ given: ON_CHANGE, after: { ...ON_CHANGE, over: unreachable } })
    expect(post.warnings).toEqual([])
    expect(post.lines.join()).toContain('Nothing could be remembered for the next run: The connection broke')
  })

  it.each<[string, (site: RemoteSite) => RemoteSite]>([
    ['refused', site => ({ ...site, writeText: () => Promise.reject(new SiteError('refused', 'Access is denied')) })],
    ['lost', site => ({ ...site, writeText: () => Promise.reject(new SiteError('lost', 'Access is denied')) })],
    [
      'stopped',
      site => ({ ...site, writeText: () => Promise.reject(new SiteError('interrupted', 'Access is denied')) })
    ]
  ])('finishes its work, and says in the log what it could not remember: %s', async (_, over) => {
    const { post } = await push({ given: { inputs: { 'reset-env': 'true' } }, after: { over } })
    expect(post.warnings).toEqual([])
    expect(post.lines.join()).toContain('Nothing could be remembered for the next run: Access is denied')
    expect(pathsIn(tree, OWN)).toEqual([OWN])
    expect(post.summary).toContain('The Python environment was rebuilt')
  })

  it('writes once, after everything else', async () => {
    let log: readonly string[] = []
    const over = (site: RemoteSite): RemoteSite => {
      log = (site as RemoteSite & { readonly log: readonly string[] }).log
      return site
    }
    await push({ after: { ...OTHER, over } })
    expect(
      changesIn(log)
        .slice(-2)
        .map(line => line.split(' ')[0])
    ).toEqual(['STOR', 'RENAME'])
    expect(changesIn(log).filter(line => line.startsWith('STOR'))).toHaveLength(1)
  })
})

describe('the main step', () => {
  const reads = async (given: Given): Promise<number> => {
    let log: readonly string[] = []
    const over = (site: RemoteSite): RemoteSite => {
      log = (site as RemoteSite & { readonly log: readonly string[] }).log
      return site
    }
    await storyOf(tree, packagePath).main({ ...given, over })
    return log.filter(line => line === `READ ${LAST}`).length
  }

  it.each<[string, Given, number]>([
    ['up to date', { inputs: { 'python-version': '3.11' } }, 0],
    ['an automatic reason', OTHER, 1],
    ['an automatic reason that is never followed', { inputs: { ...OTHER.inputs, 'reset-mode': 'never' } }, 0],
    ['a reset that is asked for', { inputs: { ...OTHER.inputs, 'reset-env': 'true' } }, 0],
    ['a reset in each run', { inputs: { ...OTHER.inputs, 'reset-mode': 'always' } }, 0],
    ['requirements that are compared', ON_CHANGE, 1]
  ])('reads what is remembered only where it matters: %s', async (_, given, times) => {
    await push()
    expect(await reads(given)).toBe(times)
  })

  it('reads nothing where nothing was ever remembered', async () => {
    expect(await reads(OTHER)).toBe(0)
  })
})
