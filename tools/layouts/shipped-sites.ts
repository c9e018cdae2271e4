// The site whose environment comes with its package, and its whole matrix.
import {
  AS_IT_WAS,
  MODES,
  NEW,
  PLAIN,
  PUT_BACK,
  UPDATED,
  WISHES,
  kept,
  reset,
  type End,
  type Matrix,
  type Site
} from './vocabulary.ts'

const COMES_BACK = 'came with the package'

/** The package brings the other version again: what decides is the package. */
const NEW_OF_OLD_PYTHON: End = { there: 'new', warnings: 1, says: 'What decides is the package' }

const SHIPPED_MATRIX: Matrix = {
  ...PLAIN,
  outputs: { layout: 'venv-tree', 'env-path': '/site/wwwroot/env', 'recommended-clean': 'false' },
  wishes: WISHES,
  rows: [
    {
      wishes: ['same Python'],
      modes: ['auto'],
      forced: [false],
      main: kept('up-to-date', 1),
      good: UPDATED,
      failing: AS_IT_WAS,
      missing: AS_IT_WAS
    },
    {
      wishes: ['same Python'],
      modes: ['never'],
      forced: [false],
      main: kept('never', 1),
      good: UPDATED,
      failing: AS_IT_WAS,
      missing: AS_IT_WAS
    },
    {
      wishes: ['another Python'],
      modes: ['never'],
      forced: [false],
      main: kept('never', 2),
      good: UPDATED,
      failing: AS_IT_WAS,
      missing: AS_IT_WAS
    },
    {
      wishes: ['another Python'],
      modes: ['auto'],
      forced: [false],
      main: { ...reset('python-version-changed', 'rename', 2), says: COMES_BACK },
      good: NEW_OF_OLD_PYTHON,
      failing: PUT_BACK,
      missing: PUT_BACK
    },
    {
      wishes: ['same Python'],
      modes: ['always'],
      forced: [false],
      main: { ...reset('requested', 'rename', 2), says: COMES_BACK },
      good: NEW,
      failing: PUT_BACK,
      missing: PUT_BACK
    },
    {
      wishes: ['same Python'],
      modes: MODES,
      forced: [true],
      main: { ...reset('requested', 'rename', 2), says: COMES_BACK },
      good: NEW,
      failing: PUT_BACK,
      missing: PUT_BACK
    },
    {
      wishes: ['another Python'],
      modes: ['always'],
      forced: [false],
      main: { ...reset('requested', 'rename', 2), says: COMES_BACK },
      good: NEW_OF_OLD_PYTHON,
      failing: PUT_BACK,
      missing: PUT_BACK
    },
    {
      wishes: ['another Python'],
      modes: MODES,
      forced: [true],
      main: { ...reset('requested', 'rename', 2), says: COMES_BACK },
      good: NEW_OF_OLD_PYTHON,
      failing: PUT_BACK,
      missing: PUT_BACK
    }
  ]
}

/** The sites that the workflow brings an environment to. */
export const SHIPPED_SITES: readonly Site[] = [
  {
    key: 'shipped',
    title: 'An environment in the package',
    layout: 'venv-tree',
    origin: 'The workflow makes the environment and deploys it with the app; the server builds nothing.',
    survives: 'yes',
    evidence: [
      'The folder `env` holds `pyvenv.cfg`, `bin` and `lib/pythonX.Y/site-packages`; there is no Oryx manifest.',
      'The manifest of the active deployment, `/site/deployments/<id>/manifest`, has its files line by line.'
    ],
    treatment: [
      'Each run warns that the package contains an environment; with `fail-on-packaged-venv` it fails before it connects.',
      'Where the `pyvenv.cfg` of the package differs from the one on the server, that is a reason to reset: `venv-in-package`.',
      'A reset renames the folder into `/site/.azure-python-env/`, and warns: the environment came with the package, and ' +
        'comes back with the next one unless it is left out there.',
      'It is deleted after a deployment that brought it again, and else put back.'
    ],
    place: 'site/wwwroot/env',
    shown: [
      'site/deployments/active',
      'site/deployments/<id>/manifest',
      'site/wwwroot/app.py',
      'site/wwwroot/env/bin/python',
      'site/wwwroot/env/lib/python3.11/site-packages/alpha-1.0.dist-info',
      'site/wwwroot/env/pyvenv.cfg'
    ],
    matrices: [SHIPPED_MATRIX]
  }
]
