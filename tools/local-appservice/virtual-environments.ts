// Synthetic virtual environments: the files that tell one from another, without an interpreter in them.
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { exists } from './file-trees.ts'
import { pipInstall } from './site-packages.ts'

/** Says which environment to make. */
export interface VenvOptions {
  /** Version of the interpreter, `X.Y`. */
  readonly python: string
  /** What is installed beside pip: name to version. */
  readonly packages?: Readonly<Record<string, string>>
  /** Who made it; decides on `pyvenv.cfg`. `venv` if left out. */
  readonly creator?: 'venv' | 'virtualenv' | 'virtualenv-old' | 'uv'
}

function minorOf(python: string): number {
  return Number(python.split('.')[1])
}

function venvConfig(folder: string, python: string, home: string): string[] {
  const lines = [`home = ${home}`, 'include-system-site-packages = false', `version = ${python}.0`]
  if (minorOf(python) < 11) return lines
  const executable = `${home}/python${python}`
  return [...lines, `executable = ${executable}`, `command = ${executable} -m venv --copies ${folder}`]
}

/** Gives the text of `pyvenv.cfg`; `undefined` for virtualenv before version 20, which wrote none. */
function configText(folder: string, { python, creator = 'venv' }: VenvOptions): string | undefined {
  const prefix = `/opt/python/${python}.0`
  const home = `${prefix}/bin`
  const shared = [`home = ${home}`, 'implementation = CPython']
  const system = 'include-system-site-packages = false'
  const lines = {
    venv: venvConfig(folder, python, home),
    virtualenv: [
      ...shared,
      `version_info = ${python}.0.final.0`,
      'virtualenv = 20.4.2',
      system,
      `base-prefix = ${prefix}`
    ],
    'virtualenv-old': undefined,
    uv: [...shared, 'uv = 0.5.11', `version_info = ${python}.0`, system]
  }[creator]
  return lines?.map(line => `${line}\n`).join('')
}

async function put(file: string, text: string, executable = false): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  if (executable) await chmod(file, 0o755)
}

async function putConfig(folder: string, library: string, options: VenvOptions): Promise<void> {
  const { python, creator = 'venv' } = options
  const config = configText(folder, options)
  if (config === undefined) {
    await put(join(library, 'orig-prefix.txt'), `/opt/python/${python}.0`)
    await put(join(library, 'no-global-site-packages.txt'), '')
  } else {
    await put(join(folder, 'pyvenv.cfg'), config)
  }
  if (creator === 'uv' || (creator === 'venv' && minorOf(python) >= 13)) await put(join(folder, '.gitignore'), '*\n')
}

async function putPackages(sitePackages: string, options: VenvOptions): Promise<void> {
  await mkdir(sitePackages, { recursive: true })
  const seeds = options.creator === 'uv' ? {} : seedsOf(options.python)
  const packages = Object.entries({ ...seeds, ...options.packages })
  await pipInstall(
    sitePackages,
    packages.map(([name, version]) => ({ name, version }))
  )
}

/** Names what a new environment holds before anything is installed; setuptools until 3.11. */
function seedsOf(python: string): Readonly<Record<string, string>> {
  return minorOf(python) < 12 ? { pip: '21.2.4', setuptools: '58.1.0' } : { pip: '24.3.1' }
}

/** Makes a POSIX environment, or runs venv again over an old one: then the old binaries and `lib/pythonX.Y` stay. */
export async function makePosixVenv(folder: string, options: VenvOptions): Promise<void> {
  const { python, creator = 'venv' } = options
  const library = join(folder, 'lib', `python${python}`)
  const activate = `VIRTUAL_ENV="${folder}"\nexport VIRTUAL_ENV\nPATH="$VIRTUAL_ENV/bin:$PATH"\nexport PATH\n`
  for (const script of ['activate', 'activate.csh', 'activate.fish', 'Activate.ps1']) {
    await put(join(folder, 'bin', script), activate)
  }
  const interpreter = `#!/bin/sh\necho "Python ${python}.0 (synthetic)"\n`
  await put(join(folder, 'bin', `python${python}`), interpreter, true)
  // CPython's venv leaves these two alone when they are there, which is how an environment comes to lie about itself.
  for (const name of ['python', 'python3']) {
    const file = join(folder, 'bin', name)
    if (!(await exists(file))) await put(file, interpreter, true)
  }
  if (creator !== 'uv') await put(join(folder, 'bin', 'pip'), `#!${folder}/bin/python${python}\n`, true)
  if (creator === 'virtualenv-old') await put(join(folder, 'bin', 'activate_this.py'), '')
  await mkdir(join(folder, 'include'), { recursive: true })
  await putPackages(join(library, 'site-packages'), options)
  await putConfig(folder, library, options)
  if (process.platform !== 'win32' && !(await exists(join(folder, 'lib64'))))
    await symlink('lib', join(folder, 'lib64'))
}

/** Makes a Windows environment; with `marker` also Kudu's `azure.env.python-X.Y.txt`, zero bytes long. */
export async function makeWindowsVenv(
  folder: string,
  options: VenvOptions & { readonly marker?: boolean }
): Promise<void> {
  const { python, creator = 'venv' } = options
  const scripts = ['activate', 'activate.bat', 'Activate.ps1', 'deactivate.bat']
  const binaries = ['python.exe', 'pythonw.exe', ...(creator === 'uv' ? [] : ['pip.exe', `pip${python}.exe`])]
  for (const script of scripts) await put(join(folder, 'Scripts', script), `set VIRTUAL_ENV=${folder}\r\n`)
  for (const binary of binaries) await put(join(folder, 'Scripts', binary), 'MZ synthetic')
  if (creator.startsWith('virtualenv')) await put(join(folder, 'Scripts', 'activate_this.py'), '')
  await mkdir(join(folder, 'Include'), { recursive: true })
  await putPackages(join(folder, 'Lib', 'site-packages'), options)
  await putConfig(folder, join(folder, 'Lib'), options)
  if (options.marker === true) await put(join(folder, markerName(python)), '')
}

/** Names the file by which Kudu's Windows script recognises an environment of version `X.Y`. */
export function markerName(python: string): string {
  return `azure.env.python-${python}.txt`
}
