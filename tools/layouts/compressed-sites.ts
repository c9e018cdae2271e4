// The sites whose deployments build from nothing: an archive of the environment, or one that is the app.
import { AS_IT_WAS, EITHER, GONE, MODES, NEW, PLAIN, PUT_BACK, rebuilt, reset } from './vocabulary.ts'
import type { Row, Site } from './vocabulary.ts'

const APP = { layout: 'compressed-app', 'env-path': '', 'recommended-clean': '' } as const
const ONE_WISH = { wishes: ['another Python'] } as const

const MANIFEST = 'The manifest says `CompressDestinationDir="true"`.'
const ARCHIVE = 'The archive `output.tar.gz` (or `output.tar.zst`) holds the app with its environment.'
const NEVER_TOUCHED =
  'The archive, the manifest and `.ostype` are never touched: without the archive, start-up cannot start the app.'

/** Nothing is done in any mode, and the archive is that of the last good build. */
const REBUILT_ROWS: readonly Row[] = [
  {
    ...ONE_WISH,
    modes: MODES,
    forced: EITHER,
    main: rebuilt(),
    good: NEW,
    failing: AS_IT_WAS,
    missing: AS_IT_WAS
  }
]

const STALE_GOES = { main: reset('stale-archive', 'archive'), good: GONE, failing: GONE, missing: GONE }

const LEFT_OVER_GOES = {
  main: reset('requested', 'rename'),
  good: GONE,
  // Kudu has removed the manifest, so that nothing shows any more that the app does without the folder.
  failing: PUT_BACK,
  missing: GONE
}

const LEFT = { good: AS_IT_WAS, failing: AS_IT_WAS, missing: AS_IT_WAS }

/** The sites in which a deployment starts from nothing. */
export const COMPRESSED_SITES: readonly Site[] = [
  {
    key: 'compressed-app',
    title: 'Oryx, compressed',
    layout: 'compressed-app',
    origin: 'A Linux app is built by Oryx with its default settings.',
    survives: 'no',
    evidence: [MANIFEST, ARCHIVE],
    treatment: ['Nothing is done, whatever is demanded: each build starts from nothing.', NEVER_TOUCHED],
    place: 'site/wwwroot/output.tar.gz',
    shown: ['site/wwwroot/.ostype', 'site/wwwroot/oryx-manifest.toml', 'site/wwwroot/output.tar.gz'],
    matrices: [{ ...PLAIN, outputs: APP, ...ONE_WISH, rows: REBUILT_ROWS }]
  },
  {
    key: 'compressed-app-left-over',
    title: 'Oryx, compressed, with a left-over environment',
    layout: 'compressed-app',
    origin: 'Such an app was built without compression before, and nobody removed what that build had left.',
    survives: 'no',
    evidence: [MANIFEST, ARCHIVE, 'The folder `antenv` lies beside it and is dead weight: start-up does not read it.'],
    treatment: [
      'Nothing is done without a demand. A reset that is demanded removes the left-over folder, by renaming it into ' +
        '`/site/.azure-python-env/` first.',
      'It is deleted as long as the manifest says after the job that the app is compressed, and else put back.',
      NEVER_TOUCHED
    ],
    place: 'site/wwwroot/antenv',
    shown: [
      'site/wwwroot/.ostype',
      'site/wwwroot/antenv/lib/python3.10/site-packages/alpha-1.0.dist-info',
      'site/wwwroot/antenv/pyvenv.cfg',
      'site/wwwroot/oryx-manifest.toml',
      'site/wwwroot/output.tar.gz'
    ],
    matrices: [
      {
        ...PLAIN,
        outputs: { ...APP, 'env-path': '/site/wwwroot/antenv' },
        ...ONE_WISH,
        rows: [
          {
            ...ONE_WISH,
            modes: ['auto', 'never'],
            forced: [false],
            main: { ...rebuilt(), says: '/site/wwwroot/antenv is left over from another build' },
            ...LEFT
          },
          { ...ONE_WISH, modes: ['always'], forced: [false], ...LEFT_OVER_GOES },
          { ...ONE_WISH, modes: MODES, forced: [true], ...LEFT_OVER_GOES }
        ]
      }
    ]
  },
  {
    key: 'compressed-app-stale-archive',
    title: 'Oryx, compressed, with a stale archive',
    layout: 'compressed-app',
    origin: 'The build image changed its way of compressing, and the archive of the build before is still there.',
    survives: 'no',
    evidence: [
      MANIFEST,
      'There are two archives. One has the time of the manifest to a minute; the other is at least ten minutes away.'
    ],
    treatment: [
      'Start-up prefers `.zst`, even where it is the older one, and then runs old code: a reset sets the stale archive ' +
        'aside, and only that one.',
      'Where the times do not tell which one is stale, both stay, with a warning.',
      'The current archive, the manifest and `.ostype` are never touched.'
    ],
    place: 'site/wwwroot/output.tar.zst',
    shown: [
      'site/wwwroot/.ostype',
      'site/wwwroot/oryx-manifest.toml',
      'site/wwwroot/output.tar.gz',
      'site/wwwroot/output.tar.zst'
    ],
    matrices: [
      {
        ...PLAIN,
        outputs: APP,
        ...ONE_WISH,
        rows: [
          { ...ONE_WISH, modes: ['auto', 'always'], forced: [false], ...STALE_GOES },
          { ...ONE_WISH, modes: ['never'], forced: [false], main: rebuilt(1), ...LEFT },
          { ...ONE_WISH, modes: MODES, forced: [true], ...STALE_GOES }
        ]
      }
    ]
  },
  {
    key: 'compressed-env',
    title: 'Oryx, the environment compressed',
    layout: 'compressed-env',
    origin: 'Oryx is told to compress the environment alone (`compress_virtualenv`), and the app stays a tree.',
    survives: 'no',
    evidence: [
      'The manifest says `compressedVirtualEnvFile="antenv.tar.gz"`, and that archive is there.',
      'Start-up may have left `_del_antenv`, an older environment, and the link `antenv` to a folder outside of `/home`.'
    ],
    treatment: [
      'Nothing is done, whatever is demanded: each build packs a new environment.',
      'The archive that the manifest names, `_del_antenv` and the link are never touched, and the link is never entered.'
    ],
    place: 'site/wwwroot/antenv.tar.gz',
    shown: [
      'site/wwwroot/_del_antenv/pyvenv.cfg',
      'site/wwwroot/antenv',
      'site/wwwroot/antenv.tar.gz',
      'site/wwwroot/app.py',
      'site/wwwroot/oryx-manifest.toml'
    ],
    matrices: [
      {
        ...PLAIN,
        outputs: { layout: 'compressed-env', 'env-path': '', 'recommended-clean': '' },
        ...ONE_WISH,
        rows: REBUILT_ROWS
      }
    ]
  }
]
