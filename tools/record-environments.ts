// Makes environments with the tools that the machine has, and records each as a skeleton under __tests__/fixtures.
// Needs the Pythons of pyenv and, for virtualenv, uv and packages, the network. Names on the command line select plans.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { findPythons, type Interpreter } from './pythons.ts'
import { PLANS, type Plan, type Step } from './recorded-environments/plans.ts'
import { readSkeleton, type Replacement, type Skeleton } from './recorded-environments/skeleton.ts'

const FIXTURES = join(import.meta.dirname, '..', '__tests__', 'fixtures', 'environments')
const STEP_TIMEOUT_MS = 300_000
const LOOK_EVERY_MS = 2
const run = promisify(execFile)

interface Workshop {
  readonly wwwroot: string
  readonly tool: string
  readonly env: NodeJS.ProcessEnv
  /** What a word of a command means. */
  readonly meaning: (word: string) => string
  readonly neutral: readonly Replacement[]
}

/** Takes a folder for one plan, and says what the names in its commands mean. */
async function openWorkshop(root: string, plan: Plan, pythons: ReadonlyMap<string, Interpreter>): Promise<Workshop> {
  const [wwwroot, tool] = [join(root, 'wwwroot'), join(root, 'tool')]
  await mkdir(wwwroot)
  const first = pythons.get(plan.pythons[0])
  const meanings = new Map([...pythons].map(([version, { executable }]) => [`python${version}`, executable]))
  meanings.set('python', join(dirname(first?.executable ?? ''), 'python')).set('uv', join(tool, 'bin', 'uv'))
  return {
    wwwroot,
    tool,
    meaning: word => meanings.get(word) ?? (word.includes('/bin/') ? join(wwwroot, word) : word),
    neutral: [
      [wwwroot, '/home/site/wwwroot'],
      [tool, '/opt/tool'],
      ...[...pythons.values()].map(({ prefix, release }): Replacement => [prefix, `/opt/python/${release}`])
    ],
    env: {
      ...process.env,
      // Neither a user's settings nor a cache may show in what is recorded.
      HOME: root,
      XDG_DATA_HOME: join(root, 'data'),
      XDG_CACHE_HOME: join(root, 'cache'),
      VIRTUALENV_NO_PERIODIC_UPDATE: '1',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PIP_ROOT_USER_ACTION: 'ignore',
      UV_PYTHON_DOWNLOADS: 'never'
    }
  }
}

async function installTool(plan: Plan, { tool, meaning, env }: Workshop): Promise<void> {
  if (plan.tool === undefined) return
  const python = meaning(`python${plan.pythons.at(-1) ?? ''}`)
  await run(python, ['-m', 'pip', 'install', '-q', '--target', tool, plan.tool], { env, timeout: STEP_TIMEOUT_MS })
}

async function carryOut(step: Step, workshop: Workshop): Promise<void> {
  const [program = '', ...args] = step.command.split(' ').map(workshop.meaning)
  const env = args.includes('virtualenv') ? { ...workshop.env, PYTHONPATH: workshop.tool } : workshop.env
  const child = spawn(program, args, { cwd: workshop.wwwroot, env, timeout: STEP_TIMEOUT_MS, detached: true })
  let words = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (words += String(text)))
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (step.killedAt) await killAt(step.killedAt, child, workshop.wwwroot)
  const code = await ended
  const expected = step.killedAt ? code === null : (code === 0) !== (step.fails ?? false)
  if (!expected) throw new Error(`${step.command} ended with ${code ?? 'a signal'}: ${words}`)
}

async function killAt(pattern: string, child: ChildProcess, folder: string): Promise<void> {
  while (child.exitCode === null) {
    // Folders come and go under the feet of the walk.
    const paths = await readdir(folder, { recursive: true }).catch(() => [])
    const seen = paths.some(path => posix.matchesGlob(path, pattern))
    // The whole group: venv runs pip in a process of its own, which would finish its work.
    if (seen && child.pid !== undefined) return void process.kill(-child.pid, 'SIGKILL')
    await wait(LOOK_EVERY_MS)
  }
}

async function systemName(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const [, name = process.platform] = /^PRETTY_NAME="?([^"\n]*)/m.exec(release) ?? []
  return `${name}, ${process.arch}`
}

function describe(step: Step): string {
  if (step.fails) return `${step.command} (fails)`
  return step.killedAt ? `${step.command} (killed when ${step.killedAt} is there)` : step.command
}

function toolsOf({ tool, steps }: Plan): readonly string[] {
  const commands = steps.map(({ command }) => command)
  return [
    ...(commands.some(command => command.includes(' -m venv ')) ? ['venv'] : []),
    ...(tool === undefined ? [] : [tool.replace('==', ' ')]),
    ...(commands.some(command => command.includes('pip install ')) ? ['pip'] : [])
  ]
}

async function record(plan: Plan, pythons: ReadonlyMap<string, Interpreter>): Promise<Skeleton> {
  // Beyond links, because the tools write down where they really are.
  const root = await realpath(await mkdtemp(join(tmpdir(), 'environment-')))
  try {
    const workshop = await openWorkshop(root, plan, pythons)
    await installTool(plan, workshop)
    for (const step of plan.steps) await carryOut(step, workshop)
    const releases = plan.pythons.map(version => pythons.get(version)?.release ?? version)
    const skeleton = await readSkeleton(join(workshop.wwwroot, 'antenv'), workshop.neutral)
    const origin = {
      tool: toolsOf(plan).join(', '),
      python: `CPython ${[...new Set(releases)].join(', ')}`,
      system: await systemName(),
      commands: plan.steps.map(describe),
      recorded: new Date().toISOString().slice(0, 10)
    }
    return { origin, ...skeleton }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function write(name: string, skeleton: Skeleton): Promise<void> {
  const text = JSON.stringify(skeleton)
  const leak = [homedir(), tmpdir()].find(path => text.includes(`${path}/`))
  if (leak !== undefined) throw new Error(`${name} names a path of this machine, below ${leak}: ${text}`)
  const options = await resolveConfig(import.meta.filename)
  await writeFile(join(FIXTURES, `${name}.json`), await format(text, { ...options, parser: 'json' }))
}

const found = new Map((await findPythons()).map(python => [python.version, python]))
const selected = process.argv.slice(2)
await mkdir(FIXTURES, { recursive: true })
for (const plan of PLANS) {
  if (selected.length > 0 && !selected.includes(plan.name)) continue
  const absent = plan.pythons.filter(version => !found.has(version))
  if (absent.length > 0) {
    console.log(`${plan.name}: left as it is, there is no Python ${absent.join(', ')}`)
    continue
  }
  await write(plan.name, await record(plan, found))
  console.log(`${plan.name}: recorded`)
}
