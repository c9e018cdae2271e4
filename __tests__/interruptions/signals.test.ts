// SIGINT and SIGTERM at every command of the main step, where the environment is renamed aside; and in every kind of silence.
import { afterEach, describe, expect, it } from 'vitest'
import type { Layout } from '../../tools/local-appservice/kudu.ts'
import {
  addressed,
  contents,
  expectOnlyWarnings,
  expectStopped,
  holdLock,
  makeStopwatch,
  signalAt,
  startRawServer,
  type Answer,
  type Stopped,
  type StopSignal
} from '../contract/interference.ts'
import { startLab, type Lab } from '../contract/lab.ts'

let lab: Lab
afterEach(() => lab.close())

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const forced = { 'reset-env': 'true', connections: '1' }

interface Site {
  readonly layout: Layout
  readonly python: string
  readonly tls: 'explicit' | 'implicit'
}

const sites: readonly Site[] = [
  { layout: 'venv-tree', python: '3.11', tls: 'explicit' },
  { layout: 'windows-env', python: '3.4', tls: 'implicit' }
]

/** Inputs of a forced reset over the site's way of TLS. */
function inputsFor({ tls }: Site): Readonly<Record<string, string>> {
  return { ...forced, 'publish-profile': lab.app.publishProfile({ tls }) }
}

/** The commands of an undisturbed main step, to know how many there are and which of them change something. */
async function rehearse(site: Site): Promise<readonly { readonly name: string; readonly changing: boolean }[]> {
  lab = await startLab({ layout: site.layout, python: site.python })
  await lab.step('main', { with: inputsFor(site) })
  const commands = lab.app.ftp.transcript.map(({ verb, argument }) => ({
    name: `${verb} ${argument}`,
    changing: /^(MKD|RNFR|RNTO|DELE|RMD|STOR)$/.test(verb)
  }))
  await lab.close()
  return commands
}

/** Stops the main step at one command, and follows the job and the next one to their ends. */
async function stopAt(site: Site, at: number, signal: StopSignal, answer: Answer): Promise<Stopped> {
  lab = await startLab({ layout: site.layout, python: site.python })
  const before = await contents(lab)
  const run = await signalAt(lab, 'main', { with: inputsFor(site) }, { at, signal, answer })
  const what = `${signal} at ${at} (${run.command}), answered ${answer}`
  // The last answer can be quicker than the signal: then there is nothing left to stop.
  if (run.exitCode !== 0) expectStopped(run, what)
  if (run.changed) expect(run.state, what).toHaveProperty('run')

  const post = await lab.step('post', { state: run.state, jobStatus: 'cancelled' })
  expectOnlyWarnings(post, what)
  expect(await contents(lab), what).toEqual(before)
  expect(await lab.trash(), what).toEqual([])
  if (run.changed) await runAgain(site, before, what)
  await lab.close()
  return run
}

/** A site of which nothing was changed needs no second proof that a run works on it. */
async function runAgain(site: Site, before: ReadonlyMap<string, string>, what: string): Promise<void> {
  const { main, post } = await lab.job(site.layout, { with: forced, serverPython: site.python })
  expect(main.outputs, `${what}: ${main.log}`).toMatchObject({ result: 'reset' })
  expectOnlyWarnings(post, what)
  expect([...(await contents(lab)).keys()], what).toEqual([...before.keys()])
  expect(await lab.trash(), what).toEqual([])
}

// On Windows a process cannot be sent a signal that it could act on.
const isWindows = process.platform === 'win32'

describe.skipIf(isWindows).each(sites)('the main step on $layout over $tls TLS', site => {
  it.each(['at once', 'never'] as const)(
    'stops within 2 s at any command that the server answers %s, both signals at each that changes something',
    { timeout: 120_000 },
    async answer => {
      const commands = await rehearse(site)
      const firstChange = commands.findIndex(({ changing }) => changing) + 1
      for (const [index, { name, changing }] of commands.entries()) {
        // Both signals take the same way, so they take turns at the commands that only look.
        for (const signal of changing ? SIGNALS : [SIGNALS[index % 2] ?? 'SIGINT']) {
          const run = await stopAt(site, index + 1, signal, answer)
          if (index + 1 < commands.length || answer === 'never') expect(run.exitCode, name).toBe(1)
          // The state is written after the last look, whose answer can be quicker than the signal.
          if (index + 1 < firstChange - (answer === 'never' ? 0 : 1)) expect(run.state, name).toEqual({})
        }
      }
      process.stdout.write(`${site.layout}: stopped at ${commands.length} commands, answered ${answer}\n`)
      expect(firstChange).toBeGreaterThan(20)
    }
  )

  it('may have its change carried out when it has gone already', { timeout: 60_000 }, async () => {
    const commands = await rehearse(site)
    for (const [index, { changing }] of commands.entries()) {
      if (!changing) continue
      for (const signal of SIGNALS) expect((await stopAt(site, index + 1, signal, 'late')).exitCode).toBe(1)
    }
  })
})

