// Small wheels to deploy, made on the spot as PEP 427 describes them. They need no index and no network.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipFolder } from '../local-appservice/zip-archive.ts'

/** Is a distribution with one module of its own name, whose `__version__` tells that it was imported. */
export interface Wheel {
  readonly name: string
  readonly version: string
  /** Lines of `Requires-Dist`. */
  readonly requires?: readonly string[]
  readonly extras?: readonly string[]
}

/** Everything that the packages of the tests can ask for. */
export const WHEELS: readonly Wheel[] = [
  // What no server's Python is old enough for is a requirement that never counts.
  { name: 'alpha', version: '1.0', requires: ['zeta ; python_version < "3"'] },
  { name: 'alpha', version: '2.0' },
  { name: 'beta', version: '1.0', requires: ['gamma>=1'] },
  { name: 'gamma', version: '1.0' },
  { name: 'delta', version: '1.0', requires: ['epsilon ; extra == "fast"'], extras: ['fast'] },
  { name: 'epsilon', version: '1.0' },
  { name: 'zeta', version: '1.0' }
]

/** The names of all modules, each once. */
export const MODULES: readonly string[] = [...new Set(WHEELS.map(({ name }) => name))]

/** Writes wheels into a folder, for `pip install --no-index --find-links`. */
export async function makeWheels(folder: string, wheels: readonly Wheel[] = WHEELS): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const wheel of wheels) {
    const content = await mkdtemp(join(tmpdir(), 'wheel-'))
    try {
      await fill(content, wheel)
      await writeFile(join(folder, `${wheel.name}-${wheel.version}-py3-none-any.whl`), await zipFolder(content))
    } finally {
      await rm(content, { recursive: true })
    }
  }
}

async function fill(folder: string, { name, version, requires = [], extras = [] }: Wheel): Promise<void> {
  const info = `${name}-${version}.dist-info`
  const headers = [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...requires.map(line => `Requires-Dist: ${line}`),
    ...extras.map(extra => `Provides-Extra: ${extra}`)
  ]
  const files: Readonly<Record<string, string>> = {
    [`${name}/__init__.py`]: `__version__ = "${version}"\n`,
    [`${info}/METADATA`]: headers.map(line => `${line}\n`).join(''),
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
  }
  // pip reads the list of files, and does not compare hashes with a file that it unpacks.
  const record = [...Object.keys(files), `${info}/RECORD`].map(path => `${path},,\n`).join('')
  for (const part of [name, info]) await mkdir(join(folder, part))
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text)
  await writeFile(join(folder, info, 'RECORD'), record)
}
