// The words in which the specification of the layouts is written. Types, and short ways to say what is said often.
import type { SiteKey } from './fixtures.ts'

/** Is a value of "reset-mode". */
export type Mode = 'auto' | 'always' | 'never'

/** Is the Python version that the workflow asks for, beside the one of the environment. */
export type Wish = 'same Python' | 'another Python'

/** Is how the deployment after the main step ends; `missing`: the job goes on without any. */
export type Ending = 'good' | 'failing' | 'missing'

/** Says what may lie in the place that a site is about after the job, compared with what lay there before. */
export const MEANINGS = {
  'as it was': 'the same files with the same bytes; where there was nothing, nothing',
  new: "made by this job's deployment, with nothing of what was there before",
  updated: "written over by this job's deployment, so that its files stand among those that were there before",
  gone: 'nothing, although something was there before'
} as const

/** Is one of these words. */
export type There = keyof typeof MEANINGS

/** Is what the main step does. */
export interface Main {
  readonly result: 'absent' | 'preserved' | 'reset' | 'rebuilt-on-deploy' | 'failed'
  readonly reason: string
  readonly strategy: 'none' | 'marker' | 'rename' | 'archive'
  /** 1 comes with exactly one error, and then nothing is deployed. */
  readonly exitCode: 0 | 1
  readonly warnings: number
  /** Text that stands in the reason, in a warning or in the error. */
  readonly says?: string
}

/** Is what is there when the post step has ended, and of how much it warns. */
export interface End {
  readonly there: There
  readonly warnings: number
  /** Text that stands in a warning. */
  readonly says?: string
}

/** Is the cells of a matrix that have the same main step: what it does, and the end for each deployment. */
export interface Row extends Readonly<Record<Ending, End>> {
  readonly wishes: readonly Wish[]
  readonly modes: readonly Mode[]
  /** "reset-env". */
  readonly forced: readonly boolean[]
  readonly main: Main
}

/** Is a matrix: each wish × mode × forced × deployment, under one condition. */
export interface Matrix {
  /** Completes "The outputs …"; empty where a site has but one matrix. */
  readonly condition: string
  /** Whose listings the server has. */
  readonly server: 'iis' | 'unix'
  /** The input "env-path", empty where it is not given. */
  readonly envPath: string
  /** The outputs that are the same in each cell; "recommended-clean" is empty where the step fails. */
  readonly outputs: {
    readonly layout: string
    readonly 'env-path': string
    readonly 'recommended-clean': 'false' | ''
  }
  readonly wishes: readonly Wish[]
  readonly rows: readonly Row[]
}

/** Describes the sites of one kind. */
export interface Site {
  readonly key: SiteKey
  readonly title: string
  /** The value of the output "layout", of the first matrix. */
  readonly layout: string
  /** How such a site comes about. */
  readonly origin: string
  /** Whether the environment outlives a deployment. */
  readonly survives: 'yes' | 'no' | 'not seen' | 'not established' | 'nothing to keep'
  /** What on the server tells it. */
  readonly evidence: readonly string[]
  /** What a reset is, and what is never touched. */
  readonly treatment: readonly string[]
  /** The place that the matrix speaks of, below the FTP root. */
  readonly place: string
  /** Paths below the FTP root that the tree in the documentation shows; an id is written as `<id>`. */
  readonly shown: readonly string[]
  readonly matrices: readonly Matrix[]
}

/** All values of "reset-mode" in this version. */
export const MODES = ['auto', 'always', 'never'] as const

/** Both values of "reset-env". */
export const EITHER = [false, true] as const

/** Both wishes. */
export const WISHES = ['same Python', 'another Python'] as const

/** A matrix with one condition only. */
export const PLAIN = { condition: '', server: 'iis', envPath: '' } as const

/** The environment stays, with a number of warnings. */
export function kept(reason: string, warnings: number): Main {
  return { result: 'preserved', reason, strategy: 'none', exitCode: 0, warnings }
}

/** The environment goes, for a reason and in a way. */
export function reset(reason: string, strategy: Main['strategy'], warnings = 0): Main {
  return { result: 'reset', reason, strategy, exitCode: 0, warnings }
}

/** Nothing is done, because the deployment builds from nothing anyway. */
export function rebuilt(warnings = 0): Main {
  return { result: 'rebuilt-on-deploy', reason: 'rebuilt-on-deploy', strategy: 'none', exitCode: 0, warnings }
}

/** The step fails before anything is changed: a reset was demanded of what cannot be told. The doubt itself is a warning. */
export const REFUSED: Main = { result: 'failed', reason: 'unknown', strategy: 'none', exitCode: 1, warnings: 0 }

/** Nothing of what was there has changed, and there is nothing to warn of. */
export const AS_IT_WAS: End = { there: 'as it was', warnings: 0 }

/** What was set aside is back in its place, and a warning says why. */
export const PUT_BACK: End = { there: 'as it was', warnings: 1 }

/** The deployment built from nothing. */
export const NEW: End = { there: 'new', warnings: 0 }

/** The deployment wrote over what was there. */
export const UPDATED: End = { there: 'updated', warnings: 0 }

/** Nothing is left. */
export const GONE: End = { there: 'gone', warnings: 0 }
