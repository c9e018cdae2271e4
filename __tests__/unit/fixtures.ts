// Environments as their creators leave them, and the values that the pure modules take.
import type { Snapshot } from '../../src/azure/snapshot.ts'
import type { Expectation, Policy } from '../../src/decide.ts'
import type { Environment } from '../../src/python/venv.ts'
import { remotePath } from '../../src/site.ts'
import { linkTo, type Spec } from './fake-site.ts'

export const CFG = {
  venv36: 'home = /usr/local/bin\ninclude-system-site-packages = false\nversion = 3.6.15\n',
  venv311:
    'home = /opt/python/3.11/bin\ninclude-system-site-packages = false\nversion = 3.11.4\n' +
    'executable = /opt/python/3.11.4/bin/python3.11\ncommand = /opt/python/3.11/bin/python -m venv --copies /tmp/antenv\n',
  venv313:
    'home = /usr/bin\r\ninclude-system-site-packages = false\r\nversion = 3.13.1\r\nexecutable = /usr/bin/python3.13\r\n' +
    "prompt = 'my = app'\r\ncommand = /usr/bin/python3.13 -m venv --prompt=x antenv\r\n",
  virtualenv20:
    'home = /usr\nimplementation = CPython\nversion_info = 3.8.6.final.0\nvirtualenv = 20.4.2\n' +
    'include-system-site-packages = false\nbase-prefix = /usr\nbase-exec-prefix = /usr\nbase-executable = /usr/bin/python3.8\n',
  uv: 'home = /usr/bin\nimplementation = CPython\nuv = 0.5.11\nversion_info = 3.12.1\ninclude-system-site-packages = false\n'
} as const

/** The files of an environment made on Linux, without its `pyvenv.cfg` where that is `undefined`. */
export function posixVenv(root: string, python: string, cfg: string | undefined, packages = ['pip-24.0']): Spec {
  const site = `${root}/lib/python${python}/site-packages`
  return {
    ...(cfg === undefined ? {} : { [`${root}/pyvenv.cfg`]: cfg }),
    [`${root}/bin/activate`]: 'activate',
    [`${root}/bin/Activate.ps1`]: '',
    [`${root}/bin/pip`]: '',
    [`${root}/bin/python`]: linkTo('/usr/bin/python3'),
    [`${root}/bin/python3`]: linkTo('python'),
    [`${root}/bin/python${python}`]: linkTo('python'),
    [`${root}/include/`]: '',
    [`${site}/`]: '',
    ...Object.fromEntries(packages.flatMap(name => [[`${site}/${name}.dist-info/METADATA`, ''] as const])),
    [`${site}/pip/__init__.py`]: '',
    [`${root}/lib64`]: linkTo('lib')
  }
}

/** The files of an environment made by virtualenv before 20. */
export function oldVirtualenv(root: string, python = '2.7'): Spec {
  return {
    ...posixVenv(root, python, undefined),
    [`${root}/lib/python${python}/orig-prefix.txt`]: '/usr',
    [`${root}/lib/python${python}/no-global-site-packages.txt`]: ''
  }
}

/** The files of `env` as Kudu's Windows script makes it. */
export function windowsVenv(root: string, cfg: string | undefined, markers: readonly string[] = ['3.6']): Spec {
  return {
    ...(cfg === undefined ? {} : { [`${root}/pyvenv.cfg`]: cfg }),
    ...Object.fromEntries(markers.map(version => [`${root}/azure.env.python-${version}.txt`, ''])),
    [`${root}/Scripts/python.exe`]: '',
    [`${root}/Scripts/pythonw.exe`]: '',
    [`${root}/Scripts/activate`]: '',
    [`${root}/Scripts/activate.bat`]: '',
    [`${root}/Lib/site-packages/pip/__init__.py`]: '',
    [`${root}/Lib/site-packages/pip-9.0.1.dist-info/METADATA`]: ''
  }
}

export function without(spec: Spec, ...paths: readonly string[]): Spec {
  return Object.fromEntries(
    Object.entries(spec).filter(([path]) => !paths.some(gone => path === gone || path.startsWith(`${gone}/`)))
  )
}

export function environmentOf(changes: Partial<Environment> = {}): Environment {
  return {
    path: remotePath('/site/wwwroot/antenv'),
    shape: 'posix',
    proven: true,
    creator: 'venv',
    missing: [],
    versions: [{ source: 'lib/python3.11', version: '3.11' }],
    markers: [],
    cfg: undefined,
    distributions: [{ name: 'pip', version: '24.0', entry: 'pip-24.0.dist-info' }],
    sitePackages: remotePath('/site/wwwroot/antenv/lib/python3.11/site-packages'),
    gaps: [],
    ...changes
  }
}

export function snapshotOf(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    layout: 'venv-tree',
    environment: environmentOf(),
    doubt: undefined,
    lock: undefined,
    secondArchive: undefined,
    rebuiltBy: ['oryx-manifest.toml'],
    shippedBy: undefined,
    ...changes
  }
}

export function expectationOf(changes: Partial<Expectation> = {}): Expectation {
  return {
    pythonInput: undefined,
    pythonRuntime: undefined,
    kuduScript: { runs: false, detail: 'the package has no requirements.txt' },
    ...changes
  }
}

export function policyOf(changes: Partial<Policy> = {}): Policy {
  return { resetEnv: false, mode: 'auto', ...changes }
}
