// What the step says, and what it leaves alone, when something is wrong: inputs, the login, TLS, the server.
import { createServer, type Server } from 'node:net'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import { makeCertificate } from '../../tools/local-appservice/certificate.ts'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
beforeEach(async () => {
  lab = await startLab({ layout: 'venv-tree' })
})
afterEach(() => lab.close())

/** One error annotation, every output set, the summary written, nothing changed on the server. */
function expectFailure(run: StepRun, message: RegExp): void {
  const errors = annotations(run.log, 'error')
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatch(message)
  expect(run.exitCode).toBe(1)
  expect(run.outputs).toMatchObject({ result: 'failed', 'recommended-clean': '', 'files-deleted': '0' })
  expect(Object.keys(run.outputs)).toHaveLength(15)
  expect(run.summary).toContain('could not be dealt with')
  expect(run.log).not.toMatch(/\n\s+at |\[object Object\]|undefined/)
  expect(lab.app.ftp.transcript.filter(({ verb }) => /^(DELE|RMD|RN|STOR|MKD|APPE)/.test(verb))).toEqual([])
}

describe('before anything is connected', () => {
  it.each([
    [
      'an unknown mode',
      { 'reset-mode': 'sometimes' },
      /"reset-mode" is "sometimes": write one of auto, on-change, always, never/
    ],
    ['an unquoted 3.10', { 'python-version': '3.1' }, /write '3\.10' in quotes/],
    ['a truth value of another language', { 'reset-env': 'yes' }, /"reset-env" is "yes": write true or false/],
    ['too many connections', { connections: '33' }, /"connections" is "33": write a whole number from 1 to 32/],
    ['a package that does not exist', { package: 'nowhere' }, /"package" names "nowhere", which does not exist/],
    [
      'a requirements file that is not in the package',
      { 'requirements-file': 'prod.txt' },
      /"requirements-file" names "prod\.txt", which is not in the package/
    ],
    [
      'a method with nowhere to push to',
      { 'reset-method': 'toggle-runtime', 'reset-env': 'true', 'publish-profile': '' },
      /nothing tells where to push/
    ],
    ['a runtime that Kudu does not know', { 'toggle-version': '3.12' }, /"toggle-version" is "3\.12".* knows 2\.7/],
    [
      'a password in an address',
      { 'git-url': 'https://a:secret-that-was-cut@b.example/c.git' },
      /"git-url" holds cred/
    ],
    [
      'another app’s name',
      { 'app-name': 'another' },
      /"app-name" is "another", but "publish-profile" is that of "demo-app"/
    ],
    ['a profile and a URL', { 'ftp-url': 'ftps://localhost' }, /Both "publish-profile" and "ftp-url"/],
    ['a profile that is not XML', { 'publish-profile': 'secret-that-was-cut' }, /"publish-profile" is not XML/],
    ['no credentials at all', { 'publish-profile': '' }, /Neither "publish-profile" nor "ftp-url" is given/]
  ])('%s is one clear error', async (_, inputs, message) => {
    const run = await lab.step('main', { with: inputs })
    expectFailure(run, message)
    expect(lab.app.ftp.transcript).toEqual([])
    expect(run.log).not.toContain('secret-that-was-cut')
    const post = await lab.step('post', { with: inputs, state: run.state, jobStatus: 'failure' })
    expect(post).toMatchObject({ exitCode: 0, log: '' })
  })

  it('a virtual environment in the package is one clear error where it must not be there', async () => {
    await mkdir(join(lab.packageDir, 'backend', '.venv'), { recursive: true })
    await writeFile(join(lab.packageDir, 'backend', '.venv', 'pyvenv.cfg'), 'version = 3.12.1\n')
    const run = await lab.step('main', { with: { 'fail-on-packaged-venv': 'true' } })
    expectFailure(run, /contains a virtual environment: backend\/\.venv \(pyvenv\.cfg\)/)
    expect(lab.app.ftp.transcript).toEqual([])
  })
})

