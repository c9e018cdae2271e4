// How git is started: its settings, its environment, and what is made of its end.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProgramExtras, ProgramResult } from '../../../src/ports.ts'
import { complaintOf, gitOutput, isCommitId, runGit, type GitEnd, type GitRunner } from '../../../src/reset/git.ts'
import { ToggleError } from '../../../src/reset/toggle-version.ts'

interface Started extends GitRunner {
  readonly extras: ProgramExtras[]
}

/** A git that ends in one way, and remembers what it was given. */
function gitThat(result: ProgramResult): Started {
  const extras: ProgramExtras[] = []
  return {
    extras,
    signal: new AbortController().signal,
    run: (_program, _args, _limits, given = {}) => {
      extras.push(given)
      return Promise.resolve(result)
    }
  }
}

const FINE: ProgramResult = { kind: 'ended', exitCode: 0, stdout: 'said\n', stderr: '' }
const failing = (stderr: string): GitEnd => ({ kind: 'ended', exitCode: 128, stdout: '', stderr })

const present = process.env['GIT_CONFIG_COUNT']
beforeEach(() => {
  delete process.env['GIT_CONFIG_COUNT']
})
afterEach(() => {
  if (present === undefined) delete process.env['GIT_CONFIG_COUNT']
  else process.env['GIT_CONFIG_COUNT'] = present
})

describe('the settings of git', () => {
  async function environment(
    config: readonly (readonly [string, string])[] = []
  ): Promise<NonNullable<ProgramExtras['env']>> {
    const git = gitThat(FINE)
    await runGit(git, ['version'], { config })
    return git.extras[0]?.env ?? {}
  }

  it('come from its environment, those of the call last', async () => {
    const env = await environment([['a.b', 'c']])
    const count = Number(env['GIT_CONFIG_COUNT'])
    expect(env['GIT_CONFIG_KEY_0']).toBe('core.hooksPath')
    expect([env[`GIT_CONFIG_KEY_${count - 1}`], env[`GIT_CONFIG_VALUE_${count - 1}`]]).toEqual(['a.b', 'c'])
  })

  it('stand behind those that the job has there already', async () => {
    const alone = Number((await environment())['GIT_CONFIG_COUNT'])
    process.env['GIT_CONFIG_COUNT'] = '2'
    const env = await environment()
    expect(Number(env['GIT_CONFIG_COUNT'])).toBe(alone + 2)
    expect(env).not.toHaveProperty('GIT_CONFIG_KEY_1')
    expect(env['GIT_CONFIG_KEY_2']).toBe('core.hooksPath')
  })

  it('leave nobody to ask, and nothing that leads elsewhere or prints what is sent', async () => {
    const env = await environment()
    expect(env).toMatchObject({ GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', LC_ALL: 'C', GIT_ALLOW_PROTOCOL: 'https' })
    for (const name of [
      'GIT_DIR',
      'GIT_INDEX_FILE',
      'GIT_TRACE_CURL',
      'GIT_CURL_VERBOSE',
      'SSH_ASKPASS',
      'NODE_OPTIONS'
    ]) {
      expect(env).toHaveProperty(name, undefined)
    }
  })
})

describe('the end of git', () => {
  it('is what it printed, where it succeeded', async () => {
    expect(await gitOutput(gitThat(FINE), ['version'])).toBe('said\n')
  })

  it('is an error with its own words where it did not', async () => {
    const end = gitThat(failing('warning: x\nfatal: it is ::broken\n'))
    await expect(gitOutput(end, ['commit-tree'])).rejects.toThrow(ToggleError)
    await expect(gitOutput(end, ['commit-tree'])).rejects.toThrow('git commit-tree failed: it is :\\u{3a}broken')
  })

  it('is an error where there is none, or none that starts', async () => {
    await expect(runGit(gitThat({ kind: 'missing' }), ['version'])).rejects.toThrow(/There is no git on the path/)
    await expect(runGit(gitThat({ kind: 'failed', detail: 'EACCES' }), ['version'])).rejects.toThrow(/EACCES/)
  })

  it.each<[GitEnd, string]>([
    [failing('remote: fatal: theirs\nerror: first\nfatal: second\n'), 'first'],
    [failing('something else\n'), 'something else'],
    [failing(''), 'exit code 128'],
    [{ kind: 'late' }, 'it took too long']
  ])('is told in one line: %j', (end, expected) => {
    expect(complaintOf(end)).toBe(expected)
  })

  it('is a commit only where it is a whole id', () => {
    expect(
      ['0'.repeat(40), '', '0'.repeat(39), `${'0'.repeat(40)}\n`, 'HEAD', `+${'0'.repeat(40)}`].map(isCommitId)
    ).toEqual([true, ...Array<boolean>(5).fill(false)])
  })
})
