// The sites that need a second look: a link, several environments, an app that FTP does not show, and nothing at all.
import { TREE_ROWS } from './tree-rows.ts'
import {
  AS_IT_WAS,
  EITHER,
  MODES,
  NEW,
  PLAIN,
  PUT_BACK,
  REFUSED,
  UPDATED,
  WISHES,
  kept,
  reset,
  type End,
  type Row,
  type Site
} from './vocabulary.ts'

const UNKNOWN = { layout: 'unknown', 'env-path': '', 'recommended-clean': 'false' } as const
const ANTENV = { layout: 'venv-tree', 'env-path': '/site/wwwroot/antenv', 'recommended-clean': 'false' } as const
const NOT_REACHED = { good: AS_IT_WAS, failing: AS_IT_WAS, missing: AS_IT_WAS }

/** It cannot be told what to look at: kept with a warning, and a demand is an error before anything is deployed. */
function unknownRows(good: End, says: string): readonly Row[] {
  const wishes = ['same Python'] as const
  const refused = { ...REFUSED, says }
  return [
    {
      wishes,
      modes: ['auto', 'never'],
      forced: [false],
      main: { ...kept('unknown', 1), says },
      good,
      failing: AS_IT_WAS,
      missing: AS_IT_WAS
    },
    { wishes, modes: ['always'], forced: [false], main: refused, ...NOT_REACHED },
    { wishes, modes: MODES, forced: [true], main: refused, ...NOT_REACHED }
  ]
}

const LINK_REPLACED =
  'A build on the local App Service puts a folder of its own in the place of the link; what one on Azure does there is ' +
  'not established.'

/** The rows of a link that is listed as the folder that it leads to. */
function linkedRows(): readonly Row[] {
  const wishes = ['same Python'] as const
  const ends = { good: NEW, failing: PUT_BACK, missing: PUT_BACK }
  const left = { good: NEW, failing: AS_IT_WAS, missing: AS_IT_WAS }
  return [
    { wishes, modes: ['auto'], forced: [false], main: kept('up-to-date', 0), ...left },
    { wishes, modes: ['never'], forced: [false], main: kept('never', 0), ...left },
    { wishes, modes: ['always'], forced: [false], main: reset('requested', 'rename'), ...ends },
    { wishes, modes: MODES, forced: [true], main: reset('requested', 'rename'), ...ends }
  ]
}

/** The sites of which a look at wwwroot does not tell everything. */
export const UNCLEAR_SITES: readonly Site[] = [
  {
    key: 'linked',
    title: 'A link to an environment',
    layout: 'venv-tree',
    origin: 'Somebody moved the environment out of wwwroot and left a link in its place.',
    survives: 'not established',
    evidence: [
      'The name `antenv` in wwwroot is a link to a folder elsewhere on the same disk.',
      'Some servers list it as a link, others as the folder that it leads to: those do not tell it.'
    ],
    treatment: [
      'Where it is listed as a link, it is not entered: the layout is `unknown`, and a demanded reset fails.',
      'Where it is listed as a folder, a reset renames the link, and deletes it or puts it back. What it leads to is never ' +
        'touched.',
      LINK_REPLACED
    ],
    place: 'site/wwwroot/antenv',
    shown: ['envs/antenv/pyvenv.cfg', 'site/wwwroot/antenv', 'site/wwwroot/oryx-manifest.toml'],
    matrices: [
      {
        ...PLAIN,
        condition: 'where the server lists the link as a folder',
        outputs: ANTENV,
        wishes: ['same Python'],
        rows: linkedRows()
      },
      {
        ...PLAIN,
        condition: 'where the server lists the link as a link',
        server: 'unix',
        outputs: UNKNOWN,
        wishes: ['same Python'],
        rows: unknownRows(NEW, 'a link where the environment should be (antenv)')
      }
    ]
  },
  {
    key: 'several',
    title: 'Several environments',
    layout: 'unknown',
    origin: "The app's own deployment script made `.venv` once and makes `venv` now, and nothing deletes the old one.",
    survives: 'yes',
    evidence: ['Two folders in wwwroot are environments, neither is called `antenv`, and there is no manifest.'],
    treatment: [
      'Nothing is changed until the input "env-path" says which one the app uses: a warning names both, and a demanded ' +
        'reset fails.',
      'With "env-path", the folder that it names is treated as any tree, and the other one is never touched.'
    ],
    place: 'site/wwwroot/venv',
    shown: [
      'site/wwwroot/.venv/pyvenv.cfg',
      'site/wwwroot/app.py',
      'site/wwwroot/requirements.txt',
      'site/wwwroot/venv/pyvenv.cfg'
    ],
    matrices: [
      {
        ...PLAIN,
        condition: 'without "env-path"',
        outputs: UNKNOWN,
        wishes: ['same Python'],
        rows: unknownRows(UPDATED, '(.venv, venv)')
      },
      {
        ...PLAIN,
        condition: 'with "env-path" `venv`',
        envPath: 'venv',
        outputs: { ...ANTENV, 'env-path': '/site/wwwroot/venv' },
        wishes: WISHES,
        rows: TREE_ROWS
      }
    ]
  },
  {
    key: 'run-from-package',
    title: 'Run from a package',
    layout: 'unknown',
    origin: 'The app has the setting `WEBSITE_RUN_FROM_PACKAGE=1`: the server mounts a zip in the place of wwwroot.',
    survives: 'not seen',
    evidence: [
      '`/data/SitePackages/packagename.txt` names the package.',
      'There are no files of an app in wwwroot: FTP does not show what is mounted there.'
    ],
    treatment: [
      'Nothing can be changed: the layout is `unknown`, a warning names the zip, and a demanded reset fails.',
      'Everything below `/data/SitePackages` is never touched.'
    ],
    place: 'data/SitePackages',
    shown: [
      'data/SitePackages/20261120101500.zip',
      'data/SitePackages/packagename.txt',
      'site/wwwroot/hostingstart.html'
    ],
    matrices: [
      { ...PLAIN, outputs: UNKNOWN, wishes: ['same Python'], rows: unknownRows(UPDATED, '20261120101500.zip') }
    ]
  },
  {
    key: 'none',
    title: 'No environment',
    layout: 'none',
    origin: 'Nothing was deployed yet.',
    survives: 'nothing to keep',
    evidence: ['There is no environment in wwwroot, and no folder that could be one.'],
    treatment: ['Nothing is done, whatever is demanded.'],
    place: 'site/wwwroot/antenv',
    shown: ['site/wwwroot/hostingstart.html'],
    matrices: [
      {
        ...PLAIN,
        outputs: { layout: 'none', 'env-path': '', 'recommended-clean': '' },
        wishes: ['another Python'],
        rows: [
          {
            wishes: ['another Python'],
            modes: MODES,
            forced: EITHER,
            main: { result: 'absent', reason: 'absent', strategy: 'none', exitCode: 0, warnings: 0 },
            good: NEW,
            failing: AS_IT_WAS,
            missing: AS_IT_WAS
          }
        ]
      }
    ]
  }
]
