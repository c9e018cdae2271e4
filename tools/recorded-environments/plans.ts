// Which environments are recorded, and by which commands. Data; every version is named, so that a second run gives the same.

/** One command, run in wwwroot. `pythonX.Y`, `python` and `uv` at any place mean the program that was found. */
export interface Step {
  readonly command: string
  /** The command is killed as soon as a path appears that matches this pattern. */
  readonly killedAt?: string
  /** The command is expected to fail. */
  readonly fails?: boolean
}

/** How one environment is made. */
export interface Plan {
  readonly name: string
  /** The Pythons that have to be there; the first is what `python` means. */
  readonly pythons: readonly [string, ...string[]]
  /** What pip installs into a throw-away folder beforehand. */
  readonly tool?: string
  readonly steps: readonly Step[]
}

const VIRTUALENV_16 = 'virtualenv==16.7.10'
const VIRTUALENV_20 = 'virtualenv==20.26.6'
const VIRTUALENV_21 = 'virtualenv==21.15.8'
const UV = 'uv==0.13.9'

function venv(name: string, python: string, options = '', program = `python${python}`): Plan {
  const command = `${program} -m venv ${options} antenv`.replace('  ', ' ')
  return { name, pythons: [python], steps: [{ command }] }
}

function virtualenv(name: string, tool: string, python: string, options = ''): Plan {
  const command = `python${python} -m virtualenv ${options} antenv`.replace('  ', ' ')
  return { name, tool, pythons: [python], steps: [{ command }] }
}

function uv(name: string, python: string, options = '', tool = UV): Plan {
  const command = `uv venv --python python${python} ${options} antenv`.replace('  ', ' ')
  return { name, tool, pythons: [python], steps: [{ command }] }
}

function over(name: string, pythons: readonly [string, string], last: string, tool?: string): Plan {
  // Copies, where virtualenv before 20 follows: it writes through a link, into the interpreter that the link points to.
  const copies = last.includes('--no-download') ? ' --copies' : ''
  const steps = [{ command: `python${pythons[0]} -m venv${copies} antenv` }, { command: last }]
  return tool === undefined ? { name, pythons, steps } : { name, tool, pythons, steps }
}

const WHOLE: readonly Plan[] = [
  venv('venv-3.6', '3.6'),
  venv('venv-3.7', '3.7', '', 'python'),
  venv('venv-3.8-copies', '3.8', '--copies'),
  venv('venv-3.9-system-site-packages', '3.9', '--system-site-packages'),
  venv('venv-3.10-symlinks', '3.10', '--symlinks'),
  venv('venv-3.11-upgrade-deps', '3.11', '--upgrade-deps'),
  venv('venv-3.12-without-pip', '3.12', '--without-pip'),
  venv('venv-3.13', '3.13'),
  {
    name: 'venv-3.12-packages',
    pythons: ['3.12'],
    steps: [
      { command: 'python3.12 -m venv --prompt my=app antenv' },
      {
        command:
          'antenv/bin/pip install -q --no-deps flask==3.0.3 zope.interface==6.1 ruamel.yaml==0.18.6 typing_extensions==4.9.0'
      }
    ]
  },
  virtualenv('virtualenv-1.11', 'virtualenv==1.11.6', '2.7'),
  virtualenv('virtualenv-16-python-2.7', VIRTUALENV_16, '2.7', '--no-download'),
  virtualenv('virtualenv-16-python-3.6', VIRTUALENV_16, '3.6', '--no-download'),
  virtualenv('virtualenv-16-system-site-packages', VIRTUALENV_16, '2.7', '--no-download --system-site-packages'),
  virtualenv('virtualenv-20.0', 'virtualenv==20.0.35', '3.8'),
  virtualenv('virtualenv-20.4', 'virtualenv==20.4.7', '3.9'),
  virtualenv('virtualenv-20.4-python-2.7', 'virtualenv==20.4.7', '2.7'),
  virtualenv('virtualenv-20.26', VIRTUALENV_20, '3.12'),
  virtualenv('virtualenv-21', VIRTUALENV_21, '3.12'),
  virtualenv('virtualenv-21-copies', VIRTUALENV_21, '3.13', '--copies'),
  uv('uv', '3.12'),
  uv('uv-seed', '3.13', '--seed'),
  uv('uv-0.1', '3.11', '', 'uv==0.1.24'),
  {
    name: 'easy-install',
    tool: VIRTUALENV_16,
    pythons: ['2.7'],
    steps: [
      { command: 'python2.7 -m virtualenv --no-download antenv' },
      { command: 'antenv/bin/easy_install -q six==1.16.0' }
    ]
  },
  {
    name: 'failed-pip',
    pythons: ['3.8'],
    steps: [
      { command: 'python3.8 -m venv --copies antenv' },
      { command: 'antenv/bin/pip install --no-index absent==1.0', fails: true }
    ]
  }
]

const MIXED: readonly Plan[] = [
  over('venv-3.8-over-3.11', ['3.11', '3.8'], 'python3.8 -m venv antenv'),
  over('venv-3.11-over-3.8', ['3.8', '3.11'], 'python3.11 -m venv --copies antenv'),
  over('venv-clear', ['3.8', '3.11'], 'python3.11 -m venv --clear antenv'),
  over('venv-upgrade', ['3.8', '3.11'], 'python3.11 -m venv --upgrade antenv'),
  over('virtualenv-over-venv', ['3.11', '3.11'], 'python3.11 -m virtualenv antenv', VIRTUALENV_21),
  over('virtualenv-over-older-venv', ['3.8', '3.12'], 'python3.12 -m virtualenv antenv', VIRTUALENV_21),
  over('virtualenv-16-over-venv', ['3.6', '3.6'], 'python3.6 -m virtualenv --no-download antenv', VIRTUALENV_16),
  over('virtualenv-16-over-newer-venv', ['3.11', '2.7'], 'python2.7 -m virtualenv --no-download antenv', VIRTUALENV_16),
  over('uv-over-venv', ['3.8', '3.12'], 'uv venv --python python3.12 --allow-existing antenv', UV),
  {
    name: 'newer-build-copied-over',
    pythons: ['3.11'],
    steps: [
      { command: 'python3.11 -m venv antenv' },
      { command: 'antenv/bin/pip install -q --no-deps flask==2.3.3 six==1.16.0' },
      { command: 'python3.11 -m venv build/antenv' },
      { command: 'build/antenv/bin/pip install -q --no-deps flask==3.0.3' },
      { command: 'cp -R build/antenv/. antenv/' }
    ]
  },
  {
    name: 'pip-killed',
    pythons: ['3.11'],
    steps: [
      { command: 'python3.11 -m venv antenv' },
      { command: 'antenv/bin/pip install -q pip==23.0.1', killedAt: '**/site-packages/~*.dist-info' }
    ]
  }
]

const NOT_WHOLE: readonly Plan[] = [
  {
    name: 'venv-killed',
    pythons: ['3.11'],
    steps: [{ command: 'python3.11 -m venv antenv', killedAt: '**/site-packages/pip' }]
  },
  {
    name: 'pip-prefix',
    pythons: ['3.11'],
    steps: [{ command: 'python3.11 -m pip install -q --no-deps --prefix antenv flask==3.0.3' }]
  },
  {
    name: 'pip-target',
    pythons: ['3.11'],
    steps: [{ command: 'python3.11 -m pip install -q --no-deps --target antenv flask==3.0.3' }]
  }
]

/** All of them, in the order in which they are made. */
export const PLANS: readonly Plan[] = [...WHOLE, ...MIXED, ...NOT_WHOLE]