describe('the login', () => {
  const demanded = { 'reset-env': 'true' }

  it('a wrong password is tried once, and the error says what may be off', async () => {
    lab.app.ftp.refuseLogin = '530 User cannot log in.'
    expectFailure(
      await lab.step('main', { with: demanded }),
      /refused the login as "demo-app\\\$demo-app".*basic authentication/
    )
    expect(lab.app.ftp.transcript.filter(({ verb }) => verb === 'PASS')).toHaveLength(1)
  })

  it('a server that hangs up after the password is told apart: the FTP state is disabled', async () => {
    lab.app.ftp.refuseLogin = 'close'
    expectFailure(await lab.step('main', { with: demanded }), /hung up after the login.*"FTP state"/)
    expect(lab.app.ftp.transcript.filter(({ verb }) => verb === 'PASS')).toHaveLength(1)
  })

  it.each([
    ['auto', {}, 0],
    ['auto', demanded, 1],
    ['auto', { 'reset-mode': 'always' }, 1],
    ['fail', {}, 1],
    ['continue', demanded, 0]
  ])('"on-unreachable: %s" with %o ends with %i', async (policy, inputs, exitCode) => {
    lab.app.ftp.refuseLogin = '530 User cannot log in.'
    const run = await lab.step('main', { with: { ...inputs, 'on-unreachable': policy } })
    expect(run.exitCode).toBe(exitCode)
    if (exitCode !== 0) return
    expect(run.outputs).toMatchObject({ result: 'unreachable', layout: 'unknown', reason: '', 'recommended-clean': '' })
    expect(annotations(run.log, 'warning')).toEqual([expect.stringContaining('stays as it is')])
    const post = await lab.step('post', { state: run.state })
    expect(post).toMatchObject({ exitCode: 0, log: '' })
  })

  it('a server that is not there is unreachable', async () => {
    const free = await portOf(createServer())
    const url = {
      'publish-profile': '',
      'ftp-url': `ftps://localhost:${free}`,
      'ftp-username': 'a\\$a',
      'ftp-password': 'x'
    }
    const run = await lab.step('main', { with: url })
    expect(run.outputs['result']).toBe('unreachable')
    expect(annotations(run.log, 'warning')[0]).toMatch(
      /could not be reached with explicit TLS.*before that.*implicit TLS/
    )
  })

  it('an SSH server is recognised', async () => {
    const server = createServer(socket => socket.on('error', () => undefined).write('SSH-2.0-OpenSSH_9.2p1\r\n'))
    const port = await portOf(server, false)
    const url = {
      'publish-profile': '',
      'ftp-url': `ftp://localhost:${port}`,
      'ftp-username': 'a\\$a',
      'ftp-password': 'x'
    }
    const run = await lab.step('main', { with: url })
    server.close()
    expect(annotations(run.log, 'warning')[0]).toContain('An SSH server answers there')
  })
})

