// What becomes of a test whose server is not there.
import { it, type TestContext } from 'vitest'

/** Skips a test and says why, or fails it in continuous integration. `missing`: `undefined` where the server is there. */
export function skipWhereMissing(context: Pick<TestContext, 'skip'>, missing: string | undefined): void {
  if (missing === undefined) return
  if (process.env['CI'] === 'true') throw new Error(missing)
  context.skip(missing)
}

/** Stands for all tests of a server that is not there; says whether it does. */
export function standsForAll(missing: string | undefined): missing is string {
  if (missing === undefined) return false
  it('can be started', context => {
    skipWhereMissing(context, missing)
  })
  return true
}
