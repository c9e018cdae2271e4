// The sites that keep a tree over their deployments: Oryx uncompressed, KuduScript's bash script, a folder of packages.
import { PACKAGES_ROWS, TREE_ROWS, damagedRows } from './tree-rows.ts'
import { PLAIN, WISHES, reset } from './vocabulary.ts'
import type { Site } from './vocabulary.ts'

const outputs = { layout: 'venv-tree', 'env-path': '/site/wwwroot/antenv', 'recommended-clean': 'false' } as const

const MANIFEST =
  'The manifest says `virtualEnvName="antenv"` and `CompressDestinationDir="false"`, and names no archive.'

const RENAMED =
  'A reset renames the folder into `/site/.azure-python-env/`. It is deleted there after a deployment that made a new ' +
  'one, and else put back.'

const UNTOUCHED = 'The manifest and everything beside the folder stay as they are.'

const TREE = [
  'site/wwwroot/antenv/bin/activate',
  'site/wwwroot/antenv/bin/python',
  'site/wwwroot/antenv/lib/python3.11/site-packages/alpha-1.0.dist-info',
  'site/wwwroot/antenv/lib64',
  'site/wwwroot/antenv/pyvenv.cfg'
]

/** The sites whose environment or packages outlive a deployment because it is copied over them. */
export const TREE_SITES: readonly Site[] = [
  {
    key: 'venv-tree',
    title: 'Oryx, uncompressed',
    layout: 'venv-tree',
    origin: 'A Linux app is built by Oryx without compression (`BUILD_FLAGS=Off`, or built before about March 2021).',
    survives: 'yes',
    evidence: [MANIFEST, 'The folder `antenv` holds `pyvenv.cfg`, `bin` and `lib/pythonX.Y/site-packages`.'],
    treatment: [
      'Each build is copied over the old tree without deleting: removed packages stay, an upgraded package is there ' +
        'twice, and a new Python version lies beside the old one.',
      RENAMED,
      UNTOUCHED
    ],
    place: 'site/wwwroot/antenv',
    shown: [...TREE, 'site/wwwroot/app.py', 'site/wwwroot/oryx-manifest.toml', 'site/wwwroot/requirements.txt'],
    matrices: [{ ...PLAIN, outputs, wishes: WISHES, rows: TREE_ROWS }]
  },
  {
    key: 'venv-tree-script',
    title: "KuduScript's bash script",
    layout: 'venv-tree',
    origin: 'A Linux app is deployed by the script that KuduScript generates for bash, or by one made from it.',
    survives: 'yes',
    evidence: [
      'There is no manifest.',
      'The folder `antenv` holds `pyvenv.cfg`, `bin` and `lib/pythonX.Y/site-packages`.',
      'Kudu knows an active deployment (`/site/deployments/active`), which shows that the next one builds as well.'
    ],
    treatment: [
      'The script runs venv over the old folder with no look at its version: the old interpreter and the old ' +
        '`lib/pythonX.Y` stay, and `pyvenv.cfg` says that they are new.',
      RENAMED
    ],
    place: 'site/wwwroot/antenv',
    shown: [...TREE, 'site/deployments/active', 'site/deployments/<id>/manifest', 'site/wwwroot/requirements.txt'],
    matrices: [{ ...PLAIN, outputs, wishes: WISHES, rows: TREE_ROWS }]
  },
  {
    key: 'packages-dir',
    title: 'Oryx, packages in a folder',
    layout: 'packages-dir',
    origin: 'Oryx is told to install into a folder without an environment (`packagedir`), uncompressed.',
    survives: 'yes',
    evidence: [
      'The manifest says `packagedir="__oryx_packages__"` and has no `virtualEnvName`.',
      'That folder holds packages and their `*.dist-info` at its top, and console scripts in `bin`.'
    ],
    treatment: [
      'Each build is copied over the old folder without deleting.',
      'The folder has no Python and no parts that could be missing, so that a Python version never speaks against it.',
      RENAMED,
      UNTOUCHED
    ],
    place: 'site/wwwroot/__oryx_packages__',
    shown: [
      'site/wwwroot/__oryx_packages__/alpha/__init__.py',
      'site/wwwroot/__oryx_packages__/alpha-1.0.dist-info/METADATA',
      'site/wwwroot/__oryx_packages__/bin/alpha',
      'site/wwwroot/oryx-manifest.toml',
      'site/wwwroot/requirements.txt'
    ],
    matrices: [
      {
        ...PLAIN,
        outputs: {
          layout: 'packages-dir',
          'env-path': '/site/wwwroot/__oryx_packages__',
          'recommended-clean': 'false'
        },
        wishes: WISHES,
        rows: PACKAGES_ROWS
      }
    ]
  },
  {
    key: 'broken',
    title: 'An environment that is not whole',
    layout: 'venv-tree',
    origin: 'A deletion or an installation was cut, and parts of the environment are missing.',
    survives: 'yes',
    evidence: [
      MANIFEST,
      'The folder `antenv` is proven to be an environment, and its interpreter `bin/python` is not there.'
    ],
    treatment: [RENAMED, 'Where no deployment makes a new one, the same broken environment is put back.'],
    place: 'site/wwwroot/antenv',
    shown: [...TREE.filter(path => !path.endsWith('/python')), 'site/wwwroot/oryx-manifest.toml'],
    matrices: [{ ...PLAIN, outputs, wishes: ['same Python'], rows: damagedRows(reset('broken', 'rename')) }]
  },
  {
    key: 'mixed',
    title: 'Two Python versions in one environment',
    layout: 'venv-tree',
    origin: 'The Python version of the app was changed, and the new build was copied over the old one.',
    survives: 'yes',
    evidence: [MANIFEST, 'The folder `antenv` holds `lib/python3.10` beside `lib/python3.11`.'],
    treatment: [RENAMED],
    place: 'site/wwwroot/antenv',
    shown: [
      ...TREE,
      'site/wwwroot/antenv/lib/python3.10/site-packages/alpha-1.0.dist-info',
      'site/wwwroot/oryx-manifest.toml'
    ],
    matrices: [{ ...PLAIN, outputs, wishes: ['same Python'], rows: damagedRows(reset('mixed-versions', 'rename')) }]
  }
]
