// The shell form of the deployment script, run: with a real Python and pip, and in all its variants with stubs in their place.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { devNull, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { scheduleInScript, unscheduleInScript } from '../../src/reset/deploy-script.ts'
import { patchScript } from '../../src/reset/script-patch.ts'
import { importVersions } from '../../tools/deploy/python.ts'
import { makeWheels, MODULES } from '../../tools/deploy/wheels.ts'
import { SHELL_SCRIPT, SHELL_VARIANTS } from '../unit/reset/shell-scripts.ts'
import { suite } from './lab.ts'

const run = promisify(execFile)
const KUDU_SYNC = createRequire(import.meta.url).resolve('kudusync/bin/kudusync')

interface Places {
  readonly folder: string
  readonly packageDir: string
  /** With a blank in its name. */
  readonly target: string
}

async function startPlaces(script: string): Promise<Places> {
  const folder = await mkdtemp(join(tmpdir(), 'bash-script-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [packageDir, target] = [join(folder, 'package'), join(folder, 'web root')]
  await mkdir(packageDir)
  await mkdir(target)
  await writeFile(join(packageDir, 'deploy.sh'), script)
  await writeFile(join(packageDir, '.deployment'), '[config]\ncommand = bash deploy.sh\n')
  await writeFile(join(packageDir, 'requirements.txt'), 'alpha==1.0\n')
  return { folder, packageDir, target }
}

/** Runs the script as Kudu does: at the top of the package, with what it sets. */
async function deploy(
  places: Places,
  env: NodeJS.ProcessEnv = {}
): Promise<{ readonly exitCode: number; readonly log: string }> {
  const { folder, packageDir, target } = places
  const own = {
    DEPLOYMENT_SOURCE: packageDir,
    DEPLOYMENT_TARGET: target,
    NEXT_MANIFEST_PATH: join(folder, 'manifest'),
    PREVIOUS_MANIFEST_PATH: join(folder, 'manifest'),
    KUDU_SYNC_CMD: KUDU_SYNC,
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter)
  }
  const options = { cwd: packageDir, env: { ...own, ...env }, timeout: 120_000 }
  try {
    const { stdout, stderr } = await run('bash', ['deploy.sh'], options)
    return { exitCode: 0, log: stdout + stderr }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && typeof error.code === 'number' && 'stdout' in error)) throw error
    return { exitCode: error.code, log: String(error.stdout) + ('stderr' in error ? String(error.stderr) : '') }
  }
}

async function schedule({ packageDir }: Places, stamp = 'run 7'): ReturnType<typeof scheduleInScript> {
  return scheduleInScript({ packagePath: packageDir, script: undefined, stamp, dryRun: false })
}

suite('the shell script with a real Python', python => {
  async function startDeployed(): Promise<
    Places & { readonly push: (...lines: readonly string[]) => Promise<string> }
  > {
    const places = await startPlaces(SHELL_SCRIPT.replace('python3.7', () => python.executable))
    const wheels = join(places.folder, 'wheels')
    await makeWheels(wheels)
    const pip = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels, PIP_CONFIG_FILE: devNull, PIP_NO_CACHE_DIR: '1' }
    const push = async (...lines: readonly string[]): Promise<string> => {
      await writeFile(join(places.packageDir, 'requirements.txt'), lines.map(line => `${line}\n`).join(''))
      const { exitCode, log } = await deploy(places, pip)
      expect(exitCode, log).toBe(0)
      return log
    }
    await writeFile(join(places.folder, 'manifest'), '')
    await push('alpha==1.0', 'beta')
    return { ...places, push }
  }

  function imports({ target }: Places): ReturnType<typeof importVersions> {
    return importVersions(join(target, 'antenv', 'bin', 'python'), MODULES)
  }

  it('keeps what nothing asks for any more, unless it is patched, and keeps it again when it is as it was', async () => {
    const site = await startDeployed()
    await site.push('alpha==1.0')
    expect(await imports(site)).toEqual({ alpha: '1.0', beta: '1.0', gamma: '1.0' })

    const { script, changed } = await schedule(site)
    expect(changed).toBe(true)
    expect(await site.push('alpha==1.0')).toContain('azure-python-env: deleting the virtual environment')
    expect(await imports(site)).toEqual({ alpha: '1.0' })
    expect((await readdir(site.target)).sort()).toEqual(['antenv', 'requirements.txt'])

    await unscheduleInScript({ packagePath: site.packageDir, script })
    await site.push('alpha==1.0', 'zeta')
    expect(await site.push('alpha==1.0')).not.toContain('azure-python-env')
    expect(await imports(site)).toEqual({ alpha: '1.0', zeta: '1.0' })
  })

  it('is byte for byte the same when it is patched twice, and deletes once', async () => {
    const site = await startDeployed()
    await schedule(site)
    const once = await readFile(join(site.packageDir, 'deploy.sh'))
    expect(await schedule(site, 'run 8')).toMatchObject({ changed: false })
    expect(await readFile(join(site.packageDir, 'deploy.sh'))).toEqual(once)
    await site.push('alpha==1.0')
    expect(await imports(site)).toEqual({ alpha: '1.0' })
  })

  it('deploys for the first time when it is patched', async () => {
    const site = await startDeployed()
    await rm(join(site.target, 'antenv'), { recursive: true })
    await schedule(site)
    expect(await site.push('alpha==1.0')).not.toContain('azure-python-env')
    expect(await imports(site)).toEqual({ alpha: '1.0' })
  })
})

