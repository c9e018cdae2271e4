// Programs that really run: what becomes of their arguments and answers, and that nothing of them is left when time is up.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { ProgramExtras, ProgramLimits, ProgramResult } from '../../src/ports.ts'
import { runProgram } from '../../src/programs.ts'

let folder: string
const path = process.env['PATH'] ?? ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'programs '))
  process.env['PATH'] = `${folder}${delimiter}${path}`
})
afterEach(async () => {
  process.env['PATH'] = path
  await rm(folder, { recursive: true, force: true })
})

const never = new AbortController().signal
const LIMITS: ProgramLimits = { timeoutMs: 20_000, signal: never }

/** Puts a program on the path that is a script around a JavaScript program, as az is one around Python. */
async function provide(name: string, javascript: string): Promise<void> {
  const file = join(folder, `${name}.mjs`)
  await writeFile(file, javascript)
  if (process.platform === 'win32') {
    await writeFile(join(folder, `${name}.cmd`), `@echo off\r\n"${process.execPath}" "${file}" %*\r\n`)
  } else {
    await writeFile(join(folder, name), `#!/bin/sh\n"${process.execPath}" "${file}" "$@"\nexit $?\n`, { mode: 0o755 })
  }
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 15_000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not happen')
    await pause(20)
  }
}

describe('a program that ends', () => {
  it('is told with its exit code and both of its streams', async () => {
    await provide('speaker', 'console.log("said ü"); console.error("moaned"); process.exitCode = 3')
    const result = await runProgram('speaker', [], LIMITS)
    expect(result).toEqual({ kind: 'ended', exitCode: 3, stdout: 'said ü\n', stderr: 'moaned\n' })
  })

  it('gets each argument as it is: no shell takes it apart or acts on it', async () => {
    await provide('echo-args', 'console.log(JSON.stringify(process.argv.slice(2)))')
    const args = ['two words', '{a:b,c:d}', '[].{name:name}', "it's", '(group)', 'ümlaut', 'a;b&c|d<e>f']
    const shell = process.platform === 'win32' ? [] : ['$(touch x)', '`id`', '$HOME', '%PATH%', '"quoted"', '*', '']
    const result = await runProgram('echo-args', [...args, ...shell], LIMITS)
    expect(result).toMatchObject({ kind: 'ended', exitCode: 0 })
    expect(JSON.parse(result.kind === 'ended' ? result.stdout : '')).toEqual([...args, ...shell])
  })

  it('is told whole where it writes much', async () => {
    await provide('much', 'process.stdout.write("0123456789".repeat(50_000))')
    const result = await runProgram('much', [], LIMITS)
    expect(result.kind === 'ended' ? result.stdout.length : 0).toBe(500_000)
  })
})

describe('what a program gets besides its arguments', () => {
  const printed = (result: ProgramResult): string => (result.kind === 'ended' ? result.stdout : result.kind)

  it('may be an input, which ends', async () => {
    await provide('reader', 'process.stdin.pipe(process.stdout)')
    for (const input of ['one\ntwo ü\0three', '', 'x'.repeat(300_000)]) {
      expect(printed(await runProgram('reader', [], LIMITS, { input }))).toBe(input)
    }
  })

  it('may be an input that it never reads', async () => {
    await provide('deaf', 'process.stdin.destroy(); process.exit(4)')
    const result = await runProgram('deaf', [], LIMITS, { input: 'x'.repeat(5_000_000) })
    expect(result).toMatchObject({ kind: 'ended', exitCode: 4 })
  })

  it('may be more in its environment, or less', async () => {
    await provide('teller', 'console.log(JSON.stringify([process.env.PROGRAMS_A, process.env.PROGRAMS_B]))')
    process.env['PROGRAMS_A'] = 'kept'
    process.env['PROGRAMS_B'] = 'kept'
    onTestFinished(() => {
      delete process.env['PROGRAMS_A']
      delete process.env['PROGRAMS_B']
    })
    const told = async (env: ProgramExtras['env']): Promise<unknown> =>
      JSON.parse(printed(await runProgram('teller', [], LIMITS, env ? { env } : {})))
    expect(await told(undefined)).toEqual(['kept', 'kept'])
    expect(await told({ PROGRAMS_A: 'new=1' })).toEqual(['new=1', 'kept'])
    expect(await told({ PROGRAMS_A: '', PROGRAMS_B: undefined })).toEqual(['', null])
    expect(process.env['PROGRAMS_A']).toBe('kept')
  })

  it('may be a folder to run in', async () => {
    await provide('where', 'console.log(process.cwd())')
    const cwd = await realpath(folder)
    expect(printed(await runProgram('where', [], LIMITS, { cwd })).trim()).toBe(cwd)
    expect(await runProgram('where', [], LIMITS, { cwd: join(folder, 'none') })).toMatchObject({ kind: 'failed' })
  })
})

