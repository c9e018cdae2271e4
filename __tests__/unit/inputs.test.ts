import { describe, expect, it } from 'vitest'
import { loadCredentials } from '../../src/credentials.ts'
import { DEFAULTS, InputError } from '../../src/input-values.ts'
import { jobStatus, loadChoices, loadInputs, looksOverFtp, type Choices, type Inputs } from '../../src/inputs.ts'
import { PASSWORD, profileOf, readerOf } from './profiles.ts'

type Given = Readonly<Record<string, string>>

const load = (given: Given = {}): Inputs => loadInputs(readerOf({ 'publish-profile': profileOf(), ...given }))

function errorOf(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}

describe('inputs that are left out', () => {
  it('have the defaults of the contract', () => {
    expect(load()).toMatchObject({
      target: { tls: 'auto', verify: true },
      python: undefined,
      policy: { resetEnv: false, mode: 'auto' },
      envPath: undefined,
      dryRun: false,
      connections: 8,
      timeoutMs: 30_000,
      deadlineMs: 15 * 60_000,
      sweep: 'post',
      verify: true,
      onUnreachable: 'auto',
      packagePath: process.cwd(),
      requirementsFile: undefined,
      failOnPackagedVenv: false
    })
  })

  it.each(Object.entries(DEFAULTS))('"%s" may be passed empty or blank and then is %s', (name, written) => {
    const [empty, blank, explicit] = [load({ [name]: '' }), load({ [name]: '  ' }), load({ [name]: written })]
    expect([empty, blank]).toEqual([explicit, explicit])
  })

  it.each([
    'requirements-file',
    'resource-group-name',
    'git-url',
    'git-branch',
    'toggle-version',
    'deploy-script',
    'env-path',
    'python-version',
    'app-name',
    'slot-name',
    'job-status'
  ])('"%s" may be passed empty or blank', name => {
    expect([load({ [name]: '' }), load({ [name]: '  ' })]).toEqual([load(), load()])
  })
})

describe('valid values', () => {
  const BOOLEANS = ['true', 'True', 'TRUE', 'false', 'False', 'FALSE'].map(
    text => [text, text.toLowerCase() === 'true'] as const
  )

  it.each(BOOLEANS)('a boolean may be written %s', (text, value) => {
    const inputs = load({ 'tls-verify': text, 'reset-env': text, 'dry-run': text, verify: ` ${text} ` })
    const seen = [inputs.target.verify, inputs.policy.resetEnv, inputs.dryRun, inputs.verify]
    expect(seen).toEqual([value, value, value, value])
  })

  it.each<[string, string, (inputs: Inputs) => unknown, unknown]>([
    ['tls', 'explicit', ({ target }) => target.tls, 'explicit'],
    ['tls', 'implicit', ({ target }) => target.tls, 'implicit'],
    ['reset-mode', 'always', ({ policy }) => policy.mode, 'always'],
    ['reset-mode', 'never', ({ policy }) => policy.mode, 'never'],
    ['reset-mode', ' never ', ({ policy }) => policy.mode, 'never'],
    ['connections', '1', ({ connections }) => connections, 1],
    ['connections', '32', ({ connections }) => connections, 32],
    ['timeout', '1', ({ timeoutMs }) => timeoutMs, 1000],
    ['timeout', '600', ({ timeoutMs }) => timeoutMs, 600_000],
    ['deadline', '1', ({ deadlineMs }) => deadlineMs, 60_000],
    ['deadline', '360', ({ deadlineMs }) => deadlineMs, 21_600_000],
    ['sweep', 'main', ({ sweep }) => sweep, 'main'],
    ['on-unreachable', 'fail', ({ onUnreachable }) => onUnreachable, 'fail'],
    ['on-unreachable', 'continue', ({ onUnreachable }) => onUnreachable, 'continue'],
    ['python-version', '3.12', ({ python }) => python, '3.12'],
    ['python-version', 'python-3.4.1', ({ python }) => python, '3.4'],
    ['env-path', 'antenv', ({ envPath }) => envPath, '/site/wwwroot/antenv'],
    ['env-path', './antenv', ({ envPath }) => envPath, '/site/wwwroot/antenv'],
    ['env-path', 'app/.venv/', ({ envPath }) => envPath, '/site/wwwroot/app/.venv'],
    ['requirements-file', 'requirements.txt', ({ requirementsFile }) => requirementsFile, 'requirements.txt'],
    ['requirements-file', '././deploy/prod.txt', ({ requirementsFile }) => requirementsFile, 'deploy/prod.txt'],
    ['fail-on-packaged-venv', 'true', ({ failOnPackagedVenv }) => failOnPackagedVenv, true],
    ['pipelining', 'off', ({ pipelining }) => pipelining, false],
    ['pipelining', '', ({ pipelining }) => pipelining, true],
    ['job-status', 'success', ({ connections }) => connections, 8],
    ['job-status', 'failure', ({ connections }) => connections, 8],
    ['job-status', 'cancelled', ({ connections }) => connections, 8]
  ])('"%s" takes %j', (name, text, value, expected) => {
    expect(value(load({ [name]: text }))).toBe(expected)
  })

  it('takes "tls: off" where the address does not promise TLS', () => {
    expect(load({ 'publish-profile': profileOf({ tls: 'explicit' }), tls: 'off' }).target.tls).toBe('off')
  })

  it('hands the job status over as it is', () => {
    expect(jobStatus(readerOf({ 'job-status': 'cancelled' }))).toBe('cancelled')
    expect(jobStatus(readerOf({}))).toBe('')
  })
})

