import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPushLog, type PushLog } from '../../../src/azure/push-log.ts'

const NOTHING: PushLog = {
  commit: undefined,
  branch: undefined,
  unsupportedRuntime: undefined,
  environment: undefined,
  created: undefined,
  pipFailed: false,
  linuxBuild: undefined,
  succeeded: undefined
}

const BEGUN = [
  "Updating branch 'master'.",
  'Updating submodules.',
  "Preparing deployment for commit id '0123456789'.",
  'Running deployment command...',
  'Handling python deployment.'
]
const ABOUT = { branch: 'master', commit: '0123456789' }

describe('the log of a push', () => {
  it('tells of an environment that was made anew', () => {
    const lines = [
      ...BEGUN,
      'Detected python-3.4.1',
      'Deleting incompatible virtual environment.',
      'Creating python-3.4 virtual environment.',
      'Pip install requirements.',
      'Finished successfully.',
      'Deployment successful.'
    ]
    expect(readPushLog(lines)).toEqual({
      ...NOTHING,
      ...ABOUT,
      environment: 'created',
      created: '3.4',
      succeeded: true
    })
  })

  it('tells of one that was kept', () => {
    const lines = [...BEGUN, 'Found compatible virtual environment.', 'Deployment successful. deployer = git']
    expect(readPushLog(lines)).toEqual({ ...NOTHING, ...ABOUT, environment: 'kept', succeeded: true })
  })

  it('tells of one that could not be deleted', () => {
    const lines = [
      ...BEGUN,
      'Deleting incompatible virtual environment.',
      'Access is denied.',
      'An error has occurred during web site deployment.'
    ]
    expect(readPushLog(lines)).toEqual({ ...NOTHING, ...ABOUT, environment: 'deleting', succeeded: false })
  })

  it('tells of a pip that failed', () => {
    const lines = [
      ...BEGUN,
      'Creating python-2.7 virtual environment.',
      'Pip install requirements.',
      'An error has occurred during web site deployment.',
      'Error - Changes committed to remote repository but deployment to website failed.'
    ]
    const created = { environment: 'created', created: '2.7' } as const
    expect(readPushLog(lines)).toEqual({ ...NOTHING, ...ABOUT, ...created, pipFailed: true, succeeded: false })
  })

  it('tells of a runtime that is not known', () => {
    const lines = [...BEGUN, 'Unsupported runtime: python-3.5', 'Supported runtime values are:', 'python-2.7']
    const failed = 'Error - Changes committed to remote repository but deployment to website failed.'
    const expected = { ...NOTHING, ...ABOUT, unsupportedRuntime: 'python-3.5', succeeded: false }
    expect(readPushLog([...lines, failed])).toEqual(expected)
  })

  it.each([
    ['Running oryx build...', 'oryx'],
    ['Oryx Version: 0.2.20230508.1, Commit: 7fe2bf3', 'oryx'],
    ['Operation performed by Microsoft Oryx, https://github.com/Microsoft/Oryx', 'oryx'],
    ['Python Virtual Environment: antenv3.6', 'bash-script'],
    ['Downloading oryx-utils-1.0.tar.gz', undefined],
    ['Collecting Oryx', undefined]
  ])('tells from %j who builds', (line, linuxBuild) => {
    expect(readPushLog([line])).toEqual({ ...NOTHING, linuxBuild })
  })

  it('tells of an app that deploys another branch', () => {
    const line = "The current deployment branch is 'production', but nothing has been pushed to it"
    expect(readPushLog([line]).branch).toBe('production')
  })

  it('tells nothing where it was cut off, or is another one', () => {
    expect(readPushLog([])).toEqual(NOTHING)
    expect(readPushLog(['Resolving deltas: 100% (2/2), completed with 2 local objects.'])).toEqual(NOTHING)
  })

  it('never throws, and takes its words only from the beginning of a line', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), lines => {
        expect(readPushLog(lines.map(line => `x ${line}`))).toEqual(NOTHING)
      })
    )
  })
})