describe('TLS', () => {
  it('a certificate that nobody signed stops the run even where unreachable servers do not, and the password stays here', async () => {
    const run = await lab.step('main', { caFile: undefined, with: { 'on-unreachable': 'continue' } })
    expectFailure(run, /certificate of localhost:\d+ does not verify.*NODE_EXTRA_CA_CERTS/)
    expect(lab.app.ftp.transcript.map(({ verb }) => verb)).not.toContain('PASS')
  })

  it('"tls-verify: false" connects, and warns in every run', async () => {
    const run = await lab.step('main', { caFile: undefined, with: { 'tls-verify': 'false' } })
    expect(run.exitCode).toBe(0)
    expect(annotations(run.log, 'warning')).toEqual([expect.stringContaining('"tls-verify" is false')])
  })

  it.each(['explicit', 'implicit'] as const)('a profile for %s TLS connects with verification', async tls => {
    const run = await lab.step('main', { with: { 'publish-profile': lab.app.publishProfile({ tls }) } })
    expect(run.outputs['result']).toBe('preserved')
  })

  it('falls back from implicit to explicit TLS on the given port', async () => {
    const url = {
      'publish-profile': '',
      'ftp-url': `ftps://localhost:${lab.app.ftp.explicitPort}/site/wwwroot`,
      'ftp-username': 'demo-app',
      'ftp-password': lab.app.password,
      'app-name': 'demo-app'
    }
    const run = await lab.step('main', { with: url })
    expect(run.outputs).toMatchObject({ result: 'preserved', 'app-name': 'demo-app', 'slot-name': 'production' })
  })

  it('a server without TLS never gets the password, unless "tls" is off', async () => {
    lab.app.ftp.refuseTls = true
    const explicit = { 'publish-profile': lab.app.publishProfile({ tls: 'explicit' }) }
    expectFailure(await lab.step('main', { with: { ...explicit, 'on-unreachable': 'continue' } }), /refuses TLS/)
    expect(lab.app.ftp.transcript.map(({ verb }) => verb)).not.toContain('PASS')
    const plain = await lab.step('main', { with: { ...explicit, tls: 'off' } })
    expect(plain.exitCode).toBe(0)
    expect(annotations(plain.log, 'warning')).toEqual([expect.stringContaining('in the clear')])
  })

  it('a server that demands TLS is named where "tls" is off', async () => {
    lab.app.ftp.requireTls = true
    const inputs = { 'publish-profile': lab.app.publishProfile({ tls: 'explicit' }), tls: 'off', 'reset-env': 'true' }
    expectFailure(await lab.step('main', { with: inputs }), /refused the login.*do not switch "tls" off/)
  })

  it('a certificate for another host does not verify', async () => {
    const other = await makeCertificate({ name: 'other.example' })
    const caFile = join(lab.packageDir, 'other-ca.pem')
    await writeFile(caFile, other.cert)
    const { startFtpServer } = await import('../../tools/local-appservice/ftp-server.ts')
    const server = await startFtpServer({
      ...other,
      root: lab.app.home,
      userName: lab.app.userName,
      password: lab.app.password
    })
    const url = {
      'publish-profile': '',
      'ftp-url': `ftps://localhost:${server.implicitPort}`,
      'ftp-username': lab.app.userName,
      'ftp-password': lab.app.password,
      tls: 'implicit'
    }
    const run = await lab.step('main', { caFile, with: url })
    await server.close()
    expectFailure(run, /does not verify \(it is for another host name\)/)
  })
})

describe('secrets', () => {
  it.each(['main', 'post'] as const)(
    'no form of the password is in anything the %s step writes, with step debugging on',
    async step => {
      const state = step === 'post' ? (await lab.step('main', { with: { 'reset-env': 'true' } })).state : {}
      const run = await lab.step(step, { state, env: { RUNNER_DEBUG: '1' }, with: { 'reset-env': 'true' } })
      expect(run.log).toContain('PASS ###')
      const { password, userName } = lab.app
      const forms = [
        password,
        password.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
        encodeURIComponent(password),
        Buffer.from(`${userName}:${password}`).toString('base64'),
        Buffer.from(`$demo-app:${password}`).toString('base64')
      ]
      const masks = [...run.log.matchAll(/^::add-mask::(.*)$/gm)].map(match => (match[1] ?? '').replaceAll('%25', '%'))
      const visible = run.log.replace(/^::add-mask::.*$/gm, '')
      for (const form of forms) {
        expect(masks).toContain(form)
        for (const text of [visible, run.summary, JSON.stringify(run.outputs), JSON.stringify(run.state)]) {
          expect(text).not.toContain(form)
        }
      }
      expect(run.log.indexOf('::add-mask::')).toBe(0)
    }
  )
})

async function portOf(server: Server, close = true): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (close) await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
