// "on-unreachable" in all its values, against every way in which a server cannot be looked at, and every kind of demand.
import { afterEach, describe, expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import { addressed, startRawServer } from './interference.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

type Inputs = Readonly<Record<string, string>>

interface Trouble {
  readonly name: string
  /** Makes the trouble; returns the inputs that lead into it. */
  readonly make: () => Inputs | Promise<Inputs>
  readonly message: RegExp
  /** The runner's trust in the server's certificate. */
  readonly trusted?: false
}

const explicit = (): Inputs => ({ 'publish-profile': lab.app.publishProfile({ tls: 'explicit' }) })

/** Nothing of a server that cannot be looked at: "on-unreachable" says what becomes of the job. */
const SOFT: readonly Trouble[] = [
  {
    name: 'nobody listens there',
    make: async () => {
      const server = await startRawServer()
      server.close()
      return addressed(lab, `ftps://localhost:${server.port}`)
    },
    message: /could not be reached/
  },
  {
    name: 'the host never answers',
    make: async () => ({ ...addressed(lab, `ftp://localhost:${(await silentServer()).port}`), timeout: '1' }),
    message: /could not be reached with explicit TLS: .*(silent|[Tt]imeout)/
  },
  {
    name: 'the TLS handshake never ends',
    make: async () => ({ ...addressed(lab, `ftps://localhost:${(await silentServer()).port}`), timeout: '1' }),
    message: /could not be reached|silent/
  },
  {
    name: 'the login is refused',
    make: () => {
      lab.app.ftp.refuseLogin = '530 User cannot log in.'
      return {}
    },
    message: /refused the login/
  },
  {
    name: 'FTP is switched off',
    make: () => {
      lab.app.ftp.refuseLogin = 'close'
      return {}
    },
    message: /"FTP state"/
  },
  {
    name: 'the line is lost during the inspection, each time',
    make: () => {
      lab.app.ftp.hook = ({ verb, argument }) =>
        verb === 'LIST' && argument.endsWith('/wwwroot') ? { cut: 'before' } : undefined
      return {}
    },
    message: /connection broke.*run the workflow again/
  },
  {
    name: 'the server falls silent during the inspection',
    make: () => {
      lab.app.ftp.hook = ({ verb, argument }) =>
        verb === 'LIST' && argument.endsWith('/wwwroot') ? { delayMs: 600_000 } : undefined
      return { timeout: '1' }
    },
    message: /connection broke.*run the workflow again/
  },
  {
    name: 'the server lets no data connection be opened',
    make: async () => {
      const server = await startRawServer()
      server.close()
      lab.app.ftp.hook = ({ verb }) =>
        verb === 'EPSV' || verb === 'PASV'
          ? { reply: `229 Entering Extended Passive Mode (|||${server.port}|)` }
          : undefined
      return {}
    },
    message: /data connection|connection broke/
  }
]

/** A server that may be somebody else's: no value softens that. */
const HARD: readonly Trouble[] = [
  {
    name: 'TLS is refused',
    make: () => {
      lab.app.ftp.refuseTls = true
      return explicit()
    },
    message: /refuses TLS/
  },
  {
    name: 'somebody on the way strips AUTH',
    make: () => {
      lab.app.ftp.hook = ({ verb }) => (verb === 'AUTH' ? { reply: '500 Command not understood.' } : undefined)
      return explicit()
    },
    message: /refuses TLS/
  },
  {
    name: 'TLS is refused behind an address that promises it',
    make: () => {
      lab.app.ftp.refuseTls = true
      return addressed(lab, `ftps://localhost:${lab.app.ftp.explicitPort}`)
    },
    message: /refuses TLS/
  },
  {
    name: 'nobody signed the certificate (implicit TLS)',
    make: () => ({}),
    message: /does not verify/,
    trusted: false
  },
  { name: 'nobody signed the certificate (explicit TLS)', make: explicit, message: /does not verify/, trusted: false }
]

const DEMANDS: readonly (readonly [string, Inputs])[] = [
  ['"reset-env: true"', { 'reset-env': 'true' }],
  ['"reset-mode: always"', { 'reset-mode': 'always' }],
  ['nothing demanded', {}]
]

const POLICIES = ['auto', 'fail', 'continue'] as const

describe.each(SOFT)('where $name', trouble => {
  it.each(POLICIES)('"on-unreachable: %s" decides with the demand', { timeout: 60_000 }, async policy => {
    for (const [demand, run] of await runAll(trouble, policy)) {
      const fails = policy === 'fail' || (policy === 'auto' && demand !== 'nothing demanded')
      if (fails) expectFailed(run, trouble.message, demand)
      else expectGoneOn(run, trouble.message, demand)
      await expectSilentPost(run)
    }
  })
})

describe.each(HARD)('where $name', trouble => {
  it.each(POLICIES)('"on-unreachable: %s" does not soften it', { timeout: 60_000 }, async policy => {
    for (const [demand, run] of await runAll(trouble, policy)) {
      expectFailed(run, trouble.message, demand)
      await expectSilentPost(run)
    }
    const verbs = lab.app.ftp.transcript.map(({ verb }) => verb)
    expect(verbs).not.toContain('USER')
    expect(verbs).not.toContain('PASS')
  })
})

/** One run for each demand, all at once: none of them changes anything. */
async function runAll(trouble: Trouble, policy: string): Promise<readonly (readonly [string, StepRun])[]> {
  lab = await startLab({ layout: 'venv-tree' })
  const before = await lab.tree()
  const inputs = { timeout: '30', 'on-unreachable': policy, ...(await trouble.make()) }
  const trust = trouble.trusted === false ? { caFile: undefined } : {}
  const runs = await Promise.all(
    DEMANDS.map(
      async ([name, demand]) => [name, await lab.step('main', { ...trust, with: { ...inputs, ...demand } })] as const
    )
  )
  expect(await lab.tree()).toEqual(before)
  return runs
}

function expectFailed(run: StepRun, message: RegExp, what: string): void {
  expect(run.exitCode, `${what}: ${run.log}`).toBe(1)
  expect(annotations(run.log, 'error'), what).toEqual([expect.stringMatching(message)])
  expect(annotations(run.log, 'warning'), what).toEqual([])
  expectBlind(run, 'failed', what)
}

function expectGoneOn(run: StepRun, message: RegExp, what: string): void {
  expect(run.exitCode, `${what}: ${run.log}`).toBe(0)
  expect(annotations(run.log, 'error'), what).toEqual([])
  expect(annotations(run.log, 'warning'), what).toEqual([expect.stringMatching(message)])
  expectBlind(run, 'unreachable', what)
}

/** What a step says that has seen nothing. */
function expectBlind(run: StepRun, result: string, what: string): void {
  expect(Object.keys(run.outputs), what).toHaveLength(15)
  expect(run.outputs, what).toMatchObject({
    result,
    reason: '',
    reasons: '[]',
    layout: 'unknown',
    strategy: 'none',
    'env-path': '',
    'python-version-found': '',
    'removed-packages': '[]',
    'files-deleted': '0',
    'recommended-clean': '',
    'slot-name': 'production',
    'dry-run': 'false'
  })
  expect(run.state, what).toEqual({})
}

async function expectSilentPost(run: StepRun): Promise<void> {
  expect(await lab.step('post', { state: run.state, jobStatus: 'failure' })).toMatchObject({ exitCode: 0, log: '' })
}

const silent: (() => void)[] = []
afterEach(() => {
  for (const close of silent.splice(0)) close()
})

async function silentServer(): Promise<{ readonly port: number }> {
  const server = await startRawServer()
  silent.push(() => {
    server.close()
  })
  return server
}