/** Stands for python, virtualenv, uv and pip: makes an environment in the last argument that is no option's value. */
const STUB = `#!/bin/sh
case "$*" in *venv*|*antenv*) ;; *) exit 0 ;; esac
for word; do case "$word" in -*|venv|*python*|3.12) ;; *) place=$word ;; esac; done
mkdir -p "$place/bin" && : > "$place/pyvenv.cfg" && : > "$place/bin/activate"
`

async function stubs(folder: string): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const name of ['python', 'python3', 'python3.7', 'virtualenv', 'uv', 'pip', 'sync']) {
    await writeFile(join(bin, name), STUB)
    await chmod(join(bin, name), 0o755)
  }
  return bin
}

/** Fills a folder so that it is proven an environment, and can be told from a new one. */
async function makeOld(folder: string): Promise<string> {
  await mkdir(join(folder, 'bin'), { recursive: true })
  for (const name of ['pyvenv.cfg', 'bin/activate', 'old']) await writeFile(join(folder, name), '')
  return join(folder, 'old')
}

const ENVIRONMENTS = ['antenv', '.venv', 'app/antenv']

// What stands in the path of the system is nobody's to write to.
const VARIANTS = SHELL_VARIANTS.filter(([, , path]) => path.startsWith('$')).filter(
  ([title]) => !title.includes('Windows')
)

describe.skipIf(process.platform === 'win32')('each shell script that is known', () => {
  it.each(VARIANTS)(
    '%s deletes the environment where it is patched, and keeps it where it is not',
    async (_title, change) => {
      const text = change(SHELL_SCRIPT)
      const places = await startPlaces(text)
      await writeFile(join(places.target, 'requirements.txt'), '')
      const bin = await stubs(places.folder)
      const env = { PATH: [bin, process.env['PATH']].join(delimiter), KUDU_SYNC_CMD: join(bin, 'sync') }
      const old = await Promise.all(ENVIRONMENTS.map(path => makeOld(join(places.target, path))))
      const before = await deploy(places, env)
      expect(before.exitCode, before.log).toBe(0)
      expect(old.map(existsSync)).toEqual([true, true, true])

      const patched = patchScript(text, 'run 7')
      await writeFile(join(places.packageDir, 'deploy.sh'), 'text' in patched ? patched.text : '')
      const after = await deploy(places, env)
      expect(after.exitCode, after.log).toBe(0)
      const [path] = ENVIRONMENTS.filter((_path, index) => !existsSync(old[index] ?? ''))
      expect(old.filter(existsSync)).toHaveLength(2)
      expect(await readdir(join(places.target, path ?? ''))).toEqual(['bin', 'pyvenv.cfg'])
    }
  )
})

describe.skipIf(process.platform === 'win32')('a patched shell script', () => {
  const MINIMAL = '#!/bin/bash\ncd "$DEPLOYMENT_TARGET"\npython3 -m venv antenv\n'

  async function startPatched(): Promise<Places & { readonly env: NodeJS.ProcessEnv }> {
    const places = await startPlaces(MINIMAL)
    await schedule(places)
    const bin = await stubs(places.folder)
    return { ...places, env: { PATH: [bin, process.env['PATH']].join(delimiter) } }
  }

  it('deletes nothing and fails where the variable with the folder is empty', async () => {
    const { env, ...places } = await startPatched()
    const old = await makeOld(join(places.packageDir, 'antenv'))
    const { exitCode, log } = await deploy(places, { ...env, DEPLOYMENT_TARGET: '' })
    expect([exitCode > 0, existsSync(old)]).toEqual([true, true])
    expect(log).toContain('DEPLOYMENT_TARGET')
  })

  it('removes a link, and not what it leads to', async () => {
    const { env, ...places } = await startPatched()
    const old = await makeOld(join(places.folder, 'elsewhere'))
    await symlink(join(places.folder, 'elsewhere'), join(places.target, 'antenv'))
    expect(await deploy(places, env)).toMatchObject({ exitCode: 0 })
    expect((await lstat(join(places.target, 'antenv'))).isDirectory()).toBe(true)
    expect(existsSync(old)).toBe(true)
  })

  it('leaves a folder alone that is no environment', async () => {
    const { env, ...places } = await startPatched()
    await mkdir(join(places.target, 'antenv'))
    await writeFile(join(places.target, 'antenv', 'mine.txt'), '')
    expect(await deploy(places, env)).toMatchObject({ exitCode: 0 })
    expect(existsSync(join(places.target, 'antenv', 'mine.txt'))).toBe(true)
  })

  it('deletes what a killed deployment left aside', async () => {
    const { env, ...places } = await startPatched()
    await makeOld(join(places.target, 'antenv.azure-python-env'))
    await makeOld(join(places.target, 'antenv'))
    expect(await deploy(places, env)).toMatchObject({ exitCode: 0 })
    expect(await readdir(places.target)).toEqual(['antenv'])
    expect(await readdir(join(places.target, 'antenv'))).toEqual(['bin', 'pyvenv.cfg'])
  })

  it('runs under errexit and nounset, and with another shell', async () => {
    const { env, ...places } = await startPatched()
    const script = join(places.packageDir, 'deploy.sh')
    await writeFile(script, (await readFile(script, 'utf8')).replace('\n', '\nset -euo pipefail\n'))
    const old = await makeOld(join(places.target, 'antenv'))
    expect(await deploy(places, env)).toMatchObject({ exitCode: 0 })
    expect(existsSync(old)).toBe(false)
    const again = await makeOld(join(places.target, 'antenv'))
    await writeFile(script, (await readFile(script, 'utf8')).replace('o pipefail', ''))
    await run('sh', ['deploy.sh'], { cwd: places.packageDir, env: { ...env, DEPLOYMENT_TARGET: places.target } })
    expect(existsSync(again)).toBe(false)
  })
})
