// Recorded environments with a part taken away: each part of each, and what must be said of the rest.
import { describe, expect, it } from 'vitest'
import { inspectSite } from '../../../src/azure/layout.ts'
import { decide } from '../../../src/decide.ts'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import type { Environment } from '../../../src/python/venv.ts'
import { SITE, WWWROOT, child } from '../../../src/site.ts'
import type { Skeleton } from '../../../tools/recorded-environments/skeleton.ts'
import { NOON, fakeSite, fileOf, linkTo, treeOf, type Oddities, type Spec } from '../fake-site.ts'
import { expectationOf, policyOf, snapshotOf, without } from '../fixtures.ts'
import { recorded, specOf } from '../recorded.ts'

const FOLDER: Spec = { 'antenv/': { kind: 'directory' } }

const read = (spec: Spec, named = true, oddities: Oddities = {}): Promise<Environment | undefined> =>
  readEnvironment(fakeSite(treeOf(FOLDER, spec), oddities), child(WWWROOT, 'antenv'), named)

/** What must be said: the parts that are missing, or that nothing is proven. */
type Verdict = readonly string[] | 'not proven'

const verdictOn = (environment: Environment | undefined): Verdict => {
  if (!environment) return 'not proven'
  expect(environment.gaps).toEqual([])
  return environment.missing
}

const pathOf = (entry: string): string => entry.split(' -> ')[0]?.replace(/\/$/, '') ?? ''

/** Everything but the parts that a table names: names of python beside `bin/python`, scripts, links, folders of headers. */
const othersIn = ({ entries }: Skeleton, table: Readonly<Record<string, unknown>>): readonly string[] =>
  entries.map(pathOf).filter(path => !(path in table) && !/site-packages\/./.test(path))

const only = (spec: Spec, part: string): Spec =>
  Object.fromEntries(
    Object.entries(spec).filter(([path]) => path.replace(/\/$/, '') === part || path.startsWith(`${part}/`))
  )

interface Family {
  readonly names: readonly string[]
  /** What must be said when this part is gone; `LIB` is the environment's own `lib/pythonX.Y`. */
  readonly gone: Readonly<Record<string, Verdict>>
  /** What must be said when nothing but this part is left. */
  readonly left: Readonly<Record<string, Verdict>>
}

const POSIX: Family = {
  names: [
    ...['venv-3.6', 'venv-3.7', 'venv-3.8-copies', 'venv-3.9-system-site-packages', 'venv-3.10-symlinks'],
    ...['venv-3.11-upgrade-deps', 'venv-3.12-without-pip', 'venv-3.12-packages', 'venv-3.13', 'venv-clear'],
    ...['virtualenv-20.0', 'virtualenv-20.4', 'virtualenv-20.4-python-2.7', 'virtualenv-20.26', 'virtualenv-21'],
    ...['virtualenv-21-copies', 'virtualenv-over-venv', 'uv', 'uv-seed', 'uv-0.1', 'failed-pip', 'pip-killed']
  ],
  gone: {
    'bin/python': ['bin/python'],
    'bin/activate': ['bin/activate'],
    bin: ['bin/python', 'bin/activate'],
    'LIB/site-packages': ['site-packages'],
    LIB: ['site-packages'],
    lib: ['site-packages'],
    'pyvenv.cfg': ['pyvenv.cfg']
  },
  left: {
    'pyvenv.cfg': ['bin/python', 'bin/activate', 'site-packages'],
    bin: 'not proven',
    include: 'not proven',
    lib64: 'not proven',
    '.gitignore': 'not proven'
  }
}

const OLD: Family = {
  names: [
    'virtualenv-1.11',
    'virtualenv-16-python-2.7',
    'virtualenv-16-python-3.6',
    'virtualenv-16-system-site-packages',
    'easy-install'
  ],
  gone: {
    'bin/python': ['bin/python'],
    'bin/activate': ['bin/activate'],
    bin: ['bin/python', 'bin/activate'],
    'LIB/site-packages': ['site-packages'],
    // Its trace lies in the library: without that a folder called bin is all that is left.
    LIB: 'not proven',
    lib: 'not proven',
    // Without any creator's trace it may be one that lost its pyvenv.cfg.
    'LIB/orig-prefix.txt': ['pyvenv.cfg']
  },
  left: { lib: ['bin/python', 'bin/activate'], bin: 'not proven', include: 'not proven', lib64: 'not proven' }
}

const WINDOWS: Family = {
  names: ['windows-venv-3.12', 'windows-virtualenv-20', 'windows-uv'],
  gone: {
    'Scripts/python.exe': ['Scripts/python.exe'],
    'Lib/site-packages': ['site-packages'],
    Lib: ['site-packages'],
    Scripts: ['Scripts/python.exe', 'Scripts/activate'],
    'pyvenv.cfg': ['pyvenv.cfg']
  },
  left: { Scripts: 'not proven', Lib: 'not proven', Include: 'not proven', '.gitignore': 'not proven' }
}

