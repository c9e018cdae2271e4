import { describe, expect, it } from 'vitest'
import { readPushLog, type PushLog } from '../../../src/azure/push-log.ts'
import { judge, type Deployment } from '../../../src/reset/toggle-outcome.ts'
import { ToggleError, type Runtimes } from '../../../src/reset/toggle-version.ts'

const RUNTIMES: Runtimes = { via: '3.4', after: '3.6', warnings: [] }
const [TOGGLED, ORIGINAL] = ['a'.repeat(40), 'b'.repeat(40)] as const
const FRESH: Partial<PushLog> = { environment: 'created', created: '3.6', succeeded: true }

const deployment = (commit: string, log: Partial<PushLog>): Deployment => ({
  commit,
  log: { ...readPushLog([]), commit: commit.slice(0, 10), branch: 'master', ...log }
})
const outcome = (last: Partial<PushLog>, first: Partial<PushLog> = {}): unknown =>
  judge([deployment(TOGGLED, first), deployment(ORIGINAL, last)], RUNTIMES, 'master')

describe('two deployments', () => {
  it.each<[string, Partial<PushLog>]>([
    ['did what it should', { ...FRESH, created: '3.4' }],
    ['failed in pip', { ...FRESH, created: '3.4', succeeded: false, pipFailed: true }],
    ['could not delete the environment', { environment: 'deleting', succeeded: false }],
    ['was cut off', { commit: undefined, branch: undefined }]
  ])('brought a new environment where the second made one and the first %s', (_, first) => {
    expect(outcome(FRESH, first)).toEqual({ isShown: true, warnings: [] })
  })

  it('leave it open where the log of the second was cut off', () => {
    expect(outcome({})).toMatchObject({ isShown: false, warnings: [/was cut off/] })
    expect(outcome({ environment: 'deleting' })).toMatchObject({ isShown: false })
  })

  it('are remarked on where the server took another version', () => {
    expect(outcome({ ...FRESH, created: '2.7' })).toMatchObject({
      isShown: true,
      warnings: [/Python 2.7, and 3.6 was expected/]
    })
  })

  it.each<[string, Partial<PushLog>, Partial<PushLog>, RegExp]>([
    ['kept the environment', { environment: 'kept', succeeded: true }, {}, /still the old one/],
    ['said nothing of one', { succeeded: true }, {}, /without Kudu's Python script/],
    ['failed in pip', { ...FRESH, succeeded: false, pipFailed: true }, {}, /because pip failed/],
    ['failed elsewhere', { succeeded: false }, {}, /because its script failed/],
    ['failed over the runtime', { succeeded: false, unsupportedRuntime: '::x' }, {}, /does not know :\\u\{3a\}x/],
    ['failed to know the first runtime', FRESH, { unsupportedRuntime: 'python-3.4' }, /does not know python-3.4/],
    ['were built by Oryx', FRESH, { linuxBuild: 'oryx' }, /runs on Linux and is built by Oryx/],
    ['were of another commit', { ...FRESH, commit: 'c'.repeat(10), branch: 'main' }, {}, /deploys the branch "main"/],
    ['were of another branch', { ...FRESH, commit: undefined, branch: 'main' }, {}, /deploys the branch "main"/]
  ])('are an error that says where the branch stands, where they %s', (_, last, first, message) => {
    expect(() => outcome(last, first)).toThrow(ToggleError)
    expect(() => outcome(last, first)).toThrow(message)
    expect(() => outcome(last, first)).toThrow(/The branch is back on bbbbbbbbbb$/)
  })
})
