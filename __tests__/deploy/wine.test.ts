// The batch script that kuduscript generates, patched and unpatched, run by the cmd of wine. Python and pip are stubs, which the
// script takes up through its own hook.
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { scheduleInScript, unscheduleInScript } from '../../src/reset/deploy-script.ts'
import { patchScript } from '../../src/reset/script-patch.ts'
import { generateKuduScript } from '../../tools/deploy/kudu-script.ts'
import { hasWine, startWine, type Wine, type WineRun } from '../../tools/deploy/wine.ts'
import { windowsProgram } from '../../tools/deploy/windows-program.ts'
import { BATCH_VARIANTS } from '../unit/reset/batch-scripts.ts'

const MISSING = 'there is no wine on this machine: run tools/install-wine'
const isThere = process.platform === 'linux' && (await hasWine())

if (!isThere) {
  describe('the batch script', () => {
    it('can be run', context => {
      if (process.env['CI'] === 'true') throw new Error(MISSING)
      context.skip(MISSING)
    })
  })
}

/** Writes what the script reads back: which Python it is, and how to call it. */
const SELECT = `@echo off
echo python-3.6> "%~3\\__PYTHON_RUNTIME.tmp"
echo 3.6> "%~3\\__PYTHON_VER.tmp"
echo call D:\\tools\\python.cmd> "%~3\\__PYTHON_EXE.tmp"
echo venv> "%~3\\__PYTHON_ENV_MODULE.tmp"
`

/** Makes an environment in its last argument. */
const PYTHON = `@echo off
setlocal
:next
if "%~1" == "" goto make
set "PLACE=%~1"
shift
goto next
:make
md "%PLACE%\\Scripts" 2>nul
echo new> "%PLACE%\\pyvenv.cfg"
copy /y D:\\tools\\pip.exe "%PLACE%\\Scripts\\pip.exe" >nul
exit /b 0
`

/** Copies what is deployed, as KuduSync would. */
const SYNC = `@echo off
copy /y "%DEPLOYMENT_SOURCE%\\requirements.txt" "%DEPLOYMENT_TARGET%\\requirements.txt" >nul
`

/** Keeps a program of the environment running while it deploys. */
const BUSY = `@echo off
start /b D:\\home\\site\\wwwroot\\env\\Scripts\\app.exe
call deploy.cmd
`

const ENVIRONMENTS = ['env', '.venv', 'python env']
const WWWROOT = 'D:\\home\\site\\wwwroot'

let wine: Wine
let wwwroot: string
let packageDir: string

async function makeOld(folder: string): Promise<void> {
  await mkdir(join(folder, 'Scripts'), { recursive: true })
  for (const name of ['azure.env.python-3.6.txt', 'pyvenv.cfg', 'done.txt', 'old.txt', 'Scripts/activate.bat']) {
    await writeFile(join(folder, name), '')
  }
  for (const name of ['python', 'pip']) await writeFile(join(folder, 'Scripts', `${name}.exe`), windowsProgram(0))
}

/** Which of the environments are still the old ones. */
function kept(): readonly string[] {
  return ENVIRONMENTS.filter(name => existsSync(join(wwwroot, name, 'old.txt')))
}

async function deploy(command = 'deploy.cmd', target = WWWROOT): Promise<WineRun> {
  return wine.cmd(command, packageDir, {
    DEPLOYMENT_SOURCE: 'D:\\package',
    DEPLOYMENT_TARGET: target,
    DEPLOYMENT_TEMP: 'D:\\temp',
    NEXT_MANIFEST_PATH: 'D:\\temp\\manifest',
    PREVIOUS_MANIFEST_PATH: 'D:\\temp\\manifest',
    KUDU_SYNC_CMD: 'D:\\tools\\sync.cmd',
    KUDU_SELECT_PYTHON_VERSION_CMD: 'D:\\tools\\select.cmd',
    PYTHON_EXE: 'call D:\\tools\\python.cmd'
  })
}

async function schedule(stamp = 'run 7'): ReturnType<typeof scheduleInScript> {
  return scheduleInScript({ packagePath: packageDir, script: undefined, stamp, dryRun: false })
}

const describeIfThere = isThere ? describe : () => undefined

