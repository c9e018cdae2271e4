// What is kept of an environment that is recorded, and which Pythons are found to make one with.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makePosixVenv } from '../../../tools/local-appservice/sites.ts'
import { findPythons } from '../../../tools/pythons.ts'
import { PLANS } from '../../../tools/recorded-environments/plans.ts'
import { readSkeleton } from '../../../tools/recorded-environments/skeleton.ts'
import { RECORDED } from '../recorded.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recorded-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), text)
  await chmod(join(folder, path), 0o755)
}

it.skipIf(process.platform === 'win32')(
  'a skeleton has names and links, and nothing of what is in packages',
  async () => {
    const antenv = join(folder, 'antenv')
    await makePosixVenv(antenv, { python: '3.12', packages: { alpha: '1.0' } })
    await put('antenv/lib/python3.12/site-packages/__pycache__/x.pyc', '')
    const { entries, texts } = await readSkeleton(antenv, [
      [folder, '/home/site/wwwroot'],
      ['/opt/python/3.12.0', '/usr']
    ])
    expect(entries.filter(path => path.startsWith('lib'))).toEqual([
      'lib/',
      'lib/python3.12/',
      ...['', 'alpha-1.0.dist-info/', 'alpha/', 'pip-24.3.1.dist-info/', 'pip/'].map(
        name => `lib/python3.12/site-packages/${name}`
      ),
      'lib64 -> lib'
    ])
    expect(Object.keys(texts)).toEqual(['pyvenv.cfg'])
    expect(texts['pyvenv.cfg']).toBe(
      'home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.12.0\n' +
        'executable = /usr/bin/python3.12\ncommand = /usr/bin/python3.12 -m venv --copies /home/site/wwwroot/antenv\n'
    )
  }
)

it.skipIf(process.platform === 'win32')('Pythons are found in their order, and only those that run', async () => {
  const speak = (...lines: readonly string[]): string => `#!/bin/sh\nprintf '%s\\n' ${lines.join(' ')}\n`
  await put('versions/3.10.1/bin/python3.10', speak('3.10.1', '/x/python', '/x', '24.0'))
  await put('versions/3.9.2/bin/python3.9', speak('3.9.2', '/y/python', '/y'))
  await put('versions/3.8.1/bin/python3.8', '#!/bin/sh\nexit 127\n')
  await put('versions/3.7.1/readme', 'no interpreter')
  await put('versions/pypy3.10-7.3/bin/python3.10', speak('3.10.9', '/z/python', '/z', '24.0'))
  await put('path/python3', speak('3.10.1', '/other/python3', '/other', '24.0'))
  const found = await findPythons({ PYENV_ROOT: folder, PATH: join(folder, 'path') })
  expect(found).toEqual([
    {
      version: '3.9',
      release: '3.9.2',
      executable: join(folder, 'versions/3.9.2/bin/python3.9'),
      prefix: '/y',
      makesEnvironments: false
    },
    {
      version: '3.10',
      release: '3.10.1',
      executable: join(folder, 'versions/3.10.1/bin/python3.10'),
      prefix: '/x',
      makesEnvironments: true
    }
  ])
})

it('every plan has been carried out, and every environment that was not written by hand has a plan', () => {
  const names = PLANS.map(({ name }) => name)
  const made = [...RECORDED].filter(([, { origin }]) => origin.sources === undefined).map(([name]) => name)
  expect([...names].sort()).toEqual(made.sort())
})
