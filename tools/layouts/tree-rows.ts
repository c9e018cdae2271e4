// The matrix of every environment that outlives its deployments and is reset by renaming it: the same for all of them.
import {
  AS_IT_WAS,
  MODES,
  NEW,
  PUT_BACK,
  UPDATED,
  WISHES,
  kept,
  reset,
  type Main,
  type Row,
  type Wish
} from './vocabulary.ts'

/** The rows in which a reset is demanded. */
function demandedRows(wishes: readonly Wish[]): readonly Row[] {
  const ends = { good: NEW, failing: PUT_BACK, missing: PUT_BACK }
  return [
    { wishes, modes: ['always'], forced: [false], main: reset('requested', 'rename'), ...ends },
    { wishes, modes: MODES, forced: [true], main: reset('requested', 'rename'), ...ends }
  ]
}

/** An environment with nothing wrong in it, judged by its Python version. */
export const TREE_ROWS: readonly Row[] = [
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
    main: reset('python-version-changed', 'rename'),
    good: NEW,
    failing: PUT_BACK,
    missing: PUT_BACK
  },
  {
    wishes: ['another Python'],
    modes: ['never'],
    forced: [false],
    main: kept('never', 1),
    good: UPDATED,
    failing: AS_IT_WAS,
    missing: AS_IT_WAS
  },
  ...demandedRows(WISHES)
]

/** Packages in a folder without a Python: only a demand resets them. */
export const PACKAGES_ROWS: readonly Row[] = [
  {
    wishes: WISHES,
    modes: ['auto'],
    forced: [false],
    main: kept('up-to-date', 0),
    good: UPDATED,
    failing: AS_IT_WAS,
    missing: AS_IT_WAS
  },
  {
    wishes: WISHES,
    modes: ['never'],
    forced: [false],
    main: kept('never', 0),
    good: UPDATED,
    failing: AS_IT_WAS,
    missing: AS_IT_WAS
  },
  ...demandedRows(WISHES)
]

/** An environment in which something is wrong, whatever Python is wanted: `automatic` is what is done without a demand. */
export function damagedRows(automatic: Main): readonly Row[] {
  return [
    {
      wishes: ['same Python'],
      modes: ['auto'],
      forced: [false],
      main: automatic,
      good: NEW,
      failing: PUT_BACK,
      missing: PUT_BACK
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
    ...demandedRows(['same Python'])
  ]
}
