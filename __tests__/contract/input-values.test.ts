// "tls", "timeout" and "deadline" in all their values: which connection is made, and what a wrong value says.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import { publishProfile } from '../../tools/local-appservice/publish-profile.ts'
import { addressed, startRawServer } from './interference.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
beforeEach(async () => {
  lab = await startLab({ layout: 'venv-tree' })
})
afterEach(() => lab.close())

type Inputs = Readonly<Record<string, string>>

const verbs = (): readonly string[] => lab.app.ftp.transcript.map(({ verb }) => verb)

function expectInputError(run: StepRun, message: RegExp): void {
  expect(run.exitCode).toBe(1)
  expect(annotations(run.log, 'error')).toEqual([expect.stringMatching(message)])
  expect(run.outputs).toMatchObject({ result: 'failed', layout: 'unknown', reason: '', reasons: '[]' })
  expect(Object.keys(run.outputs)).toHaveLength(15)
  expect(run.state).toEqual({})
  expect(lab.app.ftp.transcript).toEqual([])
}

describe('"tls"', () => {
  /** What stands at the port that the address names. Both ways of TLS cannot stand at one port. */
  type Server = 'implicit TLS' | 'explicit TLS' | 'no TLS'
  type Connected = 'implicit' | 'explicit' | 'plain'
  type Expected = Connected | 'unreachable' | 'refused' | 'input error'

  const SERVERS: readonly Server[] = ['implicit TLS', 'explicit TLS', 'no TLS']

  /** By the scheme of the address and the choice: what comes of it at each of the servers, in their order. */
  const TABLE: readonly (readonly ['ftps' | 'ftp', string, readonly Expected[]])[] = [
    ['ftps', 'auto', ['implicit', 'explicit', 'refused']],
    ['ftps', '', ['implicit', 'explicit', 'refused']],
    ['ftps', 'explicit', ['unreachable', 'explicit', 'refused']],
    ['ftps', 'implicit', ['implicit', 'unreachable', 'unreachable']],
    ['ftps', 'off', ['input error', 'input error', 'input error']],
    ['ftp', 'auto', ['unreachable', 'explicit', 'refused']],
    ['ftp', '', ['unreachable', 'explicit', 'refused']],
    ['ftp', 'explicit', ['unreachable', 'explicit', 'refused']],
    ['ftp', 'implicit', ['implicit', 'unreachable', 'unreachable']],
    ['ftp', 'off', ['unreachable', 'plain', 'plain']]
  ]

  const cases = TABLE.flatMap(([scheme, tls, expected]) =>
    SERVERS.flatMap((server, index) =>
      (['an address', 'a profile'] as const).map(from => ({ scheme, tls, server, from, expected: expected[index] }))
    )
  )

  it.each(cases)('"$tls" with $scheme:// in $from, at a server with $server: $expected', async example => {
    const port = example.server === 'implicit TLS' ? lab.app.ftp.implicitPort : lab.app.ftp.explicitPort
    lab.app.ftp.refuseTls = example.server === 'no TLS'
    const source =
      example.from === 'an address'
        ? addressed(lab, `${example.scheme}://localhost:${port}`)
        : profile(example.scheme, port)
    // A server that waits for a handshake does not greet, so only the limit ends the wait for it.
    const timeout = example.expected === 'unreachable' ? '1' : '30'
    const run = await lab.step('main', { with: { ...source, tls: example.tls, timeout } })

    if (example.expected === 'input error') {
      expectInputError(run, /"tls" is off, but.*ftps:\/\//)
      return
    }
    if (example.expected === 'unreachable' || example.expected === 'refused') {
      expectNoLogin(run, example.expected)
      return
    }
    expect(run.outputs, run.log).toMatchObject({ result: 'preserved' })
    expect(connection(example.server)).toBe(example.expected)
    const clear = example.expected === 'plain' ? [expect.stringContaining('in the clear')] : []
    expect(annotations(run.log, 'warning')).toEqual(clear)
  })

  function profile(scheme: 'ftps' | 'ftp', port: number): Inputs {
    const { app, password } = lab.app
    const tls = scheme === 'ftps' ? 'implicit' : 'explicit'
    const xml = publishProfile({ app, password, host: 'localhost', explicitPort: port, implicitPort: port, tls })
    return { 'publish-profile': xml }
  }

  function expectNoLogin(run: StepRun, expected: 'unreachable' | 'refused'): void {
    expect(run.outputs, run.log).toMatchObject({ result: expected === 'refused' ? 'failed' : 'unreachable' })
    expect(verbs()).not.toContain('USER')
    expect(verbs()).not.toContain('PASS')
  }

  /** How the login came to the server: the implicit port cannot be spoken to in any other way. */
  function connection(server: Server): Connected {
    expect(verbs().filter(verb => verb === 'USER')).toHaveLength(1)
    if (server === 'implicit TLS') return 'implicit'
    // What comes before AUTH is a handshake that this port takes for a command.
    const [auth, user] = [verbs().indexOf('AUTH'), verbs().indexOf('USER')]
    return auth !== -1 && auth < user ? 'explicit' : 'plain'
  }

  it.each(['Auto', 'true', 'ssl', 'none', 'off '.repeat(2)])(
    '"%s" is an error, and nothing is connected',
    async tls => {
      const run = await lab.step('main', { with: { tls } })
      expectInputError(run, /"tls" is ".*": write one of auto, explicit, implicit, off/)
    }
  )

  it('the way that led to the server is that of the post step as well', async () => {
    const inputs = { ...addressed(lab, `ftps://localhost:${lab.app.ftp.explicitPort}`), 'reset-env': 'true' }
    const main = await lab.step('main', { with: inputs })
    lab.app.ftp.clearTranscript()
    const post = await lab.step('post', { with: inputs, state: main.state, jobStatus: 'failure' })
    expect(post.log).toContain('Put back')
    expect(connection('explicit TLS')).toBe('explicit')
  })
})

describe('"timeout"', () => {
  it.each(['1', '600', '', '030'])('takes %j', async timeout => {
    expect((await lab.step('main', { with: { timeout } })).outputs['result']).toBe('preserved')
  })

  it.each(['0', '601', '1.5', '-1', '30s', 'abc', '1e1', '+5', '0x10', '1 0', '9999999'])(
    '%j is an error, and nothing is connected',
    async timeout => {
      const run = await lab.step('main', { with: { timeout } })
      expectInputError(run, /"timeout" is ".*": write a whole number from 1 to 600/)
    }
  )

  interface Silence {
    readonly at: string
    readonly fault?: { readonly verb: string; readonly argument?: string; readonly fault: object }
    readonly message: RegExp
  }

  const never = { delayMs: 600_000 }
  const silences: readonly Silence[] = [
    { at: 'AUTH', fault: { verb: 'AUTH', fault: never }, message: /could not be reached with explicit TLS/ },
    { at: 'the user name', fault: { verb: 'USER', fault: never }, message: /went silent during the login/ },
    { at: 'the password', fault: { verb: 'PASS', fault: never }, message: /went silent during the login/ },
    { at: 'its settings', fault: { verb: 'PBSZ', fault: never }, message: /could not be reached/ },
    { at: 'a listing', fault: { verb: 'LIST', fault: never }, message: /list \/site.*second connection/ },
    {
      at: 'the data of a listing',
      fault: {
        verb: 'LIST',
        argument: '-a /site/wwwroot',
        fault: { reply: '150 Opening ASCII mode data connection.' }
      },
      message: /list \/site\/wwwroot.*second connection/
    },
    {
      at: 'the data of a file',
      fault: { verb: 'RETR', fault: { reply: '150 Opening ASCII mode data connection.' } },
      message: /read \/site\/wwwroot\/oryx-manifest\.toml.*second connection/
    }
  ]

  it.each(silences)('of 1 ends the silence at $at soon, with one sentence', async ({ fault, message }) => {
    lab.app.ftp.hook = ({ verb, argument }) =>
      verb === fault?.verb && argument.endsWith(fault.argument ?? '') ? fault.fault : undefined
    const inputs = { 'publish-profile': lab.app.publishProfile({ tls: 'explicit' }), 'reset-env': 'true', timeout: '1' }
    expectOneSentence(await timed(inputs), message)
  })

  it.each([
    ['the greeting', 'ftp://', undefined, /could not be reached with explicit TLS/],
    ['the implicit handshake', 'ftps://', undefined, /could not be reached with explicit TLS.*implicit TLS/],
    ['the explicit handshake', 'ftp://', '220 Microsoft FTP Service\r\n', /silent for 1 s/]
  ])('of 1 ends the silence at %s soon, with one sentence', async (_, scheme, greeting, message) => {
    const server = await startRawServer((socket, line) => {
      if (line === undefined && greeting !== undefined) socket.write(greeting)
      if (line?.startsWith('AUTH') === true) socket.write('234 AUTH command ok.\r\n')
    })
    const inputs = { ...addressed(lab, `${scheme}localhost:${server.port}`), 'reset-env': 'true', timeout: '1' }
    const run = await timed(inputs)
    server.close()
    expectOneSentence(run, message)
  })

  async function timed(inputs: Inputs): Promise<StepRun> {
    const started = performance.now()
    const run = await lab.step('main', { with: inputs })
    // One silence for each way of TLS, or for each of two connections; the rest is a process that starts.
    expect(performance.now() - started).toBeLessThan(6000)
    return run
  }

  function expectOneSentence(run: StepRun, message: RegExp): void {
    const errors = annotations(run.log, 'error')
    expect(errors).toEqual([expect.stringMatching(message)])
    expect(errors[0]).not.toMatch(/\n|undefined|\[object/)
    expect(run.exitCode).toBe(1)
    expect(run.outputs['result']).toBe('failed')
  }
})

describe('"deadline"', () => {
  it.each(['1', '360', ''])('takes %j', async deadline => {
    expect((await lab.step('main', { with: { deadline } })).outputs['result']).toBe('preserved')
  })

  it.each(['0', '361', '1.5', '-1', '15m', 'abc', 'Infinity'])(
    '%j is an error, and nothing is connected',
    async deadline => {
      const run = await lab.step('main', { with: { deadline } })
      expectInputError(run, /"deadline" is ".*": write a whole number from 1 to 360/)
    }
  )
})

describe('"on-unreachable"', () => {
  it.each(['Auto', 'never', 'true', 'warn'])('%j is an error, and nothing is connected', async value => {
    const run = await lab.step('main', { with: { 'on-unreachable': value } })
    expectInputError(run, /"on-unreachable" is ".*": write one of auto, fail, continue/)
  })
})
