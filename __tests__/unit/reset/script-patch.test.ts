import { describe, expect, it } from 'vitest'
import { patchScript, stampOf, unpatchScript } from '../../../src/reset/script-patch.ts'
import { BATCH_VARIANTS, generated, UNKNOWN_BATCH } from './batch-scripts.ts'
import { SHELL_SCRIPT, SHELL_VARIANTS, UNKNOWN_SHELL } from './shell-scripts.ts'

const SCRIPT = await generated()

function patched(text: string, stamp = 'run 7 of deploy.yml'): string {
  const result = patchScript(text, stamp)
  if (result.kind !== 'patched') throw new Error(JSON.stringify(result))
  return result.text
}

/** What has been put in, with what stands after it. */
function added(before: string, after: string): { readonly block: string; readonly next: string } {
  let start = 0
  while (before[start] === after[start] && start < before.length) start++
  start = after.lastIndexOf('\n', start) + 1
  const length = after.length - before.length
  return { block: after.slice(start, start + length), next: after.slice(start + length).split('\n')[0] ?? '' }
}

describe.each([
  ...BATCH_VARIANTS.map(([title, change, path = '%DEPLOYMENT_TARGET%\\env']) => ({
    title: `Kudu's batch script ${title}`,
    text: change(SCRIPT),
    deletion: `rmdir /s /q "${path}"`
  })),
  ...SHELL_VARIANTS.map(([title, change, path]) => ({
    title: `a shell script ${title}`,
    text: change(SHELL_SCRIPT),
    deletion: `rm -rf -- "${path}"`
  }))
])('$title', ({ text, deletion }) => {
  it('gets lines that delete the environment, and nothing else changes', () => {
    const after = patched(text)
    const { block } = added(text, after)
    expect(block).toContain(deletion)
    expect(block).toContain('run 7 of deploy.yml')
    expect(after.replace(block, () => '')).toBe(text)
  })

  it('has them before it tests or makes the environment', () => {
    const after = patched(text)
    expect(added(text, after).next).toMatch(/exist|\[|test|venv|virtualenv|-m %|cd |make_env|\\/i)
    const at = after.indexOf(deletion)
    const tested = /^(?!\s*(::|REM|#|echo)).*(-m (venv|%PYTHON_ENV_MODULE%)|virtualenv(\.exe)?"? -|uv venv|make_env$)/im
    const made = after.slice(at).search(tested)
    expect(made).toBeGreaterThan(0)
  })

  it('is the same after a second time, for this run and for another', () => {
    const once = patched(text)
    for (const stamp of ['run 7 of deploy.yml', 'run 8'])
      expect(patchScript(once, stamp)).toMatchObject({ kind: 'already', text: once })
    expect(stampOf(once)).toBe('run 7 of deploy.yml')
  })

  it('is what it was when the lines are taken out', () => {
    expect(unpatchScript(patched(text))).toBe(text)
    expect(unpatchScript(text)).toBe(text)
  })
})

describe.each([
  ...UNKNOWN_BATCH.map(([title, change, why]) => ({
    title: `Kudu's batch script ${title}`,
    text: change(SCRIPT),
    why
  })),
  ...UNKNOWN_SHELL.map(([title, change, why]) => ({ title: `a script ${title}`, text: change(SHELL_SCRIPT), why }))
])('$title', ({ text, why }) => {
  it('is refused, with the reason', () => {
    const result = patchScript(text, 'run 1')
    expect(result).toMatchObject({ kind: 'unrecognised' })
    expect('detail' in result && result.detail).toMatch(why)
  })
})

describe('the lines', () => {
  it('are the same for a script that kuduscript makes for a folder of the repository', async () => {
    const text = await generated('--sitePath', 'web')
    expect(text).not.toBe(SCRIPT)
    expect(added(text, patched(text)).block).toBe(added(SCRIPT, patched(SCRIPT)).block)
  })

  it('end as the lines around them do', () => {
    expect(
      patched(SCRIPT)
        .split('\n')
        .every(line => line.endsWith('\r') || line === '')
    ).toBe(true)
    expect(patched(SHELL_SCRIPT)).not.toContain('\r')
  })

  it('hold nothing of a stamp that could mean something to cmd or a shell', () => {
    for (const text of [SCRIPT, SHELL_SCRIPT]) {
      const after = patched(text, 'a"b%PATH%`rm -rf /`$(x)\r\necho & | > ^ !X! \u0000 (y)')
      expect(stampOf(after)).toBe('a_b_PATH_rm -rf /_x_echo _ _ _ _ _X_ _ _y_')
      expect(after.split('\n')).toHaveLength(patched(text).split('\n').length)
    }
  })

  it('replace those of an earlier run that stand in the wrong place or were changed', () => {
    const once = patched(SCRIPT, 'run 1')
    const { block } = added(SCRIPT, once)
    expect(patchScript(`${block}${SCRIPT}`, 'run 2')).toMatchObject({ kind: 'patched', text: patched(SCRIPT, 'run 2') })
    const changed = once.replace('cmd /c exit 0', 'echo nothing')
    expect(patchScript(changed, 'run 2')).toMatchObject({ kind: 'patched', text: patched(SCRIPT, 'run 2') })
  })

  it('hold comments within parentheses that cmd takes for such', () => {
    const [, change] = BATCH_VARIANTS.find(([title]) => title === 'within a condition') ?? []
    const { block } = added(change?.(SCRIPT) ?? '', patched(change?.(SCRIPT) ?? ''))
    expect(block).toMatch(/^ {2}REM azure-python-env begins: /)
    expect(block).not.toContain('::')
  })

  it('never name a variable of a shell without ending the script where that is empty', () => {
    for (const [, change] of SHELL_VARIANTS) {
      const text = change(SHELL_SCRIPT)
      const { block } = added(text, patched(text))
      expect(block.replace(/\$\{\w+:\?\}/g, '')).not.toContain('$')
    }
  })
})