describe('invalid values', () => {
  const FLAGS = ['tls-verify', 'reset-env', 'dry-run', 'verify', 'fail-on-packaged-venv']
  it.each(FLAGS.flatMap(name => ['yes', '1', 'tRUE', 'on', 'null'].map(value => [name, value] as const)))(
    '"%s: %s" is an error that names the choices',
    (name, value) => {
      const error = errorOf(() => load({ [name]: value }))
      expect(error).toBeInstanceOf(InputError)
      for (const part of [`"${name}"`, `"${value}"`, 'true', 'false']) expect(error.message).toContain(part)
    }
  )

  it.each<[string, string, readonly string[]]>([
    ['tls', 'Auto', ['auto', 'explicit', 'implicit', 'off']],
    ['tls', 'false', ['auto', 'explicit', 'implicit', 'off']],
    ['reset-mode', 'AUTO', ['auto', 'on-change', 'always', 'never']],
    ['reset-mode', 'true', ['auto', 'on-change', 'always', 'never']],
    ['reset-method', 'FTP', ['ftp', 'toggle-runtime', 'deploy-script']],
    ['pipelining', 'on', ['auto', 'off']],
    ['sweep', 'never', ['post', 'main']],
    ['on-unreachable', 'warn', ['auto', 'fail', 'continue']],
    ['job-status', 'Success', ['success', 'failure', 'cancelled']],
    ['connections', '0', ['1', '32']],
    ['connections', '33', ['1', '32']],
    ['connections', '-1', ['1', '32']],
    ['connections', '2.5', ['1', '32']],
    ['connections', '1e1', ['1', '32']],
    ['connections', 'eight', ['1', '32']],
    ['timeout', '0', ['1', '600']],
    ['timeout', '601', ['1', '600']],
    ['timeout', '30s', ['1', '600']],
    ['timeout', '٣', ['1', '600']],
    ['deadline', '0', ['1', '360']],
    ['deadline', '361', ['1', '360']],
    ['deadline', 'Infinity', ['1', '360']],
    ['python-version', '3.1', ["'3.10'", 'quotes']],
    ['python-version', '3.x', ['wildcard']],
    ['python-version', '>=3.9', ['range']],
    ['env-path', '../data', ['/site/wwwroot']],
    ['env-path', '/site/wwwroot/antenv', ['/site/wwwroot']],
    ['env-path', 'a//b', ['/site/wwwroot']],
    ['env-path', '.', ['/site/wwwroot']],
    ['env-path', '/', ['/site/wwwroot']],
    ['requirements-file', '../requirements.txt', ['package']],
    ['requirements-file', '/srv/requirements.txt', ['package']],
    ['requirements-file', 'deploy/', ['package']],
    ['requirements-file', './', ['package']],
    ['package', 'no/such/folder', ['does not exist']],
    ['package', 'package.json', ['.zip']]
  ])('"%s: %s" is an error that names it and what to write', (name, value, parts) => {
    const error = errorOf(() => load({ [name]: value }))
    expect(error).toBeInstanceOf(InputError)
    for (const part of [`"${name}"`, value, ...parts]) expect(error.message).toContain(part)
  })

  it.each(['env-path', 'requirements-file'])('a backslash in "%s" is an error', name => {
    expect(errorOf(() => load({ [name]: 'a\\..\\b' })).message).toContain(`"${name}"`)
  })

  it('"tls: off" contradicts an address that begins with ftps://', () => {
    expect(errorOf(() => load({ tls: 'off' })).message).toMatch(/"tls".*ftps:\/\//)
  })

  it('a line break in a value does not break the message into lines', () => {
    expect(errorOf(() => load({ sweep: 'x\n::error::y' })).message).not.toContain('\n')
  })
})

describe('another way of resetting', () => {
  const methodOf = (inputs: Readonly<Record<string, string>>): Choices['method'] =>
    loadChoices(readerOf({ ...inputs })).method

  it.each<[Readonly<Record<string, string>>, Choices['method']]>([
    [{}, { kind: 'ftp' }],
    [{ 'reset-method': 'ftp', 'git-branch': 'main', 'deploy-script': 'deploy.sh' }, { kind: 'ftp' }],
    [{ 'reset-method': 'deploy-script' }, { kind: 'deploy-script', script: undefined }],
    [
      { 'reset-method': 'deploy-script', 'deploy-script': 'ci/deploy.sh' },
      { kind: 'deploy-script', script: 'ci/deploy.sh' }
    ],
    [{ 'reset-method': 'toggle-runtime' }, { kind: 'toggle-runtime', branch: 'master', via: undefined }],
    [
      { 'reset-method': 'toggle-runtime', 'git-branch': 'main', 'toggle-version': 'python-3.4.1' },
      { kind: 'toggle-runtime', branch: 'main', via: '3.4' }
    ]
  ])('%j is %j', (inputs, method) => {
    expect(methodOf(inputs)).toEqual(method)
  })

  it.each([
    ['3.12', /"toggle-version" is "3\.12": Kudu's script for Windows knows 2\.7, 3\.4, 3\.6/],
    ['3.x', /"toggle-version": "3\.x"/]
  ])('"toggle-version: %s" is an error that names it', (value, text) => {
    const error = errorOf(() => methodOf({ 'toggle-version': value }))
    expect(error).toBeInstanceOf(InputError)
    expect(error.message).toMatch(text)
  })

  it.each([
    'https://$my-app:git-secret@my-app.scm.example/my-app.git',
    'http://my-app.scm.example/git-secret.git',
    'https://my-app.scm.example/my-app.git?git-secret',
    'git-secret'
  ])('"git-url: %s" is an error that does not repeat it', value => {
    const error = errorOf(() => methodOf({ 'git-url': value }))
    expect(error).toBeInstanceOf(InputError)
    expect(error.message).toMatch(/^"git-url" /)
    expect(error.message).not.toContain('git-secret')
  })

  it.each<[string, Readonly<Record<string, string>>, boolean]>([
    ['ftp', { 'reset-env': 'true' }, true],
    ['deploy-script', {}, true],
    ['deploy-script', { 'reset-mode': 'on-change' }, true],
    ['deploy-script', { 'reset-mode': 'never' }, false],
    ['deploy-script', { 'reset-mode': 'always' }, false],
    ['toggle-runtime', { 'reset-env': 'true' }, false],
    ['toggle-runtime', { 'reset-env': 'true', 'reset-mode': 'never' }, false]
  ])('%s looks over FTP only where the look decides: %j', (method, inputs, looks) => {
    expect(looksOverFtp(loadChoices(readerOf({ 'reset-method': method, ...inputs })))).toBe(looks)
  })
})

describe('credentials', () => {
  it('come from the profile', () => {
    const { login, app, slot } = loadCredentials(readerOf({ 'publish-profile': profileOf({ slot: 'staging' }) }))
    expect([app, slot, login.userName, login.password]).toEqual([
      'my-app',
      'staging',
      'my-app__staging\\$my-app__staging',
      PASSWORD
    ])
  })

  it('are an error where both ways or none is given', () => {
    const both = errorOf(() => load({ 'ftp-url': 'ftps://host.example' }))
    const none = errorOf(() => loadInputs(readerOf({ 'app-name': 'my-app' })))
    for (const error of [both, none]) {
      expect(error).toBeInstanceOf(InputError)
      expect(error.message).toMatch(/"publish-profile".*"ftp-url"/)
    }
  })

  it.each([
    [{ 'app-name': 'MY-APP' }],
    [{ 'app-name': 'my-app', 'slot-name': 'Production' }],
    [{ 'slot-name': 'STAGING', 'publish-profile': profileOf({ slot: 'staging' }) }]
  ])('agree whatever the case: %#', given => {
    expect(load(given).target.password).toBe(PASSWORD)
  })

  it.each<[string, Given]>([
    ['app-name', { 'app-name': 'other-app' }],
    ['slot-name', { 'slot-name': 'staging' }],
    ['slot-name', { 'slot-name': 'production', 'publish-profile': profileOf({ slot: 'staging' }) }],
    ['slot-name', { 'slot-name': 'blue', 'publish-profile': profileOf({ slot: 'green' }) }]
  ])('of another site are an error that names "%s"', (name, given) => {
    const error = errorOf(() => load(given))
    expect(error).toBeInstanceOf(InputError)
    expect(error.message).toContain(`"${name}"`)
    expect(error.message).toContain(given[name] ?? '')
  })
})
