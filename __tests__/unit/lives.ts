// The life of a site in memory: pushes one after the other, each with what its deployment makes.
import { fileOf, NOON, treeOf, type Spec, type Tree } from './fake-site.ts'
import { CFG, posixVenv } from './fixtures.ts'
import { storyOf, type Given, type Told } from './story.ts'

/** What a build leaves that installs these packages, none of which needs another. */
export function builtOf(names: readonly string[], python = '3.11'): Spec {
  const cfg = CFG.venv311.replace('3.11.4', `${python}.4`)
  const metadata = (name: string): readonly [string, string] => [
    `antenv/lib/python${python}/site-packages/${name}-1.0.dist-info/METADATA`,
    `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`
  ]
  return {
    'oryx-manifest.toml': `PythonVersion = "${python}.4"\nvirtualEnvName = "antenv"\n`,
    ...posixVenv('antenv', python, cfg),
    ...Object.fromEntries(names.map(metadata))
  }
}

/** A site that was deployed before, with what its last build left. */
export function siteOf(built: Spec): Tree {
  return treeOf({ 'app.py': '', '/site/deployments/active': 'first', ...built })
}

/** One push. */
export interface Push {
  readonly given?: Given
  /** What is built; `null`: nothing is built. */
  readonly made: Spec | null
  readonly status?: 'success' | 'failure' | 'cancelled'
  /** What Kudu calls the deployment; a new name each time where it is left out. */
  readonly id?: string
  /** Happens between the main step and the deployment. */
  readonly meanwhile?: () => void
}

/** What a push came to. */
export interface Pushed {
  readonly main: Told
  readonly post: Told
  readonly reason: string | undefined
}

let deployments = 0

/** Runs a job: both steps, and between them the deployment, unless the job fails. */
export async function push(tree: Tree, packagePath: string, each: Push): Promise<Pushed> {
  const { given = {}, made, status = 'success', id = `deployment-${deployments++}`, meanwhile } = each
  const story = storyOf(tree, packagePath)
  const main = await story.main(given)
  meanwhile?.()
  if (status === 'success') deploy(tree, made, id)
  const post = await story.post({ ...given, inputs: { ...given.inputs, 'job-status': status } })
  return { main, post, reason: main.outputs.get('reason') }
}

function deploy(tree: Tree, made: Spec | null, id: string): void {
  tree.set('/site/deployments/active', fileOf(NOON, id))
  // A build is copied over what lies there already, and nothing of that goes.
  for (const [path, node] of treeOf(made ?? {})) tree.set(path, node)
}
