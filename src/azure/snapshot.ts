// What lies on the server, as far as it decides anything: the types, and the two plainest values. Pure.
import type { Environment } from '../python/venv.ts'
import type { RemotePath } from '../site.ts'
import type { DeploymentLock } from './deployments.ts'

/** The layouts of a Python app; `unknown` where it cannot be told which. */
export type Layout =
  'windows-env' | 'venv-tree' | 'packages-dir' | 'compressed-env' | 'compressed-app' | 'none' | 'unknown'

/** Why it cannot be told which layout this is, or which folder is the environment. */
export interface Doubt {
  readonly detail: string
  /** Folders, relative to wwwroot, that could be meant. */
  readonly candidates: readonly string[]
  /** What to do where a reset is refused because of it; `undefined`: name the environment in "env-path". */
  readonly advice?: string
  /** What the user has to correct, so that it is an error in any case; `undefined`: it is nobody's mistake. */
  readonly remedy?: string
}

/** Two archives of one compressed app: which one is left over, or why that is not certain. */
export interface SecondArchive {
  /** The left-over archive; `undefined`: it is not certain which one that is. */
  readonly stale: RemotePath | undefined
  readonly detail: string
}

/** What a look at a site found. */
export interface Snapshot {
  readonly layout: Layout
  /**
   * The environment that is judged; `undefined` where there is none, or where it cannot be told which.
   *
   * With `compressed-app` it is one that an earlier build left beside the archive: nothing uses it, so it is not judged.
   */
  readonly environment: Environment | undefined
  readonly doubt: Doubt | undefined
  /** What was looked for and is not there, where only one place was looked at; else nothing at all was found. */
  readonly absence?: string
  /** A deployment that is running; never looked for on a site that has nothing to judge. */
  readonly lock: DeploymentLock | undefined
  readonly secondArchive: SecondArchive | undefined
  /** What shows that a deployment rebuilds the environment; empty: nothing in wwwroot does, see `withDeployments`. */
  readonly rebuiltBy: readonly string[]
  /** The record of the last deployment, where it says that the environment came with its package; see `withDeployments`. */
  readonly shippedBy: RemotePath | undefined
  /** Kudu's record of the deployment that was active then; see `withDeployments`. */
  readonly activeDeployment?: RemotePath
}

/** The environment that the app uses; `undefined`: none, or only one that is left over beside a compressed app. */
export function usedEnvironment({ layout, environment }: Snapshot): Environment | undefined {
  return layout === 'compressed-app' ? undefined : environment
}

/** The part of a snapshot that is read off wwwroot. */
export type Located = Pick<Snapshot, 'layout' | 'environment' | 'doubt' | 'absence' | 'secondArchive'>

/** A site with no environment. */
export const NOTHING: Located = { layout: 'none', environment: undefined, doubt: undefined, secondArchive: undefined }

/** A site whose manifest is of no use: the next deployment that succeeds writes it anew. */
export function deployAgain(detail: string): Located & { readonly doubt: Doubt } {
  const located = doubtful(detail)
  return { ...located, doubt: { ...located.doubt, advice: 'Deploy once without asking for a reset' } }
}

/** A site of which it cannot be told what it is. */
export function doubtful(detail: string, candidates: readonly string[] = []): Located & { readonly doubt: Doubt } {
  return { ...NOTHING, layout: 'unknown', doubt: { detail, candidates } }
}
