import { describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import { parsePyvenvCfg, type Environment } from '../../../src/python/venv.ts'
import { WWWROOT, child } from '../../../src/site.ts'
import { fakeSite, treeOf, type Oddities, type Spec } from '../fake-site.ts'
import { CFG, oldVirtualenv, posixVenv, windowsVenv, without } from '../fixtures.ts'

const read = (name: string, spec: Spec, named = false, oddities: Oddities = {}): Promise<Environment | undefined> =>
  readEnvironment(fakeSite(treeOf(spec), oddities), child(WWWROOT, name), named)

const versionsOf = (environment: Environment | undefined): readonly string[] =>
  environment?.versions.map(({ source, version }) => `${source} ${version}`) ?? []

describe('whole environments', () => {
  it.each<[string, Spec, Partial<Environment>, readonly string[]]>([
    [
      'venv 3.6',
      posixVenv('antenv', '3.6', CFG.venv36),
      { shape: 'posix', creator: 'venv' },
      ['lib/python3.6 3.6', 'pyvenv.cfg 3.6']
    ],
    [
      'venv 3.11',
      posixVenv('antenv', '3.11', CFG.venv311),
      { shape: 'posix', creator: 'venv' },
      ['lib/python3.11 3.11', 'pyvenv.cfg 3.11']
    ],
    [
      'venv 3.13',
      { ...posixVenv('antenv', '3.13', CFG.venv313), 'antenv/.gitignore': '*' },
      { creator: 'venv' },
      ['lib/python3.13 3.13', 'pyvenv.cfg 3.13']
    ],
    [
      'virtualenv 20',
      posixVenv('antenv', '3.8', CFG.virtualenv20),
      { creator: 'virtualenv' },
      ['lib/python3.8 3.8', 'pyvenv.cfg 3.8']
    ],
    ['uv', posixVenv('antenv', '3.12', CFG.uv), { creator: 'uv' }, ['lib/python3.12 3.12', 'pyvenv.cfg 3.12']],
    ['virtualenv before 20', oldVirtualenv('antenv'), { creator: 'virtualenv-old' }, ['lib/python2.7 2.7']],
    [
      "Kudu's Windows script",
      windowsVenv('antenv', CFG.venv36),
      { shape: 'windows', markers: ['azure.env.python-3.6.txt'] },
      ['azure.env.python-3.6.txt 3.6', 'pyvenv.cfg 3.6']
    ],
    [
      'venv on Windows',
      windowsVenv('antenv', CFG.venv36, []),
      { shape: 'windows', creator: 'venv', markers: [] },
      ['pyvenv.cfg 3.6']
    ]
  ])('made by %s', async (_, spec, expected, versions) => {
    const environment = await read('antenv', spec)
    expect(environment).toMatchObject({ ...expected, missing: [], gaps: [] })
    expect(versionsOf(environment)).toEqual(versions)
    expect(environment?.distributions.map(({ name }) => name)).toEqual(['pip'])
  })

  it('on Windows may be written in any case', async () => {
    const spec = Object.fromEntries(
      Object.entries(windowsVenv('env', CFG.venv36)).map(([path, node]) => [
        path
          .replace('Scripts', 'SCRIPTS')
          .replace('Lib/site-packages', 'LIB/Site-Packages')
          .replace('python.exe', 'Python.EXE')
          .replace('azure.env', 'AZURE.Env'),
        node
      ])
    )
    const environment = await read('env', spec)
    expect(environment).toMatchObject({ shape: 'windows', missing: [], gaps: [] })
    expect(environment?.distributions).toHaveLength(1)
  })

  it.each<[string, Spec, Oddities]>([
    ['a link', {}, {}],
    ['a folder', {}, { linksAsDirectories: true }],
    ['nothing', { 'antenv/lib64': '' }, {}]
  ])('are the same with lib64 listed as %s', async (_, changes, oddities) => {
    const site = fakeSite(treeOf({ ...posixVenv('antenv', '3.12', CFG.uv), ...changes }), oddities)
    const environment = await readEnvironment(site, child(WWWROOT, 'antenv'), false)
    expect([environment?.missing, versionsOf(environment)]).toEqual([[], ['lib/python3.12 3.12', 'pyvenv.cfg 3.12']])
    expect(site.log.filter(line => line.includes('lib64'))).toEqual([])
  })

  it('cost five questions, none of which descends into a package', async () => {
    const site = fakeSite(treeOf(posixVenv('antenv', '3.12', CFG.venv311)))
    await readEnvironment(site, child(WWWROOT, 'antenv'), false)
    const root = '/site/wwwroot/antenv'
    const asked = ['', '/bin', '/lib', '/lib/python3.12/site-packages'].map(path => `LIST ${root}${path}`)
    expect([...site.log].sort()).toEqual([...asked, `READ ${root}/pyvenv.cfg`].sort())
  })

  it('cost one question where a folder is none', async () => {
    const site = fakeSite(treeOf({ 'static/css/a.css': '', 'static/index.html': '' }))
    expect(await readEnvironment(site, child(WWWROOT, 'static'), false)).toBeUndefined()
    expect(site.log).toEqual(['LIST /site/wwwroot/static'])
  })
})

describe('broken environments', () => {
  const venv = posixVenv('antenv', '3.11', CFG.venv311)
  const windows = windowsVenv('antenv', CFG.venv36)
  it.each<[string, Spec, readonly string[]]>([
    ['killed while it was created', without(venv, 'antenv/bin/activate', 'antenv/bin/pip'), ['bin/activate']],
    ['an interpreter that is gone', without(venv, 'antenv/bin/python'), ['bin/python']],
    ['no bin at all', without(venv, 'antenv/bin'), ['bin/python', 'bin/activate']],
    ['no lib at all', without(venv, 'antenv/lib'), ['site-packages']],
    [
      'no site-packages',
      { ...without(venv, 'antenv/lib/python3.11/site-packages'), 'antenv/lib/python3.11/x': '' },
      ['site-packages']
    ],
    ['nothing but pyvenv.cfg', { 'antenv/pyvenv.cfg': CFG.venv311 }, ['bin/python', 'bin/activate', 'site-packages']],
    ['no pyvenv.cfg, although its creator writes one', posixVenv('antenv', '3.11', undefined), ['pyvenv.cfg']],
    [
      'a marker and nothing else',
      { 'antenv/azure.env.python-3.6.txt': '' },
      ['Scripts/python.exe', 'Scripts/activate', 'site-packages', 'pyvenv.cfg']
    ],
    ['Windows without an interpreter', without(windows, 'antenv/Scripts/python.exe'), ['Scripts/python.exe']],
    ['Windows without packages', without(windows, 'antenv/Lib'), ['site-packages']],
    ['old virtualenv without its interpreter', without(oldVirtualenv('antenv'), 'antenv/bin/python'), ['bin/python']],
    [
      'orig-prefix.txt alone',
      { 'antenv/lib/python2.7/orig-prefix.txt': '' },
      ['bin/python', 'bin/activate', 'site-packages']
    ]
  ])('are proven, and what is missing is named: %s', async (_, spec, missing) => {
    expect((await read('antenv', spec))?.missing).toEqual(missing)
  })

  it('an empty one counts only where something else says that it is one', async () => {
    expect(await read('antenv', { 'antenv/': '' })).toBeUndefined()
    expect((await read('antenv', { 'antenv/': '' }, true))?.missing).not.toEqual([])
  })

  it.each<[string, Spec]>([
    ['nothing else', { 'antenv/': '' }],
    ['bin', { 'antenv/bin/': '' }],
    ['lib', { 'antenv/lib/': '' }],
    ['bin and lib with a version', { 'antenv/bin/': '', 'antenv/lib/python3.11/': '' }],
    ['all of them, with site-packages', { 'antenv/bin/': '', 'antenv/lib/python3.11/site-packages/': '' }],
    ['Scripts and Lib, with site-packages', { 'antenv/Scripts/': '', 'antenv/Lib/site-packages/': '' }]
  ])('empty folders of one, and nothing in them, are the end of a deletion: %s', async (_, spec) => {
    const environment = await read('antenv', spec, true)
    expect(environment?.missing).toEqual(['everything (the folder is empty)'])
  })

  it.each<[string, Spec]>([
    ['a file beside them', { 'antenv/bin/': '', 'antenv/readme.txt': '' }],
    ['a folder of its own beside them', { 'antenv/bin/': '', 'antenv/data/': '' }],
    ['a folder of its own in lib', { 'antenv/lib/data/': '' }],
    ['a script', { 'antenv/bin/start.sh': '' }],
    ['a file in site-packages', { 'antenv/lib/python3.11/site-packages/x.py': '' }],
    ['a folder beside site-packages', { 'antenv/Lib/site-packages/': '', 'antenv/Lib/data/': '' }]
  ])('are not the end of a deletion with %s', async (_, spec) => {
    expect(await read('antenv', spec, true)).toBeUndefined()
  })

  it.each<[string, Spec, readonly string[]]>([
    [
      'two libraries',
      { 'antenv/lib/python3.8/site-packages/': '' },
      ['lib/python3.11 3.11', 'lib/python3.8 3.8', 'pyvenv.cfg 3.11']
    ],
    ['a pyvenv.cfg of another version', { 'antenv/pyvenv.cfg': CFG.uv }, ['lib/python3.11 3.11', 'pyvenv.cfg 3.12']]
  ])('mixed ones name every version: %s', async (_, changes, versions) => {
    expect(versionsOf(await read('antenv', { ...venv, ...changes }))).toEqual(versions)
  })

  it('an environment with two markers names both', async () => {
    const environment = await read('env', windowsVenv('env', undefined, ['2.7', '3.6']))
    expect(environment?.versions.map(({ version }) => version).sort()).toEqual(['2.7', '3.6'])
  })
})

describe('ordinary folders', () => {
  it.each<[string, Spec]>([
    ['env with settings', { 'env/production.env': 'A=1' }],
    ['lib with scripts', { 'env/lib/jquery.js': '' }],
    ['lib/pythonX.Y alone', { 'env/lib/python3.11/site-packages/flask/x.py': '' }],
    ['bin alone', { 'env/bin/start.sh': '' }],
    ['bin and lib of something else', { 'env/bin/x': '', 'env/lib/libx.so': '' }],
    ['Scripts and Lib of something else', { 'env/Scripts/x.js': '', 'env/Lib/y.js': '' }],
    ['a folder called pyvenv.cfg', { 'env/pyvenv.cfg/x': '' }],
    ['a folder called like a marker', { 'env/azure.env.python-3.6.txt/x': '' }],
    ['bin beside a file called lib', { 'env/bin/python': '', 'env/lib': '' }],
    ["pip's left-overs", { 'env/lib/python3.11/site-packages/~ip-24.0.dist-info/METADATA': '' }]
  ])('are not proven to be environments: %s', async (_, spec) => {
    expect(await read('env', spec)).toBeUndefined()
    expect(await read('env', spec, true)).toBeUndefined()
  })
})

describe('what another program than a creator of environments may have made', () => {
  const venv = posixVenv('antenv', '3.11', undefined)
  it.each<[string, Spec]>([
    ['conda', { ...without(venv, 'antenv/bin/activate', 'antenv/bin/python'), 'antenv/conda-meta/history': '' }],
    ['pip install --prefix', { 'antenv/bin/flask': '', 'antenv/lib/python3.11/site-packages/flask/x.py': '' }],
    ['the same on Windows', { 'antenv/Scripts/flask.exe': '', 'antenv/Lib/site-packages/flask/x.py': '' }]
  ])('is proven, lacks nothing that is known of, and has a gap: %s', async (_, spec) => {
    for (const named of [false, true]) {
      const environment = await read('antenv', spec, named)
      expect(environment).toMatchObject({ proven: true, creator: 'unknown', missing: [] })
      expect(environment?.gaps.join()).toContain('nothing tells which program made it')
    }
  })

  it.each<[string, Spec, readonly string[]]>([
    ['activate', venv, ['pyvenv.cfg']],
    ['activate, and no interpreter', without(venv, 'antenv/bin/python'), ['bin/python', 'pyvenv.cfg']],
    ['activate on Windows', windowsVenv('antenv', undefined, []), ['pyvenv.cfg']],
    [
      'a marker',
      without(windowsVenv('antenv', undefined), 'antenv/Scripts/activate', 'antenv/Scripts/activate.bat'),
      ['Scripts/activate', 'pyvenv.cfg']
    ],
    ['orig-prefix.txt', without(oldVirtualenv('antenv'), 'antenv/bin/activate'), ['bin/activate']],
    ['pyvenv.cfg', without(posixVenv('antenv', '3.11', CFG.uv), 'antenv/bin/activate'), ['bin/activate']]
  ])('is no such thing with %s, so that it can be broken', async (_, spec, missing) => {
    const environment = await read('antenv', spec)
    expect([environment?.missing, environment?.gaps]).toEqual([missing, []])
  })
})

describe('pyvenv.cfg', () => {
  it('is split at the first =, its keys in lower case, whatever its line ends and its first mark', () => {
    const values = parsePyvenvCfg("\uFEFFHome = /a=b\r\n VERSION=3.11.4 \nno line\n= nothing\nprompt = 'x'\n")
    expect([...values]).toEqual([
      ['home', '/a=b'],
      ['version', '3.11.4'],
      ['prompt', "'x'"]
    ])
  })

  it.each([
    ['version = 3.11.4\nversion_info = 3.12.0', 'pyvenv.cfg 3.11'],
    ['version_info = 3.12.0.final.0', 'pyvenv.cfg 3.12'],
    ['', undefined],
    ['version = unknown', undefined]
  ])('%j names %s', async (cfg, evidence) => {
    const spec = without(posixVenv('antenv', '3.11', cfg), 'antenv/lib')
    expect(versionsOf(await read('antenv', spec))[0]).toBe(evidence)
  })
})