describeIfThere('the batch script under wine', () => {
  beforeAll(async () => {
    wine = await startWine()
    wwwroot = join(wine.drive, 'home', 'site', 'wwwroot')
    packageDir = join(wine.drive, 'package')
    const tools = join(wine.drive, 'tools')
    for (const folder of [tools, join(wine.drive, 'temp')]) await mkdir(folder)
    for (const [name, text] of Object.entries({ select: SELECT, python: PYTHON, sync: SYNC })) {
      await writeFile(join(tools, `${name}.cmd`), text.replaceAll('\n', '\r\n'))
    }
    await writeFile(join(tools, 'pip.exe'), windowsProgram(0))
  })

  afterAll(() => wine.close())

  beforeEach(async () => {
    for (const folder of [wwwroot, packageDir]) {
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
    }
    await generateKuduScript(packageDir)
    await writeFile(join(packageDir, 'requirements.txt'), 'alpha==1.0\n')
    for (const name of ENVIRONMENTS) await makeOld(join(wwwroot, name))
  })

  it('keeps the environment with the marker, unless it is patched, and keeps it again when it is as it was', async () => {
    const before = await deploy()
    expect(before.exitCode, before.log).toBe(0)
    expect(before.log).toContain('Found compatible virtual environment.')
    expect(before.log).toContain('Finished successfully.')
    expect(kept()).toEqual(ENVIRONMENTS)

    const { script } = await schedule()
    const after = await deploy()
    expect(after.exitCode, after.log).toBe(0)
    expect(after.log).toContain('azure-python-env: deleting the virtual environment')
    expect(after.log).toContain('Creating python-3.6 virtual environment.')
    expect(after.log).toContain('Finished successfully.')
    expect(kept()).toEqual(['.venv', 'python env'])
    expect((await readdir(join(wwwroot, 'env'))).sort()).toEqual(['Scripts', 'azure.env.python-3.6.txt', 'pyvenv.cfg'])

    await writeFile(join(wwwroot, 'env', 'old.txt'), '')
    await unscheduleInScript({ packagePath: packageDir, script })
    expect(await deploy()).toEqual(before)
    expect(kept()).toEqual(ENVIRONMENTS)
  })

  it('is byte for byte the same when it is patched twice', async () => {
    await schedule()
    const once = await readFile(join(packageDir, 'deploy.cmd'))
    expect(await schedule('run 8')).toMatchObject({ changed: false })
    expect(await readFile(join(packageDir, 'deploy.cmd'))).toEqual(once)
  })

  it('deploys for the first time when it is patched', async () => {
    await rm(join(wwwroot, 'env'), { recursive: true })
    await schedule()
    const { exitCode, log } = await deploy()
    expect(exitCode).toBe(0)
    expect(log).not.toContain('azure-python-env')
    expect(await readFile(join(wwwroot, 'env', 'pyvenv.cfg'), 'utf8')).toBe('new\r\n')
  })

  it('deletes nothing before it knows that this is a Python app', async () => {
    await schedule()
    await writeFile(join(wwwroot, '.skipPythonDeployment'), '')
    const { exitCode, log } = await deploy()
    expect(exitCode, log).toBe(0)
    expect(kept()).toEqual(ENVIRONMENTS)
  })

  it('deletes it in a folder with blanks and parentheses in its name', async () => {
    const folder = join(wine.drive, 'web root (x86)')
    onTestFinished(() => rm(folder, { recursive: true }))
    await makeOld(join(folder, 'env'))
    await schedule()
    const { exitCode, log } = await deploy('deploy.cmd', 'D:\\web root (x86)')
    expect(exitCode, log).toBe(0)
    expect(existsSync(join(folder, 'env', 'old.txt'))).toBe(false)
    expect(existsSync(join(folder, 'env', 'pyvenv.cfg'))).toBe(true)
  })

  it('renames what a running app holds open, and makes the rest anew', async () => {
    onTestFinished(() => wine.stop())
    await writeFile(join(wwwroot, 'env', 'Scripts', 'app.exe'), windowsProgram(undefined))
    await writeFile(join(packageDir, 'busy.cmd'), BUSY.replaceAll('\n', '\r\n'))
    await schedule()
    const { log } = await deploy('busy.cmd')
    expect(log).toContain('the app holds some of its files open')
    expect(log).toContain('Finished successfully.')
    expect(kept()).toEqual(['.venv', 'python env'])
    const scripts = await readdir(join(wwwroot, 'env', 'Scripts'))
    expect(scripts).toEqual(expect.arrayContaining([expect.stringMatching(/^app\.exe\.\d+\.in-use$/), 'pip.exe']))
    expect(scripts).not.toContain('app.exe')
  })

  it('fails where the script would take what a running app holds open for an environment', async () => {
    onTestFinished(() => wine.stop())
    const change = BATCH_VARIANTS.find(([title]) => title === 'with the folder in a variable')?.[1]
    if (!change) throw new Error('there is no such variant')
    const script = join(packageDir, 'deploy.cmd')
    await writeFile(script, change(await readFile(script, 'latin1')).replaceAll('.venv', 'env'))
    await writeFile(join(wwwroot, 'env', 'Scripts', 'app.exe'), windowsProgram(undefined))
    await writeFile(join(packageDir, 'busy.cmd'), BUSY.replaceAll('\n', '\r\n'))
    await schedule()
    const { log } = await deploy('busy.cmd')
    expect(log).toContain('cannot be deleted. Stop the app, and deploy again.')
    expect(log).toContain('An error has occurred during web site deployment.')
    expect(log).not.toContain('Pip install requirements.')
  })

  // A program that takes the Python as an argument cannot be given a batch file in its place.
  const variants = BATCH_VARIANTS.map(([title, change]) => [title, change] as const)
  it.each(variants.filter(([title]) => title !== 'with virtualenv and options'))(
    '%s deletes the environment where it is patched, and keeps it where it is not',
    async (_title, change) => {
      const script = join(packageDir, 'deploy.cmd')
      const text = change(await readFile(script, 'latin1'))
      await writeFile(script, text, 'latin1')
      const before = await deploy()
      expect(before.exitCode, before.log).toBe(0)
      expect(kept()).toEqual(ENVIRONMENTS)

      const patched = patchScript(text, 'run 7')
      await writeFile(script, 'text' in patched ? patched.text : '', 'latin1')
      const { exitCode, log } = await deploy()
      expect(exitCode, log).toBe(0)
      expect(log).toContain('Finished successfully.')
      expect(kept()).toHaveLength(2)
      const [name = ''] = ENVIRONMENTS.filter(one => !kept().includes(one))
      expect(await readFile(join(wwwroot, name, 'pyvenv.cfg'), 'utf8')).toBe('new\r\n')
    }
  )
})
