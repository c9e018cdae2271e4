// Logins and handshakes that end badly: one error that says why, and nothing is changed.
import { expect, it } from 'vitest'
import { annotations, type StepRun } from '../../tools/github-runner.ts'
import { fingerprint } from './fingerprint.ts'
import type { Lab } from './lab.ts'

const forced = { 'reset-env': 'true' }
const debugging = { RUNNER_DEBUG: '1' }

/** How often a command occurs in a log, be it that of step debugging or that of a server. */
function count(log: string, verb: string): number {
  return [...log.matchAll(new RegExp(`(^|> |")${verb} `, 'gm'))].length
}

/** How often a server says that it was sent a command; 0 where it has no log. */
async function received({ server }: Lab, verb: string): Promise<number> {
  return count((await server.log()) ?? '', verb)
}

async function expectFailure(lab: Lab, run: StepRun, before: readonly string[], message: RegExp): Promise<void> {
  expect(annotations(run.log, 'error')).toEqual([expect.stringMatching(message)])
  expect(run.exitCode).toBe(1)
  expect(run.outputs['result']).toBe('failed')
  expect(await fingerprint(lab.site.home)).toEqual(before)
}

/** Refusals that every server knows, with and without TLS. */
export function refusals(lab: Lab): void {
  it('tries a wrong password once', async () => {
    const before = await fingerprint(lab.site.home)
    const earlier = await received(lab, 'PASS')
    const direct = {
      'publish-profile': '',
      'ftp-url': `${lab.mode === 'implicit' ? 'ftps' : 'ftp'}://localhost:${lab.server.port}`,
      'ftp-username': 'demo-app\\$demo-app',
      'ftp-password': 'wrong-password'
    }
    const run = await lab.step('main', { with: { ...forced, ...direct }, env: debugging })
    await expectFailure(lab, run, before, /refused the login as "demo-app\\\$demo-app": "530 /)
    expect(run.log).not.toMatch(/(?<!add-mask::)wrong-password/)
    expect(count(run.log, 'PASS')).toBe(1)
    expect((await received(lab, 'PASS')) - earlier).toBe(lab.software.logsCommands ? 1 : 0)
  })
}

/** Refusals that only servers with TLS know. */
export function tlsRefusals(lab: Lab): void {
  it('sends no password to a server whose certificate nobody signed', async () => {
    const before = await fingerprint(lab.site.home)
    const run = await lab.step('main', {
      with: { 'on-unreachable': 'continue' },
      caFile: undefined,
      env: debugging
    })
    await expectFailure(lab, run, before, /does not verify \(DEPTH_ZERO_SELF_SIGNED_CERT\).*NODE_EXTRA_CA_CERTS/)
    expect(count(run.log, 'USER')).toBe(0)
  })

  it('takes any certificate with "tls-verify: false", and warns', async () => {
    const inputs = { 'tls-verify': 'false', 'python-version': lab.site.python }
    const run = await lab.step('main', { with: inputs, caFile: undefined })
    expect(run.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date' })
    expect(annotations(run.log, 'warning')).toEqual([expect.stringContaining('"tls-verify" is false')])
  })
}

/** Refusals that only a server without TLS knows, and one that demands it. */
export function plainRefusals(lab: Lab): void {
  it('demands TLS, and "tls: off" is an error', async () => {
    const server = await lab.serve({ mode: 'explicit', demandsTls: true })
    const before = await fingerprint(lab.site.home)
    const inputs = {
      'publish-profile': '',
      tls: 'off',
      'ftp-url': `ftp://localhost:${server.port}`,
      'ftp-username': 'demo-app\\$demo-app',
      'ftp-password': 'local-password'
    }
    const run = await lab.step('main', { with: { ...forced, ...inputs }, server })
    // In the words of each: "SSL/TLS required", "must use encryption", "cleartext sessions … reconnect using TLS".
    await expectFailure(lab, run, before, /refused the login as .*The server demands TLS: do not switch "tls" off/)
  })

  it.each([
    ['explicit', 'ftp', /refuses TLS/],
    ['implicit', 'ftps', /could not be reached with implicit TLS/],
    ['auto', 'ftp', /refuses TLS/],
    ['auto', 'ftps', /refuses TLS/]
  ])('has no TLS, and "tls: %s" with %s:// is an error that sends no password', async (tls, scheme, message) => {
    const before = await fingerprint(lab.site.home)
    const earlier = await received(lab, 'USER')
    const inputs = { ...forced, tls, 'ftp-url': `${scheme}://localhost:${lab.server.port}` }
    const run = await lab.step('main', { with: inputs, env: debugging })
    await expectFailure(lab, run, before, message)
    expect(count(run.log, 'USER')).toBe(0)
    expect(await received(lab, 'USER')).toBe(earlier)
  })
}