describe('the lines of a program', () => {
  async function linesOf(javascript: string): Promise<readonly string[]> {
    await provide('writer', javascript)
    const lines: string[] = []
    await runProgram('writer', [], LIMITS, { onLine: line => void lines.push(line) })
    return lines
  }

  it('are told one by one, from both streams, whatever ends them', async () => {
    expect(await linesOf('process.stderr.write("a\\nb\\r\\nc\\rd\\n\\ne")')).toEqual(['a', 'b', 'c', 'd', '', 'e'])
    expect((await linesOf('console.log("out"); console.error("err")')).toSorted()).toEqual(['err', 'out'])
  })

  it('are told while it still runs', async () => {
    await provide('asker', 'console.log("ready"); process.stdin.resume(); setInterval(() => undefined, 1000)')
    const stop = new AbortController()
    const onLine = (line: string): void => {
      stop.abort(new Error(line))
    }
    await expect(runProgram('asker', [], { timeoutMs: 20_000, signal: stop.signal }, { onLine })).rejects.toThrow(
      'ready'
    )
  })

  it('are whole where they come in pieces, in the middle of a character or of a line end', async () => {
    const pieces = '[[0xc3],[0xbc,0x61,0x0d],[0x0a,0x62,0x0d],[0x63]]'
    const lines = await linesOf(`
      import { setTimeout } from 'node:timers/promises'
      for (const piece of ${pieces}) { process.stdout.write(Buffer.from(piece)); await setTimeout(60) }`)
    expect(lines).toEqual(['üa', 'b', 'c'])
  })

  it('are broken where they have no end', async () => {
    const lines = await linesOf('process.stdout.write("x".repeat(200_000))')
    expect(lines.join('')).toBe('x'.repeat(200_000))
    expect(lines.length).toBeGreaterThan(1)
  })
})

describe('a program that gives no answer', () => {
  it('keeps nobody waiting for what it leaves running, which may hold its pipes', async () => {
    await provide(
      'leaving',
      `import { spawn } from 'node:child_process'
       spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 15000)'], { stdio: 'inherit', detached: true }).unref()
       process.stdout.write('done')`
    )
    const module = pathToFileURL(join(import.meta.dirname, '..', '..', 'src', 'programs.ts')).href
    const asking = `import { runProgram } from '${module}'
      const limits = { timeoutMs: 12000, signal: new AbortController().signal }
      console.log(JSON.stringify(await runProgram('leaving', [], limits)))`
    const started = Date.now()
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', asking])
    expect(stdout).toContain('"stdout":"done"')
    expect(Date.now() - started).toBeLessThan(10_000)
  })

  it('may be missing from the path', async () => {
    expect(await runProgram('no-such-program-anywhere', [], LIMITS)).toEqual({ kind: 'missing' })
  })

  it.skipIf(process.platform === 'win32')(
    'may be impossible to start, which needs a script that names its interpreter',
    async () => {
      await writeFile(join(folder, 'broken'), '#!/no/such/interpreter\n', { mode: 0o755 })
      expect(await runProgram('broken', [], LIMITS)).toMatchObject({ kind: 'failed' })
    }
  )

  // Killing the script alone would leave the program behind it, and that one holds the pipes.
  const LASTING = `
    import { writeFileSync } from 'node:fs'
    writeFileSync(process.argv[2], String(process.pid))
    process.on('SIGTERM', () => undefined)
    setInterval(() => undefined, 1000)`

  async function pidIn(file: string): Promise<number> {
    let pid = 0
    await until(async () => {
      pid = Number(await readFile(file, 'utf8').catch(() => ''))
      return pid > 0
    })
    return pid
  }

  it('is killed when its time is up, with the program that it started', async () => {
    await provide('lasting', LASTING)
    const file = join(folder, 'pid')
    const result: ProgramResult = await runProgram('lasting', [file], { timeoutMs: 3000, signal: never })
    expect(result).toEqual({ kind: 'late' })
    const pid = await pidIn(file)
    await until(() => !isRunning(pid))
  })

  it('is killed when the run is told to stop, which rejects', async () => {
    await provide('lasting', LASTING)
    const file = join(folder, 'pid')
    const stop = new AbortController()
    const run = runProgram('lasting', [file], { timeoutMs: 60_000, signal: stop.signal }).catch(
      (error: unknown) => error
    )
    const pid = await pidIn(file)
    stop.abort(new Error('told to stop'))
    expect(String(await run)).toBe('Error: told to stop')
    await until(() => !isRunning(pid))
  })

  it('is not even started where the run has been told to stop before', async () => {
    await provide('lasting', LASTING)
    const file = join(folder, 'pid')
    const run = runProgram('lasting', [file], { ...LIMITS, signal: AbortSignal.abort(new Error('too late')) })
    await expect(run).rejects.toThrow('too late')
    await expect(readFile(file)).rejects.toThrow('ENOENT')
  })
})