const OLD_WINDOWS: Family = {
  names: ['windows-virtualenv-16'],
  gone: {
    'Scripts/python.exe': ['Scripts/python.exe'],
    'Lib/site-packages': ['site-packages'],
    'Lib/orig-prefix.txt': ['pyvenv.cfg'],
    Lib: 'not proven',
    Scripts: ['Scripts/python.exe', 'Scripts/activate']
  },
  left: { Scripts: 'not proven', Include: 'not proven', Lib: ['Scripts/python.exe', 'Scripts/activate'] }
}

const MARKED: Family = {
  names: ['windows-venv-3.6-marker'],
  gone: {
    'Scripts/python.exe': ['Scripts/python.exe'],
    Scripts: ['Scripts/python.exe', 'Scripts/activate'],
    'Lib/site-packages': ['site-packages'],
    Lib: ['site-packages'],
    'pyvenv.cfg': ['pyvenv.cfg']
  },
  left: {
    'azure.env.python-3.6.txt': ['Scripts/python.exe', 'Scripts/activate', 'site-packages', 'pyvenv.cfg'],
    Scripts: 'not proven',
    Include: 'not proven'
  }
}

const OLD_MARKED: Family = {
  names: ['windows-virtualenv-16-marker'],
  gone: {
    'Scripts/python.exe': ['Scripts/python.exe'],
    Scripts: ['Scripts/python.exe', 'Scripts/activate'],
    'Lib/site-packages': ['site-packages'],
    'Lib/orig-prefix.txt': ['pyvenv.cfg'],
    Lib: ['site-packages', 'pyvenv.cfg']
  },
  left: {
    'azure.env.python-2.7.txt': ['Scripts/python.exe', 'Scripts/activate', 'site-packages', 'pyvenv.cfg'],
    Scripts: 'not proven',
    Include: 'not proven'
  }
}

/** Each environment with what its family says, `LIB` replaced by its own library. */
const CASES = [POSIX, OLD, WINDOWS, OLD_WINDOWS, MARKED, OLD_MARKED].flatMap(({ names, gone, left }) =>
  names.map(name => {
    const skeleton = recorded(name)
    const library = skeleton.entries.map(pathOf).find(path => /^lib\/python[\d.]+$/.test(path)) ?? 'Lib'
    const own = Object.entries(gone).map(([part, verdict]) => [part.replace('LIB', library), verdict] as const)
    return { name, skeleton, gone: Object.fromEntries(own), left }
  })
)

describe.each(CASES)('$name', ({ skeleton, gone, left }) => {
  const spec = specOf(skeleton, 'antenv')

  it('is broken without a part that its creator writes, and the part is named', async () => {
    const said: Record<string, Verdict> = {}
    for (const part of Object.keys(gone)) said[part] = verdictOn(await read(without(spec, `antenv/${part}`)))
    expect(said).toEqual(gone)
  })

  it('is whole without anything else that lies in it', async () => {
    const others = othersIn(skeleton, gone)
    expect(others.length).toBeGreaterThan(5)
    const broken: string[] = []
    for (const part of others) {
      const environment = await read(without(spec, `antenv/${part}`), false)
      if (!environment || environment.missing.length > 0 || environment.gaps.length > 0) broken.push(part)
    }
    expect(broken).toEqual([])
  })

  it('is what the one part tells that is left of it', async () => {
    for (const [part, verdict] of Object.entries(left)) {
      const rest = only(spec, `antenv/${part}`)
      if (Object.keys(rest).length > 0) expect([part, verdictOn(await read(rest))]).toEqual([part, verdict])
    }
  })

  it('is nothing once all of it is gone, unless something else says what the folder is', async () => {
    expect(verdictOn(await read({}, false))).toBe('not proven')
    expect(verdictOn(await read({}, true))).toEqual(['everything (the folder is empty)'])
  })
})

describe('of a recorded environment', () => {
  it('lib alone proves nothing', async () => {
    for (const name of ['venv-3.6', 'venv-3.12-packages', 'virtualenv-21', 'uv-seed']) {
      expect(verdictOn(await read(only(specOf(recorded(name), 'antenv'), 'antenv/lib')))).toBe('not proven')
    }
  })

  it('lib alone without a single package is the end of a deletion, where something says what the folder is', async () => {
    for (const name of ['venv-3.12-without-pip', 'uv']) {
      const rest = only(without(specOf(recorded(name), 'antenv'), ...modulesOf(name)), 'antenv/lib')
      expect(verdictOn(await read(rest, false))).toBe('not proven')
      expect(verdictOn(await read(rest, true))).toEqual(['everything (the folder is empty)'])
    }
  })

  it('on Windows one of its two scripts for activation is enough', async () => {
    for (const name of [...WINDOWS.names, ...OLD_WINDOWS.names, ...MARKED.names]) {
      const spec = without(specOf(recorded(name), 'antenv'), 'antenv/Scripts/activate')
      expect(verdictOn(await read(spec))).toEqual([])
      expect(verdictOn(await read(without(spec, 'antenv/Scripts/activate.bat')))).toEqual(['Scripts/activate'])
    }
  })

  it.each<[string, Spec, Oddities]>([
    ['a link that is listed as a folder', {}, { linksAsDirectories: true }],
    ['a file', { 'antenv/lib64': 'lib' }, {}],
    ['a folder with the same in it', { 'antenv/lib64/python3.8/site-packages/pip-1.0.dist-info/METADATA': '' }, {}],
    ['an empty folder', { 'antenv/lib64': { kind: 'directory' } }, {}],
    ['nothing', {}, {}]
  ])('lib64 tells nothing, listed as %s', async (kind, lib64, oddities) => {
    for (const name of [...POSIX.names, ...OLD.names]) {
      const spec = specOf(recorded(name), 'antenv')
      const base = kind.startsWith('a link') ? spec : without(spec, 'antenv/lib64')
      const site = fakeSite(treeOf(base, lib64), oddities)
      const environment = await readEnvironment(site, child(WWWROOT, 'antenv'), false)
      expect(environment).toEqual(await read(spec, false))
      expect(site.log.filter(line => line.includes('lib64'))).toEqual([])
    }
  })
})

