// Runs contenders side by side on one server over one line, one after the other, each on a fresh copy of the tree.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Answer } from './child.ts'
import { roundTripCommand, type Contender, type Mission } from './contenders.ts'
import type { Command, Link } from './link.ts'
import type { Served } from './served.ts'
import type { Run } from './statistics.ts'
import { copyTree, countLeft, packagePaths, type Template } from './trees.ts'

/** Where a run takes place. */
export interface Stage {
  readonly served: Served
  /** The FTP root on disk. */
  readonly home: string
  readonly tls: boolean
  readonly link: Link
  readonly template: Template
  readonly boundSeconds: number
  /** Adds to the copy of the tree what the template has not. */
  readonly furnish?: (folder: string) => Promise<void>
}

/** What came of one run. */
export interface Outcome extends Run {
  /** What it said of itself, where it says anything. */
  readonly answer: Answer | undefined
  /** Why it did not finish, in its own words; empty where it did. */
  readonly complaint: string
}

const TRASH = '/site/.azure-python-env/trash-benchmark'
const IN_PLACE = '/site/wwwroot/antenv'

/** Copies the tree, lets one contender at it, and looks at what is left. */
export async function runOnce(
  stage: Stage,
  contender: Pick<Contender, 'inPlace' | 'renames' | 'local' | 'leaves' | 'clock' | 'command'>
): Promise<Outcome> {
  const { home, template, link, served } = stage
  const [trash, inPlace] = [join(home, TRASH), join(home, IN_PLACE)]
  for (const folder of [trash, inPlace]) await discard(folder)
  const tree = contender.inPlace ? inPlace : trash
  await copyTree(template.folder, tree)
  await stage.furnish?.(tree)
  const scratch = await mkdtemp(join(tmpdir(), 'bench-'))
  const command = await contender.command(await missionOf(stage, scratch))
  const told = await bounded(contender.local ? command : link.wrap(command), stage.boundSeconds)
  await served.idle()
  const total = template.shape.files + template.shape.links
  const there = await countLeft(contender.inPlace && !contender.renames ? inPlace : trash)
  // After a rename everything has to be there, in its new place; after a sweep nothing, but what a client put there.
  const left = contender.renames ? total - there : Math.max(0, there - (contender.leaves ?? 0))
  for (const folder of [trash, inPlace, scratch]) await discard(folder)
  const answer = told.exitCode === 0 ? readAnswer(told.printed) : undefined
  const finished = told.exitCode === 0 && left === 0
  return {
    seconds: contender.clock === 'own' && answer ? answer.seconds : told.seconds,
    done: total - left,
    finished,
    stopped: told.stopped,
    answer,
    complaint: finished || told.stopped ? '' : complaintOf(told.errors, left)
  }
}

/** The round trip that a client on this line sees, in milliseconds. */
export async function measureRoundTrip(link: Link, served: Served): Promise<number> {
  const told = await bounded(link.wrap(await roundTripCommand(link.host, served.port)), 60)
  const answer = readAnswer(told.printed)
  if (!answer) throw new Error(`The round trip cannot be measured: ${told.errors}`)
  return answer.seconds * 1000
}

async function missionOf({ served, tls, home, template, link }: Stage, scratch: string): Promise<Mission> {
  const { port, userName, password } = served
  const { host } = link
  const packages = await packagePaths(template.folder)
  return {
    host,
    port,
    userName,
    password,
    tls,
    path: TRASH,
    from: IN_PLACE,
    folder: join(home, TRASH),
    packages,
    scratch
  }
}

interface Told {
  readonly seconds: number
  readonly exitCode: number | null
  /** It was ended because its time was up. */
  readonly stopped: boolean
  readonly printed: string
  readonly errors: string
}

/** Runs a command until it ends or the bound does. */
async function bounded({ file, args, env }: Command, boundSeconds: number): Promise<Told> {
  const start = performance.now()
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let [printed, errors, stopped] = ['', '', false]
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const timer = setTimeout(() => {
    stopped = true
    child.kill('SIGKILL')
  }, boundSeconds * 1000)
  let seconds = NaN
  child.once('exit', () => (seconds = (performance.now() - start) / 1000))
  await once(child, 'close')
  clearTimeout(timer)
  running.delete(child)
  return { seconds, exitCode: child.exitCode, stopped, printed, errors }
}

const running = new Set<ReturnType<typeof spawn>>()

/** Ends what is being measured: after an interruption nothing may go on. */
export function stopRunning(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** Moves a folder away before it removes it, so that a server that is still at it finds nothing. */
async function discard(folder: string): Promise<void> {
  const doomed = `${folder}.doomed`
  await rm(doomed, { recursive: true, force: true })
  await rename(folder, doomed).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  })
  await rm(doomed, { recursive: true, force: true })
  await mkdir(join(folder, '..'), { recursive: true })
}

function complaintOf(errors: string, left: number): string {
  const [line = ''] = errors.trim().split('\n')
  return `gave up with ${left} files left: ${line.slice(0, 160)}`
}

function readAnswer(printed: string): Answer | undefined {
  const line = printed.trim().split('\n').at(-1) ?? ''
  return line.startsWith('{') ? (JSON.parse(line) as Answer) : undefined
}