/** Waits for what the log says, then sends the signal. */
async function signalWhenLogged(
  text: string,
  signal: StopSignal,
  inputs: Readonly<Record<string, string>>
): Promise<Stopped> {
  const stopwatch = makeStopwatch(signal)
  const run = await lab.step('main', {
    with: { ...forced, ...inputs },
    onStart(child) {
      stopwatch.watch(child)
      child.stdout?.on('data', (chunk: string) => {
        if (chunk.includes(text)) stopwatch.send()
      })
    }
  })
  return { ...run, settledMs: stopwatch.settledMs(), command: text, changed: false }
}

describe.skipIf(isWindows).each(SIGNALS)('%s', signal => {
  it('ends the wait for a lock, and nothing was touched', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    await holdLock(lab)
    const before = await lab.tree()
    const run = await signalWhenLogged('waiting for it', signal, {})
    expectStopped(run, 'lock')
    expect(run.state).toEqual({})
    expect(await lab.tree()).toEqual(before)
  })

  it.each([
    ['a greeting that never comes', 'ftp://', undefined],
    ['an implicit TLS handshake that is never answered', 'ftps://', undefined],
    ['an explicit TLS handshake that is never answered', 'ftp://', '220 Microsoft FTP Service\r\n']
  ] as const)('ends the wait for %s', async (_, scheme, greeting) => {
    lab = await startLab()
    const stopwatch = makeStopwatch(signal)
    const server = await startRawServer((socket, line) => {
      if (line === undefined && greeting !== undefined) socket.write(greeting)
      else if (line?.startsWith('AUTH') === true) socket.write('234 AUTH command ok.\r\n')
      // With a greeting the handshake begins after AUTH, without one as soon as something is connected or said.
      if (greeting === undefined ? scheme === 'ftp://' || line !== undefined : line?.startsWith('\x16') === true)
        stopwatch.send()
    })
    const inputs = { ...forced, ...addressed(lab, `${scheme}localhost:${server.port}`), timeout: '600' }
    const run = await lab.step('main', { with: inputs, onStart: stopwatch.watch })
    server.close()
    expectStopped({ ...run, settledMs: stopwatch.settledMs(), command: '', changed: false }, run.log)
    expect(server.heard()).not.toContain('USER')
  })

  it.each([
    ['LIST', '/site'],
    ['RETR', 'oryx-manifest.toml'],
    ['RETR', 'pyvenv.cfg'],
    ['LIST', 'site-packages']
  ])('ends the wait for the data of %s %s, whose connection stands and stays empty', async (verb, name) => {
    lab = await startLab({ layout: 'venv-tree' })
    const stopwatch = makeStopwatch(signal)
    lab.app.ftp.hook = command => {
      if (command.verb !== verb || !command.argument.endsWith(name)) return undefined
      stopwatch.send()
      return { reply: '150 Opening BINARY mode data connection.' }
    }
    const run = await lab.step('main', { with: { ...forced, timeout: '600' }, onStart: stopwatch.watch })
    expectStopped({ ...run, settledMs: stopwatch.settledMs(), command: verb, changed: false }, verb)
  })

  it('ends the wait for the TLS handshake of a data connection', async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const stopwatch = makeStopwatch(signal)
    const silent = await startRawServer((_, line) => {
      if (line === undefined) stopwatch.send()
    })
    lab.app.ftp.hook = ({ verb }) =>
      verb === 'EPSV' ? { reply: `229 Entering Extended Passive Mode (|||${silent.port}|)` } : undefined
    const run = await lab.step('main', { with: { ...forced, timeout: '600' }, onStart: stopwatch.watch })
    silent.close()
    expectStopped({ ...run, settledMs: stopwatch.settledMs(), command: 'EPSV', changed: false }, run.log)
  })
})

it.skipIf(isWindows)(
  'a second signal of the other kind changes nothing about how the first one ends the run',
  async () => {
    lab = await startLab({ layout: 'venv-tree' })
    const before = await contents(lab)
    const [first, second] = [makeStopwatch('SIGINT'), makeStopwatch('SIGTERM')]
    lab.app.ftp.hook = ({ verb }) => {
      if (verb !== 'RNTO') return undefined
      first.send()
      second.send()
      return { delayMs: 600_000 }
    }
    const run = await lab.step('main', {
      with: forced,
      onStart(child) {
        first.watch(child)
        second.watch(child)
      }
    })
    lab.app.ftp.hook = undefined
    expectStopped({ ...run, settledMs: first.settledMs(), command: 'RNTO', changed: true }, 'both')
    expectOnlyWarnings(await lab.step('post', { state: run.state, jobStatus: 'cancelled' }), 'both')
    expect(await contents(lab)).toEqual(before)
  }
)
