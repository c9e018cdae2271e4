// The sites of Kudu's Windows script, and the whole matrix of each.
import { AS_IT_WAS, EITHER, MODES, NEW, PLAIN, PUT_BACK, UPDATED, WISHES, kept, rebuilt, reset } from './vocabulary.ts'
import type { Site } from './vocabulary.ts'

const outputs = { layout: 'windows-env', 'env-path': '/site/wwwroot/env', 'recommended-clean': 'false' } as const

const SHAPE = [
  'site/wwwroot/env/Lib/site-packages/alpha-1.0.dist-info',
  'site/wwwroot/env/Scripts/activate',
  'site/wwwroot/env/Scripts/python.exe',
  'site/wwwroot/env/pyvenv.cfg',
  'site/wwwroot/requirements.txt'
]

/** The sites whose environment is `env`, with a marker or without. */
export const WINDOWS_SITES: readonly Site[] = [
  {
    key: 'windows-env',
    title: "Kudu's Windows script",
    layout: 'windows-env',
    origin:
      "A Windows app is deployed with a `requirements.txt`, so that Kudu's script makes `env` and runs pip in it.",
    survives: 'yes',
    evidence: [
      'The folder `env` holds a marker, the empty file `azure.env.python-X.Y.txt`, whose name is the Python version.',
      'Beside it are `Scripts` and `Lib/site-packages`.'
    ],
    treatment: [
      'A reset takes the marker away and nothing else: the app keeps running until the deployment, whose script removes ' +
        'an `env` without the marker of its version and makes a new one.',
      "Where Kudu's script will not run (`.skipPythonDeployment`, no `requirements.txt`, a command of the app's own), the " +
        'whole folder is set aside instead.',
      'The marker goes back only into the environment that it was taken from, unchanged.'
    ],
    place: 'site/wwwroot/env',
    shown: ['site/wwwroot/env/azure.env.python-3.4.txt', ...SHAPE],
    matrices: [
      {
        ...PLAIN,
        outputs,
        wishes: WISHES,
        rows: [
          {
            wishes: ['same Python'],
            modes: ['auto'],
            forced: [false],
            main: kept('up-to-date', 0),
            good: UPDATED,
            failing: AS_IT_WAS,
            missing: AS_IT_WAS
          },
          {
            wishes: ['same Python'],
            modes: ['never'],
            forced: [false],
            main: kept('never', 0),
            good: UPDATED,
            failing: AS_IT_WAS,
            missing: AS_IT_WAS
          },
          {
            wishes: ['another Python'],
            modes: ['auto'],
            forced: [false],
            main: reset('python-version-changed', 'marker'),
            good: NEW,
            failing: PUT_BACK,
            missing: PUT_BACK
          },
          {
            // The script makes a new one by itself where the marker names another version.
            wishes: ['another Python'],
            modes: ['never'],
            forced: [false],
            main: kept('never', 1),
            good: NEW,
            failing: AS_IT_WAS,
            missing: AS_IT_WAS
          },
          {
            wishes: WISHES,
            modes: ['always'],
            forced: [false],
            main: reset('requested', 'marker'),
            good: NEW,
            failing: PUT_BACK,
            missing: PUT_BACK
          },
          {
            wishes: WISHES,
            modes: MODES,
            forced: [true],
            main: reset('requested', 'marker'),
            good: NEW,
            failing: PUT_BACK,
            missing: PUT_BACK
          }
        ]
      }
    ]
  },
  {
    key: 'windows-env-unmarked',
    title: "Kudu's Windows script, without a marker",
    layout: 'windows-env',
    origin: 'Somebody deleted the marker of such a site by hand, or a reset was cut after it.',
    survives: 'no',
    evidence: ['The folder `env` has the shape of Windows (`Scripts`, `Lib/site-packages`), and no marker.'],
    treatment: [
      "Nothing is done, whatever is demanded: Kudu's script removes an `env` without a marker and makes a new one.",
      'Where that script will not run, the environment is judged and reset like any other.'
    ],
    place: 'site/wwwroot/env',
    shown: SHAPE,
    matrices: [
      {
        ...PLAIN,
        outputs,
        wishes: WISHES,
        rows: [
          {
            wishes: WISHES,
            modes: MODES,
            forced: EITHER,
            main: rebuilt(),
            good: NEW,
            failing: AS_IT_WAS,
            missing: AS_IT_WAS
          }
        ]
      }
    ]
  }
]