describe('in the place of an environment', () => {
  it.each<[string, Spec, string]>([
    ['a file', { antenv: fileOf(NOON, 'x') }, 'absent'],
    ['a link', { antenv: linkTo('/antenv') }, 'unknown'],
    ['an ordinary folder', { 'antenv/settings/production.env': 'A=1' }, 'unknown'],
    ['an ordinary folder that is called env', { 'env/production.env': 'A=1', 'env/lib/x.js': '' }, 'absent'],
    ['packages that pip put there', specOf(recorded('pip-target'), 'antenv'), 'unknown']
  ])('%s is never reset', async (_, spec, code) => {
    const site = fakeSite(treeOf(spec))
    const snapshot = await inspectSite(site, await site.list(SITE), { envPath: undefined, now: NOON })
    expect(snapshot.environment).toBeUndefined()
    const { action, reasons } = decide(snapshot, expectationOf({ pythonInput: '3.12' }), policyOf())
    expect([reasons[0].code, action]).toEqual([code, code === 'absent' ? 'none' : 'preserve'])
  })
})

describe('pyvenv.cfg', () => {
  const spec = specOf(recorded('virtualenv-21'), 'antenv')
  const text = recorded('virtualenv-21').texts['pyvenv.cfg'] ?? ''
  const library = 'lib/python3.12 3.12'

  it.each<[string, string, string, readonly string[], number]>([
    ['as it was written', text, 'virtualenv', [library, 'pyvenv.cfg 3.12'], 0],
    ['with the line ends of Windows', text.replaceAll('\n', '\r\n'), 'virtualenv', [library, 'pyvenv.cfg 3.12'], 0],
    ['with a byte-order mark', `\uFEFF${text}`, 'virtualenv', [library, 'pyvenv.cfg 3.12'], 0],
    ['in capitals', text.toUpperCase(), 'virtualenv', [library, 'pyvenv.cfg 3.12'], 0],
    ['without blanks', text.replaceAll(' = ', '='), 'virtualenv', [library, 'pyvenv.cfg 3.12'], 0],
    ['without its last line end', text.trimEnd(), 'virtualenv', [library, 'pyvenv.cfg 3.12'], 0],
    ['without a version', text.replaceAll(/^(version|version_info) .*\n/gm, ''), 'virtualenv', [library], 0],
    ['with another version', text.replaceAll('3.12', '3.9'), 'virtualenv', [library, 'pyvenv.cfg 3.9'], 0],
    ['with a version that is none', text.replaceAll('3.12.1', 'three'), 'virtualenv', [library], 0],
    ['empty', '', 'venv', [library], 0],
    ['nothing but nonsense', '\u0000\u0001=\u0002\n\n====\nversion\n', 'venv', [library], 0],
    ['cut in the middle of a line', text.slice(0, text.indexOf('_info')), 'venv', [library], 0],
    ['longer than any creator writes it', text + '#'.repeat(20_000), 'venv', [library], 1]
  ])('%s', async (_, cfg, creator, versions, gaps) => {
    const environment = await read({ ...spec, 'antenv/pyvenv.cfg': cfg })
    expect(environment).toMatchObject({ creator, missing: [] })
    expect(environment?.versions.map(({ source, version }) => `${source} ${version}`)).toEqual(versions)
    expect(environment?.gaps).toHaveLength(gaps)
  })

  it('that the server refuses to send leads to no reset', async () => {
    const environment = await read(spec, true, { refuse: ['READ /site/wwwroot/antenv/pyvenv.cfg'] })
    expect(environment).toMatchObject({ missing: [], gaps: ['pyvenv.cfg could not be read'] })
    const { action, reasons } = decide(snapshotOf({ environment }), expectationOf(), policyOf())
    expect([action, reasons[0].code]).toEqual(['preserve', 'unknown'])
  })
})

function modulesOf(name: string): readonly string[] {
  const { entries } = recorded(name)
  return entries.filter(entry => /site-packages\/./.test(entry)).map(entry => `antenv/${pathOf(entry)}`)
}
