// What the git server is told to do, and what it writes down: files in its folder, because hooks are other processes.
import { existsSync, readFileSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Interpreter } from '../pythons.ts'

/** Says how pushes and their deployments go. */
export interface Behaviour {
  /** The branch that the app deploys, whatever is pushed. */
  readonly deploys: string
  /** Who builds. */
  readonly build: 'windows-script' | 'oryx' | 'bash-script' | 'basic'
  /** The runtime of the app's own setting. */
  readonly portal: string
  /** Runtimes that the script knows. */
  readonly runtimes: readonly string[]
  /** Whether pip succeeds, by runtime; the runtimes that are left out do. */
  readonly pipFails: readonly string[]
  /** A deployment of one of these runtimes ends before it gets to the environment. */
  readonly failsEarly: readonly string[]
  /** Refuses every push before anything changes. */
  readonly rejects: boolean
  /** Refuses what is no fast-forward. */
  readonly rejectsBack: boolean
  /** A deployment does not go on before `release` was called. */
  readonly holds: boolean
  /** Builds with these parts instead of the stub. */
  readonly real: { readonly interpreter: Interpreter; readonly wheels: string } | undefined
}

/** A deployment, as the transcript tells it. */
export interface Transcribed {
  readonly commit: string
  readonly runtime: string
  readonly environment: 'kept' | 'created' | 'untouched'
  readonly succeeded: boolean
}

export const USUAL: Behaviour = {
  deploys: 'master',
  build: 'windows-script',
  portal: 'python-3.4',
  runtimes: ['python-2.7', 'python-3.4', 'python-3.6'],
  pipFails: [],
  failsEarly: [],
  rejects: false,
  rejectsBack: false,
  holds: false,
  real: undefined
}

/** Where things lie in the server's folder. */
export function placesIn(
  folder: string
): Readonly<Record<'behaviour' | 'transcript' | 'samples' | 'released' | 'home' | 'source', string>> {
  return {
    behaviour: join(folder, 'behaviour.json'),
    transcript: join(folder, 'deployments.jsonl'),
    samples: join(folder, 'samples'),
    released: join(folder, 'released'),
    home: join(folder, 'home'),
    source: join(folder, 'home', 'site', 'repository')
  }
}

export function readBehaviour(folder: string): Behaviour {
  return { ...USUAL, ...(JSON.parse(readFileSync(placesIn(folder).behaviour, 'utf8')) as Partial<Behaviour>) }
}

export async function writeBehaviour(folder: string, changes: Partial<Behaviour>): Promise<void> {
  await writeFile(placesIn(folder).behaviour, JSON.stringify(changes))
}

export async function transcribe(folder: string, deployment: Transcribed): Promise<void> {
  await appendFile(placesIn(folder).transcript, `${JSON.stringify(deployment)}\n`)
}

export function readTranscript(folder: string): readonly Transcribed[] {
  const { transcript } = placesIn(folder)
  if (!existsSync(transcript)) return []
  const lines = readFileSync(transcript, 'utf8').split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as Transcribed)
}
