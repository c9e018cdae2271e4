// What Kudu does after a push, in its order and with its words: check out, select the runtime, keep or make the environment.
// Run by the repository's hook, whose folder it gets; what it prints reaches whoever pushes.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { deployWithRealParts } from '../deploy/deployment.ts'
import { placesIn, readBehaviour, transcribe, type Transcribed } from './behaviour.ts'

const [folder = ''] = process.argv.slice(2)
const behaviour = readBehaviour(folder)
const { home, source, samples, released } = placesIn(folder)
const wwwroot = join(home, 'site', 'wwwroot')
const run = promisify(execFile)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** While the hook runs, the git that pushes is alive, and so is what it has started. */
async function sample(): Promise<void> {
  for (const pid of (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))) {
    for (const file of ['cmdline', 'environ']) {
      // Processes end, and those of others are closed.
      const text = await readFile(join('/proc', pid, file)).catch(() => undefined)
      if (text) await appendFile(samples, text)
    }
  }
}

async function checkOut(): Promise<string> {
  const { stdout } = await run('git', ['rev-parse', behaviour.deploys])
  await rm(source, { recursive: true, force: true })
  await mkdir(source, { recursive: true })
  const env = { ...process.env, GIT_INDEX_FILE: join(folder, 'index'), GIT_WORK_TREE: source }
  await run('git', ['read-tree', behaviour.deploys], { env })
  await run('git', ['checkout-index', '--all', '--force'], { env })
  return stdout.trim()
}

/** Selects as projectkudu/kudu's `select_python_version.py` does; empty for a runtime that it does not know. */
async function selectRuntime(): Promise<string> {
  const file = join(source, 'runtime.txt')
  const isCommitted = existsSync(file)
  const text = isCommitted ? await readFile(file, 'utf8') : behaviour.portal
  say(`Detecting Python runtime from ${isCommitted ? 'runtime.txt' : 'site configuration'}`)
  const runtime = behaviour.runtimes.find(known => text.toLowerCase().startsWith(known))
  if (runtime !== undefined) {
    say(`Detected ${text}`)
    return runtime
  }
  say(`Unsupported runtime: ${text}`)
  say('Supported runtime values are:')
  for (const known of behaviour.runtimes) say(known)
  return ''
}

type Built = Pick<Transcribed, 'environment' | 'succeeded'>

async function buildWithStub(runtime: string): Promise<Built> {
  await cp(source, wwwroot, { recursive: true })
  const environment = join(wwwroot, 'env')
  const marker = join(environment, `azure.env.${runtime}.txt`)
  const isKept = existsSync(marker)
  if (isKept) say('Found compatible virtual environment.')
  else {
    if (existsSync(environment)) say('Deleting incompatible virtual environment.')
    await rm(environment, { recursive: true, force: true })
    say(`Creating ${runtime} virtual environment.`)
    await mkdir(join(environment, 'Lib', 'site-packages'), { recursive: true })
    await writeFile(marker, '')
  }
  say('Pip install requirements.')
  const succeeded = !behaviour.pipFails.includes(runtime)
  if (!succeeded) say('No matching distribution found for alpha (from -r requirements.txt (line 1))')
  return { environment: isKept ? 'kept' : 'created', succeeded }
}

async function buildWithRealParts(
  runtime: string,
  { interpreter, wheels }: NonNullable<typeof behaviour.real>
): Promise<Built> {
  const version = runtime.replace('python-', '')
  const options = { home, packageDir: source, interpreter: { ...interpreter, version }, wheels }
  const { succeeded, log } = await deployWithRealParts('windows-script', options)
  // The end is told for every build below.
  for (const line of log.filter(each => !each.startsWith('Deployment '))) say(line)
  return { environment: log.some(line => line.startsWith('Found')) ? 'kept' : 'created', succeeded }
}

async function build(runtime: string): Promise<Built> {
  const untouched: Built = { environment: 'untouched', succeeded: true }
  if (behaviour.build === 'oryx') {
    say('Running oryx build...')
    say('Operation performed by Microsoft Oryx, https://github.com/Microsoft/Oryx')
    return untouched
  }
  if (behaviour.build === 'bash-script') {
    say('Python deployment.')
    say('Python Virtual Environment: antenv')
    return untouched
  }
  if (behaviour.build === 'basic') {
    say('Handling Basic Web Site deployment.')
    return untouched
  }
  if (runtime === '' || behaviour.failsEarly.includes(runtime)) return { ...untouched, succeeded: false }
  return behaviour.real ? buildWithRealParts(runtime, behaviour.real) : buildWithStub(runtime)
}

await sample()
say(`Updating branch '${behaviour.deploys}'.`)
const commit = await checkOut()
say('Updating submodules.')
say(`Preparing deployment for commit id '${commit.slice(0, 10)}'.`)
say('Generating deployment script.')
say('Running deployment command...')
while (behaviour.holds && !existsSync(released)) await pause(20)
if (behaviour.build === 'windows-script') say('Handling python deployment.')
const runtime = behaviour.build === 'windows-script' ? await selectRuntime() : behaviour.portal
const built = await build(runtime)
await transcribe(folder, { commit, runtime, ...built })
say(built.succeeded ? 'Finished successfully.' : 'An error has occurred during web site deployment.')
if (built.succeeded) say('Deployment successful.')
else process.stderr.write('Error - Changes committed to remote repository but deployment to website failed.\n')
